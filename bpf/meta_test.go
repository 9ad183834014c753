package bpf

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

func init() {
	acts["kill"] = func(pid string) error {
		n, err := strconv.Atoi(pid)
		if err != nil {
			return err
		}
		return unix.Kill(n, unix.SIGKILL)
	}
	acts["idle"] = func(string) error {
		time.Sleep(time.Minute)
		return nil
	}
	acts["alarm"] = func(string) error {
		timer := unix.Itimerval{Value: unix.Timeval{Usec: 1000}}
		_, _, errno := unix.Syscall(unix.SYS_SETITIMER, unix.ITIMER_REAL, uintptr(unsafe.Pointer(&timer)), 0)
		if errno != 0 {
			return errno
		}
		time.Sleep(50 * time.Millisecond)
		return nil
	}
	acts["lower"] = func(string) error {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, 5, 5, 5); errno != 0 {
			return errno
		}
		return unix.Exec("/bin/true", []string{"true"}, nil)
	}
}

// signals are those that records tell, as "signal sender".
func signals(records []record) (told map[string]bool) {
	told = map[string]bool{}
	for _, r := range calls(records, "signaldeliver") {
		told[fmt.Sprint(r.args[2], " ", r.args[0])] = true
	}
	return told
}

// A signal is its receiver's, and names who sent it: of SIGKILL too, which
// tells the receiver nothing. Whoever runs when a timer expires has not sent its
// signal.
func TestSignal(t *testing.T) {
	s := sensor(t, "signaldeliver")
	victim := ourselves("idle", "")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	killer := ourselves("kill", strconv.Itoa(victim.Process.Pid))
	if err := killer.Run(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	want := fmt.Sprint(int(unix.SIGKILL), " ", killer.Process.Pid)
	if told := signals(until(t, s, uint32(victim.Process.Pid))); !told[want] {
		t.Errorf("told %v, want %s", told, want)
	}
	_, records := perform(t, s, "alarm", "")
	if told, want := signals(records), fmt.Sprint(int(unix.SIGALRM), " 0"); !told[want] {
		t.Errorf("told %v, want %s", told, want)
	}
}

// until gives the records of a process that has ended.
func until(t *testing.T, s *Sensor, pid uint32) (records []record) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		ended := false
		if _, err := s.Read(func(raw Raw) {
			if raw.Header().Pid != pid {
				return
			}
			records = append(records, takeApart(raw))
			ended = ended || raw.Header().Type == TypeExit
		}); err != nil {
			t.Fatal(err)
		}
		if ended {
			return records
		}
		if time.Now().After(deadline) {
			t.Fatal("the end of the process was not told")
		}
	}
}

// Credentials are told after each call that can change them, and after an exec.
func TestCredentials(t *testing.T) {
	s := sensor(t, "credchange")
	_, records := perform(t, s, "lower", "")
	var got []string
	for _, r := range records {
		if r.credentials != nil && r.credentials.Gid == 5 && r.credentials.Uid == uint32(os.Geteuid()) {
			got = append(got, syscalls.Rows()[r.Row].Name)
		}
	}
	if fmt.Sprint(got) != "[setresgid execve]" {
		t.Errorf("told after %q", got)
	}
}
