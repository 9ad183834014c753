package pattern

import "strings"

// Paths holds the paths of a pmatch by their components.
type Paths struct {
	end   bool // a path ends here: all below it matches
	names map[string]*Paths
	globs []globPath
}

type globPath struct {
	pattern string
	below   *Paths
}

// Add puts a path into the tree. Empty components don't count.
func (t *Paths) Add(path string) {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if t.end {
			return
		}
		t = t.child(name)
	}
	*t = Paths{end: true}
}

func (t *Paths) child(name string) *Paths {
	if !strings.ContainsAny(name, "?*[") {
		if t.names == nil {
			t.names = map[string]*Paths{}
		}
		if t.names[name] == nil {
			t.names[name] = &Paths{}
		}
		return t.names[name]
	}
	for _, g := range t.globs {
		if g.pattern == name {
			return g.below
		}
	}
	t.globs = append(t.globs, globPath{name, &Paths{}})
	return t.globs[len(t.globs)-1].below
}

// Match reports whether some path of the tree is a prefix of path, component
// by component.
func (t *Paths) Match(path string) bool {
	if t.end {
		return true
	}
	for path != "" && path[0] == '/' {
		path = path[1:]
	}
	if path == "" {
		return false
	}
	name, rest := path, ""
	if i := strings.IndexByte(path, '/'); i >= 0 {
		name, rest = path[:i], path[i:]
	}
	if below := t.names[name]; below != nil && below.Match(rest) {
		return true
	}
	for i := range t.globs {
		if Glob(t.globs[i].pattern, name, false) && t.globs[i].below.Match(rest) {
			return true
		}
	}
	return false
}
