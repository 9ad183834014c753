package bpf

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// Acts that try to hide what they do.
var evasions = map[string]func(dir string) error{
	"dirfd": func(dir string) error {
		fd, err := unix.Open(dir, unix.O_PATH, 0)
		if err != nil {
			return err
		}
		return openOnce(fd, "../"+filepath.Base(dir)+"/./secret")
	},
	"procself": func(dir string) error { return openOnce(unix.AT_FDCWD, "/proc/self/root"+dir+"/secret") },
	"chroot": func(dir string) error {
		if err := unix.Chroot(dir); err != nil {
			return err
		}
		return openOnce(unix.AT_FDCWD, "/secret")
	},
	"namespace": func(dir string) error {
		runtime.LockOSThread()
		if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
			return err
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			return err
		}
		if err := unix.Mount(dir, dir+"/over", "", unix.MS_BIND, ""); err != nil {
			return err
		}
		return openOnce(unix.AT_FDCWD, dir+"/over/secret")
	},
	"thread": func(dir string) error {
		runtime.LockOSThread()
		return openOnce(unix.AT_FDCWD, dir+"/secret")
	},
	"memfd": func(string) error {
		fd, err := unix.MemfdCreate("payload", 0)
		if err != nil {
			return err
		}
		program, err := os.ReadFile("/bin/true")
		if err != nil {
			return err
		}
		if _, err := unix.Write(fd, program); err != nil {
			return err
		}
		return unix.Exec(fmt.Sprintf("/proc/self/fd/%d", fd), []string{"[kworker/0:0]"}, nil)
	},
	"deleted": func(dir string) error {
		program, err := os.ReadFile("/bin/true")
		if err != nil {
			return err
		}
		path := dir + "/program"
		if err := os.WriteFile(path, program, 0o700); err != nil {
			return err
		}
		fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if err := unix.Unlink(path); err != nil {
			return err
		}
		argv := []*byte{nil}
		empty := []byte{0}
		_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(&empty[0])),
			uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&argv[0])), unix.AT_EMPTY_PATH, 0)
		return errno
	},
}

func openOnce(dirfd int, path string) error {
	fd, err := unix.Openat(dirfd, path, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// However the file is called, what was opened is told by its path.
func TestOpenedPath(t *testing.T) {
	s := sensor(t, "openat")
	for name, want := range map[string]string{
		"dirfd": "/secret", "procself": "/secret", "chroot": "/secret", "namespace": "/over/secret", "thread": "/secret",
	} {
		t.Run(name, func(t *testing.T) {
			dir := fixture(t)
			if err := os.Mkdir(dir+"/over", 0o700); err != nil {
				t.Fatal(err)
			}
			_, records := perform(t, s, name, dir)
			for _, r := range calls(records, "openat") {
				if b := r.block(BlockFile); b != nil && filePath(b) == dir+want {
					return
				}
			}
			t.Errorf("no open of %s was reported", dir+want)
		})
	}
}

// filePath is the path of a file's block.
func filePath(b *block) string {
	names := b.data[unsafe.Sizeof(WireFile{}):]
	if end := at[WireFile](b.data).Above; end != 0 {
		names = names[:end]
	}
	return path(names)
}

// execs are the records of programs that replaced the one of the test.
func execs(records []record) (found []record) {
	for _, r := range records {
		if r.process != nil && r.process.Cause == CauseExec {
			found = append(found, r)
		}
	}
	return found
}

func TestExecutedFile(t *testing.T) {
	s := sensor(t, "execve", "execveat")
	t.Run("memfd", func(t *testing.T) {
		_, records := perform(t, s, "memfd", "")
		last := execs(records)[1]
		if got := path(last.block(BlockExe).data); got != "/memfd:payload" {
			t.Errorf("executable %s", got)
		}
		if last.process.Exe.Flags&FileMemfd == 0 {
			t.Error("not marked as a memfd")
		}
		if got := string(last.block(BlockArgv).data); got != "[kworker/0:0]\x00" {
			t.Errorf("argv %q", got)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		dir := fixture(t)
		_, records := perform(t, s, "deleted", dir)
		last := execs(records)[1]
		if got := path(last.block(BlockExe).data); got != dir+"/program" {
			t.Errorf("executable %s, want %s", got, dir+"/program")
		}
		if last.process.Exe.Flags&FileDeleted == 0 {
			t.Error("not marked as deleted")
		}
		if name := syscalls.Rows()[last.Row].Name; name != "execveat" {
			t.Errorf("told as %s", name)
		}
	})
}

// An overlay's upper layer holds what is not part of an image.
func TestOverlayLayer(t *testing.T) {
	s := sensor(t)
	dir := t.TempDir()
	for _, d := range []string{"lower", "upper", "work", "merged"} {
		if err := os.Mkdir(dir+"/"+d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	program, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/lower/shipped", program, 0o755); err != nil {
		t.Fatal(err)
	}
	options := fmt.Sprintf("lowerdir=%[1]s/lower,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
	if err := unix.Mount("overlay", dir+"/merged", "overlay", 0, options); err != nil {
		t.Skip("this machine can't mount an overlay: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir+"/merged", 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	if err := os.WriteFile(dir+"/merged/dropped", program, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]uint32{"shipped": FileLower, "dropped": FileUpper} {
		cmd := exec.Command(dir + "/merged/" + name)
		records := follow(t, s, cmd)
		flags := execs(records)[0].process.Exe.Flags & (FileUpper | FileLower)
		if flags != want {
			t.Errorf("%s: layer flags %d, want %d", name, flags, want)
		}
	}
}

// narrowVariable has the path of a 32-bit program where there is no compiler.
const narrowVariable = "SAKER_TEST_NARROW"

// A 32-bit program enters the kernel by another door.
func TestCompatEntry(t *testing.T) {
	program := os.Getenv(narrowVariable)
	if program == "" {
		program = t.TempDir() + "/narrow"
		build := exec.Command("go", "build", "-o", program, "../test/kernels/guest/narrow")
		build.Env = append(os.Environ(), "GOARCH="+compatArch[runtime.GOARCH], "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build a 32-bit program: %v\n%s", err, out)
		}
	}
	if err := exec.Command(program).Run(); err != nil {
		t.Skip("this kernel runs no 32-bit programs: ", err)
	}
	s := sensor(t, "open", "openat")
	for _, r := range follow(t, s, exec.Command(program)) {
		if r.Type != TypeCall || r.Via != ViaCompat || !strings.HasPrefix(syscalls.Rows()[r.Row].Name, "open") {
			continue
		}
		if b := r.block(BlockFile); b != nil && filePath(b) == "/etc/passwd" {
			return
		}
	}
	t.Error("the 32-bit program's open was not reported")
}
