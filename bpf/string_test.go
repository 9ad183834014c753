package bpf

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// stringLengths are on both sides of words, and of what is read as bytes; below them
// the path as given would not say that it is this test's.
var stringLengths = []int{7, 8, 9, 15, 16, 17, 55, 56, 62, 63, 64, 65, 128, 1000}

// givenOf is a path of a length that names nothing.
func givenOf(n int) string { return ("/given/" + strings.Repeat("no/such/", 200))[:n] }

var strung = map[string]func(string) error{
	"open strings": func(string) error {
		page := os.Getpagesize()
		memory, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return err
		}
		if err := unix.Mprotect(memory[page:], unix.PROT_NONE); err != nil {
			return err
		}
		for _, n := range stringLengths {
			for _, at := range []int{0, 5, page - n - 1} { // the last one ends where memory does
				for i := range memory[:page] {
					memory[i] = 'x'
				}
				copy(memory[at:], givenOf(n)+"\x00")
				if err := openAt(&memory[at]); !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.ENAMETOOLONG) {
					return err
				}
			}
		}
		memory[page-1] = 'x'
		if err := openAt(&memory[page-1]); !errors.Is(err, unix.EFAULT) {
			return err
		}
		return nil
	},
}

// openAt opens the path that lies somewhere.
func openAt(path *byte) error {
	fd, _, errno := unix.Syscall6(unix.SYS_OPENAT, ^uintptr(99), uintptr(unsafe.Pointer(path)), unix.O_RDONLY, 0, 0, 0)
	if errno != 0 {
		return errno
	}
	unix.Close(int(fd))
	return errors.New("there is such a file")
}

// A string comes whole, however long it is, and wherever it ends.
func TestStrings(t *testing.T) {
	for name, how := range map[string]sharing{"direct": {}, "indirect": {indirect: true}} {
		t.Run(name, func(t *testing.T) {
			_, records := perform(t, sensorOn(t, how, "openat"), "open strings", "")
			var got []string
			faults := 0
			for _, r := range calls(records, "openat") {
				b := r.block(BlockString)
				switch {
				case b == nil:
				case b.Flags&BlockFault != 0:
					faults++
				case bytes.HasPrefix(b.data, []byte("/given/")):
					got = append(got, string(b.data))
				}
			}
			if len(got) != 3*len(stringLengths) || faults != 1 {
				t.Fatalf("%d paths and %d faults, want %d and 1: %q", len(got), faults, 3*len(stringLengths), got)
			}
			for i, path := range got {
				if want := givenOf(stringLengths[i/3]); path != want {
					t.Errorf("%q, want %q", path, want)
				}
			}
		})
	}
}
