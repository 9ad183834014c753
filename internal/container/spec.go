package container

import (
	"slices"
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// ociSpec is what is needed of a container's runtime specification.
type ociSpec struct {
	Annotations map[string]string `json:"annotations"`
	Process     struct {
		Capabilities struct {
			Bounding []string `json:"bounding"`
		} `json:"capabilities"`
	} `json:"process"`
	Mounts []struct {
		Source      string   `json:"source"`
		Destination string   `json:"destination"`
		Options     []string `json:"options"`
	} `json:"mounts"`
	Linux struct {
		Namespaces []struct {
			Type string `json:"type"`
		} `json:"namespaces"`
		MaskedPaths   []string `json:"maskedPaths"`
		ReadonlyPaths []string `json:"readonlyPaths"`
	} `json:"linux"`
}

var propagationOptions = []string{"private", "rprivate", "shared", "rshared", "slave", "rslave"}

// describe takes over what the specification says.
func (s *ociSpec) describe(m *event.ContainerMeta) {
	m.Privileged = s.privileged()
	m.HostPID, m.HostNetwork, m.HostIPC = !s.has("pid"), !s.has("network"), !s.has("ipc")
	mounts := make([]mount, len(s.Mounts))
	for i, mt := range s.Mounts {
		mounts[i] = mount{source: mt.Source, dest: mt.Destination, writable: true}
		for _, o := range mt.Options {
			mode, isMode := strings.CutPrefix(o, "mode=")
			switch {
			case isMode:
				mounts[i].mode = mode
			case o == "ro":
				mounts[i].writable = false
			case slices.Contains(propagationOptions, o):
				mounts[i].propagation = o
			}
		}
	}
	m.Mounts = mountsText(mounts)
}

// has reports whether the container has a namespace of its own.
func (s *ociSpec) has(kind string) bool {
	for _, ns := range s.Linux.Namespaces {
		if ns.Type == kind {
			return true
		}
	}
	return false
}

// privileged reports whether the container has the host's might: that is not
// said, but nothing of /proc and /sys is hidden then, and no capability withheld.
func (s *ociSpec) privileged() bool {
	return len(s.Linux.MaskedPaths) == 0 && len(s.Linux.ReadonlyPaths) == 0 &&
		slices.Contains(s.Process.Capabilities.Bounding, "CAP_SYS_ADMIN")
}
