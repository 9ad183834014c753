package state

import (
	"strings"
	"testing"
)

func TestFindContainer(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	other := strings.Repeat("fedcba9876543210", 4)
	for _, tt := range []struct{ cgroup, runtime, id string }{
		{"/docker/ID", "docker", id},
		{"/ecs/task/ID", "docker", id},
		{"/ecs/cluster/task/ID", "docker", id},
		{"/actions_job/ID", "docker", id},
		{"/system.slice/docker-ID.scope", "docker", id},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/docker-ID.scope", "docker", id},
		{"/docker/ID/init.scope", "docker", id},
		{"/docker/ID/docker/OTHER", "docker", other},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1234.slice/cri-containerd-ID.scope", "containerd", id},
		{"/kubepods/burstable/pod1234-5678/ID", "containerd", id},
		{"/kubepods/pod1234-5678/ID", "containerd", id},
		{"/docker/OTHER/kubelet/kubepods/besteffort/pod1/ID", "containerd", id},
		{"/system.slice/containerd.service/kubepods-burstable-pod12.slice:cri-containerd:ID", "containerd", id},
		{"/system.slice/nerdctl-ID.scope", "containerd", id},
		{"/default/web", "containerd", "web"},
		{"/k8s.io/ID", "containerd", id},
		{"/kubepods.slice/kubepods-pod1.slice/crio-ID.scope", "cri-o", id},
		{"/kubepods/burstable/pod1/crio-ID", "cri-o", id},
		{"/machine.slice/libpod-ID.scope", "podman", id},
		{"/machine.slice/libpod-ID.scope/container", "podman", id},
		{"/libpod_parent/libpod-ID", "podman", id},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container", "podman", id},
		{"/machine.slice/libpod-payload-ID", "podman", id},
		{"/lxc/web", "lxc", "web"},
		{"/lxc/web/system.slice/ssh.service", "lxc", "web"},
		{"/lxc.payload/web", "lxc", "web"},
		{"/lxc.payload.web/init.scope", "lxc", "web"},
		{`/machine.slice/machine-lxc\x2d1234\x2dweb.scope`, "libvirt-lxc", `1234\x2dweb`},
		{"/machine/web.libvirt-lxc", "libvirt-lxc", "web"},
		{"/libvirt/lxc/web", "libvirt-lxc", "web"},
		{"/machine.slice/systemd-nspawn@web.service/payload/init.scope", "nspawn", "web"},
		{"/machine.slice/machine-web.scope/payload", "nspawn", "web"},

		{"/", "", ""},
		{"", "", ""},
		{"relative", "", ""},
		{"/user.slice/user-1000.slice/session-3.scope", "", ""},
		{"/ID", "", ""},
		{"/jobs/ID", "", ""},
		{"/ecs/ID", "", ""},
		{"/docker/0123", "", ""},
		{"/docker/" + strings.ToUpper(id), "", ""},
		{"/docker/" + id[:63] + "g", "", ""},
		{"/docker/g" + id[:63], "", ""},
		{"/docker/IDa", "", ""},
		{"/docker/ID.scope", "", ""},
		{"/system.slice/docker.service", "", ""},
		{"/kubepods/burstable/pod1", "", ""},
		{"/machine.slice/libpod-conmon-ID.scope", "", ""},
		{"/kubepods.slice/crio-conmon-ID.scope", "", ""},
		{"/lxc.monitor.web", "", ""},
		{"/nested/lxc/web", "", ""},
		{"/default/cron.service", "", ""},
		{"/nested/default/web", "", ""},
		{`/machine.slice/machine-qemu\x2d1\x2dweb.scope`, "", ""},
		{"/machine.slice/systemd-nspawn@web.service/supervisor", "", ""},
		{":cri-containerd:ID", "", ""},
	} {
		fill := strings.NewReplacer("ID", id, "OTHER", other)
		runtime, got := findContainer(fill.Replace(tt.cgroup))
		if runtime != tt.runtime || got != tt.id {
			t.Errorf("%s: %s %s, want %s %s", tt.cgroup, runtime, got, tt.runtime, tt.id)
		}
	}
}

func TestPodOf(t *testing.T) {
	const uid, other = "0b1c2d3e-4f50-4a61-b7c2-8d93e0a1f2b4", "11111111-2222-3333-4444-555555555555"
	for cgroup, want := range map[string]string{
		"/kubepods/podUID/ID":                                             uid,
		"/kubepods/burstable/podUID/ID":                                   uid,
		"/kubepods/burstable/podUID/crio-ID":                              uid,
		"/kubepods.slice/kubepods-podUNDER.slice/cri-containerd-ID.scope": uid,
		"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podUNDER.slice/crio-ID.scope":        uid,
		"/system.slice/containerd.service/kubepods-burstable-podUNDER.slice:cri-containerd:ID":              uid,
		"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podUNDER.slice/cri-containerd-ID.scope/app": uid,
		"/docker/ID/kubelet/kubepods/besteffort/podUID/ID":                                                  uid,
		"/kubepods/burstable/podUID/ID/docker/ID":                                                           uid,
		"/kubepods/podOTHER/ID/kubelet/kubepods/burstable/podUID/ID":                                        uid,

		"/kubepods/burstable/pod0123456789abcdef0123456789abcdef/ID": "", // a static pod's
		"/kubepods/burstable/podUIDa/ID":                             "",
		"/kubepods/burstable/podUID":                                 "",
		"/podUID/ID":                                                 "",
		"/kubepods/burstable/deep/podUID/ID":                         "",
		"/docker/ID":                                                 "",
		"/user.slice/user-1000.slice/user@1000.service/kubepods/podUID/ID":                       "",
		"/kubepods/burstable/podUID/ID/kubepods/pod0123456789abcdef0123456789abcdef/ID":          uid,
		"/user.slice/user-1000.slice/user@1000.service/kubepods.slice/kubepods-podUNDER.slice/a": "",
	} {
		fill := strings.NewReplacer("UID", uid, "OTHER", other, "UNDER", strings.ReplaceAll(uid, "-", "_"), "ID", strings.Repeat("a", 64))
		if got := podOf(fill.Replace(cgroup)); got != want {
			t.Errorf("%s: %q, want %q", cgroup, got, want)
		}
	}
}

func TestOwnerOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-x.scope": "1000",
		"/user.slice/user-1000.slice/session-1.scope":                             "1000",
		"/user.slice/user-0.slice/session-1.scope":                                "",
		"/user.slice/user-1000.slice":                                             "",
		"/user.slice/user-x.slice/a":                                              "",
		"/user.slice/user-.slice/a":                                               "",
		"/machine.slice/user-1000.slice/a":                                        "",
		"/":                                                                       "",
	} {
		if got := ownerOf(cgroup); got != want {
			t.Errorf("%s: %q, want %q", cgroup, got, want)
		}
	}
}

func FuzzFindContainer(f *testing.F) {
	f.Add("/docker/" + strings.Repeat("a", 64))
	f.Add("/a:cri-containerd:b/default/x")
	f.Fuzz(func(t *testing.T, cgroup string) {
		if owner := ownerOf(cgroup); owner != "" && !strings.HasPrefix(cgroup, userSlice+owner+".slice/") {
			t.Errorf("%q: of %q", cgroup, owner)
		}
		if pod := podOf(cgroup); !strings.Contains(strings.ReplaceAll(cgroup, "_", "-"), pod) {
			t.Errorf("%q: pod %q", cgroup, pod)
		}
		runtime, id := findContainer(cgroup)
		if (runtime == "") != (id == "") || !strings.Contains(cgroup, id) {
			t.Errorf("%q: %q %q", cgroup, runtime, id)
		}
	})
}
