package bpf

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLoadUnderSignals: a sensor loads though each of this process's threads has a signal
// to take far more often than the kernel needs to verify a program.
func TestLoadUnderSignals(t *testing.T) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	end := sync.OnceFunc(func() { close(stop) })
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond / 4):
				signalThreads(t)
			}
		}
	}()
	defer func() {
		end()
		<-stopped
	}()
	late := time.AfterFunc(5*time.Minute, end) // without signals it loads after all
	ownSensor(t, "openat")
	if !late.Stop() {
		t.Error("no sensor loaded while signals came")
	}
}

// signalThreads sends each thread of this process what Go's runtime takes for nothing.
func signalThreads(t *testing.T) {
	list, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Error(err)
		return
	}
	for _, entry := range list {
		if tid, err := strconv.Atoi(entry.Name()); err == nil {
			_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG) // it may have ended
		}
	}
}
