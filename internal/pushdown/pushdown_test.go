package pushdown

import (
	"cmp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

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

func judge(set *rules.Set) []Call {
	calls, _ := Judge(set)
	return calls
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
		"evt.type = connect and evt.rawres >= 0":                            true,
		"evt.type = fchmod and fd.num >= 0":                                 false,
		"evt.type = mkdirat and evt.rawres = 0":                             true,
	} {
		set := load(t, condition)
		c := judge(set)[0]
		if got := len(c.Errors.Any()) == 0; got != leftOut {
			t.Errorf("%s: failed calls of %s left out: %t, want %t", condition, c.Row.Name, got, leftOut)
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
		c := judge(set)[0]
		if got := len(c.Directories) == 0 && c.Opens; got != leftOut {
			t.Errorf("%s: directories left out: %t, want %t", condition, got, leftOut)
		}
	}
}

func TestSucceededCalls(t *testing.T) {
	for condition, leftOut := range map[string]bool{
		"evt.type = mkdir":                                          false,
		"evt.type = mkdir and evt.rawres < 0":                       true,
		"evt.type = mkdir and evt.rawres != 0":                      false,
		"evt.type = mkdir and evt.rawres <= -1":                     true,
		"evt.type = mkdir and evt.failed = true":                    true,
		"evt.type = mkdir and not evt.failed = false":               true,
		"evt.type = mkdir and evt.res != SUCCESS":                   true,
		"evt.type = mkdir and evt.res in (ENOENT, EEXIST)":          true,
		"evt.type = mkdir and saker.error.type exists":              true,
		"evt.type = mkdir and (evt.rawres < 0 or evt.rawres = 7)":   false,
		"evt.type = mkdir and (evt.rawres < 0 or proc.name = x)":    false,
		"evt.type = openat and evt.rawres < 0":                      true,
		"evt.type = openat and fd.num = -1":                         true,
		"evt.type = openat and fd.num in (-1)":                      true,
		"evt.type = openat and fd.num < 3":                          false,
		"evt.type = dup3 and (evt.rawres < 0 or evt.arg.flags = 1)": false,
	} {
		c := judge(load(t, condition))[0]
		if got := len(c.Zero)+len(c.Positive) == 0; got != leftOut {
			t.Errorf("%s: calls that succeed left out: %t, want %t", condition, got, leftOut)
		}
	}
}

// The flags that an open must have, at least, for some rule to be true.
func TestFlags(t *testing.T) {
	for condition, want := range map[string]string{
		"evt.type = openat":                                                                           "untested",
		"evt.type = openat and evt.is_open_write=true":                                                "O_WRONLY O_RDWR all",
		"evt.type = openat and evt.is_open_read=true":                                                 "O_RDONLY O_RDWR all",
		"evt.type = openat and not evt.is_open_read=true":                                             "O_WRONLY all",
		"evt.type = openat and evt.is_open_write=true and evt.arg.flags contains O_TRUNC":             "O_TRUNC+O_WRONLY O_TRUNC+O_RDWR all",
		"evt.type = openat and (evt.arg.flags contains O_TRUNC or evt.arg.flags contains O_CREAT)":    "O_TRUNC O_CREAT O_TRUNC+O_CREAT",
		"evt.type = openat and evt.arg.flags contains O_TRUNC and not evt.arg.flags contains O_CREAT": "O_TRUNC",
		"evt.type = openat and (evt.arg.flags contains O_TRUNC or proc.name = x)":                     "none O_TRUNC",
		"evt.type = openat and evt.arg.flags contains RUN":                                            "untested",
		"evt.type = openat and evt.arg.flags contains FD_UPPER_LAYER":                                 "untested",
		"evt.type = openat and evt.arg.flags = O_RDONLY":                                              "untested",
		"evt.type = openat2 and evt.is_open_write=true":                                               "O_WRONLY O_RDWR all",
		"evt.type = openat2 and evt.arg.resolve contains RESOLVE_BENEATH":                             "RESOLVE_BENEATH",
		"evt.type = chmod and (evt.arg.mode contains S_ISUID or evt.arg.mode contains S_ISGID)":       "S_ISUID S_ISGID S_ISGID+S_ISUID",
		"evt.type = openat and evt.is_open_exec=true":                                                 "untested",
		"evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER":                                 "CLONE_NEWUSER",
		"evt.type = open and evt.is_open_read=true and not toupper(evt.arg.flags) contains O_TRUNC":   "O_RDONLY O_RDWR all",
	} {
		c := judge(load(t, condition))[0]
		got := "untested"
		if len(c.Numbers) > 0 {
			var kept []string
			n := c.Numbers[0]
			for place, needed := range n.Rules() {
				words := strings.Join(n.Words(place), "+")
				if n.value(place)&accessMode == accessMode && n.covers(accessMode) {
					words = "all"
				}
				if len(needed) > 0 {
					kept = append(kept, cmp.Or(words, "none"))
				}
			}
			got = strings.Join(slices.Compact(kept), " ")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", condition, got, want)
		}
	}
}

// What is told names the rules that need it.
func TestCalls(t *testing.T) {
	set := load(t, "evt.type in (openat, connect, mkdir) and (evt.type = mkdir or evt.rawres >= 0) and not fd.name_changed = true")
	got := map[string]Call{}
	for _, c := range judge(set) {
		got[c.Row.Name] = c
	}
	if c := got["openat"]; len(c.Errors.Any()) != 0 || c.Errors.Learned != 0 {
		t.Errorf("openat: %+v", c)
	}
	if c := got["connect"]; len(c.Errors.Any()) != 0 || c.Errors.Learned != int(unix.EINPROGRESS) {
		t.Errorf("connect: %+v", c)
	}
	if c := got["mkdir"]; len(c.Errors.Any()) != 1 || c.Errors.Any()[0].Name != "r" || c.Errors.Learned != 0 {
		t.Errorf("mkdir: %+v", c)
	}
	if len(got) != 3 {
		t.Errorf("%d calls, want 3", len(got))
	}
}
