package rules

import "testing"

func TestSimilar(t *testing.T) {
	names := []string{"proc.name", "proc.pname", "fd.name", "user.name", "fd.sip"}
	for name, want := range map[string]string{"proc.nmae": "proc.name", "proc.pnam": "proc.pname", "PROC.NAME": "proc.name", "fd.spi": "fd.sip", "zebra.stripes": "", "": ""} {
		got := (&report{}).similar(name, func(yield func(string) bool) {
			for _, n := range names {
				if !yield(n) {
					return
				}
			}
		})
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
