package record

import (
	"strconv"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/field"
)

func logRef(t testing.TB, text string) *field.Ref {
	t.Helper()
	ref, err := field.Log().Ref(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// told is a log record that says something in every place.
func toldLog() (pcommon.Resource, plog.LogRecord) {
	resource, lr := pcommon.NewResource(), plog.NewLogRecord()
	resource.Attributes().PutStr("host.name", "h1")
	resource.Attributes().PutInt("shard", 3)
	lr.SetTimestamp(1_700_000_000_000_000_005)
	lr.SetEventName("login")
	lr.SetSeverityNumber(plog.SeverityNumberWarn2)
	lr.Attributes().PutStr("user", "ana")
	lr.Attributes().PutEmptySlice("roles").AppendEmpty().SetStr("admin")
	lr.Attributes().PutEmpty("nothing")
	return resource, lr
}

func TestLogFields(t *testing.T) {
	for _, test := range []struct{ ref, body, want string }{
		{"log.body", "plain", "plain"},
		{"evt.plugininfo", "plain", "plain"},
		{"jevt.obj", "plain", "plain"},
		{"log.body", "", "-"},
		{"log.attr[user]", "", "ana"},
		{"log.attr[roles]", "", `["admin"]`},
		{"log.attr[nothing]", "", "-"},
		{"log.attr[none]", "", "-"},
		{"log.resource[shard]", "", "3"},
		{"log.severity", "", "WARN"},
		{"log.severity.number", "", "14"},
		{"log.event", "", "login"},
		{"evt.source", "", "app"},
		{"evt.rawtime", "", "1700000000000000005"},
		{"jevt.rawtime", "", "1700000000000000005"},
		{"evt.hostname", "", "h1"},
		{"evt.num", "", "-"},

		{"jevt.value[/a]", `{"a": "x y"}`, "x y"},
		{"json.value[/a]", `{"a": "x y"}`, "x y"},
		{"jevt.value[/a/1/b]", ` {"a": [0, {"b": true}]} `, "true"},
		{"jevt.value[/a/2]", `{"a": [0, 1]}`, "-"},
		{"jevt.value[/a/-1]", `{"a": [0, 1]}`, "-"},
		{"jevt.value[/a/b]", `{"a": 1}`, "-"},
		{"jevt.value[/0]", `[7]`, "7"},
		{"jevt.value[/a]", `{"a": 18446744073709551615}`, "18446744073709551615"},
		{"jevt.value[/a]", `{"a": 1.50}`, "1.50"},
		{"jevt.value[/a]", `{"a": null}`, "-"},
		{"jevt.value[/a]", `{"a": {"b": [1, "c"]}}`, `{"b":[1,"c"]}`},
		{"jevt.value[/a~1b~0c]", `{"a/b~c": 1}`, "1"},
		{"jevt.value[/a//b]", `{"a": {"": {"b": 1}}}`, "1"},
		{"jevt.value[/]", `"alone"`, "alone"},
		{"jevt.value[/a]", `{"a": 1} trailing`, "-"},
		{"jevt.value[/a]", `{"a": 1`, "-"},
		{"jevt.value[/a]", "plain", "-"},
		{"jevt.value[/0]", strings.Repeat("[", 1<<20), "-"},
	} {
		resource, lr := toldLog()
		if test.body != "" {
			lr.Body().SetStr(test.body)
		}
		r := NewLogReader()
		r.Reset(resource, lr, "app")
		if got := logText(field.Eval(r, logRef(t, test.ref))); got != test.want {
			t.Errorf("%s of %.60q: got %q, want %q", test.ref, test.body, got, test.want)
		}
	}
}

// logText is a value as text, - for none.
func logText(v field.Value) string {
	switch v.Kind() {
	case field.String:
		return v.Text()
	case field.Uint:
		return strconv.FormatUint(v.Uint(), 10)
	}
	return "-"
}

// TestLogBodies: a structured body answers as JSON text does, and what one
// record said is forgotten with the next.
func TestLogBodies(t *testing.T) {
	r, value := NewLogReader(), logRef(t, "jevt.value[/user/0]")
	resource, structured := toldLog()
	structured.Body().SetEmptyMap().PutEmptySlice("user").AppendEmpty().SetInt(5)
	r.Reset(resource, structured, "app")
	if got := r.Value(value); got.Text() != "5" {
		t.Errorf("of a structured body: %q", got.Text())
	}
	_, text := toldLog()
	text.Body().SetStr("no JSON")
	r.Reset(resource, text, "app")
	if v := r.Value(value); v.Known() {
		t.Error("the body of the record before is still there")
	}
	text.SetSeverityText("panic")
	if got := r.Value(logRef(t, "log.severity")); got.Text() != "panic" {
		t.Errorf("the severity's own text is not told: %q", got.Text())
	}
}

// TestEveryLogFieldHasAnAnswer: a row without one would panic on a rule.
func TestEveryLogFieldHasAnAnswer(t *testing.T) {
	for _, f := range field.Log().Fields() {
		if _, there := logAnswers[f.Name]; there == (f.Derive != nil) {
			t.Errorf("%s: has an answer: %v", f.Name, there)
		}
	}
	if extra := len(logAnswers) - len(field.Log().Fields()); extra > 0 {
		t.Errorf("%d answers without a field", extra)
	}
}

func TestSource(t *testing.T) {
	for _, test := range []struct{ event, key, value, want string }{
		{"", "", "", "otherwise"},
		{"login", "", "", "otherwise"},
		{"login", "saker.source", "app", "app"},
		{"login", "saker.source", "", "otherwise"},
		{"syscall.open", "", "", "syscall"},
		{"syscall.open", "saker.source", "app", "syscall"},
		{"", "saker.evt.type", "open", "syscall"},
	} {
		lr := plog.NewLogRecord()
		lr.SetEventName(test.event)
		if test.key != "" {
			lr.Attributes().PutStr(test.key, test.value)
		}
		if got := Source(lr, "otherwise"); got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
}

func TestKeepBody(t *testing.T) {
	lr := plog.NewLogRecord()
	if KeepBody(lr); lr.Attributes().Len() != 0 {
		t.Error("no body is kept as something")
	}
	for _, body := range []string{"first", "second"} {
		lr.Body().SetStr(body)
		KeepBody(lr)
	}
	if kept, _ := lr.Attributes().Get("log.record.original"); kept.AsString() != "first" {
		t.Errorf("kept %q", kept.AsString())
	}
}
