package main

import "regexp"

// feature is what a user of a kernel asks for, and the tests that show it.
type feature struct {
	name string
	job  string
	test *regexp.Regexp // nil: the job itself
}

func shown(name, job, test string) feature { return feature{name, job, regexp.MustCompile(test)} }

var features = []feature{
	{"`saker doctor`: loads, attaches, captures", "saker doctor", nil},
	{"the same as uid 65534 with README's capabilities", "saker doctor as nobody", nil},
	shown("programs that read kernel memory directly", "test/kernels/programs", `^TestPrograms/(sys_exit|process_\w+)/direct`),
	shown("programs that read it through a helper", "test/kernels/programs", `^TestPrograms/(sys_exit|process_\w+)/indirect`),
	shown("calls told by hooks on single calls", "bpf", `^Test(PerCall/(open|process)|Watch|TracepointNames)`),
	shown("parameters of each call", "test/calls", `^TestEveryRow$`),
	shown("paths of calls, resolved and as given", "test/calls", `^TestPaths$`),
	shown("calls of 32-bit programs", "bpf", `^TestCompatEntry$`),
	shown("files by the path that the kernel has", "bpf", `^Test(Open|Names)`),
	shown("paths that a second thread changes during the call", "bpf", `^TestRacedPaths$`),
	shown("hooks of paths that are switched off are noticed", "bpf", `^TestSwitchedOff$`),
	shown("programs by their file, arguments, environment", "bpf", `^(TestExecutedFile|TestProcess)`),
	shown("layer of a file in an overlay", "bpf", `^TestOverlayLayer`),
	shown("both ends of a connection", "bpf", `^TestConnect`),
	shown("signals, credentials", "bpf", `^Test(Signal|Credentials)$`),
	shown("what goes through io_uring", "bpf", `^TestUring(Open|Names|Net|Watch)`),
	shown("what ran before", "bpf", `^TestScan`),
	shown("sent = received + lost", "bpf", `^TestAccounts`),
	shown("only what is in a cgroup, container or tree", "bpf", `^TestScope(Tree|OfChildren|Processes|Cgroup/v2)`),
	shown("lineage, descriptors, sockets, programs in memory", "internal/state", `^TestLive(Orphan|Files|Descriptors|Sockets|Program)`),
	shown("container id by cgroup v2 alone", "internal/state", `^TestLiveContainer/v2`),
	shown("container id with cgroups v1 beside it", "internal/state, cgroups v1", `^TestLiveContainer/v1`),
	shown("only what is in a cgroup of v1", "bpf, cgroups v1", `^TestScopeCgroup/v1`),
	shown("the same alerts with and without pushdown", "test/pushdown", `^Test`),
	shown("races, other entries and other evasions", "test/evasions", `^TestEvasions`),
	shown("the collector, alerts over OTLP", "test/e2e", `^TestAlert`),
	shown("the same as uid 65534 with two capabilities", "test/e2e", `^TestTwoCapabilities`),
}

// What a cell says; the page explains it.
const (
	yes       = "yes"
	inPart    = "in part"
	no        = "no"
	fails     = "**fails**"
	notRun    = "–"
	isMissing = "missing"
)

// cell says whether a kernel has a feature.
func (f feature) cell(r result) string {
	if r.verdict == missing {
		return isMissing
	}
	n := map[verdict]int{}
	for _, o := range r.outcomes {
		if o.job == f.job && (f.test == nil || f.test.MatchString(o.test)) {
			n[o.verdict]++
		}
	}
	switch {
	case n[failed] > 0:
		return fails
	case n[passed] > 0 && n[skipped] > 0:
		return inPart
	case n[passed] > 0:
		return yes
	case n[skipped] > 0:
		return no
	}
	return notRun
}

// featureTable has a row for each feature and a column for each kernel, under a
// heading.
func featureTable(results []result) [][]string {
	heading := []string{""}
	for _, r := range results {
		heading = append(heading, r.target.name())
	}
	rows := [][]string{heading}
	for _, f := range features {
		row := []string{f.name}
		for _, r := range results {
			row = append(row, f.cell(r))
		}
		rows = append(rows, row)
	}
	return rows
}
