package source

import (
	"fmt"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// scalars reads the values of a mapping.
func scalars(t *testing.T, content string) map[string]*Scalar {
	f := NewFile("f.yaml", []byte(content))
	var doc yaml.Node
	if err := yaml.Unmarshal(f.Content, &doc); err != nil {
		t.Fatal(err)
	}
	nodes, all := doc.Content[0].Content, map[string]*Scalar{}
	for i := 0; i < len(nodes); i += 2 {
		all[nodes[i].Value] = &Scalar{File: f, Node: nodes[i+1]}
	}
	return all
}

// TestText: bytes of texts that were put together are found where they came from.
func TestText(t *testing.T) {
	s := scalars(t, "cond: a in (list, z)\nitem: ' b c'\nmore: or d\n")
	cond := s["cond"].Text()
	var b Builder
	b.Copy(&cond, 0, 6)
	scalar, at := cond.Locate(6)
	b.Put("b, c", scalar, at) // in place of "list"
	b.Copy(&cond, 10, 14)
	built := b.Text()
	joined := built.Join(s["more"].Text())
	if got := joined.String(); got != "a in (b, c, z) or d" {
		t.Fatalf("%q", got)
	}
	for word, want := range map[string]string{"a": "1:7", "in": "1:9", "b,": "1:13", "c,": "1:13", "z": "1:19", "or": "3:7", "d": "3:10"} {
		line, column, _ := joined.Place(strings.Index(joined.String(), word)).Show()
		if got := fmt.Sprintf("%d:%d", line, column); got != want {
			t.Errorf("%s stands at %s, want %s", word, got, want)
		}
	}
	if joined.Empty() || !new(Text).Empty() || new(Text).Place(0).File() != nil {
		t.Error("the empty text is not told from others")
	}
}

func TestDropComma(t *testing.T) {
	s := scalars(t, "cond: x\n")["cond"]
	for words, want := range map[string]string{"(a, ": "(a", "(a,": "(a", "(a ": "(a ", "": "", ",,": ","} {
		var b Builder
		b.Put(words, s, 0)
		b.DropComma()
		if out := b.Text(); out.String() != want {
			t.Errorf("%q becomes %q, want %q", words, out.String(), want)
		}
	}
}

// TestPositions: a number is one byte of one text.
func TestPositions(t *testing.T) {
	s := scalars(t, "one: abc\ntwo: def\n")
	one, two := s["one"].Text(), s["two"].Text()
	var p Positions
	if p.Place(0).File() != nil {
		t.Error("a place in no text")
	}
	first, second := p.Add(&one), p.Add(&two)
	for pos, want := range map[int]int{first: 5, first + 2: 7, second: 14, second + 2: 16} {
		if got := p.Place(pos).offset(); got != want {
			t.Errorf("%d is byte %d, want %d", pos, got, want)
		}
	}
}

// TestShow: of a line as much is shown as fits, and nothing of what can't be.
func TestShow(t *testing.T) {
	long := strings.Repeat("x", 2*maxLine)
	f := NewFile("f", []byte("one\r\né\xff\n"+long))
	for _, c := range []struct {
		at   Place
		want string
	}{
		{f.At(0), "one"},
		{f.Line(2), "é\uFFFD"},
		{f.Line(9), "one"},
		{f.Line(3), long[:maxLine]},
		{f.At(len(f.Content)), ""},
	} {
		if _, _, got := c.at.Show(); got != c.want {
			t.Errorf("%d: %q, want %q", c.at.offset(), got, c.want)
		}
	}
}
