package bpf

import (
	"fmt"

	"github.com/cilium/ebpf"
)

// Scope limits whose acts are told to what satisfies all that it names. The
// zero Scope is the whole machine. Process records come of all processes: who
// is outside may be the parent of who is within. Only the row of an exec or
// exit says so there (RowOutside).
type Scope struct {
	// Include are processes: they and their descendants are within, none: all.
	Include []uint32
	// Exclude are processes that are outside with their descendants.
	Exclude []uint32
	// ByCgroup: cgroups are judged too, one by one as they come up. A process
	// record whose WireProcess.Cgroup is not zero asks for it. Until Judge has
	// answered, its processes are within.
	ByCgroup bool
}

func (s *Scope) limited() bool { return len(s.Include)+len(s.Exclude) > 0 || s.ByCgroup }

func (s *Scope) configure(spec *ebpf.CollectionSpec, constants map[string]any) {
	constants["limited"] = s.limited()
	constants["limited_to_trees"] = len(s.Include) > 0
	constants["limited_by_cgroup"] = s.ByCgroup
	if !s.limited() {
		spec.Maps["marks"].MaxEntries = 1
	}
}

// plant tells the programs of the processes that the scope names.
func (s *Scope) plant(trees *ebpf.Map) error {
	marks := map[uint32]sensorMark{}
	for _, pid := range s.Include {
		marks[pid] |= sensorMarkMARK_INCLUDED
	}
	for _, pid := range s.Exclude {
		marks[pid] |= sensorMarkMARK_EXCLUDED
	}
	for pid, mark := range marks {
		if err := trees.Put(pid, uint8(mark)); err != nil {
			return fmt.Errorf("limit the scope to processes: %w", err)
		}
	}
	return nil
}

// Judge says whether a cgroup's processes are within the scope, if nothing else
// keeps them out.
func (s *Sensor) Judge(cgroup WireCgroup, within bool) error {
	var mark sensorMark
	if !within {
		mark = sensorMarkMARK_OUTSIDE
	}
	return s.objs.Cgroups.Put(cgroup, uint8(mark))
}
