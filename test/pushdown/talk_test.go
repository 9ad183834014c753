package pushdown

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// What the process that acts asks of who reads, in a byte; it does nothing until
// it has the answer.
const (
	askVouch = 'v' // to find out all about it that can be
	askMeta  = 'm' // to learn what its container is
)

func ask(what byte) {
	if _, err := os.Stdout.Write([]byte{what}); err == nil {
		_, _ = unix.Read(0, make([]byte, 1))
	}
}

// talk is the other end of that.
type talk struct {
	asked     chan byte
	reply     io.Writer
	container string
}

// listen is made before the command starts.
func listen(t *testing.T, cmd *exec.Cmd, container string) *talk {
	t.Helper()
	in, err := cmd.StdinPipe()
	out, outErr := cmd.StdoutPipe()
	if err = errors.Join(err, outErr); err != nil {
		t.Fatal(err)
	}
	talk := &talk{make(chan byte), in, container}
	go func() {
		for b := make([]byte, 1); ; {
			if _, err := out.Read(b); err != nil {
				return
			}
			talk.asked <- b[0]
		}
	}()
	return talk
}

// answer does what was asked. The process waits, so that each side has read all
// that it did, and what is found out of it is about what it is.
func (k *talk) answer(sides []*side) {
	var what byte
	select {
	case what = <-k.asked:
	default:
		return
	}
	for range 3 {
		readBoth(sides)
	}
	if what == askMeta {
		for _, s := range sides {
			s.State.Learn(container.Answer{ID: k.container, Runtime: "docker", Meta: &event.ContainerMeta{Name: "late"}}, time.Now())
		}
	}
	_, _ = k.reply.Write([]byte{0}) // it may have ended
}

// containerOf is the number of a container that only this test of this process has: another
// one that runs beside it removes its own cgroups.
func containerOf(t *testing.T) string {
	sum := sha256.Sum256(fmt.Append(nil, os.Getpid(), t.Name()))
	return hex.EncodeToString(sum[:])
}
