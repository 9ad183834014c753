package evasions

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// odd is a file's name that would control a console, and is no UTF-8.
var odd = "a\n\x1b[2J\a\xff" + strings.Repeat("b", 240)

// byName are ways to call a file by another name than its own.
var byName = []evasion{
	{
		"a bind mount that nobody else sees", "namespaces",
		opened + `fd.origin = "{dir}/secret"`, "%fd.name is %fd.origin", "{dir}/over/secret is {dir}/secret",
	},
	{
		"more directories than are walked at once", "deep",
		opened + `fd.name startswith "{dir}/d/d/d/" and fd.filename = deep and evt.is_open_write = false`, "%fd.filename", "deep",
	},
	{
		"a symbolic link", "symlink",
		opened + secret, "%fd.name as %fd.nameraw", "{dir}/secret as {dir}/alias",
	},
	{
		"a name that goes up and down", "dots",
		opened + secret, "%fd.name as %fd.nameraw", "{dir}/secret as {dir}/over/.././secret",
	},
	{
		"a name that starts at a descriptor", "relative",
		opened + secret, "%fd.name as %fd.nameraw", "{dir}/secret as ../secret",
	},
	{
		"the root directory in /proc", "proc root",
		opened + secret, "%fd.name", "{dir}/secret",
	},
	{
		"the working directory in /proc", "proc cwd",
		opened + secret, "%fd.name as %fd.nameraw", "{dir}/secret as /proc/self/cwd/secret",
	},
	{
		"a descriptor in /proc that could not be read", "reopen",
		opened + secret + ` and fd.nameraw startswith /proc/self/fd/`, "%fd.name", "{dir}/secret",
	},
	{
		"a descriptor in /dev", "reopen in dev",
		opened + secret + ` and fd.nameraw startswith /dev/fd/`, "%fd.name", "{dir}/secret",
	},
	{
		"another root directory", "chroot",
		opened + secret, "%fd.name as %fd.nameraw", "{dir}/secret as /secret",
	},
	{
		"a link on the way that a second thread swaps all the time", "swap link",
		opened + secret, "%fd.name", "{dir}/secret",
	},
	{
		"a long name that controls a console", "odd name",
		opened + `evt.is_open_write = false and fd.directory = "{dir}/over"`, "%fd.name", "{dir}/over/a\\n\\u001b[2J\\u0007\uFFFD" + strings.Repeat("b", 240),
	},
	{
		"two files change places", "exchange",
		`evt.type = renameat2 and evt.arg.oldpath = "{dir}/public"`,
		"%evt.arg.oldpath and %evt.arg.newpath: %evt.arg.flags", "{dir}/public and {dir}/secret: RENAME_EXCHANGE",
	},
	{
		"the file in another's place", "exchange",
		opened + `fd.ino = {ino}`, "%fd.name", "{dir}/public",
	},
	{
		"a file that has no name before it is linked", "link without a name",
		`evt.type = linkat and evt.rawres = 0 and evt.arg.newpath = "{dir}/alias"`, "%evt.arg.newpath", "{dir}/alias",
	},
	{
		"a file by its handle", "handle",
		`evt.type = open_by_handle_at and fd.num >= 0 and ` + secret, "%fd.name", "{dir}/secret",
	},
	{
		"a descriptor of another process", "pidfd",
		`evt.type = pidfd_getfd and fd.num >= 0 and ` + secret, "%fd.name", "{dir}/secret",
	},
	{
		"a descriptor that came through a socket", "rights",
		`evt.type = fchmod and evt.rawres = 0 and ` + secret, "%fd.name", "{dir}/secret",
	},
	{
		// What is mounted nowhere has no path but that below its root.
		"a copy of a mount that is mounted nowhere", "tree",
		opened + `fd.origin = "{dir}/secret"`, "%fd.name as %fd.nameraw", "/secret as secret",
	},
}

var nameActs = map[string]func(dir string) error{
	"symlink": func(dir string) error { return errors.Join(os.Symlink("secret", dir+"/alias"), open(dir+"/alias")) },
	"dots":    func(dir string) error { return open(dir + "/over/.././secret") },
	"relative": func(dir string) error {
		at, err := unix.Open(dir+"/over", unix.O_PATH, 0)
		return errors.Join(err, openAt(at, "../secret"))
	},
	"proc root": func(dir string) error { return open("/proc/self/root" + dir + "/secret") },
	"proc cwd":  func(dir string) error { return errors.Join(os.Chdir(dir), open("/proc/self/cwd/secret")) },

	"reopen":        func(dir string) error { return reopen(dir, "/proc/self/fd/") },
	"reopen in dev": func(dir string) error { return reopen(dir, "/dev/fd/") },

	"chroot":    func(dir string) error { return errors.Join(unix.Chroot(dir), open("/secret")) },
	"swap link": swapLink,
	"odd name": func(dir string) error {
		name := dir + "/over/" + odd
		return errors.Join(os.WriteFile(name, nil, 0o600), open(name))
	},
	"exchange": func(dir string) error {
		public, secret := dir+"/public", dir+"/secret"
		return errors.Join(unix.Renameat2(unix.AT_FDCWD, public, unix.AT_FDCWD, secret, unix.RENAME_EXCHANGE), open(public))
	},
	"link without a name": func(dir string) error {
		fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_WRONLY, 0o600)
		if err != nil {
			return lacks(err, unix.EOPNOTSUPP)
		}
		return unix.Linkat(unix.AT_FDCWD, fmt.Sprint("/proc/self/fd/", fd), unix.AT_FDCWD, dir+"/alias", unix.AT_SYMLINK_FOLLOW)
	},
	"handle": byHandle,
	"pidfd":  otherDescriptor,
	"rights": passDescriptor,
	"tree":   openTree,
}

func openAt(at int, path string) error {
	fd, err := unix.Openat(at, path, unix.O_RDONLY, 0)
	return errors.Join(err, unix.Close(fd))
}

// reopen opens by what leads to a descriptor that itself allows nothing.
func reopen(dir, descriptors string) error {
	fd, err := unix.Open(dir+"/secret", unix.O_PATH, 0)
	return errors.Join(err, open(fmt.Sprint(descriptors, fd)))
}

// swapLink opens through a link that a second thread lays to and fro, and says
// how often that was the secret.
func swapLink(dir string) error {
	if err := os.WriteFile(dir+"/over/secret", nil, 0o600); err != nil {
		return err
	}
	way := dir + "/way"
	targets := []string{".", "over"}
	lay := func(i int) error {
		return errors.Join(unix.Symlink(targets[i&1], way+"-next"), unix.Rename(way+"-next", way))
	}
	if err := lay(0); err != nil {
		return err
	}
	defer whileRunning(func(i int) { _ = lay(i) })()
	return countSecrets(dir, func() (int, error) { return unix.Open(way+"/secret", unix.O_RDONLY, 0) })
}

func byHandle(dir string) error {
	handle, _, err := unix.NameToHandleAt(unix.AT_FDCWD, dir+"/secret", 0)
	if err != nil {
		return lacks(err, unix.EOPNOTSUPP, unix.ENOSYS)
	}
	mount, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	fd, err := unix.OpenByHandleAt(mount, handle, unix.O_RDONLY)
	return errors.Join(err, unix.Close(fd))
}

func otherDescriptor(dir string) error {
	fd, err := unix.Open(dir+"/secret", unix.O_PATH, 0)
	if err != nil {
		return err
	}
	self, err := unix.PidfdOpen(os.Getpid(), 0)
	if err != nil {
		return lacks(err, unix.ENOSYS)
	}
	_, err = unix.PidfdGetfd(self, fd, 0)
	return lacks(err, unix.ENOSYS)
}

// passDescriptor sends a descriptor and uses what comes.
func passDescriptor(dir string) error {
	fd, err := unix.Open(dir+"/secret", unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(unix.Sendmsg(ends[0], []byte{0}, unix.UnixRights(fd), nil, 0), unix.Close(fd)); err != nil {
		return err
	}
	control := make([]byte, unix.CmsgSpace(4))
	if _, _, _, _, err := unix.Recvmsg(ends[1], make([]byte, 1), control, 0); err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return err
	}
	came, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	return unix.Fchmod(came[0], 0o600)
}

// openTree opens the file in a copy of its directory's mount.
func openTree(dir string) error {
	tree, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE)
	if err != nil {
		return lacks(err, unix.ENOSYS)
	}
	return openAt(tree, "secret")
}
