package record

import (
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strings"
)

// mask stands in the place of a secret.
const mask = "***"

// Redactor hides secrets in texts. Most texts hold none: looking at every
// second pair of bytes shows that, since a literal of three bytes has a pair
// at an even place. It is safe for concurrent use; nil hides nothing.
type Redactor struct {
	forms   []*regexp.Regexp
	always  uint64     // forms without literals, by their bits
	anchors [][]anchor // by number; 0 has none
	pairs   [1 << 16]uint8
}

// anchor is a literal that begins offset bytes before a pair of its bytes.
type anchor struct {
	literal string // lower case
	offset  int
	form    uint64
}

const (
	shortestLiteral = 3
	formsMax        = 64
)

// ErrPattern is wrapped by the errors of NewRedactor.
var ErrPattern = errors.New("pattern for secrets")

// NewRedactor makes a redactor for the forms, 64 at most.
func NewRedactor(secrets []Secret) (*Redactor, error) {
	r := &Redactor{anchors: make([][]anchor, 1)}
	if len(secrets) > formsMax {
		return nil, fmt.Errorf("%w: there are %d, %d at most", ErrPattern, len(secrets), formsMax)
	}
	for i := range secrets {
		if err := r.add(&secrets[i], 1<<i); err != nil {
			return nil, fmt.Errorf("%w %s: %w", ErrPattern, secrets[i].Name, err)
		}
	}
	return r, nil
}

func (r *Redactor) add(s *Secret, form uint64) error {
	expr, err := regexp.Compile(s.Expr)
	switch {
	case err != nil:
		return err
	case expr.NumSubexp() == 0:
		return errors.New("has no group, which would be the secret")
	}
	r.forms = append(r.forms, expr)
	if len(s.Literals) == 0 {
		r.always |= form
	}
	for _, literal := range s.Literals {
		if len(literal) < shortestLiteral {
			return fmt.Errorf("the literal %q has less than %d bytes", literal, shortestLiteral)
		}
		literal = strings.ToLower(literal)
		for offset := range 2 {
			if err := r.anchor(anchor{literal, offset, form}); err != nil {
				return err
			}
		}
	}
	return nil
}

// anchor files a under the pair of bytes that it is found by, in any case.
func (r *Redactor) anchor(a anchor) error {
	first, second := a.literal[a.offset], a.literal[a.offset+1]
	n := r.pairs[pair(first, second)]
	if n == 0 {
		if len(r.anchors) > 255 {
			return errors.New("too many different literals")
		}
		n = uint8(len(r.anchors))
		r.anchors = append(r.anchors, nil)
		for _, f := range [...]byte{first, upper(first)} {
			r.pairs[pair(f, second)], r.pairs[pair(f, upper(second))] = n, n
		}
	}
	r.anchors[n] = append(r.anchors[n], a)
	return nil
}

func pair(first, second byte) uint16 { return uint16(first)<<8 | uint16(second) }

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - ('a' - 'A')
	}
	return c
}

// possible are the forms whose literals occur in s.
func (r *Redactor) possible(s string) uint64 {
	forms := r.always
	for i := 0; i+1 < len(s); i += 2 {
		if n := r.pairs[pair(s[i], s[i+1])]; n != 0 {
			forms |= r.at(s, i, n)
		}
	}
	return forms
}

// at are the forms with a literal around the pair at i.
func (r *Redactor) at(s string, i int, n uint8) (forms uint64) {
	for _, a := range r.anchors[n] {
		if i >= a.offset && begins(s[i-a.offset:], a.literal) {
			forms |= a.form
		}
	}
	return forms
}

// begins reports whether s begins with a literal, in any case.
func begins(s, literal string) bool {
	if len(s) < len(literal) {
		return false
	}
	for i := range len(literal) {
		if c := s[i]; c != literal[i] && c != upper(literal[i]) {
			return false
		}
	}
	return true
}

// Redact is s with secrets masked, and whether it had any.
func (r *Redactor) Redact(s string) (clean string, found bool) {
	if r == nil {
		return s, false
	}
	for forms := r.possible(s); forms != 0; forms &= forms - 1 {
		var hit bool
		s, hit = hide(r.forms[bits.TrailingZeros64(forms)], s)
		found = found || hit
	}
	return s, found
}

// hide masks what the groups of expr match in s.
func hide(expr *regexp.Regexp, s string) (string, bool) {
	places := expr.FindAllStringSubmatchIndex(s, -1)
	if places == nil {
		return s, false
	}
	var b strings.Builder
	end, found := 0, false
	for _, place := range places {
		for group := 2; group < len(place); group += 2 {
			from, to := place[group], place[group+1]
			if from < end || s[from:to] == mask {
				continue
			}
			b.WriteString(s[end:from])
			b.WriteString(mask)
			end, found = to, true
		}
	}
	b.WriteString(s[end:])
	return b.String(), found
}

// argumentStart stands before each string of a list while that is searched: an
// option may be one string and its secret the next.
const argumentStart = "\x00"

// RedactAll is Redact for the strings of a list, of which list gives one by
// its number; nil if there is nothing to hide.
func (r *Redactor) RedactAll(n int, list func(int) string) []string {
	if r == nil {
		return nil
	}
	forms := r.always
	for i := range n {
		forms |= r.possible(list(i))
	}
	if forms == 0 || n == 0 {
		return nil
	}
	var b strings.Builder
	for i := range n {
		b.WriteString(argumentStart)
		b.WriteString(strings.ReplaceAll(list(i), argumentStart, " "))
	}
	clean, found := r.Redact(b.String())
	if !found {
		return nil
	}
	return strings.Split(clean, argumentStart)[1:]
}

// Suspects reports whether s may hold a secret: if not, it holds none.
func (r *Redactor) Suspects(s string) bool { return r != nil && r.possible(s) != 0 }
