package e2e

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const loginRule = `
- rule: Failed login of root
  desc: Somebody tried to log in as root.
  condition: jevt.value[/user/name] = root and jevt.value[/ok] = false
  output: "failed login from %jevt.value[/from/0] at %log.resource[service.name]"
  priority: ERROR
  source: logins
`

// TestRulesForAnyLog sends somebody else's logs through the distribution; no
// system call is captured, and nothing but alerts comes out.
func TestRulesForAnyLog(t *testing.T) {
	dir, out := t.TempDir(), startReceiver(t)
	in := freeAddress(t)
	config := write(t, dir, "collector.yaml", fmt.Sprintf(`
extensions:
  ruleset: { sources: [ { path: %q } ] }
receivers:
  otlp: { protocols: { grpc: { endpoint: %q } } }
processors:
  detection: { ruleset: ruleset, source: logins, drop_unmatched: all }
exporters:
  otlp_grpc: { endpoint: %q, tls: { insecure: true }, sending_queue: { enabled: false } }
service:
  extensions: [ruleset]
  pipelines: { logs: { receivers: [otlp], processors: [detection], exporters: [otlp_grpc] } }
  telemetry: { metrics: { level: none } }
`, write(t, dir, "logins.yaml", loginRule), in, out.endpoint))
	start(t, distribution(t), config)

	body := `{"user": {"name": "root"}, "ok": false, "from": ["10.0.0.9"]}`
	send(t, in, `{"user": {"name": "ana"}, "ok": false}`, "no JSON", body)
	for deadline := time.Now().Add(patience); len(out.all()) == 0 && time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
	}
	if len(out.all()) != 1 {
		t.Fatalf("%d records arrived, want one alert", len(out.all()))
	}
	alert := out.all()[0]
	if got, want := alert.Body().AsString(), "failed login from 10.0.0.9 at shop"; got != want {
		t.Errorf("the body is %q, want %q", got, want)
	}
	if got := alert.text("log.record.original"); got != body {
		t.Errorf("the alert keeps %q of the record", got)
	}
	if alert.SeverityNumber() != plog.SeverityNumberError || alert.text("security_rule.name") != "Failed login of root" {
		t.Errorf("severity %d, rule %q", alert.SeverityNumber(), alert.text("security_rule.name"))
	}
}

// freeAddress is one on loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// send exports a log record for each body.
func send(t *testing.T, endpoint string, bodies ...string) {
	t.Helper()
	logs := plog.NewLogs()
	resource := logs.ResourceLogs().AppendEmpty()
	resource.Resource().Attributes().PutStr("service.name", "shop")
	records := resource.ScopeLogs().AppendEmpty().LogRecords()
	for _, body := range bodies {
		records.AppendEmpty().Body().SetStr(body)
	}
	conn, err := grpc.NewClient(endpoint, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := plogotlp.NewGRPCClient(conn).Export(context.Background(), plogotlp.NewExportRequestFromLogs(logs)); err != nil {
		t.Fatal(err)
	}
}
