package container

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sakerhq/saker/internal/event"
)

// serve answers at a new socket, and gives its path.
func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	path := socketPath(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return path
}

// socketPath is short, as those of sockets must be.
func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "saker")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// pages answers requests by path.
type pages map[string]string

func (p pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, ok := p[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write([]byte(text))
}

var (
	webID   = strings.Repeat("a", 64)
	imageID = "sha256:" + strings.Repeat("b", 64)
)

// inspection is an answer with some keys changed.
func inspection(change string) string {
	answer := map[string]any{}
	for _, text := range []string{
		`{"Name":"/web","Image":"` + imageID + `","Config":{"Image":"reg:5000/a/b:1"},"Mounts":[],"HostConfig":{},"NetworkSettings":{}}`, change,
	} {
		if err := json.Unmarshal([]byte(text), &answer); err != nil {
			panic(err)
		}
	}
	text, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func TestEngineAnswers(t *testing.T) {
	base := func(change func(*event.ContainerMeta)) *event.ContainerMeta {
		m := &event.ContainerMeta{Name: "web", ImageID: imageID, Repository: "reg:5000/a/b", Tag: "1", Digest: "sha256:cc"}
		m.Labels = event.NewLabels(nil)
		change(m)
		return m
	}
	const image = `{"RepoTags":["other:2","reg:5000/a/b:1"],"RepoDigests":["other@sha256:dd","reg:5000/a/b@sha256:cc"]}`
	for _, c := range []struct {
		name, change, image string
		want                *event.ContainerMeta
	}{
		{"plain", `{}`, image, base(func(*event.ContainerMeta) {})},
		{"everything", `{
			"Config":{"Image":"reg:5000/a/b:1","Labels":{"app":"shop","io.kubernetes.pod.name":"p","io.kubernetes.pod.namespace":"n","io.kubernetes.pod.uid":"u","io.kubernetes.sandbox.id":"s","long":"` + strings.Repeat("x", 101) + `"}},
			"HostConfig":{"Privileged":true,"NetworkMode":"host","PidMode":"host","IpcMode":"host"},
			"Mounts":[{"Source":"/a","Destination":"/b","Mode":"z","RW":true,"Propagation":"rprivate"},{"Source":"/c","Destination":"/d"}],
			"NetworkSettings":{"IPAddress":"10.0.0.1"}}`, image, base(func(m *event.ContainerMeta) {
			m.Privileged, m.HostPID, m.HostNetwork, m.HostIPC = true, true, true, true
			m.Labels = event.NewLabels(map[string]string{
				"app": "shop", "io.kubernetes.pod.name": "p", "io.kubernetes.pod.namespace": "n", "io.kubernetes.pod.uid": "u", "io.kubernetes.sandbox.id": "s",
			})
			m.Mounts = "/a:/b:z:true:rprivate,/c:/d::false:"
			m.PodName, m.Namespace, m.PodUID, m.PodSandbox, m.IP, m.PodIP = "p", "n", "u", "s", "10.0.0.1", "10.0.0.1"
		})},
		{
			"networks", `{"NetworkSettings":{"Networks":{"b":{"IPAddress":"10.0.0.3"},"a":{"IPAddress":""},"c":{"IPAddress":"10.0.0.4"}}}}`, image,
			base(func(m *event.ContainerMeta) { m.IP = "10.0.0.3" }),
		},
		{"network of another", `{"HostConfig":{"NetworkMode":"container:other"}}`, image, base(func(m *event.ContainerMeta) { m.IP = "10.9.9.9" })},
		{"image without tag", `{"Config":{"Image":"reg:5000/a/b"}}`, image, base(func(*event.ContainerMeta) {})},
		{
			"image by id", `{"Config":{"Image":"` + imageID + `"}}`, `{"RepoTags":["x:1"],"RepoDigests":["y@sha256:ee"]}`,
			base(func(m *event.ContainerMeta) { m.Repository, m.Digest = "x", "sha256:ee" }),
		},
		{
			"image by short id", `{"Config":{"Image":"0123456789ab"}}`, `{}`,
			base(func(m *event.ContainerMeta) { m.Repository, m.Tag, m.Digest = "", "", "" }),
		},
		{
			"image by digest", `{"Config":{"Image":"a/b@sha256:ff"}}`, `{}`,
			base(func(m *event.ContainerMeta) { m.Repository, m.Tag, m.Digest = "a/b", "", "sha256:ff" }),
		},
		{"image that is gone", `{}`, "", base(func(m *event.ContainerMeta) { m.Digest = "" })},
	} {
		t.Run(c.name, func(t *testing.T) {
			answers := pages{
				"/containers/" + webID + "/json": inspection(c.change),
				"/containers/other/json":         `{"NetworkSettings":{"IPAddress":"10.9.9.9"}}`,
			}
			if c.image != "" {
				answers["/images/"+imageID+"/json"] = c.image
			}
			e := newEngine("docker", serve(t, answers))
			defer e.close()
			d, err := e.describe(context.Background(), webID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, d.meta, cmp.AllowUnexported(event.Labels{})); diff != "" || d.runtime != "docker" {
				t.Errorf("%s (-want +got):\n%s", d.runtime, diff)
			}
			if _, err := e.describe(context.Background(), "nobody"); !errors.Is(err, errDenied) {
				t.Errorf("a container that is not there: %v", err)
			}
		})
	}
}

func TestEngineErrors(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) },
		"status":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"too long": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`"` + strings.Repeat("x", answerMax)))
		},
		"cut off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		e := newEngine("docker", serve(t, handler))
		if d, err := e.describe(context.Background(), webID); err == nil || errors.Is(err, errDenied) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		e.close()
	}
}

func TestReference(t *testing.T) {
	for text, want := range map[string]reference{
		"busybox":                   {"busybox", "", ""},
		"busybox:1.36":              {"busybox", "1.36", ""},
		"reg:5000/a/b":              {"reg:5000/a/b", "", ""},
		"reg:5000/a/b:v1":           {"reg:5000/a/b", "v1", ""},
		"a/b:v1@sha256:ab":          {"a/b", "v1", "sha256:ab"},
		"reg:5000/a/b@sha256:ab:cd": {"reg:5000/a/b", "", "sha256:ab:cd"},
		"":                          {},
	} {
		if got := parseReference(text); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzInspection(f *testing.F) {
	f.Add([]byte(inspection(`{"Mounts":[{"Source":"/a"}],"Config":{"Labels":{"a":"b"}}}`)), []byte(`{"RepoTags":["a:1"]}`))
	f.Add([]byte(`{"Mounts":null}`), []byte(`{"RepoDigests":["@"]}`))
	f.Fuzz(func(t *testing.T, text, image []byte) {
		var in inspected
		var img inspectedImage
		if json.Unmarshal(text, &in) != nil || json.Unmarshal(image, &img) != nil {
			return
		}
		if m := in.meta(&img); strings.HasPrefix(m.Name, "/") && !strings.HasPrefix(in.Name, "//") {
			t.Errorf("%q is named %q", in.Name, m.Name)
		}
	})
}

// The kubelet knows a static pod by another uid than Kubernetes' API.
func TestPodUID(t *testing.T) {
	for uid, want := range map[string]string{
		"0b1c2d3e-4f50-4a61-b7c2-8d93e0a1f2b4": "0b1c2d3e-4f50-4a61-b7c2-8d93e0a1f2b4",
		"0123456789abcdef0123456789abcdef":     "",
		"0123456789abcdef0123456789abcdeg":     "0123456789abcdef0123456789abcdeg",
		"":                                     "",
	} {
		if got := podUID(uid); got != want {
			t.Errorf("%s: %q", uid, got)
		}
	}
}
