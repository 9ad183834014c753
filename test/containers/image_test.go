package containers

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
)

// The image, and who its user is.
const (
	repository = "saker.test/demo"
	reference  = repository + ":1"
	pauseImage = "saker.test/pause:1"
	userID     = 1000
	passwd     = "root:x:0:0:root:/root:/bin/sh\ninside:x:1000:1000:In:/home/inside:/bin/ash\n"
	group      = "root:x:0:\nteam:x:1000:\n"
)

// marker is an argument of the programs that the rules look for.
const marker = "saker-act"

// script is what the container does: it runs a program of its image and one
// that it makes, and then waits.
const script = "/bin/true " + marker + "; cp /bin/busybox /tmp/busybox; /tmp/busybox true " + marker + "; exec sleep 600"

// command runs the script.
var command = []string{"/bin/sh", "-c", script}

// entry is a file of the image.
type entry struct {
	name, text, link string
	mode             int64
}

// files are those of the image: busybox under some of its names.
func files(t *testing.T) []entry {
	t.Helper()
	path, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox, which is not installed here")
	}
	busybox, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	list := []entry{
		{name: "bin/", mode: 0o755},
		{name: "etc/", mode: 0o755},
		{name: "tmp/", mode: 0o1777},
		{name: "proc/", mode: 0o755},
		{name: "sys/", mode: 0o755},
		{name: "dev/", mode: 0o755},
		{name: "usr/", mode: 0o755},
		{name: "etc/passwd", text: passwd, mode: 0o644},
		{name: "etc/group", text: group, mode: 0o644},
		{name: "bin/busybox", text: string(busybox), mode: 0o755},
	}
	for _, name := range []string{"sh", "true", "cp", "sleep"} {
		list = append(list, entry{name: "bin/" + name, link: "busybox"})
	}
	return list
}

// rootfs writes the files below dir.
func rootfs(t *testing.T, dir string) {
	t.Helper()
	for _, f := range files(t) {
		name, err := filepath.Join(dir, f.name), error(nil)
		switch {
		case f.link != "":
			err = os.Symlink(f.link, name)
		case f.text == "":
			if err = os.MkdirAll(name, 0o755); err == nil {
				err = os.Chmod(name, os.FileMode(f.mode&0o777)|os.ModeSticky*os.FileMode(f.mode>>9&1))
			}
		default:
			err = os.WriteFile(name, []byte(f.text), os.FileMode(f.mode))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// archive is the image as docker saves and all others load it.
func archive(t *testing.T) []byte {
	t.Helper()
	layer := tarOf(t, files(t))
	sum := sha256.Sum256(layer)
	config := asJSON(t, map[string]any{
		"architecture": runtime.GOARCH, "os": "linux",
		"config": map[string]any{"Cmd": command, "User": strconv.Itoa(userID)},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{"sha256:" + hex.EncodeToString(sum[:])}},
	})
	manifest := asJSON(t, []map[string]any{{
		"Config": "config.json", "RepoTags": []string{reference, pauseImage}, "Layers": []string{"layer.tar"},
	}})
	return tarOf(t, []entry{
		{name: "layer.tar", text: string(layer), mode: 0o644},
		{name: "config.json", text: string(config), mode: 0o644},
		{name: "manifest.json", text: string(manifest), mode: 0o644},
	})
}

func tarOf(t *testing.T, list []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range list {
		h := &tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.text)), Typeflag: tar.TypeReg}
		switch {
		case f.link != "":
			h.Typeflag, h.Linkname = tar.TypeSymlink, f.link
		case f.name[len(f.name)-1] == '/':
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
