package state

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// record builds one as the kernel would.
type record []byte

func bytesOf[T any](v T) []byte {
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&v)), unsafe.Sizeof(v))...)
}

func (r record) block(kind, flags uint16, data []byte) record {
	r = append(r, bytesOf(bpf.WireBlock{Kind: kind, Flags: flags, Len: uint32(len(data))})...)
	r = append(r, data...)
	return append(r, make([]byte, pad(len(data))-len(data))...)
}

func (r record) none() record                      { return r.block(bpf.BlockNone, 0, nil) }
func (r record) text(kind uint16, s string) record { return r.block(kind, 0, []byte(s)) }
func (r record) path(kind uint16, p string) record { return r.block(kind, 0, leafFirst(p)) }

// given is the two blocks of a path that a program passed.
func (r record) given(name, dir string) record {
	return r.text(bpf.BlockString, name).path(bpf.BlockDir, dir)
}

func (r record) file(w bpf.WireFile, path string) record {
	return r.block(bpf.BlockFile, 0, append(bytesOf(w), leafFirst(path)...))
}

func (r record) sock(w bpf.WireSock, names string) record {
	return r.block(bpf.BlockSock, 0, append(bytesOf(w), names...))
}

func (r record) apart(w bpf.WireOwn, cwd string) record {
	return r.block(bpf.BlockThread, 0, append(bytesOf(w), leafFirst(cwd)...))
}

// replaced is a socket that is no longer behind its descriptor.
func (r record) replaced(w bpf.WireSock) record {
	return r.block(bpf.BlockSock, bpf.BlockReplaced, bytesOf(w))
}

func (r record) addr(b ...byte) record { return r.block(bpf.BlockAddr, 0, b) }

// leafFirst turns /etc/shadow into "shadow\0etc\0".
func leafFirst(path string) []byte {
	var raw []byte
	for names := strings.Split(strings.TrimPrefix(path, "/"), "/"); len(names) > 0; names = names[:len(names)-1] {
		if name := names[len(names)-1]; name != "" {
			raw = append(append(raw, name...), 0)
		}
	}
	return raw
}

func comm(name string) (c [16]uint8) {
	copy(c[:15], name)
	return c
}

// who is a process in records: its start is its number in seconds.
type who uint32

func (p who) start() uint64 { return uint64(p) * second }

func (p who) header(kind uint16) bpf.WireHeader {
	return bpf.WireHeader{
		Time: now, Pid: uint32(p), Tid: uint32(p), Start: p.start(), Type: kind, Row: bpf.RowNone,
	}
}

// process is a process record; change adjusts it.
func (p who) process(cause uint32, parent who, name string, change ...func(*bpf.WireProcess)) record {
	w := bpf.WireProcess{
		Header: p.header(bpf.TypeProcess), Cause: cause, ParentPid: uint32(parent), ParentStart: parent.start(),
		Vpid: uint32(p), Vppid: uint32(parent), Pgid: uint32(p), Sid: uint32(p), Comm: comm(name), Loginuid: event.NoID,
	}
	for _, f := range change {
		f(&w)
	}
	return record(bytesOf(w)).path(bpf.BlockExe, "/usr/bin/"+name).path(bpf.BlockCwd, "/home/"+name).
		path(bpf.BlockCgroup, "/user.slice")
}

func (p who) exec(parent who, argv ...string) record {
	name := filepath.Base(argv[0])
	return p.process(bpf.CauseExec, parent, name).text(bpf.BlockFilename, argv[0]).
		text(bpf.BlockArgv, strings.Join(argv, "\x00")+"\x00").text(bpf.BlockEnv, "HOME=/root\x00PATH=/bin\x00")
}

func (p who) exit(status int32, reaper uint32) record {
	return bytesOf(bpf.WireExit{Header: p.header(bpf.TypeExit), Status: status, Reaper: reaper})
}

func (p who) rename(name string) record {
	return bytesOf(bpf.WireRename{Header: p.header(bpf.TypeRename), Comm: comm(name)})
}

// call is a call's record up to its blocks.
func (p who) call(name string, ret int64, args ...uint64) record {
	w := bpf.WireCall{Header: p.header(bpf.TypeCall), Ret: ret, Comm: comm("cat")}
	w.Header.Row, w.Header.Nargs = rowNumber(name), uint8(len(args))
	r := record(bytesOf(w))
	for _, arg := range args {
		r = append(r, bytesOf(arg)...)
	}
	return r
}

func rowNumber(name string) uint16 {
	for i, row := range syscalls.Rows() {
		if row.Name == name {
			return uint16(i)
		}
	}
	panic("no row " + name)
}

// The time of records, since boot, and when the machine was started.
const (
	now    = 5000 * second
	bootAt = 1_700_000_000 * second
)

// newHost is a state on a host with a small root of its own.
func newHost(t testing.TB, change ...func(*Options)) *State {
	t.Helper()
	root := t.TempDir()
	write(t, filepath.Join(root, "etc/passwd"), "# comment\nroot:x:0:0:root:/root:/bin/bash\n+nis\nshort:x:1\n"+
		"alice:x:1000:1000::/home/alice:/bin/zsh\ntwice:x:1000:1000::/:/bin/false\n")
	write(t, filepath.Join(root, "etc/group"), "root:x:0:\nstaff:x:1000:alice\n")
	write(t, filepath.Join(root, "proc/sys/net/ipv4/ip_local_port_range"), "40000\t50000\n")
	opts := Options{Root: root, Clock: func() (uint64, uint64) { return bootAt + now, now }}
	for _, f := range change {
		f(&opts)
	}
	return New(opts)
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// apply applies a record that must be good.
func apply(t testing.TB, s *State, r record) (*event.Event, bool) {
	t.Helper()
	var ev event.Event
	ok, err := s.Apply(bpf.Raw(r), &ev)
	if err != nil {
		t.Fatal(err)
	}
	return &ev, ok
}

// feed applies records that make no event.
func feed(t testing.TB, s *State, records ...record) {
	t.Helper()
	for i, r := range records {
		if ev, ok := apply(t, s, r); ok {
			t.Fatalf("record %d made an event: %s", i, ev.Row.Name)
		}
	}
}

// must applies a record that makes an event.
func must(t testing.TB, s *State, r record) *event.Event {
	t.Helper()
	ev, ok := apply(t, s, r)
	if !ok {
		t.Fatal("no event")
	}
	return ev
}

func (s *State) byWho(p who) *process { return s.processes.find(uint32(p), p.start()) }
