package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// nobody runs PostgreSQL, which refuses to be root's.
const nobody = 65534

// postgresPrograms is where all programs of the latest PostgreSQL are.
func postgresPrograms() (string, error) {
	versions, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // Debian's place
	for _, dir := range slices.Backward(append(versions, filepath.SplitList(os.Getenv("PATH"))...)) {
		found := 0
		for _, name := range []string{"initdb", "postgres", "pg_isready", "pgbench"} {
			if path, err := filepath.EvalSymlinks(filepath.Join(dir, name)); err == nil && filepath.Base(path) == name {
				found++
			}
		}
		if found == 4 {
			return dir, nil
		}
	}
	return "", fmt.Errorf("PostgreSQL and pgbench: %w", errAbsent)
}

// asNobody is a program of PostgreSQL, in the database's directory.
func asNobody(dir, name string, args ...string) *exec.Cmd {
	programs, _ := postgresPrograms()
	cmd := exec.Command(filepath.Join(programs, name), args...)
	cmd.Dir = filepath.Join(dir, "postgres")
	cmd.Env = []string{"PATH=" + programs + ":/usr/bin:/bin", "HOME=" + cmd.Dir, "LC_ALL=C"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

func preparePostgres(dir string) error {
	if _, err := postgresPrograms(); err != nil {
		return err
	}
	home := filepath.Join(dir, "postgres")
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(home, 0o700), os.Chown(home, nobody, nobody)); err != nil {
		return err
	}
	if _, err := took(asNobody(dir, "initdb", "-D", "db", "-A", "trust", "-U", "bench", "--no-sync")); err != nil {
		return err
	}
	_, err := withPostgres(dir, func() (time.Duration, error) {
		return took(asNobody(dir, "pgbench", "-h", home, "-U", "bench", "-i", "-q", "-s", "1", "postgres"))
	})
	return err
}

// withPostgres runs what needs the database, and gives the CPU time of both.
func withPostgres(dir string, do func() (time.Duration, error)) (time.Duration, error) {
	server := asNobody(dir, "postgres", "-D", "db", "-k", filepath.Join(dir, "postgres"), "-c", "listen_addresses=",
		"-c", "fsync=off", "-c", "autovacuum=off", "-c", "logging_collector=off")
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	if err := onCPU(actCPU, server.Start); err != nil {
		return 0, err
	}
	ready := func() bool {
		return asNobody(dir, "pg_isready", "-q", "-h", filepath.Join(dir, "postgres"), "-U", "bench").Run() == nil
	}
	for began := time.Now(); !ready(); time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > startLimit {
			return 0, errors.Join(server.Process.Signal(syscall.SIGQUIT), server.Wait(), fmt.Errorf("PostgreSQL did not start: %s", &said))
		}
	}
	cpu, err := do()
	err = errors.Join(err, server.Process.Signal(syscall.SIGINT), server.Wait())
	return cpu + used(server), err
}

func postgres(dir string, _ int) (time.Duration, error) {
	return withPostgres(dir, func() (time.Duration, error) {
		socket := filepath.Join(dir, "postgres")
		lasting, err := took(asNobody(dir, "pgbench", "-h", socket, "-U", "bench", "-n", "-c", "4", "-t", "135", "postgres"))
		if err != nil {
			return 0, err
		}
		short, err := took(asNobody(dir, "pgbench", "-h", socket, "-U", "bench", "-n", "-C", "-c", "4", "-t", "15", "postgres"))
		return lasting + short, err
	})
}

// boltProgram is built from the tools' module: the product has nothing of it.
func boltProgram(dir string) string { return filepath.Join(dir, "bbolt") }

func prepareBolt(dir string) error {
	cmd := exec.Command("go", "build", "-o", boltProgram(dir), "go.etcd.io/bbolt/cmd/bbolt")
	cmd.Dir = "tools"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bbolt (%s): %w", strings.TrimSpace(string(out)), errAbsent)
	}
	return nil
}

func bolt(dir string, _ int) (time.Duration, error) {
	file := filepath.Join(dir, "bolt.db")
	cpu, err := took(exec.Command(boltProgram(dir), "bench", "--path", file, "--count", "20000", "--batch-size", "200", "--no-sync"))
	return cpu, errors.Join(err, os.RemoveAll(file))
}
