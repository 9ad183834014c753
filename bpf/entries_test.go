package bpf

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// A kernel that was told to take no 32-bit calls has one entry, if it knows what it was told.
func TestOtherEntry(t *testing.T) {
	const ia32 = "__ia32_compat_sys_execve"
	for _, c := range []struct {
		functions []string
		cmdline   string
		want      bool
	}{
		{[]string{"vfs_open"}, "", false},
		{[]string{ia32, readsEmulation}, "quiet", true},
		{[]string{ia32, readsEmulation}, "quiet ia32_emulation=0", false},
		{[]string{ia32, readsEmulation}, "ia32_emulation=off quiet\n", false},
		{[]string{ia32, readsEmulation}, "ia32_emulation=False", false},
		{[]string{ia32, readsEmulation}, "ia32_emulation=on", true},
		{[]string{ia32, readsEmulation}, "ia32_emulation=0 ia32_emulation=1", true},
		{[]string{ia32, readsEmulation}, "quiet -- ia32_emulation=0", true},
		{[]string{ia32}, "ia32_emulation=0", true},
		{[]string{ia32, "__x64_compat_sys_execve", readsEmulation}, "ia32_emulation=0", true},
		{[]string{"__arm64_compat_sys_execve"}, "ia32_emulation=0", true},
	} {
		types := []btf.Type{&btf.Int{Name: "int", Size: 4}}
		for _, name := range c.functions {
			types = append(types, &btf.Func{Name: name, Type: &btf.FuncProto{Return: &btf.Void{}}})
		}
		cmdline := filepath.Join(t.TempDir(), "cmdline")
		if err := os.WriteFile(cmdline, []byte(c.cmdline), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := hasOtherEntry(kernelWith(t, types), cmdline); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
