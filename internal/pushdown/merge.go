package pushdown

import (
	"cmp"
	"encoding/binary"
	"maps"
	"slices"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/rules"
)

// Many rules together need more states than the kernel has room for, since each state
// says which of them are left. What must not be is that then all paths are told: nearly
// all of them are none that any rule names. So where there is no room to tell rules apart
// it is told only whether any of a kind can be true, then of several kinds that take the
// same everyday files, and in the end what begins as a path that some rule names is taken
// for it.

// pathed is a rule that paths tell apart.
type pathed struct {
	*automaton
	generic ends   // for paths that have nothing in common with what rules name
	kind    string // rules of one are alike in all other facts
}

// mergeRules makes one automaton of those of all rules, as exact as there is room for;
// nil of none.
func mergeRules(all []pathed) *automaton {
	var exact []*automaton
	states := 0
	for _, r := range all {
		exact, states = append(exact, r.automaton), states+len(r.next)
	}
	if states <= maxStates { // else to try takes time, and it never fits
		if merged := mergeAll(exact); merged != nil || exact == nil {
			return merged
		}
	}
	kinds, always := map[string][]*automaton{}, ends{}
	for _, r := range all {
		if r.generic == (ends{}) {
			kinds[r.kind] = append(kinds[r.kind], r.automaton)
		} else {
			always = always.or(r.rules())
		}
	}
	var of []*automaton
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		of = append(of, join(kinds[kind]))
	}
	merged := mergeAll(of)
	for ; merged == nil && len(of) > 1; merged = mergeAll(of) {
		if merged = mergeCut(of); merged != nil {
			break
		}
		of = joinAlike(of)
	}
	if merged != nil {
		merged.with(always)
	}
	return merged
}

// mergeCut makes one automaton of two that read no more than the beginnings of paths: these
// are told apart better than what takes all of a directory from what takes a file of it. Of
// more, it makes none.
func mergeCut(of []*automaton) (merged *automaton) {
	for _, depth := range depths[:len(depths)/2] {
		if merged == nil && len(of) == 2 {
			merged = mergeAll([]*automaton{of[0].cut(depth), of[1].cut(depth)})
		}
	}
	return merged
}

// everyday are files that programs open all day, each for more of its kind.
var everyday = []string{
	"/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/hosts", "/etc/resolv.conf", "/etc/ssl/openssl.cnf",
	"/usr/lib/os-release", "/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/share/zoneinfo/UTC", "/usr/bin/env", "/lib/libc.so.6", "/bin/sh",
	"/proc/1/stat", "/sys/devices/system/cpu/online", "/dev/null", "/var/lib/x/x", "/var/log/x", "/var/cache/x/x", "/run/x", "/tmp/x", "/home/x/x", "/srv/x",
}

// joinAlike makes one of two: of those that differ least in which everyday files they take,
// the smallest. What one about all of /etc takes must not be taken by one about a file there.
func joinAlike(of []*automaton) []*automaton {
	slices.SortStableFunc(of, bySize)
	a, b, least := 0, 1, len(everyday)+1
	for j := range of {
		for i := range j {
			if n := difference(of[i], of[j]); n < least {
				a, b, least = i, j, n
			}
		}
	}
	of[a] = join([]*automaton{of[a], of[b]})
	return slices.Delete(of, b, b+1)
}

// difference is how many everyday files one of two takes.
func difference(a, b *automaton) (n int) {
	for _, path := range everyday {
		if (a.endOf(path)[ownName] == bpf.Candidates{}) != (b.endOf(path)[ownName] == bpf.Candidates{}) {
			n++
		}
	}
	return n
}

// endOf are the rules of a path.
func (a *automaton) endOf(path string) ends {
	s := 0
	for i := range len(path) {
		s = a.next[s][a.classes[path[i]]]
	}
	return a.ends[s]
}

// depths are how many bytes of a path are read, in turn until there is room.
var depths = []int{48, 32, 24, 16, 12, 8, 4, 0}

// join makes one automaton of some, that tells no more than whether any of them has
// rules for a path.
func join(some []*automaton) *automaton {
	all := ends{}
	for _, a := range some {
		all = all.or(a.rules())
	}
	var of []*automaton
	for _, a := range some {
		of = append(of, a.as(func(end ends) ends { return end.widened(all) }))
	}
	merged := mergeAll(of)
	for i := 0; merged == nil; i++ {
		for n := range of {
			of[n] = of[n].cut(depths[i])
		}
		merged = mergeAll(of)
	}
	return merged
}

// widened is of what e has any of, all.
func (e ends) widened(all ends) ends {
	for i := range e {
		if !e[i].IsEmpty() {
			e[i] = all[i]
		}
	}
	return e
}

// mergeAll makes one automaton of all, small ones first; nil of none, and if the kernel
// has no room for it.
func mergeAll(all []*automaton) *automaton {
	of := slices.SortedStableFunc(slices.Values(all), bySize)
	for len(of) > 1 {
		merged, err := merge(of[0], of[1], maxStates)
		if err != nil || !merged.fits() {
			return nil
		}
		of = of[2:]
		at, _ := slices.BinarySearchFunc(of, merged, bySize)
		of = slices.Insert(of, at, merged)
	}
	if len(of) == 0 || !of[0].fits() {
		return nil
	}
	return of[0]
}

func bySize(a, b *automaton) int { return cmp.Compare(len(a.next), len(b.next)) }

// alike says of which rules all facts of some calls but paths and processes say the
// same, and which ask for the path that a call was given: these have the same text.
func alike(calls []Call) map[*rules.Rule]string {
	texts, n := map[*rules.Rule][]byte{}, uint64(0)
	note := func(some []*rules.Rule) {
		n++
		for _, r := range some {
			texts[r] = binary.AppendUvarint(texts[r], n)
		}
	}
	for i := range calls {
		c := &calls[i]
		for _, some := range [][]*rules.Rule{c.Asked, c.Zero, c.Positive, c.Errors.Any(), c.Unmarked, c.Directories} {
			note(some)
		}
		for _, number := range c.Numbers {
			for _, some := range number.of {
				note(some)
			}
		}
		note(slices.DeleteFunc(slices.Clone(c.Asked), func(r *rules.Rule) bool { return !asksGiven(r, c) }))
	}
	kinds := map[*rules.Rule]string{}
	for r, text := range texts {
		kinds[r] = string(text)
	}
	return kinds
}

func asksGiven(r *rules.Rule, c *Call) (asks bool) {
	r.Tests(c.Row.Name, func(t rules.Test) { asks = asks || given.patternsOf(t) != nil })
	return asks
}
