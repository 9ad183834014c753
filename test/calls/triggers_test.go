package calls

import (
	"os"
	"os/signal"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// triggers are those of all rows, in the order in which the actor makes the calls.
func triggers() []trigger {
	return slices.Concat(fileTriggers, factTriggers, mountTriggers, ioTriggers, netTriggers, memoryTriggers,
		ipcTriggers, waitTriggers, userTriggers, kernelTriggers, processTriggers, rawTriggers(), lastTriggers)
}

// rawTriggers are those of calls known by name only: their arguments are none
// that such a call could do anything with.
func rawTriggers() (all []trigger) {
	for _, row := range syscalls.Rows() {
		if !isRaw(row) || unreachable[row.Name] != "" || row.Name == "pause" {
			continue
		}
		all = append(all, trigger{row.Name, func(a *actor) string {
			a.call(minus(1), minus(2), minus(3), minus(4), minus(5), minus(6))
			if a.native() {
				return "arg1=FFFFFFFFFFFFFFFF arg2=FFFFFFFFFFFFFFFE arg3=FFFFFFFFFFFFFFFD arg4=FFFFFFFFFFFFFFFC " +
					"arg5=FFFFFFFFFFFFFFFB arg6=FFFFFFFFFFFFFFFA"
			}
			return "arg1=FFFFFFFF arg2=FFFFFFFE arg3=FFFFFFFD arg4=FFFFFFFC arg5=FFFFFFFB arg6=FFFFFFFA"
		}})
	}
	return all
}

func isRaw(row *syscalls.Row) bool { return len(row.Params) == 8 && row.Params[2].Name == "arg1" }

// lastTriggers are calls after which the actor is no longer what it was.
var lastTriggers = []trigger{
	{"pause", func(a *actor) string {
		// What ends the pause is a signal to this thread, which may have blocked all.
		if r := raw(unix.SYS_RT_SIGPROCMASK, []uintptr{2, a.longs(0), 0, 8}); r != 0 {
			panic(r)
		}
		signal.Notify(make(chan os.Signal, 1), unix.SIGALRM)
		again := time.NewTicker(50 * time.Millisecond) // on a busy machine the first may come before the pause
		defer again.Stop()
		go func() {
			for range again.C {
				unix.Tgkill(a.pid, a.pid, unix.SIGALRM)
			}
		}()
		a.call()
		return "arg1=*"
	}},
	{"procexit", func(*actor) string { return "status=0 ret=0 sig=0 core=0 reaper_tid=0" }},
}
