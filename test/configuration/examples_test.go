package configuration

import (
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"

	"github.com/sakerhq/saker/internal/config"
	"github.com/sakerhq/saker/internal/config/configtest"
)

// example is one document of a component's file in testdata: comments that say
// what it is for, then what a user writes.
type example struct{ title, yaml string }

// examples are those of a component.
func (p *part) examples(t *testing.T) (all []example) {
	t.Helper()
	content, err := os.ReadFile("testdata/" + p.name() + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range strings.Split(string(content), "---\n") {
		var e example
		for line := range strings.Lines(text) {
			if comment, ok := strings.CutPrefix(line, "# "); ok {
				e.title += strings.TrimSuffix(comment, "\n") + " "
			} else {
				e.yaml += line
			}
		}
		e.title = strings.TrimSuffix(e.title, " ")
		all = append(all, e)
	}
	return all
}

// wrong says whether the example shows what the Collector says of a mistake.
func (e *example) wrong() bool { return strings.HasPrefix(e.title, "Wrong: ") }

func (e *example) markdown(t *testing.T, p *part) string {
	text := "\n" + e.title + ":\n\n```yaml\n" + e.yaml + "```\n"
	if err := e.load(t, p); err != nil {
		text += "\n```\n" + err.Error() + "\n```\n"
	}
	return text
}

// load does what the Collector does with the example.
func (e *example) load(t *testing.T, p *part) error {
	t.Helper()
	configs := map[string]map[component.ID]component.Config{p.kind: {}}
	for id, conf := range e.components(t, p) {
		cfg := p.factory.CreateDefaultConfig()
		if err := conf.Unmarshal(&cfg); err != nil {
			return err
		}
		configs[p.kind][id] = cfg
	}
	return confmap.Validate(configs)
}

// components are the configurations in the example.
func (e *example) components(t *testing.T, p *part) map[component.ID]*confmap.Conf {
	t.Helper()
	conf := configtest.Parse(t, e.yaml)
	configs := map[component.ID]*confmap.Conf{}
	for name := range conf.ToStringMap()[p.kind].(map[string]any) {
		var id component.ID
		if err := id.UnmarshalText([]byte(name)); err != nil || id.Type() != p.factory.Type() {
			t.Fatalf("%s: %q is no %s: %v", e.title, name, p.name(), err)
		}
		one, err := conf.Sub(p.kind + confmap.KeyDelimiter + name)
		if err != nil {
			t.Fatal(err)
		}
		configs[id] = one
	}
	return configs
}

// TestExamples: what the page shows is valid, unless it says otherwise, and has
// each option of each component once at least.
func TestExamples(t *testing.T) {
	for i := range parts {
		p := &parts[i]
		used := map[reflect.Type]map[string]bool{}
		for _, e := range p.examples(t) {
			if err := e.load(t, p); (err != nil) != e.wrong() {
				t.Errorf("%s: %s: %v", p.name(), e.title, err)
			}
			for _, conf := range e.components(t, p) {
				use(used, reflect.TypeOf(p.factory.CreateDefaultConfig()), conf.ToStringMap())
			}
		}
		for _, o := range p.options() {
			if !used[o.in][o.field.Name] {
				t.Errorf("%s: no example has %s", p.name(), o.path)
			}
		}
	}
}

// TestWords: each word that the page has for an option is one that it takes.
func TestWords(t *testing.T) {
	sources, seen := library{}, 0
	for i := range parts {
		p := &parts[i]
		for _, o := range p.options() {
			for _, w := range sources.wordsOf(t, o.field.Type) {
				seen++
				e := example{"a word", fmt.Sprintf("%s: { %s: { %s: %s } }\n", p.kind, p.name(), o.path, w.text)}
				if err := e.load(t, p); err != nil && strings.Contains(err.Error(), o.path) {
					t.Error(err)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no option has words: the test looks at the wrong place")
	}
}

// TestReadme: the configuration that users see first is valid, too.
func TestReadme(t *testing.T) {
	content, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n## Configuration\n\n```yaml\n")
	shown, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("the README shows no configuration")
	}
	e := example{"README", shown}
	for i := range parts {
		if err := e.load(t, &parts[i]); err != nil {
			t.Error(err)
		}
	}
}

// use notes the fields of structs that a configuration sets.
func use(used map[reflect.Type]map[string]bool, of reflect.Type, value any) {
	within := section(of)
	if within == nil {
		return
	}
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			use(used, within, v)
		}
	case map[string]any:
		keys := config.Keys(within)
		for key, v := range value {
			if used[within] == nil {
				used[within] = map[string]bool{}
			}
			used[within][keys[key].Name] = true
			use(used, keys[key].Type, v)
		}
	}
}
