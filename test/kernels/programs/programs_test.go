// Package programs loads each program of the sensor alone.
//
// It takes the programs as the loader of bpf makes them for this kernel. It gives
// for each what the verifier counted, or its last words and the helpers that this
// kernel lacks. It owns what is recorded of these counts, so that they don't grow
// unseen. It never attaches a program.
package programs

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
)

// reads are the two ways that the programs read memory of the kernel.
var reads = []struct {
	name   string
	direct bool
}{{"direct", true}, {"indirect", false}}

// rest leaves out what others load: the sensor's own programs on this kernel, and
// the other way of reading.
var rest = flag.Bool("rest", false, "load the programs that the sensor leaves out on this kernel, as they would read memory there")

// lab is the kernel that runs, and all programs as they are loaded there.
type lab struct {
	types  *btf.Cache
	kernel *btf.Spec
	all    *ebpf.CollectionSpec
}

func newLab(t *testing.T) lab {
	t.Helper()
	l := lab{types: btf.NewCache()}
	var err error
	if l.kernel, err = l.types.Kernel(); err != nil {
		t.Fatalf("this kernel doesn't describe its types: %v", err)
	}
	if l.all, err = bpf.Programs(l.kernel, bpf.Options{RingBytes: 1 << 16}); err != nil {
		t.Fatal(err)
	}
	if len(l.all.Programs) == 0 {
		t.Fatal("there is no program")
	}
	_ = rlimit.RemoveMemlock() // before 5.11; where it fails, the load says so
	return l
}

func TestPrograms(t *testing.T) {
	l := newLab(t)
	names := slices.Sorted(maps.Keys(l.all.Programs))
	if *rest {
		chosen, err := bpf.Chosen(l.kernel, bpf.Options{})
		if err != nil {
			t.Fatal(err)
		}
		names = slices.DeleteFunc(names, func(name string) bool {
			onFunction := l.all.Programs[name].AttachType == ebpf.AttachTraceFEntry // if not chosen, it can't be there
			return onFunction || slices.Contains(chosen, name)
		})
	}
	known, now := readSizes(t), sizes{}
	casts := describes(l.kernel, "bpf_rdonly_cast", new(btf.Func))
	for _, name := range names {
		for _, way := range reads {
			if *rest && way.direct != casts {
				continue
			}
			t.Run(name+"/"+way.name, func(t *testing.T) {
				if way.direct && !casts {
					t.Skip("before 6.2 a kernel has no direct reads")
				}
				what, n := thisKernel()+" "+name+"/"+way.name, verified(t, l.try(t, name, way.direct))
				t.Log(line(what, n))
				now[what] = n
				if err := known.check(what, n); err != nil && !*update {
					t.Error(err)
				}
			})
		}
	}
	if *update && !t.Failed() {
		known.renew(t, now, names)
	}
}

// alone is one program with all maps.
func (l lab) alone(t *testing.T, name string, direct bool) *ebpf.CollectionSpec {
	spec := l.all.Copy()
	spec.Programs = map[string]*ebpf.ProgramSpec{name: spec.Programs[name]}
	if err := spec.Variables["direct_reads"].Set(direct); err != nil {
		t.Fatal(err)
	}
	return spec
}

// try loads a program, and gives the verifier's log.
func (l lab) try(t *testing.T, name string, direct bool) (log string) {
	if missing := l.absent(name); missing != "" {
		t.Skip(missing)
	}
	coll, err := ebpf.NewCollectionWithOptions(l.alone(t, name, direct), ebpf.CollectionOptions{
		Cache: l.types, Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats},
	})
	if errors.Is(err, unix.EPERM) {
		t.Skip("this test needs root: ", err)
	}
	if err != nil {
		// Once more without statistics: then the log has what was refused.
		_, again := ebpf.NewCollection(l.alone(t, name, direct))
		why := explain(l.kernel, l.all.Programs[name], cmp.Or(again, err))
		if noPlace.MatchString(why) {
			t.Skip("no program can be there: ", why)
		}
		t.Fatal(why)
	}
	defer coll.Close()
	return coll.Programs[name].VerifierLog
}

// noPlace is what a kernel says of a function that it can't call programs from.
var noPlace = regexp.MustCompile(`The function \w+ arg\d+ type \w+ is unsupported`)

// verified is how many instructions the verifier says it went through.
func verified(t *testing.T, log string) (n int) {
	t.Helper()
	_, account, _ := strings.Cut(log, "processed ")
	if _, err := fmt.Sscanf(account, "%d insns", &n); err != nil {
		t.Fatalf("the verifier kept no account: %v", err)
	}
	return n
}

// absent says that the kernel hasn't the place where a program goes, or one
// that belongs to it: those of one prefix are loaded together or not at all.
func (l lab) absent(name string) string {
	if hook := l.all.Programs[name].AttachType; !hasHook(l.kernel, hook) {
		return "this kernel has no hook " + hook.String()
	}
	prefix, _, _ := strings.Cut(name, "_")
	for other, program := range l.all.Programs {
		if with, _, _ := strings.Cut(other, "_"); with != prefix || program.AttachType != ebpf.AttachTraceRawTp {
			continue
		}
		if !describes(l.kernel, "btf_trace_"+program.AttachTo, new(btf.Typedef)) {
			return "this kernel has no tracepoint " + program.AttachTo
		}
	}
	return ""
}

// hasHook says that the kernel's list of hooks is long enough for this one.
func hasHook(kernel *btf.Spec, hook ebpf.AttachType) bool {
	var known *btf.Enum
	if err := kernel.TypeByName("bpf_attach_type", &known); err != nil {
		return false
	}
	i := slices.IndexFunc(known.Values, func(v btf.EnumValue) bool { return v.Name == "__MAX_BPF_ATTACH_TYPE" })
	return i >= 0 && uint64(hook) < known.Values[i].Value
}

func describes[T btf.Type](kernel *btf.Spec, name string, _ T) bool {
	var found T
	return kernel.TypeByName(name, &found) == nil
}

// lastWords is how much of a verifier's log is told.
const lastWords = 6

func explain(kernel *btf.Spec, program *ebpf.ProgramSpec, err error) string {
	text := err.Error()
	var verifier *ebpf.VerifierError
	if errors.As(err, &verifier) {
		log := verifier.Log
		if n := len(log); n > lastWords {
			log = log[n-lastWords:]
		}
		text = fmt.Sprintf("%v\n%s", verifier.Cause, strings.Join(log, "\n"))
	}
	if lacks := helpersLacking(kernel, program.Instructions); len(lacks) > 0 {
		text += "\nhelpers that this kernel lacks: " + strings.Join(lacks, ", ")
	}
	return text
}

// helpersLacking are the helpers that a program calls and that the kernel's
// list of them hasn't.
func helpersLacking(kernel *btf.Spec, program asm.Instructions) (lacks []string) {
	var known *btf.Enum
	if err := kernel.TypeByName("bpf_func_id", &known); err != nil {
		return nil
	}
	has := map[uint64]bool{}
	for _, helper := range known.Values {
		has[helper.Value] = helper.Name != "__BPF_FUNC_MAX_ID"
	}
	for _, ins := range program {
		if ins.IsBuiltinCall() && !has[uint64(ins.Constant)] {
			lacks = append(lacks, asm.BuiltinFunc(ins.Constant).String())
		}
	}
	slices.Sort(lacks)
	return slices.Compact(lacks)
}
