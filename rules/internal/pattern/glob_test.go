package pattern

import (
	"strings"
	"testing"
)

// TestGlob has the answers that fnmatch(3) gives with no flags.
func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "/a/.b", true},
		{"?", "/", true},
		{"?", "", false},
		{"a?c", "abc", true},
		{"/etc/*", "/etc/a/b", true},
		{"*.so*", "/lib/x.so.1", true},
		{"a*b*c", "aXbXcX", false},
		{"a*b*c", "aXbXbc", true},
		{"[abc]", "b", true},
		{"[!abc]", "b", false},
		{"[^abc]", "d", true},
		{"[a-c]x", "bx", true},
		{"[]a]", "]", true},
		{"[!]a]", "b", true},
		{"[a", "[a", true},
		{"[", "[", true},
		{"a[", "a[", true},
		{"[a-]", "-", true},
		{"[[:digit:]]*", "5x", true},
		{"[[:alpha:][:digit:]]", "5", true},
		{"[[:upper:]]", "a", false},
		{`\*`, "*", true},
		{`\*`, "a", false},
		{`a\`, "a", false},
		{`[\]]`, "]", true},
		{"**a", "bca", true},
		{"é*", "éa", true},
		{"[[:nosuch:]]", "a", false},
		{"[[:]", ":", true},
	}
	for _, test := range tests {
		if got := Glob(test.pattern, test.text, false); got != test.want {
			t.Errorf("Glob(%q, %q) = %v", test.pattern, test.text, got)
		}
	}
	if !Glob("A[B-C]*", "abx", true) || Glob("A[B-C]*", "abx", false) {
		t.Error("the case of letters is not folded, or always")
	}
}

// TestGlobIsNotSlow: a pattern of stars takes no exponential time.
func TestGlobIsNotSlow(t *testing.T) {
	if Glob(strings.Repeat("*a", 60)+"b", strings.Repeat("a", 5000), false) {
		t.Error("matches")
	}
}

// FuzzGlob compares Glob with a slower and simpler matcher.
func FuzzGlob(f *testing.F) {
	for _, s := range [][2]string{{"a*b?", "axxbc"}, {"[a-c]*", "bz"}, {"\\*", "*"}, {"[!a]", "b"}, {"[[:digit:]]", "5"}, {"*a*b*", "ab"}, {"[", "["}, {"[[:]", "0"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 12 || len(text) > 12 {
			return
		}
		if got, want := Glob(pattern, text, false), slowGlob(pattern, text); got != want {
			t.Fatalf("Glob(%q, %q) = %v", pattern, text, got)
		}
	})
}

func slowGlob(pattern, text string) bool {
	if pattern == "" {
		return text == ""
	}
	if pattern[0] == '*' {
		return slowGlob(pattern[1:], text) || text != "" && slowGlob(pattern, text[1:])
	}
	if text == "" {
		return false
	}
	n, ok := globByte(pattern, text[0], false)
	return ok && slowGlob(pattern[n:], text[1:])
}
