package state

import (
	"regexp"
	"strings"
)

// containerPaths are the cgroups that runtimes put containers in. A pattern
// stands for the last components of a container's cgroup, for all of them if
// it begins with a slash. <id> is the container's id of 64 hexadecimal
// digits, <name> an id that is any name, <any> is what does not matter.
//
// Nothing but a runtime's whole pattern is a container by itself: some long hexadecimal
// name alone is none until a runtime says so. Helpers that runtimes run on the host beside a container
// (conmon, monitors, supervisors) have names of their own and don't match.
var containerPaths = []struct{ runtime, pattern string }{
	{"docker", "docker-<id>.scope"},
	{"docker", "docker/<id>"},
	{"docker", "actions_job/<id>"},
	{"docker", "ecs/<any>/<id>"},
	{"docker", "ecs/<any>/<any>/<id>"},
	{"containerd", "cri-containerd-<id>.scope"},
	{"containerd", "<any>:cri-containerd:<id>"},
	{"containerd", "nerdctl-<id>.scope"},
	{"containerd", "kubepods/pod<any>/<id>"},
	{"containerd", "kubepods/<any>/pod<any>/<id>"},
	{"containerd", "/default/<name>"},
	{"containerd", "/k8s.io/<name>"},
	{"cri-o", "crio-<id>.scope"},
	{"cri-o", "crio-<id>"},
	{"podman", "libpod-<id>.scope"},
	{"podman", "libpod-<id>"},
	{"podman", "libpod-payload-<id>"},
	{"lxc", "/lxc/<name>"},
	{"lxc", "/lxc.payload/<name>"},
	{"lxc", "lxc.payload.<name>"},
	{"libvirt-lxc", "machine.slice/machine-lxc\\x2d<name>.scope"},
	{"libvirt-lxc", "libvirt/lxc/<name>"},
	{"libvirt-lxc", "<name>.libvirt-lxc"},
	{"nspawn", "machine.slice/systemd-nspawn@<name>.service/payload"},
	{"nspawn", "machine.slice/machine-<name>.scope/payload"},
}

// notContainers are endings of names that systemd gives to units of the host.
var notContainers = []string{".service", ".slice", ".scope"}

// findContainer finds the container that a cgroup belongs to, the innermost
// if they are nested: of all that contain the cgroup the longest path.
func findContainer(cgroup string) (runtime, id string) {
	for path := cgroup; len(path) > 1; path = path[:max(strings.LastIndexByte(path, '/'), 0)] {
		for _, c := range containerPaths {
			if id, ok := matchPath(c.pattern, path); ok {
				return c.runtime, id
			}
		}
	}
	return "", ""
}

// findClaim finds the outermost cgroup whose name is an id, though no runtime has a place
// there by itself: some let people choose the place. What a container makes within its own
// is not asked about.
func findClaim(cgroup string) (path, id string) {
	for from := 0; from < len(cgroup); {
		from++
		end := len(cgroup)
		if i := strings.IndexByte(cgroup[from:], '/'); i >= 0 {
			end = from + i
		}
		if isID(cgroup[from:end]) {
			return cgroup[:end], cgroup[from:end]
		}
		from = end
	}
	return "", ""
}

// matchPath matches components from the last to the first.
func matchPath(pattern, path string) (id string, ok bool) {
	pattern, anchored := strings.CutPrefix(pattern, "/")
	path = strings.TrimPrefix(path, "/")
	for {
		want, above := cutLast(pattern)
		have, rest := cutLast(path)
		found, ok := matchName(want, have)
		if !ok {
			return "", false
		}
		if found != "" {
			id = found
		}
		if above == "" {
			return id, !anchored || rest == ""
		}
		pattern, path = above, rest
	}
}

func cutLast(path string) (last, above string) {
	i := strings.LastIndexByte(path, '/')
	return path[i+1:], path[:max(i, 0)]
}

// matchName matches one component, whose pattern has one <id> or <name> and at
// most one <any> before it.
func matchName(pattern, name string) (id string, ok bool) {
	if before, after, any := strings.Cut(pattern, "<any>"); any {
		name, ok = strings.CutPrefix(name, before)
		if !ok || name == "" || after == "" {
			return "", ok && name != ""
		}
		marker, _, _ := strings.Cut(after, "<")
		i := strings.LastIndex(name, marker)
		if i < 1 {
			return "", false
		}
		pattern, name = after, name[i:]
	}
	before, after, marked := strings.Cut(pattern, "<id>")
	valid := isID
	if !marked {
		before, after, marked = strings.Cut(pattern, "<name>")
		valid = isName
	}
	if !marked {
		return "", pattern == name
	}
	id, begins := strings.CutPrefix(name, before)
	id, ends := strings.CutSuffix(id, after)
	return id, begins && ends && valid(id)
}

func isID(id string) bool {
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(id) == idLen
}

// idLen is how many digits a container's id has.
const idLen = 64

func isName(id string) bool {
	for _, end := range notContainers {
		if strings.HasSuffix(id, end) {
			return false
		}
	}
	return id != ""
}

// podCgroup is how the kubelet names the cgroup of a pod: pod<uid> below kubepods and a
// class, or for systemd kubepods-<class>-pod<uid>.slice, where systemd wants _ for -. A
// static pod has a hash for a uid, which nobody but its kubelet knows.
var podCgroup = regexp.MustCompile(`kubepods[^/:]*(?:/[^/:]+)?[/-]pod([[:xdigit:]]{8}(?:[_-][[:xdigit:]]{4}){3}[_-][[:xdigit:]]{12})(?:\.slice)?[/:]`)

// podOf is the unique id of the innermost pod that a cgroup is in, empty where it is in
// none, or where a user may have made it after somebody's.
func podOf(cgroup string) string {
	found := podCgroup.FindAllStringSubmatch(cgroup, -1)
	if len(found) == 0 || ownerOf(cgroup) != "" {
		return ""
	}
	return strings.ReplaceAll(found[len(found)-1][1], "_", "-")
}

// userSlice is where systemd puts the cgroups that a user may make.
const userSlice = "/user.slice/user-"

// ownerOf is the number of the user who may have made a cgroup, empty where
// only the host's root can have.
func ownerOf(cgroup string) string {
	rest, ok := strings.CutPrefix(cgroup, userSlice)
	if !ok {
		return ""
	}
	uid, _, ok := strings.Cut(rest, ".slice/")
	if !ok || uid == "0" || uid == "" || strings.Trim(uid, "0123456789") != "" {
		return ""
	}
	return uid
}
