package state

import (
	"encoding/binary"
	"strconv"
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
	case syscalls.CharBuf, syscalls.ByteBuf, syscalls.Vector:
		return readText
	case syscalls.DynText:
		return readDynamic
	case syscalls.FDList:
		return readReady
	case syscalls.Message, syscalls.Messages:
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
		s.nameAccount(c.p, st.param.Type, a)
	}
}

// nameAccount gives a user's or group's number its name, where the process is.
func (s *State) nameAccount(p *process, kind syscalls.Type, a *event.Arg) {
	switch kind {
	case syscalls.UID:
		a.Text = s.accountsOf(&p.Process).User(uint32(a.Num)).Name
	case syscalls.GID:
		a.Text = s.accountsOf(&p.Process).Group(uint32(a.Num)).Name
	}
}

func readOfRow(s *State, c *call, _ *step, a *event.Arg) {
	a.Valid, a.Text = true, c.ev.Row.Name
	a.Num = s.nativeNumbers[s.numbers[c.ev.Row]]
}

func readNumber(s *State, c *call, st *step, a *event.Arg) {
	if !c.holds(st.param) {
		if st.param.Values != nil {
			a.Valid, a.Num = true, -1 // a value without a name
		}
		return
	}
	n, ok := s.numberOf(c, st)
	a.Valid, a.Num = ok, number(st.param, n)
	s.nameAccount(c.p, st.param.Type, a)
	if fd := c.ev.FD; st.layers && fd != nil {
		a.Num |= layers(fd)
	}
}

// holds reports whether a parameter is there, by the argument that decides it.
func (c *call) holds(p *syscalls.Param) bool {
	if p.Only.Bits == 0 {
		return true
	}
	n, ok := c.value(p.Only.Arg)
	return ok && p.Only.Holds(n&0xffffffff)
}

// numberOf is what a parameter's register or structure holds.
func (s *State) numberOf(c *call, st *step) (uint64, bool) {
	p := st.param
	if p.Size != 0 {
		return s.member(c, st)
	}
	n, ok := c.value(p.From)
	if c.ev.Via != event.Compat || p.Type != syscalls.Wide && p.Type != syscalls.WideHigh {
		return n, ok
	}
	behind, there := c.value(p.From + 1)
	if p.Type == syscalls.WideHigh {
		n, behind = behind, n
	}
	return n&0xffffffff | behind<<32, ok && there
}

// number gives a register's content the width and sign of its parameter.
func number(p *syscalls.Param, n uint64) int64 {
	if p.From == syscalls.Result {
		return int64(n)
	}
	return p.Type.Number(n)
}

// member reads from the structure that a parameter points at.
func (s *State) member(c *call, st *step) (uint64, bool) {
	b, p := s.blocks.at(st.block), st.param
	if b == nil || !b.ok() {
		return 0, false
	}
	offset, size := int(p.Offset), int(p.Size)
	if p.Longs && c.ev.Via == event.Compat {
		offset /= 2
		if size > 4 {
			size /= 2
		}
	}
	if len(b.data) < offset+size {
		return 0, false
	}
	at := b.data[offset : offset+size]
	if p.Type == syscalls.RelTime {
		seconds, rest := integer(at[:size/2]), integer(at[size/2:])
		return seconds*second + rest, true
	}
	n := integer(at)
	if p.Type == syscalls.Int64 && size == 4 {
		n = uint64(int32(n))
	}
	return n, true
}

// integer is a number of as many bytes as there are.
func integer(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.NativeEndian.Uint16(b))
	case 4:
		return uint64(binary.NativeEndian.Uint32(b))
	case 8:
		return binary.NativeEndian.Uint64(b)
	}
	return 0
}

// readOpenMode reads a mode that counts only if the call may create.
func readOpenMode(s *State, c *call, st *step, a *event.Arg) {
	readNumber(s, c, st, a)
	if st.open == absent || !syscalls.Creates(uint64(c.ev.Args[st.open].Num)) {
		a.Num = 0
	}
}

// layers tells a file's overlay layer in the bits that flags have for it.
func layers(fd *event.FD) (bits int64) {
	if fd.Created {
		bits = syscalls.FileCreated
	}
	switch {
	case fd.Upper:
		bits |= syscalls.FileUpper
	case fd.Lower:
		bits |= syscalls.FileLower
	}
	return bits
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
	case syscalls.FSPath:
		a.Text, a.Path = fd.Name, fd.Name
	}
}

func readFD(s *State, c *call, st *step, a *event.Arg) {
	n, ok := c.value(st.param.From)
	a.Valid, a.Num = ok, int64(int32(n))
	if st.param.Size != 0 {
		n, ok = s.member(c, st)
		a.Valid, a.Num = ok, int64(int32(n))
		a.FD = s.fdAt(st.file)
		return
	}
	if st.param.From == c.ev.Row.FD {
		a.FD = c.ev.FD
		return
	}
	a.FD = s.fdAt(st.block)
}

func readText(s *State, _ *call, st *step, a *event.Arg) {
	s.textOf(s.blocks.at(st.block), a)
}

// readDynamic reads a parameter that is a text or a number.
func readDynamic(s *State, c *call, st *step, a *event.Arg) {
	if c.holds(st.param) {
		readText(s, c, st, a)
		return
	}
	n, ok := c.value(st.param.From)
	a.Valid, a.Num = ok, int64(n)
}

// readReady reads an array of pollfd: of each descriptor at which something
// happened, its number, a question mark for its type, and what happened.
func readReady(s *State, _ *call, st *step, a *event.Arg) {
	const size = 8
	b := s.blocks.at(st.block)
	if b == nil || !b.ok() {
		return
	}
	start := len(s.text.buf)
	for rest := b.data; len(rest) >= size; rest = rest[size:] {
		happened := binary.NativeEndian.Uint16(rest[6:])
		if happened == 0 {
			continue
		}
		if len(s.text.buf) > start {
			s.text.buf = append(s.text.buf, ' ')
		}
		s.text.buf = strconv.AppendInt(s.text.buf, int64(int32(binary.NativeEndian.Uint32(rest))), 10)
		s.text.buf = append(s.text.buf, ':', '?')
		s.text.buf = strconv.AppendUint(s.text.buf, uint64(happened), 16)
	}
	a.Valid, a.Cut, a.Text = true, b.cut(), s.text.since(start)
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
	if b := s.used(st); b != nil && !c.executed {
		s.worked(b, a)
		return
	}
	dir, known := s.start(c, st, strings.HasPrefix(a.Text, "/"))
	switch {
	case !a.Valid || !known:
	case strings.HasPrefix(dir, event.CutRoot):
		a.Cut = true // without a path: where it begins is not known
	default:
		s.join(dir, a, c.ev.FD)
		told := s.startOf(st) != nil && !c.executed
		a.Unresolved = !told || a.Cut || !isDirect(a.Text, st.param.Itself)
	}
}

// join makes a path absolute that starts from dir. Most are the name of the file fd
// that they led to, as the kernel has it.
func (s *State) join(dir string, a *event.Arg, fd *event.FD) {
	if dir == "/" && (fd != nil && fd.Type.HasPath() && !fd.NameCut && a.Text == fd.Name || isClean(a.Text)) {
		a.Path = a.Text
		return
	}
	start := len(s.text.buf)
	s.text.buf = join(s.text.buf, dir, a.Text)
	if len(s.text.buf)-start > pathMax {
		s.text.buf, a.Cut = s.text.buf[:start+pathMax], true
	}
	a.Path = s.text.since(start)
}

// used is the block of the path that the call worked on, nil if that was not seen.
func (s *State) used(st *step) *block {
	if b := s.blocks.at(st.block + 1); b != nil && b.whole() {
		return b
	}
	return nil
}

// worked takes the path that the call worked on, whatever was given by the time
// that it ended.
func (s *State) worked(b *block, a *event.Arg) {
	a.Path = s.paths.of(b.data, b.cut())
	if !a.Valid {
		a.Valid, a.Text = true, a.Path
	}
	a.Cut = a.Cut || b.cut()
}

// startOf is the block of the directory that a path starts from, nil if the
// kernel did not tell it.
func (s *State) startOf(st *step) *block {
	if b := s.blocks.at(st.block + 1); b != nil && b.ok() {
		return b
	}
	return nil
}

// start is the directory that a path starts from: for an absolute one the
// process's root. False: there is none, its descriptor is not open.
func (s *State) start(c *call, st *step, absolute bool) (dir string, known bool) {
	if b := s.startOf(st); b != nil && !c.executed {
		return s.paths.of(b.data, b.cut()), true
	}
	if absolute {
		return "/", true
	}
	return c.p.Cwd, c.executed
}
