package rules

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// engineVersion is the version of Falco's engine whose language this is.
var engineVersion = version{0, 62, 0}

type version [3]int

func (v version) String() string {
	return itoa(v[0]) + "." + itoa(v[1]) + "." + itoa(v[2])
}

func parseVersion(s string) (v version, ok bool) {
	s, _, _ = strings.Cut(s, "-")
	s, _, _ = strings.Cut(s, "+")
	parts := strings.Split(s, ".")
	if len(parts) != 3 {
		return v, false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 31)
		if err != nil {
			return v, false
		}
		v[i] = int(n)
	}
	return v, true
}

// serves reports whether something of version v is enough where want is required.
func (v version) serves(want version) bool {
	if v[0] != want[0] {
		return false
	}
	return v[1] > want[1] || v[1] == want[1] && v[2] >= want[2]
}

func (l *loader) readEngineVersion(m *mapping) {
	s := m.scalar("required_engine_version", true)
	if s == nil {
		return
	}
	want, ok := parseVersion(s.node.Value)
	if n, err := strconv.ParseUint(s.node.Value, 10, 31); err == nil {
		want, ok = version{0, int(n), 0}, true
	}
	switch {
	case !ok:
		l.errorf(ErrYAMLValidate, m.item, `Unable to parse engine version '%s' as a semver string. Expected "x.y.z" semver format.`, s.node.Value)
	case !engineVersion.serves(want):
		l.errorf(ErrValidate, m.item, "Rules require engine version %s, but engine version is %s", want, engineVersion)
	}
}

// readPluginVersions checks the shape of what a file requires. Which plugins
// there are doesn't matter: rules for fields that nobody serves don't load.
func (l *loader) readPluginVersions(m *mapping) {
	n := m.find("required_plugin_versions")
	it := item{"required plugin versions", "", m.file.placeOf(n)}
	if n.Kind != yaml.SequenceNode {
		l.errorf(ErrYAMLValidate, it, "Value of required_plugin_versions must be a sequence")
		return
	}
	for _, e := range n.Content {
		if e = follow(e); e.Kind != yaml.MappingNode {
			it.at = m.file.placeOf(e)
			l.errorf(ErrYAMLValidate, it, "Plugin versions must be a mapping")
			continue
		}
		l.readPlugin(newMapping(m.report, m.file, e, "required plugin versions entry"))
	}
}

func (l *loader) readPlugin(m *mapping) {
	names := map[string]bool{}
	l.readPluginName(m, m, names)
	n := m.find("alternatives")
	if n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode {
		m.wrong("alternatives", n, "Value is not a sequence")
		return
	}
	for _, e := range n.Content {
		if e = follow(e); e.Kind != yaml.MappingNode {
			m.wrong("alternatives", e, "Plugin version alternatives must be a mapping")
			continue
		}
		l.readPluginName(m, newMapping(m.report, m.file, e, "plugin version alternatives"), names)
	}
}

func (l *loader) readPluginName(whole, m *mapping, names map[string]bool) {
	name := m.str("name", true)
	m.item.name = name
	v := m.str("version", true)
	if m.bad {
		return
	}
	if _, ok := parseVersion(v); !ok {
		m.fail(ErrYAMLValidate, "Unable to parse plugin version '%s' as a semver string. Expected \"x.y.z\" semver format.", v)
	}
	if names[name] {
		whole.fail(ErrValidate, "Defined multiple alternative version requirements for plugin '%s'", name)
	}
	names[name] = true
}
