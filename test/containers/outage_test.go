package containers

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	ask "github.com/sakerhq/saker/internal/container"
)

// serveDocker answers docker's API at a socket until the test ends, or stop is called.
func serveDocker(t *testing.T, socket string, answer http.HandlerFunc) (stop func()) {
	t.Helper()
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: answer}
	go func() { _ = server.Serve(listener) }()
	stop = func() { _ = server.Close() } // which also removes the socket
	t.Cleanup(stop)
	return stop
}

// described answers about any container, with a name made of its id.
func described(w http.ResponseWriter, r *http.Request) {
	if path, ok := strings.CutPrefix(r.URL.Path, "/containers/"); ok {
		id, _, _ := strings.Cut(path, "/")
		fmt.Fprintf(w, `{"Name":"/c%s","Config":{"Image":%q}}`, id[max(len(id)-4, 0):], reference)
		return
	}
	http.NotFound(w, r)
}

// only answers about one container, and denies the others.
func only(id string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, id) {
			answer(w, r)
			return
		}
		http.NotFound(w, r)
	}
}

var incomplete = map[string]string{"container.name": "-", "container.image": "-", "container.type": "docker", "saker.enrichment": "incomplete"}

// outages are how a runtime answers about a container, and what is told of it then.
var outages = []struct {
	name   string
	answer http.HandlerFunc
	rule   string
	want   map[string]string
}{
	{"late", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Second)
		described(w, r)
	}, "act", map[string]string{"container.name": "c1111", "container.image": reference, "saker.enrichment": "-"}},
	{"never", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "act of a stranger", incomplete},
	{"with an error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusInternalServerError) }, "act of a stranger", incomplete},
	{"with garbage", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x00{]")) }, "act of a stranger", incomplete},
	{"without an end", func(w http.ResponseWriter, r *http.Request) {
		for text := bytes.Repeat([]byte(" "), 1<<20); r.Context().Err() == nil; {
			if _, err := w.Write(text); err != nil {
				return
			}
		}
	}, "act of a stranger", incomplete},
	{"with half a word", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"Name":`))
	}, "act of a stranger", incomplete},
}

// TestOutages: each of the sockets fails for one container in its own way. What others do
// is told meanwhile, and what that one did when nobody tells.
func TestOutages(t *testing.T) {
	need(t, "runc", "busybox")
	t.Parallel()
	dir := place(t, "saker-outages")
	bundle := newBundle(t, dir)
	var sockets ask.Sockets
	idOf := func(i int) string { return strings.Repeat(fmt.Sprint(i+1), 64) }
	for i, o := range outages {
		sockets.Docker = append(sockets.Docker, filepath.Join(dir, fmt.Sprint(i)))
		serveDocker(t, sockets.Docker[i], only(idOf(i), o.answer))
	}
	w := startWaiting(t, sockets, patience/15) // which is then as long as a request may take
	for i, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			var attr syscall.SysProcAttr
			if i%2 == 0 { // a runtime in mounts of its own, as a service manager may give it
				attr.Unshareflags = syscall.CLONE_NEWNS
			}
			startFrom(t, &attr, bundle, dir, idOf(i), "/saker-outages/docker/"+idOf(i))
			w.in(t).both(idOf(i), o.rule, o.want)
		})
	}
}

// TestRuntimeComesBack: a container that runs while nobody answers is known when
// somebody does again, and one whose runtime goes stays known.
func TestRuntimeComesBack(t *testing.T) {
	need(t, "runc", "busybox")
	t.Parallel()
	dir := place(t, "saker-back")
	bundle, socket, id := newBundle(t, dir), filepath.Join(dir, "s"), strings.Repeat("9", 64)
	w := startWatch(t, ask.Sockets{Docker: []string{socket}})
	start(t, bundle, dir, id, "/saker-back/docker/"+id, again)
	if first := w.alerts(id, 1)[0]; first["rule"] != "act of a stranger" || first["saker.enrichment"] != "incomplete" || first["container.name"] != "-" {
		t.Errorf("while nobody answers: %v", first)
	}
	stop := serveDocker(t, socket, described)
	last := func() map[string]string {
		list := w.alerts(id, 1)
		return list[len(list)-1]
	}
	eventually(t, "the container is known", func() bool { return last()["rule"] == "act" })
	if now := last(); now["container.name"] != "c9999" || now["saker.enrichment"] != "-" {
		t.Errorf("when somebody answers: %v", now)
	}
	stop()
	known := len(w.alerts(id, 1))
	for i, alert := range w.alerts(id, known+5)[known:] {
		if alert["container.name"] != "c9999" {
			t.Errorf("the %d. after the runtime went: %v", i, alert)
		}
	}
}

// TestAccountsChange: a container's users are those that its files have now.
func TestAccountsChange(t *testing.T) {
	need(t, "runc", "busybox")
	t.Parallel()
	dir := place(t, "saker-accounts")
	bundle, id := newBundle(t, dir), strings.Repeat("7", 64)
	w := startWatch(t, ask.Sockets{})
	start(t, bundle, dir, id, "/saker-accounts/docker/"+id, again)
	last := func() string {
		list := w.alerts(id, 1)
		return list[len(list)-1]["user.name"]
	}
	eventually(t, "the first name", func() bool { return last() == "inside" })
	text := strings.ReplaceAll(passwd, "inside:", "renamed:")
	if err := os.WriteFile(filepath.Join(bundle, "rootfs/etc/passwd"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second name", func() bool { return last() == "renamed" })
	if err := os.WriteFile(filepath.Join(bundle, "rootfs/etc/passwd"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no name", func() bool { return last() == "<NA>" })
}

// again lets a container act again and again.
func again(spec map[string]any) {
	at(spec, "process").(map[string]any)["args"] = []string{"/bin/sh", "-c", "while :; do /bin/true " + marker + "; sleep 0.2; done"}
}

// TestUsersRuntime: about what is below a user's slice only the user's own runtime is asked.
func TestUsersRuntime(t *testing.T) {
	need(t, "runc", "busybox")
	t.Parallel()
	dir, id := place(t, "user.slice"), strings.Repeat("8", 64)
	if err := os.MkdirAll(filepath.Join(dir, "user", fmt.Sprint(userID)), 0o700); err != nil {
		t.Fatal(err)
	}
	hosts, users := filepath.Join(dir, "s"), filepath.Join(dir, "user", "{uid}", "s")
	serveDocker(t, hosts, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"Name":"/of-the-host"}`) })
	serveDocker(t, strings.ReplaceAll(users, "{uid}", fmt.Sprint(userID)), described)
	bundle := newBundle(t, dir)
	w := startWatch(t, ask.Sockets{Podman: []string{hosts, users}})
	slice := fmt.Sprintf("/user.slice/user-%d.slice/user@%[1]d.service/user.slice/libpod-%s.scope/container", userID, id)
	start(t, bundle, dir, "rootless", slice)
	w.both(id, "act", map[string]string{"container.name": "c8888", "container.type": "podman", "saker.enrichment": "-", "container.image": reference})
}

// TestManyContainers starts and removes more containers than are kept: each is known,
// and none of them leaves anything here.
func TestManyContainers(t *testing.T) {
	need(t, "busybox")
	const many, kept = 280, 256
	dir := place(t, "saker-test")
	socket, root := filepath.Join(dir, "s"), filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	rootfs(t, root)
	serveDocker(t, socket, described)
	w := startWatch(t, ask.Sockets{Docker: []string{socket}})
	brief(t, root, fmt.Sprintf("%064x", many))
	w.alerts(fmt.Sprintf("%064x", many), 1)
	descriptors, goroutines := openDescriptors(t), runtime.NumGoroutine()
	for i := range many {
		brief(t, root, fmt.Sprintf("%064x", i))
	}
	for i := range many {
		id := fmt.Sprintf("%064x", i)
		if a := w.alerts(id, 1)[0]; a["rule"] != "act" || a["container.name"] != "c"+id[60:] {
			t.Fatalf("container %d: %v", i, a)
		}
	}
	eventually(t, "containers are forgotten", func() bool {
		brief(t, root, fmt.Sprintf("%064x", many+1)) // time passes by what happens
		return w.metric("containers") <= kept+1 && w.metric("forgotten_containers") >= many-kept
	})
	// A connection that is idle may be there or not.
	if now := openDescriptors(t); now > descriptors+4 {
		t.Errorf("%d descriptors are open, %d were", now, descriptors)
	}
	if now := runtime.NumGoroutine(); now > goroutines+8 {
		t.Errorf("%d goroutines, there were %d", now, goroutines)
	}
}

// brief runs a program in a container's cgroup, with a root directory and mounts of its
// own, and removes the cgroup when it has ended.
func brief(t *testing.T, root, id string) {
	t.Helper()
	cgroup := filepath.Join(unified(t), "saker-test", "docker", id)
	if err := os.MkdirAll(cgroup, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.Open(cgroup)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	cmd := exec.Cmd{Path: "/bin/busybox", Args: []string{"busybox", "true", marker}, SysProcAttr: &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS, Chroot: root, UseCgroupFD: true, CgroupFD: int(dir.Fd()),
	}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	eventually(t, "the cgroup is empty", func() bool { return os.Remove(cgroup) == nil })
}

// unified is where cgroup v2 is mounted.
func unified(t *testing.T) string {
	t.Helper()
	for _, fields := range mounts(t) {
		for _, f := range fields[5:] {
			if f == "cgroup2" {
				return fields[4]
			}
		}
	}
	t.Skip("needs cgroup v2")
	return ""
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// metric is the value of one of the receiver's metrics.
func (w *watch) metric(name string) int {
	w.t.Helper()
	m, err := w.telemetry.GetMetric("otelcol_receiver_syscall_" + name)
	if err != nil {
		return 0
	}
	switch data := m.Data.(type) {
	case metricdata.Gauge[int64]:
		return int(data.DataPoints[0].Value)
	case metricdata.Sum[int64]:
		return int(data.DataPoints[0].Value)
	}
	return 0
}
