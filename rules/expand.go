package rules

import "strings"

// maxExpanded is how long a condition may become by its lists, and how many
// tests it may have by its macros.
const (
	maxExpanded = 4 << 20
	maxChecks   = 1 << 17
)

// expander puts lists' items in the place of their names.
type expander struct {
	lists *index[*listDef]
	texts map[string]string // expanded items of a list, by its name
	odd   []string          // names of lists that no word can be
}

func newExpander(lists *index[*listDef]) *expander {
	x := &expander{lists: lists, texts: map[string]string{}}
	for _, def := range lists.order {
		if strings.ContainsFunc(def.item.name, func(c rune) bool { return c < 0x80 && isDelimiter(byte(c)) }) {
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

func isDelimiter(c byte) bool { return isBlank(c) || c == '(' || c == ')' || c == ',' || c == '=' }

// expand replaces every list name that stands between blanks, parentheses,
// commas or equal signs, as Falco does: in quotes too. An empty list takes a
// comma beside it along. ok is false when the text would become too long.
func (x *expander) expand(t *text) (out text, ok bool) {
	var b textBuilder
	for i := 0; i < len(t.s); {
		end := x.wordEnd(t.s, i)
		if end == i {
			b.copy(t, i, i+1)
			i++
			continue
		}
		list, there := x.lists.get(t.s[i:end])
		if !there {
			b.copy(t, i, end)
			i = end
			continue
		}
		list.used = true
		items := x.items(t.s[i:end], list)
		if items == "" {
			end = x.dropComma(&b, t, end)
		} else {
			scalar, at := t.locate(i)
			b.put(items, scalar, at)
		}
		i = end
		if b.b.Len() > maxExpanded {
			return text{}, false
		}
	}
	return b.text(), true
}

// dropComma removes the comma behind an empty list, or else the one before it.
func (x *expander) dropComma(b *textBuilder, t *text, end int) int {
	next := end
	for next < len(t.s) && isBlank(t.s[next]) {
		next++
	}
	if next < len(t.s) && t.s[next] == ',' {
		return next + 1
	}
	done := strings.TrimRight(b.b.String(), " \t\b\r\n")
	if strings.HasSuffix(done, ",") {
		spans := b.spans
		*b = textBuilder{}
		b.b.WriteString(done[:len(done)-1])
		b.spans = spans
	}
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
		s := it.node.Value
		if inner, there := x.lists.get(s); there {
			inner.used = true
			if s = x.items(s, inner); s == "" {
				continue
			}
		} else {
			s = quoteItem(s)
		}
		if size += len(s) + 2; size > maxExpanded {
			break
		}
		out = append(out, s)
	}
	x.texts[name] = strings.Join(out, ", ")
	return x.texts[name]
}

// locate is the scalar that byte i of the text comes from, and where in it.
func (t *text) locate(i int) (*scalar, int) {
	for k := len(t.spans) - 1; k >= 0; k-- {
		s := t.spans[k]
		switch {
		case s.from > i:
		case s.fixed:
			return s.scalar, s.at
		default:
			return s.scalar, s.at + i - s.from
		}
	}
	return nil, 0
}
