package soak

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // what the exporter compresses with
	"google.golang.org/grpc/status"

	"github.com/sakerhq/saker/internal/record"
)

// account is a way for records to get lost, as metrics and records name it.
type account struct{ class, cause string }

// gap is a time in which records were lost.
type gap struct{ from, to time.Time }

// alert is what is kept of one.
type alert struct {
	rule string
	pid  int64
	at   time.Time
	late time.Duration // after the event
}

// sink is an OTLP receiver that counts, and refuses a batch of alerts when told to.
type sink struct {
	plogotlp.UnimplementedGRPCServer
	endpoint string

	mu      sync.Mutex
	refuse  bool
	refused int
	records int64
	alerts  []alert
	lost    map[account]int64
	gaps    []gap
	strange int // records that are neither alerts nor tell of losses
}

func startSink(t *testing.T) *sink {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{endpoint: listener.Addr().String(), lost: map[account]int64{}}
	server := grpc.NewServer()
	plogotlp.RegisterGRPCServer(server, s)
	done := make(chan error)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		if err := <-done; err != nil {
			t.Errorf("the sink: %v", err)
		}
	})
	return s
}

// Export takes a batch, or refuses it for good.
func (s *sink) Export(_ context.Context, request plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse && hasAlert(request.Logs()) { // who lost nothing but notices tells of no loss
		s.refuse = false
		s.refused++
		return plogotlp.NewExportResponse(), status.Error(codes.InvalidArgument, "not this one")
	}
	for _, resource := range request.Logs().ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, lr := range scope.LogRecords().All() {
				s.take(lr)
			}
		}
	}
	return plogotlp.NewExportResponse(), nil
}

func hasAlert(logs plog.Logs) bool {
	for _, resource := range logs.ResourceLogs().All() {
		for _, scope := range resource.ScopeLogs().All() {
			for _, lr := range scope.LogRecords().All() {
				if record.IsAlert(lr) {
					return true
				}
			}
		}
	}
	return false
}

func (s *sink) take(lr plog.LogRecord) {
	s.records++
	if rule, ok := lr.Attributes().Get("security_rule.name"); ok {
		pid, _ := lr.Attributes().Get("process.pid")
		at := lr.Timestamp().AsTime()
		s.alerts = append(s.alerts, alert{rule.Str(), pid.Int(), at, time.Since(at)})
		return
	}
	if lr.EventName() == record.RepairEvent {
		return
	}
	if !record.IsLoss(lr) {
		s.strange++
		return
	}
	is := lr.Attributes().AsRaw()
	from, errFrom := time.Parse(time.RFC3339Nano, is[record.KeyLossFrom].(string))
	to, errTo := time.Parse(time.RFC3339Nano, is[record.KeyLossTo].(string))
	if errFrom != nil || errTo != nil {
		s.strange++
		return
	}
	s.lost[account{is[record.KeyLossClass].(string), is[record.KeyLossCause].(string)}] += is[record.KeyLossCount].(int64)
	s.gaps = append(s.gaps, gap{from, to})
}

// refuseNext makes the sink refuse the next batch with an alert.
func (s *sink) refuseNext() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = true
}

// takeAll makes the sink refuse nothing more.
func (s *sink) takeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = false
}

// total is how many records came, and how many of them are alerts.
func (s *sink) total() (records, alerts int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records, int64(len(s.alerts))
}

// delays are how long after their events alerts came, in order.
func (s *sink) delays() (late []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alerts {
		late = append(late, a.late)
	}
	slices.Sort(late)
	return late
}

// tells reports whether the records told of just these losses.
func (s *sink) tells(lost map[account]int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for a, n := range lost {
		if s.lost[a] != n {
			return false
		}
	}
	return true
}

// slack is how far a time of the kernel may be off the machine's.
const slack = 100 * time.Millisecond

// alerted reports whether an act has its alert.
func (s *sink) alerted(a act) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, got := range s.alerts {
		if got.rule == a.rule && got.pid == int64(a.pid) && a.during(got.at, got.at) {
			return true
		}
	}
	return false
}

// inGap reports whether records were lost while an act was done.
func (s *sink) inGap(a act) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.gaps {
		if a.during(g.from, g.to) {
			return true
		}
	}
	return false
}

// during reports whether some of the act was done between two times.
func (a act) during(from, to time.Time) bool {
	return !a.ended.Before(from.Add(-slack)) && !a.began.After(to.Add(slack))
}
