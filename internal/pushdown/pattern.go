package pushdown

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sakerhq/saker/rules"
)

// patternsOf are regular expressions: a test answers the same for all paths of
// files that fit the same of these. None: it is a test of something else, or
// one that patterns can't answer.
func (v *view) patternsOf(t rules.Test) []string {
	ref := t.Field()
	if ref == nil {
		return nil
	}
	part, ok := v.parts[ref.Name]
	texts, any := t.Constants()
	if !ok || !any || len(texts) == 0 || slices.Contains(texts, "") {
		return nil
	}
	var of []string
	for _, text := range texts {
		p, ok := part.pattern(t.Operator(), text)
		if !ok {
			return nil
		}
		of = append(of, p)
	}
	patterns := []string{"(?:" + strings.Join(of, "|") + ")"}
	if t.Operator() == "!=" && len(of) > 1 {
		patterns = of
	}
	if part.top != "" {
		patterns = append(patterns, part.top)
	}
	return patterns
}

// part is a part of a path that a field shows.
type part struct {
	before, after string // what else the path has
	any           string // each byte of the part
	single        bool   // it has no slash
	top           string // of the directory: a path for which it is "/"
}

const (
	anyByte    = `(?s:.)`
	anyNoSlash = `[^/]`
)

var parts = map[string]part{
	"fd.name":      {any: anyByte},
	"fd.filename":  {before: "/(?:" + anyByte + "*/)?", any: anyNoSlash, single: true},
	"fd.directory": {after: "/" + anyNoSlash + "+", any: anyByte, top: "/" + anyNoSlash + "+"},
}

// pattern is that of the paths whose part fits an operator's constant.
func (p part) pattern(operator, text string) (pattern string, ok bool) {
	whole, ok := p.whole(operator, text)
	if !ok {
		return "", false
	}
	if p.single && strings.Contains(whole, quote("/")) {
		return none, true
	}
	return p.before + "(?:" + whole + ")" + p.after, true
}

// none fits no path.
const none = `[^\x00-\x{10ffff}]`

func (p part) whole(operator, text string) (pattern string, ok bool) {
	all := p.any + "*"
	switch operator {
	case "=", "==", "in", "!=":
		return quote(text), true
	case "startswith":
		return quote(text) + all, true
	case "endswith":
		return all + quote(text), true
	case "contains":
		return all + quote(text) + all, true
	case "icontains":
		return all + folded(text) + all, true
	case "glob":
		return p.glob(text)
	case "pmatch":
		return p.pmatch(text)
	}
	return "", false
}

// quote is a pattern for a text as it is.
func quote(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, `\x{%02x}`, text[i])
	}
	return b.String()
}

// folded is a pattern for a text without regard to the case of ASCII letters. All
// other bytes are as they are, also those that letters of other alphabets are made of.
func folded(text string) string {
	var b strings.Builder
	for i := range len(text) {
		one := quote(text[i : i+1])
		if c := text[i]; 'a' <= c|0x20 && c|0x20 <= 'z' {
			one = "[" + quote(string(c|0x20)) + quote(string(c&^0x20)) + "]"
		}
		b.WriteString(one)
	}
	return b.String()
}

// glob is the pattern of a glob without brackets and quoting.
func (p part) glob(text string) (pattern string, ok bool) {
	var b strings.Builder
	for i := range len(text) {
		switch text[i] {
		case '[', '\\':
			return "", false
		case '*':
			b.WriteString(p.any + "*")
		case '?':
			b.WriteString(p.any)
		default:
			b.WriteString(quote(text[i : i+1]))
		}
	}
	return b.String(), true
}

// pmatch is the pattern of all that a path names or is above.
func (p part) pmatch(text string) (pattern string, ok bool) {
	names := strings.FieldsFunc(text, func(r rune) bool { return r == '/' })
	if len(names) == 0 {
		return p.any + "*", true
	}
	if p.single && len(names) > 1 {
		return none, true
	}
	name := part{any: anyNoSlash}
	for i := range names {
		if names[i], ok = name.component(names[i]); !ok {
			return "", false
		}
	}
	if p.single {
		return names[0], true
	}
	return quote("/") + strings.Join(names, quote("/")) + "(?:" + quote("/") + anyByte + "*)?", true
}

// component is the pattern of a path's component, which is a glob if it looks so.
func (p part) component(text string) (pattern string, ok bool) {
	if strings.ContainsAny(text, "?*[") {
		return p.glob(text)
	}
	return quote(text), true
}
