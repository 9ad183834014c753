package bpf

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// endings is how many processes end with all their threads at once.
const endings = 50

func init() {
	acts["end at once"] = func(string) error {
		const threads = 16
		var ready atomic.Int32
		for range threads {
			go func() {
				runtime.LockOSThread()
				ready.Add(1)
				_ = unix.Pause() // until the process ends, which wakes all of them
			}()
		}
		for ready.Load() < threads {
			runtime.Gosched()
		}
		unix.Exit(3)
		return nil
	}
}

// A process ends once, though each of several threads may find that no other lives. Where the
// tracepoint doesn't say which one was the last, who reads the records has to see to that.
func TestExitOfThreads(t *testing.T) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("this kernel doesn't describe its types: ", err)
	}
	t.Run("said", func(t *testing.T) {
		if argumentsOf(kernel, "sched_process_exit") < 2 {
			t.Skip("this kernel doesn't say which thread is the last one")
		}
		linger(t)
		for _, told := range endAtOnce(t, ownSensor(t)) {
			if told != 1 {
				t.Errorf("an end was told %d times", told)
			}
		}
	})
	t.Run("counted", func(t *testing.T) {
		linger(t)
		unsaid := func(spec *ebpf.CollectionSpec) {
			withoutPaths(spec)
			if err := spec.Variables["exit_says_last"].Set(false); err != nil {
				t.Fatal(err)
			}
		}
		more := 0
		for _, told := range endAtOnce(t, sensorWith(t, Options{RingBytes: 1 << 20, adjust: unsaid})) {
			more += told - 1
		}
		t.Logf("%d ends were told by %d records", endings, endings+more)
	})
}

// endAtOnce lets processes end, and gives how many times each end was told.
func endAtOnce(t *testing.T, s *Sensor) (times []int) {
	t.Helper()
	for range endings {
		cmd := ourselves("end at once", "")
		_ = cmd.Run() // which ends with a status of its own
		told := 0
		take := func(raw Raw) {
			if h := raw.Header(); h.Type != TypeExit || h.Pid != uint32(cmd.Process.Pid) {
				return
			}
			told++
			if status := at[WireExit](raw).Status; status != 3<<8 {
				t.Errorf("ended with %d", status)
			}
		}
		for deadline := time.Now().Add(10 * time.Second); told == 0; {
			if _, err := s.Read(take); err != nil {
				t.Fatal(err)
			}
			if time.Now().After(deadline) {
				t.Fatal("the end of a process was not told")
			}
		}
		times = append(times, told)
	}
	return times
}

// linger has threads of our programs stay for a while between the point where the
// kernel counts them out and where the sensor hears of it.
func linger(t *testing.T) {
	t.Helper()
	const rounds = 20_000
	own := make([]byte, 16)
	copy(own[:15], filepath.Base(os.Args[0]))
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: "linger", Type: ebpf.Tracing, AttachType: ebpf.AttachTraceRawTp, AttachTo: "sched_process_exit", License: "GPL",
		Instructions: asm.Instructions{
			asm.Mov.Reg(asm.R1, asm.RFP), asm.Add.Imm(asm.R1, -16), asm.Mov.Imm(asm.R2, 16),
			asm.FnGetCurrentComm.Call(),
			asm.LoadMem(asm.R1, asm.RFP, -16, asm.DWord),
			asm.LoadImm(asm.R2, int64(binary.NativeEndian.Uint64(own)), asm.DWord),
			asm.Mov.Imm(asm.R6, 0),
			asm.JNE.Reg(asm.R1, asm.R2, "end"),
			asm.Add.Imm(asm.R6, 1).WithSymbol("round"),
			asm.JLT.Imm(asm.R6, rounds, "round"),
			asm.Mov.Imm(asm.R0, 0).WithSymbol("end"),
			asm.Return(),
		},
	})
	if err != nil {
		t.Skip("this machine takes no program that waits: ", err)
	}
	t.Cleanup(func() { _ = program.Close() })
	attached, err := link.AttachTracing(link.TracingOptions{Program: program})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = attached.Close() })
}
