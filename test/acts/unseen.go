package acts

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/pages"
)

// RenameUnseen renames a file, and takes the page with one of the names away once
// the kernel has read it and waits for the other: who reads the names when the
// call has ended finds one of them gone.
func RenameUnseen(from, to string) error {
	names := [2]string{from, to}
	var err error
	for first := range names { // which is read first is up to the kernel's compiler
		if err = renameUnmapped(names, first); !errors.Is(err, unix.EFAULT) {
			break
		}
	}
	return err
}

// renameUnmapped takes the page of the first name away while the kernel waits for
// the other.
func renameUnmapped(names [2]string, first int) error {
	gone, err := pages.New(names[first])
	if err != nil {
		return err
	}
	last, err := pages.Slow(names[1-first], gone.Unmap)
	if err != nil {
		return err
	}
	addresses := [2]uintptr{gone.Address(), last.Address()}
	here := unix.AT_FDCWD
	_, _, errno := unix.Syscall6(unix.SYS_RENAMEAT2, uintptr(here), addresses[first], uintptr(here), addresses[1-first], 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// renameUnseen does so with a file of its own.
func renameUnseen() error {
	dir, err := os.MkdirTemp("", "saker-act-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	return errors.Join(os.WriteFile(file, nil, 0o600), RenameUnseen(file, filepath.Join(dir, "renamed")))
}
