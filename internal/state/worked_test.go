package state

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// worked is the two blocks of a path whose own the kernel saw being used.
func (r record) worked(given string, path string, flags uint16) record {
	return r.text(bpf.BlockString, given).block(bpf.BlockDir, bpf.BlockWhole|flags, leafFirst(path))
}

// The path that a call worked on is told, whatever was given by its end.
func TestWorkedPath(t *testing.T) {
	for name, tt := range map[string]struct {
		r    record
		args map[string]event.Arg
	}{
		"changed meanwhile": {
			shell.call("unlinkat", 0, atCwd, 1, 0).none().worked("decoy", "/etc/shadow", 0),
			map[string]event.Arg{"name": {Valid: true, Text: "decoy", Path: "/etc/shadow"}},
		},
		"both of two": {
			shell.call("renameat2", 0, atCwd, 1, atCwd, 2, 0).none().worked("a", "/x/a", 0).none().worked("/b", "/y/b", 0),
			map[string]event.Arg{
				"oldpath": {Valid: true, Text: "a", Path: "/x/a"}, "newpath": {Valid: true, Text: "/b", Path: "/y/b"},
			},
		},
		"no more to be read": {
			shell.call("rmdir", 0, 1).block(bpf.BlockString, bpf.BlockFault, nil).
				block(bpf.BlockDir, bpf.BlockWhole, leafFirst("/tmp/d")),
			map[string]event.Arg{"path": {Valid: true, Text: "/tmp/d", Path: "/tmp/d"}},
		},
		"cut": {
			shell.call("truncate", 0, 1, 0).worked("x", "/a/x", bpf.BlockCut),
			map[string]event.Arg{"path": {Valid: true, Cut: true, Text: "x", Path: ".../a/x"}},
		},
		"failed": {
			shell.call("chmod", -int64(unix.EPERM), 1, 0o777).worked("/proc/self/cwd/x", "/root/x", 0),
			map[string]event.Arg{"filename": {Valid: true, Text: "/proc/self/cwd/x", Path: "/root/x"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newHost(t)
			feed(t, s, shell.process(bpf.CauseScan, 1, "sh"))
			ev := must(t, s, tt.r)
			for i, p := range ev.Row.Params {
				if want, ok := tt.args[p.Name]; ok {
					if diff := equal(want, ev.Args[i]); diff != "" {
						t.Errorf("%s: %s", p.Name, diff)
					}
				}
			}
		})
	}
}
