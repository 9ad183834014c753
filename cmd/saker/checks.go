package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/container"
)

// checks are all that doctor looks at, in this order; the last one decides.
var checks = []struct {
	name string
	run  func(*patient) verdict
}{
	{"kernel", kernel},
	{"type information", types},
	{"capabilities", capabilities},
	{"lockdown", lockdown},
	{"locked memory", lockedMemory},
	{"BPF compiler", setting("net/core/bpf_jit_enable", map[string]verdict{
		"0": {limited, "programs are interpreted, which costs several times more", "sysctl net.core.bpf_jit_enable=1"},
	})},
	{"BPF of users", setting("kernel/unprivileged_bpf_disabled", map[string]verdict{
		"0": {limited, "every user may load BPF programs: not the sensor's need, but a risk", "sysctl kernel.unprivileged_bpf_disabled=1"},
	})},
	{"BPF statistics", setting("kernel/bpf_stats_enabled", map[string]verdict{
		"1": {limited, "the kernel times every program, which costs", "sysctl kernel.bpf_stats_enabled=0"},
	})},
	{"programs on functions", setting("kernel/ftrace_enabled", map[string]verdict{
		"0": {limited, "the kernel runs none, so a second thread can hide which path a call worked on", "sysctl kernel.ftrace_enabled=1, then start again"},
	})},
	{"programs", programs},
	{"kernel reads", reads},
	{"hooks", hooks},
	{"rings", rings},
	{"process namespace", namespace},
	{"cgroups", cgroups},
	{"container runtimes", runtimes},
	{"capture", prove},
}

// hooks says where calls are told, and whether that can cost some.
func hooks(p *patient) verdict {
	if p.sensor == nil {
		return verdict{missing, "not tried: see programs", ""}
	}
	_, _, why := p.sensor.Hooks()
	return hooksAre(why, p.sensor.Preempted())
}

func hooksAre(why string, preempted error) verdict {
	switch {
	case preempted != nil:
		return verdict{
			limited, fmt.Sprintf("this kernel preempts programs, and perf's tracepoint, where it does not, can't be had (%v): a busy CPU costs some calls, which are counted", preempted),
			"sysctl kernel.perf_event_paranoid=2 where it is more: then CAP_PERFMON suffices, and CAP_DAC_READ_SEARCH for tracefs; else CAP_SYS_ADMIN",
		}
	case why != "":
		return verdict{fine, "one for all calls, as " + why, ""}
	}
	return verdict{fine, "on each call that is captured: others cost half as much", ""}
}

func kernel(*patient) verdict {
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return verdict{limited, err.Error(), ""}
	}
	text := "Linux " + unix.ByteSliceToString(name.Release[:]) + " on " + runtime.GOARCH
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		return verdict{missing, text, "run on amd64 or arm64"}
	}
	return verdict{fine, text, ""}
}

func types(p *patient) verdict {
	const file = "sys/kernel/btf/vmlinux"
	if _, err := os.Stat(filepath.Join(p.root, file)); err != nil {
		return verdict{missing, "no /" + file, "run a kernel of 5.10 or later with CONFIG_DEBUG_INFO_BTF, as distributions build it"}
	}
	return verdict{fine, "/" + file, ""}
}

// wanted are the capabilities that the sensor uses, and what for.
var wanted = []struct {
	number int
	name   string
	need   status
	use    string
}{
	{unix.CAP_BPF, "CAP_BPF", missing, "load programs"},
	{unix.CAP_PERFMON, "CAP_PERFMON", missing, "read kernel memory"},
	{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN", limited, "see the addresses that calls really use"},
	{unix.CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH", limited, "see command lines of what ran before"},
	{unix.CAP_SYS_PTRACE, "CAP_SYS_PTRACE", limited, "see command lines of what ran before"},
	{unix.CAP_SYS_NICE, "CAP_SYS_NICE", limited, "read events before other programs compute, so that fewer are lost on a busy machine"},
}

func capabilities(p *patient) verdict {
	has, err := effective(p.root)
	if err != nil {
		return verdict{limited, "not known: " + err.Error(), ""}
	}
	if has&(1<<unix.CAP_SYS_ADMIN) != 0 {
		has |= 1<<unix.CAP_BPF | 1<<unix.CAP_PERFMON | 1<<unix.CAP_NET_ADMIN // it includes them for programs
	}
	v := verdict{Status: fine, Finding: "all that the sensor uses"}
	var lacks, names []string
	for _, c := range wanted {
		if has&(1<<c.number) != 0 {
			continue
		}
		lacks, names = append(lacks, c.name+" ("+c.use+")"), append(names, c.name)
		if v.Status != missing {
			v.Status = c.need
		}
	}
	if lacks != nil {
		v.Finding = "without " + strings.Join(lacks, ", ")
		v.Advice = fmt.Sprintf("run as root, or grant with `setcap %s=ep <program>` or systemd's AmbientCapabilities=%s",
			strings.ToLower(strings.Join(names, ",")), strings.Join(names, " "))
	}
	return v
}

// effective are the process's own effective capabilities.
func effective(root string) (uint64, error) {
	text, err := os.ReadFile(filepath.Join(root, "proc/self/status"))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if hex, ok := strings.CutPrefix(line, "CapEff:"); ok {
			return strconv.ParseUint(strings.TrimSpace(hex), 16, 64)
		}
	}
	return 0, errors.New("no CapEff in /proc/self/status")
}

func lockdown(p *patient) verdict {
	text, err := os.ReadFile(filepath.Join(p.root, "sys/kernel/security/lockdown"))
	if err != nil {
		return verdict{fine, "not there, or not for us to see", ""}
	}
	_, mode, _ := strings.Cut(string(text), "[")
	mode, _, _ = strings.Cut(mode, "]")
	if mode == "confidentiality" {
		return verdict{missing, "confidentiality: no program may read kernel memory", "boot with lockdown=integrity, or without"}
	}
	return verdict{fine, mode, ""}
}

func lockedMemory(p *patient) verdict {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit); err != nil {
		return verdict{limited, err.Error(), ""}
	}
	if limit.Cur == unix.RLIM_INFINITY {
		return verdict{fine, "no limit", ""}
	}
	text := fmt.Sprintf("%d KiB at most", limit.Cur>>10)
	var refused *bpf.PrivilegeError
	if errors.As(p.loadErr, &refused) && len(refused.Missing) == 0 {
		return verdict{limited, text + ", which kernels before 5.11 hold against maps", "LimitMEMLOCK=infinity, or CAP_SYS_RESOURCE"}
	}
	return verdict{fine, text + ": enough here", ""}
}

// setting checks a kernel setting against the values that mean something.
func setting(file string, means map[string]verdict) func(*patient) verdict {
	name := strings.ReplaceAll(file, "/", ".")
	return func(p *patient) verdict {
		text, err := os.ReadFile(filepath.Join(p.root, "proc/sys", file))
		if err != nil {
			return verdict{fine, name + " is not for us to see", ""}
		}
		value := strings.TrimSpace(string(text))
		v, ok := means[value]
		if !ok {
			v = verdict{Status: fine}
		}
		v.Finding = strings.TrimSuffix(name+"="+value+": "+v.Finding, ": ")
		return v
	}
}

func programs(p *patient) verdict {
	switch {
	case p.sensor == nil && p.loadErr != nil:
		return verdict{missing, p.loadErr.Error(), adviceFor(p.loadErr)}
	case p.sensor == nil:
		return verdict{missing, "not loaded", ""}
	case len(p.sensor.Missing()) > 0:
		return verdict{limited, "this kernel lacks " + strings.Join(p.sensor.Missing(), "; "), adviceForMissing(p.sensor.Missing())}
	}
	return verdict{fine, "all load", ""}
}

// adviceForMissing is for layers that the sensor goes on without.
func adviceForMissing(layers []string) string {
	if strings.Contains(strings.Join(layers, " "), unix.EPERM.Error()) {
		return "what is not permitted this kernel has, but is set up to refuse it to all; a later kernel has the rest"
	}
	return "a later kernel has it"
}

// adviceFor is for errors that don't end with advice of their own.
func adviceFor(err error) string {
	var privilege *bpf.PrivilegeError
	switch {
	case errors.Is(err, bpf.ErrNoBTF):
		return "see type information"
	case errors.As(err, &privilege) && len(privilege.Missing) > 0:
		return "see capabilities"
	case errors.As(err, &privilege):
		return "allow bpf(2) in the seccomp profile of the container or unit"
	}
	return "please report this, with the kernel's version"
}

func reads(p *patient) verdict {
	var cast *btf.Func
	switch {
	case p.kernel == nil:
		return verdict{missing, "not known without type information", ""}
	case p.kernel.TypeByName("bpf_rdonly_cast", &cast) != nil:
		return verdict{limited, "through a helper, which costs the traced programs more", "Linux 6.2 or later reads directly"}
	}
	return verdict{fine, "direct", ""}
}

func rings(p *patient) verdict {
	if p.sensor == nil {
		return verdict{missing, "not mapped: see programs", ""}
	}
	return verdict{fine, fmt.Sprintf("mapped, %d MiB for calls", bpf.DefaultRingBytes>>20), ""}
}

// hostPIDs is the number of the host's pid namespace on every kernel.
const hostPIDs = "pid:[4026531836]"

func namespace(p *patient) verdict {
	name, err := os.Readlink(filepath.Join(p.root, "proc/self/ns/pid"))
	if err != nil {
		return verdict{limited, "not known: " + err.Error(), ""}
	}
	if name != hostPIDs {
		return verdict{
			limited, "not the host's: /proc does not show what ran before",
			"share the host's (Kubernetes: hostPID: true, Docker: --pid=host)",
		}
	}
	return verdict{fine, "the host's", ""}
}

func cgroups(p *patient) verdict {
	const dir = "sys/fs/cgroup"
	switch {
	case exists(p.root, dir, "cgroup.controllers"):
		return verdict{fine, "version 2", ""}
	case exists(p.root, dir, "unified"):
		return verdict{fine, "version 1 and 2 (hybrid)", ""}
	case exists(p.root, dir, "memory"), exists(p.root, dir, "pids"):
		return verdict{fine, "version 1", ""}
	}
	return verdict{limited, "none found: containers can't be told apart", "mount cgroups at /sys/fs/cgroup"}
}

func runtimes(p *patient) verdict {
	var texts []string
	v := verdict{Status: fine}
	for _, f := range container.Examine(context.Background(), container.Options{Root: p.root, Sockets: container.WellKnown()}) {
		at := " at /" + strings.TrimPrefix(strings.TrimPrefix(f.Path, p.root), "/")
		if f.Err != nil {
			v.Status = limited
			v.Advice = "containers whose runtime does not answer have an id only: start it, or take its socket off the receiver's runtimes"
			texts = append(texts, f.API+at+" does not answer: "+f.Err.Error())
			continue
		}
		texts = append(texts, f.Version+at)
	}
	if v.Finding = strings.Join(texts, ", "); v.Finding == "" {
		v.Finding = "none found: containers are known by their cgroups only"
	}
	return v
}

func exists(parts ...string) bool {
	_, err := os.Stat(filepath.Join(parts...))
	return err == nil
}
