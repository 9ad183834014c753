// Package programs loads each program of the sensor alone.
//
// It takes the compiled object of this architecture, as bpf embeds it. It gives
// for each program what the verifier counted, or its last words and the helpers
// that this kernel lacks. It owns what is recorded of these counts, so that they
// don't grow unseen. It never attaches a program.
package programs

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"
	"golang.org/x/sys/unix"
)

// objects are where bpf keeps its compiled programs.
var objects = map[string]string{
	"amd64": "../../../bpf/sensor_x86_bpfel.o",
	"arm64": "../../../bpf/sensor_arm64_bpfel.o",
}

// reads are the two ways that the programs read memory of the kernel.
var reads = []struct {
	name   string
	direct bool
}{{"direct", true}, {"indirect", false}}

func TestPrograms(t *testing.T) {
	kernel, err := btf.LoadKernelSpec()
	if err != nil {
		t.Fatalf("this kernel doesn't describe its types: %v", err)
	}
	_ = rlimit.RemoveMemlock() // before 5.11; where it fails, the load says so
	known, now := readSizes(t), sizes{}
	for _, name := range names(t) {
		for _, way := range reads {
			t.Run(name+"/"+way.name, func(t *testing.T) {
				if way.direct && !describes(kernel, "bpf_rdonly_cast", new(btf.Func)) {
					t.Skip("before 6.2 a kernel has no direct reads")
				}
				log := try(t, kernel, alone(t, name, way.direct))
				what, n := thisKernel()+" "+name+"/"+way.name, verified(t, log)
				t.Log(line(what, n))
				now[what] = n
				if err := known.check(what, n); err != nil && !*update {
					t.Error(err)
				}
			})
		}
	}
	if *update && !t.Failed() {
		known.renew(t, now)
	}
}

func object(t *testing.T) *ebpf.CollectionSpec {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpec(objects[runtime.GOARCH])
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func names(t *testing.T) []string {
	spec := object(t)
	if len(spec.Programs) == 0 {
		t.Fatal("the object has no program")
	}
	return slices.Sorted(maps.Keys(spec.Programs))
}

// alone is the object with one program only, on small maps.
func alone(t *testing.T, name string, direct bool) *ebpf.CollectionSpec {
	spec := object(t)
	spec.Programs = map[string]*ebpf.ProgramSpec{name: spec.Programs[name]}
	cpus, err := ebpf.PossibleCPU()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range spec.Maps {
		switch {
		case m.Type == ebpf.RingBuf:
			m.MaxEntries = 1 << 16
		case m.MaxEntries == 0:
			m.MaxEntries = uint32(cpus) + 1
		}
	}
	if err := spec.Variables["direct_reads"].Set(direct); err != nil {
		t.Fatal(err)
	}
	return spec
}

// try loads the only program of spec, and gives the verifier's log.
func try(t *testing.T, kernel *btf.Spec, spec *ebpf.CollectionSpec) (log string) {
	for name, program := range spec.Programs {
		if missing := absent(t, kernel, name); missing != "" {
			t.Skip(missing)
		}
		coll, err := ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{
			Programs: ebpf.ProgramOptions{LogLevel: ebpf.LogLevelStats},
		})
		if errors.Is(err, unix.EPERM) {
			t.Skip("this test needs root: ", err)
		}
		if err != nil {
			// Once more without statistics: then the log has what was refused.
			_, again := ebpf.NewCollection(spec)
			why := explain(kernel, program, cmp.Or(again, err))
			if noPlace.MatchString(why) {
				t.Skip("no program can be there: ", why)
			}
			t.Fatal(why)
		}
		defer coll.Close()
		log = coll.Programs[name].VerifierLog
	}
	return log
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
func absent(t *testing.T, kernel *btf.Spec, name string) string {
	if hook := object(t).Programs[name].AttachType; !hasHook(kernel, hook) {
		return "this kernel has no hook " + hook.String()
	}
	prefix, _, _ := strings.Cut(name, "_")
	for other, program := range object(t).Programs {
		if with, _, _ := strings.Cut(other, "_"); with != prefix || program.AttachType != ebpf.AttachTraceRawTp {
			continue
		}
		if !describes(kernel, "btf_trace_"+program.AttachTo, new(btf.Typedef)) {
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
