package source

import (
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// TestPlaces: every byte of a scalar is found where it stands in the file,
// however YAML writes it.
func TestPlaces(t *testing.T) {
	content := strings.Join([]string{
		"plain: one two", "several: one", "  two   three", "single: 'it''s @ two'", `double: "tab\t @ \"two\" \u00e9 x"`,
		"folded: >-", "    one", "    two @", "", "    three", "literal: |", "    one", "      two @", "    three", "anchored: &a !!str one @", "é: ü @ x", "",
	}, "\n")
	s := NewFile("f.yaml", []byte(content))
	var doc yaml.Node
	if err := yaml.Unmarshal(s.Content, &doc); err != nil {
		t.Fatal(err)
	}
	nodes := doc.Content[0].Content
	for i := 0; i < len(nodes); i += 2 {
		sc := &Scalar{File: s, Node: nodes[i+1]}
		for _, word := range []string{"one", "two", "three", "@", "x"} {
			at := strings.Index(sc.Node.Value, word)
			if at < 0 {
				continue
			}
			if p := sc.Place(at).offset(); !strings.HasPrefix(content[p:], word) {
				line, column, _ := sc.Place(at).Show()
				t.Errorf("%s: %q is looked for at %d:%d: %.10q", nodes[i].Value, word, line, column, content[p:])
			}
		}
	}
}
