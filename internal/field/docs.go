package field

import (
	"strings"
)

// Markdown is docs/fields.md.
func Markdown() string {
	return "# Fields\n\n" +
		"Written by `go test ./internal/field -update`. Names and types are those of Falco; the attribute is where a\n" +
		"log record says the field ([attributes.md](attributes.md) lists them by attribute). A field without an attribute\n" +
		"is computed from others where rules run. Fields that begin with `saker.` are parts of others and may be used in\n" +
		"rules too. What nobody answers is there so that files which name it load; it has no value, and a check of it is\n" +
		"never true. What costs something is captured or kept only if a rule asks for it.\n\n" +
		Falco().markdown() +
		pathMarkdown() +
		"\n## Sources other than syscall\n\n" +
		"Rules with any other `source:` are asked about log records. A record that tells a system call is of the source\n" +
		"`syscall`; any other is of the source that its attribute `saker.source` names, or that of its scope or resource,\n" +
		"or else of the source that the detection processor is configured with (`source`, by default `log`).\n\n" +
		Log().markdown()
}

// markdown is a table's rows.
func (t *Table) markdown() string {
	var b strings.Builder
	b.WriteString("| field | type | argument | attribute | meaning | restrictions | cost |\n|---|---|---|---|---|---|---|\n")
	for _, f := range t.fields {
		b.WriteString("| `" + f.Name + "` | " + f.typeText() + " | " + argTexts[f.Arg] + " | " + f.place() + " | " + f.Meaning() + " | " +
			strings.Join(f.Restrictions(), ", ") + " | " + f.Cost() + " |\n")
	}
	return b.String()
}

// Meaning is the field's doc, and why nobody answers it where that is so.
func (f *Field) Meaning() string {
	if f.Unserved != "" {
		return f.Doc + " Not answered: " + f.Unserved + "."
	}
	return f.Doc
}

// typeText is the type as documentation names it.
func (f *Field) typeText() string {
	if f.List {
		return "list of " + f.Type.String()
	}
	return f.Type.String()
}

// place says where a record has the field.
func (f *Field) place() string {
	switch {
	case f.Also != "" && f.Keyed != "":
		return code(f.Keyed+".*") + ", else " + code(f.Also+".*")
	case f.Also != "":
		return code(f.Attr) + ", else " + code(f.Also)
	case f.Attr == "":
		return ""
	case f.Where == Core:
		return "the record's " + f.Attr
	case f.Arg == NoArg || f.Keyed == "":
		return code(f.Attr)
	case f.Arg == MayKey:
		return code(f.Attr) + ", " + code(f.Keyed+".*")
	}
	return code(f.Keyed + ".*")
}

func code(s string) string { return "`" + s + "`" }

var argTexts = [...]string{
	NoArg: "", MayIndex: "[index]", MayKey: "[name]", MustIndex: "[index], required", MustKey: "[key], required",
	MustParam: ".parameter or [index], required", MustName: ".name, required",
}

var typeNames = [...]string{
	CharBuf: "text", FSPath: "path", FSRelPath: "relative path", ByteBuf: "bytes", Boolean: "boolean",
	Int8: "int8", Int16: "int16", Int32: "int32", Int64: "int64",
	Uint8: "uint8", Uint16: "uint16", Uint32: "uint32", Uint64: "uint64", Double: "double",
	RelTime: "duration", AbsTime: "time", Port: "port",
	IPAddr: "address", IPv4Addr: "IPv4 address", IPv6Addr: "IPv6 address", IPNet: "network", Dynamic: "any",
}

// String is the type as documentation names it.
func (t Type) String() string { return typeNames[t] }

// Cost says what it takes to answer the field, beyond capturing its events.
func (f *Field) Cost() string {
	switch {
	case f.Unserved != "":
		return ""
	case f.Needs&Environment != 0:
		return "keeps the environment of every process"
	case f.Needs&Answers != 0:
		return "captures what name servers answer"
	case f.Derive != nil:
		return "computed when a rule reads it"
	}
	return "known already"
}

// Restrictions are the uses that a field is not made for.
func (f *Field) Restrictions() (names []string) {
	for _, r := range [...]struct {
		is   Restriction
		name string
	}{
		{FilterOnly, "not in outputs"},
		{OutputOnly, "not in conditions"},
		{NoRHS, "not right of an operator"},
		{NoTransformer, "no transformer"},
		{EqualOnly, "only with ="},
	} {
		if f.Not&r.is != 0 {
			names = append(names, r.name)
		}
	}
	return names
}
