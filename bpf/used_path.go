package bpf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// namedRows are the calls whose paths the hooks see, in the order of their
// parameters.
var namedRows = []string{
	"chmod", "chown", "fchmodat", "fchmodat2", "fchownat", "lchown", "link", "linkat", "mkdir", "mkdirat",
	"mknod", "mknodat", "mount", "rename", "renameat", "renameat2", "rmdir", "symlink", "symlinkat",
	"truncate", "umount", "umount2", "unlink", "unlinkat",
}

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
	return hooksFunctions()
}

// hooksFunctions reports why this kernel has no programs on its functions:
// some architectures got them late, and machines may forbid them.
var hooksFunctions = sync.OnceValue(func() error {
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.Tracing, AttachType: ebpf.AttachTraceFEntry, AttachTo: "security_path_chmod",
		Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()}, License: "GPL",
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
	return l.Close()
})

// isNamed reports whether the hooks see the paths of a row's call.
func (s *Sensor) isNamed(name string) bool {
	return s.objs.PathUnlink != nil && slices.Contains(namedRows, name)
}
