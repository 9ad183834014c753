package bpf

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// pathPrefix is what the names of the programs on the hooks begin with.
const pathPrefix = "path_"

// pathLayer sees the paths that a call works on while it does.
var pathLayer = layer{
	prefix: pathPrefix,
	loss: "the hooks of paths (%v): which file a call changed, made or removed is read when the call has ended, " +
		"when a second thread may have changed the name",
	fit: fitPaths,
}

func fitPaths(spec *ebpf.CollectionSpec, kernel *btf.Spec) error {
	for name, program := range spec.Programs {
		var hooked *btf.Func
		if strings.HasPrefix(name, pathPrefix) && kernel.TypeByName(program.AttachTo, &hooked) != nil {
			return errors.New("no " + program.AttachTo)
		}
	}
	all, _ := functionHooks()
	return all
}

// functionHooks reports why this kernel runs no programs on functions: some
// architectures got them late, and machines may forbid them. Before 6.0 a
// function must not take structures, as that of chown does.
var functionHooks = sync.OnceValues(func() (all, chown error) {
	if chown = hook("security_path_chown", func(fd int) error { return unix.Fchown(fd, -1, -1) }); chown != nil {
		all = hook("security_path_chmod", func(fd int) error { return unix.Fchmod(fd, 0o600) })
	}
	return all, chown
})

// errNotRun is that a kernel attaches programs and never runs them.
var errNotRun = errors.New("programs on functions are not run (kernel.ftrace_enabled=0)")

// hook has a program on a function note that it runs, and takes it off. The call
// leads to that function, with a descriptor of ours.
func hook(function string, call func(fd int) error) error {
	ran, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 8, MaxEntries: 1})
	if err != nil {
		return fmt.Errorf("programs on functions: %w", err)
	}
	defer ran.Close()
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, AttachTo: function, License: "GPL",
		Instructions: asm.Instructions{
			asm.LoadMapValue(asm.R1, ran.FD(), 0), asm.StoreImm(asm.R1, 0, 1, asm.Word),
			asm.Mov.Imm(asm.R0, 0), asm.Return(),
		},
	})
	var refused unix.Errno
	switch {
	case errors.As(err, &refused): // without advice for other refusals
		return fmt.Errorf("programs on functions: %w", refused)
	case err != nil:
		return fmt.Errorf("programs on functions: %w", err)
	}
	defer program.Close()
	l, err := link.AttachTracing(link.TracingOptions{Program: program})
	if err != nil {
		return fmt.Errorf("attach a program to a function: %w", err)
	}
	return errors.Join(noted(ran, call), l.Close())
}

// noted makes a call on a pipe, and says if no program noted it.
func noted(ran *ebpf.Map, call func(fd int) error) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	defer w.Close()
	if err := call(int(r.Fd())); err != nil {
		return fmt.Errorf("try programs on functions: %w", err)
	}
	var n uint64
	if err := ran.Lookup(uint32(0), &n); err != nil {
		return fmt.Errorf("try programs on functions: %w", err)
	}
	if n == 0 {
		return errNotRun
	}
	return nil
}

// keepWithTasks makes the map of short paths one by task, and reports whether it
// could: programs that trace may have such maps from 5.12 on.
func keepWithTasks(spec *ebpf.CollectionSpec) bool {
	if features.HaveProgramHelper(ebpf.TracePoint, asm.FnTaskStorageGet) != nil {
		return false
	}
	m := spec.Maps["used_short"]
	m.Type, m.Flags, m.MaxEntries = ebpf.TaskStorage, unix.BPF_F_NO_PREALLOC, 0
	return true
}

// dropChown takes the hook of chown out of spec where it alone can't be there,
// and says what is lost by that.
func dropChown(spec *ebpf.CollectionSpec) []string {
	if spec.Programs["path_chown"] == nil {
		return nil
	}
	if _, err := functionHooks(); err != nil {
		delete(spec.Programs, "path_chown")
		return []string{fmt.Sprintf("the hook of chown (%v): its path is read when the call has ended", err)}
	}
	return nil
}

// isNamed reports whether the hooks see the paths of a row's call.
func (s *Sensor) isNamed(row *syscalls.Row) bool {
	seen := s.objs.PathUnlink
	if strings.Contains(row.Name, "chown") {
		seen = s.objs.PathChown
	}
	return seen != nil && row.Inside
}
