package field

import (
	"strings"
)

// Markdown is docs/fields.md.
func Markdown() string {
	return "# Fields\n\n" +
		"Written by `go test ./internal/field -update`. Names and types are those of Falco; the attribute is where a\n" +
		"log record says the field. A field without an attribute is computed from others where rules run. Fields that\n" +
		"begin with `saker.` are parts of others and may be used in rules too. What nobody answers is there so that\n" +
		"files which name it load; it has no value, and a check of it is never true.\n\n" +
		Falco().markdown() +
		"\n## Sources other than syscall\n\n" +
		"Rules with any other `source:` are asked about log records. A record that tells a system call is of the source\n" +
		"`syscall`; any other is of the source that its attribute `saker.source` names, or that of its scope or resource,\n" +
		"or else of the source that the detection processor is configured with (`source`, by default `log`).\n\n" +
		Log().markdown()
}

// markdown is a table's rows.
func (t *Table) markdown() string {
	var b strings.Builder
	b.WriteString("| field | type | argument | attribute | meaning |\n|---|---|---|---|---|\n")
	for _, f := range t.fields {
		b.WriteString("| `" + f.Name + "` | " + f.typeText() + " | " + argTexts[f.Arg] + " | " + f.place() + " | " + f.Meaning() + " |\n")
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
