// Package evasions tries to act without being seen.
//
// It takes a table of acts, each by a child process that hides what it does,
// and the rule that must be true for it all the same. It owns the children and
// their files. It asserts only on what they did.
package evasions

import (
	"fmt"
	"os"
	"runtime"
	"testing"
)

// In the environment these make the tests' own program the child that acts.
const (
	actVariable = "SAKER_EVASION"
	dirVariable = "SAKER_EVASION_DIR"
)

// The acts begin in the process's first thread, and goroutines in others.
func init() { runtime.LockOSThread() }

func TestMain(m *testing.M) {
	name := os.Getenv(actVariable)
	if name == "" {
		os.Exit(m.Run())
	}
	if err := acts[name](os.Getenv(dirVariable)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	os.Exit(0)
}
