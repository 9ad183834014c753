package bpf

import (
	"fmt"

	"github.com/sakerhq/saker/internal/syscalls"
)

// SnapLen is how many bytes of data sent, received or passed are captured.
const SnapLen = 80

// Captures is what the kernel copies for a row's call. The record of the call
// carries their blocks in this order: one each, but a CapturePath two (the
// string, and the directory it starts from) and a CaptureMsg two (address,
// data). The event's own descriptor comes first; then the parameters in the
// row's order, each descriptor and each structure once.
func Captures(row *syscalls.Row) []Capture {
	var cs []Capture
	if row.FD != syscalls.Nowhere {
		cs = append(cs, Capture{Kind: CaptureFile, Arg: place(row.FD)})
	}
	for i := range row.Params {
		if c, ok := captureOf(&row.Params[i]); ok {
			cs = merge(cs, c)
		}
	}
	return cs
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
	arg := place(p.From)
	if p.Size != 0 {
		return Capture{Kind: CaptureStruct, Arg: arg, Max: uint32(p.Offset) + uint32(p.Size)}, true
	}
	switch p.Type {
	case syscalls.FD:
		return Capture{Kind: CaptureFile, Arg: arg}, true
	case syscalls.FSPath, syscalls.FSRelPath:
		dir := PlaceCwd
		if p.Dir != syscalls.Nowhere {
			dir = place(p.Dir)
		}
		return Capture{Kind: CapturePath, Arg: arg, Aux: dir}, true
	case syscalls.CharBuf:
		return Capture{Kind: CaptureString, Arg: arg}, true
	case syscalls.ByteBuf:
		return Capture{Kind: CaptureBytes, Arg: arg, Aux: place(p.Len), Max: SnapLen}, true
	case syscalls.SockAddr, syscalls.SockTuple:
		return Capture{Kind: CaptureAddr, Arg: arg, Aux: place(p.Len)}, true
	case syscalls.Message:
		return Capture{Kind: CaptureMsg, Arg: arg, Max: SnapLen}, true
	}
	return Capture{}, false
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
	for _, p := range row.Params {
		if p.From >= syscalls.Arg0 && p.From <= syscalls.Arg5 {
			w.Nargs = max(w.Nargs, place(p.From)+1)
		}
	}
	if row.FD >= syscalls.Arg0 {
		w.Nargs = max(w.Nargs, place(row.FD)+1)
	}
	switch row.Effect {
	case syscalls.ChangesProcess:
		flags |= sensorWireRowFlagROW_PROCESS
	case syscalls.NewImage:
		flags |= sensorWireRowFlagROW_FAILED_ONLY
	}
	if silent {
		flags |= sensorWireRowFlagROW_SILENT
	}
	w.Flags = uint8(flags)
	return w, nil
}
