package field

import (
	"fmt"
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/syscalls"
)

// pairs is a Source of the values that a test gives by name.
type pairs map[string]Value

func (p pairs) Value(r *Ref) Value { return p[r.String()] }

const threeMounts = "/etc/kubernetes:/k8s:ro:false:rprivate,/home/admin:/admin:rw:true:rslave,/proc:/host/proc::true:"

func TestDerived(t *testing.T) {
	local := time.Local
	time.Local = time.FixedZone("test", 2*60*60)
	t.Cleanup(func() { time.Local = local })
	at := pairs{"evt.rawtime": Unsigned(1_700_000_000_000_000_005)}
	mounts := pairs{"container.mounts": Str(threeMounts)}
	for _, test := range []struct {
		ref  string
		in   pairs
		want string
	}{
		{"evt.time", at, `"00:13:20.000000005"`},
		{"evt.time.s", at, `"00:13:20"`},
		{"evt.time.iso8601", at, `"2023-11-14T22:13:20.000000005+0000"`},
		{"evt.datetime", at, `"2023-11-15 00:13:20.000000005"`},
		{"evt.datetime.s", at, `"2023-11-15 00:13:20"`},
		{"evt.outputtime", at, `"00:13:20.000000005"`},
		{"evt.rawtime.s", at, "1700000000"},
		{"evt.rawtime.ns", at, "5"},
		{"evt.time", pairs{}, "missing"},

		{"container.image", pairs{"container.image.repository": Str("a/b"), "container.image.tag": Str("1"), "saker.container.digest": Str("a/b@sha256:c")}, `"a/b:1"`},
		{"container.image", pairs{"container.image.repository": Str("a/b"), "saker.container.digest": Str("a/b@sha256:c")}, `"a/b@sha256:c"`},
		{"container.image.id", pairs{"saker.container.image_id": Str("sha256:c")}, `"c"`},
		{"container.image.id", pairs{"saker.container.image_id": Str("c")}, `"c"`},
		{"container.mount[1]", mounts, `"/home/admin:/admin:rw:true:rslave"`},
		{"container.mount[3]", mounts, "missing"},
		{"container.mount[/proc*]", mounts, `"/proc:/host/proc::true:"`},
		{"container.mount.dest[/etc]", mounts, `"/k8s"`},
		{"container.mount.dest[^/admin]", mounts, "missing"},
		{"container.mount.dest[/]", mounts, `"/k8s"`},
		{"container.mount.source[^/admin]", mounts, `"/home/admin"`},
		{"container.mount.mode[0]", mounts, `"ro"`},
		{"container.mount.rdwr[1]", mounts, `"true"`},
		{"container.mount.propagation[1]", mounts, `"rslave"`},
		{"container.mount.dest[(]", mounts, "missing"},
		{"container.mount.dest[0]", pairs{"container.mounts": UnknownValue}, "unknown"},
		{"container.mount.dest[0]", pairs{"container.mounts": Str("")}, "missing"},

		{"fd.name", pairs{"saker.file.path": Str("/x")}, `"/x"`},
		{"fd.name", pairs{"saker.file.path": Str("/x"), "evt.type": Str("unlink")}, "missing"},
		{"fd.name", pairs{"saker.server.address": Str("10.0.0.1"), "fd.sport": Unsigned(80)}, `"10.0.0.1:80"`},
		{"fd.directory", pairs{"saker.file.path": Str("/x")}, `"/"`},
		{"fd.directory", pairs{"saker.file.path": Str("/a/b/c")}, `"/a/b"`},
		{"fd.filename", pairs{"saker.file.path": Str("/a/b/c")}, `"c"`},
		{"fd.filename", pairs{"fd.type": Str("unix"), "saker.fd.name": Str("/a/b")}, "missing"},
		{"fd.sip", pairs{"saker.server.address": Str("example.com")}, "missing"},
		{"fd.sip.name", pairs{"saker.server.address": Str("example.com")}, `"example.com"`},
		{"fd.sip.name", pairs{"saker.server.address": Str("::1")}, "missing"},
		{"fd.cip", pairs{"saker.client.address": Str("fe80::1%eth0")}, "fe80::1"},
		{"fs.path.name", pairs{"saker.file.path": Str("/x")}, `"/x"`},
		{"fs.path.name", pairs{"saker.file.path": Str("/x"), "evt.type": Str("connect")}, "missing"},

		{"container.id", pairs{}, "missing"},
		{"container.id", pairs{"evt.type": Str("open")}, `"host"`},
		{"container.id", pairs{"saker.container.id": Str("abc")}, `"abc"`},
		{"container.id", pairs{"saker.container.id": Str("0123456789abcdef")}, `"0123456789ab"`},
		{"container.name", pairs{"evt.type": Str("open"), "saker.container.id": Str("abc")}, "missing"},
		{"container.name", pairs{"evt.type": Str("open"), "saker.container.name": UnknownValue}, "unknown"},
		{"container.image", pairs{"container.image.repository": Str("nginx")}, `"nginx"`},
		{"container.image", pairs{"container.image.repository": UnknownValue}, "unknown"},
		{"container.image.digest", pairs{"saker.container.digest": Str("nginx@sha256:1")}, `"sha256:1"`},
		{"user.name", pairs{"user.uid": Unsigned(7)}, `"<NA>"`},
		{"user.name", pairs{}, "missing"},
		{"proc.args", pairs{"saker.proc.args": Strs([]string{"ls"})}, `""`},
		{"proc.args", pairs{"saker.proc.args": Strs([]string{"ls", "", "b c"})}, `" b c"`},
		{"proc.args[1]", pairs{"saker.proc.args": Strs([]string{"ls", "", "b c"})}, `"b c"`},
		{"proc.cmdnargs", pairs{"saker.proc.args": Strs(nil)}, "0"},
		{"proc.cwd", pairs{"saker.proc.cwd": Str("/")}, `"/"`},
		{"evt.is_open_write", pairs{"evt.type": Str("open")}, "missing"},
		{"evt.is_open_write", pairs{"evt.type": Str("openat"), "evt.arg.flags": Str("O_CREAT|O_WRONLY")}, "true"},
		{"evt.is_open_write", pairs{"evt.type": Str("openat"), "evt.arg.flags": UnknownValue}, "unknown"},
		{"evt.is_open_exec", pairs{"evt.type": Str("openat"), "evt.arg.flags": Str("O_CREAT"), "evt.arg.mode": Str("644")}, "false"},
		{"syscall.type", pairs{"evt.type": Str("procexit")}, "missing"},

		{"evt.abspath", pairs{"evt.type": Str("linkat"), "fs.path.source": Str("/new"), "saker.fs.path.target": Str("/old")}, `"/old"`},
		{"evt.abspath.dst", pairs{"evt.type": Str("linkat"), "fs.path.source": Str("/new")}, `"/new"`},
		{"evt.abspath", pairs{"evt.type": Str("open"), "saker.file.path": Str("/x")}, "missing"},
		{"evt.abspath.dst", pairs{"evt.type": Str("openat"), "saker.file.path": Str("/x")}, "missing"},
		{"evt.count.error.memory", pairs{"evt.type": Str("mmap"), "evt.rawres": Num(-12)}, "1"},
		{"evt.count.error.file", pairs{"evt.type": Str("mmap"), "evt.rawres": Num(-12), "fd.type": Str("file")}, "1"},
		{"evt.count.error.other", pairs{"evt.type": Str("mmap"), "evt.rawres": Num(-12)}, "missing"},
		{"evt.count.error.file", pairs{"evt.rawres": Num(-12), "fd.type": Str("file")}, "missing"},
		{"evt.buflen.in", pairs{"evt.type": Str("recvfrom"), "evt.rawres": Num(9), "fd.type": Str("pipe")}, "9"},
		{"evt.buflen.out", pairs{"evt.type": Str("recvfrom"), "evt.rawres": Num(9), "fd.type": Str("pipe")}, "missing"},
		{"evt.buflen.file", pairs{"evt.type": Str("recvfrom"), "evt.rawres": Num(9), "fd.type": Str("file")}, "9"},
		{"evt.buflen.file.in", pairs{"evt.type": Str("recvfrom"), "evt.rawres": Num(9), "fd.type": Str("file")}, "9"},
		{"evt.buflen.file.out", pairs{"evt.type": Str("sendto"), "evt.rawres": Num(9), "fd.type": Str("file")}, "9"},
		{"evt.buflen.net.in", pairs{"evt.type": Str("recvfrom"), "evt.rawres": Num(9), "fd.type": Str("ipv6")}, "9"},
		{"evt.buflen.net.in", pairs{"evt.type": Str("recvfrom"), "evt.rawres": Num(9), "fd.type": Str("unix")}, "missing"},
		{"thread.vtid", pairs{"thread.tid": Num(8), "proc.pid": Num(7), "proc.vpid": Num(7)}, "8"},
		{"thread.vtid", pairs{"thread.tid": Num(8), "proc.pid": Num(7), "proc.vpid": Num(2)}, "missing"},
		{"proc.vmsize", pairs{}, "missing"},
		{"syscall.type", pairs{"evt.type": Str("getpid")}, `"getpid"`},
	} {
		ref, err := Falco().Ref(test.ref)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := text(Eval(test.in, ref)); got != test.want {
			t.Errorf("%s of %v: got %s, want %s", test.ref, test.in, got, test.want)
		}
	}
}

// TestMemo: what is remembered is of its own number, whatever has the same place.
func TestMemo(t *testing.T) {
	var m memo
	files, modes := new(syscalls.Values), new(syscalls.Values)
	kept := 0
	for i := range uint64(8 * len(m)) {
		for _, of := range []*syscalls.Values{nil, files, modes} {
			if s, ok := m.get(of, i); ok {
				t.Fatalf("%q for a number that nobody put", s)
			}
			m.put(of, i, fmt.Sprint(of == files, i))
			if s, ok := m.get(of, i); !ok || s != fmt.Sprint(of == files, i) {
				t.Fatalf("%q, %t", s, ok)
			}
		}
	}
	for i := range uint64(8 * len(m)) {
		for _, of := range []*syscalls.Values{nil, files, modes} { // whose are how many, their addresses say
			if s, ok := m.get(of, i); ok {
				if kept++; s != fmt.Sprint(of == files, i) {
					t.Errorf("%q for %d", s, i)
				}
			}
		}
	}
	if kept < len(m)/2 {
		t.Errorf("%d texts are kept", kept)
	}
}
