package main

import (
	"path"
	"regexp"
	"slices"

	"github.com/sakerhq/saker/test/kernels/console"
)

// job is one thing that a guest runs.
type job struct {
	console.Job
	pkg  string   // what is built for it
	data []string // directories of the repository whose files it reads
}

// testTime is the most that one test binary may take: each test that loads the
// sensor waits some seconds for an emulated verifier.
const testTime = "480s"

// all are the jobs of a guest, in this order. The first says of each program
// why a kernel refuses it. Then the doctor loads the sensor as users do: where
// it can't, each test would say so again, and slowly, since a verifier that
// refuses writes a long log.
var all = []job{
	testOf("test/kernels/programs", "", "bpf"),
	{console.Job{Name: "saker doctor", Dir: "/", Argv: []string{"/bin/saker", "doctor"}, Gate: true}, "cmd/saker", nil},
	testOf("bpf", "^TestCompatEntry$"), // builds its program, and a guest has no compiler
	testOf("internal/state", ""),
	testOf("test/calls", ""),
}

// testOf are the tests of a package, but those that skip matches.
func testOf(pkg, skip string, data ...string) job {
	argv := []string{"/tests/" + path.Base(pkg), "-test.v=test2json", "-test.timeout=" + testTime}
	if skip != "" {
		argv = append(argv, "-test.skip="+skip)
	}
	return job{console.Job{Name: pkg, Dir: "/src/" + pkg, Argv: argv, Test: true}, pkg, append(data, pkg)}
}

// jobsLike are those whose names match.
func jobsLike(pattern *regexp.Regexp) []job {
	return slices.DeleteFunc(slices.Clone(all), func(j job) bool { return !pattern.MatchString(j.Name) })
}
