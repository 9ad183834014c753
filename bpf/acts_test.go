package bpf

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// The test binary runs itself as the process that acts, so that a test sees
// exactly one process that does exactly this.
var acts = map[string]func(dir string) error{
	"open": func(dir string) error {
		if err := os.Chdir(dir); err != nil {
			return err
		}
		for _, path := range []string{"secret", "link", dir + "/secret"} {
			fd, err := unix.Open(path, unix.O_RDONLY, 0)
			if err != nil {
				return err
			}
			unix.Close(fd)
		}
		_, err := unix.Open("missing", unix.O_RDONLY, 0)
		if !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("open of a missing file: %w", err)
		}
		return nil
	},
	"openat2": func(dir string) error {
		fd, err := unix.Openat2(unix.AT_FDCWD, dir+"/secret", &unix.OpenHow{Flags: unix.O_RDONLY})
		if err == nil {
			unix.Close(fd)
		}
		return err
	},
	"connect": func(string) error {
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		c, err := net.Dial("tcp4", l.Addr().String())
		if err == nil {
			c.Close()
		}
		return err
	},
	"chdir": os.Chdir,
	"flood": func(string) error {
		for range flood {
			if _, err := unix.Open("/nowhere", unix.O_RDONLY, 0); !errors.Is(err, unix.ENOENT) {
				return fmt.Errorf("open: %w", err)
			}
		}
		return nil
	},
}

// flood is more opens than the tests' ring of 1 MiB can hold.
const flood = 20000

func TestMain(m *testing.M) {
	maps.Copy(acts, evasions)
	maps.Copy(acts, uringActs)
	maps.Copy(acts, operationActs)
	maps.Copy(acts, benched)
	maps.Copy(acts, paths)
	maps.Copy(acts, movings)
	maps.Copy(acts, strung)
	if name := os.Getenv("SAKER_TEST_ACT"); name != "" {
		if err := acts[name](os.Getenv("SAKER_TEST_DIR")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// fixture is a directory with a file and a symlink to it.
func fixture(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/secret", []byte("x"), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("secret", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	return dir
}
