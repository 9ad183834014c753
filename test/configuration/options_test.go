package configuration

import (
	"encoding"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
)

// option is one row of the page.
type option struct {
	path     string // its keys; a list's has [] behind
	in       reflect.Type
	field    reflect.StructField
	standard reflect.Value // what it is by default
}

// options are all that a configuration has, each section before what is in it.
func options(path string, v reflect.Value) (all []option) {
	for _, field := range reflect.VisibleFields(v.Type()) {
		if !field.IsExported() {
			continue
		}
		o := option{path + field.Tag.Get(confmap.MapstructureTag), v.Type(), field, v.FieldByIndex(field.Index)}
		all = append(all, o)
		switch within := section(field.Type); {
		case within == nil:
		case field.Type.Kind() == reflect.Slice:
			all = append(all, options(o.path+"[]"+confmap.KeyDelimiter, reflect.Zero(within))...)
		case field.Type.Kind() == reflect.Pointer:
			all = append(all, options(o.path+confmap.KeyDelimiter, reflect.Zero(within))...)
		default:
			all = append(all, options(o.path+confmap.KeyDelimiter, o.standard)...)
		}
	}
	return all
}

// section is the struct that a type has the options of, nil if it has none.
func section(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[component.ID]() {
		return nil
	}
	return t
}

// kind is how the page calls a type.
func (l library) kind(t *testing.T, of reflect.Type) string {
	switch {
	case of == reflect.TypeFor[time.Duration]():
		return "duration"
	case of == reflect.TypeFor[component.ID]():
		return "component"
	case of.Kind() == reflect.Pointer:
		return l.kind(t, of.Elem())
	case of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Map:
		return "list of " + l.kind(t, of.Elem())
	case of.Kind() == reflect.Slice:
		return "list of " + l.kind(t, of.Elem()) + "s"
	case of.Kind() == reflect.Map && reflect.PointerTo(of).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return "text or map of " + l.kind(t, of.Elem()) + "s"
	case of.Kind() == reflect.Map:
		return "map of " + l.kind(t, of.Elem()) + "s"
	case section(of) != nil:
		return "section"
	case l.wordsOf(t, of) != nil:
		return "word"
	}
	name, known := map[reflect.Kind]string{reflect.String: "text", reflect.Int: "integer", reflect.Bool: "boolean"}[of.Kind()]
	if !known {
		t.Errorf("the page has no word for options of type %s", of)
	}
	return name
}

// standard is the default as YAML has it.
func standard(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Struct:
		if id, ok := v.Interface().(component.ID); ok {
			return code(id.String())
		}
		return ""
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() {
			return "none"
		}
		var parts []string
		for i := range v.Len() {
			parts = append(parts, standard(v.Index(i)))
		}
		return strings.Join(parts, ", ")
	}
	if text := fmt.Sprint(v.Interface()); text != "" {
		return code(text)
	}
	return "none"
}

func code(text string) string { return "`" + text + "`" }

// row is the option as the page shows it.
func (l library) row(t *testing.T, o option) string {
	key := o.field.Tag.Get(confmap.MapstructureTag)
	comment := l.field(t, o.in, o.field.Name)
	if key == "" || comment == "" {
		t.Errorf("%s.%s: every option has a key and a comment for the page", o.in, o.field.Name)
	}
	meaning := l.prose(t, o, comment)
	for _, w := range l.wordsOf(t, o.field.Type) {
		if w.meaning == "" {
			t.Errorf("%s: the word %q has no comment", o.path, w.text)
		}
		meaning += "<br>" + code(w.text) + ": " + l.prose(t, o, w.meaning)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", code(o.path), l.kind(t, o.field.Type), standard(o.standard), meaning)
}

var (
	fieldLink = regexp.MustCompile(`\[([A-Z]\w+)\.([A-Z]\w+)\]`)
	pageName  = regexp.MustCompile(`docs/([a-z-]+\.md)`)
	snakeCase = regexp.MustCompile(`\b[a-zA-Z0-9]+(?:_[a-zA-Z0-9]+)+\b`)
	subject   = regexp.MustCompile(`^[A-Z]\w* (?:is |are )?`)
)

// prose is a comment as the page has it: it says the same without the field's
// name, in one line, with links and keys as Markdown has them.
func (l library) prose(t *testing.T, o option, comment string) string {
	text := strings.Join(strings.Fields(comment), " ")
	if rest, ok := strings.CutPrefix(text, o.field.Name+" "); ok {
		text = subject.ReplaceAllString(o.field.Name+" "+rest, "")
	}
	text = strings.NewReplacer("*", `\*`, "|", `\|`, "<", "&lt;").Replace(text)
	text = snakeCase.ReplaceAllString(text, "`$0`")
	text = pageName.ReplaceAllString(text, "[$1]($1)")
	text = fieldLink.ReplaceAllStringFunc(text, func(link string) string {
		name := fieldLink.FindStringSubmatch(link)
		field, ok := o.in.FieldByName(name[2])
		if !ok || name[1] != o.in.Name() {
			t.Errorf("%s: its comment refers to %s, which is not beside it", o.path, link)
		}
		return code(field.Tag.Get(confmap.MapstructureTag))
	})
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
