package field

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"unsafe"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
)

func TestValueSize(t *testing.T) {
	if size := unsafe.Sizeof(Value{}); size != 64 {
		t.Errorf("a Value has %d bytes", size)
	}
}

func TestAddr(t *testing.T) {
	for _, test := range []struct{ in, out string }{
		{"0.0.0.0", "0.0.0.0"},
		{"127.0.0.1", "127.0.0.1"},
		{"255.255.255.255", "255.255.255.255"},
		{"::", "::"},
		{"::1", "::1"},
		{"2001:db8::ff00:42:8329", "2001:db8::ff00:42:8329"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"::ffff:10.1.2.3", "10.1.2.3"},
		{"::10.1.2.3", "::a01:203"},
	} {
		v := IP(netip.MustParseAddr(test.in))
		if got := v.Addr(); got != netip.MustParseAddr(test.out) || v.Kind() != Addr {
			t.Errorf("%s: got %s", test.in, got)
		}
	}
	if v := IP(netip.Addr{}); v.Kind() != Missing || v.Addr().IsValid() {
		t.Errorf("no address: %s", text(v))
	}
	if IP(netip.MustParseAddr("::")).Equal(IP(netip.MustParseAddr("0.0.0.0"))) {
		t.Error(":: is 0.0.0.0")
	}
}

func TestEnds(t *testing.T) {
	a, b := IP(netip.MustParseAddr("10.0.0.1")), IP(netip.MustParseAddr("2001:db8::1"))
	for _, test := range []struct {
		name string
		one  Value
		two  Value
		want string
	}{
		{"both", a, b, "(10.0.0.1, 2001:db8::1)"},
		{"the other way", b, a, "(2001:db8::1, 10.0.0.1)"},
		{"first", a, NoValue, "(10.0.0.1)"},
		{"second", NoValue, b, "(2001:db8::1)"},
		{"second, first open", UnknownValue, b, "(2001:db8::1)"},
		{"none", NoValue, NoValue, "missing"},
		{"open", NoValue, UnknownValue, "unknown"},
		{"open too", UnknownValue, NoValue, "unknown"},
		{"numbers", Unsigned(80), Unsigned(65535), "(80, 65535)"},
	} {
		if got := text(Ends(test.one, test.two)); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func chain(names ...string) (p *event.Process) {
	for i, name := range names {
		p = &event.Process{PID: uint32(i + 1), Name: name, Parent: p}
	}
	return p
}

func TestLists(t *testing.T) {
	for _, test := range []struct {
		name string
		v    Value
		want string
	}{
		{"values", ListOf([]Value{Num(-1), Num(2)}), "(-1, 2)"},
		{"no values", ListOf(nil), "()"},
		{"strings", Strs([]string{"a", "", "c"}), `("a", "", "c")`},
		{"no strings", Strs(nil), "()"},
		{"ancestors", allAncestors(chain("init", "sh", "ls"), viewName), `("sh", "init")`},
		{"numbers of ancestors", allAncestors(chain("init", "sh", "ls"), viewPID), "(2, 1)"},
		{"no ancestors", allAncestors(chain("init"), viewName), "missing"},
	} {
		if got := text(test.v); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		for i, element := range test.v.All() {
			if !element.Equal(test.v.At(i)) {
				t.Errorf("%s: element %d is %s in a pass", test.name, i, text(element))
			}
		}
		if got := ListOf(test.v.List()); test.v.Kind() == List && !got.Equal(test.v) {
			t.Errorf("%s: List gives %s", test.name, text(got))
		}
	}
	if v := Str("a"); v.Len() != 0 || v.List() != nil {
		t.Error("a String is a List")
	}
	defer func() {
		if recover() == nil {
			t.Error("an element beyond the end")
		}
	}()
	ListOf([]Value{Num(1)}).At(1)
}

// TestLineageIsBounded: a loop of parents, which a bad record could make,
// must not hang anybody.
func TestLineageIsBounded(t *testing.T) {
	p := chain("a", "b")
	p.Parent.Parent = p
	all := allAncestors(p, viewName)
	if n := all.Len(); n != maxAncestors {
		t.Errorf("%d ancestors", n)
	}
	e := &event.Event{Process: p}
	ref, err := Falco().Ref("proc.aname[2000000000]")
	if err != nil {
		t.Fatal(err)
	}
	use(Eval(OfEvent{e}, ref))
	use(loginShell(e, Arg{}))
}

// TestLongLineage: a lineage as long as there can be is gone up once, without
// an allocation. To begin anew for each ancestor would take minutes.
func TestLongLineage(t *testing.T) {
	p := &event.Process{}
	for i := range maxAncestors {
		p = &event.Process{PID: uint32(i), Parent: p}
	}
	all := allAncestors(p, viewPID)
	sum := int64(0)
	allocations := testing.AllocsPerRun(1, func() {
		sum = 0
		for _, pid := range all.All() {
			sum += pid.Int()
		}
	})
	if want := int64(maxAncestors-1) * (maxAncestors - 2) / 2; sum != want || allocations > 0 {
		t.Errorf("sum of %d ancestors: %d, want %d, %v allocations", all.Len(), sum, want, allocations)
	}
	if copied := all.Clone(); !copied.Equal(all) || len(all.List()) != all.Len() {
		t.Error("a copy is another")
	}
}

func TestClone(t *testing.T) {
	bytes := []byte("abc")
	names := []string{"a", "b"}
	kept := []Value{Str(unsafe.String(&bytes[0], 3)), Buf(bytes), Strs(names), Num(-7), Truth(true), NoValue, UnknownValue, Real(1.5)}
	clones := make([]Value, len(kept))
	for i, v := range kept {
		clones[i] = v.Clone()
		if !clones[i].Equal(v) {
			t.Errorf("the clone of %s is %s", text(v), text(clones[i]))
		}
	}
	bytes[0], names[0] = 'X', "X"
	for i, want := range []string{`"abc"`, `bytes "abc"`, `("a", "b")`} {
		if got := text(clones[i]); got != want {
			t.Errorf("the clone of %s became %s", want, got)
		}
	}
}

func TestEqual(t *testing.T) {
	distinct := []Value{
		NoValue, UnknownValue, Str(""), Str("a"), Str("1"), BufText("a"), Num(1), Num(-1), Unsigned(1), Truth(true), Truth(false),
		Real(1), IP(netip.MustParseAddr("0.0.0.1")), IP(netip.MustParseAddr("::1")), ListOf(nil), Strs([]string{"a"}), Ends(Num(1), Num(2)),
	}
	for i, v := range distinct {
		for j, w := range distinct {
			if v.Equal(w) != (i == j) {
				t.Errorf("%s and %s: %v", text(v), text(w), v.Equal(w))
			}
		}
	}
	if !Strs([]string{"a"}).Equal(ListOf([]Value{Str("a")})) {
		t.Error("lists of the same elements differ by where they keep them")
	}
}

func TestScalars(t *testing.T) {
	if v := Num(-5); v.Int() != -5 {
		t.Errorf("%d", v.Int())
	}
	if v := Unsigned(1<<64 - 1); v.Uint() != 1<<64-1 {
		t.Errorf("%d", v.Uint())
	}
	if v := Real(-0.5); v.Float() != -0.5 || v.Kind() != Float {
		t.Errorf("%v", v.Float())
	}
	if yes, no := Truth(true), Truth(false); !yes.Bool() || no.Bool() {
		t.Error("truth")
	}
	if missing, empty := StrOrMissing(""), Str(""); missing.Known() || !empty.Known() {
		t.Error("the empty string")
	}
}

// TestWords: what Word promises holds for names of types, errors and flags alone.
func TestWords(t *testing.T) {
	want := map[string]bool{
		"evt.type": true, "evt.res": true, "saker.error.type": true, "fd.type": true, "fd.typechar": true,
		"saker.network.type": true, "evt.arg.flags": true,
	}
	seen := map[string]bool{}
	for _, ref := range someRefs(t) {
		for _, s := range eventtest.Samples() {
			if ref.Get == nil {
				continue
			}
			if v := ref.Get(s.Event, ref.Arg); v.IsWord() {
				seen[ref.String()] = true
			}
		}
	}
	if !maps.Equal(seen, want) {
		t.Errorf("words are %v", slices.Sorted(maps.Keys(seen)))
	}
}
