package evasions

import (
	"errors"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// byIdentity hides who acts.
var byIdentity = []evasion{
	{
		"a thread with ids of its own", "ids of one thread",
		opened + `fd.name = "{dir}/shared" and thread.cap_effective = ""`, "%user.uid %proc.pid", "65534 {pid}",
	},
	{
		"the process of a thread with other ids", "ids of one thread",
		opened + secret + ` and thread.cap_effective contains CAP_SYS_ADMIN`, "%user.uid %user.name", "0 root",
	},
	{
		"a thread with a directory of its own", "directory of one thread",
		opened + `fd.name = "{dir}/shared"`, "%proc.cwd", "{dir}/over/",
	},
	{
		"the process of a thread with another directory", "directory of one thread",
		opened + secret, "%proc.cwd", "{dir}/",
	},
	{
		"a program whose file is renamed while it runs", "renamed program",
		opened + secret, "%proc.exepath", "{dir}/program",
	},
}

// nobody is an account without rights.
const nobody = 65534

// idsOfOneThread opens a file as somebody else in one thread, and then another
// one as before in the first.
func idsOfOneThread(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return err
	}
	other := inThread(func() error {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, nobody, nobody, nobody); errno != 0 {
			return errno
		}
		return open("shared")
	})
	return errors.Join(other, open(dir+"/secret"))
}

// directoryOfOneThread opens a file below a directory that one thread went to
// alone, and then another one in the first.
func directoryOfOneThread(dir string) error {
	if err := os.Chdir(dir); err != nil {
		return err
	}
	other := inThread(func() error {
		return errors.Join(unix.Unshare(unix.CLONE_FS), unix.Chdir("over"), open("../shared"))
	})
	return errors.Join(other, open("secret"))
}

// renamedProgram runs a copy of this program, which then gives its file
// another name.
func renamedProgram(dir string) error {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if err := os.WriteFile(dir+"/program", program, 0o700); err != nil {
		return err
	}
	cmd := exec.Command(dir + "/program")
	cmd.Env = append(os.Environ(), actVariable+"=renamed")
	return cmd.Run()
}

// renamed changes what the kernel tells of its process again, and acts in a
// child.
func renamed(dir string) error {
	return errors.Join(os.Rename(dir+"/program", dir+"/innocent"), unix.Setpgid(0, 0), cloneWith(uintptr(unix.SIGCHLD))(dir))
}
