package configuration

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sakerhq/saker/"

// comments are what a package's source says of its types.
type comments struct {
	synopsis string
	fields   map[string]string // by type.field
	words    map[string][]word // by the type whose values they are
}

// word is a constant that an option takes.
type word struct{ text, meaning string }

// library has the comments of packages by their paths, as they are asked for.
type library map[string]*comments

// of gives the comments of a package of the module.
func (l library) of(t *testing.T, pkg string) *comments {
	t.Helper()
	if l[pkg] != nil {
		return l[pkg]
	}
	c := &comments{fields: map[string]string{}, words: map[string][]word{}}
	names, err := filepath.Glob(filepath.Join("..", "..", strings.TrimPrefix(pkg, module), "*.go"))
	if err != nil || names == nil {
		t.Fatalf("%s has no source: %v", pkg, err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if text := file.Doc.Text(); text != "" {
			c.synopsis = new(doc.Package).Synopsis(text)
		}
		c.read(t, file)
	}
	l[pkg] = c
	return c
}

// read takes in what a file says.
func (c *comments) read(t *testing.T, file *ast.File) {
	for _, d := range file.Decls {
		group, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range group.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				c.readFields(spec)
			case *ast.ValueSpec:
				c.readWord(t, spec)
			}
		}
	}
}

func (c *comments) readFields(spec *ast.TypeSpec) {
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			c.fields[spec.Name.Name+"."+name.Name] = field.Doc.Text()
		}
	}
}

// readWord takes in a constant of a type of its own whose value is a text, and
// what its comment says behind "Name: ".
func (c *comments) readWord(t *testing.T, spec *ast.ValueSpec) {
	of, ok := spec.Type.(*ast.Ident)
	if !ok || len(spec.Values) != 1 {
		return
	}
	value, ok := spec.Values[0].(*ast.BasicLit)
	if !ok || value.Kind != token.STRING {
		return
	}
	text, err := strconv.Unquote(value.Value)
	if err != nil {
		t.Fatal(err)
	}
	_, meaning, _ := strings.Cut(spec.Doc.Text(), ": ")
	c.words[of.Name] = append(c.words[of.Name], word{text, meaning})
}

// field is what the source says of a field.
func (l library) field(t *testing.T, in reflect.Type, name string) string {
	return l.of(t, in.PkgPath()).fields[in.Name()+"."+name]
}

// wordsOf are the values that a type has names for, nil if there are none.
func (l library) wordsOf(t *testing.T, of reflect.Type) []word {
	if of.Kind() != reflect.String || !strings.HasPrefix(of.PkgPath(), module) {
		return nil
	}
	return l.of(t, of.PkgPath()).words[of.Name()]
}
