package calls

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// pathsVariable has the directory of a child that makes calls by paths.
const pathsVariable = "SAKER_CALLS_PATHS"

// way is how a name is given: from a directory, which is the working directory
// or the one of a descriptor, with what stands before the name. Both are below
// the child's directory, where link leads to real and real/hop to other/sub.
type way struct{ start, before string }

const absolute = "/link/" // stands for the child's directory before it, too

var ways = []way{
	{"real", ""},
	{"link", ""},
	{".", "link/"},
	{"real/deep", absolute},
	{"real/deep", "../"},
	{"real", "deep/../"},
	{"real", "hop/../"}, // in truth it is other/
	{"link/hop", "../"},
}

// given is one path of a call: its directory's descriptor, and its text.
type given struct{ at, text uintptr }

// object is what is there before a call.
type object uint8

const (
	nothing object = iota
	file
	folder
	mounted
	link
)

// pathCall is a call by one path, or by two.
type pathCall struct {
	name   string
	first  object
	second bool
	do     func(a *actor, p, q given)
}

func on(name string, o object, do func(a *actor, p given)) pathCall {
	return pathCall{name, o, false, func(a *actor, p, _ given) { do(a, p) }}
}

func onTwo(name string, do func(a *actor, p, q given)) pathCall {
	return pathCall{name, file, true, do}
}

var pathCalls = []pathCall{
	on("mkdir", nothing, func(a *actor, p given) { a.call(p.text, 0o700) }),
	on("mkdirat", nothing, func(a *actor, p given) { a.call(p.at, p.text, 0o700) }),
	on("mknod", nothing, func(a *actor, p given) { a.call(p.text, unix.S_IFIFO|0o600, 0) }),
	on("mknodat", nothing, func(a *actor, p given) { a.call(p.at, p.text, unix.S_IFIFO|0o600, 0) }),
	on("symlink", nothing, func(a *actor, p given) { a.call(a.text("to"), p.text) }),
	on("symlinkat", nothing, func(a *actor, p given) { a.call(a.text("to"), p.at, p.text) }),
	on("rmdir", folder, func(a *actor, p given) { a.call(p.text) }),
	on("unlink", file, func(a *actor, p given) { a.call(p.text) }),
	on("unlinkat", file, func(a *actor, p given) { a.call(p.at, p.text, 0) }),
	onTwo("link", func(a *actor, p, q given) { a.call(p.text, q.text) }),
	onTwo("linkat", func(a *actor, p, q given) { a.call(p.at, p.text, q.at, q.text, 0) }),
	onTwo("rename", func(a *actor, p, q given) { a.call(p.text, q.text) }),
	onTwo("renameat", func(a *actor, p, q given) { a.call(p.at, p.text, q.at, q.text) }),
	onTwo("renameat2", func(a *actor, p, q given) { a.call(p.at, p.text, q.at, q.text, unix.RENAME_NOREPLACE) }),
	on("chmod", file, func(a *actor, p given) { a.call(p.text, 0o640) }),
	on("fchmodat", file, func(a *actor, p given) { a.call(p.at, p.text, 0o640) }),
	on("fchmodat2", file, func(a *actor, p given) { a.call(p.at, p.text, 0o640, 0) }),
	on("chown", file, func(a *actor, p given) { a.call(p.text, 0, 7) }),
	on("lchown", link, func(a *actor, p given) { a.call(p.text, 0, 7) }),
	on("fchownat", link, func(a *actor, p given) { a.call(p.at, p.text, 0, 7, unix.AT_SYMLINK_NOFOLLOW) }),
	on("truncate", file, func(a *actor, p given) { a.call(p.text, 9) }),
	on("utimensat", file, func(a *actor, p given) { a.call(p.at, p.text, a.longs(1, 0, 1, 0), 0) }),
	on("setxattr", file, func(a *actor, p given) { a.call(p.text, a.text("trusted.a"), a.text("v"), 1, 0) }),
	on("lsetxattr", link, func(a *actor, p given) { a.call(p.text, a.text("trusted.a"), a.text("v"), 1, 0) }),
	on("removexattr", file, func(a *actor, p given) { a.call(p.text, a.text("trusted.b")) }),
	on("lremovexattr", link, func(a *actor, p given) { a.call(p.text, a.text("trusted.b")) }),
	on("mount", folder, func(a *actor, p given) { a.call(a.text("here"), p.text, a.text("tmpfs"), 0, 0) }),
	on("umount2", mounted, func(a *actor, p given) { a.call(p.text, unix.MNT_DETACH) }),
	on("access", file, func(a *actor, p given) { a.call(p.text, unix.R_OK) }),
	on("newfstatat", file, func(a *actor, p given) { a.call(p.at, p.text, a.buffer(256), 0) }),
	on("readlinkat", link, func(a *actor, p given) { a.call(p.at, p.text, a.buffer(64), 64) }),
}

// named is what the child says of a path that it gave to a call: its last name,
// which no other path has, and what it is in truth.
type named struct {
	Call, Name      string
	Given           string
	Start, Resolved string // where it starts, and where it leads, as the kernel says
	Direct          bool   // nothing on the way can be a link
	Cwd             string // of the process, after the call
	Result          int64
}

// namer is the child that gives paths.
type namer struct {
	actor
	n   int
	out *json.Encoder
}

// namePaths makes every call by paths that are given in every way, then calls
// that change where paths start.
func namePaths(dir string) error {
	n := &namer{actor: actor{dir: dir}, out: json.NewEncoder(os.Stdout)}
	for _, err := range []error{
		unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		os.MkdirAll(dir+"/real/deep", 0o700), os.MkdirAll(dir+"/other/sub", 0o700),
		os.Symlink("real", dir+"/link"), os.Symlink("../other/sub", dir+"/real/hop"),
	} {
		if err != nil {
			return err
		}
	}
	for _, call := range pathCalls {
		for i := range ways {
			if err := n.try(call, ways[i], ways[(i+3)%len(ways)]); err != nil {
				return fmt.Errorf("%s from %s by %s: %w", call.name, ways[i].start, ways[i].before, err)
			}
		}
	}
	return n.move()
}

// try makes a call once. Of one that takes no descriptors both paths start
// from the working directory, so from the same.
func (n *namer) try(call pathCall, w, second way) error {
	n.row = syscalls.ByName(call.name)
	if len(syscalls.Number(runtime.GOARCH, n.row)) == 0 {
		return nil
	}
	cwd := "."
	if !isAt(n.row) {
		cwd, second = w.start, way{w.start, absolute}
	}
	p, errP := n.name(w)
	q, errQ := n.name(second)
	if err := errors.Join(errP, errQ, n.put(call.first, p.Resolved), os.Chdir(n.in(cwd))); err != nil {
		return err
	}
	one, two := given{n.open(w.start), n.text(p.Given)}, given{n.open(second.start), n.text(q.Given)}
	call.do(&n.actor, one, two)
	if err := errors.Join(unix.Close(int(one.at)), unix.Close(int(two.at))); err != nil {
		return err
	}
	if n.result == -int64(unix.ENOSYS) {
		return nil
	}
	if !call.second {
		return n.say(p)
	}
	return errors.Join(n.say(p), n.say(q))
}

// isAt reports whether the paths of a row's calls start at descriptors.
func isAt(row *syscalls.Row) bool {
	for _, p := range row.Params {
		if p.Type == syscalls.FSRelPath {
			return true
		}
	}
	return false
}

func (n *namer) open(start string) uintptr {
	fd, err := unix.Open(n.in(start), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		panic(err)
	}
	return uintptr(fd)
}

// name makes a name up that is given in a way.
func (n *namer) name(w way) (named, error) {
	n.n++
	p := named{Name: fmt.Sprint("name", n.n)}
	p.Given, p.Direct = w.before+p.Name, w.before == ""
	start := n.in(w.start) + "/"
	if w.before == absolute {
		start, p.Given = "/", n.dir+p.Given
	}
	parent, err := where(strings.TrimSuffix(start+p.Given, p.Name))
	if err != nil {
		return p, err
	}
	p.Resolved = parent + "/" + p.Name
	p.Start, err = where(start)
	return p, err
}

// where is what the kernel calls a directory.
func where(dir string) (string, error) {
	fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", dir, err)
	}
	defer unix.Close(fd)
	return os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
}

// put makes what a call works on.
func (n *namer) put(o object, at string) error {
	switch o {
	case file:
		return os.WriteFile(at, nil, 0o600)
	case link:
		return os.Symlink("nowhere", at)
	case folder, mounted:
		if err := os.Mkdir(at, 0o700); err != nil || o == folder {
			return err
		}
		return unix.Mount("here", at, "tmpfs", 0, "")
	}
	return nil
}

func (n *namer) say(p named) error {
	cwd, err := os.Readlink("/proc/self/cwd")
	p.Cwd = cwd
	return errors.Join(err, n.tell(p))
}

func (n *namer) tell(p named) error {
	p.Call, p.Result = n.row.Name, n.result
	return n.out.Encode(p)
}

// move changes the working directory by links and by a descriptor, and the
// root directory by a link. After each a name there tells where it is.
func (n *namer) move() error {
	hop, err := unix.Open(n.in("real/hop"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	cwd := ""
	for _, move := range []func() error{
		func() error { return unix.Chdir(n.in("link")) },
		func() error { return unix.Chdir("deep/..") },
		func() error { return unix.Fchdir(hop) },
		func() error { return unix.Chdir("..") },
		func() error { return unix.Chdir(n.in("link/hop/../../link")) },
	} {
		if err := move(); err != nil {
			return err
		}
		if cwd, err = os.Readlink("/proc/self/cwd"); err != nil {
			return err
		}
		if err := n.mark(cwd, ""); err != nil {
			return err
		}
	}
	// The new root is where it is now, and nothing of /proc is below.
	return errors.Join(unix.Chroot(n.in("link")), n.mark(cwd, ""), n.mark(cwd, "/"))
}

// mark makes a directory in the one that is the working directory.
func (n *namer) mark(cwd, before string) error {
	n.n++
	n.row = syscalls.ByName("mkdirat")
	name := fmt.Sprint("name", n.n)
	p := named{Name: name, Given: before + name, Start: cwd, Resolved: cwd + "/" + name, Direct: true, Cwd: cwd}
	n.call(minus(-unix.AT_FDCWD), n.text(p.Given), 0o700)
	return n.tell(p)
}
