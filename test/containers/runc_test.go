package containers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	ask "github.com/sakerhq/saker/internal/container"
)

// TestRunc starts containers in the cgroups of all runtimes, of which none is
// there to ask: what the kernel and the container's files tell is known, and
// that the rest isn't is told.
func TestRunc(t *testing.T) {
	need(t, "runc", "busybox")
	dir := place(t, "saker-test", "lxc.payload.saker-test")
	bundle := newBundle(t, dir)
	w := startWatch(t, ask.Sockets{Docker: []string{filepath.Join(dir, "none.sock")}})
	const parent = "/saker-test/"
	hexadecimal := strings.Repeat("f", 64)
	start(t, bundle, dir, "host", parent+hexadecimal)
	for i, c := range []struct{ runtime, cgroup string }{
		{"docker", "docker-<id>.scope"},
		{"docker", "docker/<id>"},
		{"containerd", "kubepods/besteffort/pod1/<id>"},
		{"containerd", "cri-containerd-<id>.scope"},
		{"cri-o", "crio-<id>.scope"},
		{"podman", "libpod-<id>.scope/container"},
		{"podman", "libpod-payload-<id>"},
	} {
		id := strings.Repeat("0123456789abcde", 4) + "000" + string(rune('0'+i))
		t.Run(c.cgroup, func(t *testing.T) {
			start(t, bundle, dir, id, parent+strings.ReplaceAll(c.cgroup, "<id>", id))
			w.in(t).both(id, "act of a stranger", map[string]string{
				"container.type": c.runtime, "container.name": "-", "container.image": "-", "container.privileged": "-",
				"saker.enrichment": "incomplete",
			})
		})
	}
	t.Run("another cgroup in the unified hierarchy", func(t *testing.T) {
		unified := "/sys/fs/cgroup/unified"
		if !exists(unified) {
			t.Skip("needs hierarchies of cgroups of both versions")
		}
		id, service := strings.Repeat("6", 64), filepath.Join(unified, "saker-test", "runtime.service")
		if err := os.MkdirAll(service, 0o755); err != nil {
			t.Fatal(err)
		}
		start(t, bundle, dir, "left", parent+"docker/"+id, func(spec map[string]any) {
			at(spec, "process").(map[string]any)["args"] = []string{"/bin/sh", "-c", "until [ -e /tmp/moved ]; do sleep 0.1; done; " + script}
		})
		pid := run(t, "runc", "--root", filepath.Join(dir, "runc"), "ps", "-f", "json", "left")
		first, _, _ := strings.Cut(strings.Trim(pid, "[]\n"), ",")
		if err := os.WriteFile(filepath.Join(service, "cgroup.procs"), []byte(first), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(bundle, "rootfs/tmp/moved"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		w.in(t).both(id, "act of a stranger", map[string]string{"container.type": "docker"})
	})
	t.Run("user namespace", func(t *testing.T) {
		const shift = 100000
		id := strings.Repeat("5", 64)
		start(t, bundle, dir, "mapped", parent+"docker-"+id+".scope", func(spec map[string]any) {
			mapping := []any{map[string]int{"containerID": 0, "hostID": shift, "size": 65536}}
			linux := at(spec, "linux").(map[string]any)
			linux["namespaces"] = append(at(linux, "namespaces").([]any), map[string]string{"type": "user"})
			linux["uidMappings"], linux["gidMappings"] = mapping, mapping
		})
		w.in(t).layers(id, "act of a stranger", shift+1000, map[string]string{"container.type": "docker"})
	})
	t.Run("lxc", func(t *testing.T) {
		start(t, bundle, dir, "web", "/lxc.payload.saker-test")
		w.in(t).both("saker-test", "act of a stranger", map[string]string{
			"container.type": "lxc", "container.name": "saker-test", "saker.enrichment": "-",
		})
	})
	for _, logs := range w.sink.AllLogs() {
		if strings.Contains(asText(t, logs), hexadecimal) {
			t.Error("a cgroup with a long name is said to be a container")
		}
	}
}

// newBundle makes what runc starts, on an overlay.
func newBundle(t *testing.T, dir string) string {
	t.Helper()
	bundle := filepath.Join(dir, "bundle")
	if err := os.Chmod(dir, 0o711); err != nil { // for root of a user namespace
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(bundle, name) }
	for _, name := range []string{"lower", "upper", "work", "rootfs"} {
		if err := os.MkdirAll(in(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	rootfs(t, in("lower"))
	run(t, "mount", "-t", "overlay", "overlay", "-o", "lowerdir="+in("lower")+",upperdir="+in("upper")+",workdir="+in("work"), in("rootfs"))
	run(t, "runc", "spec", "-b", bundle)
	return bundle
}

// start runs the script in a cgroup until the test ends.
func start(t *testing.T, bundle, dir, name, cgroup string, change ...func(spec map[string]any)) {
	t.Helper()
	startFrom(t, &syscall.SysProcAttr{}, bundle, dir, name, cgroup, change...)
}

// startFrom is start by a runtime with attributes of its own.
func startFrom(t *testing.T, attr *syscall.SysProcAttr, bundle, dir, name, cgroup string, change ...func(spec map[string]any)) {
	t.Helper()
	file := filepath.Join(bundle, "config.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(dir, "bundle-"+name)
	if err := os.Mkdir(own, 0o711); err != nil {
		t.Fatal(err)
	}
	process := at(spec, "process").(map[string]any)
	process["terminal"], process["args"] = false, command
	process["user"] = map[string]int{"uid": 1000, "gid": 1000}
	delete(process, "rlimits") // beyond what some hosts' root may set
	at(spec, "root").(map[string]any)["readonly"] = false
	at(spec, "root").(map[string]any)["path"] = filepath.Join(bundle, "rootfs")
	at(spec, "linux").(map[string]any)["cgroupsPath"] = cgroup
	spec["mounts"] = slices.DeleteFunc(at(spec, "mounts").([]any), func(m any) bool { return said(m, "type") == "cgroup" })
	for _, f := range change {
		f(spec)
	}
	if err := os.WriteFile(filepath.Join(own, "config.json"), asJSON(t, spec), 0o600); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "runc")
	create := exec.Command("runc", "--root", root, "create", "-b", own, name) // which hands its output on
	create.SysProcAttr = attr
	if err := create.Run(); err != nil {
		t.Fatal("create a container: ", err)
	}
	t.Cleanup(func() { run(t, "runc", "--root", root, "delete", "-f", name) })
	run(t, "runc", "--root", root, "start", name)
}
