package bpf

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/uring"
)

// Every operation that this kernel has is told as a call of the table whose
// arguments are found, or there is a reason why not.
func TestOperations(t *testing.T) {
	for opcode, o := range operations {
		switch {
		case (o.row == "") == (o.reason == ""):
			t.Errorf("operation %d needs a row or a reason why it has none", opcode)
		case o.row != "" && syscalls.ByName(o.row) == nil:
			t.Errorf("operation %d: there is no row %s", opcode, o.row)
		}
	}
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("this kernel doesn't describe its types: ", err)
	}
	var enum *btf.Enum
	if err := kernel.TypeByName("io_uring_op", &enum); err != nil {
		t.Skip("this kernel has no io_uring: ", err)
	}
	for _, op := range enum.Values {
		if op.Name == "IORING_OP_LAST" {
			continue
		}
		if op.Value >= uint64(len(operations)) {
			t.Errorf("%s (%d) is not in the table", op.Name, op.Value)
			continue
		}
		o := &operations[op.Value]
		shape := o.shape(kernel)
		for i, arg := range o.args {
			if arg.source != sensorWireSourceSOURCE_NONE && shape.Operands[i].Source == 0 {
				t.Errorf("%s: argument %d of %s is not found in %s", op.Name, i, o.row, o.of)
			}
		}
		if o.slot != "" && shape.Slot == 0 {
			t.Errorf("%s: no %s in %s", op.Name, o.slot, o.of)
		}
	}
}

func bytesOf(r *uring.Ring, s string) (at uint64, n uint32) { return r.Path(s), uint32(len(s)) }

// each performs requests one by one; those that the kernel lacks or the file
// system refuses are told all the same.
func each(r *uring.Ring, requests ...uring.Request) error {
	for _, request := range requests {
		results, err := r.Do(request)
		if err != nil {
			return err
		}
		e := unix.Errno(-results[0])
		if results[0] < 0 && e != unix.EINVAL && e != unix.EOPNOTSUPP {
			return fmt.Errorf("operation %d: %w", request.Opcode, e)
		}
	}
	return nil
}

var operationActs = map[string]func(string) error{
	"uring file": withRing(0, func(r *uring.Ring, dir string) error {
		file, err := unix.Open(dir+"/secret", unix.O_RDWR, 0)
		if err != nil {
			return err
		}
		fd := int32(file)
		text, n := bytesOf(r, "written")
		part, m := bytesOf(r, "vector")
		vector := uring.Address(r, &[2]uint64{part, uint64(m)})
		var st unix.Statx_t
		name, value := r.Path("user.saker"), r.Path("v")
		return each(r,
			uring.Request{Opcode: uring.OpWrite, FD: fd, Addr: text, Len: n},
			uring.Request{Opcode: uring.OpRead, FD: fd, Addr: uring.Address(r, new([7]byte)), Len: n},
			uring.Request{Opcode: uring.OpWritev, FD: fd, Addr: vector, Len: 1},
			uring.Request{Opcode: uring.OpFtruncate, FD: fd, Off: 3},
			uring.Request{Opcode: uring.OpStatx, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/link"), Len: unix.STATX_INO, Off: uring.Address(r, &st)},
			uring.Request{Opcode: uring.OpSetxattr, Addr: name, Off: value, Len: 1, Addr3: r.Path(dir + "/secret")},
			uring.Request{Opcode: uring.OpClose, FD: fd},
		)
	}),
	"uring socket": withRing(0, func(r *uring.Ring, _ string) error {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		udp, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
		if err != nil {
			return err
		}
		text, n := bytesOf(r, "sent")
		part, m := bytesOf(r, "message")
		vector := &[2]uint64{part, uint64(m)}
		header := uring.Address(r, &[7]uint64{2: uring.Address(r, vector), 3: 1})
		return each(r,
			uring.Request{Opcode: uring.OpSend, FD: int32(pair[0]), Addr: text, Len: n},
			uring.Request{Opcode: uring.OpRecv, FD: int32(pair[1]), Addr: uring.Address(r, new([4]byte)), Len: n},
			uring.Request{Opcode: uring.OpSendmsg, FD: int32(pair[0]), Addr: header, Len: 1},
			uring.Request{Opcode: uring.OpSend, FD: int32(udp), Addr: text, Len: n, Off: loopback(r, 9), Slot: unix.SizeofSockaddrInet4},
			uring.Request{Opcode: uring.OpShutdown, FD: int32(pair[0]), Len: unix.SHUT_WR},
		)
	}),
	"uring pipe": withRing(0, func(r *uring.Ring, dir string) error {
		var pipe [2]int
		if err := unix.Pipe(pipe[:]); err != nil {
			return err
		}
		file, err := unix.Open(dir+"/secret", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		const offset = ^uint64(0)
		return each(r, uring.Request{Opcode: uring.OpSplice, FD: int32(pipe[1]), Off: offset, Slot: uint32(file), Len: 1})
	}),
	// One request accepts both connections.
	"uring multishot": withRing(0, func(r *uring.Ring, _ string) error {
		server, port, err := listener()
		if err != nil {
			return err
		}
		const multishot = 1
		r.Push(uring.Request{Opcode: uring.OpAccept, FD: int32(server), Priority: multishot})
		if err := r.Enter(1, 0, 0); err != nil {
			return err
		}
		for range 2 {
			client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
			if err != nil {
				return err
			}
			if err := unix.Connect(client, &unix.SockaddrInet4{Port: int(port), Addr: [4]byte{127, 0, 0, 1}}); err != nil {
				return err
			}
			if err := r.Enter(0, 1, uring.GetEvents); err != nil {
				return err
			}
		}
		return nil
	}),
	"uring install": withRing(0, func(r *uring.Ring, dir string) error {
		if err := r.RegisterSlots(); err != nil {
			return err
		}
		open := opening(r, dir+"/secret")
		open.Slot, open.OpFlags = 2, 0
		if _, err := r.Succeed(open); err != nil {
			return err
		}
		return each(r, uring.Request{Opcode: uring.OpInstall, FD: 1, Flags: uring.FixedFile})
	}),
}

// told is what a record's blocks say, in order.
func (r record) told() string {
	var words []string
	for _, b := range r.blocks {
		switch b.Kind {
		case BlockFile:
			words = append(words, path(b.data[unsafe.Sizeof(WireFile{}):]))
		case BlockSock:
			words = append(words, "socket")
		case BlockAddr:
			if len(b.data) < unix.SizeofSockaddrInet4 {
				words = append(words, fmt.Sprintf("address %x", b.data))
				continue
			}
			at := at[syscall.RawSockaddrInet4](b.data)
			words = append(words, fmt.Sprint(at.Addr, at.Port>>8))
		case BlockDir:
			words = append(words, "from "+path(b.data))
		case BlockNone:
			words = append(words, "-")
		default:
			words = append(words, fmt.Sprintf("%q", b.data))
		}
	}
	return strings.Join(words, " ")
}

// What operations move and name is told as of the calls that do the same.
func TestUringOperations(t *testing.T) {
	rows := []string{
		"write", "read", "writev", "ftruncate", "statx", "setxattr", "close", "sendto", "recvfrom", "sendmsg", "shutdown",
		"splice", "dup",
	}
	for _, indirect := range waysToRead() {
		s := sensorOn(t, sharing{indirect: indirect}, rows...)
		dir := fixture(t)
		for act, want := range map[string][]string{
			"uring file": {
				"write " + dir + `/secret "written"`, "read " + dir + `/secret "written"`,
				"writev " + dir + `/secret "vector"`, "ftruncate " + dir + "/secret",
				"statx - " + fmt.Sprintf("%q", dir+"/link") + " from /",
				"setxattr " + fmt.Sprintf("%q", dir+"/secret") + ` from / "user.saker" "v"`, "close ",
			},
			"uring socket": {
				`sendto socket "sent" -`, `recvfrom socket "sent" -`, `sendmsg socket - "message"`,
				`sendto socket "sent" [127 0 0 1] 9`, "shutdown socket",
			},
			"uring pipe":    {"splice " + dir + "/secret /"},
			"uring install": {"dup " + dir + "/secret " + dir + "/secret"},
		} {
			t.Run(fmt.Sprintf("%s indirect=%t", act, indirect), func(t *testing.T) {
				var got []string
				for _, r := range performUring(t, s, act, dir) {
					name := syscalls.Rows()[r.Row].Name
					if r.ret != -int64(unix.EINVAL) || r.blocks != nil {
						got = append(got, name+" "+r.told())
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("got  %q\nwant %q", got, want)
				}
			})
		}
	}
}

// Each connection that one request accepts is told.
func TestUringMultishot(t *testing.T) {
	s := sensor(t, "accept4")
	accepted := 0
	for _, r := range performUring(t, s, "uring multishot", "") {
		if b := r.block(BlockSock); b != nil && r.ret >= 0 && at[WireSock](b.data).RemotePort != 0 {
			accepted++
		}
	}
	if accepted != 2 {
		t.Errorf("%d connections were told, want 2", accepted)
	}
	nothingWaits(t, s)
	var key sensorResultOf
	if err := s.objs.Results.NextKey(nil, &key); !errors.Is(err, ebpf.ErrKeyNotExist) {
		t.Errorf("results of a request that ended are awaited: %v", err)
	}
}
