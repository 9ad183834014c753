package containers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	ask "github.com/sakerhq/saker/internal/container"
)

const containerdConfig = `
version = 2
root = "%[1]s/root"
state = "%[1]s/state"
[grpc]
  address = "%[1]s/containerd.sock"
[ttrpc]
  address = "%[1]s/ttrpc.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "%[1]s/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%[2]s"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "%[1]s/cni"
    bin_dir = "%[1]s/cni"
`

// containerd starts one with the image in a namespace, and gives its socket.
func containerd(t *testing.T, namespace string) (dir, socket string) {
	t.Helper()
	need(t, "containerd", "ctr", "runc", "busybox")
	image := archive(t)
	dir = place(t, "default", "k8s.io", "kubepods")
	socket = filepath.Join(dir, "containerd.sock")
	config, tar := filepath.Join(dir, "config.toml"), filepath.Join(dir, "image.tar")
	for name, text := range map[string]string{
		config: fmt.Sprintf(containerdConfig, dir, pauseImage),
		tar:    string(image),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	daemon(t, dir, func() bool { return exists(socket) }, "containerd", "-c", config)
	ctr(t, socket, namespace, "images", "import", tar)
	return dir, socket
}

func ctr(t *testing.T, socket, namespace string, args ...string) string {
	t.Helper()
	return run(t, "ctr", append([]string{"-a", socket, "-n", namespace}, args...)...)
}

func TestContainerd(t *testing.T) {
	dir, socket := containerd(t, "default")
	w := startWatch(t, ask.Sockets{CRI: []string{socket}, Containerd: []string{socket}})
	for name, privileged := range map[string]bool{"plain": false, "mighty": true} {
		t.Run(name, func(t *testing.T) {
			options := []string{"run", "-d", "--null-io", "--label", "app=shop", "--mount", "type=bind,src=" + dir + ",dst=/data,options=rbind:ro"}
			if privileged {
				options = append(options, "--privileged", "--net-host")
			}
			ctr(t, socket, "default", append(options, reference, name)...)
			t.Cleanup(func() {
				ctr(t, socket, "default", "tasks", "rm", "-f", name)
				ctr(t, socket, "default", "containers", "rm", name)
			})
			var in map[string]any
			if err := json.Unmarshal([]byte(ctr(t, socket, "default", "containers", "info", name)), &in); err != nil {
				t.Fatal(err)
			}
			w.in(t).compare(name, map[string]string{
				"container.name": said(in, "ID"), "container.type": "containerd",
				"container.image": said(in, "Image"), "container.image.repository": repository, "container.image.tag": "1",
				"container.image.digest": digestIn(ctr(t, socket, "default", "images", "ls")),
				"container.label[app]":   said(in, "Labels", "app"), "container.privileged": strconv.FormatBool(privileged),
				"container.mount.source[/data]": dir, "container.mounts": specMounts(in),
				"container.host_network": strconv.FormatBool(privileged), "container.host_pid": "false", "container.host_ipc": "false",
				"k8s.pod.name": "-", "saker.enrichment": "-",
			})
		})
	}
}

// digestIn is the digest in a list of images.
func digestIn(list string) string {
	for line := range strings.Lines(list) {
		if words := strings.Fields(line); words[0] == reference {
			return words[2]
		}
	}
	return "-"
}

// specMounts are the mounts of a container's specification as the field has them.
func specMounts(in map[string]any) string {
	var list []string
	for _, m := range at(in, "Spec", "mounts").([]any) {
		writable, mode, propagation := "true", "", ""
		options, _ := at(m, "options").([]any)
		for _, o := range options {
			switch o := o.(string); {
			case o == "ro":
				writable = "false"
			case strings.HasPrefix(o, "mode="):
				mode = o[len("mode="):]
			case strings.Contains(o, "shared"), strings.Contains(o, "private"), strings.Contains(o, "slave"):
				propagation = o
			}
		}
		list = append(list, strings.Join([]string{said(m, "source"), said(m, "destination"), mode, writable, propagation}, ":"))
	}
	return strings.Join(list, ",")
}

// pods are how a kubelet asks a runtime.
type pods struct {
	t   *testing.T
	api cri.RuntimeServiceClient
	dir string
}

func newPods(t *testing.T, dir, socket string) *pods {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &pods{t, cri.NewRuntimeServiceClient(conn), dir}
}

// namespaces are the host's network and an own one for processes.
var namespaces = &cri.NamespaceOption{Network: cri.NamespaceMode_NODE, Pid: cri.NamespaceMode_CONTAINER, Ipc: cri.NamespaceMode_POD}

// sandbox starts a pod of the uid until the test ends.
func (p *pods) sandbox(uid string) (id string, pod *cri.PodSandboxConfig) {
	p.t.Helper()
	pod, ctx := &cri.PodSandboxConfig{
		Metadata: &cri.PodSandboxMetadata{Name: "web-0", Namespace: "shop", Uid: uid},
		Labels:   map[string]string{"tier": "front"},
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent:    "/kubepods/burstable/pod" + uid,
			SecurityContext: &cri.LinuxSandboxSecurityContext{NamespaceOptions: namespaces, Privileged: true},
		},
		LogDirectory: filepath.Join(p.dir, "logs"),
	}, context.Background()
	made, err := p.api.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: pod})
	if err != nil {
		p.t.Fatal(err)
	}
	id = made.PodSandboxId
	p.t.Cleanup(func() {
		_, err := p.api.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id})
		_, more := p.api.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id})
		if err := errors.Join(err, more); err != nil {
			p.t.Error(err)
		}
	})
	return id, pod
}

// container starts one in a pod, and gives what the runtime says of it.
func (p *pods) container(sandbox string, pod *cri.PodSandboxConfig) *cri.ContainerStatus {
	p.t.Helper()
	ctx := context.Background()
	made, err := p.api.CreateContainer(ctx, &cri.CreateContainerRequest{PodSandboxId: sandbox, SandboxConfig: pod, Config: &cri.ContainerConfig{
		Metadata: &cri.ContainerMetadata{Name: "nginx"}, Image: &cri.ImageSpec{Image: reference}, LogPath: "log",
		Labels: map[string]string{"app": "shop", "io.kubernetes.pod.name": "web-0"},
		Mounts: []*cri.Mount{{HostPath: p.dir, ContainerPath: "/data", Readonly: true, Propagation: cri.MountPropagation_PROPAGATION_PRIVATE}},
		Linux:  &cri.LinuxContainerConfig{SecurityContext: &cri.LinuxContainerSecurityContext{NamespaceOptions: namespaces, Privileged: true}},
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.api.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: made.ContainerId}); err != nil {
		p.t.Fatal(err)
	}
	answer, err := p.api.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: made.ContainerId})
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.Status
}

func TestCRI(t *testing.T) {
	dir, socket := containerd(t, "k8s.io")
	w, p := startWatch(t, ask.Sockets{CRI: []string{socket}, Containerd: []string{socket}}), newPods(t, dir, socket)
	sandbox, pod := p.sandbox("0b1c-2d3e")
	s := p.container(sandbox, pod)
	w.compare(s.Id, map[string]string{
		"container.name": s.Metadata.Name, "container.type": "containerd", "container.image": s.Image.Image,
		"container.image.repository": repository, "container.image.tag": "1",
		"container.image.id":   strings.TrimPrefix(s.ImageRef, "sha256:"),
		"container.label[app]": s.Labels["app"], "container.privileged": "true",
		"container.mount.source[/data]": s.Mounts[0].HostPath, "container.mount.rdwr[0]": strconv.FormatBool(!s.Mounts[0].Readonly),
		"container.host_network": "true", "container.host_pid": "false", "container.host_ipc": "false",
		"k8s.pod.name": pod.Metadata.Name, "k8s.ns.name": pod.Metadata.Namespace, "k8s.pod.uid": pod.Metadata.Uid,
		"k8s.pod.label[tier]": pod.Labels["tier"], "k8s.pod.sandbox_id": sandbox[:12], "saker.enrichment": "-",
	})
}
