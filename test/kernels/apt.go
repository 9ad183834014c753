package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// mirrors are where this machine gets Debian's packages.
type mirrors struct{ main, security string }

// of gives the mirror of a suite; empty: the machine has none.
func (m mirrors) of(suite string) string {
	if strings.HasSuffix(suite, "-security") {
		return m.security
	}
	return m.main
}

// mirrorsIn reads lines of a URI and a suite. The security archive is apart.
func mirrorsIn(lines string) (m mirrors) {
	for line := range strings.Lines(lines) {
		uri, suite, _ := strings.Cut(strings.TrimSpace(line), " ")
		base := strings.TrimSuffix(uri, "/")
		switch {
		case strings.HasSuffix(suite, "-security") && m.security == "" && strings.HasSuffix(base, "/debian-security"):
			m.security = uri
		case m.main == "" && strings.HasSuffix(base, "/debian"):
			m.main = uri
		}
	}
	return m
}

// keyrings are where Debian keeps the keys of all its suites.
var keyrings = []string{
	"/usr/share/keyrings/debian-archive-keyring.pgp",
	"/usr/share/keyrings/debian-archive-keyring.gpg",
}

// sourceList lists the suites that the mirrors have.
func sourceList(m mirrors, suites, archs []string, keyring string) string {
	options := "arch=" + strings.Join(archs, ",") + " target=Packages"
	if keyring != "" {
		options += " signed-by=" + keyring
	}
	var list strings.Builder
	for _, suite := range suites {
		if m.of(suite) != "" {
			fmt.Fprintf(&list, "deb [%s] %s %s main\n", options, m.of(suite), suite)
		}
	}
	return list.String()
}

// aptConfig keeps all that apt writes in dir. What else the machine's apt is
// told, as a proxy, stays.
func aptConfig(dir string, archs []string) string {
	return fmt.Sprintf(`Dir::Etc::sourcelist "%[1]s/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferencesparts "-";
Dir::State "%[1]s/state";
Dir::State::status "%[1]s/state/status";
Dir::Cache "%[1]s/cache";
APT::Sandbox::User "root";
#clear APT::Architectures;
APT::Architectures {"%[2]s";};
`, dir, strings.Join(archs, `"; "`))
}

// apt is an apt of our own: it knows other suites than the machine's, and
// never touches what belongs to the machine.
type apt struct {
	dir  string // what apt keeps
	debs string // where packages are
}

// newAPT prepares the directories below the cache.
func newAPT(ctx context.Context, cache string, archs []string) (*apt, error) {
	a := &apt{dir: filepath.Join(cache, "apt"), debs: filepath.Join(cache, "packages")}
	for _, dir := range []string{a.debs, a.dir + "/state/lists/partial", a.dir + "/cache/archives/partial"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	lines, err := output(exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)", "Created-By: Packages"))
	if err != nil {
		return nil, fmt.Errorf("ask apt for this machine's sources: %w", err)
	}
	m := mirrorsIn(lines)
	if m == (mirrors{}) {
		return nil, errors.New("no Debian archive among this machine's apt sources")
	}
	keyring := ""
	if i := slices.IndexFunc(keyrings, exists); i >= 0 {
		keyring = keyrings[i]
	}
	for file, text := range map[string]string{
		"apt.conf":     aptConfig(a.dir, archs),
		"sources.list": sourceList(m, suites(), archs, keyring),
		"state/status": "",
	} {
		if err := os.WriteFile(filepath.Join(a.dir, file), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func (a *apt) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "APT_CONFIG="+a.dir+"/apt.conf", "LC_ALL=C")
	return cmd
}

// update fetches the indexes. What it fetched before stays if it can't.
func (a *apt) update(ctx context.Context) error {
	_, err := output(a.command(ctx, "apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"))
	return err
}

// index gives what a suite has for an architecture.
func (a *apt) index(ctx context.Context, suite, arch string) ([]deb, error) {
	files, err := output(a.command(ctx, "apt-get", "indextargets", "--format", "$(FILENAME)",
		"Created-By: Packages", "Release: "+suite, "Architecture: "+arch))
	if err != nil {
		return nil, err
	}
	file := strings.TrimSpace(files)
	if file == "" {
		return nil, fmt.Errorf("no index of %s for %s", suite, arch)
	}
	text, err := output(a.command(ctx, "/usr/lib/apt/apt-helper", "cat-file", file))
	if err != nil {
		return nil, err
	}
	return readIndex(strings.NewReader(text))
}

// fetch gives the file of a package, from the mirror if it is not here yet.
func (a *apt) fetch(ctx context.Context, d deb) (string, error) {
	file := filepath.Join(a.debs, d.file())
	if info, err := os.Stat(file); err == nil && info.Size() == d.size {
		return file, nil
	}
	cmd := a.command(ctx, "apt-get", "download", "-q", d.name+":"+d.arch+"="+d.version)
	cmd.Dir = a.debs
	if _, err := output(cmd); err != nil {
		return "", err
	}
	return file, nil
}

// output gives what a command writes, or its error with its last line.
func output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		last := strings.TrimSpace(stderr.String())
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args[:min(2, len(cmd.Args))], " "), err, last[strings.LastIndexByte(last, '\n')+1:])
	}
	return stdout.String(), nil
}
