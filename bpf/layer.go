package bpf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// layer is programs that see more than the others can, where a kernel takes them.
type layer struct {
	prefix string // of the programs' names
	loss   string // what is lost without them; %v is why they are not there
	// fit takes out of spec what is superfluous with the layer; an error says why
	// the layer can't be there.
	fit func(*ebpf.CollectionSpec, *btf.Spec) error
}

// layers are all.
func layers() []layer { return []layer{uringLayer, addressLayer, pathLayer} }

// choices are the layers to do without, one after the other: each, two of them,
// all.
func choices() (all [][]layer) {
	known := layers()
	for n := 1; n < 1<<len(known); n++ {
		var chosen []layer
		for i, l := range known {
			if n>>i&1 != 0 {
				chosen = append(chosen, l)
			}
		}
		all = append(all, chosen)
	}
	slices.SortStableFunc(all, func(a, b []layer) int { return len(a) - len(b) })
	return all
}

// dropLayers takes the programs of layers out of spec that can't be there or
// that are refused, and says what is lost by that.
func dropLayers(spec *ebpf.CollectionSpec, kernel *btf.Spec, refused func(layer) error) (missing []string) {
	for _, l := range layers() {
		var why error
		if refused != nil {
			why = refused(l)
		}
		if why == nil {
			why = l.fit(spec, kernel)
		}
		if why != nil {
			drop(spec, l.prefix)
			missing = append(missing, fmt.Sprintf(l.loss, why))
		}
	}
	return missing
}

func drop(spec *ebpf.CollectionSpec, prefix string) {
	for name := range spec.Programs {
		if strings.HasPrefix(name, prefix) {
			delete(spec.Programs, name)
		}
	}
}
