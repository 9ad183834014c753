package rules

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
)

// captureNames are the recorded captures.
var captureNames = []string{
	"cat_write", "connect_localhost", "curl_google", "empty", "libs_sample", "open-multiple-files", "syscall", "test_ipv6_client",
}

// recorded is an event of a capture: the fields that Falco extracted from it.
type recorded struct {
	Fields map[string]json.RawMessage
	Params [][3]string // name, raw, resolved
	Match  []int
	Num    int
	Type   string

	t    testing.TB
	seen map[string]bool // fields that were extracted from any event
}

// Value is what Falco extracted. A field that Falco extracted from other
// events is missing here; of others the record says nothing.
func (e *recorded) Value(r *field.Ref) field.Value {
	name := r.String()
	if name == "fd.snet" {
		name = "fd.sip"
	}
	if param, ok := strings.CutPrefix(name, "evt.rawarg."); ok {
		return e.rawArg(param)
	}
	if raw, ok := e.Fields[name]; ok && name != "proc.aname" {
		return recordedValue(e.t, r.Type, raw)
	}
	if param, ok := strings.CutPrefix(name, "evt.arg."); ok {
		for _, p := range e.Params {
			if p[0] == param && p[2] != "" {
				return field.Str(p[2])
			} else if p[0] == param {
				return field.Str(p[1])
			}
		}
		return field.NoValue
	}
	if e.seen[name] && name != "proc.aname" { // of ancestors only the own name was kept
		return field.NoValue
	}
	return field.UnknownValue
}

func recordedValue(t testing.TB, typ field.Type, raw json.RawMessage) field.Value {
	if isText(typ) && raw[0] != '"' && raw[0] != '[' {
		return field.Str(string(raw))
	}
	if typ == field.Double {
		n, err := strconv.ParseFloat(string(raw), 64)
		if err != nil {
			t.Fatal(err)
		}
		return field.Real(n)
	}
	return jsonValue(t, typ, raw)
}

// rawArg is a parameter that the record gives as a number.
func (e *recorded) rawArg(param string) field.Value {
	for _, p := range e.Params {
		if p[0] != param {
			continue
		}
		n, err := strconv.ParseInt(p[1], 10, 64)
		if err != nil {
			return field.UnknownValue
		}
		return field.Num(n)
	}
	return field.NoValue
}

// eventType is evt.type; Type is that of a generic event for some calls.
func (e *recorded) eventType() string {
	var s string
	if err := json.Unmarshal(e.Fields["evt.type"], &s); err != nil {
		e.t.Fatal(err)
	}
	return s
}

// capturePath is the golden file of a capture.
func capturePath(name string) string { return "upstream/captures/" + name + ".jsonl.gz" }

// readCapture reads the conditions and events of a capture.
func readCapture(t *testing.T, name string, seen map[string]bool) (conditions []string, events []*recorded) {
	n := 0
	openGolden(t, capturePath(name)).lines(func(line []byte) {
		n++
		switch n {
		case 1:
			var head struct{ Conditions []string }
			if err := json.Unmarshal(line, &head); err != nil {
				t.Fatal(err)
			}
			conditions = head.Conditions
		case 2: // the first thread and descriptor table
		default:
			e := &recorded{t: t, seen: seen}
			if err := json.Unmarshal(line, e); err != nil {
				t.Fatal(err)
			}
			events = append(events, e)
			for name := range e.Fields {
				seen[name] = true
			}
		}
	})
	return conditions, events
}

// plainSchema has every field as a plain one: nothing is derived, the record
// says it all.
func plainSchema(t *testing.T) *Schema {
	var fields []*field.Field
	for _, f := range FalcoSchema().Fields.Fields() {
		fields = append(fields, &field.Field{
			Name: f.Name, Type: f.Type, List: f.List, Arg: f.Arg, Not: f.Not, Base: f.Base, Doc: f.Doc, Attr: "x." + f.Name, Get: noGet,
		})
	}
	table, err := field.NewTable(fields, syscalls.IsParam)
	if err != nil {
		t.Fatal(err)
	}
	return &Schema{Fields: table, Event: syscalls.Known, Param: FalcoSchema().Param}
}

func TestConformanceCaptures(t *testing.T) {
	schema := plainSchema(t)
	seen := map[string]bool{}
	captures := map[string][]*recorded{}
	var conditions []string
	for _, name := range captureNames {
		if hasGolden(t, capturePath(name)) {
			conditions, captures[name] = readCapture(t, name, seen)
		}
	}
	if len(captures) == 0 {
		t.Skip("no captures in the conformance data")
	}
	sets := make([]*Set, len(conditions))
	for i, c := range conditions {
		set, fs := loadSchema(schema, c)
		if set == nil {
			t.Fatalf("condition %d: %v", i, fs.Err())
		}
		sets[i] = set
	}
	for name, events := range captures {
		matchCapture(t, capturePath(name), events, conditions, sets)
	}
}

// matchCapture asks every condition about every event; what the record says
// too little for is no row.
func matchCapture(t *testing.T, name string, events []*recorded, conditions []string, sets []*Set) {
	rows, diverge := 0, map[string]bool{}
	for i, set := range sets {
		m, rule := set.NewMatcher(), set.Rules()[0]
		for _, e := range events {
			got, want := m.Eval(rule, e), truth(slices.Contains(e.Match, i))
			if got == Unknown {
				continue
			}
			rows++
			if got == want {
				continue
			}
			diverge[conditions[i]] = true
			if knownCause(name, []byte(conditions[i])) == "" {
				t.Errorf("%s event %d: %s is %s, want %s", name, e.Num, conditions[i], got, want)
			}
		}
	}
	(&golden{t: t, name: name}).report(rows, slices.Sorted(maps.Keys(diverge)))
}

// detection is one row of the golden detections.
type detection struct {
	ID, Capture   string
	Rules         []string
	Files         map[string]struct{ Filename, Content string }
	Config        *string
	EnabledTags   []string `json:"enabled_tags"`
	DisabledTags  []string `json:"disabled_tags"`
	DisabledRules []string `json:"disabled_rules"`
	MinPriority   *string  `json:"min_priority"`
	Falco         struct {
		ExitCode   int            `json:"exit_code"`
		RuleCounts map[string]int `json:"rule_counts"`
		Alerts     []struct {
			Rule, Output string
			Fields       map[string]json.RawMessage `json:"output_fields"`
		}
	} `json:"falco_0_44_1"`
}

func TestConformanceDetect(t *testing.T) {
	schema := plainSchema(t)
	seen := map[string]bool{}
	captures := map[string][]*recorded{}
	for _, name := range captureNames {
		if hasGolden(t, capturePath(name)) {
			_, captures["syscall/"+name+".scap"] = readCapture(t, name, seen)
		}
	}
	openGolden(t, "upstream/detect.jsonl").each(func(line []byte) (bool, string) {
		var d detection
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		events := captures[d.Capture]
		if events == nil || d.Falco.ExitCode != 0 {
			return true, cantTell
		}
		set, fs := Load(schema, d.files(), d.options(t))
		if set == nil {
			return false, fs.Err().Error()
		}
		counts, outputs, open := countMatches(set, events)
		if open > 0 {
			return true, cantTell
		}
		if !maps.Equal(counts, d.Falco.RuleCounts) {
			return false, countText(counts)
		}
		return d.compareOutputs(outputs)
	})
}

func (d *detection) files() (files []File) {
	for _, name := range d.Rules {
		f := d.Files[name]
		files = append(files, File{f.Filename, []byte(f.Content)})
	}
	return files
}

func (d *detection) options(t *testing.T) (o Options) {
	for _, name := range d.DisabledRules {
		o.Select = append(o.Select, Selection{Rule: name})
	}
	for _, tag := range d.DisabledTags {
		o.Select = append(o.Select, Selection{Tag: tag})
	}
	if len(d.EnabledTags) > 0 {
		o.Select = append(o.Select, Selection{Rule: "*"})
	}
	for _, tag := range d.EnabledTags {
		o.Select = append(o.Select, Selection{Enable: true, Tag: tag})
	}
	if d.MinPriority != nil {
		p, ok := ParsePriority(*d.MinPriority)
		if !ok {
			t.Fatalf("%s: priority %s", d.ID, *d.MinPriority)
		}
		o.Threshold = &p
	}
	return o
}

// compareOutputs holds our outputs against Falco's lines, which have the time
// and priority before them.
func (d *detection) compareOutputs(outputs []string) (bool, string) {
	if len(outputs) != len(d.Falco.Alerts) {
		return true, "" // counted already
	}
	for i, a := range d.Falco.Alerts {
		_, message, _ := strings.Cut(a.Output, ": ")
		_, message, _ = strings.Cut(message, " ")
		if a.Output != "" && strings.TrimSpace(message) != strings.TrimSpace(outputs[i]) {
			return false, outputs[i] + " want " + message
		}
	}
	return true, ""
}

// countMatches counts the events that match a rule for sure, and those of
// which the record says too little.
func countMatches(set *Set, events []*recorded) (counts map[string]int, outputs []string, open int) {
	counts = map[string]int{}
	m := set.NewMatcher()
	for _, e := range events {
		for _, k := range m.Match(e, SyscallSource, e.eventType()) {
			if k.Verdict == Unknown {
				open++
			} else {
				counts[k.Rule.Name]++
				outputs = append(outputs, string(k.Rule.AppendOutput(nil, e)))
			}
		}
	}
	return counts, outputs, open
}

func countText(counts map[string]int) string {
	b, _ := json.Marshal(counts)
	return string(b)
}
