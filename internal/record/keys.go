package record

import (
	"sync"

	"github.com/sakerhq/saker/internal/field"
)

// keys lead from an attribute's key to the number of its field.
type keys struct {
	whole     map[string]whole
	templates []template
}

// whole is the field of a key; also: others say it by that key.
type whole struct {
	field int
	also  bool
}

// template is a key that ends in a dot and an argument.
type template struct {
	prefix string
	field  int
}

var keysOnce = sync.OnceValue(func() *keys {
	k := &keys{whole: map[string]whole{}}
	for i, f := range field.Falco().Fields() {
		if f.Derive != nil || f.Where == field.Core {
			continue
		}
		if f.Keyed != "" {
			k.templates = append(k.templates, template{f.Keyed + ".", i})
		}
		if f.Attr != f.Keyed {
			k.whole[f.Attr] = whole{i, false}
		}
		switch {
		case f.Also == "":
		case f.Keyed != "":
			k.templates = append(k.templates, template{f.Also + ".", i})
		default:
			k.whole[f.Also] = whole{i, true}
		}
	}
	return k
})
