package main

import "fmt"

// growthGrids are how cost grows: with rules, with processes, with CPUs.
func (r *report) growthGrids() []grid {
	if r.Growth == nil {
		return nil
	}
	return []grid{r.Growth.ofRules(), r.Growth.ofProcesses(), r.Growth.ofCPUs()}
}

func (g *growth) ofRules() grid {
	t := grid{
		name: "growth", title: "How cost grows with rules (CPU time)",
		columns: []string{"rules", "load ms", "filter ms", "start s", "compiled KiB", "resident MiB", "match ns", "new file ns", "everyday opens told"},
	}
	for _, row := range g.Rules {
		started, resident := "", ""
		if row.Started > 0 {
			started, resident = fmt.Sprintf("%.1f", row.Started), grouped(row.Resident)
		}
		t.rows = append(t.rows, []string{
			grouped(float64(row.Rules)), grouped(row.Load), grouped(row.Filter), started, grouped(row.Memory),
			resident, grouped(row.Match), grouped(row.NewFile), fmt.Sprintf("%.0f %%", 100*row.Told),
		})
	}
	t.notes = []string{"Growth was measured " + g.Taken}
	return t
}

// reckonedProcesses are more than the bench starts.
const reckonedProcesses = 30_000

func (g *growth) ofProcesses() grid {
	t := grid{
		name: "processes", title: "How memory grows with processes beside the collector",
		columns: []string{"processes", "resident MiB", "KiB each"},
	}
	for i, row := range g.Processes {
		each := ""
		if first := g.Processes[0]; i > 0 {
			each = fmt.Sprintf("%.1f", (row.Memory-first.Memory)*1024/float64(row.Processes-first.Processes))
		}
		t.rows = append(t.rows, []string{"+" + grouped(float64(row.Processes)), fmt.Sprintf("%.0f", row.Memory), each})
	}
	if n := len(g.Processes); n > 1 {
		a, b := g.Processes[n-2], g.Processes[n-1]
		each := (b.Memory - a.Memory) / float64(b.Processes-a.Processes)
		t.notes = []string{fmt.Sprintf("%s would take %.0f MiB, reckoned by the last two", grouped(reckonedProcesses), b.Memory+each*float64(reckonedProcesses-b.Processes))}
	}
	return t
}

func (g *growth) ofCPUs() grid {
	t := grid{
		name: "cpus", title: "What an open and close costs more on CPUs that make them at once (ns)",
		columns: []string{"CPUs", "left out", "quartiles", "told", "quartiles"},
	}
	for _, row := range g.CPUs {
		t.rows = append(t.rows, []string{
			grouped(float64(row.CPUs)), signed(row.LeftOut.Median), quartiles(row.LeftOut), signed(row.Told.Median), quartiles(row.Told),
		})
	}
	return t
}

func quartiles(s spread) string { return fmt.Sprintf("[%s %s]", signed(s.Low), signed(s.High)) }
