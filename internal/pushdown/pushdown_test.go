package pushdown

import (
	"testing"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

func load(t *testing.T, condition string) *rules.Set {
	t.Helper()
	text := "- rule: r\n  desc: d\n  output: o\n  priority: info\n  condition: " + condition + "\n"
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "r.yaml", Content: []byte(text)}}, rules.Options{})
	if set == nil {
		t.Fatalf("%s: %v", condition, findings.Err())
	}
	return set
}

func TestFailedCalls(t *testing.T) {
	for condition, leftOut := range map[string]bool{
		"evt.type = openat":                                                 false,
		"evt.type = openat and fd.num >= 0":                                 true,
		"evt.type = openat and fd.num > -2":                                 false,
		"evt.type = openat and not fd.num = -1":                             true,
		"evt.type = openat and evt.failed = false":                          true,
		"evt.type = openat and evt.failed = true":                           false,
		"evt.type = openat and not evt.failed = true":                       true,
		"evt.type = openat and evt.res = SUCCESS":                           true,
		"evt.type = openat and evt.res != SUCCESS":                          false,
		"evt.type = openat and (evt.rawres >= 0 or evt.rawres = -2)":        false,
		"evt.type = openat and (evt.rawres >= 0 or evt.rawres = -4095)":     false,
		"evt.type = openat and (evt.rawres >= 0 or evt.rawres = -5000)":     true,
		"evt.type = openat and (evt.rawres >= 0 or evt.res endswith ACCES)": false,
		"evt.type = openat and evt.rawres >= 0 and proc.name = x":           true,
		"evt.type = openat and (evt.rawres >= 0 or proc.name = x)":          false,
		"evt.type = openat and (evt.rawres >= 0 or not proc.name = x)":      false,
		"evt.type = openat and evt.count.error = 0":                         true,
		"evt.type = openat and evt.count.error = 1":                         false,
		"evt.type = openat and saker.error.type exists":                     false,
		"evt.type = openat and not saker.error.type exists":                 true,
		"evt.type = connect and evt.rawres >= 0":                            false,
		"evt.type = fchmod and fd.num >= 0":                                 false,
		"evt.type = mkdirat and evt.rawres = 0":                             true,
	} {
		set := load(t, condition)
		row := syscalls.ByName(set.EventTypes()[0])
		if got := Filters(set)[row].Failed; got != leftOut {
			t.Errorf("%s: failed calls of %s left out: %t, want %t", condition, row.Name, got, leftOut)
		}
	}
}

func TestDirectories(t *testing.T) {
	for condition, leftOut := range map[string]bool{
		"evt.type = openat":                                                      false,
		"evt.type = openat and fd.typechar = f":                                  true,
		"evt.type = openat and fd.typechar in (f, d)":                            false,
		"evt.type = openat and fd.type = directory":                              false,
		"evt.type = openat and not fd.type = directory":                          true,
		"evt.type = openat and (fd.typechar = f or proc.name = x)":               false,
		"evt.type = openat and (fd.typechar = f or evt.rawres = 3)":              false,
		"evt.type = openat and (fd.typechar = f or fd.num = 3)":                  false,
		"evt.type = openat and (fd.typechar = f or fd.name startswith /etc)":     false,
		"evt.type = openat and (fd.typechar = f or evt.failed = true)":           false, // its result isn't known
		"evt.type = openat and (fd.typechar = f or evt.res != SUCCESS)":          true,
		"evt.type = fchmod and fd.typechar = f":                                  false, // not what it opens
		"evt.type = openat and fd.typechar = f and fd.name startswith /etc":      true,
		"evt.type = openat and (fd.typechar = f or not evt.arg.flags = O_RDWR)":  false,
		"evt.type = openat and (fd.typechar = f or not saker.error.type exists)": false,
	} {
		set := load(t, condition)
		if got := Filters(set)[syscalls.ByName(set.EventTypes()[0])].Directories; got != leftOut {
			t.Errorf("%s: directories left out: %t, want %t", condition, got, leftOut)
		}
	}
}

// What is told names the rules that need it.
func TestCalls(t *testing.T) {
	set := load(t, "evt.type in (openat, connect, mkdir) and (evt.type = mkdir or evt.rawres >= 0)")
	got := map[string]Call{}
	for _, c := range Calls(set) {
		got[c.Row.Name] = c
	}
	if c := got["openat"]; len(c.Failed) != 0 || c.Learned {
		t.Errorf("openat: %+v", c)
	}
	if c := got["connect"]; len(c.Failed) != 0 || !c.Learned {
		t.Errorf("connect: %+v", c)
	}
	if c := got["mkdir"]; len(c.Failed) != 1 || c.Failed[0].Name != "r" || c.Learned {
		t.Errorf("mkdir: %+v", c)
	}
	if len(got) != 3 {
		t.Errorf("%d calls, want 3", len(got))
	}
}
