package bpf

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
)

// record is a Raw copied and taken apart.
type record struct {
	WireHeader
	ret         int64
	comm        string
	args        []uint64
	process     *WireProcess
	exit        *WireExit
	credentials *WireCredentials
	blocks      []block
}

type block struct {
	WireBlock
	data []byte
}

// path joins the components of a path's block, which come last first.
func path(data []byte) string {
	parts := strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
	slices.Reverse(parts)
	return "/" + strings.Join(parts, "/")
}

func at[T any](data []byte) *T { return (*T)(unsafe.Pointer(&data[0])) }

func takeApart(raw Raw) record {
	data := bytes.Clone(raw)
	r := record{WireHeader: *Raw(data).Header()}
	var rest []byte
	switch r.Type {
	case TypeCall:
		r.ret = at[WireCall](data).Ret
		r.comm = unix.ByteSliceToString(at[WireCall](data).Comm[:])
		rest = data[unsafe.Sizeof(WireCall{}):]
		for range r.Nargs {
			r.args = append(r.args, *at[uint64](rest))
			rest = rest[8:]
		}
	case TypeProcess:
		r.process = at[WireProcess](data)
		rest = data[unsafe.Sizeof(WireProcess{}):]
	case TypeExit:
		r.exit = at[WireExit](data)
		return r
	case TypeCredentials:
		r.credentials = at[WireCredentials](data)
		return r
	default:
		return r
	}
	for len(rest) > 0 {
		b := block{WireBlock: *at[WireBlock](rest)}
		b.data = rest[8 : 8+b.Len]
		r.blocks = append(r.blocks, b)
		rest = rest[8+(b.Len+7)&^7:]
	}
	return r
}

// perform runs an act in a process of its own and gives the records of it.
func perform(t *testing.T, s *Sensor, act, dir string) (pid uint32, records []record) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "an argument")
	cmd.Env = []string{"SAKER_TEST_ACT=" + act, "SAKER_TEST_DIR=" + dir}
	records = follow(t, s, cmd)
	return uint32(cmd.Process.Pid), records
}

// follow runs a command and gives the records of its process.
func follow(t *testing.T, s *Sensor, cmd *exec.Cmd) (records []record) {
	t.Helper()
	out := &bytes.Buffer{}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := uint32(cmd.Process.Pid)
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	deadline := time.Now().Add(time.Minute)
	for ended := false; !ended && time.Now().Before(deadline); {
		if _, err := s.Read(func(raw Raw) {
			if raw.Header().Pid != pid {
				return
			}
			r := takeApart(raw)
			records = append(records, r)
			ended = ended || r.Type == TypeExit
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(cmd.Env, " "), err, out)
	}
	return records
}

func calls(records []record, name string) (found []record) {
	for _, r := range records {
		if r.Type == TypeCall && syscalls.Rows()[r.Row].Name == name {
			found = append(found, r)
		}
	}
	return found
}

func (r record) block(kind uint16) *block {
	for i := range r.blocks {
		if r.blocks[i].Kind == kind {
			return &r.blocks[i]
		}
	}
	return nil
}

func TestOpen(t *testing.T) {
	t.Run("direct", func(t *testing.T) { testOpen(t, sensor(t, "openat")) })
	t.Run("indirect", func(t *testing.T) {
		testOpen(t, sensorOn(t, sharing{indirect: true}, "openat"))
	})
}

func testOpen(t *testing.T, s *Sensor) {
	dir := fixture(t)
	var st unix.Stat_t
	if err := unix.Stat(dir+"/secret", &st); err != nil {
		t.Fatal(err)
	}
	_, records := perform(t, s, "open", dir)

	opened := map[string]bool{}
	for _, r := range calls(records, "openat") {
		given := string(r.block(BlockString).data)
		if r.ret < 0 {
			opened[given] = true
			if b := r.blocks[0]; b.Kind != BlockNone {
				t.Errorf("open of %s failed and yet has a file", given)
			}
			continue
		}
		file := r.block(BlockFile)
		if file == nil || (given != "secret" && given != "link" && given != dir+"/secret") {
			continue
		}
		opened[given] = true
		facts := at[WireFile](file.data)
		if got := path(file.data[unsafe.Sizeof(*facts):]); got != dir+"/secret" {
			t.Errorf("open of %s: file %s, want %s", given, got, dir+"/secret")
		}
		if facts.Ino != st.Ino || facts.Mode != st.Mode {
			t.Errorf("open of %s: ino %d mode %o, want %d %o", given, facts.Ino, facts.Mode, st.Ino, st.Mode)
		}
		start := r.block(BlockDir)
		want := dir
		if given[0] == '/' {
			want = "/"
		}
		if got := path(start.data); got != want {
			t.Errorf("open of %s: starts at %s, want %s", given, got, want)
		}
	}
	for _, given := range []string{"secret", "link", dir + "/secret", "missing"} {
		if !opened[given] {
			t.Errorf("open of %s was not reported", given)
		}
	}
}

func TestOpenHow(t *testing.T) {
	s := sensor(t, "openat2")
	_, records := perform(t, s, "openat2", fixture(t))
	found := calls(records, "openat2")
	if len(found) != 1 {
		t.Fatalf("%d calls of openat2, want 1", len(found))
	}
	how := found[0].block(BlockBytes)
	if how == nil || len(how.data) != 24 || *at[uint64](how.data)&unix.O_ACCMODE != unix.O_RDONLY {
		t.Errorf("open_how: %+v", how)
	}
}

func TestConnect(t *testing.T) {
	s := sensor(t, "connect")
	_, records := perform(t, s, "connect", "")
	reported := calls(records, "connect")
	if len(reported) == 0 {
		t.Fatal("no connect was reported")
	}
	r := reported[0]
	sock, addr := r.block(BlockSock), r.block(BlockAddr)
	if sock == nil || addr == nil {
		t.Fatalf("connect without socket or address: %+v", r.blocks)
	}
	facts := at[WireSock](sock.data)
	to := at[syscall.RawSockaddrInet4](addr.data)
	port := to.Port<<8 | to.Port>>8
	if facts.Family != unix.AF_INET || facts.Type != unix.SOCK_STREAM || facts.RemotePort != port ||
		!bytes.Equal(facts.Remote[:4], []byte{127, 0, 0, 1}) || facts.LocalPort == 0 {
		t.Errorf("socket %+v, address port %d", facts, port)
	}
}

func TestProcess(t *testing.T) { testProcess(t, sensor(t)) }

func testProcess(t *testing.T, s *Sensor) {
	dir := fixture(t)
	pid, records := perform(t, s, "chdir", dir)
	exe, err := filepath.EvalSymlinks(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	byCause := map[uint32]record{}
	for _, r := range records {
		if r.process != nil {
			byCause[r.process.Cause] = r
		}
	}
	for _, cause := range []uint32{CauseFork, CauseExec, CauseChange} {
		r, ok := byCause[cause]
		if !ok {
			t.Errorf("no process record with cause %d", cause)
			continue
		}
		p := r.process
		if p.ParentPid != uint32(os.Getpid()) || p.Vpid == 0 || p.Header.Pid != pid || p.Own.Uid != uint32(os.Geteuid()) {
			t.Errorf("cause %d: parent %d pid %d vpid %d uid %d", cause, p.ParentPid, p.Header.Pid, p.Vpid, p.Own.Uid)
		}
		if got := path(r.block(BlockExe).data); got != exe {
			t.Errorf("cause %d: executable %s, want %s", cause, got, exe)
		}
	}
	exec := byCause[CauseExec]
	if got, want := string(exec.block(BlockArgv).data), os.Args[0]+"\x00an argument\x00"; got != want {
		t.Errorf("argv %q, want %q", got, want)
	}
	if env := string(exec.block(BlockEnv).data); !strings.Contains(env, "SAKER_TEST_ACT=chdir\x00") {
		t.Error("environment without the variable that the test set")
	}
	var st unix.Stat_t
	if err := unix.Stat(exe, &st); err != nil {
		t.Fatal(err)
	}
	if got := exec.process.Exe; got.Ino != st.Ino || got.Ctime != uint64(st.Ctim.Nano()) || got.Mtime != uint64(st.Mtim.Nano()) {
		t.Errorf("executable's inode %d ctime %d mtime %d, want %d %d %d",
			got.Ino, got.Ctime, got.Mtime, st.Ino, st.Ctim.Nano(), st.Mtim.Nano())
	}
	if row := exec.Row; row == RowNone || syscalls.Rows()[row].Name != "execve" {
		t.Errorf("exec's row is %d", row)
	}
	if got := path(byCause[CauseChange].block(BlockCwd).data); got != dir {
		t.Errorf("working directory after chdir: %s, want %s", got, dir)
	}
	if last := records[len(records)-1]; last.exit == nil || last.exit.Status != 0 {
		t.Errorf("last record: %+v", last.WireHeader)
	}
}

func TestScan(t *testing.T) {
	s := ownSensor(t, "openat")
	var me *record
	n := 0
	if err := s.Scan(func(raw Raw) {
		n++
		if raw.Header().Pid == uint32(os.Getpid()) {
			r := takeApart(raw)
			me = &r
		}
	}); err != nil {
		t.Fatal(err)
	}
	if me == nil || n < 2 {
		t.Fatalf("%d processes, the test's own among them: %t", n, me != nil)
	}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if got := path(me.block(BlockCwd).data); got != wd {
		t.Errorf("working directory %s, want %s", got, wd)
	}
	// From now on our own calls are not reported.
	for range 3 {
		if _, err := os.ReadFile("wire.h"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Read(func(raw Raw) {
			if h := raw.Header(); h.Type == TypeCall && h.Pid == uint32(os.Getpid()) {
				t.Error("a call of our own was reported")
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// drain detaches the programs, so that the counters stand still, and counts
// what is left in the ring.
func drain(t *testing.T, s *Sensor, each func(Raw)) (n uint64) {
	t.Helper()
	if err := s.Detach(); err != nil {
		t.Fatal(err)
	}
	for {
		got, err := s.Read(each)
		if err != nil {
			t.Fatal(err)
		}
		if got == 0 {
			return n
		}
		n += uint64(got)
	}
}

// Nobody reads while a process opens more files than the ring can hold: what
// arrives and what was lost must add up.
func TestAccounts(t *testing.T) {
	s := ownSensor(t, "openat")
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{"SAKER_TEST_ACT=flood"}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	own, ended := uint64(0), false
	received := drain(t, s, func(raw Raw) {
		if h := raw.Header(); h.Pid == uint32(cmd.Process.Pid) {
			switch h.Type {
			case TypeCall:
				own++
			case TypeExit:
				ended = true
			}
		}
	})
	c, err := s.Counts()
	if err != nil {
		t.Fatal(err)
	}
	if sent := c.Calls.Sent + c.Processes.Sent; sent != received {
		t.Errorf("%d records sent, %d received", sent, received)
	}
	if lost := c.Calls.LostRing; lost == 0 || own >= flood || own+lost < flood {
		t.Errorf("of %d opens %d arrived, and %d records were lost", flood, own, lost)
	}
	if c.Processes.Lost() != 0 || !ended {
		t.Errorf("the flood of calls drowned its process's end: %+v", c.Processes)
	}
}

func TestClose(t *testing.T) {
	s := ownSensor(t)
	ended := make(chan error)
	go func() {
		for {
			if _, err := s.Read(func(Raw) {}); err != nil {
				ended <- err
				return
			}
		}
	}()
	time.Sleep(50 * time.Millisecond)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := <-ended; !errors.Is(err, os.ErrClosed) {
		t.Errorf("read ended with %v, want os.ErrClosed", err)
	}
}
