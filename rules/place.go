package rules

import (
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// source is a file under load, with what is needed to find places in it.
type source struct {
	File
	starts []int // offsets where lines begin
}

func newSource(f File) *source {
	s := &source{File: f, starts: []int{0}}
	for i, c := range f.Content {
		if c == '\n' {
			s.starts = append(s.starts, i+1)
		}
	}
	return s
}

// place is a point in a file. The zero place is nowhere.
type place struct {
	file *source
	at   int        // byte offset, unless node is set
	node *yaml.Node // the place is where it begins; found when asked for
}

// offset is the place as a byte offset.
func (p place) offset() int {
	n := p.node
	if n == nil || n.Line < 1 || n.Line > len(p.file.starts) {
		return p.at
	}
	at := p.file.starts[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(p.file.Content[at:])
		at += size
	}
	return min(at, len(p.file.Content))
}

// line is the line that p is on, from 0, and where in the file it begins.
func (p place) line() (line, start int) {
	line = sort.SearchInts(p.file.starts, p.offset()+1) - 1
	return line, p.file.starts[line]
}

// lineColumn counts from 1, columns in characters.
func (p place) lineColumn() (line, column int) {
	line, start := p.line()
	return line + 1, utf8.RuneCount(p.file.Content[start:p.offset()]) + 1
}

// lineText is the line that p is on, without its end.
func (p place) lineText() string {
	_, start := p.line()
	rest := p.file.Content[start:]
	text, _, _ := strings.Cut(string(rest[:min(len(rest), maxSnippet)]), "\n")
	return strings.TrimRight(text, "\r")
}

// placeOf is where a YAML node begins.
func (s *source) placeOf(n *yaml.Node) place { return place{file: s, node: n} }

// scalar is a YAML string and the places of its bytes.
type scalar struct {
	file   *source
	node   *yaml.Node
	places []int // offsets in the file, one per byte of the value; found when asked for
}

// place is where byte i of the value stands.
func (s *scalar) place(i int) place {
	if s.places == nil {
		s.places = s.align()
	}
	if len(s.places) == 0 {
		return s.file.placeOf(s.node)
	}
	if i >= len(s.places) { // the end: behind the last word, not on the next line
		last := len(s.places) - 1
		for last > 0 && isBlank(s.node.Value[last]) {
			last--
		}
		return place{file: s.file, at: min(s.places[last]+1, len(s.file.Content))}
	}
	return place{file: s.file, at: s.places[i]}
}

// align walks over the value and the file in step: YAML folds lines, drops
// indentation and unescapes, all else is equal.
func (s *scalar) align() []int {
	src, value := s.file.Content, s.node.Value
	j := s.start()
	places := make([]int, len(value))
	for i := 0; i < len(value); i++ {
		for j < len(src) && !same(value[i], src[j]) && skippable(src[j]) {
			j++
		}
		places[i] = min(j, max(len(src)-1, 0))
		switch {
		case j >= len(src):
		case s.node.Style&yaml.DoubleQuotedStyle != 0 && src[j] == '\\':
			_, size := utf8.DecodeRuneInString(value[i:])
			for range size - 1 {
				i++
				places[i] = places[i-1]
			}
			j += escapeLen(src[j:])
		case isBlank(src[j]) && i+1 < len(value) && !isBlank(value[i+1]):
			for j < len(src) && isBlank(src[j]) {
				j++
			}
		default:
			j++
		}
	}
	return places
}

// escapeLen is how long the escape in double quotes at the start of src is.
func escapeLen(src []byte) int {
	if len(src) < 2 {
		return 1
	}
	switch src[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}

func same(value, src byte) bool { return value == src || isBlank(value) && isBlank(src) }

func skippable(c byte) bool { return isBlank(c) || c == '\'' || c == '"' }

// start is where the value's text begins: behind a quote, or on the line after
// the mark of a block.
func (s *scalar) start() int {
	src, at := s.file.Content, s.file.placeOf(s.node).offset()
	for at < len(src) && (src[at] == '&' || src[at] == '!') {
		for at < len(src) && !isBlank(src[at]) {
			at++
		}
		for at < len(src) && isBlank(src[at]) {
			at++
		}
	}
	switch {
	case s.node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		at++
	case s.node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		for at < len(src) && src[at] != '\n' {
			at++
		}
	}
	return at
}

// text is rule language put together from several scalars.
type text struct {
	s     string
	spans []span
}

// span says where the bytes of a text from one offset on stand.
type span struct {
	from   int
	scalar *scalar
	at     int  // offset in the scalar's value
	fixed  bool // all bytes of the span stand at that one place
}

func textOf(s *scalar) text {
	return text{s.node.Value, []span{{scalar: s}}}
}

// spanAt is the index of the span that byte i is in, -1 if there is none.
func (t *text) spanAt(i int) int {
	return sort.Search(len(t.spans), func(k int) bool { return t.spans[k].from > i }) - 1
}

// locate is the scalar that byte i of the text comes from, and where in it.
func (t *text) locate(i int) (*scalar, int) {
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

// place is where byte i of the text stands.
func (t *text) place(i int) place {
	s, at := t.locate(i)
	if s == nil {
		return place{}
	}
	return s.place(at)
}

// textBuilder makes a text out of pieces.
type textBuilder struct {
	buf   []byte
	spans []span
}

// copy adds t.s[from:to] with its places.
func (b *textBuilder) copy(t *text, from, to int) {
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
func (b *textBuilder) add(s span) {
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

// put adds words that stand at one place.
func (b *textBuilder) put(words string, s *scalar, at int) {
	b.spans = append(b.spans, span{len(b.buf), s, at, true})
	b.buf = append(b.buf, words...)
}

// plain adds words that stand where those before them do.
func (b *textBuilder) plain(words string) { b.buf = append(b.buf, words...) }

func (b *textBuilder) text() text { return text{string(b.buf), b.spans} }

// join is t, a blank and more, as "append" puts texts together.
func (t text) join(more text) text {
	var b textBuilder
	b.copy(&t, 0, len(t.s))
	b.plain(" ")
	b.copy(&more, 0, len(more.s))
	return b.text()
}

// positions gives every parsed text its own range of numbers, so that one
// number says where a node stands, whichever macro it came from.
type positions struct {
	bases []int
	texts []*text
	next  int
}

func (p *positions) add(t *text) (base int) {
	base = p.next
	p.bases = append(p.bases, base)
	p.texts = append(p.texts, t)
	p.next += len(t.s) + 1
	return base
}

func (p *positions) place(pos int) place {
	n := sort.SearchInts(p.bases, pos+1) - 1
	if n < 0 {
		return place{}
	}
	return p.texts[n].place(pos - p.bases[n])
}
