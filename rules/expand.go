package rules

import (
	"strings"

	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// What lists and macros may make of conditions.
const (
	maxExpanded   = 4 << 20  // bytes of one condition
	maxTotal      = 64 << 20 // bytes of all
	maxNodes      = 1 << 17  // nodes of one condition
	maxTotalNodes = 4 << 20  // nodes of all
	maxOdd        = 16       // lists with names that no word can be
)

// expander puts lists' items in the place of their names.
type expander struct {
	lists *index[*listDef]
	texts map[string]string // expanded items of a list, by its name
	odd   []string          // names of lists that no word can be
	size  int               // of all texts so far
}

func newExpander(lists *index[*listDef]) *expander {
	x := &expander{lists: lists, texts: map[string]string{}}
	for _, def := range lists.order {
		if len(x.odd) < maxOdd && strings.ContainsFunc(def.item.name, func(c rune) bool { return c < 0x80 && isDelimiter(byte(c)) }) {
			x.odd = append(x.odd, def.item.name)
		}
	}
	return x
}

// wordEnd is the end of the word that begins at i: a list's name with blanks
// in it counts as one, though that is not a good name.
func (x *expander) wordEnd(s string, i int) int {
	for _, name := range x.odd {
		end := i + len(name)
		if strings.HasPrefix(s[i:], name) && (end == len(s) || isDelimiter(s[end])) {
			return end
		}
	}
	end := i
	for end < len(s) && !isDelimiter(s[end]) {
		end++
	}
	return end
}

func isDelimiter(c byte) bool {
	return syntax.IsBlank(c) || c == '(' || c == ')' || c == ',' || c == '='
}

// expand replaces every list name that stands between blanks, parentheses,
// commas or equal signs, as Falco does: in quotes too. An empty list takes a
// comma beside it along. ok is false when the text would become too long.
func (x *expander) expand(t *source.Text) (out source.Text, ok bool) {
	var b source.Builder
	s := t.String()
	for i := 0; i < len(s); {
		end := x.wordEnd(s, i)
		if end == i {
			b.Copy(t, i, i+1)
			i++
			continue
		}
		list, there := x.lists.get(s[i:end])
		if !there {
			b.Copy(t, i, end)
			i = end
			continue
		}
		list.used = true
		items := x.items(s[i:end], list)
		if items == "" {
			end = dropComma(&b, s, end)
		} else {
			scalar, at := t.Locate(i)
			b.Put(items, scalar, at)
		}
		i = end
		if b.Len() > maxExpanded || x.size+b.Len() > maxTotal {
			return source.Text{}, false
		}
	}
	x.size += b.Len()
	return b.Text(), true
}

// dropComma leaves out the comma behind an empty list, which ends at end, or
// else the one before it. It gives where to go on.
func dropComma(b *source.Builder, s string, end int) int {
	next := end
	for next < len(s) && syntax.IsBlank(s[next]) {
		next++
	}
	if next < len(s) && s[next] == ',' {
		return next + 1
	}
	b.DropComma()
	return end
}

// items is a list's items joined by commas, with the lists among them expanded.
func (x *expander) items(name string, list *listDef) string {
	if s, done := x.texts[name]; done {
		return s
	}
	x.texts[name] = name // a list that holds itself keeps its name as a word
	var out []string
	size := 0
	for _, it := range list.items {
		s := it.Node.Value
		if inner, there := x.lists.get(s); there {
			inner.used = true
			s = x.items(s, inner)
			if s == "" {
				continue
			}
			if len(s) > maxExpanded { // it fails wherever it is used
				x.texts[name] = s
				return s
			}
		} else {
			s = quoteItem(s)
		}
		out = append(out, s)
		if size += len(s) + 2; size > maxExpanded {
			break
		}
	}
	x.texts[name] = strings.Join(out, ", ")
	return x.texts[name]
}
