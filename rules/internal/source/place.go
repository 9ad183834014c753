package source

import (
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// File is a file, with what is needed to find places in it. NewFile makes one.
type File struct {
	Name    string
	Content []byte
	starts  []int // offsets where lines begin
}

// NewFile keeps content, which must not change afterwards.
func NewFile(name string, content []byte) *File {
	f := &File{Name: name, Content: content, starts: []int{0}}
	for i, c := range content {
		if c == '\n' {
			f.starts = append(f.starts, i+1)
		}
	}
	return f
}

// Place is a point in a file. The zero Place is nowhere, and only its File may be
// asked for.
type Place struct {
	file *File
	at   int        // byte offset, unless node is set
	node *yaml.Node // the place is where it begins; found when asked for
}

// At is the place of a byte, 0 for the file as a whole.
func (f *File) At(offset int) Place { return Place{file: f, at: offset} }

// Line is where a line begins, counted from 1; the file as a whole if there is
// no such line.
func (f *File) Line(n int) Place {
	if n < 1 || n > len(f.starts) {
		return f.At(0)
	}
	return f.At(f.starts[n-1])
}

// Node is where a node of the file begins.
func (f *File) Node(n *yaml.Node) Place { return Place{file: f, node: n} }

// File is the file that p is in, nil if p is nowhere.
func (p Place) File() *File { return p.file }

// offset is the place as a byte offset.
func (p Place) offset() int {
	n := p.node
	if n == nil || n.Line < 1 || n.Line > len(p.file.starts) {
		return p.at
	}
	at := p.file.starts[n.Line-1]
	for range n.Column - 1 {
		_, size := utf8.DecodeRune(p.file.Content[at:])
		at += size
	}
	return min(at, len(p.file.Content))
}

// maxLine is how many bytes of a line are shown.
const maxLine = 160

// Show gives the line and column of p from 1, the column in characters, and the
// line itself as valid UTF-8 without its end; "" when p lies behind what can be
// shown of it.
func (p Place) Show() (line, column int, text string) {
	offset := p.offset()
	line = sort.SearchInts(p.file.starts, offset+1)
	start := p.file.starts[line-1]
	column = utf8.RuneCount(p.file.Content[start:offset]) + 1
	rest := p.file.Content[start:]
	text, _, _ = strings.Cut(string(rest[:min(len(rest), maxLine)]), "\n")
	if text = strings.TrimRight(text, "\r"); column > utf8.RuneCountInString(text)+1 {
		return line, column, ""
	}
	return line, column, strings.ToValidUTF8(text, "\uFFFD")
}
