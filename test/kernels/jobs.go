package main

import (
	"path"
	"regexp"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/kernels/console"
)

// job is one thing that a guest runs.
type job struct {
	console.Job
	pkg  string   // what is built for it
	data []string // directories of the repository whose files it reads
	slow bool     // takes long to build for another architecture than this machine's
	// In a quick run: what it gets besides, and that others prove the same.
	brief []string
	again bool
}

// testTime is the most that one test binary may take: each test that loads the
// sensor waits some seconds for an emulated verifier.
const testTime = "1200s"

// least is what README says that the collector needs, and what it uses besides.
var least = []uintptr{unix.CAP_BPF, unix.CAP_PERFMON, unix.CAP_NET_ADMIN, unix.CAP_DAC_READ_SEARCH, unix.CAP_SYS_PTRACE}

const nobody = 65534

// all are the jobs of a guest, in this order. The first says of each program
// why a kernel refuses it. Then the doctor loads the sensor as users do: where
// it can't, each test would say so again, and slowly, since a verifier that
// refuses writes a long log.
var all = []job{
	testOf("test/kernels/programs").briefly("-rest"), // test/calls loads the others, and the doctor
	{Job: console.Job{Name: "saker doctor", Argv: doctor, Gate: true}, pkg: "cmd/saker", again: true},
	{Job: console.Job{Name: "saker doctor as nobody", Argv: doctor, User: nobody, Caps: least}, pkg: "cmd/saker"},
	// What a refusal costs doesn't depend on the kernel, and takes many loads.
	testOf("bpf", "-test.skip=Refused$").with(narrowVariable+narrowAt, "SAKER_TEST_FTRACE=/proc/sys/kernel/ftrace_enabled"),
	testOf("internal/state", "-test.run=Live"),          // the others need no kernel
	testOf("test/calls"),                                // makes each call once
	testOf("test/evasions", "-test.run=^TestEvasions$"), // the others read the repository
	// As many random rules as an emulator bears; how processes are vouched for does not
	// depend on the kernel.
	testOf("test/pushdown", "-test.run=^(TestSameAlerts|TestConnections|TestReloadMissesNothing)$", "-test.short"),
	distribution,
	// Last, since the hierarchy stays.
	testOf("bpf", "-test.run=^TestScopeCgroup$").onV1(),
	testOf("internal/state", "-test.run=^TestLiveContainer$").onV1(),
}

var doctor = []string{"/bin/saker", "doctor"}

// distribution is the whole collector, with an OTLP receiver beside it: as
// root, and as nobody with two capabilities.
var distribution = job{
	Job: console.Job{
		Name: "test/e2e", Dir: "/src/test/e2e", Test: true, Env: []string{"SAKER_TEST_COLLECTOR=" + collectorAt},
		Argv: []string{"/tests/e2e.test", "-test.v=test2json", "-test.timeout=" + testTime, "-test.run=^(TestAlertReachesAnotherProcess|TestTwoCapabilitiesSuffice)$"},
	},
	pkg: "test/e2e", data: []string{"test/e2e"}, slow: true,
}

// testOf are the tests of a package that the flags of the test tool leave.
func testOf(pkg string, flags ...string) job {
	argv := append([]string{"/tests/" + path.Base(pkg) + ".test", "-test.v=test2json", "-test.timeout=" + testTime}, flags...)
	return job{Job: console.Job{Name: pkg, Dir: "/src/" + pkg, Argv: argv, Test: true}, pkg: pkg, data: []string{pkg}}
}

// briefly adds arguments to a job of a quick run.
func (j job) briefly(arguments ...string) job {
	j.brief = arguments
	return j
}

// with adds to a job's environment.
func (j job) with(variables ...string) job {
	j.Env = append(j.Env, variables...)
	return j
}

// onV1 is the job where cgroups v1 are, too.
func (j job) onV1() job {
	j.Name += ", cgroups v1"
	j.V1 = true
	return j
}

// choice is which jobs run.
type choice struct {
	pattern *regexp.Regexp // of their names; nil: all
	tests   string         // a pattern of the tests in them; empty: those that each job names
	quick   bool           // no slow ones where the architecture is foreign, and nothing twice
}

// of are those for a guest of this machine's architecture, or a foreign one.
func (c choice) of(foreign bool) []job {
	jobs := slices.DeleteFunc(slices.Clone(all), func(j job) bool {
		return c.pattern != nil && !c.pattern.MatchString(j.Name) || c.quick && (j.again || j.slow && foreign)
	})
	for i := range jobs {
		j := &jobs[i]
		if c.quick {
			j.Argv = slices.Concat(j.Argv, j.brief)
		}
		if j.Test && c.tests != "" {
			j.Argv = slices.Concat(j.Argv, []string{"-test.run=" + c.tests}) // the last one counts
		}
	}
	return jobs
}
