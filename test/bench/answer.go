package main

import (
	"fmt"
	"strings"
)

// What Falco 0.44.1 took where it was measured with its 25 stable rules: the least of
// several runs, in ns. An empty hook on all calls took hookThere. Where no Falco is given,
// it is reckoned to take as many hooks here as there.
const (
	hookThere      = 67
	falcoNull      = 79       // added to a call that nobody asked for
	falcoOpens     = 2030     // added to an open and close
	falcoCPU       = 3 * 1134 // of its own for these: three events
	falcoOpensRate = 300_000  // a second and core, without a loss
)

// target is a number that Saker holds itself to.
type target struct {
	what  string
	unit  string
	limit float64
	least bool // limit is the least; else it is the most
	ours  func(*report) float64
	peer  peer // what limit is a multiple of; none: of the unit
}

// peer is what something is compared with: a number, 0 if there is none, and its name.
type peer func(*report) (float64, string)

var targets = []target{
	{"added to a call nobody asked for", "ns", 1.1, false, addedBy("null call", saker), emptyHook},
	{"the same", "ns", 0.5, false, addedBy("null call", saker), falcoTaking(addedBy("null call", falco), falcoNull)},
	{"the same, hooks on single calls", "ns", 0.5, false, addedBy("null call", sakerEach), falcoTaking(addedBy("null call", falco), falcoNull)},
	{"added to open and close, left out for the rules", "ns", 0.35, false, addedBy(opens, saker), falcoTaking(addedBy(opens, falco), falcoOpens)},
	{"added to open and close, told", "ns", 0.35, false, addedBy(opens, sakerTold), falcoTaking(addedBy(opens, falco), falcoOpens)},
	{"collector's CPU for an open and close, told", "ns", 0.25, false, cpuOf(saker), falcoTaking(cpuOf(falco), falcoCPU)},
	{"opens a second and core, all told, without a loss", "", 4, true, perCore(saker), falcoMaking(perCore(falco), falcoOpensRate)},
	{"matching an open, 93 official rules", "ns", 150, false, engineTime("Match/93_rules/words"), nil},
	{"kernel record to verdict, 93 official rules", "ns", 250, false, engineTime("Verdict"), nil},
	// Plain pdata takes 780 to 900 ns for as many attributes where 900 were set as the limit.
	{"building an alert's record, its garbage collected", "ns", 1.07, false, engineTime("Record/again+garbage"), plainPdata},
	{"resident after the opens", "MiB", 100, false, func(r *report) float64 { return r.Memory[saker] }, nil},
	{"start to the first alert", "s", 2, false, func(r *report) float64 { return median(r.Started[saker]) }, nil},
}

func addedBy(act, subject string) func(*report) float64 {
	return func(r *report) float64 {
		for _, row := range r.Added {
			if row.Act == act {
				return row.With[subject].Median
			}
		}
		return 0
	}
}

func emptyHook(r *report) (float64, string) { return hookHere(r), "an empty hook" }

func plainPdata(r *report) (float64, string) {
	return engineTime("Record/pdata+garbage")(r), "plain pdata"
}

func hookHere(r *report) float64 { return addedBy("null call", emptyAll)(r) }

func cpuOf(name string) func(*report) float64 {
	return func(r *report) float64 { return lossless(r.Floods[name]).CPU }
}

// perCore is the most that was taken with a quota, by core.
func perCore(name string) func(*report) float64 {
	return func(r *report) float64 { return mostPerCore(r.Quotas[name]) }
}

func engineTime(name string) func(*report) float64 {
	return func(r *report) float64 {
		for _, b := range r.Engine {
			if b.Name == name {
				return b.Time
			}
		}
		return 0
	}
}

// falcoTaking is a time of Falco's: as measured, else by hooks.
func falcoTaking(measured func(*report) float64, there float64) peer {
	return reckoned(measured, func(hooks float64) float64 { return there * hooks })
}

// falcoMaking is a rate of Falco's.
func falcoMaking(measured func(*report) float64, there float64) peer {
	return reckoned(measured, func(hooks float64) float64 { return there / hooks })
}

func reckoned(measured func(*report) float64, there func(hooks float64) float64) peer {
	return func(r *report) (float64, string) {
		if _, here := r.Started[falco]; here {
			return measured(r), "Falco"
		}
		if hookHere(r) <= 0 {
			return 0, ""
		}
		return there(hookHere(r) / hookThere), "Falco, reckoned"
	}
}

// answer says of each target whether it is held.
func (r *report) answer() grid {
	g := grid{
		name: "answer", title: "Targets",
		columns: []string{"", saker, "beside", "", "ratio", "target", "held"},
	}
	for _, t := range targets {
		ours := t.ours(r)
		if ours == 0 {
			continue
		}
		row := []string{t.what, quantity(ours, t.unit), "", "", "", quantity(t.limit, t.unit), ""}
		of := ours
		if t.peer != nil {
			theirs, name := t.peer(r)
			if theirs <= 0 {
				continue
			}
			of = ours / theirs
			copy(row[2:], []string{name, quantity(theirs, t.unit), fmt.Sprintf("%.2f", of), fmt.Sprintf("%g ×", t.limit)})
		}
		held := of <= t.limit
		row[5] = "≤ " + row[5]
		if t.least {
			held = of >= t.limit
			row[5] = strings.Replace(row[5], "≤", "≥", 1)
		}
		row[6] = map[bool]string{true: "yes", false: "no"}[held]
		g.rows = append(g.rows, row)
	}
	return g
}

func quantity(n float64, unit string) string {
	text := grouped(n)
	if n < 10 {
		text = fmt.Sprintf("%.2g", n)
	}
	return strings.TrimSpace(text + " " + unit)
}
