package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// member is what a kernel reads of an archive's entry.
type member struct {
	Name         string
	Mode, Links  int64
	Major, Minor int64
	Content      string
}

// members reads an archive as the kernel does.
func members(data []byte) (all []member, err error) {
	at := 0
	take := func(n int) []byte {
		if at+n > len(data) {
			err = errors.New("the archive ends early")
			return make([]byte, n)
		}
		at += n
		return data[at-n : at]
	}
	align := func() { take((4 - at%4) % 4) }
	for err == nil {
		if magic := string(take(6)); magic != "070701" {
			return nil, fmt.Errorf("magic %q at %d", magic, at-6)
		}
		var n [13]int64
		for i := range n {
			if n[i], err = strconv.ParseInt(string(take(8)), 16, 64); err != nil {
				return nil, err
			}
		}
		name := take(int(n[11]))
		align()
		content := take(int(n[6]))
		align()
		m := member{string(bytes.TrimSuffix(name, []byte{0})), n[1], n[4], n[9], n[10], string(content)}
		if m.Name == "TRAILER!!!" {
			break
		}
		all = append(all, m)
	}
	if at != len(data) {
		err = errors.Join(err, fmt.Errorf("%d bytes behind the end", len(data)-at))
	}
	return all, err
}

func TestArchive(t *testing.T) {
	var out bytes.Buffer
	a := newArchive(&out)
	a.file("/bin/program", 0o755, []byte("12345"))
	a.symlink("/bin/sh", "program")
	a.device("/dev/console", 5, 1)
	a.dir("/src/a/")
	a.file("/src/a/empty", 0o644, nil)
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	got, err := members(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	want := []member{
		{".", 0o40755, 2, 0, 0, ""}, // a kernel takes the root's own mode from here
		{"bin", 0o40755, 2, 0, 0, ""},
		{"bin/program", 0o100755, 1, 0, 0, "12345"},
		{"bin/sh", 0o120777, 1, 0, 0, "program"},
		{"dev", 0o40755, 2, 0, 0, ""},
		{"dev/console", 0o20600, 1, 5, 1, ""},
		{"src", 0o40755, 2, 0, 0, ""},
		{"src/a", 0o40755, 2, 0, 0, ""},
		{"src/a/empty", 0o100644, 1, 0, 0, ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type fullDisk struct{}

var errFull = errors.New("full")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestArchiveError(t *testing.T) {
	a := newArchive(fullDisk{})
	a.file("/large", 0o644, make([]byte, 1<<20))
	a.file("/small", 0o644, nil)
	if err := a.close(); !errors.Is(err, errFull) {
		t.Errorf("%v, want %v", err, errFull)
	}
}
