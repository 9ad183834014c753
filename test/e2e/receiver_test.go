package e2e

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter compresses with
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
			for _, record := range scope.LogRecords().All() {
				r.records = append(r.records, received{record, resource.Resource(), time.Now()})
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

// await gives the first alert of a rule about the process pid.
func (r *receiver) await(t *testing.T, rule string, pid int) received {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, record := range r.all() {
			if record.text("security_rule.name") == rule && record.text("process.pid") == fmt.Sprint(pid) {
				return record
			}
		}
	}
	t.Fatalf("no alert of %q about process %d; alerts about it: %s", rule, pid, strings.Join(r.rulesOf(pid), ", "))
	return received{}
}

// rulesOf names the rules that matched an event of the process pid.
func (r *receiver) rulesOf(pid int) (names []string) {
	for _, record := range r.all() {
		if record.text("process.pid") == fmt.Sprint(pid) {
			names = append(names, record.text("security_rule.name"))
		}
	}
	return names
}
