package similar

import (
	"slices"
	"testing"
)

func TestTo(t *testing.T) {
	names := []string{"proc.name", "proc.pname", "fd.name", "user.name", "fd.sip"}
	for name, want := range map[string]string{
		"proc.nmae": "proc.name", "proc.pnam": "proc.pname", "PROC.NAME": "proc.name", "fd.spi": "fd.sip",
		"zebra.stripes": "", "": "", "proc.name": "proc.pname",
	} {
		if got := To(name, slices.Values(names)); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
