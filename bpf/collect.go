package bpf

import (
	"cmp"
	"errors"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// collect loads what spec has: the maps, then the programs, several at once, since
// what a start takes is nearly all the kernel's time to verify them. The
// collection is the caller's to close.
func collect(spec *ebpf.CollectionSpec, types *btf.Cache) (*ebpf.Collection, error) {
	alone := *spec
	alone.Programs = nil
	all, err := ebpf.NewCollectionWithOptions(&alone, ebpf.CollectionOptions{Cache: types})
	if err != nil {
		return nil, err
	}
	names := slices.SortedFunc(maps.Keys(spec.Programs), func(a, b string) int {
		return cmp.Or(len(spec.Programs[b].Instructions)-len(spec.Programs[a].Instructions), cmp.Compare(a, b)) // the longest first
	})
	programs, errs := make([]*ebpf.Program, len(names)), make([]error, len(names))
	next := make(chan int, len(names))
	for i := range names {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for range runtime.NumCPU() {
		wait.Go(func() {
			for i := range next {
				programs[i], errs[i] = loadProgram(spec, names[i], all.Maps, types)
			}
		})
	}
	wait.Wait()
	for i, name := range names {
		if errs[i] == nil {
			all.Programs[name] = programs[i]
		}
	}
	if err := errors.Join(errs...); err != nil {
		all.Close()
		return nil, err
	}
	return all, nil
}

// loadProgram loads one program with maps that are there.
func loadProgram(spec *ebpf.CollectionSpec, name string, there map[string]*ebpf.Map, types *btf.Cache) (*ebpf.Program, error) {
	alone := *spec
	alone.Programs = map[string]*ebpf.ProgramSpec{name: spec.Programs[name]}
	alone.Variables = nil
	var coll *ebpf.Collection
	err := unsignalled(func() (err error) {
		coll, err = ebpf.NewCollectionWithOptions(&alone, ebpf.CollectionOptions{Cache: types, MapReplacements: there})
		return err
	})
	if err != nil {
		return nil, err
	}
	defer coll.Close()
	return coll.DetachProgram(name), nil
}
