package pushdown

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/sakerhq/saker/bpf"
)

// An automaton reads a path byte by byte, from state 0 on. Which rules can be
// true for a path depends on the state alone that it ends in.
type automaton struct {
	classes [256]uint8 // bytes that nothing tells apart are of one class
	bytes   []byte     // one of each class
	next    [][]int    // by state and class
	ends    []ends
}

// ends are the rules for files whose path ends in a state: for any, and for
// those that have no other name.
type ends [2]bpf.Candidates

const (
	anyFile = iota
	ownName
)

func (e ends) or(f ends) ends { return ends{e[0].Or(f[0]), e[1].Or(f[1])} }

// errTooMany says that an automaton needs more states than it may have.
var errTooMany = errors.New("too many states")

// merge makes one automaton of two: the rules of both.
func merge(a, b *automaton, maxStates int) (*automaton, error) {
	m, sureA, sureB := &automaton{}, a.surely(b.rules()), b.surely(a.rules())
	m.classifyBoth(a, b)
	numbers, states := map[[2]int]int{}, [][2]int{}
	number := func(s [2]int) int {
		switch { // where the other adds nothing any more, its state is none of interest
		case sureA[s[0]]:
			s[1] = 0
		case sureB[s[1]]:
			s[0] = 0
		}
		n, known := numbers[s]
		if !known {
			n = len(states)
			numbers[s], states = n, append(states, s)
			m.ends = append(m.ends, a.ends[s[0]].or(b.ends[s[1]]))
		}
		return n
	}
	number([2]int{0, 0})
	for i := 0; i < len(states); i++ {
		if len(states) > maxStates {
			return nil, errTooMany
		}
		s, next := states[i], make([]int, len(m.bytes))
		for class, c := range m.bytes {
			next[class] = number([2]int{a.next[s[0]][a.classes[c]], b.next[s[1]][b.classes[c]]})
		}
		m.next = append(m.next, next)
	}
	m.reduce()
	return m, nil
}

// classifyBoth finds the classes of bytes that one of two tells apart.
func (a *automaton) classifyBoth(one, two *automaton) {
	pairs := map[[2]uint8]uint8{}
	for c := range a.classes {
		pair := [2]uint8{one.classes[c], two.classes[c]}
		class, known := pairs[pair]
		if !known {
			class = uint8(len(a.bytes))
			pairs[pair], a.bytes = class, append(a.bytes, byte(c))
		}
		a.classes[c] = class
	}
}

// reduce makes states one that no rest of a path tells apart.
func (a *automaton) reduce() {
	numbers, group := map[ends]int{}, make([]int, len(a.ends))
	for s, end := range a.ends {
		if _, known := numbers[end]; !known {
			numbers[end] = len(numbers)
		}
		group[s] = numbers[end]
	}
	kept, count := a.refine(&group), 0
	for len(kept) != count {
		count = len(kept)
		kept = a.refine(&group)
	}
	next, last := make([][]int, len(kept)), make([]ends, len(kept))
	for n, s := range kept {
		last[n] = a.ends[s]
		for _, to := range a.next[s] {
			next[n] = append(next[n], group[to])
		}
	}
	a.next, a.ends = next, last
	a.join()
}

// join makes classes one that lead to the same states.
func (a *automaton) join() {
	numbers, joined, old := map[string]uint8{}, make([]uint8, len(a.bytes)), a.bytes
	var kept []int
	a.bytes = nil
	for class := range old {
		var key []byte
		for _, next := range a.next {
			key = binary.LittleEndian.AppendUint16(key, uint16(next[class]))
		}
		n, known := numbers[string(key)]
		if !known {
			n = uint8(len(kept))
			numbers[string(key)], kept, a.bytes = n, append(kept, class), append(a.bytes, old[class])
		}
		joined[class] = n
	}
	for c, class := range a.classes {
		a.classes[c] = joined[class]
	}
	for s, next := range a.next {
		a.next[s] = make([]int, len(kept))
		for n, class := range kept {
			a.next[s][n] = next[class]
		}
	}
}

// settled reports whether a state stays whatever comes.
func (a *automaton) settled(s int) bool {
	return !slices.ContainsFunc(a.next[s], func(next int) bool { return next != s })
}

// surely are the states behind which all of some rules are true, whatever comes.
func (a *automaton) surely(all ends) []bool {
	sure := make([]bool, len(a.next))
	for s, end := range a.ends {
		sure[s] = end.or(all) == end && a.settled(s)
	}
	return sure
}

// cut gives an automaton that reads no further than some bytes, and takes for true what
// can be true behind them.
func (a *automaton) cut(depth int) *automaton {
	c := &automaton{classes: a.classes, bytes: a.bytes, next: slices.Clone(a.next), ends: slices.Clone(a.ends)}
	all, far := a.rules(), make([]int, len(a.next))
	for states, seen := []int{0}, map[int]bool{0: true}; len(states) > 0; states = states[1:] {
		s := states[0]
		if far[s] == depth && !a.settled(s) {
			c.ends[s], c.next[s] = all, slices.Repeat([]int{s}, len(a.bytes))
		}
		for _, to := range c.next[s] {
			if !seen[to] {
				seen[to], far[to], states = true, far[s]+1, append(states, to)
			}
		}
	}
	c.reduce()
	return c
}

// as gives an automaton that tells the same of other rules.
func (a *automaton) as(other func(ends) ends) *automaton {
	c := *a
	c.ends = nil
	for _, end := range a.ends {
		c.ends = append(c.ends, other(end))
	}
	return &c
}

// refine parts groups of states whose next ones are of several groups, and gives
// one state of each group.
func (a *automaton) refine(group *[]int) (kept []int) {
	numbers, refined := map[string]int{}, make([]int, len(*group))
	var key []byte
	for s, g := range *group {
		key = binary.LittleEndian.AppendUint32(key[:0], uint32(g))
		for _, to := range a.next[s] {
			key = binary.LittleEndian.AppendUint32(key, uint32((*group)[to]))
		}
		n, known := numbers[string(key)]
		if !known {
			n = len(numbers)
			numbers[string(key)], kept = n, append(kept, s)
		}
		refined[s] = n
	}
	*group = refined
	return kept
}

// rules are all that can be true for some path.
func (a *automaton) rules() (all ends) {
	for _, end := range a.ends {
		all = all.or(end)
	}
	return all
}

// with has some rules true for all paths.
func (a *automaton) with(set ends) {
	for s := range a.ends {
		a.ends[s] = a.ends[s].or(set)
	}
}

// fits reports whether the kernel has room for a.
func (a *automaton) fits() bool { return a.wire().Fits() }

func (a *automaton) wire() *bpf.Paths {
	if a == nil {
		return nil
	}
	p := &bpf.Paths{Classes: a.classes, Next: a.next}
	for _, end := range a.ends {
		p.Ends = append(p.Ends, end)
	}
	return p
}
