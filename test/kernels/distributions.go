package main

// floor says why the oldest kernel is the oldest.
const floor = `
## The oldest kernel

5.10 is the oldest that is run. The sensor compares no versions: it looks for what it
needs, and 5.8 is the first kernel of the main line that has it all (ring buffers,
iterators over tasks, ` + "`bpf_ktime_get_boot_ns`, `CAP_BPF`" + `); all need ` + "`CONFIG_DEBUG_INFO_BTF`" + `.
What later kernels added is used where it is:

| from | what | without it |
|---|---|---|
| 5.5, arm64: 6.4 | programs on functions | a path that a second thread changes during the call is told as it is at its end |
| 5.11 | ` + "`bpf_get_current_task_btf`" + ` | the same by an older helper |
| 5.11 | maps count as memory of the cgroup | they count as locked memory: an unprivileged user needs ` + "`LimitMEMLOCK=infinity`" + ` |
| 5.12 | storage by task for programs that trace | paths seen during calls are kept in a table of 1,024 threads |
| 5.15 | ` + "`bpf_task_pt_regs`" + ` | registers are found from the task's stack |
| 6.0 | programs on functions that take structures | the same of chown's path |
| 6.2 | ` + "`bpf_rdonly_cast`" + ` | memory is read through a helper: dearer, told the same |
| 6.3 | tracepoints and structures of io_uring | what goes through io_uring is not told, and the sensor says so |
| 6.7 | hooks of unix sockets | the address of a unix socket is read when the call has ended |
| 6.15 | ` + "`bpf_preempt_disable`" + ` around functions that are verified on their own | nothing: only newer kernels (7.3) can preempt a program on a tracepoint |
| 7.2 | programs at the end of a call that may sleep, and so be preempted | nothing: there calls are told by way of perf, or by three programs |
`

// distributions are the kernels that others build, by what they publish.
var distributions = [][]string{
	{"distribution", "kernel", "expect"},
	{"RHEL 8 and kin", "4.18, with eBPF of later kernels", "too old up to 8.3 (no ring buffers); later ones have what is needed by name, `saker doctor` tells"},
	{"RHEL 9 and kin", "5.14, with eBPF of later kernels", "as 5.10 or better"},
	{"RHEL 10 and kin", "6.12", "as 6.12"},
	{"Debian 11, 12, 13", "5.10, 6.1, 6.12", "run here"},
	{"Ubuntu 20.04", "5.4; 5.15 with the HWE kernel", "5.4 is too old; 5.15 as 5.10"},
	{"Ubuntu 22.04", "5.15; 6.8 with the HWE kernel", "as 5.10; 6.8 as 6.12"},
	{"Ubuntu 24.04", "6.8 and later", "as 6.12"},
	{"Ubuntu 26.04", "7.0", "as the latest"},
	{"Amazon Linux 2", "4.14, 5.4, 5.10, 5.15", "5.10 and 5.15 as 5.10; older ones are too old"},
	{"Amazon Linux 2023", "6.1, 6.12", "as these"},
	{"Container-Optimized OS", "5.10, 5.15, 6.1, 6.6, 6.12 by milestone", "5.15 as 5.10; 6.6 as 6.12"},
	{"Bottlerocket", "5.10, 5.15, 6.1, 6.12 by variant; older ones with cgroups v1", "5.15 as 5.10; else as these"},
	{"Talos", "6.1, 6.6, 6.12, 6.18 by version", "6.6 as 6.12; else as these"},
}
