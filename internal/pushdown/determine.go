package pushdown

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

// phase is how far a path is: it begins with a slash and has no empty names.
type phase byte

const (
	beforePath phase = iota
	afterSlash
	inName
)

// after is the phase after one more byte; not ok: no path has it there.
func (p phase) after(c byte) (next phase, ok bool) {
	switch c {
	case 0:
		return p, false
	case '/':
		return afterSlash, p != afterSlash
	}
	return inName, p != beforePath
}

// determine finds the automaton of patterns, regular expressions in which a rune
// stands for the byte of its number. Which of them a path fits depends on its
// last state alone, so that one path can stand for all that end there: its ends
// are yet to be judged.
func determine(patterns []string, clean bool, maxStates int) (*determiner, error) {
	n := &nfa{}
	for _, p := range patterns {
		if err := n.add(p); err != nil {
			return nil, err
		}
	}
	d := &determiner{nfa: n, clean: clean, states: map[string]int{}}
	n.classify(&d.automaton)
	d.state(beforePath, n.starts, "")
	for i := 0; i < len(d.items); i++ {
		if len(d.items) > maxStates {
			return nil, errTooMany
		}
		d.follow(i)
	}
	return d, nil
}

// nfa is the instructions of all patterns one after the other.
type nfa struct {
	insts  []syntax.Inst
	starts []uint32
	after  [][]uint32  // by instruction: what can be next behind it
	takes  [][4]uint64 // by instruction: the classes of bytes that it goes on with
}

func (n *nfa) add(pattern string) error {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return err
	}
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return err
	}
	base := uint32(len(n.insts))
	for _, inst := range prog.Inst {
		inst.Out += base
		if inst.Op == syntax.InstAlt || inst.Op == syntax.InstAltMatch {
			inst.Arg += base
		}
		n.insts = append(n.insts, inst)
	}
	n.starts = append(n.starts, n.closure(base+uint32(prog.Start))...)
	for i := base; i < uint32(len(n.insts)); i++ {
		var after []uint32
		if takesBytes(&n.insts[i]) {
			after = n.closure(n.insts[i].Out)
		}
		n.after = append(n.after, after)
	}
	return nil
}

// closure is what at leads to without a byte: instructions that take one, and ends.
func (n *nfa) closure(at uint32) (items []uint32) {
	seen := map[uint32]bool{}
	for next := []uint32{at}; len(next) > 0; {
		at, next = next[0], next[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		switch inst := &n.insts[at]; inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			next = append(next, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			next = append(next, inst.Out)
		default:
			items = append(items, at)
		}
	}
	slices.Sort(items)
	return items
}

func takesBytes(inst *syntax.Inst) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

// classify finds the classes of bytes, and which of them each instruction takes.
func (n *nfa) classify(a *automaton) {
	numbers := map[[2]int]uint8{}
	distinct := map[string]bool{}
	for c := range a.classes {
		phase := 0
		switch c {
		case 0:
			phase = 1
		case '/':
			phase = 2
		}
		a.classes[c] = a.classOf(numbers, [2]int{0, phase}, byte(c))
	}
	for i := range n.insts {
		inst := &n.insts[i]
		if key := string(inst.Rune) + string(rune(inst.Op)); takesBytes(inst) && !distinct[key] {
			distinct[key] = true
			a.split(inst)
		}
	}
	n.takes = make([][4]uint64, len(n.insts))
	for i := range n.insts {
		for class, c := range a.bytes {
			if takesBytes(&n.insts[i]) && n.insts[i].MatchRune(rune(c)) {
				n.takes[i][class/64] |= 1 << (class % 64)
			}
		}
	}
}

// split parts each class into the bytes that an instruction takes and others.
func (a *automaton) split(inst *syntax.Inst) {
	numbers, before := map[[2]int]uint8{}, a.classes
	a.bytes = nil
	for c := range a.classes {
		takes := 0
		if inst.MatchRune(rune(c)) {
			takes = 1
		}
		a.classes[c] = a.classOf(numbers, [2]int{int(before[c]), takes}, byte(c))
	}
}

func (a *automaton) classOf(numbers map[[2]int]uint8, key [2]int, c byte) uint8 {
	n, known := numbers[key]
	if !known {
		n = uint8(len(a.bytes))
		numbers[key], a.bytes = n, append(a.bytes, c)
	}
	return n
}

// determiner finds the states: sets of instructions that can be next.
type determiner struct {
	automaton
	nfa     *nfa
	clean   bool // paths begin with a slash, and no name is empty; else there are no double slashes
	states  map[string]int
	items   [][]uint32
	phases  []phase
	samples []string // by state: a beginning of a path that gets there
	key     []byte   // room for one
}

// state is that of a phase and what can be next; sample and c are a path that gets there.
func (d *determiner) state(p phase, items []uint32, sample string, c ...byte) int {
	d.key = append(d.key[:0], byte(p))
	for _, i := range items {
		d.key = binary.LittleEndian.AppendUint32(d.key, i)
	}
	s, known := d.states[string(d.key)]
	if !known {
		s = len(d.items)
		d.states[string(d.key)], d.items = s, append(d.items, slices.Clone(items))
		d.phases = append(d.phases, p)
		d.samples = append(d.samples, sample+string(c))
	}
	return s
}

// fits are the patterns that a path fits which ends in a state, by their last instructions.
func (d *determiner) fits(s int) string {
	d.key = d.key[:0]
	for _, i := range d.items[s] {
		if d.nfa.insts[i].Op == syntax.InstMatch {
			d.key = binary.LittleEndian.AppendUint32(d.key, i)
		}
	}
	return string(d.key)
}

// ended reports whether a path can end in a state.
func (d *determiner) ended(s int) bool { return !d.clean || d.phases[s] == inName }

// follow finds where each class of bytes leads to from a state.
func (d *determiner) follow(s int) {
	next := make([]int, len(d.bytes))
	var items []uint32
	for class, c := range d.bytes {
		p, ok := d.phases[s].after(c)
		if !d.clean && d.phases[s] == beforePath && c != 0 && c != '/' {
			p, ok = inName, true
		}
		if !ok {
			next[class] = s // whatever, so that states can be alike
			continue
		}
		items = items[:0]
		for _, i := range d.items[s] {
			if d.nfa.takes[i][class/64]>>(class%64)&1 != 0 {
				items = append(items, d.nfa.after[i]...)
			}
		}
		slices.Sort(items)
		next[class] = d.state(p, slices.Compact(items), d.samples[s], c)
	}
	d.next = append(d.next, next)
}
