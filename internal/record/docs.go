package record

import "strings"

// Markdown is docs/redaction.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(redactionDoc)
	for _, s := range Secrets {
		b.WriteString("| " + s.Name + " | `" + strings.ReplaceAll(s.Expr, "|", `\|`) + "` |\n")
	}
	return b.String()
}

const redactionDoc = `# Secrets and limits

Written by ` + "`go test ./internal/record -update`" + `.

Programs are told passwords on command lines, in their environment and in URLs. The syscall receiver puts ` + "`***`" + `
in their place in every text that may hold them: command lines and arguments of a process, its parent and its ancestors,
environments, the arguments and data of calls, and paths. The rest of the text stays, so that it still says that there was
a password. In arguments and environments a secret ends where its argument does, whatever blanks it has, and texts made of
these (command lines, ` + "`evt.args`" + `) are made again without it; within a script (` + "`sh -c …`" + `) it ends with its quotes,
or at a blank. Rules are asked before, about the whole text. Where a record hides something, ` + "`saker.record.redacted`" + ` has
the keys of the attributes concerned, and ` + "`saker.record.matched`" + ` the rules that were true of the event: they become
alerts even if they would not match what is left. Outputs are formatted from the record, so they hide the same. The metric
` + "`receiver_syscall_redacted_attributes`" + ` counts.

` + "```yaml" + `
receivers:
  syscall:
    redact:
      well_known: true                # the forms below; false: none of them
      patterns: ['--card[ =](\d+)']   # further ones: RE2, a group matches the secret
    limits:                           # 0: none
      attributes: 128                 # of a record; dropped_attributes_count has the number of others
      value_length: 8192              # characters of a text, also of one in an array
      array_length: 256
` + "```" + `

[configuration.md](configuration.md) has all options of the receiver.

A text that was cut is named in ` + "`saker.record.truncated`" + `, and the record names the rules that were true, as above.

Not hidden: secrets that nothing marks as such (the third argument of a program that nobody listed below); in a text that
is no list of arguments, the second and further words of one without quotes; the file systems, users and labels that names
are made of.

A group of these expressions is the secret. In a list of arguments, a NUL stands before each.

| form | expression |
|---|---|
`
