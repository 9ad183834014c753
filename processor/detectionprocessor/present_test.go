package detectionprocessor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/record"
	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// anyRules are rules whose conditions, exceptions and outputs name fields at random.
func anyRules(random *rand.Rand) rules.File {
	var names []string
	for _, f := range field.Falco().Fields() {
		if f.Arg == field.NoArg && f.Not == 0 && !f.List && f.Unserved == "" && f.Type.Kind() == field.String && f.Name != "evt.hostname" {
			names = append(names, f.Name)
		}
	}
	name := func() string { return names[random.IntN(len(names))] }
	var b strings.Builder
	for i := range 200 {
		fmt.Fprintf(&b, `
- rule: any %d
  desc: d
  condition: evt.type exists and not %s startswith x and %s exists
  exceptions:
    - {name: e, fields: [%s, %s], comps: [startswith, "="], values: [[y, openat]]}
  output: "%%%s %%%s %%%s"
  priority: INFO
`, i, name(), name(), name(), name(), name(), name(), name())
	}
	return rules.File{Name: "any.yaml", Content: []byte(b.String())}
}

// TestNothingIsAbsent: a record that was made for one rule alone has all that
// the rule's condition, exceptions and output name.
func TestNothingIsAbsent(t *testing.T) {
	seed := rand.Uint64()
	files := []rules.File{anyRules(rand.New(rand.NewPCG(seed, 0)))}
	for _, maturity := range library.Maturities() {
		more, err := library.Files(maturity)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, more...)
	}
	set, findings := rules.Load(rules.FalcoSchema(), files, rules.Options{All: true})
	if set == nil {
		t.Fatal(findings.Err())
	}
	w, r, m := record.NewWriter(record.Options{}), record.NewReader(), set.NewMatcher()
	for _, s := range eventtest.Samples() {
		if c := s.Event.Process.Container; c != nil && c.Told != event.Answered {
			continue // its record waits for the answer
		}
		e := field.OfEvent{Event: s.Event}
		for _, rule := range set.Rules() {
			lr := w.Add(s.Event, rule.Refs())
			r.Reset(w.Take().ResourceLogs().At(0).Resource(), lr)
			of, want := m.Eval(rule, r), m.Eval(rule, e)
			// A record does not say what nobody knew.
			if of != want && want != rules.Unknown {
				t.Errorf("seed %d: %s of %q: %v of the record, %v of the event", seed, rule.Compiled(), s.Name, of, want)
			}
			if of, want := string(rule.AppendOutput(nil, r)), string(rule.AppendOutput(nil, e)); of != want {
				t.Errorf("seed %d: %q of %q says\n%s\nof the record, of the event\n%s", seed, rule.Name, s.Name, of, want)
			}
		}
	}
}
