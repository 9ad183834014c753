package state

import (
	"encoding/binary"
	"strings"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// reader is what reads a parameter from a call.
func reader(p *syscalls.Param) func(*State, *call, *step, *event.Arg) {
	switch p.From {
	case syscalls.Nowhere:
		return readNothing
	case syscalls.OfRow:
		return readOfRow
	case syscalls.OfProcess:
		return readFact
	case syscalls.OfFile:
		return readOfFile
	}
	switch p.Type {
	case syscalls.FD:
		return readFD
	case syscalls.FSPath, syscalls.FSRelPath:
		return readPath
	case syscalls.CharBuf, syscalls.ByteBuf:
		return readText
	case syscalls.Message:
		return readMessage
	case syscalls.SockAddr, syscalls.SockTuple:
		return readAddress
	case syscalls.OpenMode:
		return readOpenMode
	}
	return readNumber
}

func readNothing(*State, *call, *step, *event.Arg) {}

func readFact(s *State, c *call, st *step, a *event.Arg) {
	if st.fact != nil {
		a.Valid = true
		st.fact(s, c, a)
	}
}

func readOfRow(s *State, c *call, _ *step, a *event.Arg) {
	a.Valid, a.Text = true, c.ev.Row.Name
	a.Num = s.nativeNumbers[s.numbers[c.ev.Row]]
}

func readNumber(s *State, c *call, st *step, a *event.Arg) {
	var n uint64
	if st.param.Size != 0 {
		n, a.Valid = s.member(st)
	} else {
		n, a.Valid = c.value(st.param.From)
	}
	a.Num = number(st.param, n)
	if fd := c.ev.FD; st.layers && fd != nil {
		a.Num |= layers(fd)
	}
}

// number gives a register's content the width and sign of its parameter.
func number(p *syscalls.Param, n uint64) int64 {
	if p.From == syscalls.Result {
		return int64(n)
	}
	switch p.Type {
	case syscalls.PID, syscalls.Int32:
		return int64(int32(n))
	case syscalls.Uint64, syscalls.Dyn:
		return int64(n)
	}
	return int64(uint32(n))
}

// member reads from the structure that a parameter points at.
func (s *State) member(st *step) (uint64, bool) {
	b := s.blocks.at(st.block)
	end := int(st.param.Offset) + int(st.param.Size)
	if b == nil || !b.ok() || st.param.Size != 8 || len(b.data) < end {
		return 0, false
	}
	return binary.NativeEndian.Uint64(b.data[st.param.Offset:end]), true
}

// readOpenMode reads a mode that counts only if the call may create.
func readOpenMode(s *State, c *call, st *step, a *event.Arg) {
	readNumber(s, c, st, a)
	if st.open == absent || !syscalls.Creates(uint64(c.ev.Args[st.open].Num)) {
		a.Num = 0
	}
}

// layers tells a file's overlay layer in the bits that flags have for it.
func layers(fd *event.FD) int64 {
	switch {
	case fd.Upper:
		return syscalls.FileUpper
	case fd.Lower:
		return syscalls.FileLower
	}
	return 0
}

func readOfFile(_ *State, c *call, st *step, a *event.Arg) {
	fd := c.ev.FD
	if fd == nil {
		return
	}
	a.Valid = true
	switch st.param.Type {
	case syscalls.Device:
		a.Num = int64(fd.Dev)
	case syscalls.Uint64:
		a.Num = int64(fd.Ino)
	case syscalls.SockTuple:
		a.FD, a.Addr = fd, c.peer
	case syscalls.Flags16:
		a.Num = layers(fd)
	}
}

func readFD(s *State, c *call, st *step, a *event.Arg) {
	n, ok := c.value(st.param.From)
	a.Valid, a.Num = ok, int64(int32(n))
	if st.param.From == c.ev.Row.FD {
		a.FD = c.ev.FD
		return
	}
	a.FD = s.fdAt(st.block)
}

func readText(s *State, _ *call, st *step, a *event.Arg) {
	s.textOf(s.blocks.at(st.block), a)
}

// readMessage reads the second of a message's two blocks; the first is the address.
func readMessage(s *State, _ *call, st *step, a *event.Arg) {
	s.textOf(s.blocks.at(st.block+1), a)
}

func (s *State) textOf(b *block, a *event.Arg) {
	if b == nil || b.kind == bpf.BlockNone {
		return
	}
	a.Valid = b.ok() || len(b.data) > 0
	a.Cut = b.cut()
	a.Text = s.text.keep(b.data)
}

func readAddress(_ *State, c *call, st *step, a *event.Arg) {
	if st.param.Type == syscalls.SockTuple {
		a.FD = c.ev.FD
	}
	a.Addr, a.Text = c.peer, c.peerPath
	a.Valid = a.FD != nil || a.Addr.IsValid() || a.Text != ""
}

// readPath reads a path as given, and makes it absolute.
func readPath(s *State, c *call, st *step, a *event.Arg) {
	given := s.blocks.at(st.block)
	if c.executed {
		given = s.blocks.of(bpf.BlockFilename)
	}
	s.textOf(given, a)
	dir, known := s.start(c, st, strings.HasPrefix(a.Text, "/"))
	switch {
	case !a.Valid || !known:
	case dir == "/" && isClean(a.Text):
		a.Path = a.Text
	default:
		start := len(s.text.buf)
		s.text.buf = join(s.text.buf, dir, a.Text)
		if len(s.text.buf)-start > pathMax {
			s.text.buf, a.Cut = s.text.buf[:start+pathMax], true
		}
		a.Path = s.text.since(start)
	}
}

// start is the directory that a path starts from: for an absolute one the
// process's root. False: there is none, its descriptor is not open.
func (s *State) start(c *call, st *step, absolute bool) (dir string, known bool) {
	if b := s.blocks.at(st.block + 1); !c.executed && b != nil && b.ok() {
		return s.paths.of(b.data, b.cut()), true
	}
	if absolute {
		return "/", true
	}
	return c.p.Cwd, c.executed
}
