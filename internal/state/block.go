package state

import (
	"unsafe"

	"github.com/sakerhq/saker/bpf"
)

// block is one block of a record, in place.
type block struct {
	kind  uint16
	flags uint16
	data  []byte
}

// ok reports whether the block has what was asked for, all that was there.
func (b *block) ok() bool { return b.kind != bpf.BlockNone && b.flags&bpf.BlockFault == 0 }

func (b *block) cut() bool { return b.flags&bpf.BlockCut != 0 }

// whole reports whether a BlockDir has the path itself that the call worked on.
func (b *block) whole() bool { return b.flags&bpf.BlockWhole != 0 }

// blocks are those of the record at hand, in order.
type blocks struct {
	list  [13]block
	n     int
	flags uint16 // of all together
}

// at is a block by its place, nil for a place that the record does not have.
func (bs *blocks) at(i int) *block {
	if i < 0 || i >= bs.n {
		return nil
	}
	return &bs.list[i]
}

// of is the first block of a kind, nil if there is none.
func (bs *blocks) of(kind uint16) *block {
	for i := range bs.list[:bs.n] {
		if bs.list[i].kind == kind {
			return &bs.list[i]
		}
	}
	return nil
}

const blockSize = int(unsafe.Sizeof(bpf.WireBlock{}))

// parse finds the blocks in the rest of a record after its fixed part.
func (bs *blocks) parse(rest []byte) error {
	bs.n = 0
	all := uint16(0)
	for len(rest) > 0 {
		if len(rest) < blockSize {
			return ErrShort
		}
		if bs.n == len(bs.list) {
			return ErrBlock
		}
		w := (*bpf.WireBlock)(unsafe.Pointer(unsafe.SliceData(rest)))
		rest = rest[blockSize:]
		if uint64(w.Len) > uint64(len(rest)) {
			return ErrShort
		}
		b := block{kind: w.Kind, flags: w.Flags, data: rest[:w.Len]}
		if err := b.check(); err != nil {
			return err
		}
		bs.list[bs.n] = b
		bs.n++
		all |= w.Flags
		rest = rest[min(pad(int(w.Len)), len(rest)):]
	}
	bs.flags = all
	return nil
}

// pad rounds up to what blocks are aligned to.
func pad(n int) int { return (n + 7) &^ 7 }

// check looks at the structure that a block's data begins with.
func (b *block) check() error {
	need := 0
	switch b.kind {
	case bpf.BlockFile:
		need = int(unsafe.Sizeof(bpf.WireFile{}))
	case bpf.BlockSock:
		need = int(unsafe.Sizeof(bpf.WireSock{}))
	case bpf.BlockThread:
		need = int(unsafe.Sizeof(bpf.WireOwn{}))
	}
	if len(b.data) < need {
		return ErrShort
	}
	return nil
}

// index is the place of the first block of a kind, -1 if there is none.
func (bs *blocks) index(kind uint16) int {
	for i := range bs.list[:bs.n] {
		if bs.list[i].kind == kind {
			return i
		}
	}
	return -1
}

// takeThread takes what tells of the acting thread off the end of a call's
// blocks; nil: the thread is as its process.
func (bs *blocks) takeThread() *block {
	b := bs.at(bs.n - 1)
	if b == nil || b.kind != bpf.BlockThread {
		return nil
	}
	bs.n--
	return b
}

// thread is the structure of a BlockThread and the path behind it.
func (b *block) thread() (*bpf.WireOwn, []byte) {
	w := (*bpf.WireOwn)(unsafe.Pointer(unsafe.SliceData(b.data)))
	return w, b.data[unsafe.Sizeof(*w):]
}

// file is the structure of a BlockFile and the path behind it.
func (b *block) file() (*bpf.WireFile, []byte) {
	w := (*bpf.WireFile)(unsafe.Pointer(unsafe.SliceData(b.data)))
	return w, b.data[unsafe.Sizeof(*w):]
}

// sock is the structure of a BlockSock and the names behind it.
func (b *block) sock() (*bpf.WireSock, []byte) {
	w := (*bpf.WireSock)(unsafe.Pointer(unsafe.SliceData(b.data)))
	return w, b.data[unsafe.Sizeof(*w):]
}

// cString is a name in an array of fixed size, up to its NUL.
func cString(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}
