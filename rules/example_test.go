package rules_test

import (
	"fmt"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/rules"
)

// Load a rules file, match an event, print what the rule says of it.
func Example() {
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "own.yaml", Content: []byte(`
- list: secrets
  items: [/etc/shadow, /etc/gshadow]
- macro: opens
  condition: evt.type in (open, openat)
- rule: Secrets read
  desc: A secret file was opened.
  condition: opens and fd.name in (secrets) and not proc.name = sshd
  output: secret %fd.name read by %proc.name
  priority: warning
`)}}, rules.Options{})
	if err := findings.Err(); err != nil {
		fmt.Println(err)
		return
	}
	matcher := set.NewMatcher() // one for each goroutine
	src := field.OfEvent{Event: &event.Event{
		Row:     syscalls.ByName("openat"),
		FD:      &event.FD{Type: event.FDFile, Name: "/etc/shadow"},
		Process: &event.Process{Name: "cat"},
	}}
	for _, m := range matcher.Match(src, rules.SyscallSource, "openat") {
		fmt.Printf("%s, %s: %s\n", m.Rule.Name, m.Rule.Priority, m.Rule.AppendOutput(nil, src))
	}
	// Output: Secrets read, Warning: secret /etc/shadow read by cat
}

// Findings say where an error is and what was meant.
func ExampleFindings() {
	_, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "own.yaml", Content: []byte(`
- rule: Typo
  desc: d
  condition: evt.type = open and proc.nmae = cat
  output: o
  priority: info
`)}}, rules.Options{})
	fmt.Println(&findings[0])
	// Output:
	// own.yaml:4:34: error: unknown field proc.nmae (did you mean proc.name?) [LOAD_ERR_COMPILE_CONDITION]
	// 	  condition: evt.type = open and proc.nmae = cat
	// 	                                 ^
}
