package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// memory is what a guest has, in MiB: the payload twice, rings, and the tests.
const memory = "1024"

// arguments boot a guest that switches itself off, and ends if it panics.
func (m machine) arguments(image, root string) []string {
	return append(slices.Clone(m.flags),
		"-accel", "tcg", "-smp", "1", "-m", memory,
		"-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot",
		"-kernel", image, "-initrd", root,
		"-append", "console="+m.console+" quiet panic=-1")
}

// errTooLong is that a guest didn't end in its time.
var errTooLong = errors.New("the guest did not end in time")

// emulate runs a guest to its end, or until its time is over. What it says
// goes into log.
func (m machine) emulate(ctx context.Context, limit time.Duration, image, root string, log *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errTooLong)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.qemu, m.arguments(image, root)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", m.qemu, errors.Join(err, context.Cause(ctx)))
	}
	return nil
}

// setup installs the emulators that are not there, if it may.
func setup(ctx context.Context, archs []string) error {
	var missing []string
	for _, arch := range archs {
		if _, err := exec.LookPath(machines[arch].qemu); err != nil {
			missing = append(missing, machines[arch].pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	list := strings.Join(missing, " ")
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return fmt.Errorf("install by hand, or run as root on Debian: %s", list)
	}
	fmt.Println("kernels: apt-get installs", list)
	for _, args := range [][]string{
		{"update", "-q"},
		append([]string{"install", "-q", "-y", "--no-install-recommends"}, missing...),
	} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if _, err := output(cmd); err != nil {
			return fmt.Errorf("install %s: %w", list, err)
		}
	}
	return nil
}
