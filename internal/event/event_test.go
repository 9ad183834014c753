package event

import (
	"net/netip"
	"testing"
)

func TestCommandLine(t *testing.T) {
	p := &Process{Name: "ls", Args: []string{"-l", "", "a b"}, Image: 1}
	check := func(when, line, args string) {
		t.Helper()
		if p.CommandLine() != line || p.ArgsText() != args {
			t.Errorf("%s: %q, %q", when, p.CommandLine(), p.ArgsText())
		}
	}
	check("at first", "ls -l  a b", "-l  a b")
	if n := testing.AllocsPerRun(10, func() { p.CommandLine() }); n > 0 {
		t.Errorf("%v allocations the second time", n)
	}
	p.Name = "dir"
	check("renamed", "dir -l  a b", "-l  a b")
	p.Args = []string{"-a", "", "a b"}
	check("another image", "dir -a  a b", "-a  a b")
	other := &Process{Name: "dir", Args: p.Args}
	other.ShareText(p)
	if n := testing.AllocsPerRun(10, func() { other.CommandLine() }); n > 0 || other.CommandLine() != p.CommandLine() {
		t.Errorf("%v allocations for the same text, %q", n, other.CommandLine())
	}
	child := *p
	child.Args = nil
	p = &child
	check("without arguments", "dir", "")
	p.Name = ""
	check("without a name", "", "")
	p.Args = []string{"x"}
	check("with arguments alone", " x", "x")
}

func TestDirectory(t *testing.T) {
	p := &Process{}
	for _, test := range []struct{ cwd, want string }{
		{"", ""}, {"/", "/"}, {"/home/ana", "/home/ana/"}, {"/home/bob", "/home/bob/"}, {"/tmp/", "/tmp/"}, {"/home/bob", "/home/bob/"},
	} {
		p.Cwd = test.cwd
		if got := p.Directory(); got != test.want {
			t.Errorf("%s: %s", test.cwd, got)
		}
	}
	if n := testing.AllocsPerRun(10, func() { p.Directory() }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestFDTypes(t *testing.T) {
	for i := range kinds {
		kind := FDType(i)
		if kind.String() == "" || len(kind.Char()) != 1 {
			t.Errorf("type %d: %q, %q", i, kind, kind.Char())
		}
		if back := FDTypeOf(kind.String()); back != kind && kind.String() != "<NA>" {
			t.Errorf("%s: back %s", kind, back)
		}
	}
	if FDTypeOf("nothing") != FDUnknown {
		t.Error("a word that is none")
	}
}

func TestEnds(t *testing.T) {
	end := func(s string) netip.AddrPort {
		if s == "" {
			return netip.AddrPort{}
		}
		return netip.MustParseAddrPort(s)
	}
	for _, test := range []struct {
		name           string
		local, remote  string
		role           Role
		client, server string
		peer           bool
	}{
		{"new socket", "", "", NoRole, "", "", false},
		{"new socket, as zeros", "0.0.0.0:0", "0.0.0.0:0", Client, "", "", false},
		{"listening", "0.0.0.0:80", "", Server, "", "0.0.0.0:80", false},
		{"bound", "127.0.0.1:53", "0.0.0.0:0", NoRole, "", "127.0.0.1:53", false},
		{"client", "10.0.0.1:5000", "10.0.0.2:80", Client, "10.0.0.1:5000", "10.0.0.2:80", true},
		{"server", "10.0.0.2:80", "10.0.0.1:5000", Server, "10.0.0.1:5000", "10.0.0.2:80", true},
		{"peer without a role", "10.0.0.1:5000", "10.0.0.2:80", NoRole, "10.0.0.1:5000", "10.0.0.2:80", true},
		{"client without its own end", "", "[::1]:80", Client, "", "[::1]:80", true},
	} {
		fd := &FD{Local: end(test.local), Remote: end(test.remote), Role: test.role}
		client, server := fd.Ends()
		if client != end(test.client) || server != end(test.server) || fd.HasPeer() != test.peer {
			t.Errorf("%s: %s, %s, %v", test.name, client, server, fd.HasPeer())
		}
		if fd.HasName() != server.IsValid() {
			t.Errorf("%s: has a name: %v", test.name, fd.HasName())
		}
	}
}
