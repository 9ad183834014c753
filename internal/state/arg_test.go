package state

import (
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// longs are numbers as they lie in memory.
func longs[T any](numbers ...T) []byte {
	var b []byte
	for _, n := range numbers {
		b = append(b, bytesOf(n)...)
	}
	return b
}

func compat(r record) record {
	return changed(r, func(h *bpf.WireHeader) { h.Via = bpf.ViaCompat })
}

var pipe = bpf.WireFile{Magic: magicPipe, Mode: unix.S_IFIFO, Ino: 55}

// structures are calls whose parameters lie in memory.
var structures = map[string]struct {
	r    record
	args map[string]event.Arg
}{
	"pipe": {
		r: shell.call("pipe", 0, 1).file(pipe, "").file(pipe, "").block(bpf.BlockBytes, 0, longs[int32](4, 5)),
		args: map[string]event.Arg{
			"fd1": {Valid: true, Num: 4, FD: &event.FD{Type: event.FDPipe, Ino: 55, Mode: unix.S_IFIFO}},
			"fd2": {Valid: true, Num: 5, FD: &event.FD{Type: event.FDPipe, Ino: 55, Mode: unix.S_IFIFO}},
			"ino": {Valid: true, Num: 55},
		},
	},
	"pipe that failed": {
		r:    shell.call("pipe", -24, 1).none().none().none(),
		args: map[string]event.Arg{"fd1": {}, "fd2": {}, "ino": {}},
	},
	"limits": {
		r:    shell.call("getrlimit", 0, 7, 1).block(bpf.BlockBytes, 0, longs[uint64](1024, ^uint64(0))),
		args: map[string]event.Arg{"cur": {Valid: true, Num: 1024}, "max": {Valid: true, Num: -1}},
	},
	"limits of a 32-bit program": {
		r:    compat(shell.call("getrlimit", 0, 7, 1).block(bpf.BlockBytes, 0, longs[uint32](1024, ^uint32(0), 1, 2))),
		args: map[string]event.Arg{"cur": {Valid: true, Num: 1024}, "max": {Valid: true, Num: -1}},
	},
	"time": {
		r:    shell.call("nanosleep", 0, 1).block(bpf.BlockBytes, 0, longs[uint64](2, 5)),
		args: map[string]event.Arg{"interval": {Valid: true, Num: 2*second + 5}},
	},
	"time of a 32-bit program": {
		r:    compat(shell.call("nanosleep", 0, 1).block(bpf.BlockBytes, 0, longs[uint32](2, 5, 7, 7))),
		args: map[string]event.Arg{"interval": {Valid: true, Num: 2*second + 5}},
	},
	"time that is not there": {
		r:    shell.call("nanosleep", -14, 1).block(bpf.BlockBytes, bpf.BlockFault, nil),
		args: map[string]event.Arg{"interval": {}},
	},
	"one operation": {
		r: shell.call("semop", 0, 9, 1, 1).block(bpf.BlockBytes, 0, longs[uint16](3, 0xffff, 0x1000)),
		args: map[string]event.Arg{
			"sem_num_0": {Valid: true, Num: 3}, "sem_op_0": {Valid: true, Num: -1}, "sem_flg_0": {Valid: true, Num: 0x1000},
			"sem_num_1": {}, "sem_op_1": {}, "sem_flg_1": {},
		},
	},
	"ready": {
		r: shell.call("poll", 2, 1, 3, ^uint64(0)).
			block(bpf.BlockBytes, 0, slices.Concat(longs[int32](4, 1<<16), longs[int32](9, 4), longs[int32](7, 0x11<<16))),
		args: map[string]event.Arg{"fds": {Valid: true, Text: "4:?1 7:?11"}, "timeout": {Valid: true, Num: -1}},
	},
	"none ready": {
		r:    shell.call("poll", 0, 1, 1, 5).block(bpf.BlockBytes, 0, longs[int32](4, 1)),
		args: map[string]event.Arg{"fds": {Valid: true}, "timeout": {Valid: true, Num: 5}},
	},
	"position": {
		r:    shell.call("pread", 0, 3, 1, 2, 1<<33, 7).none().none(),
		args: map[string]event.Arg{"pos": {Valid: true, Num: 1 << 33}},
	},
	"position of a 32-bit program": {
		r:    compat(shell.call("pread", 0, 3, 1, 2, 5, 1).none().none()),
		args: map[string]event.Arg{"pos": {Valid: true, Num: 1<<32 | 5}},
	},
	"offset, upper half first": {
		r:    compat(shell.call("llseek", 0, 3, 1, 5, 1, 0).none()),
		args: map[string]event.Arg{"offset": {Valid: true, Num: 1<<32 | 5}},
	},
	"option of another level": {
		r: shell.call("setsockopt", 0, 3, 6, 1, 1, 4).none().block(bpf.BlockBytes, 0, longs[int32](1)),
		args: map[string]event.Arg{
			"level": {Valid: true, Num: 6}, "optname": {Valid: true, Num: -1}, "val": {Valid: true, Num: 1},
		},
	},
	"texts of keyctl": {
		r: shell.call("keyctl", 0, 10, ^uint64(1), 1, 2, 3).none().text(bpf.BlockString, "user").text(bpf.BlockString, "k"),
		args: map[string]event.Arg{
			"arg2": {Valid: true, Num: -2}, "arg3": {Valid: true, Text: "user"}, "arg4": {Valid: true, Text: "k"},
			"arg5": {Valid: true, Num: 3},
		},
	},
	"numbers of keyctl": {
		r:    shell.call("keyctl", 0, 3, 7, 8, 9, 10).none().none().none(),
		args: map[string]event.Arg{"arg2": {Valid: true, Num: 7}, "arg3": {Valid: true, Num: 8}, "arg5": {}},
	},
	"closed": {
		r:    shell.call("close", 0, 5),
		args: map[string]event.Arg{"fd": {Valid: true, Num: 5}},
	},
	"opened by handle": {
		r:    shell.call("open_by_handle_at", 3, 4, 1, 0).file(shadow, "/etc/shadow").none(),
		args: map[string]event.Arg{"path": {Valid: true, Text: "/etc/shadow", Path: "/etc/shadow"}, "ino": {Valid: true, Num: 42}},
	},
	"raw": {
		r:    shell.call("sched_yield", 0, 1, ^uint64(0), 3, 4, 5, 6),
		args: map[string]event.Arg{"arg1": {Valid: true, Num: 1}, "arg2": {Valid: true, Num: -1}, "arg6": {Valid: true, Num: 6}},
	},
}

func TestStructures(t *testing.T) {
	for name, tt := range structures {
		t.Run(name, func(t *testing.T) {
			ev := must(t, newTree(t), tt.r)
			for name, want := range tt.args {
				if diff := equal(want, argOf(t, ev, name)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestSecondDescriptorIsTheEvents(t *testing.T) {
	if ev := must(t, newTree(t), structures["pipe"].r); ev.FDNum != 5 || ev.FD == nil || ev.FD.Type != event.FDPipe {
		t.Errorf("descriptor %d %+v", ev.FDNum, ev.FD)
	}
}

// Users and groups in arguments have the names that they have where the
// process is, whoever they are.
func TestAccountsInArguments(t *testing.T) {
	s := newTree(t)
	for _, test := range []struct{ call, param, want string }{{"setuid", "uid", "alice"}, {"setgid", "gid", "staff"}} {
		for id, want := range map[uint64]string{1000: test.want, 0: "root", 4711: ""} {
			ev := must(t, s, shell.call(test.call, 0, id))
			if a := argOf(t, ev, test.param); a.Num != int64(id) || a.Text != want {
				t.Errorf("%s of %d: %+v, want %q", test.call, id, a, want)
			}
		}
	}
}
