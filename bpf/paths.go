package bpf

import (
	"math/bits"
	"slices"
)

// Paths is an automaton that reads paths byte by byte, beginning in state 0.
type Paths struct {
	Classes [256]uint8 // of bytes
	Next    [][]int    // the state after one more byte, by state and class
	// Ends are the rules that may be true for files whose path ends in a state:
	// of any files, and of those that have no other name, as their mount is the
	// first one of their file system.
	Ends [][2]Candidates
}

// Fits reports whether the kernel has room for p.
func (p *Paths) Fits() bool {
	var w sensorWireAutomaton
	return len(p.Next) < len(w.Ends) && (len(p.Next)+1)<<p.shift() <= len(w.Next)
}

// sure are the rules that may be true for whatever path.
func (p *Paths) sure() Candidates {
	sure := AllCandidates()
	if p == nil {
		return sure
	}
	for _, sets := range p.Ends {
		sure = sure.And(sets[0]).And(sets[1])
	}
	return sure
}

// shift is how many bits the number of a class has.
func (p *Paths) shift() int { return bits.Len8(slices.Max(p.Classes[:])) }

// settled reports whether a state stays whatever comes.
func (p *Paths) settled(s int) bool {
	return !slices.ContainsFunc(p.Next[s], func(next int) bool { return next != s })
}

// paths puts an automaton that fits into the filter. State 0 there is that of
// paths of which nothing is known; settled states are the last ones.
func (b *builder) paths(w *sensorWireAutomaton, p *Paths) {
	w.Classes, w.Shift = p.Classes, uint32(p.shift())
	number, n := make([]uint16, len(p.Next)), uint16(1)
	for _, settled := range []bool{false, true} {
		if settled {
			w.Settled = n
		}
		for s := range p.Next {
			if p.settled(s) == settled {
				number[s] = n
				n++
			}
		}
	}
	w.Start = number[0]
	for s, next := range p.Next {
		for own, set := range p.Ends[s] {
			w.Ends[number[s]][own] = b.number(set)
		}
		for class, to := range next {
			w.Next[int(number[s])<<w.Shift|class] = number[to]
		}
	}
}
