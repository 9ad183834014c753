package rules

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/sakerhq/saker/internal/field"
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
		if got := glob(test.pattern, test.text, false); got != test.want {
			t.Errorf("glob(%q, %q) = %v", test.pattern, test.text, got)
		}
	}
	if !glob("A[B-C]*", "abx", true) || glob("A[B-C]*", "abx", false) {
		t.Error("the case of letters is not folded, or always")
	}
}

// TestGlobIsNotSlow: a pattern of stars takes no exponential time.
func TestGlobIsNotSlow(t *testing.T) {
	if glob(strings.Repeat("*a", 60)+"b", strings.Repeat("a", 5000), false) {
		t.Error("matches")
	}
}

func TestRegex(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"abc", "abc", true},
		{"abc", "xabc", false},
		{"abc", "abc\n", false},
		{"a.*c", "a\nc", false},
		{"ab|abcd", "abcd", true},
		{"^abc$", "abc", true},
		{"[[:digit:]]+", "12", true},
		{"(a|b){2}", "ab", true},
		{"a", "b\na", false},
		{".*", "", true},
		{"x", "\xff", false},
	}
	for _, test := range tests {
		k, err := newRegex(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		v := field.Str(test.text)
		if got := k.test(nil, &v); got != test.want {
			t.Errorf("%q matches %q: %v", test.pattern, test.text, got)
		}
	}
	for _, pattern := range []string{`\d`, `(?i)a`, "a{1001}", "(", "*a", `\w`} {
		if _, err := newRegex(pattern); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

func TestPathTree(t *testing.T) {
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
		tree := &pathTree{}
		for _, p := range strings.Split(test.paths, " ") {
			tree.add(p)
		}
		if got := tree.match(test.path); got != test.want {
			t.Errorf("%q matches %q: %v", test.paths, test.path, got)
		}
	}
}

func TestSimilar(t *testing.T) {
	names := []string{"proc.name", "proc.pname", "fd.name", "user.name", "fd.sip"}
	for name, want := range map[string]string{"proc.nmae": "proc.name", "proc.pnam": "proc.pname", "PROC.NAME": "proc.name", "fd.spi": "fd.sip", "zebra.stripes": "", "": ""} {
		got := (&report{}).similar(name, func(yield func(string) bool) {
			for _, n := range names {
				if !yield(n) {
					return
				}
			}
		})
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestPlaces: every byte of a scalar is found where it stands in the file,
// however YAML writes it.
func TestPlaces(t *testing.T) {
	content := strings.Join([]string{
		"plain: one two", "several: one", "  two   three", "single: 'it''s @ two'", `double: "tab\t @ \"two\" \u00e9 x"`,
		"folded: >-", "    one", "    two @", "", "    three", "literal: |", "    one", "      two @", "    three", "anchored: &a !!str one @", "é: ü @ x", "",
	}, "\n")
	s := newSource(File{"f.yaml", []byte(content)})
	var doc yaml.Node
	if err := yaml.Unmarshal(s.Content, &doc); err != nil {
		t.Fatal(err)
	}
	nodes := doc.Content[0].Content
	for i := 0; i < len(nodes); i += 2 {
		sc := &scalar{file: s, node: nodes[i+1]}
		for _, word := range []string{"one", "two", "three", "@", "x"} {
			at := strings.Index(sc.node.Value, word)
			if at < 0 {
				continue
			}
			if p := sc.place(at).offset(); !strings.HasPrefix(content[p:], word) {
				line, column := sc.place(at).lineColumn()
				t.Errorf("%s: %q is looked for at %d:%d: %.10q", nodes[i].Value, word, line, column, content[p:])
			}
		}
	}
}

func TestGetopt(t *testing.T) {
	tests := []struct {
		args, spec, key, want string
	}{
		{"-o v", "o:", "o", "v"},
		{"-ov", "o:", "o", "v"},
		{"-abo v", "abo:", "o", "v"},
		{"-a -o x -o y", "ao:", "o", "y"},
		{"-a", "a", "a", ""},
		{"-x", "a", "?", "x"},
		{"--long -a", "a", "a", ""},
		{"file -a", "a", "a", "missing"},
		{"-- -a", "a", "a", "missing"},
		{"-o", "o:", "o", "missing"},
		{"-o", "o::", "o", ""},
		{"- -a", "a", "a", "missing"},
	}
	for _, test := range tests {
		var args []field.Value
		for _, a := range strings.Fields(test.args) {
			args = append(args, field.Str(a))
		}
		got := "missing"
		scanOptions(field.ListOf(args), test.spec, func(option, value string) {
			if option == test.key {
				got = value
			}
		})
		if got != test.want {
			t.Errorf("getopt(%s, %q)[%s] = %q, want %q", test.args, test.spec, test.key, got, test.want)
		}
	}
}
