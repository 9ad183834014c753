package rules

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// Most tests of a rule are about what many events share: the process that acts
// and the file it acts on. So the rules of a plan are asked once about a process
// with all else unknown, and once about a file. What is false then stays false
// whatever the rest of the event is: that is what three-valued answers promise.
// The rules that are left make words, one for each plan that has any. A process's
// words and a file's together leave few rules, and only these are asked about the
// event itself.
//
// A word is for good, as its key says all that it depends on: a process that
// changes has another Image, and other rules are another Set, whose Matchers
// begin without words.

// words are what a Matcher remembers.
type words struct {
	seed    maphash.Seed
	ofImage recent[imageKey]
	ofFile  recent[fileKey]

	found, before []word // room for what is found, and what was found last
}

// imageKey is what ofImage stands for.
type imageKey struct {
	typed            uint64
	image, relatives uint64
	thread           string
}

const ofImage = field.OfImage | field.OfRelatives

// fileKey is what field.OfFile stands for.
type fileKey struct {
	typed, path  uint64
	kind         event.FDType
	name, origin string // no name where path says it
}

// Odd numbers spread sums of few bits over all.
const (
	spread1 = 0x9e3779b97f4a7c15
	spread2 = 0xbf58476d1ce4e5b9
	spread3 = 0x94d049bb133111eb
)

func (k *imageKey) hash(seed maphash.Seed) uint64 {
	sum := k.image*spread1 + k.relatives*spread2 + k.typed*spread3
	if k.thread != "" {
		sum += maphash.String(seed, k.thread)
	}
	return sum
}

func (k *fileKey) hash(seed maphash.Seed) uint64 {
	sum := (k.path<<8+uint64(k.kind))*spread1 + k.typed*spread3
	if k.name != "" {
		sum += maphash.String(seed, k.name)
	}
	if k.origin != "" {
		sum += maphash.String(seed, k.origin) * spread2
	}
	return sum
}

// word is the rules of one plan of a type, some at least.
type word struct {
	plan  int
	rules uint64
}

// candidates asks the rules of a type that may be true of the event.
func (m *Matcher) candidates(t *typed) {
	ofImage := m.imageWords(t)
	if e := m.event; len(ofImage) == 0 || e.FD == nil || !e.FD.Type.HasPath() || e.FD.NameCut || e.FD.NameFault {
		for _, w := range ofImage {
			if m.run(t.plans[w.plan], w.rules) {
				break
			}
		}
		return
	}
	ofFile := m.fileWords(t)
	for len(ofImage) > 0 && len(ofFile) > 0 {
		i, f := ofImage[0], ofFile[0]
		if i.plan == f.plan && m.run(t.plans[i.plan], i.rules&f.rules) {
			break
		}
		if i.plan <= f.plan {
			ofImage = ofImage[1:]
		}
		if f.plan <= i.plan {
			ofFile = ofFile[1:]
		}
	}
}

// imageWords are the rules that the process leaves.
func (m *Matcher) imageWords(t *typed) []word {
	var key imageKey
	key.typed, key.image, key.relatives, key.thread = t.number, m.event.Process.Image, m.event.Relatives, m.event.Comm
	sum := key.hash(m.words.seed)
	words, met := m.words.ofImage.get(sum, &key)
	if !met {
		words = m.possible(t, field.OfType|ofImage, func(p *plan) []gate { return p.image })
		key.thread = strings.Clone(key.thread)
		m.words.ofImage.put(sum, &key, words)
	}
	return words
}

// fileWords are the rules that the file leaves.
func (m *Matcher) fileWords(t *typed) []word {
	fd := m.event.FD
	var key fileKey
	key.typed, key.path, key.kind, key.origin = t.number, fd.Path, fd.Type, fd.Origin
	if key.path == 0 {
		key.name = fd.Name
	}
	sum := key.hash(m.words.seed)
	words, met := m.words.ofFile.get(sum, &key)
	if !met {
		words = m.possible(t, field.OfType|field.OfFile, func(p *plan) []gate { return p.file })
		key.name, key.origin = strings.Clone(key.name), strings.Clone(key.origin)
		m.words.ofFile.put(sum, &key, words)
	}
	return words
}

// possible is the rules of a type that are not false already when only some
// parts of the event are known; gates are all that these may make false. What is
// the same as before is not kept again.
func (m *Matcher) possible(t *typed, known field.Parts, gates func(*plan) []gate) []word {
	m.know(known)
	defer m.know(field.OfAll)
	m.words.found = m.words.found[:0]
	for i, p := range t.plans {
		if rules := m.gated(p, gates(p)); rules != 0 {
			m.words.found = append(m.words.found, word{i, rules})
		}
	}
	if !slices.Equal(m.words.found, m.words.before) {
		m.words.before = slices.Clone(m.words.found)
	}
	return m.words.before
}

// Forgotten is how many words the matcher had to forget so far, for want of
// room: it finds them out again when it needs them.
func (m *Matcher) Forgotten() uint64 { return m.words.ofImage.forgotten + m.words.ofFile.forgotten }

// maxRecent is how many keys of each kind have words at most.
const maxRecent = 1 << 15

// maxWords is how many words all keys of a kind have at most, of 16 bytes each: thousands
// of rules leave a process many.
const maxWords = 1 << 19

// atHand is how many of them are found without a look into a map.
const (
	handBits = 10
	atHand   = 1 << handBits
)

// recent remembers words, at least the last maxRecent/2 that were looked up. It
// finds them by a sum of the key, which is cheaper to look up than the key; of
// two keys with one sum it remembers the later. Words are for good, so what is at hand
// needs no care.
type recent[K comparable] struct {
	hand       [atHand]remembered[K]
	young, old map[uint64]remembered[K]
	size       int // words of the young ones
	forgotten  uint64
}

type remembered[K comparable] struct {
	key   K
	words []word
	met   bool
}

func (r *recent[K]) get(sum uint64, key *K) (words []word, met bool) {
	near := &r.hand[sum>>(64-handBits)] // the end of a product says less
	if near.met && near.key == *key {
		return near.words, true
	}
	found := r.lookUp(sum, key)
	if found.met {
		*near = found
	}
	return found.words, found.met
}

// lookUp finds what isn't at hand.
func (r *recent[K]) lookUp(sum uint64, key *K) remembered[K] {
	if found := r.young[sum]; found.met && found.key == *key {
		return found
	}
	found := r.old[sum]
	if !found.met || found.key != *key {
		return remembered[K]{}
	}
	delete(r.old, sum)
	r.put(sum, key, found.words)
	return found
}

func (r *recent[K]) put(sum uint64, key *K, words []word) {
	if r.young == nil || len(r.young) == maxRecent/2 || r.size > maxWords/2 {
		r.size = 0
		r.forgotten += uint64(len(r.old))
		clear(r.old)
		r.young, r.old = r.old, r.young
		if r.young == nil {
			r.young = make(map[uint64]remembered[K])
		}
	}
	r.size += len(words)
	if _, taken := r.young[sum]; taken {
		r.forgotten++
	}
	r.young[sum] = remembered[K]{*key, words, true}
}
