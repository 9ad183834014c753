package rules

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// Most tests of a rule are about what many events share: the process that acts
// and the file it acts on. So the rules of a plan are asked once about a process
// with all else unknown, and once about a file. What is false then stays false
// whatever the rest of the event is: that is what three-valued answers promise.
// The rules that are left make a word. A process's word and a file's together
// leave few rules, and only these are asked about the event itself.
//
// A word is for good, as its key says all that it depends on: a process that
// changes has another Image, and other rules are another Set, whose Matchers
// begin without words.

// words are what a Matcher remembers.
type words struct {
	ofImage recent[imageKey]
	ofFile  recent[fileKey]
}

// imageKey is what field.OfImage and field.OfRelatives stand for.
type imageKey struct {
	plan             *plan
	image, relatives uint64
	thread           string
}

// fileKey is what field.OfFile stands for.
type fileKey struct {
	plan *plan
	kind event.FDType
	name string
}

// candidates is the rules of a plan that may be true of the event.
func (m *Matcher) candidates(p *plan) uint64 {
	e := m.event
	if e == nil || e.Apart || e.Process.Image == 0 || p.typ == "" {
		return m.gated(p)
	}
	image := imageKey{p, e.Process.Image, e.Process.Relatives(), e.Comm}
	word, met := m.words.ofImage.get(image)
	if !met {
		word = m.possible(p, field.OfType|field.OfImage|field.OfRelatives)
		image.thread = strings.Clone(image.thread)
		m.words.ofImage.put(image, word)
	}
	if word == 0 || e.FD == nil || !e.FD.Type.HasPath() || e.FD.NameCut || e.FD.NameFault {
		return word
	}
	file := fileKey{p, e.FD.Type, e.FD.Name}
	also, met := m.words.ofFile.get(file)
	if !met {
		also = m.possible(p, field.OfType|field.OfFile)
		file.name = strings.Clone(file.name)
		m.words.ofFile.put(file, also)
	}
	return word & also
}

// possible is the rules of a plan that are not false already when only some
// parts of the event are known.
func (m *Matcher) possible(p *plan, known field.Parts) (word uint64) {
	m.know(known)
	for i, c := range p.conds {
		if m.eval(c) != False {
			word |= 1 << i
		}
	}
	m.know(field.OfAll)
	return word
}

// Forgotten is how many words the matcher had to forget so far, for want of
// room: it finds them out again when it needs them.
func (m *Matcher) Forgotten() uint64 { return m.words.ofImage.forgotten + m.words.ofFile.forgotten }

// maxRecent is how many words each kind of key has at most.
const maxRecent = 1 << 15

// recent remembers words, at least the last maxRecent/2 that were asked for.
type recent[K comparable] struct {
	young, old map[K]uint64
	forgotten  uint64
}

func (r *recent[K]) get(key K) (word uint64, met bool) {
	if word, met = r.young[key]; met {
		return word, true
	}
	if word, met = r.old[key]; met {
		delete(r.old, key)
		r.put(key, word)
	}
	return word, met
}

func (r *recent[K]) put(key K, word uint64) {
	if r.young == nil || len(r.young) == maxRecent/2 {
		r.forgotten += uint64(len(r.old))
		clear(r.old)
		r.young, r.old = r.old, r.young
		if r.young == nil {
			r.young = map[K]uint64{}
		}
	}
	r.young[key] = word
}
