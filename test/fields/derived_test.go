package fields

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// derived are the fields that rules compute from others. What they say is
// there to be seen, too.
var derived = []row{
	{"evt.type.is.openat", "open", always("1")},
	{"evt.type.is.open", "open", always("0")},
	{"syscall.type", "open", always("openat")},
	{"evt.category", "read", always("file")},
	{"evt.category", "sendto", always("net")},
	{"evt.category", "log", always("IPC")},
	{"evt.dir", "open", always("<")},
	{"evt.source", "open", always("syscall")},
	{"evt.is_async", "open", always("false")},
	{"evt.failed", "failure", always("true")},
	{"evt.failed", "open", always("false")},
	{"evt.info", "mkdir", func(t *testing.T, f *facts, got string) {
		if !strings.Contains(got, " path=sub("+f.dir+"/sub) mode=") {
			t.Errorf("says %s", got)
		}
	}},

	{"evt.count", "failure", always("1")},
	{"evt.count.exit", "failure", always("1")},
	{"evt.count.error", "failure", always("1")},
	{"evt.count.error", "open", always("0")},
	{"evt.count.error.file", "failure", always("1")},
	{"evt.count.error.file", "refusal", always("none")},
	{"evt.count.error.net", "refusal", always("1")},
	{"evt.count.error.net", "connect", always("0")},
	{"evt.count.error.memory", "munmap", always("1")},
	{"evt.count.error.other", "kill", always("1")},
	{"evt.latency", "poll", always("0")},
	{"evt.latency.s", "poll", always("0")},
	{"evt.latency.ns", "poll", always("0")},
	{"evt.latency.quantized", "poll", always("0")},
	{"evt.latency.human", "poll", always("0ns")},
	{"evt.wait_latency", "poll", always("0")},

	{"evt.rawtime.s", "open", number(func(f *facts) (uint64, uint64) { return f.from / 1e9, f.to / 1e9 })},
	{"evt.rawtime.ns", "open", number(func(*facts) (uint64, uint64) { return 0, 1e9 - 1 })},
	{"evt.time", "open", clock("15:04:05.000000000", time.Local)},
	{"evt.time.s", "open", clock("15:04:05", time.Local)},
	{"evt.time.iso8601", "open", clock("2006-01-02T15:04:05.000000000-0700", time.UTC)},
	{"evt.datetime", "open", clock("2006-01-02 15:04:05.000000000", time.Local)},
	{"evt.datetime.s", "open", clock("2006-01-02 15:04:05", time.Local)},
	{"evt.outputtime", "open", clock("15:04:05.000000000", time.Local)},

	{"evt.is_open_read", "open", always("true")},
	{"evt.is_open_read", "making", always("false")},
	{"evt.is_open_write", "creation", always("true")},
	{"evt.is_open_write", "open", always("false")},
	{"evt.is_open_exec", "making", always("true")},
	{"evt.is_open_exec", "creation", always("false")},
	{"evt.is_io", "read", always("true")},
	{"evt.is_io", "open", always("false")},
	{"evt.is_io_read", "read", always("true")},
	{"evt.is_io_read", "write", always("false")},
	{"evt.is_io_write", "write", always("true")},
	{"evt.is_io_write", "read", always("false")},
	{"evt.is_wait", "poll", always("true")},
	{"evt.io_dir", "recvfrom", always("read")},
	{"evt.io_dir", "sendto", always("write")},
	{"evt.buflen", "write", always("5")},
	{"evt.buflen.in", "read", always("6")},
	{"evt.buflen.in", "write", always("none")},
	{"evt.buflen.out", "write", always("5")},
	{"evt.buflen.file", "read", always("6")},
	{"evt.buflen.file.in", "read", always("6")},
	{"evt.buflen.file.out", "write", always("5")},
	{"evt.buflen.file.out", "sendto", always("none")},
	{"evt.buflen.net", "sendto", always("7")},
	{"evt.buflen.net", "read", always("none")},
	{"evt.buflen.net.in", "recvfrom", always("8")},
	{"evt.buflen.net.out", "sendto", always("7")},
	{"fdlist.nums", "poll", is(func(f *facts) string { return itoa(f.said.Datagrams) })},
	{"evt.is_syslog", "log", always("true")},
	{"evt.is_syslog", "write", always("false")},

	{"fd.typechar", "open", always("f")},
	{"fd.typechar", "connect", always("4")},
	{"fd.name", "open", is(path("target"))},
	{"fd.name", "connect", is(func(f *facts) string { return client(f) + "->" + server(f) })},
	{"saker.fd.tuple", "connect", is(func(f *facts) string { return client(f) + "->" + server(f) })},
	{"fd.directory", "open", is(func(f *facts) string { return f.dir })},
	{"fd.filename", "open", always("target")},
	{"fd.dev.major", "open", is(func(f *facts) string { return itoa(unix.Major(f.inode(f.dir + "/target").Dev)) })},
	{"fd.dev.minor", "open", is(func(f *facts) string { return itoa(unix.Minor(f.inode(f.dir + "/target").Dev)) })},
	{"fd.uid", "creation", is(func(f *facts) string { return itoa(f.said.TID) + itoa(f.said.Opened) })},
	{"fd.containername", "open", inContainer(path("target"))},
	{"fd.containerdirectory", "open", inContainer(func(f *facts) string { return f.dir })},

	{"fd.cip", "connect", always("127.0.0.1")},
	{"fd.sip", "connect", always("127.0.0.1")},
	{"fd.lip", "connect", always("127.0.0.1")},
	{"fd.rip", "connect", always("127.0.0.1")},
	{"fd.ip", "connect", always("127.0.0.1\x00127.0.0.1")},
	{"fd.net", "connect", always("127.0.0.1\x00127.0.0.1")},
	{"fd.cnet", "connect", always("127.0.0.1")},
	{"fd.snet", "connect", always("127.0.0.1")},
	{"fd.lnet", "connect", always("127.0.0.1")},
	{"fd.rnet", "connect", always("127.0.0.1")},
	{"fd.port", "connect", is(bothPorts)},
	{"fd.proto", "connect", is(bothPorts)},
	{"fd.cproto", "connect", is(port(client))},
	{"fd.sproto", "connect", is(port(server))},
	{"fd.lproto", "connect", is(port(client))},
	{"fd.rproto", "connect", is(port(server))},
	{"fd.l4proto", "connect", always("tcp")},
	{"fd.l4proto", "recvfrom", always("udp")},
	{"fd.l4proto", "open", always("<NA>")},
	{"fd.sockfamily", "connect", always("ip")},
	{"fd.sockfamily", "unix", always("unix")},

	{"fs.path.name", "mkdir", is(path("sub"))},
	{"evt.abspath", "mkdir", is(path("sub"))},
	{"evt.abspath.src", "rename", is(path("old"))},
	{"evt.abspath.dst", "rename", is(path("newer"))},

	{"proc.args", "open", is(func(f *facts) string { return strings.Join(f.strings(f.pid, "cmdline")[1:], " ") })},
	{"proc.args[1]", "open", always("two words")},
	{"proc.exeline", "open", is(func(f *facts) string { return strings.Join(f.strings(f.pid, "cmdline"), " ") })},
	{"proc.cmdnargs", "open", is(func(f *facts) string { return strconv.Itoa(len(f.strings(f.pid, "cmdline")) - 1) })},
	{"proc.cmdlenargs", "open", is(func(f *facts) string {
		return strconv.Itoa(len(strings.Join(f.strings(f.pid, "cmdline")[1:], "")))
	})},
	{"proc.cwd", "open", is(func(f *facts) string { return f.link(f.pid, "cwd") + "/" })},
	{"proc.unit", "open", is(unit)},
	{"proc.nchilds", "execve", always("0")},

	{"thread.ismain", "execve", always("true")},
	{"thread.ismain", "open", always("false")},
	{"thread.vtid", "execve", is(last("NSpid"))},
	{"thread.vtid", "open", is(func(f *facts) string { return lastOfThread(f, "NSpid") })},
	{"thread.nametid", "open", is(func(f *facts) string { return threadName + itoa(f.said.TID) })},
	{"thread.cgroup.cpu", "open", is((*facts).cgroup)},
	{"thread.cgroups", "open", is(func(f *facts) string {
		return strings.ReplaceAll("cpuset=@ cpu=@ io=@ memory=@ pids=@", "@", f.cgroup())
	})},
	{"thread.vmsize", "execve", number(sized("VmPeak"))},
	{"thread.vmsize", "open", always("0")},
	{"thread.vmsize.b", "execve", number(inBytes(sized("VmPeak")))},
	{"thread.vmrss", "execve", number(upTo("VmHWM"))},
	{"thread.vmrss.b", "execve", number(inBytes(upTo("VmHWM")))},
	{"user.name", "open", is(func(f *facts) string { return f.account("/etc/passwd", f.uid(), 0, "<NA>") })},
}

// clock holds a text against the time of the act, to the text's own precision.
func clock(layout string, zone *time.Location) func(*testing.T, *facts, string) {
	return func(t *testing.T, f *facts, got string) {
		for at := f.from / 1e9; at <= f.to/1e9; at++ {
			when := time.Unix(int64(at), 0).In(zone).Format(layout)
			if second := strings.Split(when, ".")[0]; len(got) == len(when) && strings.HasPrefix(got, second) {
				return
			}
		}
		t.Errorf("says %s", got)
	}
}

// inContainer holds what follows a container's id, or the word for the host.
func inContainer(want func(*facts) string) func(*testing.T, *facts, string) {
	return func(t *testing.T, f *facts, got string) {
		id, name, _ := strings.Cut(got, ":")
		if name != want(f) || id != "host" && len(id) != 12 {
			t.Errorf("says %s", got)
		}
	}
}

func bothPorts(f *facts) string { return port(client)(f) + "\x00" + port(server)(f) }

// unit is the last part of the actor's cgroup that is named as systemd names units.
func unit(f *facts) string {
	found := "none"
	for part := range strings.SplitSeq(f.cgroup(), "/") {
		for _, kind := range []string{".service", ".scope", ".socket"} {
			if strings.HasSuffix(part, kind) {
				found = part
			}
		}
	}
	return found
}

// lastOfThread is the last word of a line of the acting thread's status.
func lastOfThread(f *facts, key string) string {
	words := f.status(f.said.TID, key)
	return words[len(words)-1]
}

func inBytes(of func(*facts) (uint64, uint64)) func(*facts) (uint64, uint64) {
	return func(f *facts) (uint64, uint64) {
		low, high := of(f)
		return low << 10, high << 10
	}
}
