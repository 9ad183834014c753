package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/rules/internal/syntax"
)

// typeSet is a set of event types: those named, or all except those.
type typeSet struct {
	except bool
	names  []string // sorted, distinct
}

func (s typeSet) has(name string) bool {
	_, found := slices.BinarySearch(s.names, name)
	return found != s.except
}

// empty reports whether no type is in the set.
func (s typeSet) empty() bool { return !s.except && len(s.names) == 0 }

func (s typeSet) String() string {
	if s.except && len(s.names) == 0 {
		return "all"
	}
	text := strings.Join(s.names, " ")
	if s.except {
		return "all but " + text
	}
	return text
}

// otherType stands for all types that a condition does not name.
const otherType = "\x00"

// types is the set of event types with which c is not false, all else unknown.
func (c *cond) types() typeSet {
	names := map[string]bool{}
	c.under(func(k *cond) (Truth, bool) {
		if k.kind == condPred {
			for _, name := range k.pred.types {
				names[name] = true
			}
		}
		return Unknown, false
	})
	set := typeSet{except: c.ofType(otherType) != False}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if (c.ofType(name) != False) != set.except {
			set.names = append(set.names, name)
		}
	}
	return set
}

// ofType is what c says of an event of which only the type is known.
func (c *cond) ofType(typ string) Truth {
	v := field.Str(typ)
	return c.under(func(k *cond) (Truth, bool) {
		if k.kind != condPred || k.pred.types == nil {
			return Unknown, false
		}
		return truth(k.pred.test.test(nil, &v)), true
	})
}

// typeNames are the event types that a test of the type itself accepts, or
// refuses, one by one; nil for other tests, which tell no types apart.
func typeNames(c *syntax.Check) []string {
	one := c.Op.Code == syntax.OpEq && (c.Mod == syntax.NoModifier || c.Mod == syntax.AnyOf) ||
		c.Op.Code == syntax.OpNE && (c.Mod == syntax.NoModifier || c.Mod == syntax.AllOf)
	if !isTypeField(c.Left) || c.Right != nil || !one && c.Op.Code != syntax.OpIn && c.Op.Code != syntax.OpIntersects {
		return nil
	}
	names := []string{}
	for _, v := range c.Values {
		names = append(names, v.Text)
	}
	return names
}

// isTypeField reports whether o is the event's type.
func isTypeField(o *syntax.Operand) bool {
	return o.Kind == syntax.Field && (o.Name == "evt.type" || o.Name == "syscall.type")
}
