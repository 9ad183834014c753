// Package evasions tries to act without being seen.
//
// It takes a table of acts, each by a child process that hides what it does,
// and the rule that must be true for it all the same. It owns the children and
// their files. It asserts only on what they did.
package evasions

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// In the environment these make the tests' own program the child that acts.
const (
	actVariable = "SAKER_EVASION"
	dirVariable = "SAKER_EVASION_DIR"
)

// lacking is the exit code of an act that this machine can't do.
const lacking = 77

var errLacks = errors.New("the kernel lacks this")

// lacks marks errors that say that the kernel lacks what an act needs.
func lacks(err error, marks ...unix.Errno) error {
	for _, mark := range marks {
		if errors.Is(err, mark) {
			return errors.Join(errLacks, err)
		}
	}
	return err
}

// The acts begin in the process's first thread, and goroutines in others.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	name := os.Getenv(actVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	for _, more := range []map[string]func(string) error{nameActs, programActs, entryActs, ringActs, lookupActs} {
		maps.Copy(acts, more)
	}
	if err := acts[name](os.Getenv(dirVariable)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		if errors.Is(err, errLacks) {
			os.Exit(lacking)
		}
		os.Exit(1)
	}
	os.Exit(0)
}
