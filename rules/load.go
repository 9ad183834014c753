package rules

import (
	"maps"
	"regexp"

	"gopkg.in/yaml.v3"

	"github.com/sakerhq/saker/rules/internal/source"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// Load compiles files, in order, to a set. It gives all findings of all files
// at once; the set is nil when one of them is an error. The files' contents
// must not change afterwards.
func Load(schema *Schema, files []File, opts Options) (*Set, Findings) {
	l := newLoader(schema, opts)
	for i, f := range files {
		if i > 0 { // the last file's rules are checked with all others
			l.check()
		}
		s := source.NewFile(f.Name, f.Content)
		for _, doc := range l.documents(s) {
			l.readDocument(s, doc)
		}
	}
	set := l.build(l.rules.order)
	// Falco looks after every file; but a file may be written for later ones.
	l.warnUnused()
	if l.failed() {
		return nil, l.findings
	}
	l.choose(set)
	l.lint(set)
	set.index(schema)
	return set, l.findings
}

// loader collects the items of all files.
type loader struct {
	report
	schema *Schema
	opts   Options
	pos    source.Positions
	clock  int // counts definitions

	lists  index[*listDef]
	macros index[*macroDef]
	rules  index[*ruleDef]

	// Since the last check:
	touched map[string]bool // rules that were defined or changed
	changed bool            // a list or macro became another
}

func newLoader(schema *Schema, opts Options) *loader {
	return &loader{schema: schema, opts: opts, touched: map[string]bool{}}
}

// index is definitions by name, in the order of their first definition.
type index[T any] struct {
	order []T
	at    map[string]int
}

func (x *index[T]) get(name string) (v T, ok bool) {
	i, ok := x.at[name]
	if ok {
		v = x.order[i]
	}
	return v, ok
}

// put defines a name; one that is there already keeps its place.
func (x *index[T]) put(name string, v T) {
	if i, there := x.at[name]; there {
		x.order[i] = v
		return
	}
	if x.at == nil {
		x.at = map[string]int{}
	}
	x.at[name] = len(x.order)
	x.order = append(x.order, v)
}

func (l *loader) readDocument(s *source.File, doc *yaml.Node) {
	it := item{"rules content", "", s.At(0)}
	switch doc.Kind {
	case yaml.SequenceNode:
	case yaml.ScalarNode:
		if !isNull(doc) {
			l.errorf(ErrYAMLValidate, it, "Rules content is not yaml")
		}
		return
	default:
		l.errorf(ErrYAMLValidate, it, "Rules content is not yaml array of objects")
		return
	}
	for _, n := range doc.Content {
		if n = follow(n); n.Kind != yaml.MappingNode {
			l.errorf(ErrYAMLValidate, item{"rules content item", "", s.Node(n)},
				"Unexpected element type. Each element should be a yaml associative array.")
			continue
		}
		l.readItem(s, n)
	}
}

// itemKinds are the keys that say what an item is, in the order of their rank.
var itemKinds = []struct {
	key, kind string
	read      func(*loader, *mapping)
}{
	{"required_engine_version", "required_engine_version", (*loader).readEngineVersion},
	{"required_plugin_versions", "required plugin versions", (*loader).readPluginVersions},
	{"list", "list", (*loader).readList},
	{"macro", "macro", (*loader).readMacro},
	{"rule", "rule", func(l *loader, m *mapping) { l.addRule(l.readRule(m)) }},
}

func (l *loader) readItem(s *source.File, n *yaml.Node) {
	m := newMapping(&l.report, s, n, "")
	for _, k := range itemKinds {
		if m.find(k.key) != nil {
			clear(m.known)
			m.item.kind = k.kind
			m.known[k.key] = true
			k.read(l, m)
			return
		}
	}
	m.item.kind = "rules content item"
	f := l.warnf(UnknownItem, m.item, "Unknown top level item")
	if len(n.Content) > 0 {
		f.Hint = l.similar(n.Content[0].Value, maps.Keys(m.known))
	}
}

// listDef is a list as defined so far.
type listDef struct {
	item  item
	items []*source.Scalar
	used  bool
	bad   bool
}

var (
	listName  = regexp.MustCompile(`^[^()"'\s=,]+$`)
	macroName = regexp.MustCompile(`^[a-zA-Z]+[a-zA-Z0-9_]*$`)
)

func (l *loader) readList(m *mapping) {
	name := m.str("list", true)
	m.item.name = name
	if name != "" && !listName.MatchString(name) {
		l.warnf(InvalidListName, m.item, `List has an invalid name. List names should match a regular expression: ([^()"'[:space:]=,]+)`)
	}
	appendTo, override := m.readChange(map[string]bool{"items": true})
	if !m.has("items") {
		m.fail(ErrYAMLValidate, "Item has no mapping for key 'items'")
	}
	items := m.strings("items")
	m.finish()
	old, there := l.lists.get(name)
	l.changed = l.changed || there
	appended := override["items"]
	def := &listDef{item: m.item, items: items, bad: m.bad}
	switch {
	case m.bad:
	case !there && (appendTo || appended):
		m.fail(ErrValidate, "List uses 'append' or 'override.items: append' but no list by that name already exists")
		def.bad = true
	case appendTo || appended:
		def.item, def.items = old.item, append(old.items[:len(old.items):len(old.items)], items...)
	}
	if name != "" {
		l.lists.put(name, def)
	}
}

// macroDef is a macro as defined so far.
type macroDef struct {
	item        item
	cond        source.Text
	first, last int // when it was defined first and last
	used        bool
	bad         bool

	parsed bool
	node   syntax.Node // its condition, expanded; nil after an error
	busy   bool        // expansion is under way
}

func (l *loader) readMacro(m *mapping) {
	name := m.str("macro", true)
	m.item.name = name
	if name != "" && !macroName.MatchString(name) {
		l.warnf(InvalidMacroName, m.item, "Macro has an invalid name. Macro names should match a regular expression: ([a-zA-Z]+[a-zA-Z0-9_]*)")
	}
	appendTo, override := m.readChange(map[string]bool{"condition": true})
	s := m.scalar("condition", true)
	m.finish()
	l.clock++
	def := &macroDef{item: m.item, first: l.clock, last: l.clock, bad: m.bad}
	old, there := l.macros.get(name)
	if there {
		def.first = old.first
		l.changed = true
	}
	appended := override["condition"]
	switch {
	case m.bad:
	case !there && (appendTo || appended):
		m.fail(ErrValidate, "Macro uses 'append' or 'override.condition: append' but no macro by that name already exists")
		def.bad = true
	case appendTo || appended:
		def.item, def.cond, def.bad = old.item, old.cond.Join(s.Text()), old.bad
	default:
		def.cond = s.Text()
	}
	if name != "" {
		l.macros.put(name, def)
	}
}
