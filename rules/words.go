package rules

import (
	"hash/maphash"
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
	seed    maphash.Seed
	ofImage recent[imageKey]
	ofFile  recent[fileKey]
}

// imageKey is what ofImage stands for.
type imageKey struct {
	plan             uint64
	image, relatives uint64
	thread           string
}

const ofImage = field.OfImage | field.OfRelatives

// fileKey is what field.OfFile stands for.
type fileKey struct {
	plan, path   uint64
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
	sum := k.image*spread1 + k.relatives*spread2 + k.plan*spread3
	if k.thread != "" {
		sum += maphash.String(seed, k.thread)
	}
	return sum
}

func (k *fileKey) hash(seed maphash.Seed) uint64 {
	sum := (k.path<<8+uint64(k.kind))*spread1 + k.plan*spread3
	if k.name != "" {
		sum += maphash.String(seed, k.name)
	}
	if k.origin != "" {
		sum += maphash.String(seed, k.origin) * spread2
	}
	return sum
}

// candidates is the rules of a plan that may be true of the event.
func (m *Matcher) candidates(p *plan) uint64 {
	e := m.event
	if e == nil || e.Apart || e.Process.Image == 0 || p.typ == "" {
		return m.gated(p, p.shared)
	}
	word := m.wordOfImage(p, e)
	if word == 0 || e.FD == nil || !e.FD.Type.HasPath() || e.FD.NameCut || e.FD.NameFault {
		return word
	}
	return word & m.wordOfFile(p, e.FD)
}

func (m *Matcher) wordOfImage(p *plan, e *event.Event) uint64 {
	var key imageKey
	key.plan, key.image, key.relatives, key.thread = p.number, e.Process.Image, e.Relatives, e.Comm
	sum := key.hash(m.words.seed)
	word, met := m.words.ofImage.get(sum, &key)
	if !met {
		word = m.possible(p, field.OfType|ofImage, p.image)
		key.thread = strings.Clone(key.thread)
		m.words.ofImage.put(sum, &key, word)
	}
	return word
}

func (m *Matcher) wordOfFile(p *plan, fd *event.FD) uint64 {
	var key fileKey
	key.plan, key.path, key.kind, key.origin = p.number, fd.Path, fd.Type, fd.Origin
	if key.path == 0 {
		key.name = fd.Name
	}
	sum := key.hash(m.words.seed)
	word, met := m.words.ofFile.get(sum, &key)
	if !met {
		word = m.possible(p, field.OfType|field.OfFile, p.file)
		key.name, key.origin = strings.Clone(key.name), strings.Clone(key.origin)
		m.words.ofFile.put(sum, &key, word)
	}
	return word
}

// possible is the rules of a plan that are not false already when only some
// parts of the event are known; gates are all that these may make false.
func (m *Matcher) possible(p *plan, known field.Parts, gates []gate) uint64 {
	m.know(known)
	defer m.know(field.OfAll)
	return m.gated(p, gates)
}

// Forgotten is how many words the matcher had to forget so far, for want of
// room: it finds them out again when it needs them.
func (m *Matcher) Forgotten() uint64 { return m.words.ofImage.forgotten + m.words.ofFile.forgotten }

// maxRecent is how many words each kind of key has at most.
const maxRecent = 1 << 15

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
	forgotten  uint64
}

type remembered[K comparable] struct {
	key  K
	word uint64
	met  bool
}

func (r *recent[K]) get(sum uint64, key *K) (word uint64, met bool) {
	near := &r.hand[sum>>(64-handBits)] // the end of a product says less
	if near.met && near.key == *key {
		return near.word, true
	}
	found := r.lookUp(sum, key)
	if found.met {
		*near = found
	}
	return found.word, found.met
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
	r.put(sum, key, found.word)
	return found
}

func (r *recent[K]) put(sum uint64, key *K, word uint64) {
	if r.young == nil || len(r.young) == maxRecent/2 {
		r.forgotten += uint64(len(r.old))
		clear(r.old)
		r.young, r.old = r.old, r.young
		if r.young == nil {
			r.young = make(map[uint64]remembered[K])
		}
	}
	if _, taken := r.young[sum]; taken {
		r.forgotten++
	}
	r.young[sum] = remembered[K]{*key, word, true}
}
