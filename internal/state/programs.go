package state

import "strings"

// program is what an exec was given; processes that were given the same share it.
type program struct {
	exe  string
	args []string
}

// programs keeps one copy of the same arguments. It has two generations: what
// was not asked for since the last one began goes with it.
type programs struct {
	young, old map[string]*program
	bytes      int // of young
	limit      int
	evicted    uint64
}

func newPrograms(limit int) programs { return programs{young: map[string]*program{}, limit: limit} }

// of is the program of NUL-separated arguments; each ends with a NUL, but the
// last one if cut.
func (t *programs) of(argv []byte, cut bool) *program {
	if len(argv) == 0 || cut {
		return newProgram(split(argv, cut))
	}
	if p := t.young[string(argv)]; p != nil {
		return p
	}
	p := t.old[string(argv)]
	key := string(argv)
	if p == nil {
		p = newProgram(strings.Split(strings.TrimSuffix(key, "\x00"), "\x00"))
	}
	delete(t.old, key)
	if t.bytes += len(key) + len(p.args)*16 + pathCost; t.bytes > t.limit/2 {
		t.evicted += uint64(len(t.old))
		t.old, t.young, t.bytes = t.young, map[string]*program{}, 0
	}
	t.young[key] = p
	return p
}

func newProgram(argv []string) *program {
	if len(argv) == 0 {
		return &program{}
	}
	return &program{exe: argv[0], args: argv[1:]}
}
