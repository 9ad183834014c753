package state

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

const (
	atCwd  = ^uint64(99) // AT_FDCWD
	atCwd4 = 0xffffff9c  // as a 32-bit register has it
)

var (
	shadow  = bpf.WireFile{Ino: 42, Dev: 8<<20 | 1, Mode: unix.S_IFREG | 0o640}
	etc     = bpf.WireFile{Ino: 2, Mode: unix.S_IFDIR | 0o755}
	overlay = bpf.WireFile{Ino: 43, Mode: unix.S_IFREG, Flags: bpf.FileUpper}
)

func equal(a, b any) string {
	return cmp.Diff(a, b, cmpopts.EquateComparable(netip.AddrPort{}), cmpopts.EquateEmpty(),
		cmpopts.IgnoreFields(event.FD{}, "Path"))
}

func TestOpen(t *testing.T) {
	for name, tt := range map[string]struct {
		r    record
		fd   *event.FD
		num  int64
		args map[string]event.Arg
	}{
		"openat through a symlink": {
			r: shell.call("openat", 3, atCwd, 1, unix.O_CLOEXEC, 0o777).
				file(shadow, "/etc/shadow").none().given("link", "/home/a"),
			fd:  &event.FD{Type: event.FDFile, Name: "/etc/shadow", Ino: 42, Dev: 0x801, Mode: shadow.Mode},
			num: 3,
			args: map[string]event.Arg{
				"fd":    {Valid: true, Num: 3, FD: &event.FD{Type: event.FDFile, Name: "/etc/shadow", Ino: 42, Dev: 0x801, Mode: shadow.Mode}},
				"dirfd": {Valid: true, Num: -100},
				"name":  {Valid: true, Text: "link", Path: "/home/a/link", Unresolved: true},
				"flags": {Valid: true, Num: unix.O_CLOEXEC},
				"mode":  {Valid: true}, // nothing is created
				"dev":   {Valid: true, Num: 0x801},
				"ino":   {Valid: true, Num: 42},
			},
		},
		"openat creates from a directory": {
			r: shell.call("openat", 4, 5, 1, unix.O_CREAT|unix.O_WRONLY, 0o644).
				file(overlay, "/etc/new").file(etc, "/etc").given("./x/../new", "/etc"),
			fd:  &event.FD{Type: event.FDFile, Name: "/etc/new", Ino: 43, Mode: overlay.Mode, Upper: true},
			num: 4,
			args: map[string]event.Arg{
				"dirfd": {Valid: true, Num: 5, FD: &event.FD{Type: event.FDDirectory, Name: "/etc", Ino: 2, Mode: etc.Mode}},
				"name":  {Valid: true, Text: "./x/../new", Path: "/etc/new", Unresolved: true},
				"flags": {Valid: true, Num: unix.O_CREAT | unix.O_WRONLY | syscalls.FileUpper},
				"mode":  {Valid: true, Num: 0o644},
			},
		},
		"open that failed": {
			r:   shell.call("open", -2, 1, 0, 0).none().given("../secret", "/home/a"),
			fd:  &event.FD{Type: event.FDFile, Name: "/home/secret"},
			num: -1,
			args: map[string]event.Arg{
				"fd":   {Valid: true, Num: -2},
				"name": {Valid: true, Text: "../secret", Path: "/home/secret", Unresolved: true},
				"dev":  {}, "ino": {},
			},
		},
		"openat from what is no directory": {
			r:   shell.call("openat", -9, 77, 1, 0, 0).none().none().text(bpf.BlockString, "x").none(),
			fd:  &event.FD{Type: event.FDFile},
			num: -1,
			args: map[string]event.Arg{
				"dirfd": {Valid: true, Num: 77},
				"name":  {Valid: true, Text: "x"},
			},
		},
		"openat2": {
			r: shell.call("openat2", 3, atCwd, 1, 2, 24).file(shadow, "/etc/shadow").none().
				given("/etc/shadow", "/").block(bpf.BlockBytes, 0, slices.Concat(
				bytesOf(uint64(unix.O_CREAT)), bytesOf(uint64(0o600)), bytesOf(uint64(unix.RESOLVE_BENEATH)))),
			fd:  &event.FD{Type: event.FDFile, Name: "/etc/shadow", Ino: 42, Dev: 0x801, Mode: shadow.Mode},
			num: 3,
			args: map[string]event.Arg{
				"name":    {Valid: true, Text: "/etc/shadow", Path: "/etc/shadow", Unresolved: true},
				"flags":   {Valid: true, Num: unix.O_CREAT},
				"mode":    {Valid: true, Num: 0o600},
				"resolve": {Valid: true, Num: unix.RESOLVE_BENEATH},
			},
		},
		"openat2 with a structure that is not there": {
			r: shell.call("openat2", -14, atCwd, 1, 2, 24).none().none().
				given("/x", "/").block(bpf.BlockBytes, bpf.BlockFault, nil),
			fd: &event.FD{Type: event.FDFile, Name: "/x"}, num: -1,
			args: map[string]event.Arg{"flags": {}, "mode": {}, "resolve": {}},
		},
		"path that could not be read": {
			r:    shell.call("open", -14, 1, 0, 0).none().block(bpf.BlockString, bpf.BlockFault, nil).path(bpf.BlockDir, "/"),
			fd:   &event.FD{Type: event.FDFile},
			num:  -1,
			args: map[string]event.Arg{"name": {}},
		},
		"path in another root": {
			r:    shell.call("open", -2, 1, 0, 0).none().given("/../etc/shadow", "/srv/jail"),
			fd:   &event.FD{Type: event.FDFile, Name: "/srv/jail/etc/shadow"},
			num:  -1,
			args: map[string]event.Arg{"name": {Valid: true, Text: "/../etc/shadow", Path: "/srv/jail/etc/shadow", Unresolved: true}},
		},
		"file that only the given path names": {
			r: shell.call("open", 3, 1, 0, 0).
				file(bpf.WireFile{Magic: magicNS, Mode: unix.S_IFREG, Ino: 5}, "/").given("/proc/1/ns/net", "/"),
			fd:  &event.FD{Type: event.FDFile, Name: "/proc/1/ns/net", Ino: 5, Mode: unix.S_IFREG},
			num: 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := must(t, newTree(t), tt.r)
			if diff := equal(tt.fd, ev.FD); diff != "" || ev.FDNum != tt.num {
				t.Errorf("number %d, want %d; file (-want +got):\n%s", ev.FDNum, tt.num, diff)
			}
			for name, want := range tt.args {
				if diff := equal(want, argOf(t, ev, name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestLongPathIsCut(t *testing.T) {
	long := strings.Repeat("x/", 2000)
	ev := must(t, newTree(t), shell.call("open", -36, 1, 0, 0).none().given(long, "/"+strings.Repeat("y/", 200)))
	if a := argOf(t, ev, "name"); len(a.Path) != pathMax || !a.Cut || a.Text != long {
		t.Errorf("%d bytes, cut %v", len(a.Path), a.Cut)
	}
}

func TestFileTypes(t *testing.T) {
	for _, tt := range []struct {
		w    bpf.WireFile
		path string
		want event.FDType
		name string
	}{
		{bpf.WireFile{Mode: unix.S_IFREG}, "/a/b", event.FDFile, "/a/b"},
		{bpf.WireFile{Mode: unix.S_IFDIR}, "/", event.FDDirectory, "/"},
		{bpf.WireFile{Mode: unix.S_IFCHR}, "/dev/null", event.FDFile, "/dev/null"},
		{bpf.WireFile{Mode: unix.S_IFIFO}, "/run/fifo", event.FDFile, "/run/fifo"},
		{bpf.WireFile{Mode: unix.S_IFIFO, Magic: magicPipe}, "", event.FDPipe, ""},
		{bpf.WireFile{Magic: magicAnon}, "[eventfd]", event.FDEvent, "[eventfd]"},
		{bpf.WireFile{Magic: magicAnon}, "[eventpoll]", event.FDEventpoll, "[eventpoll]"},
		{bpf.WireFile{Magic: magicAnon}, "inotify", event.FDInotify, "inotify"},
		{bpf.WireFile{Magic: magicAnon}, "[timerfd]", event.FDTimer, "[timerfd]"},
		{bpf.WireFile{Magic: magicAnon}, "[signalfd]", event.FDSignal, "[signalfd]"},
		{bpf.WireFile{Magic: magicAnon}, "bpf-prog", event.FDBPF, "bpf-prog"},
		{bpf.WireFile{Magic: magicAnon}, "bpf_link", event.FDBPF, "bpf_link"},
		{bpf.WireFile{Magic: magicAnon}, "btf", event.FDBPF, "btf"},
		{bpf.WireFile{Magic: magicAnon}, "[userfaultfd]", event.FDUserfault, "[userfaultfd]"},
		{bpf.WireFile{Magic: magicAnon}, "[io_uring]", event.FDIOUring, "[io_uring]"},
		{bpf.WireFile{Magic: magicAnon}, "[pidfd]", event.FDPidfd, "[pidfd]"},
		{bpf.WireFile{Magic: magicAnon}, "[perf_event]", event.FDUnknown, "[perf_event]"},
		{bpf.WireFile{Magic: magicPidfd, Mode: unix.S_IFREG}, "/", event.FDPidfd, "[pidfd]"},
		{bpf.WireFile{Mode: unix.S_IFREG, Flags: bpf.FileMemfd | bpf.FileDeleted}, "memfd:x", event.FDMemfd, "memfd:x"},
		{bpf.WireFile{Mode: unix.S_IFREG, Flags: bpf.FileDeleted}, "memfd:huge", event.FDMemfd, "memfd:huge"},
		{bpf.WireFile{Mode: unix.S_IFREG}, "/memfd:x", event.FDFile, "/memfd:x"},
	} {
		ev := must(t, newTree(t), shell.call("fchmod", 0, 3, 0).file(tt.w, tt.path))
		if ev.FD.Type != tt.want || ev.FD.Name != tt.name || ev.FDNum != 3 {
			t.Errorf("%s %+v: %s %q", tt.path, tt.w, ev.FD.Type, ev.FD.Name)
		}
	}
}

func TestOtherCalls(t *testing.T) {
	for name, tt := range map[string]struct {
		r    record
		fd   bool
		args map[string]event.Arg
	}{
		"linkat": {
			r: shell.call("linkat", 0, 5, 1, atCwd, 2, unix.AT_SYMLINK_FOLLOW).
				file(etc, "/etc").given("shadow", "/etc").none().given("/tmp/x", "/"),
			args: map[string]event.Arg{
				"res":     {Valid: true},
				"olddir":  {Valid: true, Num: 5, FD: &event.FD{Type: event.FDDirectory, Name: "/etc", Ino: 2, Mode: etc.Mode}},
				"oldpath": {Valid: true, Text: "shadow", Path: "/etc/shadow", Unresolved: true},
				"newdir":  {Valid: true, Num: -100},
				"newpath": {Valid: true, Text: "/tmp/x", Path: "/tmp/x", Unresolved: true},
				"flags":   {Valid: true, Num: unix.AT_SYMLINK_FOLLOW},
			},
		},
		"symlinkat": {
			r: shell.call("symlinkat", 0, 1, atCwd, 2).none().text(bpf.BlockString, "../target").given("l", "/tmp"),
			args: map[string]event.Arg{
				"target":   {Valid: true, Text: "../target"},
				"linkpath": {Valid: true, Text: "l", Path: "/tmp/l"},
			},
		},
		"dup2 of 32 bits": {
			r: changed(shell.call("dup2", 0, 3, 0).file(shadow, "/a").file(shadow, "/a").none(),
				func(h *bpf.WireHeader) { h.Via = bpf.ViaCompat }),
			fd: true,
			args: map[string]event.Arg{
				"newfd": {Valid: true},
			},
		},
		"failed call of 32 bits": {
			r: changed(shell.call("unlinkat", 0xfffffffe, atCwd4, 1, 0).none().given("x", "/"),
				func(h *bpf.WireHeader) { h.Via = bpf.ViaCompat }),
			args: map[string]event.Arg{"res": {Valid: true, Num: -2}, "dirfd": {Valid: true, Num: -100}},
		},
		"ptrace": {
			r: shell.call("ptrace", -1, 16, 0xffffffff, ^uint64(0), 7),
			args: map[string]event.Arg{
				"request": {Valid: true, Num: 16}, "pid": {Valid: true, Num: -1},
				"addr": {Valid: true, Num: -1}, "data": {Valid: true, Num: 7},
			},
		},
		"setresuid": {
			r:    shell.call("setresuid", 0, 0, ^uint64(0), 5),
			args: map[string]event.Arg{"ruid": {Valid: true, Text: "root"}, "euid": {Valid: true, Num: 0xffffffff}, "suid": {Valid: true, Num: 5}},
		},
		"setgroups": {
			r:    shell.call("setgroups", 0),
			args: map[string]event.Arg{"ID": {Valid: true, Text: "setgroups", Num: unix.SYS_SETGROUPS}},
		},
		"bpf loads": {
			r:    shell.call("bpf", 3, 5).file(bpf.WireFile{Magic: magicAnon}, "bpf-prog"),
			fd:   true,
			args: map[string]event.Arg{"fd": {Valid: true, Num: 3, FD: &event.FD{Type: event.FDBPF, Name: "bpf-prog"}}},
		},
		"bpf looks up": {
			r:    shell.call("bpf", 0, 1).file(shadow, "/dev/pts/0"),
			args: map[string]event.Arg{"fd": {Valid: true}, "cmd": {Valid: true, Num: 1}},
		},
		"failed execve": {
			r: shell.call("execve", -2, 1).given("./x", "/tmp"),
			args: map[string]event.Arg{
				"res": {Valid: true, Num: -2}, "exe": {Valid: true, Text: "/bin/bash"},
				"filename": {Valid: true, Text: "./x", Path: "/tmp/x", Unresolved: true},
			},
		},
		"init_module": {
			r: shell.call("init_module", 0, 1, 1000, 2).block(bpf.BlockBytes, bpf.BlockCut, []byte("\x7fELF")).
				text(bpf.BlockString, "a=1"),
			args: map[string]event.Arg{
				"img": {Valid: true, Text: "\x7fELF", Cut: true}, "length": {Valid: true, Num: 1000},
				"uargs": {Valid: true, Text: "a=1"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ev := must(t, newTree(t), tt.r)
			if (ev.FD != nil) != tt.fd || tt.fd != (ev.FDNum >= 0) {
				t.Errorf("descriptor %d %+v", ev.FDNum, ev.FD)
			}
			for name, want := range tt.args {
				if diff := equal(want, argOf(t, ev, name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestThreadName(t *testing.T) {
	s := newTree(t)
	if ev := must(t, s, shell.call("setsid", 100)); ev.Comm != "cat" || ev.Process.Name != "bash" {
		t.Errorf("%q in %q", ev.Comm, ev.Process.Name)
	}
	feed(t, s, shell.rename("cat"))
	if ev := must(t, s, shell.call("setsid", 100)); ev.Comm != "" {
		t.Errorf("%q", ev.Comm)
	}
}

// TestEveryRow applies a record for each row: blocks of what its captures
// promise, none of which the kernel found.
func TestEveryRow(t *testing.T) {
	s := newTree(t)
	for i, row := range syscalls.Rows() {
		r := shell.call(row.Name, -1, 1, 2, 3, 4, 5, 6)
		for range s.plans[i].n {
			r = r.none()
		}
		ev := must(t, s, r)
		num := int64(-1)
		if row.Flags&syscalls.DestroysFD != 0 {
			num = 1 // of what was closed the number stays
		}
		if ev.Row != row || len(ev.Args) != len(row.Params) || ev.FDNum != num {
			t.Errorf("%s: %+v", row.Name, ev)
		}
	}
}

// TestEveryParamIsRead checks that no parameter lacks its source.
func TestEveryParamIsRead(t *testing.T) {
	for i, plan := range newPlans(syscalls.Rows()) {
		row := syscalls.Rows()[i]
		for _, st := range plan.steps {
			p := st.param
			if p.From == syscalls.OfProcess && row.Kind == syscalls.Call && st.fact == nil {
				t.Errorf("%s.%s: no such fact", row.Name, p.Name)
			}
			captured := p.Size != 0 || slices.Contains([]syscalls.Type{
				syscalls.FD, syscalls.FSPath, syscalls.FSRelPath,
				syscalls.CharBuf, syscalls.ByteBuf, syscalls.Message, syscalls.SockAddr,
				syscalls.Messages, syscalls.Vector, syscalls.FDList, syscalls.DynText,
			}, p.Type)
			if p.Type == syscalls.FD && row.Flags&syscalls.DestroysFD != 0 {
				continue
			}
			from := p.From == syscalls.Result || p.From >= syscalls.Arg0 && p.From <= syscalls.Arg5
			if captured && from && st.block == absent {
				t.Errorf("%s.%s: no block", row.Name, p.Name)
			}
		}
	}
}

// An open whose file is gone, or another one's, when it is told has the path that was
// asked for.
func TestOpenWithoutFile(t *testing.T) {
	s := newTree(t)
	r := shell.call("openat", 3, atCwd, 1, 0, 0).none().none().given("x", "/home/a")
	for _, via := range []uint8{bpf.ViaNative, bpf.ViaIOUring} {
		ev := must(t, s, changed(r, func(h *bpf.WireHeader) { h.Via = via }))
		if ev.FD == nil || ev.FD.Name != "/home/a/x" || ev.FDNum != 3 || !ev.FD.Replaced {
			t.Errorf("via %d: descriptor %+v, number %d", via, ev.FD, ev.FDNum)
		}
	}
	failed := shell.call("openat", -2, atCwd, 1, 0, 0).none().none().given("x", "/home/a")
	if ev := must(t, s, failed); ev.FD == nil || ev.FD.Name != "/home/a/x" || ev.FDNum != -1 || ev.FD.Replaced {
		t.Errorf("failed: descriptor %+v, number %d", ev.FD, ev.FDNum)
	}
}
