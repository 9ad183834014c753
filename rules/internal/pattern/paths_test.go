package pattern

import (
	"strings"
	"testing"
)

func TestPaths(t *testing.T) {
	tests := []struct {
		paths string
		path  string
		want  bool
	}{
		{"/etc", "/etc/passwd", true},
		{"/etc", "/etcetera", false},
		{"/etc/", "/etc", true},
		{"/etc/passwd", "/etc", false},
		{"/", "/a", true},
		{"/etc /etc/ssh", "/etc/x", true},
		{"/etc/ssh /etc", "/etc/x", true},
		{"/a/*/c", "/a/b/c/d", true},
		{"/a/*/c", "/a/b/d", false},
		{"/a/b /a/*/c", "/a/x/c", true},
		{"/a/b/c /a/*/d", "/a/b/d", true},
		{"/a/?b/* /a/[xy]b/z", "/a/xb/z", true},
		{"usr", "/usr/bin", true},
		{"", "/x", true},
	}
	for _, test := range tests {
		tree := &Paths{}
		for _, p := range strings.Split(test.paths, " ") {
			tree.Add(p)
		}
		if got := tree.Match(test.path); got != test.want {
			t.Errorf("%q matches %q: %v", test.paths, test.path, got)
		}
	}
}
