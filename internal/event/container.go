package event

import (
	"maps"
	"slices"
	"strings"
)

// Container is a container as a process sees it; shared by its processes.
type Container struct {
	ID string // full, 64 digits where the runtime has that many
	// Runtime is docker, containerd, cri-o, podman, lxc, libvirt-lxc or nspawn. Empty: only
	// the name of a cgroup says so far that there is a container.
	Runtime string
	// Claim is the cgroup that is named like a container where no runtime puts any by
	// itself, empty in a runtime's own place.
	Claim string
	// Owner is the number of the user whose own runtime made the container,
	// empty for the host's.
	Owner string
	// PodUID is the unique id of the pod that the container is in, empty where
	// its cgroup names none.
	PodUID string
	Told   Told
	// Meta is what the runtime said; nil while that isn't known.
	Meta *ContainerMeta
}

// IsSure reports whether there is a container: its cgroup is in a runtime's own place, or
// the runtime has said so.
func (c *Container) IsSure() bool { return c.Runtime != "" }

// HasOwnUsers reports whether the container is a whole system, into which users
// log in, rather than an application that somebody of the host started.
func (c *Container) HasOwnUsers() bool {
	return c.Runtime == "lxc" || c.Runtime == "libvirt-lxc" || c.Runtime == "nspawn"
}

// Told says how much has been told of a container that no kernel knows.
type Told uint8

// How much was told.
const (
	NotAsked Told = iota // nobody asks here; who reads the record may
	Waiting              // asked, and the answer may come soon
	Answered             // Meta and the accounts are all there is
	Untold               // nobody could tell, or not in time
)

// ContainerMeta is what only the container's runtime can tell. It never
// changes: what is new is a new one.
type ContainerMeta struct {
	Name                          string
	ImageID                       string // with its algorithm, as sha256:...
	Repository, Tag, Digest       string // of the image
	Labels                        Labels
	Mounts                        string // source:dest:mode:rdwr:propagation, with commas between
	IP                            string
	CNI                           string // JSON
	Privileged                    bool
	HostPID, HostNetwork, HostIPC bool
	PodName, PodUID, Namespace    string
	PodIP, PodCNI, PodSandbox     string
	PodLabels                     Labels
}

// Labels are names with values. The zero Labels are none.
type Labels struct {
	byName map[string]string
	text   string
}

// MaxLabel is the longest value of a label that is kept, in bytes.
const MaxLabel = 100

// NewLabels keeps those of all whose value is not too long.
func NewLabels(all map[string]string) Labels {
	kept := make(map[string]string, len(all))
	for name, value := range all {
		if len(value) <= MaxLabel {
			kept[name] = value
		}
	}
	var text strings.Builder
	for i, name := range slices.Sorted(maps.Keys(kept)) {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteString(name + ":" + kept[name])
	}
	return Labels{kept, text.String()}
}

// Of is the value of a name; false where there is none.
func (l Labels) Of(name string) (string, bool) {
	value, ok := l.byName[name]
	return value, ok
}

// String is all of them as name:value, in order of their names, with ", "
// between.
func (l Labels) String() string { return l.text }
