package syscalls

import (
	"runtime"
	"testing"
)

func TestValues(t *testing.T) {
	param := func(call, name string) *Values {
		for _, p := range ByName(call).Params {
			if p.Name == name {
				return p.Values
			}
		}
		t.Fatalf("%s has no %s", call, name)
		return nil
	}
	for _, tt := range []struct {
		call, param string
		kernel      uint64
		falco       uint64
		names       string
	}{
		{"openat", "flags", 0o2000000, 4097, "O_RDONLY|O_CLOEXEC"},
		{"openat", "flags", 0, 1, "O_RDONLY"},
		{"openat", "flags", 0o1, 2, "O_WRONLY"},
		{"openat", "flags", 0o2, 3, "O_RDWR"},
		{"openat", "flags", 0o3, 1, "O_RDONLY"},
		{"openat", "flags", 0o1101, 262, "O_TRUNC|O_CREAT|O_WRONLY"},
		{"openat", "flags", 0o2102, 15, "O_APPEND|O_CREAT|O_RDWR"},
		{"openat", "flags", 0o10001, 18, "O_DSYNC|O_WRONLY"},
		{"openat", "flags", 0o4010001, 146, "O_SYNC|O_DSYNC|O_WRONLY"},
		{"openat", "flags", FileUpper | 1, 1<<15 | 2, "O_WRONLY|FD_UPPER_LAYER"},
		{"creat", "creat_flags", FileLower, 2, "FD_LOWER_LAYER_CREAT"},
		{"creat", "creat_flags", 0, 0, ""},
		{"openat2", "resolve", 0x14, 10, "RESOLVE_IN_ROOT|RESOLVE_NO_SYMLINKS"},
		{"socket", "domain", 1, 1, "AF_LOCAL|AF_UNIX"},
		{"socket", "domain", 10, 10, "AF_INET6"},
		{"socket", "domain", 99, 0, "AF_UNSPEC"},
		{"socket", "flags", 1, 0, "O_NONE"},
		{"socket", "flags", 526337, 4160, "O_NONBLOCK|O_CLOEXEC"},
		{"ptrace", "request", 0, 1, "PTRACE_TRACEME"},
		{"ptrace", "request", 16, 11, "PTRACE_ATTACH"},
		{"ptrace", "request", 0x4206, 20, "PTRACE_SEIZE"},
		{"ptrace", "request", 12345, 0, "PTRACE_UNKNOWN"},
		{"bpf", "cmd", 5, 5, "BPF_PROG_LOAD"},
		{"bpf", "cmd", 0, 0, "BPF_MAP_CREATE"},
		{"chmod", "mode", 0o4755, 0o4755, "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"},
		{"chmod", "mode", 0o100644, 0o644, "S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR"},
		{"unshare", "flags", 0x10020000, 1<<20 | 1<<5, "CLONE_NEWNS|CLONE_NEWUSER"},
		{"unshare", "flags", 0, 0, ""},
		{"unlinkat", "flags", 0x200, 0x200, "AT_REMOVEDIR"},
		{"execve", "flags", ExeWritable | ExeMemfd, 5, "EXE_WRITABLE|EXE_FROM_MEMFD"},
	} {
		v := param(tt.call, tt.param)
		got := v.Falco(tt.kernel)
		if names := string(v.AppendNames(nil, got)); got != tt.falco || names != tt.names {
			t.Errorf("%s %s %#o: %d(%s), want %d(%s)", tt.call, tt.param, tt.kernel, got, names, tt.falco, tt.names)
		}
	}
}

func TestDirectoryFlagOfThisMachine(t *testing.T) {
	directory := map[string]uint64{"amd64": 0o200000, "arm64": 0o40000}[runtime.GOARCH]
	if directory == 0 {
		t.Skip("no expectation for " + runtime.GOARCH)
	}
	if got := openFlags.Falco(directory); got != 1<<10|1 {
		t.Errorf("O_DIRECTORY is %d", got)
	}
}

func TestAppendNamesKeepsPrefix(t *testing.T) {
	got := string(openFlags.AppendNames([]byte("flags="), 2))
	if got != "flags=O_WRONLY" {
		t.Error(got)
	}
}

func TestNamesDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 256)
	n := testing.AllocsPerRun(100, func() { buf = openFlags.AppendNames(buf[:0], openFlags.Falco(0o1101)) })
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestErrnoName(t *testing.T) {
	for errno, want := range map[int64]string{
		1: "EPERM", 2: "ENOENT", 11: "EAGAIN", 115: "EINPROGRESS", 133: "EHWPOISON",
		0: "", 41: "", 134: "", 511: "", 512: "ERESTARTSYS", 516: "ERESTART_RESTARTBLOCK", 517: "", -2: "",
	} {
		if got := ErrnoName(errno); got != want {
			t.Errorf("%d: %q, want %q", errno, got, want)
		}
	}
}
