package source

import (
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Scalar is a YAML string and the places of its bytes. It finds them when it is
// asked first, so only one goroutine may ask.
type Scalar struct {
	File   *File
	Node   *yaml.Node
	places []int // offsets in the file, one per byte of the value; found when asked for
}

// Place is where byte i of the value stands.
func (s *Scalar) Place(i int) Place {
	if s.places == nil {
		s.places = s.align()
	}
	if len(s.places) == 0 {
		return s.File.Node(s.Node)
	}
	if i >= len(s.places) { // the end: behind the last word, not on the next line
		last := len(s.places) - 1
		for last > 0 && isBlank(s.Node.Value[last]) {
			last--
		}
		return s.File.At(min(s.places[last]+1, len(s.File.Content)))
	}
	return s.File.At(s.places[i])
}

// align walks over the value and the file in step: YAML folds lines, drops
// indentation and unescapes, all else is equal.
func (s *Scalar) align() []int {
	src, value := s.File.Content, s.Node.Value
	j := s.start()
	places := make([]int, len(value))
	for i := 0; i < len(value); i++ {
		for j < len(src) && !same(value[i], src[j]) && skippable(src[j]) {
			j++
		}
		places[i] = min(j, max(len(src)-1, 0))
		switch {
		case j >= len(src):
		case s.Node.Style&yaml.DoubleQuotedStyle != 0 && src[j] == '\\':
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

// isBlank is what the rule language takes for a blank.
func isBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n'
}

func same(value, src byte) bool { return value == src || isBlank(value) && isBlank(src) }

func skippable(c byte) bool { return isBlank(c) || c == '\'' || c == '"' }

// start is where the value's text begins: behind a quote, or on the line after
// the mark of a block.
func (s *Scalar) start() int {
	src, at := s.File.Content, s.File.Node(s.Node).offset()
	for at < len(src) && (src[at] == '&' || src[at] == '!') {
		for at < len(src) && !isBlank(src[at]) {
			at++
		}
		for at < len(src) && isBlank(src[at]) {
			at++
		}
	}
	switch {
	case s.Node.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		at++
	case s.Node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		for at < len(src) && src[at] != '\n' {
			at++
		}
	}
	return at
}
