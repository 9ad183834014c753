package evasions

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	harmless "github.com/sakerhq/saker/test/acts"
	"github.com/sakerhq/saker/test/pages"
)

// acts are what the child does in its directory.
var acts = map[string]func(dir string) error{
	"swap while it blocks":     func(dir string) error { return blockedOpen(dir, func(p *pages.Page) { p.Set(dir + "/decoy-as-long") }) },
	"unmap while it blocks":    func(dir string) error { return blockedOpen(dir, (*pages.Page).Unmap) },
	"swap":                     swapPath,
	"drop page":                dropPage,
	"swap address":             swapAddress,
	"swap descriptor":          swapDescriptor,
	"replace descriptor":       replaced,
	"replace unix descriptor":  replacedUnix,
	"swap datagram's address":  datagram(sendTo),
	"swap message's address":   datagram(sendMessage),
	"swap messages' address":   datagram(sendMessages),
	"datagram beside the peer": besideConnection,
	"unmap a rename's path":    func(dir string) error { return harmless.RenameUnseen(dir+"/secret", dir+"/alias") },
	"very long argument": func(dir string) error {
		return run("tool", strings.Repeat("a", 33<<10), dir+"/needle")(dir)
	},
	"deep": func(dir string) error {
		deep := dir + strings.Repeat("/d", 1500)
		return errors.Join(os.MkdirAll(deep, 0o700), os.WriteFile(deep+"/deep", nil, 0o600), open(deep+"/deep"))
	},
	"hard link": func(dir string) error {
		return errors.Join(os.Link(dir+"/secret", dir+"/alias"), open(dir+"/alias"))
	},
	"in root": func(dir string) error {
		return open2(dir, "/../secret", &unix.OpenHow{Flags: unix.O_RDONLY, Resolve: unix.RESOLVE_IN_ROOT})
	},
	"no links": func(dir string) error {
		const resolve = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS
		return open2(dir, "over/../secret", &unix.OpenHow{Flags: unix.O_RDONLY, Resolve: resolve})
	},
	"creat": func(dir string) error {
		path, err := unix.BytePtrFromString(dir + "/secret")
		if err != nil {
			return err
		}
		fd, _, errno := unix.Syscall(uintptr(creatNumber()[0]), uintptr(unsafe.Pointer(path)), 0o600, 0)
		if errno != 0 {
			return errno
		}
		return unix.Close(int(fd))
	},
	"fcntl": func(dir string) error {
		fd, err := unix.Open(dir+"/secret", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		_, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD, 100)
		return err
	},
	"script":        run("script", "an", "argument"),
	"long argument": func(dir string) error { return run("tool", strings.Repeat("a", 9000), dir+"/needle")(dir) },
	"escape codes":  run("tool", "a\nb", "\x1b[2J\x1b]0;title\a", "\r\xff", "\x7f"),
	"short":         run("tool"),
	"ld.so": func(dir string) error {
		loader, err := interpreterOf("/bin/true")
		if err != nil {
			return err
		}
		return exec.Command(loader, dir+"/tool").Run()
	},
	"forks": func(dir string) error {
		const script = `i=0; while [ $i -lt 3000 ]; do (:); i=$((i+1)); done; cat "$0"; :`
		return exec.Command("sh", "-c", script, dir+"/secret").Run()
	},
	"orphan": func(dir string) error {
		const script = `(while [ -d /proc/$$ ] && ! grep -q Z /proc/$$/stat; do :; done; cat "$0") & exit`
		return exec.Command("sh", "-c", script, dir+"/secret").Start()
	},
	"namespaces": namespaces,
	"rename": func(dir string) error {
		return errors.Join(rename("innocent"), open(dir+"/secret"))
	},
	"clone vfork":  cloneWith(unix.CLONE_VFORK | uintptr(unix.SIGCHLD)),
	"clone files":  cloneWith(unix.CLONE_FILES | unix.CLONE_FS | uintptr(unix.SIGCHLD)),
	"clone parent": grandchild,
	"sibling":      sibling,
	"clone3":       clone3,
	"thread": func(dir string) error {
		return inThread(func() error { return errors.Join(rename("another"), open(dir+"/secret")) })
	},
	"ids of one thread":       idsOfOneThread,
	"directory of one thread": directoryOfOneThread,
	"renamed program":         renamedProgram,
	"renamed":                 renamed,
	"thread exec": func(dir string) error {
		return inThread(func() error { return unix.Exec(dir+"/tool", []string{"x"}, nil) })
	},
}

func open(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func open2(dir, path string, how *unix.OpenHow) error {
	at, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	fd, err := unix.Openat2(at, path, how)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// creatNumber is the number of a call that newer architectures lack.
func creatNumber() []int { return syscalls.Number(runtime.GOARCH, syscalls.ByName("creat")) }

func run(program string, args ...string) func(string) error {
	return func(dir string) error { return exec.Command(filepath.Join(dir, program), args...).Run() }
}

// inThread calls f in a thread that is not the process's leader.
func inThread(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- f()
	}()
	return <-done
}

func rename(name string) error {
	text, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(text)), 0, 0, 0)
}

// namespaces reads the file through a mount that only a process with its own
// mounts and process ids sees.
func namespaces(dir string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS | unix.CLONE_FS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount(dir, dir+"/over", "", unix.MS_BIND, ""); err != nil {
		return err
	}
	cmd := exec.Command("cat", dir+"/over/secret")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	return cmd.Run()
}

// cloneWith opens the file in a child made with the flags, which runs no
// program of its own.
func cloneWith(flags uintptr) func(dir string) error {
	return func(dir string) error {
		path, err := unix.BytePtrFromString(dir + "/secret")
		if err != nil {
			return err
		}
		return waitFor(forked(unix.SYS_CLONE, flags, 0, path))
	}
}

// forked makes a child by clone or clone3, which opens path and ends. The
// child has one thread and none of Go's: it makes system calls and no others.
//
//go:norace
//go:nosplit
func forked(nr, first, second uintptr, path *byte) (pid uintptr, errno unix.Errno) {
	pid, _, errno = syscall.RawSyscall6(nr, first, second, 0, 0, 0, 0)
	if errno != 0 || pid != 0 {
		return pid, errno
	}
	_, _, errno = syscall.RawSyscall6(unix.SYS_OPENAT, uintptr(at), uintptr(unsafe.Pointer(path)), unix.O_RDONLY, 0, 0, 0)
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(errno), 0, 0)
	}
}

// waitFor wants a child to end well.
func waitFor(pid uintptr, errno unix.Errno) error {
	if errno != 0 {
		return errno
	}
	var status unix.WaitStatus
	if _, err := unix.Wait4(int(pid), &status, unix.WALL, nil); err != nil {
		return err
	}
	if status.ExitStatus() != 0 {
		return fmt.Errorf("the child ended with %d", status.ExitStatus())
	}
	return nil
}

func clone3(dir string) error {
	path, err := unix.BytePtrFromString(dir + "/secret")
	if err != nil {
		return err
	}
	// struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, …
	args := [8]uint64{unix.CLONE_FILES | unix.CLONE_IO | unix.CLONE_SYSVSEM | unix.CLONE_UNTRACED}
	return waitFor(forked(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), path))
}

// grandchild lets a child make a sibling of its own, so that this process is
// the parent of both.
func grandchild(string) error {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), actVariable+"=sibling")
	acts := cmd.Run()
	var status unix.WaitStatus
	_, err := unix.Wait4(-1, &status, unix.WALL, nil)
	return errors.Join(acts, err)
}

func sibling(dir string) error {
	path, err := unix.BytePtrFromString(dir + "/secret")
	if err != nil {
		return err
	}
	_, errno := forked(unix.SYS_CLONE, unix.CLONE_PARENT|uintptr(unix.SIGCHLD), 0, path)
	if errno != 0 {
		return errno
	}
	return nil
}

// interpreterOf is the dynamic loader that a program asks for.
func interpreterOf(program string) (string, error) {
	f, err := elf.Open(program)
	if err != nil {
		return "", err
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			name := make([]byte, p.Filesz)
			_, err := p.ReadAt(name, 0)
			return strings.TrimRight(string(name), "\x00"), err
		}
	}
	return "", errors.New("statically linked")
}

// interpreter is that of /bin/true, or nothing where that is statically linked.
func interpreter() string {
	name, err := interpreterOf("/bin/true")
	if err != nil {
		return ""
	}
	if resolved, err := filepath.EvalSymlinks(name); err == nil {
		return resolved
	}
	return name
}
