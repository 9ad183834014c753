package detectionprocessor

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/sakerhq/saker/processor/detectionprocessor/internal/metadata"
	"github.com/sakerhq/saker/rules"
)

// TestSources: a record is asked about by the rules of its source only, which
// the nearest of record, scope and resource names.
func TestSources(t *testing.T) {
	missing := "Informational missing: GET /x 404"
	for _, c := range []struct {
		name                    string
		resource, scope, record string // what their attribute saker.source says
		body                    string
		want                    string
	}{
		{"nobody says", "", "", "", `{"user":"root"}`, "Error log: root failed on shop"},
		{"another user", "", "", "", `{"user":"ana"}`, `{"user":"ana"}`},
		{"no JSON", "", "", "", "root", "root"},
		{"not of this source", "", "", "", "GET /x 404", "GET /x 404"},
		{"the resource says", "web", "", "", "GET /x 404", missing},
		{"the scope says", "log", "web", "", "GET /x 404", missing},
		{"the record says", "log", "log", "web", "GET /x 404", missing},
		{"a source without rules", "other", "", "", "GET /x 404", "GET /x 404"},
		{"system calls need more", "syscall", "", "", `{"user":"root"}`, `{"user":"root"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			logs := plog.NewLogs()
			resource := logs.ResourceLogs().AppendEmpty()
			resource.Resource().Attributes().PutStr("service.name", "shop")
			scope := resource.ScopeLogs().AppendEmpty()
			lr := scope.LogRecords().AppendEmpty()
			lr.Body().SetStr(c.body)
			lr.Attributes().PutStr("outcome", "failure")
			say(resource.Resource().Attributes(), c.resource)
			say(scope.Scope().Attributes(), c.scope)
			say(lr.Attributes(), c.record)
			p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{}, "")
			if err := p.ConsumeLogs(context.Background(), logs); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{c.want}, bodies(sink)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			kept, _ := lr.Attributes().Get("log.record.original")
			if alert := c.want != c.body; alert && kept.AsString() != c.body {
				t.Errorf("the alert keeps the body %q", kept.AsString())
			}
		})
	}
}

func say(attrs pcommon.Map, source string) {
	if source != "" {
		attrs.PutStr("saker.source", source)
	}
}

// TestStructuredBody: a body that is no text is as good as JSON text.
func TestStructuredBody(t *testing.T) {
	logs := plog.NewLogs()
	lr := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
	lr.Body().SetEmptyMap().PutInt("status", 404)
	lr.Attributes().PutStr("saker.source", "web")
	p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{}, "")
	if err := p.ConsumeLogs(context.Background(), logs); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`Informational missing: {"status":404}`}, bodies(sink)); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}
