package rules

import "testing"

func TestNarrow(t *testing.T) {
	tests := map[string]string{
		"evt.type = open": "open",
		"evt.type in (open, close) and evt.type != open":           "close",
		"evt.type = open or evt.type = close":                      "close open",
		"not evt.type = open":                                      "all but open",
		"not evt.type in (open, close)":                            "all but close open",
		"evt.type != open":                                         "all but open",
		"not evt.type != open":                                     "open",
		"proc.name = x":                                            "all",
		"evt.type = open and proc.name = x":                        "open",
		"evt.type = open or proc.name = x":                         "all",
		"not (evt.type = open and proc.name = x)":                  "all",
		"not (evt.type = open or proc.name = x)":                   "all but open",
		"evt.type = open and evt.type = close":                     "",
		"evt.type in ()":                                           "",
		"evt.type exists":                                          "all",
		"evt.type startswith op":                                   "all",
		"evt.type = anyof (open, close)":                           "close open",
		"evt.type != allof (open, close)":                          "all but close open",
		"evt.type = oneof (open, close)":                           "all",
		"syscall.type = open":                                      "open",
		"(evt.type != open) and (evt.type != close)":               "all but close open",
		"(evt.type != open) or (evt.type != close)":                "all",
		"evt.type = open and not (evt.type = open and fd.num = 1)": "open",
	}
	for cond, want := range tests {
		set := load(t, "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: "+cond+"\n", Options{})
		if got := set.Rules()[0].types.String(); got != want {
			t.Errorf("%s: %q, want %q", cond, got, want)
		}
	}
}

// TestNarrowIsSound: a rule matches an event of a type exactly when its
// condition holds, whether the type is one that rules name or not.
func TestNarrowIsSound(t *testing.T) {
	conds := []string{
		"evt.type = open and proc.name = x", "not (evt.type = open and proc.name = x)", "evt.type in (open, close) or proc.name = x",
		"not evt.type in (open) and not proc.name = y", "evt.type startswith op", "evt.type != open or evt.type = open", "evt.type exists",
	}
	for _, c := range conds {
		set := load(t, "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: "+c+"\n- rule: s\n  desc: d\n  output: o\n  priority: info\n  condition: evt.type = close\n  enabled: false\n", Options{All: true})
		m := set.NewMatcher()
		for _, typ := range testEvents {
			for _, name := range []string{"x", "y"} {
				src := fixedText(map[string]string{"evt.type": typ, "proc.name": name})
				want := m.Eval(set.Rules()[0], src)
				got := False
				for _, k := range m.Match(src, SyscallSource, typ) {
					got = k.Verdict
				}
				if got != want {
					t.Errorf("%s, type %s, name %s: %v, want %v", c, typ, name, got, want)
				}
			}
		}
	}
}
