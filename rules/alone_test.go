package rules

import "testing"

func TestFalseByProcess(t *testing.T) {
	for condition, want := range map[string]bool{
		"evt.type = openat and proc.name = cat":                                        true,
		"evt.type = openat and not proc.name = cat":                                    true,
		"evt.type = openat and (proc.name = cat or fd.num = 3)":                        false,
		"evt.type = openat and (proc.name = cat or user.uid = 0)":                      true,
		"evt.type = openat and fd.num = 3":                                             false,
		"evt.type = openat and proc.pname = cat":                                       false,
		"evt.type = openat and proc.pname = cat and container.id != host":              true,
		"evt.type = openat and not (proc.name = cat and fd.num = 3)":                   false,
		"evt.type = openat and not (proc.name = cat or fd.num = 3)":                    true,
		"(evt.type = openat and proc.name = a) or (evt.type = connect and fd.num = 3)": false,
	} {
		text := "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: " + condition + "\n"
		set, findings := Load(FalcoSchema(), []File{{Name: "r.yaml", Content: []byte(text)}}, Options{})
		if set == nil {
			t.Fatalf("%s: %v", condition, findings.Err())
		}
		if got := set.Rules()[0].FalseByProcess(); got != want {
			t.Errorf("%s: %t, want %t", condition, got, want)
		}
	}
}
