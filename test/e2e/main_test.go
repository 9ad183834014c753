// Package e2e tests the distribution as its users run it.
//
// It builds the real collector with its builder, runs it as a child process,
// lets further children act, and reads what arrives in a second process with
// a real OTLP receiver. Tests assert only on processes that they started, and
// print nothing about others.
package e2e

import (
	"os"
	"testing"

	"github.com/sakerhq/saker/test/acts"
)

// asReceiver in the environment makes the test's own program the OTLP receiver.
const asReceiver = "SAKER_TEST_RECEIVER"

func TestMain(m *testing.M) {
	acts.Main()
	if os.Getenv(asReceiver) != "" {
		os.Exit(serve())
	}
	os.Exit(m.Run())
}
