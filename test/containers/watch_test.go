package containers

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/extension/rulesetextension"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/processor/detectionprocessor"
	"github.com/sakerhq/saker/receiver/syscallreceiver"
)

// fields are what an alert is compared in.
var fields = []string{
	"container.id", "container.full_id", "container.name", "container.type", "container.image",
	"container.image.repository", "container.image.tag", "container.image.digest", "container.image.id",
	"container.label[app]", "container.labels", "container.ip", "container.privileged", "container.mounts",
	"container.mount.source[/data]", "container.mount.rdwr[0]",
	"container.host_pid", "container.host_network", "container.host_ipc",
	"k8s.pod.name", "k8s.ns.name", "k8s.pod.uid", "k8s.pod.ip", "k8s.pod.label[tier]", "k8s.pod.sandbox_id",
	"k8s.pod.label[app]", "k8s.ns.label[team]", "k8s.deployment.name", "k8s.deployment.label[tier]", "k8s.rs.name",
	"user.uid", "user.name", "user.homedir", "user.shell", "group.gid", "group.name",
	"proc.exepath", "proc.is_exe_upper_layer", "proc.is_exe_lower_layer", "proc.vpid", "proc.entry.type", "saker.enrichment",
}

// The rules: the first can be decided only when the runtime has told.
const rules = `
- rule: act
  desc: something that the test did
  condition: evt.type in (execve, execveat) and proc.args endswith ` + marker + ` and container.id != host and container.image.repository = ` + repository + `
  output: "%FIELDS"
  priority: INFO
- rule: act of a stranger
  desc: something that the test did where nobody tells
  condition: evt.type in (execve, execveat) and proc.args endswith ` + marker + ` and container.id != host
  output: "%FIELDS"
  priority: INFO
`

// watch is the whole pipeline: receiver, rules, processor.
type watch struct {
	t         *testing.T
	sink      sink
	telemetry *componenttest.Telemetry // of the receiver
}

// sink is where its records arrive.
type sink interface{ AllLogs() []plog.Logs }

// in is the watch for a part of its test.
func (w *watch) in(t *testing.T) *watch { return &watch{t, w.sink, w.telemetry} }

// host is a collector with one extension.
type host struct {
	component.Host
	ruleset component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{component.MustNewID("ruleset"): h.ruleset}
}

// startWatch starts to capture what happens in containers.
func startWatch(t *testing.T, sockets ask.Sockets) *watch {
	t.Helper()
	return startWaiting(t, sockets, patience/3)
}

// startWaiting is startWatch with how long the records of a container wait for what is
// told of it.
func startWaiting(t *testing.T, sockets ask.Sockets, wait time.Duration) *watch {
	t.Helper()
	arrived := new(consumertest.LogsSink)
	w := &watch{t, arrived, componenttest.NewTelemetry()}
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "rules.yaml")
	text := strings.ReplaceAll(rules, "FIELDS", strings.Join(fields, " %"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	extensions := rulesetextension.NewFactory()
	config := extensions.CreateDefaultConfig().(*rulesetextension.Config)
	config.Sources = []rulesetextension.Source{{Path: file}}
	ruleset, err := extensions.Create(ctx, extensiontest.NewNopSettings(extensions.Type()), config)
	if err != nil {
		t.Fatal(err)
	}
	h := host{componenttest.NewNopHost(), ruleset}
	w.start(ruleset, h)
	processors := detectionprocessor.NewFactory()
	detection, err := processors.CreateLogs(ctx, processortest.NewNopSettings(processors.Type()), processors.CreateDefaultConfig(), arrived)
	if err != nil {
		t.Fatal(err)
	}
	w.start(detection, h)
	receivers := syscallreceiver.NewFactory()
	capture := receivers.CreateDefaultConfig().(*syscallreceiver.Config)
	id := component.MustNewID("ruleset")
	capture.Ruleset, capture.Runtimes, capture.EnrichTimeout = &id, sockets, wait
	capture.Scope.Include.Containers = true
	settings := receivertest.NewNopSettings(receivers.Type())
	settings.TelemetrySettings = w.telemetry.NewTelemetrySettings()
	receiver, err := receivers.CreateLogs(ctx, settings, capture, detection)
	if err != nil {
		t.Fatal(err)
	}
	w.start(receiver, h)
	return w
}

// start starts a component until the test ends.
func (w *watch) start(c component.Component, h component.Host) {
	w.t.Helper()
	var privilege *bpf.PrivilegeError
	err := c.Start(context.Background(), h)
	if errors.As(err, &privilege) || errors.Is(err, bpf.ErrNoBTF) {
		w.t.Skip("this machine can't load the sensor: ", err)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.Shutdown(ctx); err != nil {
			w.t.Error(err)
		}
	})
}

// alerts gives those of a container, at least n: of each all fields.
func (w *watch) alerts(id string, n int) (list []map[string]string) {
	w.t.Helper()
	eventually(w.t, strconv.Itoa(n)+" alerts of container "+id, func() bool {
		list = list[:0]
		for _, logs := range w.sink.AllLogs() {
			eachRecord(logs, func(resource pcommon.Resource, lr plog.LogRecord) {
				if of, ok := resource.Attributes().Get("container.id"); ok && of.Str() == id && record.IsAlert(lr) {
					list = append(list, w.said(resource, lr))
				}
			})
		}
		return len(list) >= n
	})
	return list
}

// idOf is the id of the only container of a runtime that was seen.
func (w *watch) idOf(runtime string) (id string) {
	w.t.Helper()
	eventually(w.t, "a container of "+runtime, func() bool {
		for _, logs := range w.sink.AllLogs() {
			eachRecord(logs, func(resource pcommon.Resource, _ plog.LogRecord) {
				if of, ok := resource.Attributes().Get("container.runtime.name"); ok && of.Str() == runtime {
					found, _ := resource.Attributes().Get("container.id")
					id = found.Str()
				}
			})
		}
		return id != ""
	})
	return id
}

func eachRecord(logs plog.Logs, do func(pcommon.Resource, plog.LogRecord)) {
	for _, rl := range logs.ResourceLogs().All() {
		for _, sl := range rl.ScopeLogs().All() {
			for _, lr := range sl.LogRecords().All() {
				do(rl.Resource(), lr)
			}
		}
	}
}

// asText is all that logs say.
func asText(t *testing.T, logs plog.Logs) string {
	t.Helper()
	text, err := (&plog.JSONMarshaler{}).MarshalLogs(logs)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// said is what a record says of the fields, as text; what it does not say is "-".
func (w *watch) said(resource pcommon.Resource, lr plog.LogRecord) map[string]string {
	w.t.Helper()
	reader := record.NewReader()
	reader.Reset(resource, lr)
	said := map[string]string{}
	for _, name := range fields {
		ref, err := field.Falco().Ref(name)
		if err != nil {
			w.t.Fatal(err)
		}
		said[name] = text(field.Eval(reader, ref))
	}
	name, _ := lr.Attributes().Get("security_rule.name")
	said["rule"] = name.Str()
	return said
}

func text(v field.Value) string {
	switch v.Kind() {
	case field.Missing, field.Unknown:
		return "-"
	case field.String:
		return v.Text()
	case field.Bool:
		return strconv.FormatBool(v.Bool())
	}
	return strconv.FormatInt(v.Int(), 10)
}

// compare compares the fields of a container's two acts with what is known.
func (w *watch) compare(id string, want map[string]string) {
	w.t.Helper()
	w.both(id, "act", want)
}

func (w *watch) both(id, rule string, want map[string]string) {
	w.t.Helper()
	w.layers(id, rule, userID, want)
}

// layers compares a program of the image and one that was made, of a user whom
// the host's kernel knows by another number perhaps.
func (w *watch) layers(id, rule string, user int, want map[string]string) {
	w.t.Helper()
	layers := []map[string]string{
		{"proc.exepath": "/bin/busybox", "proc.is_exe_upper_layer": "false", "proc.is_exe_lower_layer": "true"},
		{"proc.exepath": "/tmp/busybox", "proc.is_exe_upper_layer": "true", "proc.is_exe_lower_layer": "false"},
	}
	alerts := w.alerts(id, len(layers))
	if len(alerts) != len(layers) {
		w.t.Errorf("%d alerts, want %d", len(alerts), len(layers))
	}
	for i, layer := range layers {
		for _, facts := range []map[string]string{
			want, layer,
			{"container.full_id": id, "container.id": id[:min(len(id), 12)], "proc.entry.type": "container", "rule": rule},
			{"user.uid": strconv.Itoa(user), "user.name": "inside", "user.homedir": "/home/inside", "user.shell": "/bin/ash", "group.name": "team"},
		} {
			for name, value := range facts {
				if got := alerts[i][name]; got != value {
					w.t.Errorf("%s: %s is %q, the runtime says %q", layer["proc.exepath"], name, got, value)
				}
			}
		}
	}
	if w.t.Failed() {
		w.t.Logf("the first alert: %v", alerts[0])
	}
}
