package bpf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/uring"
)

// opening is a request for the file "secret" of a directory, by a name that leads there.
func opening(r *uring.Ring, path string) uring.Request {
	return uring.Request{Opcode: uring.OpOpenat, FD: unix.AT_FDCWD, Addr: r.Path(path), OpFlags: unix.O_CLOEXEC}
}

// withRing makes an act of what is done with a ring.
func withRing(flags uint32, act func(r *uring.Ring, dir string) error) func(string) error {
	return func(dir string) error {
		runtime.LockOSThread()
		r, err := uring.New(flags)
		if err != nil {
			return err
		}
		return act(r, dir)
	}
}

// Acts through io_uring.
var uringActs = map[string]func(dir string) error{
	"uring open": withRing(0, func(r *uring.Ring, dir string) error {
		fd, err := unix.Open(dir, unix.O_PATH, 0)
		if err != nil {
			return err
		}
		relative := opening(r, "link")
		relative.FD = int32(fd)
		if _, err := r.Succeed(relative); err != nil {
			return err
		}
		results, err := r.Do(opening(r, dir+"/missing"))
		if err == nil && unix.Errno(-results[0]) != unix.ENOENT {
			err = fmt.Errorf("open of a missing file: %d", results[0])
		}
		return err
	}),
	"uring openat2": withRing(0, func(r *uring.Ring, dir string) error {
		how := &unix.OpenHow{Flags: unix.O_RDONLY, Resolve: unix.RESOLVE_NO_MAGICLINKS}
		request := opening(r, dir+"/secret")
		request.Opcode, request.Off, request.Len, request.OpFlags = uring.OpOpenat2, uring.Address(r, how), uint32(unsafe.Sizeof(*how)), 0
		_, err := r.Succeed(request)
		return err
	}),
	"uring async": withRing(0, func(r *uring.Ring, dir string) error {
		request := opening(r, dir+"/secret")
		request.Flags = uring.Async
		_, err := r.Succeed(request)
		return err
	}),
	"uring linked": withRing(0, func(r *uring.Ring, dir string) error {
		first, second := opening(r, dir), opening(r, dir+"/secret")
		first.Flags, second.Flags = uring.Link, uring.Drain
		_, err := r.Succeed(first, second)
		return err
	}),
	"uring sqpoll": withRing(uring.SetupSQPoll, func(r *uring.Ring, dir string) error {
		_, err := r.Succeed(opening(r, dir+"/secret"))
		return err
	}),
	"uring skip": withRing(0, func(r *uring.Ring, dir string) error {
		request := opening(r, dir+"/secret")
		request.Flags = uring.Skip
		if err := openUnseen(r, request); err != nil {
			return err
		}
		if done := r.Completions(); len(done) != 0 {
			return fmt.Errorf("a completion that was to be skipped: %+v", done)
		}
		return nil
	}),
	"uring overflow": withRing(0, func(r *uring.Ring, dir string) error {
		for range r.CompletionEntries() + 1 {
			r.Push(opening(r, "/nowhere"))
			if err := r.Enter(1, 0, 0); err != nil {
				return err
			}
		}
		return openUnseen(r, opening(r, dir+"/secret"))
	}),
	// The completion waits until the program asks for it, and by then the
	// descriptor is another file's.
	"uring delayed": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, dir string) error {
		next, err := nextFD()
		if err != nil {
			return err
		}
		request := opening(r, dir+"/secret")
		request.Flags = uring.Async
		if err := openUnseen(r, request); err != nil {
			return err
		}
		null, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		if err := unix.Dup2(null, next); err != nil {
			return err
		}
		return r.Enter(0, 1, uring.GetEvents)
	}),
	"uring direct": withRing(0, func(r *uring.Ring, dir string) error {
		if err := r.RegisterSlots(); err != nil {
			return err
		}
		chosen, any := opening(r, dir+"/secret"), opening(r, dir+"/link")
		chosen.Slot, chosen.OpFlags = 3, 0
		any.Slot, any.OpFlags = uring.AllocSlot, 0
		_, err := r.Succeed(chosen, any)
		return err
	}),
	// One call opens, and closes what it opened.
	"uring batch": withRing(0, func(r *uring.Ring, dir string) error {
		if err := r.RegisterSlots(); err != nil {
			return err
		}
		open := opening(r, dir+"/secret")
		open.Slot, open.OpFlags, open.Flags = 1, 0, uring.Skip
		r.Push(open, uring.Request{Opcode: uring.OpClose, Slot: 1, Flags: uring.Skip})
		if err := r.Enter(2, 0, 0); err != nil {
			return err
		}
		if done := r.Completions(); len(done) != 0 {
			return fmt.Errorf("operations failed: %+v", done)
		}
		return nil
	}),
	"uring names": withRing(0, func(r *uring.Ring, dir string) error {
		requests := []uring.Request{
			{Opcode: uring.OpMkdirat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/made"), Len: 0o700},
			{Opcode: uring.OpSymlinkat, FD: unix.AT_FDCWD, Addr: r.Path("target"), Off: r.Path(dir + "/symbolic")},
			{Opcode: uring.OpLinkat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/secret"), Len: cwd, Off: r.Path(dir + "/hard")},
			{Opcode: uring.OpRenameat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/hard"), Len: cwd, Off: r.Path(dir + "/moved")},
			{Opcode: uring.OpUnlinkat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/moved")},
		}
		for _, request := range requests {
			if _, err := r.Succeed(request); err != nil {
				return err
			}
		}
		return nil
	}),
	"uring net": withRing(0, func(r *uring.Ring, _ string) error { return converse(r) }),
	"uring pending": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, _ string) error {
		server, _, err := listener()
		if err != nil {
			return err
		}
		r.Push(uring.Request{Opcode: uring.OpAccept, FD: int32(server)})
		return r.Enter(1, 0, 0)
	}),
	"uring many": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, dir string) error {
		server, _, err := listener()
		if err != nil {
			return err
		}
		for range waitingMax {
			r.Push(uring.Request{Opcode: uring.OpAccept, FD: int32(server)})
			if err := r.Enter(1, 0, 0); err != nil {
				return err
			}
		}
		return openUnseen(r, opening(r, dir+"/secret"))
	}),
	"uring sqpoll skip": withRing(uring.SetupSQPoll, func(r *uring.Ring, dir string) error {
		request := opening(r, dir+"/secret")
		request.Flags = uring.Skip
		return openUnseen(r, request)
	}),
	"uring connecting": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, _ string) error {
		return connecting(r)
	}),
	"uring flood": withRing(0, func(r *uring.Ring, _ string) error {
		for range flood / uring.Entries {
			batch := make([]uring.Request, uring.Entries)
			for i := range batch {
				batch[i] = opening(r, "/nowhere")
			}
			if _, err := r.Do(batch...); err != nil {
				return err
			}
			r.Unpin()
		}
		return nil
	}),
}

// nextFD is the number that the next descriptor will have.
func nextFD() (int, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	return fd, unix.Close(fd)
}

// openUnseen submits a request, and knows by the descriptor alone that it was performed.
func openUnseen(r *uring.Ring, request uring.Request) error {
	next, err := nextFD()
	if err != nil {
		return err
	}
	r.Push(request)
	if err := r.Enter(1, 0, 0); err != nil {
		return err
	}
	var st unix.Stat_t
	for range 1000 {
		if unix.Fstat(next, &st) == nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("the file is not open after a second")
}

// cwd is AT_FDCWD in a request's length, which holds a second directory.
const cwd = 1<<32 + unix.AT_FDCWD

func loopback(r *uring.Ring, port uint16) uint64 {
	return uring.Address(r, &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: [4]byte{127, 0, 0, 1}})
}

// converse listens and connects to itself, all through the ring.
func converse(r *uring.Ring) error {
	made, err := r.Succeed(uring.Request{Opcode: uring.OpSocket, FD: unix.AF_INET, Off: unix.SOCK_STREAM},
		uring.Request{Opcode: uring.OpSocket, FD: unix.AF_INET, Off: unix.SOCK_STREAM})
	if err != nil {
		return err
	}
	server, client := made[0], made[1]
	if _, err := r.Succeed(uring.Request{Opcode: uring.OpBind, FD: server, Addr: loopback(r, 0), Off: unix.SizeofSockaddrInet4}); err != nil {
		return err
	}
	bound, err := unix.Getsockname(int(server))
	if err != nil {
		return err
	}
	if _, err := r.Succeed(uring.Request{Opcode: uring.OpListen, FD: server, Len: 1}); err != nil {
		return err
	}
	to := loopback(r, uint16(bound.(*unix.SockaddrInet4).Port))
	_, err = r.Succeed(uring.Request{Opcode: uring.OpAccept, FD: server},
		uring.Request{Opcode: uring.OpConnect, FD: client, Addr: to, Off: unix.SizeofSockaddrInet4})
	return err
}

// listener is a socket of loopback with the shortest queue, and its port.
func listener() (fd int, port uint16, err error) {
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err != nil {
		return 0, 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, 0, err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return 0, 0, err
	}
	return fd, uint16(bound.(*unix.SockaddrInet4).Port), unix.Listen(fd, 0)
}

// connecting has a connection begin that nobody answers: one more than the
// listener's queue can hold. It never fetches the completion.
func connecting(r *uring.Ring) error {
	_, port, err := listener()
	if err != nil {
		return err
	}
	to := loopback(r, port)
	for range 3 {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		r.Push(uring.Request{Opcode: uring.OpConnect, FD: int32(client), Addr: to, Off: unix.SizeofSockaddrInet4})
		if err := r.Enter(1, 0, 0); err != nil {
			return err
		}
	}
	return nil
}

// performUring performs an act, and gives the calls that it made through
// io_uring; it skips where the machine has no io_uring.
func performUring(t *testing.T, s *Sensor, act, dir string) (found []record) {
	t.Helper()
	needRing(t, s)
	pid, records := perform(t, s, act, dir)
	for _, r := range records {
		if r.Type != TypeCall || r.Via != ViaIOUring {
			continue
		}
		if r.Pid != pid || strings.HasPrefix(r.comm, "iou-") {
			t.Errorf("%s is told of %q in process %d, want a thread of %d that is the program's", act, r.comm, r.Pid, pid)
		}
		found = append(found, r)
	}
	return found
}

func needRing(t *testing.T, s *Sensor) {
	t.Helper()
	r, err := uring.New(0)
	if errors.Is(err, uring.ErrRefused) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if missing := lacking(s, "io_uring"); missing != "" {
		t.Skip("this kernel lacks ", missing)
	}
}

// lacking is what a sensor says of something that its kernel lacks, or nothing.
func lacking(s *Sensor, word string) string {
	for _, missing := range s.Missing() {
		if strings.Contains(missing, word) {
			return missing
		}
	}
	return ""
}

func openedPath(r record) string {
	if b := r.block(BlockFile); b != nil {
		return path(b.data[unsafe.Sizeof(WireFile{}):])
	}
	return ""
}

// However a file is opened through io_uring, that is told once, by its path.
func TestUringOpen(t *testing.T) { testUringOpen(t, sensor(t, "openat", "openat2")) }

func testUringOpen(t *testing.T, s *Sensor) {
	for act, want := range map[string]int{
		"uring open": 1, "uring openat2": 1, "uring async": 1, "uring linked": 1, "uring sqpoll": 1,
		"uring skip": 1, "uring overflow": 1, "uring delayed": 1, "uring sqpoll skip": 1, "uring batch": 1, "uring direct": 2,
	} {
		t.Run(act, func(t *testing.T) {
			dir := fixture(t)
			got := 0
			for _, r := range performUring(t, s, act, dir) {
				if openedPath(r) == dir+"/secret" && r.ret >= 0 {
					got++
				}
			}
			if got != want {
				t.Errorf("%d opens of the file, want %d", got, want)
			}
		})
	}
}

// The record is that of the call: arguments, names, starting directory.
func TestUringOpenArguments(t *testing.T) {
	s := sensor(t, "openat", "openat2")
	dir := fixture(t)
	found := calls(performUring(t, s, "uring open", dir), "openat")
	if len(found) != 2 {
		t.Fatalf("%d calls of openat, want 2", len(found))
	}
	link, missing := found[0], found[1]
	if given := string(link.block(BlockString).data); given != "link" || path(link.block(BlockDir).data) != dir {
		t.Errorf("opened %q in %s", given, path(link.block(BlockDir).data))
	}
	if int32(link.args[0]) < 0 || link.args[2]&unix.O_CLOEXEC == 0 {
		t.Errorf("arguments %#x", link.args)
	}
	given := string(missing.block(BlockString).data)
	if missing.ret != -int64(unix.ENOENT) || openedPath(missing) != "" || given != dir+"/missing" || int32(missing.args[0]) != unix.AT_FDCWD {
		t.Errorf("open of %q: result %d, file %q, arguments %#x", given, missing.ret, openedPath(missing), missing.args)
	}
	found = calls(performUring(t, s, "uring openat2", dir), "openat2")
	if len(found) != 1 {
		t.Fatalf("%d calls of openat2, want 1", len(found))
	}
	how := found[0].block(BlockBytes)
	if how == nil || len(how.data) != 24 || at[unix.OpenHow](how.data).Resolve != unix.RESOLVE_NO_MAGICLINKS {
		t.Errorf("open_how: %+v", how)
	}
}

func TestUringNames(t *testing.T) {
	rows := []string{"mkdirat", "symlinkat", "linkat", "renameat2", "unlinkat"}
	s := sensor(t, rows...)
	dir := fixture(t)
	var got []string
	for _, r := range performUring(t, s, "uring names", dir) {
		line := fmt.Sprint(syscalls.Rows()[r.Row].Name, " ", r.ret)
		for _, b := range r.blocks {
			if b.Kind == BlockString {
				line += " " + strings.TrimPrefix(string(b.data), dir)
			}
		}
		if len(r.blocks) != blocksOf(r.Row) {
			t.Errorf("%s: %d blocks, want %d", line, len(r.blocks), blocksOf(r.Row))
		}
		got = append(got, line)
	}
	want := []string{
		"mkdirat 0 /made", "symlinkat 0 target /symbolic", "linkat 0 /secret /hard",
		"renameat2 0 /hard /moved", "unlinkat 0 /moved",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// blocksOf is how many blocks a record of the row has.
func blocksOf(row uint16) (n int) {
	for _, c := range Captures(syscalls.Rows()[row]) {
		n++
		if c.Kind == CapturePath || c.Kind == CaptureMsg {
			n++
		}
	}
	return n
}

func TestUringNet(t *testing.T) {
	s := sensor(t, "socket", "bind", "listen", "accept4", "connect")
	found := performUring(t, s, "uring net", "")
	for name, want := range map[string]int{"socket": 2, "bind": 1, "listen": 1, "accept4": 1, "connect": 1} {
		if n := len(calls(found, name)); n != want {
			t.Fatalf("%d calls of %s, want %d", n, name, want)
		}
	}
	made := calls(found, "socket")[0]
	if made.args[0] != unix.AF_INET || made.args[1] != unix.SOCK_STREAM || made.block(BlockSock) == nil {
		t.Errorf("socket: %+v", made)
	}
	bind := calls(found, "bind")[0].block(BlockAddr)
	if bind == nil || !bytes.Equal(at[syscall.RawSockaddrInet4](bind.data).Addr[:], []byte{127, 0, 0, 1}) {
		t.Errorf("bound to %+v", bind)
	}
	connect := calls(found, "connect")[0]
	to := at[syscall.RawSockaddrInet4](connect.block(BlockAddr).data)
	port := to.Port<<8 | to.Port>>8
	client := at[WireSock](connect.block(BlockSock).data)
	if connect.ret != 0 || client.RemotePort != port || !bytes.Equal(client.Remote[:4], []byte{127, 0, 0, 1}) {
		t.Errorf("connected with %d: %+v, address port %d", connect.ret, client, port)
	}
	accept := calls(found, "accept4")[0]
	if b := accept.block(BlockSock); b == nil || at[WireSock](b.data).RemotePort != client.LocalPort {
		t.Errorf("accepted %+v, want a connection from port %d", accept.blocks, client.LocalPort)
	}
}

// A connection can be in use before its operation completes, which the
// program need never wait for.
func TestUringConnecting(t *testing.T) {
	s := sensor(t, "connect")
	results := map[int64]int{}
	for _, r := range performUring(t, s, "uring connecting", "") {
		results[r.ret]++
		if b := r.block(BlockSock); b == nil || at[WireSock](b.data).RemotePort == 0 {
			t.Errorf("connect gave %d, and has no peer", r.ret)
		}
	}
	if n := results[0] + results[-int64(unix.EINPROGRESS)]; n != 3 || results[0] == 3 {
		t.Errorf("results %v, want three connects, not all done", results)
	}
}

// Only rows that were asked for are told.
func TestUringWatch(t *testing.T) {
	s := sensor(t, "connect")
	if found := performUring(t, s, "uring async", fixture(t)); len(found) != 0 {
		t.Errorf("%d calls that nobody asked for", len(found))
	}
}

func TestUringAccounts(t *testing.T) {
	s := ownSensor(t, "openat")
	needRing(t, s)
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=uring flood"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	own := uint64(0)
	received := drain(t, s, func(raw Raw) {
		if h := raw.Header(); h.Pid == uint32(cmd.Process.Pid) && h.Type == TypeCall {
			own++
		}
	})
	c, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if sent := c.Calls.Sent + c.Processes.Sent; sent != received {
		t.Errorf("%d records sent, %d received", sent, received)
	}
	if lost := c.Calls.Lost(); lost == 0 || own >= flood || own+lost < flood {
		t.Errorf("of %d opens %d arrived, and %d records were lost", flood, own, lost)
	}
	nothingWaits(t, s)
}

// What the kernel lacks costs the programs for io_uring and nothing else.
func TestUringFit(t *testing.T) {
	request := &btf.Struct{Name: "io_kiocb", Size: 8}
	known := []btf.Type{request}
	for _, name := range uringNeeds {
		known = append(known, &btf.Struct{Name: name, Size: 8})
	}
	for _, c := range []struct {
		name    string
		kernel  []btf.Type
		uring   bool
		missing string
	}{
		{"all", known, true, ""},
		{"no io_uring", []btf.Type{&btf.Int{Name: "int", Size: 4}}, false, ""},
		{"another io_uring", known[:1], false, "no btf_trace_io_uring_submit_req"},
		{"older requests", slices.Delete(slices.Clone(known), len(known)-1, len(known)), false, "no io_cmd_data"},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec, err := loadSensor()
			if err != nil {
				t.Fatal(err)
			}
			onlyUring := func(l layer) error {
				if l.prefix != uringPrefix {
					return errors.New("not asked for")
				}
				return nil
			}
			missing := strings.Join(dropLayers(spec, kernelWith(t, c.kernel), onlyUring), "; ")
			missing, _, _ = strings.Cut(missing, "the hooks of sockets")
			if !strings.Contains(missing, c.missing) || (missing == "") != (c.missing == "") {
				t.Errorf("missing %q, want %q", missing, c.missing)
			}
			for name := range spec.Programs {
				if strings.HasPrefix(name, uringPrefix) && !c.uring || slices.Contains(uringReplaced, name) && c.uring {
					t.Errorf("has program %s", name)
				}
			}
			if want := map[bool]string{true: "uring_sys_exit", false: "sys_exit"}[c.uring]; spec.Programs[want] == nil {
				t.Errorf("has no program %s", want)
			}
		})
	}
}

// If the kernel refuses the programs for io_uring, the others report still.
func TestUringRefused(t *testing.T) {
	s := sensorWith(t, Options{RingBytes: 1 << 20, adjust: func(spec *ebpf.CollectionSpec) {
		if p := spec.Programs["uring_submit"]; p != nil {
			p.Instructions = asm.Instructions{asm.Return()} // of nothing
		}
	}}, "openat")
	if missing := s.Missing(); lacking(s, "io_uring") == "" {
		t.Errorf("missing %q, want a word of io_uring", missing)
	}
	testOpen(t, s)
}

// The same of the programs that see addresses.
func TestAddressesRefused(t *testing.T) {
	s := sensorWith(t, Options{RingBytes: 1 << 20, adjust: func(spec *ebpf.CollectionSpec) {
		if p := spec.Programs["address_connect4"]; p != nil {
			p.Instructions = asm.Instructions{asm.Return()} // of nothing
		}
	}}, "openat")
	if missing := s.Missing(); lacking(s, "hooks of sockets") == "" {
		t.Errorf("missing %q, want a word of addresses", missing)
	}
	testOpen(t, s)
}

// What never completes is told when its process ends.
func TestUringPending(t *testing.T) {
	s := sensor(t, "accept4")
	found := performUring(t, s, "uring pending", "")
	if len(found) != 1 || found[0].ret >= 0 {
		t.Errorf("%d calls, want one that failed: %+v", len(found), found)
	}
	nothingWaits(t, s)
}

// waitingMax is how many requests the kernel's map can hold.
const waitingMax = 1024

// Requests that wait can't crowd others out: those are told as they are submitted.
func TestUringMany(t *testing.T) {
	s := sensor(t, "accept4", "openat")
	if n := s.objs.Operations.MaxEntries(); n != waitingMax {
		t.Fatalf("%d requests can wait, the test makes %d", n, waitingMax)
	}
	dir := fixture(t)
	for _, r := range calls(performUring(t, s, "uring many", dir), "openat") {
		if string(r.block(BlockString).data) == dir+"/secret" && r.ret == -int64(unix.EINPROGRESS) {
			nothingWaits(t, s)
			return
		}
	}
	t.Error("the open was not reported")
}

// nothingWaits says that nothing stays of requests that were told.
func nothingWaits(t *testing.T, s *Sensor) {
	t.Helper()
	var request uint64
	if err := s.objs.Operations.NextKey(nil, &request); !errors.Is(err, ebpf.ErrKeyNotExist) {
		t.Errorf("a request stayed in the kernel's map: %v", err)
	}
	for name, counter := range map[string]*ebpf.Variable{"wait": s.objs.Waiting, "are looked at": s.objs.Looked} {
		var n uint64
		if err := counter.Get(&n); err != nil || n != 0 {
			t.Errorf("%d requests %s: %v", n, name, err)
		}
	}
}

func kernelWith(t *testing.T, types []btf.Type) *btf.Spec {
	t.Helper()
	b, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := b.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}
