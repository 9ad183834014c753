package rulesetextension

import (
	"testing"

	"github.com/sakerhq/saker/internal/config/configtest"
)

func TestConfig(t *testing.T) {
	configtest.Run(t, createDefaultConfig, []configtest.Case{
		{"defaults", ``, ""},
		{"all keys", `
sources: [ { library: stable }, { path: /etc/saker/rules.d }, { path: "x/*.yaml" } ]
priority: Warning
rule_matching: all
select: [ { disable: { tag: network } }, { enable: { rule: "My *", tag: mine } } ]
append_output: [ { match: { rule: a, source: log, tags: [x, y] }, extra_output: "%proc.name" }, { extra_output: b } ]
static_fields: { site: north }`, ""},
		{"short word of a priority", `priority: info`, ""},
		{"nothing to append", `append_output: [ { match: { rule: a } } ]`, "append_output::0: needs extra_output, extra_fields or suggested_output"},
		{"what falco.yaml has", `append_output: [ { suggested_output: true }, { extra_fields: [ proc.aname, { line: "%proc.cmdline" } ] } ]`, ""},
		{"extra field that is none", `append_output: [ { extra_fields: [ [a] ] } ]`, "extra_fields"},
		{"unknown priority", `priority: high`, `priority: "high" is none of emergency, alert`},
		{"unknown matching", `rule_matching: some`, `rule_matching: "some"`},
		{"empty source", `sources: [ { path: x }, {} ]`, "sources::1: needs either path or library"},
		{"two places in one source", `sources: [ { path: x, library: stable } ]`, "sources::0: needs either path or library"},
		{"unknown library", `sources: [ { library: best } ]`, `sources::0: library: "best" is none of stable`},
		{"empty selection", `select: [ {} ]`, "select::0: needs either enable or disable"},
		{"selection of nothing", `select: [ { enable: {} } ]`, "select::0::enable: needs a rule or a tag"},
		{"everything at once", "priority: x\nrule_matching: y", "; rule_matching: "},
		{"misspelt key", `source: []`, "unknown key source: did you mean sources?"},
	})
}

// A list in the configuration replaces the default, it is not laid over it.
func TestSourcesReplaceTheDefault(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	if err := configtest.Parse(t, `sources: [ { path: x } ]`).Unmarshal(cfg); err != nil {
		t.Fatal(err)
	}
	if len(cfg.Sources) != 1 || cfg.Sources[0] != (Source{Path: "x"}) {
		t.Errorf("sources are %+v", cfg.Sources)
	}
}
