package source

import "sort"

// Positions gives every parsed text its own range of numbers, so that one
// number says where a node stands, whichever macro it came from.
type Positions struct {
	bases []int
	texts []*Text
	next  int
}

// Add gives t its range: its byte i is number base+i.
func (p *Positions) Add(t *Text) (base int) {
	base = p.next
	p.bases = append(p.bases, base)
	p.texts = append(p.texts, t)
	p.next += len(t.s) + 1
	return base
}

// Place is where the byte with a number stands.
func (p *Positions) Place(pos int) Place {
	n := sort.SearchInts(p.bases, pos+1) - 1
	if n < 0 {
		return Place{}
	}
	return p.texts[n].Place(pos - p.bases[n])
}
