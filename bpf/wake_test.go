package bpf

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWoken: the kernel wakes the reader for a record when it asks for that,
// and for none while it polls.
func TestWoken(t *testing.T) {
	servant := hire(t)
	sensor := sensorWith(t, Options{RingBytes: 1 << 20, Scope: Scope{Include: []uint32{servant.pid}}}, "open", "openat")
	r := sensor.reader
	servant.do("open", own("first"))
	r.drain(func(Raw) {})
	calls := pollOf(t, sensor.objs.CallRing.FD())
	calls.woken(0) // for what it held when it was added
	servant.do("open", own("polled"))
	if calls.woken(100 * time.Millisecond) {
		t.Error("woken while polling")
	}
	for deadline := time.Now().Add(time.Minute); !r.calls.arm(); r.drain(func(Raw) {}) {
		if time.Now().After(deadline) {
			t.Fatal("the ring does not become empty")
		}
	}
	servant.do("open", own("armed"))
	if !calls.woken(time.Minute) {
		t.Error("not woken")
	}
}

// poll waits for one descriptor, as the reader does.
type poll struct {
	t     *testing.T
	epoll int
}

func pollOf(t *testing.T, fd int) poll {
	t.Helper()
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(epoll) })
	if err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET}); err != nil {
		t.Fatal(err)
	}
	return poll{t, epoll}
}

// woken reports whether somebody woke it before so long.
func (p poll) woken(limit time.Duration) bool {
	p.t.Helper()
	for deadline := time.Now().Add(limit); ; {
		var events [1]unix.EpollEvent
		n, err := unix.EpollWait(p.epoll, events[:], int(max(time.Until(deadline).Milliseconds(), 0)))
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			p.t.Fatal(err)
		}
		return n > 0
	}
}
