package source

import "sort"

// Text is rule language put together from several scalars. The zero Text is
// empty.
type Text struct {
	s     string
	spans []span
}

// span says where the bytes of a text from one offset on stand.
type span struct {
	from   int
	scalar *Scalar
	at     int  // offset in the scalar's value
	fixed  bool // all bytes of the span stand at that one place
}

// Text is the scalar's value.
func (s *Scalar) Text() Text {
	return Text{s.Node.Value, []span{{scalar: s}}}
}

func (t *Text) String() string { return t.s }

// Empty reports whether t was put together from nothing.
func (t *Text) Empty() bool { return len(t.spans) == 0 }

// spanAt is the index of the span that byte i is in, -1 if there is none.
func (t *Text) spanAt(i int) int {
	return sort.Search(len(t.spans), func(k int) bool { return t.spans[k].from > i }) - 1
}

// Locate is the scalar that byte i of the text comes from, and where in it; nil if
// there is none.
func (t *Text) Locate(i int) (*Scalar, int) {
	n := t.spanAt(i)
	if n < 0 {
		return nil, 0
	}
	s := t.spans[n]
	if s.fixed {
		return s.scalar, s.at
	}
	return s.scalar, s.at + i - s.from
}

// Place is where byte i of the text stands, nowhere if t is empty.
func (t *Text) Place(i int) Place {
	s, at := t.Locate(i)
	if s == nil {
		return Place{}
	}
	return s.Place(at)
}

// Builder makes a text out of pieces.
type Builder struct {
	buf   []byte
	spans []span
}

// Copy adds the bytes of t from from to to, with their places.
func (b *Builder) Copy(t *Text, from, to int) {
	for k := max(t.spanAt(from), 0); k < len(t.spans) && t.spans[k].from < to; k++ {
		s := t.spans[k]
		lo := max(from, s.from)
		if !s.fixed {
			s.at += lo - s.from
		}
		s.from = len(b.buf) + lo - from
		b.add(s)
	}
	b.buf = append(b.buf, t.s[from:to]...)
}

// add begins a span, unless it only continues the one before.
func (b *Builder) add(s span) {
	if n := len(b.spans); n > 0 {
		old := b.spans[n-1]
		at := old.at
		if !old.fixed {
			at += s.from - old.from
		}
		if old.scalar == s.scalar && old.fixed == s.fixed && at == s.at {
			return
		}
	}
	b.spans = append(b.spans, s)
}

// Put adds words that stand at one place.
func (b *Builder) Put(words string, s *Scalar, at int) {
	b.spans = append(b.spans, span{len(b.buf), s, at, true})
	b.buf = append(b.buf, words...)
}

// Plain adds words that stand where those before them do.
func (b *Builder) Plain(words string) { b.buf = append(b.buf, words...) }

// Len is how many bytes there are so far.
func (b *Builder) Len() int { return len(b.buf) }

// DropComma removes a comma at the end, with the blanks behind it.
func (b *Builder) DropComma() {
	last := len(b.buf)
	for last > 0 && isBlank(b.buf[last-1]) {
		last--
	}
	if last == 0 || b.buf[last-1] != ',' {
		return
	}
	b.buf = b.buf[:last-1]
	for len(b.spans) > 0 && b.spans[len(b.spans)-1].from > len(b.buf) {
		b.spans = b.spans[:len(b.spans)-1]
	}
}

// Text is what was added. The builder must not be used afterwards.
func (b *Builder) Text() Text { return Text{string(b.buf), b.spans} }

// Join is t, a blank and more, as "append" puts texts together.
func (t *Text) Join(more Text) Text {
	var b Builder
	b.Copy(t, 0, len(t.s))
	b.Plain(" ")
	b.Copy(&more, 0, len(more.s))
	return b.Text()
}
