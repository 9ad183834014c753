package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	for words, want := range map[string][]string{
		"":                     names(),
		"amd64/6.1":            {"amd64/6.1"},
		"6.1":                  {"amd64/6.1", "arm64/6.1"},
		"arm64/6.12 amd64/6.1": {"amd64/6.1", "arm64/6.12"},
		"6.1 amd64/6.1":        {"amd64/6.1", "arm64/6.1"},
		"latest":               {"amd64/latest", "arm64/latest"},
		"amd64":                {"amd64/5.10", "amd64/6.1", "amd64/6.12", "amd64/6.18", "amd64/latest"},
	} {
		chosen, err := choose(strings.Fields(words))
		if err != nil {
			t.Errorf("%q: %v", words, err)
		}
		var got []string
		for _, c := range chosen {
			got = append(got, c.name())
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", words, diff)
		}
	}
	if _, err := choose([]string{"amd64/6.1", "amd64/6.2"}); err == nil || !strings.Contains(err.Error(), "amd64/6.2") {
		t.Errorf("a kernel that isn't there: %v", err)
	}
}

// A target without a machine or a suite could never run.
func TestTargets(t *testing.T) {
	for _, target := range targets {
		if machines[target.arch].qemu == "" || !slices.Contains(suites(), target.suite) {
			t.Errorf("%+v", target)
		}
	}
	if !slices.Contains(suites(), shellSuite) {
		t.Error("the shell's suite is fetched for no kernel")
	}
}

func TestArguments(t *testing.T) {
	for arch, m := range machines {
		args := strings.Join(m.arguments("/k", "/r"), " ")
		for _, want := range []string{"-kernel /k -initrd /r", "console=" + m.console, "-no-reboot", "panic=-1", "-machine "} {
			if !strings.Contains(args, want) {
				t.Errorf("%s: no %s in %s", arch, want, args)
			}
		}
	}
	if len(machines["amd64"].flags) != 4 {
		t.Error("arguments changed the table")
	}
}
