// Package configuration holds docs/configuration.md to what it is made of.
//
// It takes the Configs of the components, the comments at their fields, their
// defaults and some examples, and makes the page. It owns the examples. It
// never describes an option itself.
package configuration

import (
	"flag"
	"fmt"
	"os"
	"path"
	"reflect"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"

	"github.com/sakerhq/saker/extension/rulesetextension"
	"github.com/sakerhq/saker/processor/detectionprocessor"
	"github.com/sakerhq/saker/receiver/syscallreceiver"
)

var update = flag.Bool("update", false, "write the page")

// part is a component of Saker.
type part struct {
	kind    string // as configurations call it, in the plural
	dir     string // of its package, which has the page of its metrics
	factory component.Factory
}

// parts are all components, in the order of a pipeline.
var parts = []part{
	{"extensions", "extension/rulesetextension", rulesetextension.NewFactory()},
	{"receivers", "receiver/syscallreceiver", syscallreceiver.NewFactory()},
	{"processors", "processor/detectionprocessor", detectionprocessor.NewFactory()},
}

func (p *part) name() string { return p.factory.Type().String() }

func (p *part) options() []option {
	return options("", reflect.ValueOf(p.factory.CreateDefaultConfig()).Elem())
}

const head = `# Configuration

Written by ` + "`go test ./test/configuration -update`" + ` from the components' sources and defaults.

Keys are joined as in the Collector's messages: ` + "`batch::max_delay`" + ` is ` + "`max_delay`" + ` in the section ` + "`batch`" + `, and
` + "`sources[]::path`" + ` is ` + "`path`" + ` in each entry of the list ` + "`sources`" + `. What is left out is as by default; a list
replaces the default, it adds nothing to it. A duration has its unit: ` + "`500ms`, `2s`, `1m`" + `. Values may come from the
environment (` + "`${env:NAME}`" + `) and from other files, as everywhere in the Collector.

` + "`saker-collector validate --config FILE`" + ` says what is wrong, all at once: of which component, at which key, and what could stand
there. A line is a component or one of its sections, in which semicolons part the findings. What rule files hold
is told when the collector starts, and by ` + "`saker check FILE`" + `.
`

func TestPage(t *testing.T) {
	const file = "../../docs/configuration.md"
	page, sources := head, library{}
	for i := range parts {
		page += parts[i].markdown(t, sources)
	}
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	was, is := strings.Split(string(written), "\n"), strings.Split(page, "\n")
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			t.Fatalf("%s:%d: %s\nit must be: %s\n(-update writes the page)", file, i+1, was[i], is[i])
		}
	}
	if len(was) != len(is) {
		t.Fatalf("%s has %d lines, it must have %d (-update writes the page)", file, len(was), len(is))
	}
}

// markdown is the part of the page for a component.
func (p *part) markdown(t *testing.T, sources library) string {
	var b strings.Builder
	_, does, _ := strings.Cut(sources.of(t, module+p.dir).synopsis, path.Base(p.dir)+" ")
	kind := strings.ToUpper(p.kind[:1]) + strings.TrimSuffix(p.kind[1:], "s")
	fmt.Fprintf(&b, "\n## %s `%s`\n\nThe %s %s Its metrics are in [documentation.md](../%s/documentation.md).\n\n",
		kind, p.name(), strings.ToLower(kind), does, p.dir)
	b.WriteString("| option | type | default | meaning |\n|---|---|---|---|\n")
	for _, o := range p.options() {
		b.WriteString(sources.row(t, o))
	}
	for _, e := range p.examples(t) {
		b.WriteString(e.markdown(t, p))
	}
	return b.String()
}
