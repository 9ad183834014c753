package rules

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/field"
)

// testTypes are the fields of the golden evaluation data.
var testTypes = []field.Field{
	{Name: "t.str", Type: field.CharBuf, Arg: field.MayKey},
	{Name: "t.str2", Type: field.CharBuf},
	{Name: "t.path", Type: field.FSPath},
	{Name: "t.bytes", Type: field.ByteBuf},
	{Name: "t.bool", Type: field.Boolean},
	{Name: "t.port", Type: field.Port},
	{Name: "t.ip", Type: field.IPAddr},
	{Name: "t.ip4", Type: field.IPv4Addr},
	{Name: "t.ip6", Type: field.IPv6Addr},
	{Name: "t.net", Type: field.IPNet},
	{Name: "t.reltime", Type: field.RelTime},
	{Name: "t.abstime", Type: field.AbsTime},
	{Name: "t.strs", Type: field.CharBuf, List: true},
	{Name: "t.paths", Type: field.FSPath, List: true},
	{Name: "t.u64s", Type: field.Uint64, List: true},
	{Name: "t.ips", Type: field.IPAddr, List: true},
	{Name: "t.ends", Type: field.IPAddr, Many: field.EitherEnd},
	{Name: "t.ports", Type: field.Port, Many: field.EitherEnd},
	{Name: "t.chain", Type: field.CharBuf, Many: field.SomeAncestor, Arg: field.MayIndex},
	{Name: "t.key", Type: field.CharBuf, Arg: field.MayKey},
	{Name: "t.idx", Type: field.CharBuf, Arg: field.MustKey},
	{Name: "t.i64b", Type: field.Int64},
	{Name: "t.i8", Type: field.Int8},
	{Name: "t.i16", Type: field.Int16},
	{Name: "t.i32", Type: field.Int32},
	{Name: "t.i64", Type: field.Int64},
	{Name: "t.u8", Type: field.Uint8},
	{Name: "t.u16", Type: field.Uint16},
	{Name: "t.u32", Type: field.Uint32},
	{Name: "t.u64", Type: field.Uint64},
	{Name: "t.mode", Type: field.Uint32, Base: field.Octal},
	{Name: "t.dev", Type: field.Uint32, Base: field.Hex},
	{Name: "evt.type", Type: field.CharBuf},
	{Name: "syscall.type", Type: field.CharBuf},
	{Name: "evt.arg", Type: field.CharBuf, Arg: field.MustParam},
	{Name: "proc.name", Type: field.CharBuf},
	{Name: "proc.pname", Type: field.CharBuf},
	{Name: "proc.cmdline", Type: field.CharBuf},
	{Name: "proc.pid", Type: field.Int64},
	{Name: "proc.aname", Type: field.CharBuf, Many: field.SomeAncestor, Arg: field.MayIndex},
	{Name: "fd.name", Type: field.CharBuf},
	{Name: "fd.num", Type: field.Int64},
	{Name: "fd.ip", Type: field.IPAddr, Many: field.EitherEnd, Not: field.FilterOnly},
	{Name: "k8s.ns.name", Type: field.CharBuf},
	{Name: "user.name", Type: field.CharBuf},
}

// noGet stands for reading an event in tables that are read by other sources.
func noGet(*event.Event, field.Arg) field.Value { return field.NoValue }

// testTable is a table of testTypes and a derived field.
func testTable(t testing.TB) *field.Table {
	var fields []*field.Field
	for _, f := range testTypes {
		f.Get, f.Doc, f.Attr, f.Self = noGet, "for tests", "x."+f.Name, "proc.name"
		fields = append(fields, &f)
	}
	fields = append(fields, &field.Field{
		Name: "t.dir", Type: field.CharBuf, Doc: "directory of t.path", From: []string{"t.path"},
		Derive: func(in *field.Inputs, _ field.Arg) field.Value {
			if !in[0].Known() {
				return in[0]
			}
			s := in[0].Text()
			return field.Str(s[:max(strings.LastIndexByte(s, '/'), 0)])
		},
	})
	table, err := field.NewTable(fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// fixed is an event of which only some values are known.
type fixed map[string]field.Value

func (f fixed) Value(r *field.Ref) field.Value {
	if v, ok := f[r.String()]; ok {
		return v
	}
	return f[r.Name]
}

// jsonValues reads field values written in JSON; null is a missing value.
func jsonValues(t testing.TB, table *field.Table, raw map[string]json.RawMessage) fixed {
	f := fixed{}
	for name, v := range raw {
		ref, err := table.Ref(map[bool]string{true: name + "[k]", false: name}[name == "t.idx"])
		if err != nil {
			t.Fatal(err)
		}
		f[name] = jsonValue(t, ref.Type, v)
	}
	return f
}

func jsonValue(t testing.TB, typ field.Type, raw json.RawMessage) field.Value {
	s := string(raw)
	if s == "null" {
		return field.NoValue
	}
	if s == `"?"` {
		return field.UnknownValue
	}
	if s[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(raw, &list); err != nil {
			t.Fatal(err)
		}
		vs := []field.Value{}
		for _, e := range list {
			vs = append(vs, jsonValue(t, typ, e))
		}
		return field.ListOf(vs)
	}
	if s[0] == '"' {
		if err := json.Unmarshal(raw, &s); err != nil {
			t.Fatal(err)
		}
	}
	return textValue(t, typ, s)
}

func textValue(t testing.TB, typ field.Type, s string) field.Value {
	switch types[typ].class {
	case stringClass:
		return field.Str(s)
	case bytesClass:
		return field.Buf([]byte(s))
	case boolClass:
		return field.Truth(s == "true")
	case addressClass:
		return field.IP(netip.MustParseAddr(s))
	}
	if types[typ].signed {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return field.Num(n)
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return field.Unsigned(n)
}

// loadCondition compiles one condition as the rule "r".
func loadCondition(table *field.Table, cond string) (*Set, Findings) {
	return loadSchema(&Schema{Fields: table}, cond)
}

func loadSchema(schema *Schema, cond string) (*Set, Findings) {
	quoted, _ := json.Marshal(cond)
	content := "- rule: r\n  desc: d\n  output: o\n  priority: info\n  warn_evttypes: false\n  condition: " + string(quoted) + "\n"
	return Load(schema, []File{{"r.yaml", []byte(content)}}, Options{})
}

func TestConformanceEval(t *testing.T) {
	table := testTable(t)
	openGolden(t, "eval.jsonl").each(func(line []byte) (bool, string) {
		var row struct {
			Cond   string
			Fields map[string]json.RawMessage
			Expect any
			Error  string
		}
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		set, fs := loadCondition(table, row.Cond)
		if set == nil {
			return row.Expect == "compile_error", fs.Err().Error()
		}
		got := set.NewMatcher().Eval(set.Rules()[0], jsonValues(t, table, row.Fields))
		want, ok := row.Expect.(bool)
		return ok && truth(want) == got, got.String()
	})
}

// fixedText is an event of texts.
func fixedText(values map[string]string) fixed {
	f := fixed{}
	for name, v := range values {
		f[name] = field.Str(v)
	}
	return f
}
