package field

import "github.com/sakerhq/saker/internal/event"

// measureFields are as of the process's last record: its start, exec or change
// of credentials, directory or namespaces. What changes with every page and
// call is for metrics.
var measureFields = []*Field{
	{
		Name: "proc.vmsize", Type: Uint64, Attr: "saker.proc.vmsize", Get: measured(func(m *event.Measures) uint64 { return m.VMSize }),
		Doc: "The virtual memory of the process in KiB, when it last started, executed a program or changed.",
	},
	{
		Name: "proc.vmrss", Type: Uint64, Attr: "saker.proc.vmrss", Get: measured(func(m *event.Measures) uint64 { return m.VMRSS }),
		Doc: "The resident memory of the process in KiB, as proc.vmsize, but for the few pages that the kernel has not added up.",
	},
	{
		Name: "proc.vmswap", Type: Uint64, Attr: "saker.proc.vmswap", Get: measured(func(m *event.Measures) uint64 { return m.VMSwap }),
		Doc: "The swapped memory of the process in KiB, as proc.vmsize.",
	},
	{
		Name: "proc.fdlimit", Type: Int64, Attr: "saker.proc.fdlimit", Get: fdLimit,
		Doc: "The most descriptors that the process may open, as of the time of proc.vmsize.",
	},
	{
		Name: "proc.nthreads", Type: Uint64, Attr: "saker.proc.nthreads", Get: measured(func(m *event.Measures) uint64 { return uint64(m.Threads) }),
		Doc: "The number of threads of the process, as of the time of proc.vmsize.",
	},
	{
		Name: "proc.nchilds", Type: Uint64, From: []string{"proc.nthreads"}, Derive: otherThreads,
		Doc: "The number of threads of the process beside the first, as proc.nthreads.",
	},
	{
		Name: "thread.pfmajor", Type: Uint64, Attr: "saker.thread.pfmajor", Get: measured(func(m *event.Measures) uint64 { return m.MajorFaults }),
		Doc: "The major page faults of the thread that the process's last record is of.",
	},
	{
		Name: "thread.pfminor", Type: Uint64, Attr: "saker.thread.pfminor", Get: measured(func(m *event.Measures) uint64 { return m.MinorFaults }),
		Doc: "The minor page faults of the thread that the process's last record is of.",
	},
	{
		Name: "thread.vmsize", Type: Uint64, From: []string{"proc.vmsize", "thread.ismain"}, Derive: ofMain,
		Doc: "proc.vmsize of the process's first thread, 0 of others.",
	},
	{
		Name: "thread.vmrss", Type: Uint64, From: []string{"proc.vmrss", "thread.ismain"}, Derive: ofMain,
		Doc: "proc.vmrss of the process's first thread, 0 of others.",
	},
	{
		Name: "thread.vmsize.b", Type: Uint64, From: []string{"thread.vmsize"}, Derive: inBytes,
		Doc: "thread.vmsize in bytes.",
	},
	{
		Name: "thread.vmrss.b", Type: Uint64, From: []string{"thread.vmrss"}, Derive: inBytes,
		Doc: "thread.vmrss in bytes.",
	},
}

func measured(of func(*event.Measures) uint64) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		if !e.Process.Measures.Known {
			return NoValue
		}
		return Unsigned(of(&e.Process.Measures))
	}
}

// fdLimit is -1 for no limit.
func fdLimit(e *event.Event, _ Arg) Value {
	if !e.Process.Measures.Known {
		return NoValue
	}
	return Num(int64(e.Process.Measures.FDLimit))
}

func otherThreads(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Unsigned(max(v.Uint(), 1) - 1) })
}

func ofMain(in *Inputs, _ Arg) Value {
	switch {
	case !in[0].Known() || !in[1].Known():
		return NoValue
	case !in[1].Bool():
		return Unsigned(0)
	}
	return in[0]
}

func inBytes(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Unsigned(v.Uint() << 10) })
}
