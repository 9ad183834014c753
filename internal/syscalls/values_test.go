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
		{"bpf", "cmd", 99, 99, ""},
		{"lseek", "whence", 3, 3, ""},
		{"prctl", "option", 71, 71, ""},
		{"chmod", "mode", 0o4755, 0o4755, "S_IXOTH|S_IROTH|S_IXGRP|S_IRGRP|S_IXUSR|S_IWUSR|S_IRUSR|S_ISUID"},
		{"chmod", "mode", 0o100644, 0o644, "S_IROTH|S_IRGRP|S_IWUSR|S_IRUSR"},
		{"unshare", "flags", 0x10020000, 1<<20 | 1<<5, "CLONE_NEWNS|CLONE_NEWUSER"},
		{"unshare", "flags", 0, 0, ""},
		{"unlinkat", "flags", 0x200, 0x200, "AT_REMOVEDIR"},
		{"mknod", "mode", 0o60600, 0o60600, "S_IWUSR|S_IRUSR|S_IFBLK"},
		{"mknod", "mode", 0o100600, 0o100600, "S_IWUSR|S_IRUSR|S_IFREG"},
		{"mknod", "mode", 0o140600, 0o140600, "S_IWUSR|S_IRUSR|S_IFSOCK"},
		{"futex", "op", 137, 137, "FUTEX_PRIVATE_FLAG|FUTEX_WAIT_BITSET"},
		{"futex", "op", 0, 0, "FUTEX_WAIT"},
		{"access", "mode", 6, 6, "R_OK|W_OK"},
		{"access", "mode", 0, 0, "F_OK"},
		{"mmap", "prot", 0, 0, "PROT_NONE"},
		{"mmap", "prot", 7, 7, "PROT_READ|PROT_WRITE|PROT_EXEC"},
		{"mmap", "flags", 0x32, 14, "MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS"},
		{"semctl", "cmd", 0, 4, "IPC_RMID"},
		{"semctl", "cmd", 0x110, 1 << 12, "SETVAL"},
		{"quotactl", "cmd", 0x80000201, 1, "Q_QUOTAON"},
		{"quotactl", "type", 0x80000201, 2, "GRPQUOTA"},
		{"quotactl", "quota_fmt", 0, 1, "QFMT_NOT_USED"},
		{"fcntl", "cmd", 0, 1, "F_DUPFD"},
		{"fcntl", "cmd", 1030, 26, "F_DUPFD_CLOEXEC"},
		{"fcntl", "cmd", 77, 0, "UNKNOWN"},
		{"setrlimit", "resource", 7, 7, "RLIMIT_NOFILE"},
		{"setrlimit", "resource", 99, 255, "RLIMIT_UNKNOWN"},
		{"setsockopt", "level", 6, 2, "SOL_TCP"},
		{"setsockopt", "optname", ^uint64(0), 0, "UNKNOWN"},
		{"io_uring_register", "opcode", 0, 1, "IORING_REGISTER_BUFFERS"},
		{"mount", "flags", 0x1000 | 0x4000, 0x5000, "BIND|REC"},
		{"umount2", "flags", 2, 2, "DETACH"},
		{"prctl", "option", 38, 38, "PR_SET_NO_NEW_PRIVS"},
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

// A flag that an architecture's kernel hasn't is in no number.
func TestFlagThatIsNotThere(t *testing.T) {
	v := &Values{List: []Value{same("READ", 1), bit("ELSEWHERE", 0, 64)}}
	if got := v.Falco(5); got != 1 {
		t.Errorf("5 is %d", got)
	}
}
