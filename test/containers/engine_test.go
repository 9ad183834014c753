package containers

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	ask "github.com/sakerhq/saker/internal/container"
)

// engine is the Docker Engine API of a daemon, as a test asks it.
type engine struct {
	t    *testing.T
	http http.Client
}

func newEngine(t *testing.T, socket string) *engine {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return &engine{t, http.Client{Transport: transport}}
}

// answers reports whether the daemon does.
func (e *engine) answers() bool {
	resp, err := e.http.Get("http://engine/version")
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// do asks for something that must work, and decodes the answer.
func (e *engine) do(method, path string, body []byte, kind string) (answer map[string]any) {
	e.t.Helper()
	req, err := http.NewRequest(method, "http://engine"+path, bytes.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	resp, err := e.http.Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		e.t.Fatalf("%s %s: %s %v %s", method, path, resp.Status, err, text)
	}
	_ = json.Unmarshal(text, &answer) // some answer nothing
	return answer
}

// at gives a part of an answer.
func at(answer any, path ...string) any {
	for _, key := range path {
		m, _ := answer.(map[string]any)
		answer = m[key]
	}
	return answer
}

func said(answer any, path ...string) string {
	switch v := at(answer, path...).(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	}
	return "-"
}

// container makes a container that acts, starts it, and gives what the API
// says of it.
func (e *engine) container(start string, config map[string]any) (id string, inspected map[string]any) {
	e.t.Helper()
	id = said(e.do("POST", start, asJSON(e.t, config), "application/json"), "Id")
	e.t.Cleanup(func() {
		e.do("POST", "/containers/"+id+"/kill?signal=KILL", nil, "")
		e.do("DELETE", "/containers/"+id+"?force=1&v=1", nil, "")
	})
	e.do("POST", "/containers/"+id+"/start", nil, "")
	return id, e.do("GET", "/containers/"+id+"/json", nil, "")
}

// facts are what the API says, as fields have it.
func (e *engine) facts(kind string, in map[string]any) map[string]string {
	imageID := said(in, "Image")
	digest := "-"
	image := e.do("GET", "/images/"+imageID+"/json", nil, "")
	digests, _ := image["RepoDigests"].([]any)
	for _, d := range digests {
		if of, sum, _ := strings.Cut(d.(string), "@"); of == repository {
			digest = sum
		}
	}
	ip := said(in, "NetworkSettings", "IPAddress")
	if ip == "" {
		ip = "-"
	}
	mount := "-"
	for _, m := range in["Mounts"].([]any) {
		if said(m, "Destination") == "/data" {
			mount = said(m, "Source")
		}
	}
	return map[string]string{
		"container.name": strings.TrimPrefix(said(in, "Name"), "/"), "container.type": kind,
		"container.image": said(in, "Config", "Image"), "container.image.repository": repository, "container.image.tag": "1",
		"container.image.id": strings.TrimPrefix(imageID, "sha256:"), "container.image.digest": digest,
		"container.label[app]": said(in, "Config", "Labels", "app"), "container.privileged": said(in, "HostConfig", "Privileged"),
		"container.ip": ip, "container.mount.source[/data]": mount, "container.mount.rdwr[0]": "false",
		"container.host_network": strconv.FormatBool(said(in, "HostConfig", "NetworkMode") == "host"),
		"container.host_pid":     strconv.FormatBool(said(in, "HostConfig", "PidMode") == "host"),
		"container.host_ipc":     strconv.FormatBool(said(in, "HostConfig", "IpcMode") == "host"),
		"k8s.pod.name":           "-", "k8s.ns.name": "-", "saker.enrichment": "-",
	}
}

func TestDocker(t *testing.T) {
	need(t, "dockerd", "containerd", "runc", "busybox")
	image := archive(t)
	dir := place(t, "docker")
	socket := filepath.Join(dir, "docker.sock")
	e := newEngine(t, socket)
	daemon(t, dir, e.answers, "dockerd", "--data-root", filepath.Join(dir, "root"), "--exec-root", filepath.Join(dir, "exec"),
		"-H", "unix://"+socket, "-p", filepath.Join(dir, "pid"), "--bridge", "none", "--iptables=false", "--ip6tables=false")
	e.do("POST", "/images/load", image, "application/x-tar")
	signal := filepath.Join(dir, "go") // lets the first container go on
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	early, before := e.container("/containers/create?name=early", map[string]any{
		"Image": reference, "Labels": map[string]string{"app": "shop"}, "Cmd": []string{"/bin/sh", "-c", "until [ -e /data/go ]; do sleep 1; done; " + script},
		"HostConfig": map[string]any{"NetworkMode": "none", "Binds": []string{dir + ":/data:ro"}},
	})
	w := startWatch(t, ask.Sockets{Docker: []string{socket}})
	t.Run("before the capture", func(t *testing.T) {
		if err := os.WriteFile(signal, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		w.in(t).compare(early, e.facts("docker", before))
	})
	t.Run("another name, pause, restart, exec", func(t *testing.T) {
		w := w.in(t)
		for _, do := range []string{"rename?name=late", "pause", "unpause", "restart?t=0"} {
			e.do("POST", "/containers/"+early+"/"+do, nil, "")
		}
		n := len(w.alerts(early, 4)) // those from before count, as does the script's second run
		eventually(t, "the other name is known", func() bool {
			made := e.do("POST", "/containers/"+early+"/exec", asJSON(t, map[string]any{"Cmd": []string{"/bin/true", marker}}), "application/json")
			e.do("POST", "/exec/"+said(made, "Id")+"/start", asJSON(t, map[string]any{"Detach": true}), "application/json")
			n++
			last := w.alerts(early, n)[n-1]
			if last["rule"] != "act" || last["user.name"] != "inside" || last["proc.exepath"] != "/bin/busybox" || last["proc.entry.type"] != "exec" {
				t.Errorf("%v", last)
			}
			return last["container.name"] == "late"
		})
	})
	for name, hostConfig := range map[string]map[string]any{
		"plain":      {"NetworkMode": "none"},
		"privileged": {"NetworkMode": "host", "Privileged": true, "PidMode": "host", "IpcMode": "host"},
	} {
		t.Run(name, func(t *testing.T) {
			hostConfig["Binds"] = []string{dir + ":/data:ro"}
			id, in := e.container("/containers/create?name="+name, map[string]any{
				"Image": reference, "Labels": map[string]string{"app": "shop"}, "HostConfig": hostConfig,
			})
			w.in(t).compare(id, e.facts("docker", in))
		})
	}
}

// TestDockerAnywhere: people may choose where the cgroups of containers are, for all or for
// one. Who gives a cgroup a container's name is in no container.
func TestDockerAnywhere(t *testing.T) {
	need(t, "dockerd", "containerd", "runc", "busybox")
	image := archive(t)
	dir := place(t, "docker", "saker-all", "saker-one", "saker-other")
	socket := filepath.Join(dir, "docker.sock")
	e := newEngine(t, socket)
	daemon(t, dir, e.answers, "dockerd", "--data-root", filepath.Join(dir, "root"), "--exec-root", filepath.Join(dir, "exec"),
		"-H", "unix://"+socket, "-p", filepath.Join(dir, "pid"), "--bridge", "none", "--iptables=false", "--ip6tables=false",
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/saker-all")
	e.do("POST", "/images/load", image, "application/x-tar")
	w := startWatch(t, ask.Sockets{Docker: []string{socket}})
	last := ""
	for name, hostConfig := range map[string]map[string]any{
		"all": {"NetworkMode": "none"},
		"one": {"NetworkMode": "none", "CgroupParent": "/saker-one"},
	} {
		t.Run(name, func(t *testing.T) {
			hostConfig["Binds"] = []string{dir + ":/data:ro"}
			id, in := e.container("/containers/create?name="+name, map[string]any{
				"Image": reference, "Labels": map[string]string{"app": "shop"}, "HostConfig": hostConfig,
			})
			want := e.facts("docker", in)
			want["proc.entry.type"] = "container"
			w := w.in(t)
			w.compare(id, want)
			if last != "" {
				pretend(t, "saker-other/"+last)
			}
			last = id
		})
	}
	pretend(t, "saker-other/"+last)
	if list := w.alerts(last, 2); len(list) != 2 {
		t.Errorf("who pretends to be in a container is: %v", list[2:])
	}
}

// pretend acts on the host, in a cgroup of that name.
func pretend(t *testing.T, cgroup string) {
	t.Helper()
	for _, hierarchy := range hierarchies(t) {
		own := filepath.Join(hierarchy, cgroup)
		if name := filepath.Base(hierarchy); name != "unified" && name != "systemd" && name != "cgroup" {
			continue
		}
		if err := os.MkdirAll(own, 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "/bin/sh", "-c", `echo $$ >"$1/cgroup.procs"; /bin/true `+marker, "sh", own)
	}
}

func TestPodman(t *testing.T) {
	need(t, "podman", "conmon", "runc", "busybox")
	image := archive(t)
	dir := place(t, "libpod_parent", "conmon")
	socket := filepath.Join(dir, "podman.sock")
	e := newEngine(t, socket)
	daemon(t, dir, e.answers, "podman", "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"),
		"--tmpdir", filepath.Join(dir, "tmp"), "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "none",
		"system", "service", "-t", "0", "unix://"+socket)
	e.do("POST", "/images/load", image, "application/x-tar")
	w := startWatch(t, ask.Sockets{Podman: []string{socket}})
	limit := func(kind string) map[string]any { return map[string]any{"type": kind, "soft": 1024, "hard": 1024} }
	id, in := e.container("/v4.0.0/libpod/containers/create", map[string]any{
		"name": "plain", "image": reference, "labels": map[string]string{"app": "shop"},
		"netns": map[string]string{"nsmode": "none"}, "oom_score_adj": 0, "r_limits": []any{limit("nofile"), limit("nproc")},
		"mounts": []any{map[string]any{"type": "bind", "source": dir, "destination": "/data", "options": []string{"ro"}}},
	})
	w.compare(id, e.facts("podman", in))
}
