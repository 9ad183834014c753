package rules_test

import (
	"fmt"

	"github.com/sakerhq/saker/rules"
)

// login is an event of one's own. Any type with a method Value can be matched.
type login struct {
	user   string
	ok     bool
	client string
}

// Value tells what a rule asks for; all else is missing.
func (l *login) Value(ref *rules.Ref) rules.Value {
	switch ref.String() {
	case "log.attr[user]":
		return rules.Text(l.user)
	case "log.attr[ok]":
		return rules.Text(fmt.Sprint(l.ok))
	case "log.attr[client]":
		return rules.Text(l.client)
	}
	return rules.Value{}
}

const loginRules = `
- list: admins
  items: [root, ana]
- macro: failed
  condition: log.attr[ok] = false
- rule: Failed login of an administrator
  desc: Somebody without the password tried.
  condition: failed and log.attr[user] in (admins) and not log.attr[client] startswith 10.
  output: "%log.attr[user] from %log.attr[client]"
  priority: warning
  source: logins
`

// Load rules, match events of one's own, print what the rules say of them. A
// Set never changes; each goroutine takes a Matcher of its own.
func Example() {
	set, findings := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "own.yaml", Content: []byte(loginRules)}}, rules.Options{})
	if err := findings.Err(); err != nil {
		fmt.Println(err) // every error of every file, with its place
		return
	}
	matcher := set.NewMatcher()
	for _, event := range []*login{
		{user: "ana", ok: false, client: "192.0.2.7"},
		{user: "ana", ok: true, client: "192.0.2.7"},
		{user: "ana", ok: false, client: "10.0.0.7"},
	} {
		// The result is valid until the next Match.
		for _, m := range matcher.Match(event, "logins", "") {
			if m.Verdict == rules.True {
				fmt.Printf("%s, %s: %s\n", m.Rule.Priority, m.Rule.Name, m.Rule.AppendOutput(nil, event))
			}
		}
	}
	// Output: Warning, Failed login of an administrator: ana from 192.0.2.7
}

// What loads has a structure that programs may read.
func ExampleRule() {
	set, _ := rules.Load(rules.FalcoSchema(), []rules.File{{Name: "own.yaml", Content: []byte(`
- rule: Shell
  desc: d
  condition: evt.type in (execve, execveat) and proc.name = bash
  output: "%proc.cmdline"
  priority: notice
`)}}, rules.Options{})
	rule := set.Rules()[0]
	fmt.Println(rule.Compiled())
	fmt.Println(set.EventTypes())
	for _, ref := range rule.Refs() {
		fmt.Println(ref)
	}
	// Output:
	// (evt.type in (execve, execveat) and proc.name = bash)
	// [execve execveat]
	// proc.name
	// evt.type
	// proc.cmdline
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
