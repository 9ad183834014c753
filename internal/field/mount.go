package field

import (
	"regexp"
	"strings"
	"sync"
)

var mounts = []string{"container.mounts"}

// expressions are the compiled arguments of mount fields; nil for one that
// is no regular expression, which finds nothing.
var expressions sync.Map

func expression(text string) *regexp.Regexp {
	if re, ok := expressions.Load(text); ok {
		return re.(*regexp.Regexp)
	}
	re, err := regexp.Compile(text)
	if err != nil {
		re = nil
	}
	expressions.Store(text, re)
	return re
}

// mount finds a mount in the text of all, by index or by an expression that
// matches in the part with number key.
func mount(all string, a Arg, key int) (parts []string, whole string, ok bool) {
	for i, m := range strings.Split(all, ",") {
		parts := strings.SplitN(m, ":", 5)
		switch {
		case a.IsIndex && i != a.Index, len(parts) <= key:
			continue
		case a.IsIndex:
			return parts, m, true
		}
		if re := expression(a.Text); re != nil && re.MatchString(parts[key]) {
			return parts, m, true
		}
	}
	return nil, "", false
}

func mountWhole(in *Inputs, a Arg) Value {
	return hold(in[0], func(all Value) Value {
		if _, m, ok := mount(all.Text(), a, 0); ok {
			return Str(m)
		}
		return NoValue
	})
}

// mountPart makes a Derive of a part of a mount that is found by the part key.
func mountPart(part, key int) func(*Inputs, Arg) Value {
	return func(in *Inputs, a Arg) Value {
		return hold(in[0], func(all Value) Value {
			if parts, _, ok := mount(all.Text(), a, key); ok && part < len(parts) {
				return Str(parts[part])
			}
			return NoValue
		})
	}
}
