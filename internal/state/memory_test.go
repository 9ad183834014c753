package state

import (
	"fmt"
	"runtime"
	"testing"
	"unsafe"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// What a process may take of memory, with arguments that others have too, and
// without its environment. Measured: about 1,050 bytes.
const bytesPerProcess = 1400

// TestProcessSize: the allocator gives a process 896 bytes with its header, and
// the next size is 1,024.
func TestProcessSize(t *testing.T) {
	const class, header = 896, 8
	if size := unsafe.Sizeof(process{}); size > class-header {
		t.Errorf("%d bytes", size)
	}
}

// TestMemory: 10,000 processes take what they may, 100,000 short-lived ones
// beside them nothing; and nobody asks /proc or a file about any of them.
func TestMemory(t *testing.T) {
	s := newTree(t, func(o *Options) { o.NoEnvironment = true })
	var ev event.Event
	apply := func(r record) {
		if _, err := s.Apply(bpf.Raw(r), &ev); err != nil {
			t.Fatal(err)
		}
	}
	at := uint64(now)
	when := func(r record) record {
		bpf.Raw(r).Header().Time = at
		return r
	}
	run := func(p who, argument int) {
		at += second / 1000
		apply(when(p.process(bpf.CauseFork, shell, "bash")))
		apply(when(p.exec(shell, "/usr/sbin/worker", "--config", "/etc/worker/worker.conf", fmt.Sprintf("--slot=%d", argument))))
		ev.Process.CommandLine()
		ev.Process.EntityID()
	}
	start, before := heap(), s.Counts()
	const processes, short = 10_000, 100_000
	for i := range processes {
		run(who(1000+i), i%16)
	}
	full := heap()
	if each := (full - start) / processes; each > bytesPerProcess {
		t.Errorf("%d bytes for each process, %d at most", each, bytesPerProcess)
	} else {
		t.Logf("%d bytes for each process", each)
	}
	known := s.Processes()
	for i := range short {
		p := who(100_000 + i)
		run(p, i)
		apply(when(p.exit(0, 0)))
	}
	at += 2 * grace
	apply(when(system.rename("systemd")))
	if s.Processes() != known {
		t.Errorf("%d processes, were %d", s.Processes(), known)
	}
	const slack = 16 << 20 // interned arguments, paths, and tables that have grown for those that just ended
	if after := heap(); after > full+slack {
		t.Errorf("%d KiB more after %d processes", (after-full)>>10, short)
	}
	c := s.Counts()
	if c.ProgramsEvicted == 0 {
		t.Error("all arguments of the short-lived ones are kept")
	}
	if c.ProgramsEvicted = 0; c != before {
		t.Errorf("%+v, before %+v", c, before)
	}
	runtime.KeepAlive(s)
}

func TestPrograms(t *testing.T) {
	programs := newPrograms(1000)
	one := programs.of([]byte("/bin/ls\x00-l\x00"), false)
	if one.exe != "/bin/ls" || len(one.args) != 1 || one.args[0] != "-l" {
		t.Errorf("%+v", one)
	}
	if programs.of([]byte("/bin/ls\x00-l\x00"), false) != one {
		t.Error("the same arguments twice")
	}
	for i := range 100 {
		programs.of([]byte("/bin/ls\x00-l\x00"), false)
		programs.of(fmt.Appendf(nil, "/bin/ls\x00%d\x00", i), false)
	}
	if programs.of([]byte("/bin/ls\x00-l\x00"), false) != one {
		t.Error("arguments in use were given up")
	}
	if n := len(programs.young) + len(programs.old); n > 20 || programs.evicted != uint64(101-n) {
		t.Errorf("%d of 101 are kept, %d evicted", n, programs.evicted)
	}
	if cut := programs.of([]byte("x\x00ha"), true); len(cut.args) != 1 || cut.args[0] != "ha" {
		t.Errorf("cut: %+v", cut)
	}
	if p := programs.of([]byte("\x00"), false); p.exe != "" || p.args == nil || len(p.args) != 0 {
		t.Errorf("an empty argv[0]: %+v", p)
	}
}
