package fields

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// makers make a descriptor of every type that there is.
var makers = []struct {
	name, kind, letter string
	make               func() (int, error)
}{
	{"file", "file", "f", func() (int, error) { return unix.Open("target", unix.O_RDONLY, 0) }},
	{"device", "file", "f", func() (int, error) { return unix.Open("/dev/null", unix.O_RDONLY, 0) }},
	{"fifo", "file", "f", func() (int, error) {
		return opened("fifo", unix.O_RDWR, unix.Mkfifo("fifo", 0o600))
	}},
	{"removed file", "file", "f", func() (int, error) {
		fd, err := unix.Open("gone", unix.O_CREAT|unix.O_RDWR, 0o600)
		return fd, errors.Join(err, unix.Unlink("gone"))
	}},
	{"directory", "directory", "d", func() (int, error) { return unix.Open(".", unix.O_RDONLY|unix.O_DIRECTORY, 0) }},
	{"pipe", "pipe", "p", func() (int, error) { var p [2]int; err := unix.Pipe(p[:]); return p[1], err }},
	{"pair", "unix", "u", func() (int, error) {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return p[0], err
	}},
	{"ipv4", "ipv4", "4", func() (int, error) {
		return datagram(unix.AF_INET, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: 9})
	}},
	{"ipv6", "ipv6", "6", func() (int, error) {
		return datagram(unix.AF_INET6, &unix.SockaddrInet6{Addr: [16]byte{15: 1}, Port: 9})
	}},
	{"netlink", "netlink", "n", func() (int, error) { return unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, 0) }},
	{"packet", "<NA>", "o", func() (int, error) { return unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0) }},
	{"eventfd", "event", "e", func() (int, error) { return unix.Eventfd(0, 0) }},
	{"eventpoll", "eventpoll", "l", func() (int, error) { return unix.EpollCreate1(0) }},
	{"timerfd", "timerfd", "t", func() (int, error) { return unix.TimerfdCreate(unix.CLOCK_MONOTONIC, 0) }},
	{"signalfd", "signalfd", "s", func() (int, error) { return unix.Signalfd(-1, &unix.Sigset_t{}, 0) }},
	{"inotify", "inotify", "i", func() (int, error) { return unix.InotifyInit1(0) }},
	{"bpf", "bpf", "b", func() (int, error) {
		m, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
		if err != nil {
			return -1, err
		}
		return unix.Dup(m.FD()) // the library closes its own
	}},
	{"io_uring", "io_uring", "r", ring},
	{"memfd", "memfd", "m", func() (int, error) { return unix.MemfdCreate("plan", 0) }},
	{"pidfd", "pidfd", "P", func() (int, error) { return unix.PidfdOpen(os.Getpid(), 0) }},
	{"userfaultfd", "userfaultfd", "u", func() (int, error) { return made(unix.Syscall(unix.SYS_USERFAULTFD, unix.O_CLOEXEC|1, 0, 0)) }},
}

func opened(name string, flags int, err error) (int, error) {
	if err != nil {
		return -1, err
	}
	return unix.Open(name, flags, 0)
}

func datagram(family int, to unix.Sockaddr) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_DGRAM, 0)
	if err != nil {
		return -1, err
	}
	return fd, unix.Connect(fd, to)
}

func ring() (int, error) {
	var params [120]byte // struct io_uring_params
	return made(unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0))
}

func made(fd, _ uintptr, e unix.Errno) (int, error) {
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}

// absent are what a machine says that can't make a descriptor of a type.
var absent = []error{unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EADDRNOTAVAIL, unix.EAFNOSUPPORT, unix.ENETUNREACH}

// descriptors makes one of each, and duplicates it for all to see.
func (t *told) descriptors() error {
	t.Made = map[string]int{}
	for _, m := range makers {
		fd, err := m.make()
		if slices.ContainsFunc(absent, func(known error) bool { return errors.Is(err, known) }) {
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if t.Made[m.name], err = unix.Dup(fd); err != nil {
			return err
		}
	}
	_, err := unix.Dup(-1)
	if !errors.Is(err, unix.EBADF) {
		return fmt.Errorf("duplicate nothing: %w", err)
	}
	return nil
}

// TestDescriptors: what fields say of a descriptor of any type is what
// /proc/PID/fd, stat(2) and, of sockets, /proc/PID/net say of it.
func TestDescriptors(t *testing.T) {
	f := &facts{t: t, dir: prepare(t)}
	seen := map[string]map[string]string{}
	follow(t, []*syscalls.Row{syscalls.ByName("dup")}, func() int {
		f.start("descriptors")
		return f.pid
	}, func(ev *event.Event) bool {
		said := map[string]string{}
		for name := range descriptorFields {
			said[name] = text(field.Eval(field.OfEvent{Event: ev}, refOf(t, name)))
		}
		seen[said["fd.num"]] = said
		return ev.Failed()
	})
	for _, m := range makers {
		t.Run(m.name, func(t *testing.T) {
			f.t = t
			fd, ok := f.said.Made[m.name]
			if !ok {
				t.Skip("this machine makes none")
			}
			said := seen[itoa(fd)]
			if said == nil {
				t.Fatal("was not seen")
			}
			d := describe(f, fd)
			d.kind, d.letter = m.kind, m.letter
			for name, want := range descriptorFields {
				if want := cmp.Or(want(d), nothing[name]); said[name] != want {
					t.Errorf("%s says %q, the machine says %q", name, said[name], want)
				}
			}
		})
	}
}

// descriptor is what the machine says of one.
type descriptor struct {
	kind, letter string
	pid, fd      int
	link         string // in /proc/PID/fd
	stat         *unix.Stat_t
	ports        [2]string // of this end and the other, of sockets that have some
}

func describe(f *facts, fd int) *descriptor {
	name := filepath.Join("fd", itoa(fd))
	d := &descriptor{pid: f.pid, fd: fd, link: f.link(f.pid, name), stat: f.inode(filepath.Join("/proc", itoa(f.pid), name))}
	for _, table := range []string{"net/udp", "net/udp6"} {
		if _, err := os.Stat("/proc/net/" + filepath.Base(table)); err != nil {
			continue // the machine has no such sockets
		}
		for line := range strings.Lines(f.file(f.pid, table)) {
			words := strings.Fields(line)
			if len(words) < 10 || words[9] != itoa(d.stat.Ino) {
				continue
			}
			for i, end := range words[1:3] {
				n, err := strconv.ParseUint(end[strings.LastIndexByte(end, ':')+1:], 16, 16)
				if err != nil {
					f.t.Fatal(err)
				}
				d.ports[i] = itoa(n)
			}
		}
	}
	return d
}

// descriptorFields are what each field must say.
var descriptorFields = map[string]func(*descriptor) string{
	"fd.num":      func(d *descriptor) string { return itoa(d.fd) },
	"fd.type":     func(d *descriptor) string { return d.kind },
	"fd.typechar": func(d *descriptor) string { return d.letter },
	"fd.name":     (*descriptor).name,
	"fd.ino":      func(d *descriptor) string { return itoa(d.stat.Ino) },
	"fd.dev": func(d *descriptor) string {
		if d.stat.Mode&unix.S_IFMT == unix.S_IFSOCK {
			return "0" // no device holds it
		}
		return itoa(d.stat.Dev)
	},
	"fd.directory": func(d *descriptor) string {
		return map[string]string{"file": filepath.Dir(d.link), "directory": d.link}[d.kind]
	},
	"fd.filename": func(d *descriptor) string { return map[string]string{"file": filepath.Base(d.link)}[d.kind] },
	"saker.transport": func(d *descriptor) string {
		return map[string]string{"pipe": "pipe", "unix": "unix", "ipv4": "udp", "ipv6": "udp"}[d.kind]
	},
	"fd.lport": func(d *descriptor) string { return d.ports[0] },
	"fd.rport": func(d *descriptor) string { return d.ports[1] },
	"fd.lip":   (*descriptor).address,
	"fd.rip":   (*descriptor).address,
	"fd.peer.pid": func(d *descriptor) string {
		return map[string]string{"unix": itoa(d.pid)}[d.kind]
	},
}

// nothing is what fields say that have nothing to say, where that isn't "".
var nothing = map[string]string{
	"fd.directory": "none", "fd.filename": "none", "saker.transport": "none", "fd.lport": "none", "fd.rport": "none",
	"fd.lip": "none", "fd.rip": "none", "fd.peer.pid": "none",
}

func (d *descriptor) address() string {
	return map[string]string{"ipv4": "127.0.0.1", "ipv6": "::1"}[d.kind]
}

// name is the link without the kernel's ornaments, and of a connection its ends.
// What has nothing but a number has no name.
func (d *descriptor) name() string {
	switch {
	case d.ports[0] != "":
		return d.address() + ":" + d.ports[0] + "->" + d.address() + ":" + d.ports[1]
	case strings.HasPrefix(d.link, "pipe:"), strings.HasPrefix(d.link, "socket:"):
		return ""
	case d.kind == "memfd":
		return strings.TrimPrefix(d.link, "/")
	}
	return strings.TrimPrefix(d.link, "anon_inode:")
}
