package rules

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/internal/field"
)

const someRules = `
- rule: a
  desc: d
  condition: evt.type = open and proc.name = x
  output: a %proc.name
  priority: critical
  tags: [net, t1]
- rule: b
  desc: d
  condition: evt.type in (open, close)
  output: b
  priority: notice
  tags: [net]
- rule: c
  desc: d
  condition: evt.type = open
  output: c
  priority: debug
  enabled: false
`

func load(t *testing.T, content string, o Options) *Set {
	t.Helper()
	set, fs := Load(&Schema{Fields: testTable(t), Event: knownTestEvent, Events: testEvents}, []File{{"dir/some.yaml", []byte(content)}}, o)
	if set == nil {
		t.Fatal(fs.Err())
	}
	return set
}

// fire gives the names of the rules that match an open by x.
func fire(set *Set) (names []string) {
	src := fixed{"evt.type": field.Str("open"), "proc.name": field.Str("x")}
	for _, m := range set.NewMatcher().Match(src, SyscallSource, "open") {
		names = append(names, m.Rule.Name)
	}
	return names
}

func TestOptions(t *testing.T) {
	warning := Warning
	tests := map[string]struct {
		options Options
		want    string
	}{
		"first":           {Options{}, "a"},
		"all":             {Options{All: true}, "a b"},
		"threshold":       {Options{All: true, Threshold: &warning}, "a"},
		"enable all":      {Options{All: true, Select: []Selection{{Enable: true, Rule: "*"}}}, "a b c"},
		"disable by tag":  {Options{All: true, Select: []Selection{{Tag: "t1"}}}, "b"},
		"by name and tag": {Options{All: true, Select: []Selection{{Rule: "a", Tag: "net"}}}, "b"},
		"enabled go last": {Options{All: true, Select: []Selection{{Rule: "*"}, {Enable: true, Tag: "t1"}, {Enable: true, Rule: "c"}}}, "a c"},
		"no pattern":      {Options{All: true, Select: []Selection{{Rule: "?"}, {Rule: "[ab]"}}}, "a b"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(fire(load(t, someRules, test.options)), " "); got != test.want {
				t.Errorf("rules %q, want %q", got, test.want)
			}
		})
	}
}

func TestSelectionMovesBehind(t *testing.T) {
	set := load(t, someRules, Options{All: true, Select: []Selection{{Rule: "a"}, {Enable: true, Rule: "a"}}})
	if got := strings.Join(fire(set), " "); got != "b a" {
		t.Errorf("rules %q", got)
	}
}

func TestOutputAdditions(t *testing.T) {
	set := load(t, someRules+"- rule: s\n  desc: d\n  condition: evt.type = open\n  output: s %static.site!\n  priority: info\n", Options{
		All:    true,
		Static: map[string]string{"site": "north"},
		Append: []OutputAddition{{Text: "to all"}, {Rule: "a", Text: "name=%proc.name"}, {Tags: []string{"net", "t1"}, Text: "both"}, {Source: "other", Text: "no"}},
	})
	src := fixed{"proc.name": field.Str("x")}
	want := map[string]string{"a": "a x to all name=x both", "b": "b to all", "c": "c to all", "s": "s north! to all"}
	for _, r := range set.Rules() {
		if got := string(r.AppendOutput(nil, src)); got != want[r.Name] {
			t.Errorf("%s: %q, want %q", r.Name, got, want[r.Name])
		}
	}
}

func TestRuleFacts(t *testing.T) {
	set := load(t, someRules, Options{})
	a := set.Rules()[0]
	if a.Ruleset != "some.yaml" || a.Priority.String() != "Critical" || a.Source != "syscall" || !slices.Equal(a.Tags, []string{"net", "t1"}) {
		t.Errorf("rule %+v", a)
	}
	if a.UUID() == set.Rules()[1].UUID() {
		t.Error("two rules have one UUID")
	}
	if again := load(t, someRules, Options{}).Rules()[0]; again.UUID() != a.UUID() {
		t.Error("the UUID changes from load to load")
	}
	var refs []string
	for _, r := range a.Refs() {
		refs = append(refs, r.String())
	}
	if diff := cmp.Diff([]string{"evt.type", "proc.name"}, refs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"close", "open"}, set.EventTypes()); diff != "" {
		t.Error(diff)
	}
}

func TestRefsHoldInputs(t *testing.T) {
	set := load(t, "- rule: r\n  desc: d\n  condition: t.dir = /a and toupper(proc.name) = val(proc.pname)\n  output: \"%len(t.strs)\"\n  priority: info\n", Options{})
	var refs []string
	for _, r := range set.Rules()[0].Refs() {
		refs = append(refs, r.String())
	}
	slices.Sort(refs)
	if diff := cmp.Diff([]string{"proc.name", "proc.pname", "t.dir", "t.path", "t.strs"}, refs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(testEvents, set.EventTypes(), cmp.Transformer("sort", sorted)); diff != "" {
		t.Error(diff)
	}
}

// TestBusyTypesAreNamed checks that a rule for any type does not make the
// frequent calls be captured, unless another rule names one.
func TestBusyTypesAreNamed(t *testing.T) {
	const anyType = "- rule: any\n  desc: d\n  condition: proc.name = a\n  output: o\n  priority: info\n"
	const read = "- rule: read\n  desc: d\n  condition: evt.type = read\n  output: o\n  priority: info\n"
	for rules, want := range map[string][3]bool{
		anyType: {true, false, false}, read: {false, true, false}, anyType + read: {true, true, false},
	} {
		set, findings := Load(FalcoSchema(), []File{{Name: "r.yaml", Content: []byte(rules)}}, Options{})
		if set == nil {
			t.Fatal(findings)
		}
		types := set.EventTypes()
		got := [3]bool{slices.Contains(types, "openat"), slices.Contains(types, "read"), slices.Contains(types, "write")}
		if got != want {
			t.Errorf("%s: openat, read and write are %v, want %v", rules, got, want)
		}
	}
}

func TestDump(t *testing.T) {
	want := `a
	condition (evt.type = open and proc.name = x)
	program   &(p0 p1)
	types     open
	output    a %proc.name
b
	condition evt.type in (open, close)
	program   p3
	types     close open
	output    b
c
	condition evt.type = open
	program   p0
	types     open
	output    c
p0	slot 0	evt.type = open
p1	slot 1	proc.name = x
p3	slot 0	evt.type in (open, close)
`
	if diff := cmp.Diff(want, load(t, someRules, Options{}).Dump()); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsJSON(t *testing.T) {
	_, fs := Load(&Schema{Fields: testTable(t)}, []File{{"a.yaml", []byte("- rule: r\n  enabled: maybe\n")}}, Options{})
	got, err := json.Marshal(fs)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"LOAD_ERR_YAML_VALIDATE","message":"Can't decode YAML scalar value 'maybe': it must be true or false","warning":false,"item_type":"value for","item_name":"enabled","file":"a.yaml","line":2,"column":12,"snippet":"  enabled: maybe"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestOtherSources: rules of other sources have fields of their own.
func TestOtherSources(t *testing.T) {
	others, err := field.NewTable([]*field.Field{{Name: "log.body", Type: field.CharBuf, Doc: "d", Attr: "x", Get: noGet}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	content := "- rule: l\n  desc: d\n  condition: log.body contains error\n  output: \"%log.body\"\n  priority: info\n  source: app\n"
	schema := &Schema{Fields: testTable(t), Others: others}
	set, fs := Load(schema, []File{{"a.yaml", []byte(content + someRules)}}, Options{})
	if set == nil {
		t.Fatal(fs.Err())
	}
	m, src := set.NewMatcher(), fixed{"log.body": field.Str("an error")}
	if got := m.Match(src, "app", "whatever"); len(got) != 1 || got[0].Rule.Name != "l" {
		t.Errorf("matches %v", got)
	}
	if got := m.Match(src, SyscallSource, "close"); len(got) != 1 || got[0].Rule.Name != "b" {
		t.Errorf("matches %v", got)
	}
	if got := m.Match(src, "unheard", "close"); got != nil {
		t.Errorf("matches %v", got)
	}
}

// TestGenerations: what was read from one event is not taken for the next, even
// when the counter of events begins anew.
func TestGenerations(t *testing.T) {
	set := load(t, someRules, Options{})
	m := set.NewMatcher()
	m.gen = ^uint32(0) - 2
	for i := range 6 {
		name := []string{"x", "y"}[i%2]
		got := m.Match(fixed{"evt.type": field.Str("open"), "proc.name": field.Str(name)}, SyscallSource, "open")
		if len(got) != 1 || got[0].Rule.Name != []string{"a", "b"}[i%2] {
			t.Errorf("event %d: %v", i, got[0].Rule.Name)
		}
	}
}

func TestPriority(t *testing.T) {
	for name, want := range map[string]Priority{"EMERGENCY": Emergency, "info": Informational, "Informational": Informational, "dEbUg": Debug} {
		if got, ok := ParsePriority(name); !ok || got != want {
			t.Errorf("%s is %v", name, got)
		}
	}
	if _, ok := ParsePriority("high"); ok {
		t.Error("high is a priority")
	}
}

// TestValues: what a program makes of its own data compares as what it is.
func TestValues(t *testing.T) {
	src := fixed{
		"t.str": Text("a"), "t.i64": Number(-3), "t.u64": Number(3), "t.bool": Bool(true),
		"t.ip": Address(netip.MustParseAddr("10.0.0.1")), "t.path": UnknownValue,
	}
	for cond, want := range map[string]Truth{
		"t.str = a": True, "t.i64 < -2": True, "t.u64 >= 3": True, "t.bool = true": True,
		"t.ip = 10.0.0.1": True, "t.path = /x": Unknown, "t.str2 = a": False,
	} {
		set, fs := loadCondition(testTable(t), cond)
		if set == nil {
			t.Fatal(fs.Err())
		}
		if got := set.NewMatcher().Eval(set.Rules()[0], src); got != want {
			t.Errorf("%s is %s, want %s", cond, got, want)
		}
	}
}
