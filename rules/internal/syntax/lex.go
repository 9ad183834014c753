package syntax

import (
	"fmt"
	"regexp"
	"strings"
)

// lexer walks over the text of a condition. Each try method reads one kind of
// token at the cursor: it moves on and reports true, or it stays.
type lexer struct {
	src  string
	pos  int
	base int    // what nodes' offsets count from
	last string // the last token, for messages
}

// Error is what a condition or output does not parse for. The parser
// throws it; the Parse functions recover it.
type Error struct {
	At      int // offset in the text
	Message string
}

func (e *Error) Error() string { return e.Message }

func (l *lexer) fail(format string, args ...any) {
	panic(&Error{l.pos, fmt.Sprintf(format, args...)})
}

// IsBlank reports whether c only parts words.
func IsBlank(c byte) bool {
	return c == ' ' || c == '\t' || c == '\b' || c == '\r' || c == '\n'
}

// blanks skips blanks and reports whether there were any.
func (l *lexer) blanks() bool {
	start := l.pos
	for l.pos < len(l.src) && IsBlank(l.src[l.pos]) {
		l.pos++
	}
	return l.pos > start
}

// here is the offset of a node that begins at the cursor.
func (l *lexer) here() int { return l.base + l.pos }

func (l *lexer) done() bool { return l.pos == len(l.src) }

// literal reads exactly text.
func (l *lexer) literal(text string) bool {
	if !strings.HasPrefix(l.src[l.pos:], text) {
		return false
	}
	l.take(l.pos + len(text))
	return true
}

// word reads text if a blank follows it; the blank stays.
func (l *lexer) word(text string) bool {
	end := l.pos + len(text)
	if !strings.HasPrefix(l.src[l.pos:], text) || end == len(l.src) || !IsBlank(l.src[end]) {
		return false
	}
	l.take(end)
	return true
}

// take makes src[pos:end] the last token.
func (l *lexer) take(end int) string {
	l.last = l.src[l.pos:end]
	l.pos = end
	return l.last
}

// What ends a string without quotes, and one in brackets.
const (
	notBare = "()\"'=, \t\b\r\n"
	notArg  = "[]\"' \t\b\r\n"
)

// The tokens that are not fixed texts; of several ways to read one, the longest.
var (
	identifierToken = token(`[a-zA-Z]\w*`)
	fieldToken      = token(`[a-zA-Z]\w*(\.[a-zA-Z]\w*)+`)
	bareToken       = token(`[^` + regexp.QuoteMeta(notBare) + `]+`)
	argToken        = token(`[^` + regexp.QuoteMeta(notArg) + `]+`)
	numberToken     = token(`[+-]?\d+(\.\d*)?([eE][+-]\d+)?|0[xX][0-9a-fA-F]+`)
)

func token(expr string) *regexp.Regexp {
	re := regexp.MustCompile(`^(?:` + expr + `)`)
	re.Longest()
	return re
}

// read reads a token.
func (l *lexer) read(token *regexp.Regexp) (string, bool) {
	end := token.FindStringIndex(l.src[l.pos:])
	if end == nil {
		return "", false
	}
	return l.take(l.pos + end[1]), true
}

// quoted reads a string in single or double quotes. A quote closes the string
// unless the byte before it is a backslash, even an escaped one.
func (l *lexer) quoted() (string, bool) {
	if l.done() || l.src[l.pos] != '"' && l.src[l.pos] != '\'' {
		return "", false
	}
	quote := l.src[l.pos]
	for i := l.pos + 1; i < len(l.src); i++ {
		if l.src[i] == quote && l.src[i-1] != '\\' {
			inner := l.src[l.pos+1 : i]
			l.take(i + 1)
			return l.unescape(inner, quote), true
		}
	}
	return "", false
}

// escapes are the characters that may follow a backslash. A blank stands for
// the backslash itself: rule files in the wild rely on it.
var escapes = map[byte]byte{
	'\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', ' ': '\\',
}

func (l *lexer) unescape(s string, quote byte) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			out = append(out, s[i])
			continue
		}
		i++
		c, known := escapes[s[i]]
		switch {
		case known:
			out = append(out, c)
		case s[i] == quote:
			out = append(out, quote)
		case s[i] == '"' || s[i] == '\'':
			l.fail(`invalid \%c escape in %c-quoted string`, s[i], quote)
		default:
			l.fail(`unsupported string escape sequence: \%c`, s[i])
		}
	}
	return string(out)
}
