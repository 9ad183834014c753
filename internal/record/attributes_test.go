package record

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

const attributesDoc = `# Attributes

Written by ` + "`go test ./internal/record -update`" + ` from the table of fields and the records of sample events. An attribute
is there when the event has the value and a rule, or the receiver, asks for one of its fields; ` + "`[N]`" + ` and
` + "`.*`" + ` stand for arguments. What does not begin with ` + "`saker.`" + ` is as OpenTelemetry's semantic conventions say.
Arrays are arrays there, too, or lists of ancestors (the parent first), capabilities, parameters, keys and rule tags.

| attribute | on | type | fields | example |
|---|---|---|---|---|
`

// example is an attribute as some sample's record has it.
type example struct{ kind, text string }

const exampleLength = 60

func (e example) String() string {
	if len(e.text) > exampleLength {
		e.text = e.text[:exampleLength] + "…"
	}
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(e.text)
}

// examples are attributes of the samples' records and resources, by key.
func examples(t *testing.T) map[string]example {
	found := map[string]example{}
	take := func(attrs pcommon.Map) {
		for key, v := range attrs.All() {
			if old, ok := found[key]; !ok || old.text == "" || old.text == "0" {
				found[key] = example{strings.ToLower(v.Type().String()), v.AsString()}
			}
		}
	}
	w := NewWriter(Options{})
	for _, s := range eventtest.Samples() {
		w.Add(s.Event, everything(t, s.Event))
		resource, lr := only(t, w.Take())
		resource.Attributes().PutStr("host.name", "web-1")
		take(resource.Attributes())
		take(lr.Attributes())
	}
	return found
}

// served are the fields that an attribute serves, itself or through others.
func served(primary *field.Field) []string {
	var names []string
	for _, f := range field.Falco().Fields() {
		from := slices.ContainsFunc(f.From, func(name string) bool {
			name, _, _ = strings.Cut(name, "[")
			return name == primary.Name
		})
		if (f == primary || from) && !f.Own() {
			names = append(names, "`"+f.Name+"`")
		}
	}
	if names == nil {
		names = []string{"`" + primary.Name + "`"}
	}
	return names
}

func attributeRows(t *testing.T) (rows []string) {
	found := examples(t)
	for _, f := range field.Falco().Fields() {
		if f.Derive != nil || f.Where == field.Core {
			continue
		}
		keys := []string{f.Attr}
		if f.Keyed != "" && f.Keyed != f.Attr {
			keys = append(keys, f.Keyed)
		}
		on := map[field.Where]string{field.Record: "record", field.Resource: "resource"}[f.Where]
		for _, key := range keys {
			shown, e := key, found[key]
			if key == f.Keyed {
				shown += ".*"
				e = example{}
				for _, other := range slices.Sorted(maps.Keys(found)) {
					if strings.HasPrefix(other, key+".") && e.text == "" {
						e = found[other]
					}
				}
			}
			if e.kind == "" {
				e.kind = f.Type.String()
			}
			rows = append(rows, fmt.Sprintf("| `%s` | %s | %s | %s | %s |\n", shown, on, e.kind, strings.Join(served(f), ", "), e))
		}
	}
	slices.Sort(rows)
	return rows
}

func TestAttributesDoc(t *testing.T) {
	const file = "../../docs/attributes.md"
	doc := attributesDoc + strings.Join(attributeRows(t), "")
	if *update {
		if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != doc {
		t.Errorf("%s is old (-update writes it)", file)
	}
}

// TestArrays: an attribute is an array only where the convention has one, or
// where it lists ancestors, capabilities, addresses, parameters or keys.
func TestArrays(t *testing.T) {
	allowed := []string{
		"process.command_args", "container.image.tags", "container.image.repo_digests",
		"saker.thread.cap_permitted", "saker.thread.cap_inheritable", "saker.thread.cap_effective",
		"saker.evt.unreadable", "saker.evt.truncated", "saker.evt.unresolved", KeyUnreadable, KeyTruncated,
	}
	for key, e := range examples(t) {
		ancestors := strings.HasPrefix(key, "saker.proc.a")
		if e.kind == "slice" && !ancestors && !slices.Contains(allowed, key) {
			t.Errorf("%s is an array", key)
		}
	}
}
