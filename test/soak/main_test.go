// Package soak runs the distribution for a long time under all kinds of load,
// or beside very many processes.
//
// It takes how long (-soak; a short run by default) and lets children open
// files, connect, start programs and threads and make containers, while it
// stops the collector and refuses batches now and then; or how many (-scale).
// It gives a table and fails where something grows, leaks, takes more memory
// than it may, or is lost without being told. It owns
// the collector, the children and all that these make. It looks at no process
// that it did not start, but for the collector's number of them.
package soak

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/sakerhq/saker/test/acts"
)

var duration = flag.Duration("soak", 30*time.Second, "how long the load lasts")

// In the environment these make the tests' own program a child that loads, and
// say where its files go.
const (
	roleVariable = "SAKER_SOAK_ROLE"
	dirVariable  = "SAKER_SOAK_DIR"
)

func TestMain(m *testing.M) {
	acts.Main()
	role := os.Getenv(roleVariable)
	if role == "" {
		flag.Parse()
		os.Exit(m.Run())
	}
	if err := roles[role](os.Getenv(dirVariable)); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		os.Exit(1)
	}
	os.Exit(0)
}
