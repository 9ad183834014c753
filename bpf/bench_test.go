package bpf

import (
	"io"
	"math"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// benchActs is how often an act of a benchmark is done.
const benchActs = 50_000

// repeated makes an act of a call that is made many times.
func repeated(number uintptr, path string, end func(uintptr)) func(string) error {
	return func(string) error {
		name, err := unix.BytePtrFromString(path)
		if err != nil {
			return err
		}
		for range benchActs {
			fd, _, e := syscall.RawSyscall6(number, ^uintptr(99), uintptr(unsafe.Pointer(name)), unix.O_RDONLY, 0, 0, 0)
			if e == 0 {
				end(fd)
			}
		}
		return nil
	}
}

// connects makes an act of connecting the same socket many times.
func connects(string) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for range benchActs {
		if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			return err
		}
	}
	return nil
}

// awaited waits for its standard input to end before it acts.
func awaited(act func(string) error) func(string) error {
	return func(dir string) error {
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			return err
		}
		return act(dir)
	}
}

func closeFD(fd uintptr) { _, _, _ = syscall.RawSyscall(unix.SYS_CLOSE, fd, 0, 0) }

var benched = map[string]func(string) error{
	"bench null call":   repeated(unix.SYS_GETPPID, "", func(uintptr) {}),
	"bench open+close":  repeated(unix.SYS_OPENAT, "/usr/share/zoneinfo/Europe/Berlin", closeFD),
	"bench failed open": repeated(unix.SYS_OPENAT, "/usr/share/zoneinfo/Europe/Nowhere", closeFD),

	"bench null call awaited":  awaited(repeated(unix.SYS_GETPPID, "", func(uintptr) {})),
	"bench open+close awaited": awaited(repeated(unix.SYS_OPENAT, "/usr/share/zoneinfo/Europe/Berlin", closeFD)),
	"bench connect":            connects,
}

// programBenches are acts, and what of them is left out in the kernel.
var programBenches = []struct {
	act, name string
	filter    *Filter
}{
	{"bench null call", "null call", nil},
	{"bench open+close", "open+close", nil},
	{"bench open+close", "open+close, told by all facts", leavingOut("")},
	{"bench open+close", "open+close, left out by result", leavingOut("result")},
	{"bench open+close", "open+close, left out by flags", leavingOut("flags")},
	{"bench open+close", "open+close, left out by path", leavingOut("path")},
	{"bench open+close", "open+close, left out by marks", leavingOut("marks")},
	{"bench failed open", "failed open", nil},
	{"bench failed open", "failed open, left out", leavingOut("result")},
	{"bench connect", "connect", nil},
}

// leavingOut is a filter of openat that needs one fact to leave all out, and
// asks for all that comes before.
func leavingOut(fact string) *Filter {
	all, none := of(1), Candidates{}
	facts := &Facts{
		Asked: all, Zero: all, Positive: all, Error: all, Unmarked: all, Opened: map[Opened]Candidates{OpenedOther: all},
		Numbers: []NumberFacts{{Source: 2, Width: 32, Bits: []int{0, 1}, Of: []Candidates{all, all, all, all}}},
	}
	ends := [][2]Candidates{{all, all}, {all, all}}
	switch fact {
	case "result":
		facts.Positive, facts.Error = none, none
	case "flags":
		facts.Numbers[0].Of = make([]Candidates, 4)
	case "path":
		ends = make([][2]Candidates, 2)
	case "marks":
		facts.Unmarked = none
	}
	// Whatever the path is, it has to be read to its end.
	paths := &Paths{Next: [][]int{{1}, {0}}, Ends: ends}
	return NewFilter(map[*syscalls.Row]*Facts{syscalls.ByName("openat"): facts}, paths, nil, nil)
}

// BenchmarkProgram gives the time in the programs for each act, of the fastest
// of some rounds: the rest of the machine makes calls too.
func BenchmarkProgram(b *testing.B) {
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		b.Skip(err)
	}
	defer stats.Close()
	for _, bench := range programBenches {
		b.Run(bench.name, func(b *testing.B) {
			rows := []*syscalls.Row{syscalls.ByName("openat"), syscalls.ByName("connect")}
			s := sensorWith(b, Options{Hooks: HooksAllCalls, RingBytes: 1 << 25, Rows: rows, Filter: bench.filter})
			least := math.Inf(1)
			for b.Loop() {
				before := runTime(b, s)
				cmd := exec.Command(os.Args[0])
				cmd.Env = []string{"SAKER_TEST_ACT=" + bench.act}
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				least = min(least, (runTime(b, s)-before)/benchActs)
				if _, err := s.Read(func(Raw) {}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(least, "program-ns/act")
		})
	}
}

// runTime is how long the programs of a call's end and of sockets have run, in ns.
// BenchmarkLeftOut gives the same of opens by a process that is vouched for, with
// no rule that asks for them, beside those that are told, and with calls that
// nobody asked for, in turns.
func BenchmarkLeftOut(b *testing.B) {
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	if err != nil {
		b.Skip(err)
	}
	defer stats.Close()
	filter := filterOf(syscalls.ByName("openat"), 1)
	s := sensorWith(b, Options{Hooks: HooksAllCalls, RingBytes: 1 << 25, Filter: filter}, "openat")
	v := s.Voucher(filter)
	least := map[string]float64{}
	for b.Loop() {
		for _, side := range []struct {
			name, act string
			can       Candidates
		}{
			{"null-call-ns", "bench null call awaited", some(1)},
			{"told-ns", "bench open+close awaited", some(1)},
			{"left-out-ns", "bench open+close awaited", some(0)},
		} {
			before := runTime(b, s)
			vouchedAct(b, s, v, side.act, side.can)
			took := (runTime(b, s) - before) / benchActs
			if least[side.name] == 0 || took < least[side.name] {
				least[side.name] = took
			}
		}
	}
	for name, took := range least {
		b.ReportMetric(took, name)
	}
}

// vouchedAct runs a process that is vouched for before it acts.
func vouchedAct(b *testing.B, s *Sensor, v *Voucher, act string, can Candidates) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=" + act}
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // by then it waits
	st, quiet := v.Stand(uint32(cmd.Process.Pid))
	if !quiet || !v.Vouch(st, can) {
		b.Error("the process is not vouched for")
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Read(func(Raw) {}); err != nil {
		b.Fatal(err)
	}
}

func runTime(b *testing.B, s *Sensor) (ns float64) {
	b.Helper()
	for name, p := range s.programs() {
		if *p == nil || (name != s.allCalls() && addressHooks[name] == 0) {
			continue
		}
		stats, err := (*p).Stats()
		if err != nil {
			b.Fatal(err)
		}
		ns += float64(stats.Runtime.Nanoseconds())
	}
	return ns
}
