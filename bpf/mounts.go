package bpf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// SetMounts tells the programs where the root of each file system is mounted
// first on the host: by device, in the kernel's encoding, the directory without
// a slash at its end. A file that is reached through such a mount has no other
// name there.
func (s *Sensor) SetMounts(first map[uint32]string) error {
	err := s.setMounts(first)
	// What the programs remember of directories is of the mounts before.
	return errors.Join(err, s.objs.MountsTold.Set(s.mountsTold.Add(1)))
}

func (s *Sensor) setMounts(first map[uint32]string) error {
	var dev uint32
	var old []uint32
	var mount sensorWireMount
	for entries := s.objs.FirstMounts.Iterate(); entries.Next(&dev, &mount); {
		if at, still := first[dev]; !still || wireMount(at) != mount {
			old = append(old, dev)
		}
	}
	for _, dev := range old {
		if err := s.objs.FirstMounts.Delete(dev); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("forget a mount: %w", err)
		}
	}
	for dev, at := range first {
		mount := wireMount(at)
		if mount.Len > uint32(len(mount.At)) {
			continue // not known there: calls are told
		}
		if err := s.objs.FirstMounts.Put(dev, mount); errors.Is(err, unix.E2BIG) {
			return nil // nor are those beyond
		} else if err != nil {
			return fmt.Errorf("show a mount: %w", err)
		}
	}
	return nil
}

// wireMount is a directory as paths travel: names from the last to the first.
func wireMount(at string) (w sensorWireMount) {
	names := strings.Split(strings.TrimPrefix(at, "/"), "/")
	slices.Reverse(names)
	if at != "" {
		w.Len = uint32(copy(w.At[:], strings.Join(names, "\x00")+"\x00"))
		if len(at) > len(w.At) {
			w.Len = uint32(len(at))
		}
	}
	return w
}
