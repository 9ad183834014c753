package field

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event/eventtest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with a file, or writes the file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	wantLines, gotLines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
	for i := range min(len(wantLines), len(gotLines)) {
		if wantLines[i] != gotLines[i] {
			t.Fatalf("%s:%d: %s\ngot: %s\n(-update writes the file)", file, i+1, wantLines[i], gotLines[i])
		}
	}
	if len(wantLines) != len(gotLines) {
		t.Fatalf("%s: %d lines, got %d (-update writes the file)", file, len(wantLines), len(gotLines))
	}
}

func TestDocs(t *testing.T) { golden(t, "../../docs/fields.md", Markdown()) }

// text is a value as golden files show it.
func text(v Value) string {
	switch v.Kind() {
	case Missing:
		return "missing"
	case Unknown:
		return "unknown"
	case String:
		return quote(v.Text())
	case Bytes:
		return "bytes " + quote(v.Text())
	case Bool:
		return map[bool]string{true: "true", false: "false"}[v.Bool()]
	case Addr:
		return v.Addr().String()
	case List:
		var all []string
		for i := range v.Len() {
			all = append(all, text(v.At(i)))
		}
		return "(" + strings.Join(all, ", ") + ")"
	}
	return itoa(v.Int())
}

// whole are the samples whose every field the golden file shows; of others it
// shows the event's own.
var whole = map[string]bool{"execve": true, "execve in unknown container": true, "creating open": true, "setuid": true}

func TestValues(t *testing.T) {
	t.Setenv("TZ", "UTC")
	var b strings.Builder
	for _, s := range eventtest.Samples() {
		b.WriteString("# " + s.Name + "\n")
		for _, ref := range sampleRefs(t, s.Event.Row) {
			own := strings.HasPrefix(ref.Name, "fd.") || strings.HasPrefix(ref.Name, "fs.") ||
				strings.HasPrefix(ref.Name, "evt.") || strings.HasPrefix(ref.Name, "saker.f")
			v := Eval(OfEvent{s.Event}, ref)
			if local := strings.Contains(ref.Name, "time"); local || v.Kind() == Missing || !own && !whole[s.Name] {
				continue
			}
			b.WriteString(ref.String() + " = " + text(v) + "\n")
		}
		b.WriteString("\n")
	}
	golden(t, "testdata/values.txt", b.String())
}
