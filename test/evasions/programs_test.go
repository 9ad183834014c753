package evasions

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"
)

// byProgram are ways to run a program as another than it is.
var byProgram = []evasion{
	{
		"a program by its descriptor", "exec descriptor",
		started + `evt.type = execveat and proc.exepath = "{tool}"`, "%proc.pid", "{pid}",
	},
	{
		"a program by its descriptor in /proc", "exec in proc",
		started + `proc.exepath = "{tool}"`, "%proc.pid %proc.exepath", "{pid} {tool}",
	},
	{
		"a program in memory only", "exec memory",
		started + `proc.is_exe_from_memfd = true and proc.exepath contains "{base}"`, "%proc.pid", "{pid}",
	},
	{
		"a program whose file is deleted", "exec deleted",
		started + `proc.exepath startswith "{dir}/gone"`, "%proc.pid %proc.exepath", "{pid} {dir}/gone",
	},
	{
		"a program of a file system that is mounted nowhere", "exec nowhere",
		started + `proc.exepath endswith "/{base}"`, "%proc.pid %proc.exepath", "{pid} /{base}",
	},
	{
		"a program without arguments", "no arguments",
		started + `proc.exepath = "{tool}"`, "%proc.name %proc.exepath (%proc.args)", "tool {tool} ()",
	},
	{
		"another name as argument zero", "argument zero",
		started + `proc.exepath = "{tool}"`, "%proc.name %proc.exe %proc.exepath", "tool [kthreadd] {tool}",
	},
	{
		"a script that a script interprets", "nested script",
		started + `evt.arg.filename = "{dir}/nested"`, "%proc.exepath %proc.args", "{sh} {dir}/script {dir}/nested",
	},
	{
		"arguments that the program overwrites", "overwrite arguments",
		opened + secret, "%proc.exe %proc.cmdline", "{self} {name}",
	},
}

var programActs = map[string]func(dir string) error{
	"exec descriptor": func(dir string) error {
		fd, err := unix.Open(dir+"/tool", unix.O_PATH, 0)
		return errors.Join(err, execDescriptor(fd))
	},
	"exec in proc": func(dir string) error {
		fd, err := unix.Open(dir+"/tool", unix.O_PATH, 0)
		return errors.Join(err, unix.Exec(fmt.Sprint("/proc/self/fd/", fd), []string{"tool"}, nil))
	},
	"exec memory": func(dir string) error {
		fd, err := unix.MemfdCreate(filepath.Base(dir), unix.MFD_CLOEXEC)
		if err != nil {
			return lacks(err, unix.ENOSYS)
		}
		return errors.Join(copyTool(dir, fd), execDescriptor(fd))
	},
	"exec deleted": func(dir string) error {
		if err := os.Rename(dir+"/tool", dir+"/gone"); err != nil {
			return err
		}
		fd, err := unix.Open(dir+"/gone", unix.O_PATH, 0)
		return errors.Join(err, os.Remove(dir+"/gone"), execDescriptor(fd))
	},
	"exec nowhere":        execNowhere,
	"no arguments":        func(dir string) error { return execWith(dir + "/tool") },
	"argument zero":       func(dir string) error { return execWith(dir+"/tool", "[kthreadd]") },
	"nested script":       nestedScript,
	"overwrite arguments": overwriteArguments,
}

func copyTool(dir string, fd int) error {
	tool, err := os.ReadFile(dir + "/tool")
	if err != nil {
		return err
	}
	_, err = unix.Write(fd, tool)
	return err
}

// execDescriptor becomes the program behind a descriptor. It returns only with
// an error.
func execDescriptor(fd int) error {
	none := []*byte{nil}
	list := uintptr(unsafe.Pointer(&none[0]))
	_, _, errno := unix.Syscall6(unix.SYS_EXECVEAT, uintptr(fd), uintptr(unsafe.Pointer(new(byte))), list, list, unix.AT_EMPTY_PATH, 0)
	return errno
}

// execWith becomes a program with just these arguments, zero included.
func execWith(program string, args ...string) error { return unix.Exec(program, args, nil) }

// execNowhere becomes a program on a file system of its own, which only a
// descriptor leads to.
func execNowhere(dir string) error {
	fs, err := unix.Fsopen("tmpfs", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return lacks(err, unix.ENOSYS)
	}
	if err := unix.FsconfigCreate(fs); err != nil {
		return err
	}
	mount, err := unix.Fsmount(fs, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return err
	}
	fd, err := unix.Openat(mount, filepath.Base(dir), unix.O_CREAT|unix.O_WRONLY, 0o700)
	if err != nil {
		return err
	}
	if err := errors.Join(copyTool(dir, fd), unix.Close(fd)); err != nil {
		return err
	}
	fd, err = unix.Openat(mount, filepath.Base(dir), unix.O_PATH, 0)
	return errors.Join(err, execDescriptor(fd))
}

func nestedScript(dir string) error {
	if err := os.WriteFile(dir+"/nested", []byte("#!"+dir+"/script\n"), 0o700); err != nil {
		return err
	}
	return exec.Command(dir + "/nested").Run()
}

// overwriteArguments writes over what the kernel shows of them.
func overwriteArguments(dir string) error {
	zero := unsafe.Slice(unsafe.StringData(os.Args[0]), len(os.Args[0]))
	copy(zero, "innocent\x00")
	return open(dir + "/secret")
}
