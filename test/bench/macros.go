package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// macros are the macro loads. Each stays on the CPU of who acts.
var macros = []macro{
	{"compile", "go build of a package with its own cache, the standard library done", prepareCompile, compile},
	{"unpack", "dpkg --unpack of a package with 1,000 files, as apt-get does", prepareUnpack, unpack},
	{"web", "2,000 requests to a file server over loopback, each on a connection of its own", prepareWeb, web},
	{"PostgreSQL", "pgbench: 4 clients, 600 transactions, a tenth of them on new connections", preparePostgres, postgres},
	{"bbolt", "bbolt bench: 20,000 keys written in batches and read", prepareBolt, bolt},
	{"execs", "1,000 executions of /bin/true a second", func(string) error { return nil }, execs},
}

// took runs a program on the CPU of who acts and gives the CPU time of it and of
// its children.
func took(cmd *exec.Cmd) (time.Duration, error) {
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := onCPU(actCPU, cmd.Start); err != nil {
		return 0, err
	}
	if err := cmd.Wait(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", filepath.Base(cmd.Path), err, said.Bytes())
	}
	return used(cmd), nil
}

func used(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// needed is where a program of the host is; errAbsent if it isn't.
func needed(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, errAbsent)
	}
	return path, nil
}

// compiled is the package that is built, one that Saker itself is made of.
const compiled = "github.com/cilium/ebpf/asm"

func prepareCompile(dir string) error {
	out, err := goBuild(dir, 0).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func compile(dir string, n int) (time.Duration, error) { return took(goBuild(dir, n)) }

// goBuild builds anew what is not of the standard library: by -D, which means
// nothing here but is another one each time.
func goBuild(dir string, n int) *exec.Cmd {
	cmd := exec.Command("go", "build", fmt.Sprintf("-gcflags=github.com/cilium/ebpf/...=-D=run%d", n), compiled)
	cmd.Env = append(os.Environ(), "GOCACHE="+filepath.Join(dir, "gocache"), "CGO_ENABLED=0")
	return cmd
}

const control822 = "Package: saker-bench\nVersion: 1\nArchitecture: all\nMaintainer: bench <bench@localhost>\nDescription: files\n"

// prepareUnpack makes a package of 50 directories with 20 files of 2 KiB each.
func prepareUnpack(dir string) error {
	if _, err := needed("dpkg"); err != nil {
		return err
	}
	root := filepath.Join(dir, "package")
	if err := writeFile(filepath.Join(root, "DEBIAN", "control"), control822); err != nil {
		return err
	}
	for i := range 1000 {
		name := filepath.Join(root, "usr", "share", "saker-bench", fmt.Sprintf("d%d", i/20), fmt.Sprintf("file%d", i))
		if err := writeFile(name, string(bytes.Repeat(fmt.Appendf(nil, "%7d\n", i), 256))); err != nil {
			return err
		}
	}
	out, err := exec.Command("dpkg-deb", "-Zgzip", "--build", root, filepath.Join(dir, "bench.deb")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("dpkg-deb: %w: %s", err, out)
	}
	return nil
}

func unpack(dir string, _ int) (time.Duration, error) {
	root := filepath.Join(dir, "unpacked")
	base := filepath.Join(root, "var", "lib", "dpkg")
	err := errors.Join(os.MkdirAll(filepath.Join(base, "updates"), 0o755), os.Mkdir(filepath.Join(base, "info"), 0o755),
		writeFile(filepath.Join(base, "status"), ""))
	if err != nil {
		return 0, err
	}
	cpu, err := took(exec.Command("dpkg", "--root="+root, "--force-unsafe-io", "--unpack", filepath.Join(dir, "bench.deb")))
	return cpu, errors.Join(err, os.RemoveAll(root))
}

func writeFile(name, text string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644))
}

// execRate and execTime are the executions of one run.
const (
	execRate = 1000
	execTime = 700 * time.Millisecond
)

func execs(string, int) (time.Duration, error) {
	a, err := startActor(actCPU)
	if err != nil {
		return 0, err
	}
	n := int(execRate * execTime / time.Second)
	cpu, _, err := a.do("fork+exec", n, execRate)
	return time.Duration(cpu * float64(n)), errors.Join(err, a.stop())
}
