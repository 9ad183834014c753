package record

import (
	"os"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

// saidOtherwise are fields for which the conventions have an attribute, but another
// one says them here.
var saidOtherwise = map[string]string{
	"evt.arg.name":   "what the call was given; file.path is what that led to",
	"evt.arg.mode":   "what the call asks for; the file's may be another",
	"evt.arg.target": "what the call was given, be there a link or not",
	"proc.cmdnargs":  "the conventions' number counts argv[0], too, as proc.argc does",
	"fd.directory":   "a part of file.path",
	"fd.filename":    "a part of file.path",
}

var attributeTypes = map[string]pcommon.ValueType{
	"string": pcommon.ValueTypeStr, "int": pcommon.ValueTypeInt, "bool": pcommon.ValueTypeBool, "string[]": pcommon.ValueTypeSlice,
}

// said are the attributes that records of samples have when they are made for
// one field, by key.
func said(t *testing.T, name string) map[string]pcommon.Value {
	t.Helper()
	all := map[string]pcommon.Value{}
	w := NewWriter(Options{})
	for _, s := range eventtest.Samples() {
		w.Add(s.Event, []*field.Ref{ref(t, name)})
		resource, lr := only(t, w.Take())
		for _, attrs := range []pcommon.Map{resource.Attributes(), lr.Attributes()} {
			for key, v := range attrs.All() {
				all[key] = v
			}
		}
	}
	return all
}

// TestConventions: what the conventions have a name for is called by it, and
// is of their type.
func TestConventions(t *testing.T) {
	text, err := os.ReadFile("testdata/semconv.tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		col := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		name, key, kind := col[0], col[1], attributeTypes[col[2]]
		v, ok := said(t, name)[key]
		switch {
		case ok != (saidOtherwise[name] == ""):
			t.Errorf("%s: said as %s: %v", name, key, ok)
		case ok && v.Type() != kind:
			t.Errorf("%s: %s is of type %s, not %s", name, key, v.Type(), kind)
		case ok && kind == pcommon.ValueTypeSlice:
			for _, element := range v.Slice().All() {
				if element.Type() != pcommon.ValueTypeStr {
					t.Errorf("%s: %s holds a %s", name, key, element.Type())
				}
			}
		}
	}
}
