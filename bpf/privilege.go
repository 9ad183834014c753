package bpf

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// PrivilegeError says which capabilities the process lacks for the sensor.
type PrivilegeError struct {
	Missing []string // as CAP_BPF; empty: all are there, and the kernel refuses still
	Err     error    // what the kernel said
}

// Error is one line that ends with how to grant what is missing.
func (e *PrivilegeError) Error() string {
	if len(e.Missing) == 0 {
		return fmt.Sprintf("the kernel refuses eBPF though the capabilities are there (a seccomp filter or lockdown?): %v", e.Err)
	}
	setcap := strings.ToLower(strings.Join(e.Missing, ","))
	return fmt.Sprintf("missing %s: run as root, or grant with `setcap %s=ep <program>` or systemd's AmbientCapabilities=%s",
		strings.Join(e.Missing, " and "), setcap, strings.Join(e.Missing, " "))
}

func (e *PrivilegeError) Unwrap() error { return e.Err }

// explain turns a refusal into a PrivilegeError, and leaves other errors.
func explain(err error) error {
	// Not EACCES: the verifier says that of a program that it doesn't accept.
	if !errors.Is(err, unix.EPERM) {
		return err
	}
	return &PrivilegeError{Missing: missingCapabilities(), Err: err}
}

func missingCapabilities() (missing []string) {
	effective, err := effectiveCapabilities()
	if err != nil {
		return nil
	}
	has := func(c int) bool { return effective&(1<<c) != 0 }
	if has(unix.CAP_SYS_ADMIN) {
		return nil // includes both
	}
	for _, c := range []struct {
		number int
		name   string
	}{{unix.CAP_BPF, "CAP_BPF"}, {unix.CAP_PERFMON, "CAP_PERFMON"}} {
		if !has(c.number) {
			missing = append(missing, c.name)
		}
	}
	return missing
}

func effectiveCapabilities() (uint64, error) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if hex, ok := strings.CutPrefix(lines.Text(), "CapEff:"); ok {
			return strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		}
	}
	return 0, errors.New("no CapEff in /proc/self/status")
}
