package bpf

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// lengths are those of names on both sides of what is copied by words.
var lengths = []int{1, 7, 8, 9, 31, 32, 33, 39, 40, 41, 254, 255}

var paths = map[string]func(string) error{
	"open names": func(dir string) error {
		for _, n := range lengths {
			fd, err := unix.Open(nameOf(dir, n), unix.O_RDWR|unix.O_CREAT, 0o600)
			if err != nil {
				return err
			}
			unix.Close(fd)
		}
		return nil
	},
}

// nameOf is a path whose last name has a length, in a directory that begins as it does.
func nameOf(dir string, n int) string { return dir + "/" + strings.Repeat("abcdefghij", 26)[:n] }

// A name comes whole, however long it is.
func TestNames(t *testing.T) {
	for name, how := range map[string]sharing{"direct": {}, "indirect": {indirect: true}} {
		t.Run(name, func(t *testing.T) {
			dir := fixture(t)
			_, records := perform(t, sensorOn(t, how, "openat"), "open names", dir)
			var got []string
			for _, r := range calls(records, "openat") {
				if p := openedPath(r); strings.HasPrefix(p, dir+"/") {
					got = append(got, p)
				}
			}
			if len(got) != len(lengths) {
				t.Fatalf("%d opens, want %d", len(got), len(lengths))
			}
			for i, n := range lengths {
				if want := nameOf(dir, n); got[i] != want {
					t.Errorf("length %d: %s, want %s", n, got[i], want)
				}
				if err := os.Remove(got[i]); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
