package rules

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/sakerhq/saker/rules/internal/source"
)

// maxFile is how long a rules file may be.
const maxFile = 10 << 20

// documents reads the YAML documents of a file.
func (r *report) documents(s *source.File) (docs []*yaml.Node) {
	if len(s.Content) > maxFile {
		r.errorf(ErrYAMLValidate, item{"rules content", "", s.At(0)}, "file of %d bytes is too long, %d at most", len(s.Content), maxFile)
		return nil
	}
	d := yaml.NewDecoder(bytes.NewReader(s.Content))
	for {
		var doc yaml.Node
		err := decode(d, &doc)
		if errors.Is(err, io.EOF) {
			return docs
		}
		if err != nil {
			r.yamlError(s, err)
			return docs
		}
		if len(doc.Content) > 0 {
			docs = append(docs, doc.Content[0])
		}
	}
}

// decode shields against panics of the YAML package: rule files are foreign.
func decode(d *yaml.Decoder, doc *yaml.Node) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("yaml: document can't be read")
		}
	}()
	return d.Decode(doc)
}

var (
	yamlLine   = regexp.MustCompile(`line (\d+): `)
	yamlAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
)

func (r *report) yamlError(s *source.File, err error) {
	message, at := strings.TrimPrefix(err.Error(), "yaml: "), s.At(0)
	if m := yamlLine.FindStringSubmatchIndex(message); m != nil {
		line, _ := strconv.Atoi(message[m[2]:m[3]])
		message, at = message[m[1]:], s.Line(line)
	}
	if m := yamlAnchor.FindStringSubmatch(message); m != nil {
		at = s.At(max(bytes.Index(s.Content, []byte("*"+m[1])), 0))
	}
	r.errorf(ErrYAMLParse, item{"rules content", "", at}, "%s", message)
}

// mapping reads the keys of one YAML mapping and reports what is wrong with
// them. After an error it goes on, with bad set.
type mapping struct {
	*report
	file  *source.File
	node  *yaml.Node
	item  item
	known map[string]bool
	bad   bool
}

func newMapping(r *report, s *source.File, n *yaml.Node, kind string) *mapping {
	return &mapping{report: r, file: s, node: n, item: item{kind, "", s.Node(n)}, known: map[string]bool{}}
}

// follow is the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// isNull reports whether a node is YAML's null.
func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// find is a key's value, nil if it is absent. The first of equal keys counts.
func (m *mapping) find(key string) *yaml.Node {
	m.known[key] = true
	for i := 0; i+1 < len(m.node.Content); i += 2 {
		if m.node.Content[i].Value == key {
			return follow(m.node.Content[i+1])
		}
	}
	return nil
}

func (m *mapping) has(key string) bool { return m.find(key) != nil }

func (m *mapping) fail(code Code, format string, args ...any) {
	m.bad = true
	m.errorf(code, m.item, format, args...)
}

// wrong reports an error at a value.
func (m *mapping) wrong(key string, n *yaml.Node, message string) {
	m.bad = true
	m.errorf(ErrYAMLValidate, item{"value for", key, m.file.Node(n)}, "%s", message)
}

// scalar is the non-empty scalar of a key; nil if the key is absent (an error
// when it is required) or the value no such scalar (an error).
func (m *mapping) scalar(key string, required bool) *source.Scalar {
	n := m.find(key)
	switch {
	case n == nil && required:
		m.fail(ErrYAMLValidate, "Item has no mapping for key '%s'", key)
	case n == nil:
	case isNull(n):
		m.fail(ErrYAMLValidate, "Mapping for key '%s' is empty", key)
	case n.Kind != yaml.ScalarNode:
		m.wrong(key, n, "Value is not a scalar value")
	case n.Value == "":
		m.wrong(key, n, "Value must be non-empty")
	default:
		return &source.Scalar{File: m.file, Node: n}
	}
	return nil
}

func (m *mapping) str(key string, required bool) string {
	if s := m.scalar(key, required); s != nil {
		return s.Node.Value
	}
	return ""
}

// bool is a key's truth value; nil if it is absent.
func (m *mapping) bool(key string) *bool {
	s := m.scalar(key, false)
	if s == nil {
		return nil
	}
	switch strings.ToLower(s.Node.Value) {
	case "true", "yes", "on", "y":
		return ptr(true)
	case "false", "no", "off", "n":
		return ptr(false)
	}
	m.wrong(key, s.Node, "Can't decode YAML scalar value '"+s.Node.Value+"': it must be true or false")
	return nil
}

func ptr[T any](v T) *T { return &v }

// strings is a key's sequence of scalars.
func (m *mapping) strings(key string) []*source.Scalar {
	n := m.find(key)
	if n == nil {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		m.wrong(key, n, "Value is not a sequence")
		return nil
	}
	var out []*source.Scalar
	for _, e := range n.Content {
		if e = follow(e); e.Kind != yaml.ScalarNode || isNull(e) {
			m.wrong(key, e, "sequence value is not scalar")
			continue
		}
		out = append(out, &source.Scalar{File: m.file, Node: e})
	}
	return out
}

// mappings reads the elements of a sequence, the item in, which are mappings of
// a kind.
func (m *mapping) mappings(n *yaml.Node, in item, notSequence, notMapping, kind string, read func(*mapping)) {
	if n.Kind != yaml.SequenceNode {
		m.bad = true
		in.at = m.file.Node(n)
		m.errorf(ErrYAMLValidate, in, "%s", notSequence)
		return
	}
	for _, e := range n.Content {
		if e = follow(e); e.Kind != yaml.MappingNode {
			m.bad = true
			m.errorf(ErrYAMLValidate, item{kind, "", m.file.Node(e)}, "%s", notMapping)
			continue
		}
		inner := newMapping(m.report, m.file, e, kind)
		read(inner)
		m.bad = m.bad || inner.bad
	}
}

// finish warns of the keys that nobody asked for.
func (m *mapping) finish() {
	for i := 0; i+1 < len(m.node.Content); i += 2 {
		key := m.node.Content[i]
		if m.known[key.Value] {
			continue
		}
		f := m.warnf(UnknownKey, item{m.item.kind, m.item.name, m.file.Node(key)}, "Unknown key '%s'. The key will be ignored.", key.Value)
		f.Hint = m.similar(key.Value, maps.Keys(m.known))
	}
}
