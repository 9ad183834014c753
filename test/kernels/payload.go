package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sakerhq/saker/test/kernels/console"
)

// programs are built for every guest, whatever it runs.
var programs = []struct{ pkg, at string }{
	{"test/kernels/guest", "/init"},
	{"test/kernels/guest/true", "/bin/true"},
}

// payload is what the guests of one architecture run.
type payload struct {
	root  string            // of the repository
	built map[string]string // path in the guest: file here
	shell string            // busybox
	jobs  []job
}

// build compiles all that runs in the guests of arch, into dir.
func build(ctx context.Context, root, dir, arch string, jobs []job) (map[string]string, error) {
	b := builder{ctx, root, dir, arch, map[string]string{}}
	for _, p := range programs {
		if err := b.compile(p.pkg, p.at, "build"); err != nil {
			return nil, err
		}
	}
	for _, j := range jobs {
		if slices.Contains(j.Env, narrowVariable+narrowAt) {
			if err := b.narrow().compile("test/kernels/guest/narrow", narrowAt, "build"); err != nil {
				return nil, err
			}
		}
		how := []string{"build"}
		if j.Test {
			how = []string{"test", "-c"}
		}
		if err := b.compile(j.pkg, j.Argv[0], how...); err != nil {
			return nil, err
		}
		if j.slow {
			if err := b.collector(); err != nil {
				return nil, err
			}
		}
	}
	return b.built, nil
}

// builder builds for one architecture.
type builder struct {
	ctx             context.Context
	root, dir, arch string
	built           map[string]string // path in the guest: file here
}

// narrowArch is the 32-bit architecture whose programs a kernel runs, too.
var narrowArch = map[string]string{"amd64": "386", "arm64": "arm"}

// narrowAt is where a guest has a 32-bit program, if a job asks for that.
const (
	narrowAt       = "/bin/narrow"
	narrowVariable = "SAKER_TEST_NARROW="
)

// narrow builds 32-bit programs for the same guests.
func (b builder) narrow() *builder {
	b.arch = narrowArch[b.arch]
	return &b
}

// compile builds a package of the repository, once.
func (b *builder) compile(pkg, at string, how ...string) error {
	if b.built[at] != "" {
		return nil
	}
	return b.golang(b.root, at, append(how, "-trimpath", "-ldflags=-s -w"), "./"+pkg)
}

// collectorAt is where a guest has the distribution.
const collectorAt = "/bin/saker-collector"

// collector builds the distribution: the sources that the Collector builder
// wrote for this machine's, for another architecture.
func (b *builder) collector() error {
	make := exec.CommandContext(b.ctx, "make", "-s", "build/saker-collector")
	make.Dir = b.root
	if out, err := make.CombinedOutput(); err != nil {
		return fmt.Errorf("build the distribution: %w\n%s", err, out)
	}
	return b.golang(filepath.Join(b.root, "build"), collectorAt, []string{"build", "-trimpath", "-ldflags=-s -w"}, ".")
}

// golang runs the go tool in a directory for what a guest has at a place.
func (b *builder) golang(dir, at string, args []string, pkg string) error {
	file := filepath.Join(b.dir, strings.ReplaceAll(strings.Trim(at, "/"), "/", "-"))
	cmd := exec.CommandContext(b.ctx, "go", append(args, "-o", file, pkg)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+b.arch)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s for %s: %w\n%s", at, b.arch, err, out)
	}
	b.built[at] = file
	return nil
}

// pack writes the root file system of a guest.
func (p payload) pack(w io.Writer, modules map[string][]byte) error {
	a := newArchive(w)
	a.device("/dev/console", 5, 1)
	for at, file := range p.built {
		if err := copyFile(a, at, file, 0o755); err != nil {
			return err
		}
	}
	if err := copyFile(a, "/bin/busybox", p.shell, 0o755); err != nil {
		return err
	}
	for _, applet := range []string{"sh", "cat"} {
		a.symlink("/bin/"+applet, "busybox")
	}
	for name, module := range modules {
		a.file("/modules/"+name+".ko", 0o644, module)
	}
	for at, text := range accounts {
		a.file(at, 0o644, []byte(text))
	}
	var told []console.Job
	for _, j := range p.jobs {
		told = append(told, j.Job)
	}
	packed, err := json.Marshal(told)
	if err != nil {
		return err
	}
	a.file(console.JobsFile, 0o644, packed)
	for _, j := range p.jobs {
		for _, dir := range j.data {
			if err := copyData(a, p.root, dir); err != nil {
				return err
			}
		}
	}
	return a.close()
}

// accounts are files that any Linux machine has.
var accounts = map[string]string{
	"/etc/passwd": "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
	"/etc/group":  "root:x:0:\nnogroup:x:65534:\n",
	"/etc/hosts":  "127.0.0.1 localhost\n",
}

func copyFile(a *archive, at, file string, perm uint32) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	a.file(at, perm, content)
	return nil
}

// copyData copies what the tests of a package may read: its files that aren't
// Go, and testdata with all below.
func copyData(a *archive, root, dir string) error {
	a.dir("/src/" + dir)
	return filepath.WalkDir(filepath.Join(root, dir), func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != filepath.FromSlash(dir) && !strings.Contains(rel, "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(file) == ".go" {
			return nil
		}
		return copyFile(a, "/src/"+filepath.ToSlash(rel), file, 0o644)
	})
}
