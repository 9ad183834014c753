package bpf

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/sakerhq/saker/internal/syscalls"
)

// Watch changes which events are reported, filter leaving out some of them, nil
// none, without missing one that is reported before and after. Calls that change a
// process are watched in any case, so that what is known of processes stays
// true.
func (s *Sensor) Watch(rows []*syscalls.Row, filter *Filter) error {
	w, err := s.plan(rows)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks.watch(w.calls, s.objs.UringCallExit != nil)
	// No call of the rows to come is judged by the filter of those before.
	set := func() error {
		return errors.Join(s.setFilter(nil), s.setCalls(w), s.setFilter(filter))
	}
	if !s.attached {
		return set()
	}
	return s.attachCalls(set)
}

// watched is what the programs are told of the rows to report.
type watched struct {
	tables  callTables
	rows    map[uint32]sensorWireRow
	calls   []*syscalls.Row // whose end must be seen
	numbers map[*syscalls.Row]int
}

func (s *Sensor) plan(rows []*syscalls.Row) (*watched, error) {
	asked := map[*syscalls.Row]bool{}
	for _, row := range rows {
		asked[row] = true
	}
	w := &watched{rows: map[uint32]sensorWireRow{}, numbers: map[*syscalls.Row]int{}}
	for n, row := range syscalls.Rows() {
		if at, ok := metas[row.Name]; ok && asked[row] {
			w.tables.meta[at] = uint16(n) + 1
		}
		sender, answers := senders[row.Name]
		answers = answers && s.answers
		duplicates := row.Name == "fcntl" && asked[syscalls.ByName("dup")]
		if row.Kind != syscalls.Call || (!asked[row] && row.Effect == syscalls.NoEffect && !answers && !duplicates) {
			continue
		}
		kernel, err := wireRow(row, !asked[row])
		if err != nil {
			return nil, err
		}
		if answers {
			kernel.Flags |= uint16(sensorWireRowFlagROW_ANSWERS)
			kernel.Sender = uint8(sender)
		}
		if duplicates {
			kernel.Flags |= uint16(sensorWireRowFlagROW_DUPLICATES)
		}
		if s.isNamed(row) {
			kernel.Flags |= uint16(sensorWireRowFlagROW_NAMED)
		}
		if err := w.add(row, n, kernel, asked[row]); err != nil {
			return nil, err
		}
	}
	return w, w.tables.addMultiplexed(w.calls, w.numbers)
}

func (w *watched) add(row *syscalls.Row, n int, kernel sensorWireRow, asked bool) error {
	w.rows[uint32(n)], w.numbers[row] = kernel, n
	if asked {
		w.tables.addUring(row, n)
	}
	// Of an exec that succeeds another tracepoint tells.
	if asked || row.Effect != syscalls.NewImage {
		w.calls = append(w.calls, row)
	}
	return w.tables.add(row, n)
}

// setCalls shows the programs which calls to report, and how.
func (s *Sensor) setCalls(w *watched) error {
	for n, row := range w.rows {
		if err := s.objs.Rows.Put(n, &row); err != nil {
			return fmt.Errorf("set row %s: %w", syscalls.Rows()[n].Name, err)
		}
	}
	for n, part := range w.tables.parts {
		if err := s.objs.Parts.Put(uint32(n), &part); err != nil {
			return fmt.Errorf("set part %d: %w", n, err)
		}
	}
	t := &w.tables
	return errors.Join(s.objs.MetaRows.Set(&t.meta), s.objs.Calls.Set(&t.calls), s.objs.UringCalls.Set(&t.uring))
}

// metas are the events that no call's return tells, and that are told only if
// asked for.
var metas = map[string]sensorMeta{"signaldeliver": sensorMetaMETA_SIGNAL, "credchange": sensorMetaMETA_CREDENTIALS}

// senders are the calls that programs receive answers of name servers with, and
// where they tell who sent them.
var senders = map[string]sensorWireSender{
	"read":     sensorWireSenderSENDER_PEER,
	"recvfrom": sensorWireSenderSENDER_ADDRESS,
	"recvmsg":  sensorWireSenderSENDER_MESSAGE,
}

// callTables lead from a call's number, or an operation's, to its row's number + 1.
type callTables struct {
	calls [1024][4]uint16 // the latter by wire_via
	uring [128]uint16
	meta  [sensorMetaMETAS]uint16
	parts [64]sensorWirePart
}

// compatArch is the 32-bit architecture whose calls a 64-bit kernel takes too.
var compatArch = map[string]string{"amd64": "386", "arm64": "arm"}

func (t *callTables) add(row *syscalls.Row, n int) error {
	for arch, via := range map[string]sensorWireVia{
		runtime.GOARCH:             sensorWireViaVIA_NATIVE,
		compatArch[runtime.GOARCH]: sensorWireViaVIA_COMPAT,
		"x32":                      sensorWireViaVIA_X32,
	} {
		for _, nr := range syscalls.Number(arch, row) {
			if nr >= len(t.calls) {
				return fmt.Errorf("row %s: %s call number %d is beyond the table", row.Name, arch, nr)
			}
			t.calls[nr][via] = uint16(n) + 1
		}
	}
	return nil
}
