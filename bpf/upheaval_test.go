package bpf

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// changes are all that can be done to two directories. Many fail: one may be above
// the other.
var changes = []func(from, to string){
	func(from, to string) { _ = unix.Rename(from, to+"/moved") },
	func(from, to string) { _ = unix.Rename(from+"/f", to+"/g") },
	func(from, to string) {
		_ = unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
	},
	func(from, to string) {
		_ = unix.Renameat2(unix.AT_FDCWD, from+"/f", unix.AT_FDCWD, to, unix.RENAME_EXCHANGE)
	},
	func(from, to string) { _ = unix.Link(from+"/f", to+"/g") },
	func(from, to string) { _ = unix.Symlink(from, to+"/link") },
	func(from, _ string) { _ = os.RemoveAll(from) },
	func(from, to string) { _, _ = os.RemoveAll(from), os.MkdirAll(to+"/moved", 0o700) },
	func(from, to string) { _ = unix.Mount(from, to, "", unix.MS_BIND, "") },
	func(from, to string) { _ = unix.Mount(from+"/f", to+"/f", "", unix.MS_BIND, "") },
	func(from, to string) { _ = unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, "") },
	func(from, to string) { _ = unix.Mount(from, to, "", unix.MS_MOVE, "") },
	func(_, to string) { _ = unix.Mount("tmpfs", to, "tmpfs", 0, "") },
	func(_, to string) { _ = unix.Unmount(to, 0) },
	func(_, to string) { _ = unix.Unmount(to, unix.MNT_DETACH) },
	func(from, to string) { overlay(from, to) },
	func(from, _ string) { within(from, func() { open("/f"); open("/x/f"); open("f") }) },
	func(_, _ string) { _ = unix.Unshare(unix.CLONE_NEWNS) },
	func(from, _ string) { beside(from) },
	func(from, _ string) { _ = os.WriteFile(from+"/f", []byte("copied up"), 0o600) },
	func(from, to string) {
		keep(from, func() { _ = unix.Mount(from, to, "", unix.MS_BIND, "") }, func() { _ = unix.Unmount(to, unix.MNT_DETACH) })
	},
	escape,
	nameless,
}

// overlay mounts one over a directory, of which from is the lower layer.
func overlay(from, to string) {
	work := filepath.Join(filepath.Dir(from), "work")
	_, _ = os.Mkdir(work, 0o700), os.Mkdir(work+"/w", 0o700)
	_ = os.Mkdir(work+"/u", 0o700)
	_ = unix.Mount("overlay", to, "overlay", 0, fmt.Sprintf("lowerdir=%s,upperdir=%s/u,workdir=%s/w", from, work, work))
}

// within does something with another root directory.
func within(root string, do func()) {
	before, err := unix.Open("/", unix.O_PATH, 0)
	if err != nil {
		return
	}
	defer unix.Close(before)
	if unix.Chroot(root) == nil && unix.Chdir("/") == nil {
		do()
	}
	_, _ = unix.Fchdir(before), unix.Chroot(".")
}

// keep opens what is in a directory by a descriptor of it, before and after each of
// some acts, and of another one that is there by then.
func keep(dir string, acts ...func()) {
	var kept []int
	for _, act := range append(acts, func() {}) {
		if fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0); err == nil {
			kept = append(kept, fd)
			defer unix.Close(fd)
		}
		for _, dir := range kept {
			for range 2 {
				if fd, err := unix.Openat(dir, "f", unix.O_RDONLY, 0); err == nil {
					unix.Close(fd)
				}
			}
		}
		act()
	}
}

// escape has a directory leave the mount by which it was reached: there is no way
// from it up to where that begins, and back.
func escape(from, to string) {
	inner, outside := filepath.Join(from, "inner"), filepath.Dir(from)+"/outside"
	if os.MkdirAll(inner, 0o700) != nil || unix.Mount(from, to, "", unix.MS_BIND, "") != nil {
		return
	}
	_ = os.WriteFile(inner+"/f", nil, 0o600)
	keep(to+"/inner", func() { _ = unix.Rename(inner, outside) }, func() { _ = unix.Rename(outside, inner) })
	_, _ = unix.Unmount(to, unix.MNT_DETACH), os.RemoveAll(outside)
}

// nameless opens a file that was made without a name, by its descriptor, before it
// has one, and then under that, and when another one took that.
func nameless(from, to string) {
	fd, err := unix.Open(from, unix.O_TMPFILE|unix.O_RDWR, 0o600)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	self, name := fmt.Sprintf("/proc/self/fd/%d", fd), to+"/named"
	reopen := func() {
		for range 2 {
			if other, err := unix.Open(self, unix.O_RDONLY, 0); err == nil {
				unix.Close(other)
			}
			open(name)
		}
	}
	reopen()
	_ = unix.Linkat(unix.AT_FDCWD, self, unix.AT_FDCWD, name, unix.AT_SYMLINK_FOLLOW)
	reopen()
	_ = unix.Rename(from+"/f", name)
	reopen()
}

// beside opens what is in a copy of a mount that is nowhere.
func beside(dir string) {
	copied, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE)
	if err != nil {
		return
	}
	defer unix.Close(copied)
	for range 2 {
		if fd, err := unix.Openat(copied, "f", unix.O_RDONLY, 0); err == nil {
			unix.Close(fd)
		}
	}
}
