package main

import (
	"bufio"
	"fmt"
	"io"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// archive writes a root file system in the form that a kernel unpacks at its
// start: cpio, "newc". The first error stays, and Close gives it.
type archive struct {
	w    *bufio.Writer
	size int64
	ino  int
	has  map[string]bool
	err  error
}

// newArchive begins with the root itself, which all may read and search.
func newArchive(w io.Writer) *archive {
	a := &archive{w: bufio.NewWriter(w), has: map[string]bool{}}
	a.entry("/", unix.S_IFDIR|0o755, 0, 0, nil)
	return a
}

// dir adds a directory and those above it that are not there yet.
func (a *archive) dir(name string) {
	if name = path.Clean(name); a.has[name] {
		return
	}
	a.entry(name, unix.S_IFDIR|0o755, 0, 0, nil)
}

func (a *archive) file(name string, perm uint32, content []byte) {
	a.entry(name, unix.S_IFREG|perm, 0, 0, content)
}

func (a *archive) symlink(name, to string) { a.entry(name, unix.S_IFLNK|0o777, 0, 0, []byte(to)) }

func (a *archive) device(name string, major, minor int) {
	a.entry(name, unix.S_IFCHR|0o600, major, minor, nil)
}

// entry writes a header and the content, both padded to 4 bytes.
func (a *archive) entry(name string, mode uint32, major, minor int, content []byte) {
	name = path.Clean(name)
	if name != "/" {
		a.dir(path.Dir(name))
	}
	a.has[name] = true
	a.ino++
	a.put(strings.TrimPrefix(name, "/"), mode, major, minor, content)
}

func (a *archive) put(name string, mode uint32, major, minor int, content []byte) {
	if name == "" {
		name = "."
	}
	links := 1
	if mode&unix.S_IFMT == unix.S_IFDIR {
		links = 2
	}
	a.print("070701")
	for _, n := range []int{
		a.ino, int(mode), 0, 0, links, 0, len(content), 0, 0, major, minor, len(name) + 1, 0,
	} {
		a.print(fmt.Sprintf("%08x", n))
	}
	a.print(name + "\x00")
	a.pad()
	a.print(string(content))
	a.pad()
}

func (a *archive) print(s string) {
	if a.err == nil {
		_, a.err = a.w.WriteString(s)
		a.size += int64(len(s))
	}
}

func (a *archive) pad() { a.print("\x00\x00\x00"[:(4-a.size%4)%4]) }

// close ends the archive.
func (a *archive) close() error {
	a.ino = 0
	a.put("TRAILER!!!", 0, 0, 0, nil)
	if a.err != nil {
		return a.err
	}
	return a.w.Flush()
}
