package console

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What the guest says, with what a serial line and a kernel make of it.
func said(say func(w *strings.Builder)) string {
	var w strings.Builder
	w.WriteString("[    0.1] early word of the kernel\n")
	say(&w)
	return strings.ReplaceAll(w.String(), "\n", "\r\n")
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Run
	}{
		"nothing": {"", Run{}},
		"whole": {
			said(func(w *strings.Builder) {
				Source(w, "abc, today")
				Start(w, "6.1.0-52-cloud-amd64", 1500*time.Millisecond)
				Begin(w, "bpf")
				w.WriteString("one\ntwo without an end")
				End(w, "bpf", 1, 2*time.Second)
				w.WriteString("[    9.1] a word of the kernel between jobs\n")
				Begin(w, "state")
				End(w, "state", 0, time.Second)
				Done(w)
			}),
			Run{Source: "abc, today", Kernel: "6.1.0-52-cloud-amd64", Booted: 1500 * time.Millisecond, Done: true, Jobs: []Told{
				{Job: "bpf", Began: true, Ended: true, Code: 1, Took: 2 * time.Second, Output: "\none\ntwo without an end\n"},
				{Job: "state", Began: true, Ended: true, Took: time.Second, Output: "\n\n"},
			}},
		},
		"the kernel dies": {
			said(func(w *strings.Builder) {
				Start(w, "6.1", 0)
				Begin(w, "bpf")
				w.WriteString("Kernel panic\n")
			}),
			Run{Kernel: "6.1", Jobs: []Told{{Job: "bpf", Began: true, Code: -1, Output: "\nKernel panic\n"}}},
		},
		"fault": {
			said(func(w *strings.Builder) { Fault(w, errors.New("mount /proc:\nno")) }),
			Run{Fault: "mount /proc:; no"},
		},
		"a line cut short": {"\x1esaker-guest end", Run{}},
		"an end of another job": {
			said(func(w *strings.Builder) { Begin(w, "bpf"); End(w, "state", 0, 0) }),
			Run{Jobs: []Told{{Job: "bpf", Began: true, Code: -1, Output: "\n\n"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Parse(c.text)
			for i := range got.Jobs { // blank lines are of no interest
				got.Jobs[i].Output = squeeze(got.Jobs[i].Output)
			}
			for i := range c.want.Jobs {
				c.want.Jobs[i].Output = squeeze(c.want.Jobs[i].Output)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func squeeze(s string) string {
	for strings.Contains(s, "\n\n") {
		s = strings.ReplaceAll(s, "\n\n", "\n")
	}
	return strings.TrimPrefix(s, "\n")
}

func FuzzParse(f *testing.F) {
	f.Add(said(func(w *strings.Builder) { Start(w, "6.1", 1); Begin(w, "bpf"); End(w, "bpf", 0, 1); Done(w) }))
	f.Fuzz(func(t *testing.T, text string) {
		for _, job := range Parse(text).Jobs {
			if job.Code == 0 && !job.Ended {
				t.Errorf("a job that did not end has a code: %+v", job)
			}
		}
	})
}
