package main

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules"
)

// variants are as many rules as are asked for, such as people have who wrote so many:
// those of a set, then variants of these in turn. Of each two lists of paths, programs,
// command lines or images that a variant asks for, one is as it was, as lists of shells
// and package managers are; all of the other is the variant's own. Macros and lists are put in.
func variants(set *rules.Set, count int) (files []rules.File) {
	var b strings.Builder
	choice := rand.New(rand.NewPCG(1, 2)) // the same each time
	// What ends with a backslash has no text that is read as the same.
	of := slices.DeleteFunc(slices.Clone(set.Rules()), func(r *rules.Rule) bool { return strings.Contains(r.Compiled(), `\`) })
	for n := range count {
		r, number := of[n%len(of)], n/len(of)
		fmt.Fprintf(&b, "- rule: %q\n  desc: variant %[2]d\n  condition: %[3]q\n  output: %[4]q\n  priority: %[5]s\n  source: %[6]s\n",
			fmt.Sprintf("%s %d", r.Name, number), number, variant(r, number, choice), r.Output, r.Priority, r.Source)
		if n%rulesInFile == rulesInFile-1 || n == count-1 {
			files = append(files, rules.File{Name: fmt.Sprintf("variants-%d.yaml", len(files)), Content: []byte(b.String())})
			b.Reset()
		}
	}
	return files
}

// rulesInFile is how many rules a file of variants has.
const rulesInFile = 500

// variant is a rule's condition with some constants replaced; of number 0 with none.
func variant(r *rules.Rule, number int, choice *rand.Rand) string {
	tests := map[string]rules.Test{}
	types, _ := r.EventTypes()
	for _, typ := range types {
		r.Tests(typ, func(t rules.Test) { tests[t.String()] = t })
	}
	// The longest first: one may begin as another is.
	var pairs []string
	for _, text := range slices.SortedFunc(maps.Keys(tests), func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }) {
		t := tests[text]
		constants, alone := t.Constants()
		if t.Field() == nil || !alone || len(constants) == 0 || strings.Trim(t.Operator(), "<=>") == "" && isNumber(constants[0]) {
			continue
		}
		if number > 0 && varies(t) && choice.IntN(2) == 0 {
			constants = own(constants, number)
		}
		pairs = append(pairs, text, written(t, constants))
	}
	return strings.NewReplacer(pairs...).Replace(r.Compiled())
}

// variedFields are those of which rules ask something else where they were written for
// something else, by their beginnings.
var variedFields = []string{"fd.name", "fd.directory", "fd.filename", "fd.origin", "evt.arg", "fs.path", "proc.", "container.image"}

// varies reports whether a test's constants can be another rule's: texts as they are.
func varies(t rules.Test) bool {
	texts, _ := t.Constants()
	if !slices.Contains([]string{"=", "in", "!=", "contains", "startswith", "endswith", "pmatch"}, t.Operator()) {
		return false
	}
	return slices.Contains([]field.Type{field.CharBuf, field.FSPath, field.FSRelPath}, t.Field().Type) &&
		slices.ContainsFunc(variedFields, func(name string) bool { return strings.HasPrefix(t.Field().Name, name) }) &&
		!slices.ContainsFunc(texts, func(text string) bool { return strings.Trim(text, "0123456789-/") == "" || text == "<NA>" })
}

// own are a variant's own constants: files in a directory of their own, names with a number.
func own(constants []string, number int) (texts []string) {
	for _, text := range constants {
		if dir, file := path.Split(text); dir != "" && dir != "/" {
			text = fmt.Sprintf("%sapp%d/%s", dir, number, file)
		} else {
			text = fmt.Sprintf("%s%d", text, number)
		}
		texts = append(texts, text)
	}
	return texts
}

// written is a test of constants as rules write it.
func written(t rules.Test, constants []string) string {
	var quoted []string
	for _, text := range constants {
		quoted = append(quoted, strconv.Quote(text))
	}
	list := strings.Join(quoted, ", ")
	if strings.Contains(t.String(), t.Operator()+" (") {
		list = "(" + list + ")"
	}
	return fmt.Sprintf("%s %s %s", t.Field(), t.Operator(), list)
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "-0123456789") == "" }
