package bpf

import (
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/sakerhq/saker/internal/syscalls"
)

// What the hooks see is put in the order of the captures of paths, so there
// must not be more of these.
func TestNamedRows(t *testing.T) {
	for _, row := range syscalls.Rows() {
		if !row.Inside {
			continue
		}
		paths := 0
		for _, c := range Captures(row) {
			if c.Kind == CapturePath {
				paths++
			}
		}
		want := 1
		if slices.Contains([]string{"rename", "renameat", "renameat2", "link", "linkat", "pivot_root", "move_mount"}, row.Name) {
			want = 2
		}
		if paths != want {
			t.Errorf("%s captures %d paths, %d are seen", row.Name, paths, want)
		}
	}
}

// Each layer can be done without, and all of them.
func TestChoices(t *testing.T) {
	sizes := map[int]int{}
	last := 0
	for _, without := range choices() {
		if len(without) < last {
			t.Error("more is given up before less")
		}
		last = len(without)
		sizes[last]++
	}
	if n := len(layers()); sizes[1] != n || sizes[n] != 1 || sizes[0] != 0 {
		t.Errorf("%v choices of %d layers", sizes, n)
	}
}

func TestPathsFit(t *testing.T) {
	spec, err := loadSensor()
	if err != nil {
		t.Fatal(err)
	}
	err = fitPaths(spec, kernelWith(t, []btf.Type{&btf.Int{Name: "int", Size: 4}}))
	if err == nil || !strings.HasPrefix(err.Error(), "no security_") {
		t.Errorf("%v, want a word of a function that is not there", err)
	}
}
