package main

import (
	"strings"
	"testing"
)

func TestMirrorsIn(t *testing.T) {
	for name, c := range map[string]struct {
		lines string
		want  mirrors
	}{
		"usual": {
			"http://deb.debian.org/debian/ bookworm\nhttp://deb.debian.org/debian/ bookworm-updates\nhttp://deb.debian.org/debian-security/ bookworm-security\n",
			mirrors{"http://deb.debian.org/debian/", "http://deb.debian.org/debian-security/"},
		},
		"behind a proxy of its own, with others": {
			"https://packages.example.com/apt nodistro\nhttps://proxy.example.com/debian bookworm\n",
			mirrors{main: "https://proxy.example.com/debian"},
		},
		"another distribution": {"http://archive.example.com/ubuntu/ noble\nhttp://archive.example.com/ubuntu/ noble-security\n", mirrors{}},
		"none":                 {"", mirrors{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mirrorsIn(c.lines); got != c.want {
				t.Errorf("%+v, want %+v", got, c.want)
			}
		})
	}
}

func TestSourceList(t *testing.T) {
	m := mirrors{main: "http://m/debian", security: "http://m/debian-security"}
	got := sourceList(m, []string{"bookworm-security", "trixie-backports"}, []string{"amd64", "arm64"}, "/keys")
	want := `deb [arch=amd64,arm64 target=Packages signed-by=/keys] http://m/debian-security bookworm-security main
deb [arch=amd64,arm64 target=Packages signed-by=/keys] http://m/debian trixie-backports main
`
	if got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got := sourceList(mirrors{main: "http://m/debian"}, []string{"bookworm-security"}, []string{"amd64"}, ""); got != "" {
		t.Errorf("a suite that no mirror has: %s", got)
	}
}

// Nothing that apt writes may be the machine's.
func TestAPTConfig(t *testing.T) {
	config := aptConfig("/cache/apt", []string{"amd64", "arm64"})
	for _, option := range []string{"Dir::Etc::sourcelist", "Dir::State", "Dir::State::status", "Dir::Cache"} {
		if !strings.Contains(config, option+` "/cache/apt/`) {
			t.Errorf("%s is the machine's:\n%s", option, config)
		}
	}
	if !strings.Contains(config, `APT::Architectures {"amd64"; "arm64";};`) {
		t.Error(config)
	}
}
