package rules

import "strings"

// pathTree holds the paths of a pmatch by their components.
type pathTree struct {
	end   bool // a path ends here: all below it matches
	names map[string]*pathTree
	globs []globTree
}

type globTree struct {
	pattern string
	below   *pathTree
}

// add puts a path into the tree. Empty components don't count.
func (t *pathTree) add(path string) {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if t.end {
			return
		}
		t = t.child(name)
	}
	*t = pathTree{end: true}
}

func (t *pathTree) child(name string) *pathTree {
	if !strings.ContainsAny(name, "?*[") {
		if t.names == nil {
			t.names = map[string]*pathTree{}
		}
		if t.names[name] == nil {
			t.names[name] = &pathTree{}
		}
		return t.names[name]
	}
	for _, g := range t.globs {
		if g.pattern == name {
			return g.below
		}
	}
	t.globs = append(t.globs, globTree{name, &pathTree{}})
	return t.globs[len(t.globs)-1].below
}

// match reports whether some path of the tree is a prefix of path, component
// by component.
func (t *pathTree) match(path string) bool {
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
	if below := t.names[name]; below != nil && below.match(rest) {
		return true
	}
	for i := range t.globs {
		if glob(t.globs[i].pattern, name, false) && t.globs[i].below.match(rest) {
			return true
		}
	}
	return false
}
