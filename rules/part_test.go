package rules

import (
	"testing"

	"github.com/sakerhq/saker/internal/event/eventtest"
	"github.com/sakerhq/saker/internal/field"
)

// What depends on the part of a value that nobody has is unknown, and the rest
// is not. proc.args is "-l a b /tmp" and goes on; fd.name is ".../x/y", of which
// the beginning lacks; evt.arg.oldpath could not be read.
func TestParts(t *testing.T) {
	for event, conditions := range map[string]map[string]Truth{
		"hidden open": {
			`proc.args contains "/tmp"`:                       True,
			`proc.args contains needle`:                       Unknown,
			`not proc.args contains needle`:                   Unknown,
			`proc.args icontains "/TMP"`:                      True,
			`proc.args startswith "-l a"`:                     True,
			`proc.args startswith "-x"`:                       False,
			`proc.args startswith "-l a b /tmp/x"`:            Unknown,
			`proc.args endswith "/tmp"`:                       Unknown,
			`proc.args = "-l"`:                                False,
			`proc.args = "-l a b /tmp"`:                       Unknown,
			`proc.args != "-l"`:                               True,
			`proc.args in (a, b)`:                             False,
			`proc.args in (a, "-l a b /tmp x")`:               Unknown,
			`proc.args glob "-l*"`:                            True,
			`proc.args glob "-l*x"`:                           Unknown,
			`proc.args regex ".*needle.*"`:                    Unknown,
			`proc.args exists`:                                True,
			`proc.args[0] = "-l"`:                             True,
			`proc.args[9] = x`:                                Unknown,
			`toupper(proc.args) contains "/TMP"`:              True,
			`toupper(proc.args) contains NEEDLE`:              Unknown,
			`len(proc.args) > 2`:                              Unknown,
			`proc.cmdnargs = 4`:                               Unknown,
			`proc.exeline contains needle`:                    Unknown,
			`proc.env contains needle`:                        Unknown,
			`proc.env[NEEDLE] = x`:                            Unknown,
			`fd.name = "/etc/shadow"`:                         Unknown,
			`fd.directory = "/etc"`:                           Unknown,
			`proc.args contains anyof (needle, "/tmp")`:       Unknown,
			`fd.name startswith "/etc" and proc.name = x`:     False,
			`proc.acmdline contains needle`:                   False,
			`evt.unreadable intersects (name, other)`:         True,
			`evt.unreadable exists and proc.args exists`:      True,
			`evt.truncated exists`:                            False,
			`proc.args = val(proc.cmdline)`:                   Unknown,
			`saker.proc.args intersects ("-l")`:               True,
			`saker.proc.args intersects (needle)`:             Unknown,
			`proc.cmdline contains needle or proc.pid exists`: True,
		},
		"deep open": {
			`fd.name endswith "/y"`:      True,
			`fd.name endswith "/z"`:      Unknown,
			`fd.name contains "/x/"`:     True,
			`fd.name startswith "/etc"`:  Unknown,
			`fd.name = "/x/y"`:           Unknown,
			`fd.name in ("/x/y", "/z")`:  Unknown,
			`fd.directory contains "/x"`: True,
		},
		"hidden link": {
			`evt.arg.oldpath = "/etc/shadow"`:           Unknown,
			`not evt.arg.oldpath startswith "/etc"`:     Unknown,
			`fs.path.target = "/etc/shadow"`:            Unknown,
			`evt.arg.oldpath exists`:                    Unknown,
			`evt.arg.newpath startswith "/home/ana/x/"`: Unknown,
			`evt.arg.newpath startswith "/etc"`:         False,
			`evt.truncated intersects (newpath)`:        True,
		},
	} {
		src := field.OfEvent{Event: eventtest.Named(event)}
		for condition, want := range conditions {
			set, findings := loadCondition(field.Falco(), condition)
			if err := findings.Err(); err != nil {
				t.Fatalf("%s: %v", condition, err)
			}
			if got := set.NewMatcher().Eval(set.Rules()[0], src); got != want {
				t.Errorf("%s: %s is %s, want %s", event, condition, got, want)
			}
		}
	}
}
