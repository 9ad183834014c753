package syscallreceiver

import (
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"

	"github.com/sakerhq/saker/internal/config/configtest"
)

func TestConfig(t *testing.T) {
	configtest.Run(t, createDefaultConfig, []configtest.Case{
		{"a ruleset", `ruleset: ruleset/mine`, ""},
		{"events by name", `events: [openat, execve]`, ""},
		{"all keys", `
events: [openat]
ring_bytes: 65536
priority: realtime
batch: { max_records: 1, max_delay: 0s }
redact: { well_known: false, patterns: ['card (\d+)'] }
limits: { attributes: 0, value_length: 100, array_length: 10 }
root: /host
runtimes: { docker: [/run/docker.sock], podman: [], cri: ["/a.sock", "/b.sock"], containerd: ["/run/user/{uid}/c.sock"] }
enrich_timeout: 0s
recording: x.rec`, ""},
		{"neither", ``, "needs ruleset, the extension whose rules decide what is captured, or events"},
		{"both", "ruleset: ruleset\nevents: [openat]", "ruleset and events exclude each other"},
		{"unknown event", `events: [openat, opnat]`, `events: there is no event "opnat": did you mean openat?`},
		{"no event at all", `events: [zebrastripes]`, `events: there is no event "zebrastripes": saker events lists`},
		{"ring that is no power of two", "events: [openat]\nring_bytes: 100000", "ring_bytes: 100000"},
		{"ring smaller than a page", "events: [openat]\nring_bytes: 1024", "ring_bytes: 1024"},
		{"ring that can't be mapped", "events: [openat]\nring_bytes: 2147483648", "ring_bytes: 2147483648"},
		{"hooks that are none", "events: [openat]\nhooks: some", `hooks: "some"`},
		{"a priority that is none", "events: [openat]\npriority: high", `priority: "high"`},
		{"empty batch", "events: [openat]\nbatch: { max_records: 0 }", "batch: max_records: 0 is less than 1"},
		{"negative delay", "events: [openat]\nbatch: { max_delay: -1s }", "batch: max_delay: -1s is negative"},
		{"a delay without a unit", "events: [openat]\nbatch: { max_delay: 10 }", "batch: max_delay: 10ns is less than 1ms"},
		{"a pattern that is none", "events: [openat]\nredact: { patterns: ['('] }", "redact: pattern for secrets (: "},
		{"a pattern without a group", "events: [openat]\nredact: { patterns: ['abc'] }", "has no group"},
		{"a negative limit", "events: [openat]\nlimits: { attributes: -1 }", "limits: attributes: -1 is negative; 0 sets no limit"},
		{"a relative root", "events: [openat]\nroot: host", `root: "host" is not`},
		{"a socket that is no path", "events: [openat]\nruntimes: { docker: ['unix:///a'] }", `runtimes: docker: "unix:///a" is not`},
		{"an API that is none", "events: [openat]\nruntimes: { rkt: [] }", "unknown key runtimes::rkt: there are containerd, cri, docker, podman"},
		{"negative patience", "events: [openat]\nenrich_timeout: -1s", "enrich_timeout: -1s is negative"},
		{"patience without a unit", "events: [openat]\nenrich_timeout: 500", "enrich_timeout: 500ns is less than 1ms"},
		{"everything at once", "events: [openat]\nhooks: a\nring_bytes: 1\nbatch: { max_records: 0 }", "; hooks: "},
		{"misspelt key", "event: [openat]", "unknown key event: did you mean events?"},
	})
}

func TestConfigValues(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	if err := configtest.Parse(t, "ruleset: ruleset/mine\nbatch: { max_delay: 5ms }").Unmarshal(cfg); err != nil {
		t.Fatal(err)
	}
	if want := component.MustNewIDWithName("ruleset", "mine"); cfg.Ruleset == nil || *cfg.Ruleset != want {
		t.Errorf("ruleset is %v", cfg.Ruleset)
	}
	if cfg.Batch.MaxDelay != 5*time.Millisecond || cfg.Batch.MaxRecords == 0 {
		t.Errorf("batch is %+v: what is not named must keep its default", cfg.Batch)
	}
}
