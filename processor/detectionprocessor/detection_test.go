package detectionprocessor

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"

	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/processor/detectionprocessor/internal/metadata"
	"github.com/sakerhq/saker/processor/detectionprocessor/internal/metadatatest"
	"github.com/sakerhq/saker/rules"
)

const twoRules = `
- rule: Shadow read
  desc: |
    Somebody read it.
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name (%proc.pid) read %fd.name"
  priority: WARNING
  tags: [mine, T1003.008]
- rule: Cat ran
  desc: d
  condition: evt.type = openat and proc.name = cat
  output: "a cat: %proc.name"
  priority: DEBUG
- rule: Login failed
  desc: d
  condition: log.attr[outcome] = failure and jevt.value[/user] = root
  output: "%evt.source: %jevt.value[/user] failed on %log.resource[service.name]"
  priority: ERROR
  source: log
- rule: Page missing
  desc: d
  condition: log.body contains 404 or jevt.value[/status] = 404
  output: "missing: %log.body"
  priority: INFO
  source: web
- rule: Image unknown here
  desc: d
  condition: evt.type = openat and container.image.repository = x
  output: o
  priority: INFO
`

// ruleset stands for the extension.
type ruleset struct {
	component.StartFunc
	component.ShutdownFunc
	set *rules.Set
}

func (r *ruleset) Set() *rules.Set { return r.set }

type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// rulesetHost is a host with the ruleset that the default configuration names.
func rulesetHost(t *testing.T) component.Host { return hostWith(t, rules.Options{}) }

func hostWith(t *testing.T, opts rules.Options) component.Host {
	t.Helper()
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "two.yaml", Content: []byte(twoRules)}}, opts)
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	return host{component.MustNewID("ruleset"): &ruleset{set: set}}
}

// started is a running processor with its sink.
func started(t *testing.T, set processor.Settings, opts rules.Options, drop Drop) (processor.Logs, *consumertest.LogsSink) {
	t.Helper()
	cfg, sink := createDefaultConfig().(*Config), new(consumertest.LogsSink)
	if drop != "" {
		cfg.DropUnmatched = drop
	}
	p, err := NewFactory().CreateLogs(context.Background(), set, cfg, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background(), hostWith(t, opts)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p, sink
}

// one is a record of an openat by a program: "program path".
func one(to plog.LogRecordSlice, what string) {
	program, path, _ := strings.Cut(what, " ")
	lr := to.AppendEmpty()
	lr.SetEventName("syscall.openat")
	lr.Body().SetStr(what)
	lr.Attributes().PutStr("saker.proc.name", program)
	lr.Attributes().PutInt("process.pid", 7)
	lr.Attributes().PutStr("saker.fd.type", "file")
	lr.Attributes().PutStr("file.path", path)
}

// batch has one resource with one scope.
func batch(candidates bool, what ...string) plog.Logs {
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for _, w := range what {
		one(records, w)
	}
	if candidates {
		record.MarkCandidates(logs)
	}
	return logs
}

// bodies shows what arrived: severity and body of each record.
func bodies(sink *consumertest.LogsSink) (all []string) {
	for _, logs := range sink.AllLogs() {
		for _, resource := range logs.ResourceLogs().All() {
			for _, scope := range resource.ScopeLogs().All() {
				for _, lr := range scope.LogRecords().All() {
					all = append(all, strings.TrimSpace(lr.SeverityText()+" "+lr.Body().Str()))
				}
			}
		}
	}
	return all
}

func TestDetection(t *testing.T) {
	in := []string{"vi /etc/hosts", "cat /etc/shadow", "cat /etc/hosts", "vi /etc/shadow"}
	shadow := "Warning cat (7) read /etc/shadow"
	for _, c := range []struct {
		name       string
		all        bool
		drop       Drop
		candidates bool
		in, want   []string
	}{
		{
			"first match, foreign records pass", false, "", false, in,
			[]string{"vi /etc/hosts", shadow, "Debug a cat: cat", "Warning vi (7) read /etc/shadow"},
		},
		{
			"candidates that turn out false end", false, "", true, in,
			[]string{shadow, "Debug a cat: cat", "Warning vi (7) read /etc/shadow"},
		},
		{
			"a record for each match", true, "", true, in,
			[]string{shadow, "Debug a cat: cat", "Warning vi (7) read /etc/shadow", "Debug a cat: cat"},
		},
		{"everything else ends", false, DropAll, false, in[:2], []string{shadow}},
		{"nothing ends", false, DropNone, true, in[:2], []string{"vi /etc/hosts", shadow}},
		{"an empty batch ends", false, "", true, in[:1], nil},
		{"no records at all", false, "", true, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{All: c.all}, c.drop)
			if err := p.ConsumeLogs(context.Background(), batch(c.candidates, c.in...)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, bodies(sink)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if c.want == nil && c.in != nil && len(sink.AllLogs()) != 0 {
				t.Error("an empty batch went on")
			}
		})
	}
}

func TestAlert(t *testing.T) {
	p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{}, "")
	if err := p.ConsumeLogs(context.Background(), batch(false, "cat /etc/shadow")); err != nil {
		t.Fatal(err)
	}
	lr := sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0)
	got := lr.Attributes().AsRaw()
	if uuid, _ := got[record.KeyRuleUUID].(string); len(uuid) != 36 {
		t.Errorf("the uuid is %q", uuid)
	}
	delete(got, record.KeyRuleUUID)
	want := map[string]any{
		"process.pid": int64(7), "saker.proc.name": "cat", "saker.fd.type": "file", "file.path": "/etc/shadow",
		record.KeyRuleName: "Shadow read", record.KeyRuleDescription: "Somebody read it.",
		record.KeyRulesetName: "two.yaml", record.KeyRulePriority: "Warning",
		record.KeyRuleTags: []any{"mine", "T1003.008"}, record.KeyTechniqueID: []any{"T1003.008"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if lr.SeverityNumber() != plog.SeverityNumberWarn || lr.EventName() != "syscall.openat" {
		t.Errorf("severity %v, event name %q", lr.SeverityNumber(), lr.EventName())
	}
}

// A second stage must not make alerts of alerts.
func TestAlertsStayAsTheyAre(t *testing.T) {
	first, between := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{All: true}, "")
	second, end := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{All: true}, DropAll)
	if err := first.ConsumeLogs(context.Background(), batch(true, "cat /etc/shadow")); err != nil {
		t.Fatal(err)
	}
	want := bodies(between)
	if err := second.ConsumeLogs(context.Background(), between.AllLogs()[0]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, bodies(end)); diff != "" || len(want) != 2 {
		t.Errorf("the second stage changed alerts (-want +got):\n%s", diff)
	}
}

func TestConcurrentBatches(t *testing.T) {
	p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{}, "")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if err := p.ConsumeLogs(context.Background(), batch(true, "cat /etc/shadow", "vi /etc/hosts")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	all := bodies(sink)
	if len(all) != 400 {
		t.Errorf("%d alerts, want 400", len(all))
	}
	for _, body := range all {
		if body != "Warning cat (7) read /etc/shadow" {
			t.Fatalf("alert %q", body)
		}
	}
}

// What the options add to alerts stands beside the output, with its own type,
// and never in the place of what an alert always says.
func TestExtraFields(t *testing.T) {
	p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{
		All: true,
		Append: []rules.OutputAddition{
			{Fields: []rules.ExtraField{{Format: "proc.pid"}, {Format: "fd.directory"}, {Format: "fd.sip"}, {Format: "evt.failed"}}},
			{Rule: "Cat ran", Fields: []rules.ExtraField{
				{Key: "who", Format: "%proc.name of %proc.pid"}, {Key: "security_rule.name", Format: "mine"},
			}},
		},
	}, "")
	if err := p.ConsumeLogs(context.Background(), batch(true, "cat /etc/shadow")); err != nil {
		t.Fatal(err)
	}
	records := sink.AllLogs()[0].ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	for i, want := range []map[string]any{
		{"proc.pid": int64(7), "fd.directory": "/etc", "fd.sip": nil, "who": nil, "security_rule.name": "Shadow read"},
		{"proc.pid": int64(7), "fd.directory": "/etc", "who": "cat of 7", "security_rule.name": "Cat ran"},
	} {
		got := records.At(i).Attributes().AsRaw()
		for key, value := range want {
			if got[key] != value {
				t.Errorf("alert %d, %s: %v, want %v", i, key, got[key], value)
			}
		}
	}
}

func TestTelemetry(t *testing.T) {
	reader := componenttest.NewTelemetry()
	defer func() { _ = reader.Shutdown(context.Background()) }()
	p, _ := started(t, metadatatest.NewSettings(reader), rules.Options{}, "")
	if err := p.ConsumeLogs(context.Background(), batch(true, "cat /etc/shadow", "vi /etc/hosts")); err != nil {
		t.Fatal(err)
	}
	ignore := metricdatatest.IgnoreTimestamp()
	metadatatest.AssertEqualProcessorDetectionRecords(t, reader, []metricdata.DataPoint[int64]{{Value: 2}}, ignore)
	metadatatest.AssertEqualProcessorDetectionDroppedRecords(t, reader, []metricdata.DataPoint[int64]{{Value: 1}}, ignore)
	metadatatest.AssertEqualProcessorDetectionMatches(t, reader, []metricdata.DataPoint[int64]{{
		Value:      1,
		Attributes: attribute.NewSet(attribute.String("priority", "Warning"), attribute.String("rule", "Shadow read")),
	}}, ignore)
}

func TestStartWithoutRuleset(t *testing.T) {
	p, err := NewFactory().CreateLogs(context.Background(), processortest.NewNopSettings(metadata.Type),
		createDefaultConfig(), new(consumertest.LogsSink))
	if err != nil {
		t.Fatal(err)
	}
	err = p.Start(context.Background(), componenttest.NewNopHost())
	if err == nil || !strings.Contains(err.Error(), `ruleset "ruleset"`) {
		t.Errorf("error: %v", err)
	}
	if err := p.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

// What a record leaves out can't make a rule false that was true of the event.
func TestAlteredRecords(t *testing.T) {
	p, sink := started(t, processortest.NewNopSettings(metadata.Type), rules.Options{}, "")
	logs := batch(true, "vi /etc/hosts", "cat /etc/shadow", "vi /etc/passwd")
	records := logs.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords()
	record.MarkMatched(records.At(0), []string{"Shadow read", "a rule that is not here"})
	record.MarkMatched(records.At(1), []string{"Shadow read"})
	if err := p.ConsumeLogs(context.Background(), logs); err != nil {
		t.Fatal(err)
	}
	want := []string{"Warning vi (7) read /etc/hosts", "Warning cat (7) read /etc/shadow"}
	if diff := cmp.Diff(want, bodies(sink)); diff != "" {
		t.Errorf("alerts (-want +got):\n%s", diff)
	}
}
