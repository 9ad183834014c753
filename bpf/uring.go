package bpf

import (
	"errors"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"

	"github.com/sakerhq/saker/internal/syscalls"
)

// uringRows says which call each operation of io_uring is told as, by its
// opcode (IORING_OP_*).
var uringRows = map[int]string{
	13: "accept4",
	16: "connect",
	18: "openat",
	28: "openat2",
	35: "renameat2",
	36: "unlinkat",
	37: "mkdirat",
	38: "symlinkat",
	39: "linkat",
	45: "socket",
	56: "bind",
	57: "listen",
}

// uringPrefix is what the names of the programs for io_uring begin with. Some
// do what another program does, and more: they replace that one.
const uringPrefix = "uring_"

var uringReplaced = []string{"sys_exit", "call_exit", "process_exit"}

// uringNeeds are the tracepoints and structures of the kernel's that the
// programs for io_uring can't be without (Linux 6.3).
var uringNeeds = []string{
	"btf_trace_io_uring_submit_req", "btf_trace_io_uring_complete",
	"btf_trace_io_uring_task_work_run", "io_cmd_data", "io_open", "io_rename", "io_unlink", "io_mkdir", "io_link",
	"io_socket", "io_connect", "io_accept",
}

var uringLayer = layer{
	prefix: uringPrefix,
	loss:   "what it takes to follow io_uring (%v): what a process does through it is not reported",
	fit:    fitUring,
}

// fitUring takes programs out of spec: those for io_uring if kernel has none,
// else those that they replace.
func fitUring(spec *ebpf.CollectionSpec, kernel *btf.Spec) error {
	if _, err := kernel.AnyTypesByName("io_kiocb"); err != nil {
		drop(spec, uringPrefix)
		return nil
	}
	for _, name := range uringNeeds {
		if _, err := kernel.AnyTypesByName(name); err != nil {
			return errors.New("no " + name)
		}
	}
	for _, name := range uringReplaced {
		delete(spec.Programs, name)
	}
	return nil
}

// addUring sets the opcode that is told as the row.
func (t *callTables) addUring(row *syscalls.Row, n int) {
	for opcode, name := range uringRows {
		if name == row.Name {
			t.uring[opcode] = uint16(n) + 1
		}
	}
}
