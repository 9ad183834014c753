package state

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/sakerhq/saker/bpf"
)

const mountTable = `22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 8:2 /@home /home rw - btrfs /dev/sda2 rw
24 22 8:1 /etc /srv/a\040copy rw - ext4 /dev/sda1 rw
25 22 8:3 / /data rw - xfs /dev/sdb rw
26 22 8:3 / /again rw - xfs /dev/sdb rw
nonsense
27 22 x:y / /bad rw - ext4 none rw
`

// dev is a device's number as the kernel has it.
func dev(major, minor uint32) uint32 { return major<<20 | minor }

func TestOrigin(t *testing.T) {
	s := newTree(t)
	write(t, filepath.Join(s.opts.Root, "proc/1/mountinfo"), mountTable)
	for name, tt := range map[string]struct {
		w             bpf.WireFile
		inside, above string // below the mount's root, and where that is
		path          string
		want          string
	}{
		"by the root's own mount":       {bpf.WireFile{Dev: dev(8, 1)}, "/etc/shadow", "", "/etc/shadow", ""},
		"by a bind mount":               {bpf.WireFile{Dev: dev(8, 1)}, "/shadow", "/etc", "/tmp/x/shadow", "/etc/shadow"},
		"by a bind mount of the file":   {bpf.WireFile{Dev: dev(8, 1)}, "", "/etc/shadow", "/tmp/x", "/etc/shadow"},
		"by the disk mounted again":     {bpf.WireFile{Dev: dev(8, 1)}, "/etc/shadow", "", "/mnt/etc/shadow", "/etc/shadow"},
		"by the first of two mounts":    {bpf.WireFile{Dev: dev(8, 3)}, "/x", "", "/data/x", ""},
		"by the second of two mounts":   {bpf.WireFile{Dev: dev(8, 3)}, "/x", "", "/again/x", "/data/x"},
		"of a subvolume, where it is":   {bpf.WireFile{Dev: dev(8, 2)}, "/ana/x", "/@home", "/home/ana/x", ""},
		"of a subvolume, elsewhere":     {bpf.WireFile{Dev: dev(8, 2)}, "/x", "/@home/ana", "/mnt/x", "/home/ana/x"},
		"of a subvolume not mounted":    {bpf.WireFile{Dev: dev(8, 2)}, "/x", "/@homeless", "/mnt/x", ""},
		"of a file system of its own":   {bpf.WireFile{Dev: dev(0, 99)}, "/x", "", "/mnt/x", ""},
		"of a container's file system":  {bpf.WireFile{Dev: dev(8, 1), Magic: magicOverlay}, "/etc/shadow", "", "/mnt/etc/shadow", ""},
		"of a damaged record":           {bpf.WireFile{Dev: dev(8, 1), Inside: 999}, "", "", "/x", ""},
		"of a file that is gone":        {bpf.WireFile{Dev: dev(8, 1), Flags: bpf.FileDeleted}, "/shadow", "/etc", "/tmp/x/shadow", ""},
		"by a bind mount of everything": {bpf.WireFile{Dev: dev(8, 1)}, "/etc/shadow", "", "/rootfs/etc/shadow", "/etc/shadow"},
	} {
		w := tt.w
		if w.Inside == 0 {
			w.Inside = uint16(len(leafFirst(tt.inside)))
		}
		data := append(bytesOf(w), leafFirst(tt.path)...)
		if tt.above != "" {
			w.Above = uint16(len(leafFirst(tt.path)))
			data = append(append(bytesOf(w), leafFirst(tt.path)...), leafFirst(tt.above)...)
		}
		r := shell.call("openat", 3, atCwd, 1, 0, 0).block(bpf.BlockFile, 0, data).none().given(tt.path, "/")
		ev := must(t, s, r)
		if ev.FD.Name != tt.path || ev.FD.Origin != tt.want {
			t.Errorf("%s: %s is %q, want %q", name, ev.FD.Name, ev.FD.Origin, tt.want)
		}
	}
}

// A number may belong to another file system later: before a file is said to be
// another's, the table is read again.
func TestMountsAreReadAgain(t *testing.T) {
	s := newTree(t)
	file := filepath.Join(s.opts.Root, "proc/1/mountinfo")
	write(t, file, "25 22 0:40 / /run/old rw - tmpfs tmpfs rw\n")
	open := func(at uint64) string {
		w := bpf.WireFile{Dev: dev(0, 40), Inside: 2}
		r := shell.call("openat", 3, atCwd, 1, 0, 0).file(w, "/tmp/new/x").none().given("/tmp/new/x", "/")
		bpf.Raw(r).Header().Time = at
		return must(t, s, r).FD.Origin
	}
	if got := open(now); got != "/run/old/x" {
		t.Errorf("origin %q", got)
	}
	write(t, file, "25 22 0:40 / /tmp/new rw - tmpfs tmpfs rw\n")
	if got := open(now + 2*second); got != "" {
		t.Errorf("origin %q in another file system", got)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if got := open(now + 4*second); got != "" {
		t.Errorf("origin %q from nothing", got)
	}
}

// Who wants to know where file systems are mounted first is told of changes only.
func TestMountsAreTold(t *testing.T) {
	root := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Join(root, "proc/1"), 0o700), os.WriteFile(filepath.Join(root, "proc/1/mountinfo"), []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var told []map[uint32]string
	s := New(Options{Root: root, Mounts: func(first map[uint32]string) { told = append(told, first) }})
	look := func() {
		s.now += 2 * second
		s.origin(1<<20|2, 0, "/elsewhere/file", []byte("file\x00"), nil)
	}
	write("1 0 1:2 / / rw - x x rw\n2 1 0:5 / /proc rw - x x rw\n3 1 0:6 /part /part rw - x x rw\n4 1 0:5 / /other rw - x x rw\n")
	look()
	look()
	want := map[uint32]string{1<<20 | 2: "", 5: "/proc"}
	if len(told) != 1 || !maps.Equal(told[0], want) {
		t.Errorf("told %v, want %v once", told, want)
	}
	write("1 0 1:2 / / rw - x x rw\n4 1 0:5 / /other rw - x x rw\n")
	look()
	if want[5] = "/other"; len(told) != 2 || !maps.Equal(told[1], want) {
		t.Errorf("told %v, want %v at last", told, want)
	}
}
