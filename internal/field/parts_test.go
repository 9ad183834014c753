package field

import (
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
)

// TestParts: a field says the same of all events that have in common what its
// Parts name, however they differ otherwise. Rules rely on it: they remember
// what they found out about a process and about a file.
func TestParts(t *testing.T) {
	samples := eventtest.Samples()
	for _, common := range []Parts{OfType | OfImage | OfRelatives, OfType | OfImage, OfType | OfFile, OfType} {
		for _, ref := range someRefs(t) {
			if ref.Parts()&^common != 0 {
				continue
			}
			for _, a := range samples {
				if common&OfFile != 0 && (a.Event.FD == nil || !a.Event.FD.Type.HasPath() || a.Event.FD.NameCut || a.Event.FD.NameFault) {
					continue
				}
				for _, b := range samples {
					want, got := Eval(OfEvent{a.Event}, ref), Eval(OfEvent{mix(a.Event, b.Event, common)}, ref)
					if !got.Equal(want) {
						t.Errorf("%s: of %q, with the rest of %q: %q, want %q", ref, a.Name, b.Name, got.Text(), want.Text())
					}
				}
			}
		}
	}
}

// TestWhatIsCommon: most of what rules ask for is common to many events.
func TestWhatIsCommon(t *testing.T) {
	for name, want := range map[string]Parts{
		"proc.name": OfImage, "proc.exeline": OfImage, "proc.ppid": OfImage | OfRelatives, "user.name": OfImage, "container.id": OfImage,
		"proc.aname": OfImage | OfRelatives, "proc.aname[0]": OfImage, "proc.sname": OfImage | OfRelatives,
		"fd.name": OfFile | OfType, "fd.directory": OfFile | OfType, "fd.sip": OfFile, "fd.origin": OfFile, "fd.num": OfAct,
		"evt.type": OfType, "evt.dir": 0, "evt.arg.flags": OfAct, "thread.tid": OfAct,
		"proc.duration": OfAct, "container.duration": OfImage | OfAct, "evt.rawtime": OfAct, "evt.time": OfAct, "evt.num": OfAct,
	} {
		ref, err := Falco().Ref(name)
		if err != nil {
			t.Fatal(err)
		}
		if ref.Parts() != want {
			t.Errorf("%s: %05b, want %05b", name, ref.Parts(), want)
		}
	}
}

// someRefs are all fields, those with an argument with some.
func someRefs(t *testing.T) (refs []*Ref) {
	for _, f := range Falco().Fields() {
		var args []string
		switch f.Arg {
		case NoArg:
			args = []string{""}
		case MayIndex:
			args = []string{"", "[0]", "[1]", "[7]"}
		case MustIndex:
			args = []string{"[0]", "[1]"}
		case MayKey:
			args = []string{"", "[HOME]", "[1]"}
		case MustKey:
			args = []string{"[HOME]"}
		case MustParam:
			args = []string{".flags", ".name"}
		case MustName:
			args = []string{".open"}
		}
		for _, arg := range args {
			ref, err := Falco().Ref(f.Name + arg)
			if err != nil {
				t.Fatal(err)
			}
			refs = append(refs, ref)
		}
	}
	return refs
}

// mix is the common parts of a with all others of b.
func mix(a, b *event.Event, common Parts) *event.Event {
	e, p := *b, *b.Process
	e.Num, e.Time, e.CPU, e.Result, e.TID = 99, a.Time+12345, 7, -e.Result, 77
	if common&OfImage != 0 {
		p, e.Comm = *a.Process, a.Comm
		p.Parent, p.GroupLeader, p.Session = b.Process.Parent, b.Process.GroupLeader, b.Process.Session
	}
	if common&OfRelatives != 0 {
		p.Parent, p.GroupLeader, p.Session = a.Process.Parent, a.Process.GroupLeader, a.Process.Session
	}
	e.Process = &p
	if common&OfType != 0 {
		e.Row, e.Args = a.Row, make([]event.Arg, len(a.Row.Params))
		copy(e.Args, b.Args)
	}
	if common&OfFile != 0 {
		e.FD = &event.FD{
			Type: a.FD.Type, Name: a.FD.Name, Origin: a.FD.Origin, Ino: 1, Dev: 2, Mode: 3, Upper: true, Proto: event.TCP,
			Role: event.Server, Connected: true, NameChanged: true,
		}
	}
	return &e
}

// TestFor: the events of a row on a type of descriptor have no value that For calls
// impossible, and its argument finds the others. Records rely on it.
func TestFor(t *testing.T) {
	possible, impossible := 0, 0
	for _, ref := range someRefs(t) {
		for _, s := range eventtest.Samples() {
			for fd := event.FDUnknown; fd <= event.FDPidfd; fd++ {
				e := *s.Event
				if e.FD != nil {
					file := *e.FD
					file.Type, e.FD = fd, &file
				} else if fd != event.FDUnknown {
					continue
				}
				if ref.Get == nil {
					continue
				}
				want := ref.Get(&e, ref.Arg)
				switch arg, may := ref.For(e.Row, fd); {
				case !may:
					impossible++
					if want.Kind() != Missing {
						t.Errorf("%s of %q with a descriptor %d: %q, called impossible", ref, s.Name, fd, want.Text())
					}
				default:
					possible++
					if got := ref.Get(&e, arg); !got.Equal(want) {
						t.Errorf("%s of %q with a descriptor %d: %q, want %q", ref, s.Name, fd, got.Text(), want.Text())
					}
				}
			}
		}
	}
	if possible == 0 || impossible == 0 {
		t.Errorf("%d possible, %d not", possible, impossible)
	}
}
