package detectionprocessor

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/processor/detectionprocessor/internal/metadata"
	"github.com/sakerhq/saker/rules"
)

// A rule may be true for whatever it knows nothing of: not for a loss.
const trueForAll = `
- rule: Anything but cat
  desc: d
  condition: not (proc.name = cat)
  output: "not a cat"
  priority: DEBUG
`

func TestLossesPass(t *testing.T) {
	const loss = "Warning They were lost between 1970-01-01T00:00:00Z and 1970-01-01T00:00:00Z, 1 in all: why"
	epoch := time.Unix(0, 0)
	for _, c := range []struct {
		drop Drop
		want []string
	}{
		{DropCandidates, []string{"Debug not a cat", loss}},
		{DropNone, []string{"Debug not a cat", loss}},
		{DropAll, []string{"Debug not a cat"}},
	} {
		t.Run(string(c.drop), func(t *testing.T) {
			p, sink := startedWith(t, trueForAll, c.drop)
			logs := batch(true, "vi /etc/hosts")
			record.NewWriter(record.Options{}).TellLosses(logs, []record.Loss{{Count: 1, From: epoch, To: epoch, What: "They", Why: "why"}})
			if err := p.ConsumeLogs(context.Background(), logs); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, bodies(sink)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// startedWith is started with the rules of a text.
func startedWith(t *testing.T, text string, drop Drop) (processor.Logs, *consumertest.LogsSink) {
	t.Helper()
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(text)}}, rules.Options{})
	if err := findings.Err(); err != nil {
		t.Fatal(err)
	}
	sink := new(consumertest.LogsSink)
	p, err := NewFactory().CreateLogs(context.Background(), processortest.NewNopSettings(metadata.Type),
		&Config{Ruleset: component.MustNewID("ruleset"), DropUnmatched: drop}, sink)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(context.Background(), host{component.MustNewID("ruleset"): &ruleset{set: set}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Shutdown(context.Background()) })
	return p, sink
}
