package bpf

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/sakerhq/saker/internal/syscalls"
)

// uringPrefix is what the names of the programs for io_uring begin with. Some
// do what another program does, and more: they replace that one.
const uringPrefix = "uring_"

var uringReplaced = []string{"sys_exit", "call_exit", "process_exit"}

// uringNeeds are the tracepoints and structures of the kernel's that the
// programs for io_uring can't be without (Linux 6.3).
var uringNeeds = []string{
	"btf_trace_io_uring_submit_req", "btf_trace_io_uring_complete",
	"btf_trace_io_uring_task_work_run", "io_cmd_data",
}

var uringLayer = layer{
	prefix: uringPrefix,
	loss:   "what it takes to follow io_uring (%v): what a process does through it is not reported",
	fit:    fitUring,
}

// fitUring takes programs out of spec: those for io_uring if kernel has none,
// else those that they replace.
func fitUring(spec *ebpf.CollectionSpec, kernel *btf.Spec) error {
	if !hasType(kernel, "io_kiocb") {
		drop(spec, uringPrefix)
		return nil
	}
	for _, name := range uringNeeds {
		if !hasType(kernel, name) {
			return errors.New("no " + name)
		}
	}
	for _, name := range uringReplaced {
		delete(spec.Programs, name)
	}
	return nil
}

// addUring sets the opcodes that are told as the row.
func (t *callTables) addUring(row *syscalls.Row, n int) {
	for opcode := range operations {
		if operations[opcode].row == row.Name {
			t.uring[opcode] = uint16(n) + 1
		}
	}
}

// shape tells the programs how requests of each operation are read here.
func shape(kernel *btf.Spec, shapes *ebpf.Map) error {
	for opcode := range operations {
		if operations[opcode].row == "" {
			continue
		}
		w := operations[opcode].shape(kernel)
		if err := shapes.Put(uint32(opcode), &w); err != nil {
			return fmt.Errorf("set the shape of %s requests: %w", operations[opcode].row, err)
		}
	}
	return nil
}

func hasType(kernel *btf.Spec, name string) bool {
	_, err := kernel.AnyTypesByName(name)
	return err == nil
}
