package state

import (
	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/syscalls"
)

// plan is how the records of a row are read: made once from the row and from
// what the sensor captures for it.
type plan struct {
	kinds [len(blocks{}.list)]uint16 // of the record's blocks
	n     int
	fd    int // block of the event's descriptor
	fdNum int // block that holds its number, where that is no argument
	peer  int // block of an address that the caller passed
	path  int // parameter with the path of what the call opens
	steps []step
}

// absent is the place of a block or parameter that a row does not have.
const absent = -1

// step reads one parameter.
type step struct {
	param  *syscalls.Param
	read   func(*State, *call, *step, *event.Arg)
	fact   func(*State, *call, *event.Arg)
	block  int
	file   int  // block of the file behind a descriptor that lies in memory
	open   int  // OpenMode: parameter with the flags it depends on
	layers bool // flags that also tell the layer of the file
}

func newPlans(rows []*syscalls.Row) []plan {
	plans := make([]plan, len(rows))
	for i, row := range rows {
		plans[i] = newPlan(row)
	}
	return plans
}

func newPlan(row *syscalls.Row) plan {
	p := plan{fd: absent, fdNum: absent, peer: absent, path: absent, steps: make([]step, len(row.Params))}
	captures := bpf.Captures(row)
	for _, c := range captures {
		p.capture(c, row)
	}
	opened, flags := false, absent
	for i := range row.Params {
		param := &row.Params[i]
		switch {
		case param.Type == syscalls.Device:
			opened = true
		case param.Name == "flags":
			flags = i
		case p.path == absent && (param.Type == syscalls.FSPath || param.Type == syscalls.FSRelPath):
			p.path = i
		}
	}
	for i := range row.Params {
		param := &row.Params[i]
		p.steps[i] = step{
			param: param, read: reader(param), block: p.find(captures, param), file: absent,
			open: flags, layers: opened && i == flags,
		}
		if param.Type == syscalls.FD && param.Size != 0 {
			p.steps[i].file = p.fileAt(captures, param)
			if param.From == row.FD && param.Offset == row.FDOffset {
				p.fdNum = p.steps[i].block
			}
		}
		if param.From == syscalls.OfProcess {
			p.steps[i].fact = facts[param.Name]
		}
	}
	if !opened {
		p.path = absent
	}
	return p
}

// capture adds the blocks of one capture.
func (p *plan) capture(c bpf.Capture, row *syscalls.Row) {
	at := p.n
	switch c.Kind {
	case bpf.CaptureFile:
		if row.FD != syscalls.Nowhere && c.Arg == place(row.FD) {
			p.fd = at
		}
		p.expect(bpf.BlockFile)
	case bpf.CaptureFileAt:
		if row.FDSize != 0 && c.Arg == place(row.FD) && c.Aux == row.FDOffset {
			p.fd = at
		}
		p.expect(bpf.BlockFile)
	case bpf.CapturePath:
		p.expect(bpf.BlockString)
		p.expect(bpf.BlockDir)
	case bpf.CaptureMsg, bpf.CaptureMsgs:
		p.peer = at
		p.expect(bpf.BlockAddr)
		p.expect(bpf.BlockBytes)
	case bpf.CaptureAddr:
		p.peer = at
		p.expect(bpf.BlockAddr)
	case bpf.CaptureString:
		p.expect(bpf.BlockString)
	default:
		p.expect(bpf.BlockBytes)
	}
}

func (p *plan) expect(kind uint16) {
	p.kinds[p.n] = kind
	p.n++
}

// find is the block that holds a parameter, for those of two the first.
func (*plan) find(captures []bpf.Capture, param *syscalls.Param) int {
	return first(captures, func(c bpf.Capture) bool {
		return serves(c.Kind, param) && c.Arg == place(param.From)
	})
}

// fileAt is the block with the file of a descriptor that lies in memory.
func (*plan) fileAt(captures []bpf.Capture, param *syscalls.Param) int {
	return first(captures, func(c bpf.Capture) bool {
		return c.Kind == bpf.CaptureFileAt && c.Arg == place(param.From) && c.Aux == param.Offset
	})
}

// first is the block of the first capture that suits.
func first(captures []bpf.Capture, suits func(bpf.Capture) bool) int {
	at := 0
	for _, c := range captures {
		if suits(c) {
			return at
		}
		at++
		switch c.Kind {
		case bpf.CapturePath, bpf.CaptureMsg, bpf.CaptureMsgs:
			at++
		}
	}
	return absent
}

// serves reports whether a kind of capture holds a parameter of that type.
func serves(kind uint8, param *syscalls.Param) bool {
	if param.Size != 0 {
		return kind == bpf.CaptureStruct
	}
	switch param.Type {
	case syscalls.FD:
		return kind == bpf.CaptureFile
	case syscalls.FSPath, syscalls.FSRelPath:
		return kind == bpf.CapturePath
	case syscalls.CharBuf, syscalls.DynText:
		return kind == bpf.CaptureString
	case syscalls.ByteBuf, syscalls.FDList:
		return kind == bpf.CaptureBytes
	case syscalls.Vector:
		return kind == bpf.CaptureIovec
	case syscalls.Message:
		return kind == bpf.CaptureMsg
	case syscalls.Messages:
		return kind == bpf.CaptureMsgs
	case syscalls.SockAddr, syscalls.SockTuple:
		return kind == bpf.CaptureAddr
	}
	return false
}

// place is how captures name an argument or the result.
func place(from syscalls.From) uint8 {
	switch {
	case from == syscalls.Result:
		return bpf.PlaceResult
	case from >= syscalls.Arg0 && from <= syscalls.Arg5:
		return uint8(from - syscalls.Arg0)
	}
	return bpf.PlaceNowhere
}

// holds reports whether the blocks are those that the plan expects.
func (p *plan) holds(bs *blocks) bool {
	if bs.n != p.n {
		return false
	}
	for i := range bs.list[:bs.n] {
		got, want := bs.list[i].kind, p.kinds[i]
		socket := want == bpf.BlockFile && got == bpf.BlockSock
		if got != want && got != bpf.BlockNone && !socket {
			return false
		}
	}
	return true
}
