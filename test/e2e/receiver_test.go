package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter compresses with

	"github.com/sakerhq/saker/internal/record"
)

// serve is the receiver's process: it prints its address, then every batch it
// gets as one line of OTLP-JSON. It ends with its standard input.
func serve() int {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(listener.Addr())
	server := grpc.NewServer()
	plogotlp.RegisterGRPCServer(server, &printer{})
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadByte()
		server.Stop()
	}()
	if err := server.Serve(listener); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

type printer struct {
	plogotlp.UnimplementedGRPCServer
	mu sync.Mutex
}

func (p *printer) Export(_ context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line, err := new(plog.JSONMarshaler).MarshalLogs(request.Logs())
	if err == nil {
		_, err = fmt.Printf("%s\n", line)
	}
	return plogotlp.NewExportResponse(), err
}

// received is one log record as the receiver's process got it.
type received struct {
	plog.LogRecord
	Resource pcommon.Resource
	At       time.Time
}

// text is the attribute key as text, "" where there is none.
func (r received) text(key string) string {
	v, ok := r.Attributes().Get(key)
	if !ok {
		return ""
	}
	return v.AsString()
}

// receiver is the test's side of the receiver's process.
type receiver struct {
	endpoint string
	mu       sync.Mutex
	records  []received
}

// startReceiver runs the receiver until the test ends.
func startReceiver(t *testing.T) *receiver {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), asReceiver+"=1")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 64<<20)
	if !lines.Scan() {
		t.Fatalf("the receiver told no address: %v", lines.Err())
	}
	r, done := &receiver{endpoint: lines.Text()}, make(chan struct{})
	go func() {
		defer close(done)
		r.follow(t, lines)
	}()
	t.Cleanup(func() {
		_ = stdin.Close()
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("the receiver's process: %v", err)
		}
	})
	return r
}

func (r *receiver) follow(t *testing.T, lines *bufio.Scanner) {
	for lines.Scan() {
		logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(lines.Bytes())
		if err != nil {
			t.Errorf("read a batch: %v", err)
			continue
		}
		r.add(logs)
	}
	if err := lines.Err(); err != nil {
		t.Errorf("read batches: %v", err)
	}
}

func (r *receiver) add(logs plog.Logs) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, lr := range scope.LogRecords().All() {
				r.records = append(r.records, received{lr, resource.Resource(), time.Now()})
			}
		}
	}
}

// all is what came until now.
func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.records[:len(r.records):len(r.records)]
}

// alerts are those of all that came until now. On a busy machine others may tell of
// losses.
func (r *receiver) alerts() []received {
	return slices.DeleteFunc(slices.Clone(r.all()), func(one received) bool { return record.IsNotice(one.LogRecord) })
}

// patience is how long something that must happen may take.
const patience = 3 * time.Minute

// provoke acts, and gives the first alert of a rule about the process that did; again
// where records were lost, which proves nothing.
func (r *receiver) provoke(t *testing.T, rule string, act func() (pid int)) (alert received, pid int) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		before := r.losses()
		pid = act()
		for r.losses() == before && time.Now().Before(end) {
			for _, one := range r.all() {
				if one.text("security_rule.name") == rule && one.text("process.pid") == fmt.Sprint(pid) {
					return one, pid
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		if time.Now().After(end) {
			t.Fatalf("no alert of %q about process %d; alerts about it: %s", rule, pid, strings.Join(r.rulesOf(pid), ", "))
		}
		t.Log("again, since records were lost")
	}
}

// losses is how many records told of some.
func (r *receiver) losses() (n int) {
	for _, one := range r.all() {
		if record.IsLoss(one.LogRecord) {
			n++
		}
	}
	return n
}

// rulesOf names the rules that matched an event of the process pid.
func (r *receiver) rulesOf(pid int) (names []string) {
	for _, one := range r.all() {
		if one.text("process.pid") == fmt.Sprint(pid) {
			names = append(names, one.text("security_rule.name"))
		}
	}
	return names
}
