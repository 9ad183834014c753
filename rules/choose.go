package rules

import (
	"slices"

	"github.com/sakerhq/saker/rules/internal/pattern"
)

// choose applies the options that say which rules there are.
func (l *loader) choose(s *Set) {
	if limit := l.opts.Threshold; limit != nil {
		s.rules = slices.DeleteFunc(s.rules, func(r *Rule) bool { return r.Priority > *limit })
	}
	for _, sel := range l.opts.Select {
		s.apply(sel)
	}
}

// apply enables or disables rules. As in Falco, a rule that is enabled anew
// goes behind the others.
func (s *Set) apply(sel Selection) {
	var kept, moved []*Rule
	for _, r := range s.rules {
		if !sel.selects(r) || r.Enabled == sel.Enable {
			kept = append(kept, r)
			continue
		}
		r.Enabled = sel.Enable
		if sel.Enable {
			moved = append(moved, r)
		} else {
			kept = append(kept, r)
		}
	}
	s.rules = append(kept, moved...)
}

func (sel *Selection) selects(r *Rule) bool {
	if sel.Rule != "" && !pattern.Wildcard(sel.Rule, r.Name) {
		return false
	}
	return sel.Tag == "" || slices.Contains(r.Tags, sel.Tag)
}
