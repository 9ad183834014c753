package pushdown

import (
	"encoding/binary"
	"errors"

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
	m := &automaton{}
	pairs := map[[2]uint8]uint8{}
	for c := range m.classes {
		pair := [2]uint8{a.classes[c], b.classes[c]}
		class, known := pairs[pair]
		if !known {
			class = uint8(len(m.bytes))
			pairs[pair], m.bytes = class, append(m.bytes, byte(c))
		}
		m.classes[c] = class
	}
	numbers, states := map[[2]int]int{}, [][2]int{}
	number := func(s [2]int) int {
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
func (a *automaton) with(set ends) *automaton {
	for s := range a.ends {
		a.ends[s] = a.ends[s].or(set)
	}
	return a
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
