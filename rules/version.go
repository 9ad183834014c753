package rules

import (
	"strconv"
	"strings"
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
	want, ok := parseVersion(s.Node.Value)
	if n, err := strconv.ParseUint(s.Node.Value, 10, 31); err == nil {
		want, ok = version{0, int(n), 0}, true
	}
	switch {
	case !ok:
		l.errorf(ErrYAMLValidate, m.item, `Unable to parse engine version '%s' as a semver string. Expected "x.y.z" semver format.`, s.Node.Value)
	case !engineVersion.serves(want):
		l.errorf(ErrValidate, m.item, "Rules require engine version %s, but engine version is %s", want, engineVersion)
	}
}

// readPluginVersions checks the shape of what a file requires. Which plugins
// there are doesn't matter: rules for fields that nobody serves don't load.
func (l *loader) readPluginVersions(m *mapping) {
	m.mappings(m.find("required_plugin_versions"), item{kind: "required plugin versions"},
		"Value of required_plugin_versions must be a sequence", "Plugin versions must be a mapping", "required plugin versions entry", l.readPlugin)
}

func (l *loader) readPlugin(m *mapping) {
	names := map[string]bool{}
	l.readPluginName(m, m, names)
	if n := m.find("alternatives"); n != nil {
		m.mappings(n, item{kind: "value for", name: "alternatives"},
			"Value is not a sequence", "Plugin version alternatives must be a mapping", "plugin version alternatives",
			func(alternative *mapping) { l.readPluginName(m, alternative, names) })
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
