package rules

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// extraField is a value that a rule's alerts carry beside the output.
type extraField struct {
	key    string
	format format
	raw    bool // the format is one part, whose value keeps its type
}

// Extras are the keys and values that Options.Append gives to the rule's alerts
// for an event, without those that are missing or unknown. A value is valid
// until the next one. It is safe for concurrent use.
func (r *Rule) Extras(src field.Source) iter.Seq2[string, field.Value] {
	return func(yield func(string, field.Value) bool) {
		if len(r.extras) == 0 {
			return
		}
		rd := r.set.borrow(src)
		defer r.set.giveBack(rd)
		var text []byte
		for i := range r.extras {
			x := &r.extras[i]
			var v field.Value
			if e := x.format.parts[0].value; x.raw && e != nil {
				v = *rd.read(e)
			} else {
				text = x.format.append(text[:0], rd)
				v = field.Str(string(text))
			}
			if v.Known() && !yield(x.key, v) {
				return
			}
		}
	}
}

// compileAdditions adds what the options do to a rule.
func (c *compiler) compileAdditions(r *Rule) (ok bool) {
	ok = true
	for i := range c.opts.Append {
		a := &c.opts.Append[i]
		if !a.applies(r) {
			continue
		}
		name := fmt.Sprintf("append_output[%d]", i)
		for _, text := range []string{a.Text, c.suggestion(a.Suggested)} {
			if text != "" {
				f, good := c.addedFormat(text, name+".extra_output")
				r.format.join(&f)
				ok = ok && good
			}
		}
		for k, x := range a.Fields {
			ok = c.compileExtra(r, x, fmt.Sprintf("%s.extra_fields[%d]", name, k)) && ok
		}
	}
	return ok
}

func (a *OutputAddition) applies(r *Rule) bool {
	return (a.Rule == "" || a.Rule == r.Name) && (a.Source == "" || a.Source == r.Source) &&
		!slices.ContainsFunc(a.Tags, func(t string) bool { return !slices.Contains(r.Tags, t) })
}

// suggested are the fields that are worth saying of every event.
var suggested = []string{
	"container.id", "container.name", "container.image.repository", "container.image.tag", "k8s.pod.name", "k8s.ns.name",
}

// suggestion is those of the suggested fields that there are, as text for an
// output, "" if they are not wanted.
func (c *compiler) suggestion(wanted bool) string {
	if !wanted {
		return ""
	}
	var words []string
	for _, name := range suggested {
		if c.table.Lookup(name) != nil {
			words = append(words, strings.ReplaceAll(name, ".", "_")+"=%"+name)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.opts.Static)) {
		words = append(words, key+"=%static."+key)
	}
	return strings.Join(words, " ")
}

// addedFormat compiles a text that no rule file holds; findings call it name.
func (c *compiler) addedFormat(text, name string) (format, bool) {
	f, err := c.parseFormat(text)
	if err == nil {
		return f, true
	}
	return f, c.failOutput(err, item{"append_output", "", addedPlace(text, name, err.at)})
}

func addedPlace(text, name string, at int) source.Place {
	return source.NewFile(name, []byte(text)).At(at)
}

func (c *compiler) compileExtra(r *Rule, x ExtraField, name string) bool {
	e := extraField{key: x.Key}
	if e.key == "" {
		e.key = x.Format
	}
	at := item{"append_output", "", addedPlace(x.Format, name, 0)}
	if slices.ContainsFunc(r.extras, func(other extraField) bool { return other.key == e.key }) {
		c.errorf(ErrOutput, at, "key '%s' is there already", e.key)
		return false
	}
	var ok bool
	if e.raw = x.Key == ""; e.raw {
		e.format, ok = c.rawFormat(x.Format, at)
	} else {
		e.format, ok = c.addedFormat(x.Format, name)
	}
	r.extras = append(r.extras, e)
	return ok
}

// rawFormat is a field or transformer that stands alone.
func (c *compiler) rawFormat(text string, at item) (f format, ok bool) {
	o, err := syntax.ParseOperand(text)
	if err != nil {
		return f, c.failOutput(wrongf(0, "%s", err), at)
	}
	p, wrong := c.partOf(o, 0)
	if wrong != nil {
		return f, c.failOutput(wrong, at)
	}
	return format{parts: []part{p}}, true
}
