package bpf

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/uring"
)

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
