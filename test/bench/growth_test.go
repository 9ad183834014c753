package main

import (
	"strings"
	"testing"

	"github.com/sakerhq/saker/rules"
	"github.com/sakerhq/saker/rules/library"
)

// TestVariants: variants load, the first of them are the rules themselves, and the others
// ask for something else, but not for all else.
func TestVariants(t *testing.T) {
	files, err := library.Files("stable")
	if err != nil {
		t.Fatal(err)
	}
	set, err := enabledOf(files)
	if err != nil {
		t.Fatal(err)
	}
	var whole []*rules.Rule // those that variants are made of
	for _, r := range set.Rules() {
		if !strings.Contains(r.Compiled(), `\`) {
			whole = append(whole, r)
		}
	}
	const each = 100
	many, err := enabledOf(variants(set, each*len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(many.Rules()); n != each*len(whole) {
		t.Fatalf("%d rules", n)
	}
	distinct, same := map[string]bool{}, 0
	for i, r := range many.Rules() {
		of := whole[i%len(whole)]
		if i < len(whole) && r.Compiled() != of.Compiled() {
			t.Errorf("%s is\n%s, was\n%s", r.Name, r.Compiled(), of.Compiled())
		}
		if distinct[r.Compiled()] = true; r.Compiled() == of.Compiled() {
			same++
		}
	}
	if len(distinct) < each*len(whole)/2 || same > each*len(whole)/2 {
		t.Errorf("%d distinct rules, %d as they were", len(distinct), same)
	}
}

// TestGrowthTables: what was measured has tables, what is more than that is reckoned, and a
// report from before has none.
func TestGrowthTables(t *testing.T) {
	r := sampleReport(false)
	before := len(r.grids())
	r.Growth = &growth{
		Taken:     "some day",
		Rules:     []grownRules{{Rules: 1000, Match: 200, Told: 0.25}},
		Processes: []herded{{0, 40}, {1000, 41}, {10_000, 50}},
		CPUs:      []grownCPUs{{CPUs: 2, LeftOut: spread{900, 800, 1000}}},
	}
	if n := len(r.grids()); n != before+3 {
		t.Errorf("%d tables, %d without growth", n, before)
	}
	var out strings.Builder
	r.print(&out)
	for _, want := range []string{"25 %", "1,000", "+10,000", "30,000 would take 70 MiB", "[+800 +1,000]", "measured some day"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestEveryday: the worker opens all files of an ordinary day, and one that is missing.
func TestEveryday(t *testing.T) {
	a, err := startActor(actCPU)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.do(everydayOpens.name, 2, 0); err != nil {
		t.Error(err)
	}
	if err := a.stop(); err != nil {
		t.Error(err)
	}
	if n := len(everydayEvents()); n != 8*len(everydayFiles) {
		t.Errorf("%d events", n)
	}
}
