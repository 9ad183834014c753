package bpf

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// unsignalled calls f in a thread that no signal reaches. The kernel gives up the
// verification of a program when its thread has a signal to take (EAGAIN), which
// begins again then: where signals come more often than a verification lasts, as
// those of ended children may, it would never end. They reach other threads, or
// this one when f has returned.
func unsignalled(f func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, before unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^all.Val[i]
	}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &all, &before); err != nil {
		return fmt.Errorf("block signals: %w", err)
	}
	err := f()
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, &before, nil); err != nil {
		return fmt.Errorf("unblock signals: %w", err)
	}
	return err
}
