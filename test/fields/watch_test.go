package fields

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/state"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/witness"
)

// patience is how long something that must happen may take.
const patience = time.Minute

// follow captures while a process is started, and shows its events until see
// has what it waits for.
func follow(t *testing.T, rows []*syscalls.Row, start func() (pid int), see func(*event.Event) (done bool)) {
	t.Helper()
	pid, done := 0, false
	w := witness.Follow(t, witness.Sensor(t, witness.Options(rows...)), state.Options{}, func(ev *event.Event) {
		if int(ev.Process.PID) == pid && !done {
			done = see(ev)
		}
	})
	pid = start()
	w.Until(t, patience, func() bool { return done })
}

// text is a value as the table writes it.
func text(v field.Value) string {
	switch v.Kind() {
	case field.Missing, field.Unknown:
		return "none"
	case field.String, field.Bytes:
		return strings.Clone(v.Text())
	case field.Bool:
		return strconv.FormatBool(v.Bool())
	case field.Uint:
		return strconv.FormatUint(v.Uint(), 10)
	case field.Addr:
		return v.Addr().String()
	case field.List:
		var all []string
		for i := range v.Len() {
			all = append(all, text(v.At(i)))
		}
		return strings.Join(all, "\x00")
	}
	return strconv.FormatInt(v.Int(), 10)
}

// prepare is a directory with what the actor needs.
func prepare(t *testing.T) string {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(dir+"/old", nil, 0o600), os.WriteFile(dir+"/target", []byte("target"), 0o600),
		os.Symlink("target", dir+"/link"), os.Mkdir(dir+"/dev", 0o700)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// serve starts the actor of most fields, with what it connects to.
func (f *facts) serve() {
	t := f.t
	var servers []net.Listener
	for _, name := range []string{"/socket", "/dev/log"} {
		local, err := net.Listen("unix", f.dir+name)
		if err != nil {
			t.Fatal(err)
		}
		servers = append(servers, local)
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, server := range append(servers, tcp) {
			_ = server.Close()
		}
	})
	f.server = tcp.Addr()
	f.start("fields", addressVariable+"="+tcp.Addr().String())
	conn, err := tcp.Accept()
	if err != nil {
		t.Fatal(err)
	}
	f.client = conn.RemoteAddr()
	t.Cleanup(func() { conn.Close() })
}

// start starts an actor and returns when it waits; it ends with the test.
func (f *facts) start(act string, env ...string) {
	t := f.t
	cmd := exec.Command(os.Args[0], "one", "two words")
	cmd.Dir, cmd.Stderr = f.dir, os.Stderr
	cmd.Env = append(env, actVariable+"="+act, "HOME=/nowhere")
	in, errIn := cmd.StdinPipe()
	out, errOut := cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut, cmd.Start()); err != nil {
		t.Fatal(err)
	}
	f.pid, f.argv = cmd.Process.Pid, cmd.Args
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait() // it ends with a status of its own
	})
	hung := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer hung.Stop()
	if err := json.NewDecoder(out).Decode(&f.said); err != nil {
		t.Fatal("the actor did not act: ", err)
	}
}
