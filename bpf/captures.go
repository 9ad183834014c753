package bpf

import (
	"fmt"
	"slices"

	"github.com/sakerhq/saker/internal/syscalls"
)

// SnapLen is how many bytes of data sent, received or passed are captured.
const SnapLen = 80

// Captures is what the kernel copies for a row's call. The record of the call
// carries their blocks in this order: one each, but a CapturePath two (the
// string, and the directory it starts from) and a CaptureMsg or CaptureMsgs
// two (address, data). The event's own descriptor comes first; then the
// parameters in the row's order, each descriptor and each structure once.
func Captures(row *syscalls.Row) []Capture {
	var cs []Capture
	destroys := row.Flags&syscalls.DestroysFD != 0
	switch {
	case row.FDSize != 0:
		cs = append(cs, fileAt(row.FD, row.FDOffset))
	case row.FD != syscalls.Nowhere && !destroys:
		cs = append(cs, Capture{Kind: CaptureFile, Arg: place(row.FD)})
	}
	for i := range row.Params {
		p := &row.Params[i]
		if p.Type == syscalls.FD && p.Size != 0 {
			cs = merge(cs, fileAt(p.From, p.Offset))
		}
		if c, ok := captureOf(p); ok && (c.Kind != CaptureFile || !destroys) {
			cs = merge(cs, c)
		}
	}
	return cs
}

// fileAt is the file behind a descriptor that the kernel writes into memory.
func fileAt(from syscalls.From, offset uint8) Capture {
	return Capture{Kind: CaptureFileAt, Arg: place(from), Aux: offset, Out: 1}
}

// merge adds c unless it is there already; of a structure the longer reading stays.
func merge(cs []Capture, c Capture) []Capture {
	for i := range cs {
		if cs[i].Kind != c.Kind || cs[i].Arg != c.Arg {
			continue
		}
		switch c.Kind {
		case CaptureFile:
			return cs
		case CaptureFileAt:
			if cs[i].Aux == c.Aux {
				return cs
			}
		case CaptureStruct:
			cs[i].Max = max(cs[i].Max, c.Max)
			return cs
		}
	}
	return append(cs, c)
}

// captureOf is what must be copied to know a parameter; false for what the
// registers, the event's file or the process already tell.
func captureOf(p *syscalls.Param) (Capture, bool) {
	if p.From > syscalls.Arg5 || p.From == syscalls.Nowhere {
		return Capture{}, false
	}
	c := Capture{Arg: place(p.From), Aux: place(p.Len), Unit: p.Unit, Only: p.Only.Bits}
	if p.Only.Bits != 0 {
		c.When = place(p.Only.Arg)
	}
	if p.Out {
		c.Out = 1
	}
	if p.Size != 0 {
		c.Kind, c.Max = CaptureStruct, uint32(p.Offset)+uint32(p.Size)
		return c, true
	}
	switch p.Type {
	case syscalls.FD:
		return Capture{Kind: CaptureFile, Arg: place(p.From)}, true
	case syscalls.FSPath, syscalls.FSRelPath:
		c.Kind, c.Aux = CapturePath, PlaceCwd
		if p.Dir != syscalls.Nowhere {
			c.Aux = place(p.Dir)
		}
	case syscalls.CharBuf, syscalls.DynText:
		c.Kind = CaptureString
	case syscalls.ByteBuf, syscalls.FDList:
		c.Kind, c.Max = CaptureBytes, SnapLen
	case syscalls.Vector:
		c.Kind, c.Max = CaptureIovec, SnapLen
	case syscalls.SockAddr, syscalls.SockTuple:
		c.Kind = CaptureAddr
	case syscalls.Message:
		c.Kind, c.Max = CaptureMsg, SnapLen
	case syscalls.Messages:
		c.Kind, c.Max = CaptureMsgs, SnapLen
	}
	return c, c.Kind != CaptureNone
}

func place(f syscalls.From) uint8 {
	switch f {
	case syscalls.Nowhere:
		return PlaceNowhere
	case syscalls.Result:
		return PlaceResult
	}
	return uint8(f - syscalls.Arg0)
}

// wireRow is a row as the kernel interprets it.
func wireRow(row *syscalls.Row, silent bool) (sensorWireRow, error) {
	var w sensorWireRow
	cs := Captures(row)
	if len(cs) > len(w.Captures) {
		return w, fmt.Errorf("row %s: needs %d captures, %d at most", row.Name, len(cs), len(w.Captures))
	}
	w.Ncaptures = uint8(copy(w.Captures[:], cs))
	var flags sensorWireRowFlag
	if addressed(row, cs) {
		flags |= sensorWireRowFlagROW_ADDRESSED
	}
	w.Nargs = nargs(row)
	switch row.Effect {
	case syscalls.ChangesProcess:
		flags |= sensorWireRowFlagROW_PROCESS
	case syscalls.ChangesEither:
		flags |= sensorWireRowFlagROW_PROCESS | sensorWireRowFlagROW_OTHER
	case syscalls.NewImage:
		flags |= sensorWireRowFlagROW_FAILED_ONLY
	}
	if silent {
		flags |= sensorWireRowFlagROW_SILENT
	}
	w.Flags = uint16(flags)
	return w, nil
}

// addressed reports whether the row's call takes an address for its socket.
func addressed(row *syscalls.Row, cs []Capture) bool {
	return row.Flags&syscalls.ReadsFD == 0 && slices.ContainsFunc(cs, passesAddress)
}

func passesAddress(c Capture) bool {
	switch c.Kind {
	case CaptureAddr, CaptureMsg, CaptureMsgs:
		return true
	}
	return false
}

// nargs is how many of the arguments a row's record carries.
func nargs(row *syscalls.Row) (n uint8) {
	need := func(from syscalls.From) {
		if from >= syscalls.Arg0 && from <= syscalls.Arg5 {
			n = max(n, place(from)+1)
		}
	}
	need(row.FD)
	for _, p := range row.Params {
		need(p.From)
		need(p.Only.Arg)
		if p.Type == syscalls.Wide || p.Type == syscalls.WideHigh {
			need(p.From + 1)
		}
	}
	return n
}
