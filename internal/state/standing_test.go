package state

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// kernel is a Voucher that remembers. It says that all was told but where a test
// says otherwise.
type kernel struct {
	busy, behind bool
	log          []string
}

func (k *kernel) Stand(uint32) (bpf.Standing, bool) { return bpf.Standing{}, !k.busy }

func (k *kernel) Told(bpf.Standing) bool { return !k.behind }

func (k *kernel) Vouch(bpf.Standing, bpf.Candidates) bool {
	k.log = append(k.log, "vouch")
	return true
}

func (k *kernel) Revoke(pid uint32) { k.log = append(k.log, fmt.Sprint("revoke ", pid)) }

func nothing(*event.Process) bpf.Candidates { return bpf.Candidates{} }

// vain has a process act in vain some times.
func vain(t *testing.T, s *State, p who, times int) {
	t.Helper()
	for range times {
		ev, ok := apply(t, s, p.call("listen", 0, 3, 1).none())
		if !ok {
			t.Fatal("no event")
		}
		s.Vain(ev)
	}
}

// A process is vouched for when it has shown often enough that little comes of
// it, all that was told of it is known, and until it changes in any way.
func TestVouch(t *testing.T) {
	k := &kernel{}
	s := newTree(t, func(o *Options) { o.Voucher = k })
	p := who(7)
	expect := func(when string, want ...string) {
		t.Helper()
		if got := strings.Join(k.log, ", "); got != strings.Join(want, ", ") {
			t.Errorf("%s: %s, want %s", when, got, strings.Join(want, ", "))
		}
		k.log = nil
	}
	vouch := func() {
		vain(t, s, p, vainFirst)
		s.Vouch(nothing)
		s.Vouch(nothing)
	}
	vain(t, s, p, 1)
	s.Vouch(nothing)
	expect("not known")
	apply(t, s, p.exec(1, "/bin/sh"))
	vain(t, s, p, vainFirst-1)
	s.Vouch(nothing)
	s.Vouch(nothing)
	expect("seldom in vain")
	k.busy = true
	vain(t, s, p, 1)
	s.Vouch(nothing)
	s.Vouch(nothing)
	expect("while it is told of")
	k.busy, k.behind = false, true
	s.Vouch(nothing)
	s.Vouch(nothing)
	expect("before all was read")
	k.behind = false
	s.Vouch(nothing)
	expect("then", "vouch")
	vain(t, s, p, vainAgain-vainFirst)
	s.Vouch(nothing)
	s.Vouch(nothing)
	expect("again after long", "vouch")
	apply(t, s, p.rename("first"))
	expect("renamed", "revoke 7")
	for what, r := range map[string]record{
		"renamed": p.rename("other"), "given the same name": p.rename("other"), "executed": p.exec(1, "/bin/ls"),
		"changed": p.process(bpf.CauseChange, 1, "other"), "moved": p.process(bpf.CauseCgroup, 1, "other"),
		"found": p.process(bpf.CauseScan, 1, "other"),
	} {
		vouch()
		apply(t, s, r)
		expect(what, "vouch", "revoke 7")
	}
	vouch()
	s.learnHost(ask.Answer{Accounts: ask.NoAccounts()}, time.Now())
	expect("users known by other names", "vouch", "revoke 7")
	vain(t, s, p, vainFirst)
	apply(t, s, p.exit(0, 0))
	s.Vouch(nothing)
	s.Vouch(nothing)
	expect("ended")
}

// alone are the fields that depend on nothing but the process itself.
func alone(ref *field.Ref) bool { return ref.Parts() == field.OfImage }

// TestAlone: what a process shows of itself alone stays the same until a record
// tells of it. The kernel relies on it.
func TestAlone(t *testing.T) {
	for seed := range uint64(8) {
		rnd := rand.New(rand.NewPCG(seed, 11))
		s := newTree(t, func(o *Options) { o.Processes = 24 })
		shows := map[*process]string{}
		for range 250 {
			for _, p := range s.processes.known {
				shows[p] = shownBy(&event.Event{Process: &p.Process}, alone)
			}
			r, what := randomRecord(rnd)
			apply(t, s, r)
			for p, before := range shows {
				about := p.PID == fixed[bpf.WireHeader](bpf.Raw(r)).Pid
				if now := shownBy(&event.Event{Process: &p.Process}, alone); now != before && !about {
					t.Fatalf("seed %d, %s: process %d shows\n%s\nand showed\n%s", seed, what, p.PID, now, before)
				}
			}
			clear(shows)
		}
	}
}
