package bpf

import (
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// otherEntries are functions of kernels that take calls of 32-bit programs, or
// of those with 32-bit pointers.
var otherEntries = []string{
	"__ia32_compat_sys_execve", "__x32_compat_sys_execve", "__x64_compat_sys_execve", "__arm64_compat_sys_execve",
}

// readsEmulation is what reads ia32_emulation in kernels that know it (x86, from
// Linux 6.7 on).
const readsEmulation = "ia32_emulation_override_cmdline"

// hasOtherEntry reports whether calls can come through another entry than that
// of 64-bit programs. The file cmdline has what the kernel was told at boot.
func hasOtherEntry(kernel *btf.Spec, cmdline string) bool {
	has := func(name string) bool { return hasFunction(kernel, name) }
	disabled := has(readsEmulation) && !slices.ContainsFunc(otherEntries[1:], has) && disables32(cmdline)
	return slices.ContainsFunc(otherEntries, has) && !disabled
}

// disables32 reports whether the kernel was told to take no 32-bit calls; the
// last word counts.
func disables32(cmdline string) (disabled bool) {
	text, err := os.ReadFile(cmdline)
	if err != nil {
		return false
	}
	for word := range strings.FieldsSeq(string(text)) {
		if word == "--" { // the rest is for the first process
			break
		}
		if value, ok := strings.CutPrefix(word, "ia32_emulation="); ok {
			no := func(no string) bool { return strings.HasPrefix(strings.ToLower(value), no) }
			disabled = slices.ContainsFunc([]string{"0", "n", "f", "of"}, no) // as the kernel reads it
		}
	}
	return disabled
}
