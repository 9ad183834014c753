package pushdown

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// placeOf is the place of what a register holds, as the programs find it.
func placeOf(n *bpf.NumberFacts, register uint64) (place int) {
	high := 64 - n.Width
	number := int64(register << high >> high)
	if n.Signed {
		number = int64(register<<high) >> high
	}
	for i, bit := range n.Bits {
		place |= int(uint64(number)>>bit&1) << i
	}
	for place+1 < len(n.From) && n.From[place+1] <= number {
		place++
	}
	return place
}

// numberTests are conditions on a number of a call, and what of it is told; nothing:
// it can't be told apart.
var numberTests = []struct{ call, test, told string }{
	{"ptrace", "evt.arg.request = PTRACE_ATTACH", "request PTRACE_ATTACH"},
	{"ptrace", "evt.arg.request in (PTRACE_ATTACH, PTRACE_SEIZE, PTRACE_TRACEME)", "request PTRACE_TRACEME, request PTRACE_ATTACH, request PTRACE_SEIZE"},
	{"ptrace", "evt.arg.request contains TRACE_S and not evt.arg.request contains TRACE_SET", "request PTRACE_SINGLESTEP, request PTRACE_SYSCALL, request PTRACE_SYSEMU to PTRACE_SINGLEBLOCK, request PTRACE_SEIZE"},
	{"ptrace", "(evt.arg.request = PTRACE_ATTACH or proc.name = x)", ""},
	{"ptrace", "(evt.arg.request = PTRACE_ATTACH and evt.arg.addr = 10)", "addr 10, request PTRACE_ATTACH"},
	{"ptrace", "evt.rawarg.pid = 1", "pid 1"},
	{"ptrace", "toupper(evt.arg.request) = PTRACE_ATTACH", ""},
	{"prctl", "evt.arg.option = PR_SET_NAME", "option PR_SET_NAME"},
	{"prctl", "evt.arg.option contains PR_SET_N", "option PR_SET_NAME, option PR_SET_NO_NEW_PRIVS"},
	{"prctl", "evt.arg.option contains 1", ""},
	{"prctl", "evt.arg.option = 99999", "option 99999"},
	{"prctl", "evt.rawarg.arg2_int < 0", "arg2_int less than 0"},
	{"bpf", "evt.arg.cmd in (BPF_PROG_LOAD, BPF_MAP_CREATE)", "cmd BPF_MAP_CREATE, cmd BPF_PROG_LOAD"},
	{"socket", "evt.arg.domain = AF_PACKET", "domain AF_PACKET"},
	{"socket", "evt.arg.domain in (AF_UNIX, AF_INET) and evt.arg.type != 5", "domain AF_INET, type less than 5, type 6 or more"},
	{"fcntl", "evt.arg.cmd = F_SETFL", "cmd F_SETFL"},
	{"kill", "evt.arg.sig = SIGKILL", "sig SIGKILL"},
	{"kill", "evt.rawarg.sig >= 9", "sig SIGKILL or more"},
	{"kill", "evt.arg.pid = nginx", ""},
	{"setuid", "evt.rawarg.uid = 0", "uid 0"},
	{"setuid", "evt.arg.uid = root", ""},
	{"listen", "evt.rawarg.backlog > -5 and evt.rawarg.backlog <= 7", "backlog -4 to 7"},
	{"chmod", "evt.arg.mode contains S_ISUID", "S_ISUID"},
	{"clone", "evt.arg.flags contains CLONE_NEWUSER", "CLONE_NEWUSER"},
	{"clone3", "evt.arg.flags contains CLONE_NEWUSER", "CLONE_NEWUSER"},
	{"openat2", "evt.arg.resolve contains RESOLVE_BENEATH and evt.arg.flags contains O_TRUNC", "O_TRUNC, RESOLVE_BENEATH"},
	{"open", "evt.rawarg.mode = 0", ""},
}

func (n *Number) told(row *syscalls.Row) (told []string) {
	for place, needed := range n.Rules() {
		switch {
		case len(needed) == 0:
		case n.IsFlags():
			told = append(told, strings.Join(n.Words(place), "|"))
		default:
			told = append(told, n.Param.Name+" "+n.Range(row, place))
		}
	}
	return told
}

func TestNumbers(t *testing.T) {
	for _, test := range numberTests {
		c := judge(load(t, "evt.type = "+test.call+" and "+test.test))[0]
		var told []string
		for i := range c.Numbers {
			told = append(told, c.Numbers[i].told(c.Row)...)
		}
		if got := strings.Join(told, ", "); got != test.told {
			t.Errorf("%s with %s: told %q, want %q", test.call, test.test, got, test.told)
		}
	}
}

// Whatever number is left out, no rule is true for it.
func TestNoNumberIsMissed(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	leftOut, matched := 0, 0
	for range 400 {
		call := numberTests[random.IntN(len(numberTests))].call
		set := load(t, "evt.type = "+call+" and "+numberCondition(random, call, 3))
		c := judge(set)[0]
		f, m := c.facts(NumbersOf(set)), set.NewMatcher()
		for range 100 {
			e := &event.Event{Row: c.Row, Process: &event.Process{Name: "x"}, Args: make([]event.Arg, len(c.Row.Params))}
			registers := make([]uint64, len(e.Args))
			for i := range e.Args {
				registers[i] = randomNumber(random)
				e.Args[i] = event.Arg{Valid: true, Num: c.Row.Params[i].Type.Number(registers[i])}
			}
			left := f.Asked
			for i := range f.Numbers {
				left = left.And(f.Numbers[i].Of[placeOf(&f.Numbers[i], registers[c.Numbers[i].index])])
			}
			matches := m.Match(field.OfEvent{Event: e}, rules.SyscallSource, call)
			if matched += len(matches); !left.IsEmpty() {
				continue
			}
			if leftOut++; len(matches) > 0 {
				t.Fatalf("%s: left out with %#x", set.Rules()[0].Condition, registers)
			}
		}
	}
	if leftOut < 1000 || matched < 1000 {
		t.Errorf("%d events left out, %d matched: too few to tell", leftOut, matched)
	}
}

// randomNumber is one that may have a name, or is near one, with garbage above that
// parameters of fewer bits don't have.
func randomNumber(r *rand.Rand) uint64 {
	n := r.Uint64N(40)
	switch r.IntN(6) {
	case 0:
		n = 0x4200 + r.Uint64N(16)
	case 1:
		n = -n
	case 2:
		n = 1 << r.IntN(64)
	case 3:
		n |= r.Uint64() << 32
	case 4:
		n = r.Uint64()
	}
	return n
}

// numberCondition is a condition on what numberTests ask of a call, and on other
// numbers of it.
func numberCondition(r *rand.Rand, call string, depth int) string {
	if depth == 0 || r.IntN(3) == 0 {
		var tests []string
		for _, t := range numberTests {
			if t.call == call {
				tests = append(tests, "("+t.test+")")
			}
		}
		p := randomParam(r, syscalls.ByName(call))
		tests = append(tests, "proc.name = y", fmt.Sprintf("evt.rawarg.%s %s %d", p, []string{"<", ">=", "=", "!="}[r.IntN(4)], r.IntN(40)),
			fmt.Sprintf("evt.arg.%s %s %d", p, []string{"=", "!=", "contains", "startswith"}[r.IntN(4)], r.IntN(40)))
		return tests[r.IntN(len(tests))]
	}
	left, right := numberCondition(r, call, depth-1), numberCondition(r, call, depth-1)
	return []string{"(" + left + " or " + right + ")", "(" + left + " and not " + right + ")", "not (" + left + " and " + right + ")"}[r.IntN(3)]
}

func randomParam(r *rand.Rand, row *syscalls.Row) string {
	for {
		if p := row.Params[r.IntN(len(row.Params))]; isNumber(p.Type) && p.Type != syscalls.Dyn { // of which there is no order
			return p.Name
		}
	}
}
