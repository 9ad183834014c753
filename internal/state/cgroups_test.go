package state

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestCgroupFiles: /proc/PID/cgroup as hosts of all kinds have it, and who is meant.
func TestCgroupFiles(t *testing.T) {
	const pod = "0b1c2d3e-4f50-4a61-b7c2-8d93e0a1f2b4"
	id, other := strings.Repeat("0123456789abcdef", 4), strings.Repeat("fedcba9876543210", 4)
	for _, test := range []struct{ host, text, cgroup, runtime, id, pod string }{
		{"v1, docker", v1("/docker/ID"), "/docker/ID", "docker", id, ""},
		{"v1, docker by systemd", v1("/system.slice/docker-ID.scope"), "/system.slice/docker-ID.scope", "docker", id, ""},
		{"v1, a pod", v1("/kubepods/burstable/podUID/ID"), "/kubepods/burstable/podUID/ID", "containerd", id, pod},
		{"v1, LXC", v1("/lxc/web"), "/lxc/web", "lxc", "web", ""},
		{
			"v1, only some hierarchies", "11:cpuset:/\n10:memory:/\n9:pids:/machine/lxc-77-web.libvirt-lxc\n1:name=systemd:/\n",
			"/machine/lxc-77-web.libvirt-lxc", "libvirt-lxc", "lxc-77-web", "",
		},
		{
			"v1, a runtime without cgroups and systemd's session", "2:pids:/\n1:name=systemd:/user.slice/user-1000.slice/session-2.scope\n",
			"/user.slice/user-1000.slice/session-2.scope", "", "", "",
		},
		{"v2, docker", "0::/system.slice/docker-ID.scope\n", "/system.slice/docker-ID.scope", "docker", id, ""},
		{
			"v2, podman without root", "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container\n",
			"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container", "podman", id, "",
		},
		{
			"v2, a pod by CRI-O", "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUNDER.slice/crio-ID.scope/container\n",
			"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUNDER.slice/crio-ID.scope/container", "cri-o", id, pod,
		},
		{"v2, LXC", "0::/lxc.payload.web/system.slice/ssh.service\n", "/lxc.payload.web/system.slice/ssh.service", "lxc", "web", ""},
		{"v2, nspawn", "0::/machine.slice/systemd-nspawn@web.service/payload\n", "/machine.slice/systemd-nspawn@web.service/payload", "nspawn", "web", ""},
		{"v2, no container", "0::/init.scope\n", "/init.scope", "", "", ""},
		{"hybrid, a runtime that leaves v2 alone", "4:memory:/docker/ID\n1:name=systemd:/docker/ID\n0::/system.slice/containerd.service\n", "/docker/ID", "docker", id, ""},
		{"hybrid, the same with nothing but pids", "4:memory:/\n3:pids:/docker/ID\n0::/system.slice/containerd.service\n", "/docker/ID", "docker", id, ""},
		{"hybrid, a service", "4:memory:/\n2:cpu,cpuacct:/\n1:name=systemd:/system.slice/a.service\n0::/system.slice/a.service\n", "/system.slice/a.service", "", "", ""},
		{"hybrid, all", "4:memory:/docker/ID\n1:name=systemd:/docker/ID\n0::/docker/ID\n", "/docker/ID", "docker", id, ""},
		{"hybrid, nothing in v2", "4:memory:/docker/ID\n1:name=systemd:/\n0::/\n", "/docker/ID", "docker", id, ""},

		{"docker in docker", "0::/docker/OTHER/docker/ID\n", "/docker/OTHER/docker/ID", "docker", id, ""},
		{"docker in docker, its daemon", "0::/docker/OTHER/init\n", "/docker/OTHER/init", "docker", other, ""},
		{"docker in a pod", "0::/kubepods/podUID/OTHER/docker/ID\n", "/kubepods/podUID/OTHER/docker/ID", "docker", id, pod},
		{"kind, v1", v1("/docker/OTHER/kubelet/kubepods/besteffort/podUID/ID"), "/docker/OTHER/kubelet/kubepods/besteffort/podUID/ID", "containerd", id, pod},
		{
			"kind, v2", "0::/system.slice/docker-OTHER.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podUNDER.slice/cri-containerd-ID.scope\n",
			"/system.slice/docker-OTHER.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-podUNDER.slice/cri-containerd-ID.scope", "containerd", id, pod,
		},
		{"kind, its kubelet", "0::/system.slice/docker-OTHER.scope/kubelet.slice/kubelet.service\n", "/system.slice/docker-OTHER.scope/kubelet.slice/kubelet.service", "docker", other, ""},
		{"podman in podman", "0::/machine.slice/libpod-OTHER.scope/container/libpod_parent/libpod-ID\n", "/machine.slice/libpod-OTHER.scope/container/libpod_parent/libpod-ID", "podman", id, ""},

		{"seen from a cgroup namespace that is the container's", "0::/\n", "/", "", "", ""},
		{"seen from a namespace beside it", "0::/../docker-ID.scope\n", "/../docker-ID.scope", "docker", id, ""},
		{"a colon in a name", "0::/a:b/docker-ID.scope\n", "/a:b/docker-ID.scope", "docker", id, ""},
		{"an id that is too long", "0::/docker/IDa\n", "/docker/IDa", "", "", ""},
		{"an id that is too short", "0::/docker/0123456789ab\n", "/docker/0123456789ab", "", "", ""},
		{"a job with a long name", "0::/jobs/ID\n", "/jobs/ID", "", "", ""},
		{"nothing", "", "/", "", "", ""},
		{"no lines", "garbage\n0:\n::\n", "/", "", "", ""},
	} {
		fill := strings.NewReplacer("UID", pod, "UNDER", strings.ReplaceAll(pod, "-", "_"), "ID", id, "OTHER", other, "\\\n", "\n")
		root := t.TempDir()
		write(t, filepath.Join(root, "proc/7/cgroup"), fill.Replace(test.text))
		cgroup := procfs{root: root}.cgroup(7)
		runtime, found := findContainer(cgroup)
		if cgroup != fill.Replace(test.cgroup) || runtime != test.runtime || found != test.id || podOf(cgroup) != test.pod {
			t.Errorf("%s: %s is %s %s of pod %q", test.host, cgroup, runtime, found, podOf(cgroup))
		}
	}
}

// v1 is the file where all hierarchies are of version 1.
func v1(cgroup string) (text string) {
	for _, name := range []string{"12:pids", "11:memory", "10:cpu,cpuacct", "4:devices", "1:name=systemd"} {
		text += name + ":" + cgroup + "\n"
	}
	return text
}
