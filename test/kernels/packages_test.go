package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareVersions(t *testing.T) {
	// Each before the next.
	ordered := []string{
		"", "1~", "1~a", "1", "1a", "1+", "1.0~rc1-1", "1.0-1", "1.0-1+b1", "1.0-2",
		"5.10.218-1", "5.10.223-1", "6.1.9-1", "6.1.170-3", "6.12.9-1~bpo13+1", "6.12.9-1", "6.12.107-1", "6.12.117-1~deb12u1",
		"6.12.117-1", "6.12.117-1+b1", "1:0.1-1", "1:0.2-1", "2:0.1-1",
	}
	for i, a := range ordered {
		for j, b := range ordered {
			if got, want := compareVersions(a, b), sign(i-j); sign(got) != want {
				t.Errorf("%q and %q: %d, want %d", a, b, got, want)
			}
		}
	}
	for _, same := range [][2]string{{"1.0", "1.00"}, {"0:1.0-1", "1.0-1"}, {"1.0", "1.0-0"}} {
		if c := compareVersions(same[0], same[1]); c != 0 {
			t.Errorf("%v: %d, want 0", same, c)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func FuzzCompareVersions(f *testing.F) {
	f.Add("1:6.12.117-1~deb12u1", "6.1")
	f.Add("~", "é:0-")
	f.Fuzz(func(t *testing.T, a, b string) {
		if compareVersions(a, a) != 0 || sign(compareVersions(a, b)) != -sign(compareVersions(b, a)) {
			t.Errorf("%q and %q have no order", a, b)
		}
	})
}

func index(t *testing.T) []deb {
	t.Helper()
	f, err := os.Open("testdata/Packages")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := readIndex(f)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReadIndex(t *testing.T) {
	all := index(t)
	want := deb{"linux-image-6.12.117+deb12-cloud-amd64", "6.12.117-1~deb12u1", "amd64", 34307300}
	if !slices.Contains(all, want) {
		t.Errorf("%+v is not among %+v", want, all)
	}
	if last := all[len(all)-1]; last.name != "busybox-static" || last.size == 0 {
		t.Errorf("the last package, which no empty line follows: %+v", last)
	}
	if _, err := readIndex(strings.NewReader("Package: a\nSize: many\n")); err == nil {
		t.Error("a size that is no number was taken")
	}
}

func TestKernelsOf(t *testing.T) {
	for series, want := range map[string][]string{
		"6.1":  {"6.1.0-52-cloud-amd64", "6.1.0-50-cloud-amd64"},
		"6.12": {"6.12.117+deb12-cloud-amd64", "6.12.94+deb12-cloud-amd64"},
		"7.3":  {"7.3.4+deb13-cloud-amd64"},
		"5.4":  nil,
		latest: {
			"7.3.4+deb13-cloud-amd64", "6.12.117+deb12-cloud-amd64", "6.12.94+deb12-cloud-amd64",
			"6.1.0-52-cloud-amd64", "6.1.0-50-cloud-amd64",
		},
	} {
		var got []string
		for _, k := range kernelsOf(index(t), series) {
			got = append(got, k.release)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", series, diff)
		}
	}
}

// Where the modules are apart, they are found there.
func TestModules(t *testing.T) {
	for series, want := range map[string][2]string{
		"6.1": {"linux-image-6.1.0-52-cloud-amd64", "linux-image-6.1.0-52-cloud-amd64"},
		"7.3": {"linux-binary-7.3.4+deb13-cloud-amd64", "linux-modules-7.3.4+deb13-cloud-amd64"},
	} {
		k := kernelsOf(index(t), series)[0]
		if got := [2]string{k.image.name, k.modules.name}; got != want {
			t.Errorf("%s: %v, want %v", series, got, want)
		}
	}
}

func TestNewest(t *testing.T) {
	if d, ok := newest(index(t), "busybox-static"); !ok || d.version != "1:1.30.1-6+b4" {
		t.Errorf("%+v %t", d, ok)
	}
	if d, ok := newest(index(t), "nothing"); ok {
		t.Errorf("found %+v", d)
	}
}

func TestDebFile(t *testing.T) {
	d := deb{name: "busybox-static", version: "1:1.30.1-6+b4", arch: "amd64"}
	if got, want := d.file(), "busybox-static_1%3a1.30.1-6+b4_amd64.deb"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
