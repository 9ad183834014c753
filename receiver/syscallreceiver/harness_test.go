package syscallreceiver

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/syscalls"
)

// call is a raw record of a call without blocks (trace, setuid …) by a process
// that does not exist.
func call(t testing.TB, name string, args ...uint64) []byte {
	t.Helper()
	row := syscalls.ByName(name)
	if row == nil || len(bpf.Captures(row)) != 0 {
		t.Fatalf("%s is no row without captures", name)
	}
	c := bpf.WireCall{Header: bpf.WireHeader{
		Time: 1e9, Start: 1, Pid: 1 << 30, Tid: 1 << 30, Type: bpf.TypeCall,
		Row: uint16(slices.Index(syscalls.Rows(), row)), Nargs: uint8(len(args)),
	}}
	raw := append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&c)), unsafe.Sizeof(c))...)
	for _, arg := range args {
		raw = append(raw, unsafe.Slice((*byte)(unsafe.Pointer(&arg)), 8)...)
	}
	return raw
}

// script is a source that gives what a test feeds it.
type script struct {
	reads  chan [][]byte // each the records of one Read
	end    error         // what Read returns when the feed ends, nil: it waits
	judged []string
	counts atomic.Pointer[bpf.Counts]
	once   sync.Once
	closed chan struct{}
}

func newScript() *script {
	s := &script{reads: make(chan [][]byte, 100), closed: make(chan struct{})}
	s.counts.Store(&bpf.Counts{})
	return s
}

func (s *script) Attach(func(bpf.Raw)) error { return nil }

func (s *script) Scan(func(bpf.Raw)) error { return nil }

// Read gives what was fed before the end even after it, as a ring does.
func (s *script) Read(handle func(bpf.Raw)) (int, error) {
	over := s.isClosed()
	select {
	case records, ok := <-s.reads:
		if !ok {
			return 0, s.end
		}
		for _, r := range records {
			handle(r)
		}
		return len(records), nil
	default:
	}
	if over {
		return 0, os.ErrClosed
	}
	time.Sleep(time.Millisecond)
	return 0, nil
}

func (s *script) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

func (s *script) SetMounts(map[uint32]string) error { return nil }

func (s *script) Judge(cgroup bpf.WireCgroup, within bool) error {
	s.judged = append(s.judged, fmt.Sprint(cgroup.Id, " ", within))
	return nil
}

func (s *script) Counts() (bpf.Counts, error) { return *s.counts.Load(), nil }

func (s *script) Stop() error {
	s.once.Do(func() { close(s.closed) })
	return nil
}

func (s *script) Close() error { return s.Stop() }
