package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sakerhq/saker/bpf"
)

// The tests' own program is the child that doctor has act.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "doctor" {
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// What the checks make of a host's files.
func TestChecks(t *testing.T) {
	const all = "CapEff:\t000001ffffffffff\n"
	for _, c := range []struct {
		check  string
		files  map[string]string
		status status
		finds  string // part of the finding
		advice string // part of the advice, empty: none
	}{
		{"type information", nil, missing, "no /sys/kernel/btf/vmlinux", "CONFIG_DEBUG_INFO_BTF"},
		{"type information", map[string]string{"sys/kernel/btf/vmlinux": ""}, fine, "/sys/kernel/btf/vmlinux", ""},
		{"capabilities", map[string]string{"proc/self/status": "Name:\tx\n" + all}, fine, "all", ""},
		{"capabilities", map[string]string{"proc/self/status": "CapEff:\t0000000000000000\n"}, missing, "CAP_BPF (load programs), CAP_PERFMON", "setcap cap_bpf,cap_perfmon"},
		{"capabilities", map[string]string{"proc/self/status": "CapEff:\t000000c000001000\n"}, limited, "without CAP_DAC_READ_SEARCH", "AmbientCapabilities=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_SYS_NICE"},
		{"capabilities", map[string]string{"proc/self/status": "CapEff:\t0000000000a80004\n"}, fine, "all", ""},
		{"capabilities", map[string]string{"proc/self/status": "CapEff:\t0000008000000000\n"}, missing, "CAP_PERFMON", "CAP_PERFMON"},
		{"capabilities", map[string]string{"proc/self/status": "CapEff:\t000000c000080004\n"}, limited, "without CAP_NET_ADMIN", "cap_net_admin"},
		{"capabilities", map[string]string{"proc/self/status": "Name: x\n"}, limited, "no CapEff", ""},
		{"capabilities", nil, limited, "not known", ""},
		{"lockdown", nil, fine, "not there", ""},
		{"lockdown", map[string]string{"sys/kernel/security/lockdown": "none [integrity] confidentiality\n"}, fine, "integrity", ""},
		{"lockdown", map[string]string{"sys/kernel/security/lockdown": "none integrity [confidentiality]\n"}, missing, "no program may read", "lockdown=integrity"},
		{"BPF compiler", map[string]string{"proc/sys/net/core/bpf_jit_enable": "0\n"}, limited, "net.core.bpf_jit_enable=0: programs are interpreted", "sysctl net.core.bpf_jit_enable=1"},
		{"BPF compiler", map[string]string{"proc/sys/net/core/bpf_jit_enable": "1\n"}, fine, "net.core.bpf_jit_enable=1", ""},
		{"BPF compiler", nil, fine, "not for us to see", ""},
		{"BPF of users", map[string]string{"proc/sys/kernel/unprivileged_bpf_disabled": "0\n"}, limited, "every user", "unprivileged_bpf_disabled=1"},
		{"BPF statistics", map[string]string{"proc/sys/kernel/bpf_stats_enabled": "1\n"}, limited, "times every program", "bpf_stats_enabled=0"},
		{"programs", nil, missing, "not loaded", ""},
		{"kernel reads", nil, missing, "not known", ""},
		{"rings", nil, missing, "not mapped", ""},
		{"capture", nil, missing, "not tried", ""},
		{"process namespace", map[string]string{"proc/self/ns/pid": "->" + hostPIDs}, fine, "the host's", ""},
		{"process namespace", map[string]string{"proc/self/ns/pid": "->pid:[4026532000]"}, limited, "not the host's", "hostPID: true"},
		{"process namespace", nil, limited, "not known", ""},
		{"cgroups", map[string]string{"sys/fs/cgroup/cgroup.controllers": ""}, fine, "version 2", ""},
		{"cgroups", map[string]string{"sys/fs/cgroup/unified/x": ""}, fine, "hybrid", ""},
		{"cgroups", map[string]string{"sys/fs/cgroup/memory/x": ""}, fine, "version 1", ""},
		{"cgroups", nil, limited, "none found", "/sys/fs/cgroup"},
		{"container runtimes", nil, fine, "none found", ""},
		{
			"container runtimes",
			map[string]string{"run/docker.sock": ""},
			limited, "docker at /run/docker.sock does not answer: ", "start it",
		},
	} {
		p := &patient{root: fixture(t, c.files)}
		got := checkNamed(t, c.check)(p)
		if got.Status != c.status || !strings.Contains(got.Finding, c.finds) || !strings.Contains(got.Advice, c.advice) || (c.advice == "") != (got.Advice == "") {
			t.Errorf("%s with %v: %+v", c.check, c.files, got)
		}
	}
}

func TestRuntimeAnswers(t *testing.T) {
	root, err := os.MkdirTemp("", "saker") // short, as the path of a socket must be
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(root)
	if err := os.Mkdir(filepath.Join(root, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", filepath.Join(root, "run/docker.sock"))
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"Version":"28.1"}`))
	})}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	if got := runtimes(&patient{root: root}); got.Status != fine || got.Finding != "docker 28.1 at /run/docker.sock" {
		t.Errorf("%+v", got)
	}
}

func checkNamed(t *testing.T, name string) func(*patient) verdict {
	t.Helper()
	for _, c := range checks {
		if c.name == name {
			return c.run
		}
	}
	t.Fatalf("there is no check %q", name)
	return nil
}

// fixture is a root directory with files, and links where a content begins with ->.
func fixture(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		name = filepath.Join(root, name)
		err := os.MkdirAll(filepath.Dir(name), 0o700)
		if target, ok := strings.CutPrefix(content, "->"); ok {
			err = errors.Join(err, os.Symlink(target, name))
		} else {
			err = errors.Join(err, os.WriteFile(name, []byte(content), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// Where calls can be lost, that has a cure.
func TestHooksAre(t *testing.T) {
	for _, c := range []struct {
		why       string
		preempted error
		status    status
		finds     string
		advice    string
	}{
		{"", nil, fine, "on each call", ""},
		{"it was asked for", nil, fine, "as it was asked for", ""},
		{"no others", syscall.EACCES, limited, "(permission denied): a busy CPU costs some calls", "kernel.perf_event_paranoid=2"},
	} {
		got := hooksAre(c.why, c.preempted)
		if got.Status != c.status || !strings.Contains(got.Finding, c.finds) || !strings.Contains(got.Advice, c.advice) || (c.advice == "") != (got.Advice == "") {
			t.Errorf("%q, %v: %+v", c.why, c.preempted, got)
		}
	}
}

// Why programs don't load has a cure, whatever it is.
func TestProgramsAdvice(t *testing.T) {
	for _, c := range []struct {
		err            error
		finding, cured string
	}{
		{bpf.ErrNoBTF, "CONFIG_DEBUG_INFO_BTF", "type information"},
		{&bpf.PrivilegeError{Missing: []string{"CAP_BPF"}, Err: syscall.EPERM}, "setcap cap_bpf", "capabilities"},
		{&bpf.PrivilegeError{Err: syscall.EPERM}, "seccomp", "seccomp"},
		{errors.New("load program: invalid argument"), "invalid argument", "report"},
	} {
		p := &patient{loadErr: c.err}
		got := programs(p)
		if got.Status != missing || !strings.Contains(got.Finding, c.finding) || !strings.Contains(got.Advice, c.cured) {
			t.Errorf("%v: %+v", c.err, got)
		}
	}
}

// needSensor gives the patient that doctor examines, or skips where the
// machine can't load the sensor.
func needSensor(t *testing.T) *patient {
	t.Helper()
	p := examine()
	t.Cleanup(p.close)
	var privilege *bpf.PrivilegeError
	if errors.As(p.loadErr, &privilege) || errors.Is(p.loadErr, bpf.ErrNoBTF) {
		t.Skip("this machine can't load the sensor: ", p.loadErr)
	}
	if p.loadErr != nil {
		t.Fatal(p.loadErr)
	}
	return p
}

func TestDoctor(t *testing.T) {
	needSensor(t)
	var out, errs bytes.Buffer
	if code := run([]string{"doctor"}, &out, &errs); code != exitOK {
		t.Errorf("exit code %d:\n%s%s", code, &out, &errs)
	}
	lines := strings.Split(out.String(), "\n")
	for _, c := range checks {
		if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, "  "+c.name+"  ") }) {
			t.Errorf("no line for %q:\n%s", c.name, &out)
		}
	}
	if !strings.Contains(out.String(), "Capture works here.") {
		t.Errorf("no conclusion:\n%s", &out)
	}
}

func TestDoctorJSON(t *testing.T) {
	needSensor(t)
	var out, errs bytes.Buffer
	if code := run([]string{"doctor", "--json"}, &out, &errs); code != exitOK || errs.Len() > 0 {
		t.Errorf("exit code %d: %s", code, &errs)
	}
	var got struct {
		Works  bool
		Checks []struct{ Check, Status, Finding, Advice string }
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Works || len(got.Checks) != len(checks) {
		t.Errorf("works %t, %d checks", got.Works, len(got.Checks))
	}
	for i, c := range got.Checks {
		if c.Check != checks[i].name || c.Status == "" || c.Finding == "" {
			t.Errorf("check %d is %+v", i, c)
		}
	}
}

// A child that does something else is no proof.
func TestProofNeedsTheAct(t *testing.T) {
	p := needSensor(t)
	p.acting, p.patience = []string{"true"}, time.Second // by which an act is seen nearly always
	if v := prove(p); v.Status != missing || !strings.Contains(v.Finding, "not seen") {
		t.Errorf("%+v", v)
	}
}

func TestDoctorWithoutPrivileges(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root to become a user without privileges")
	}
	cmd := exec.Command(public(t), "doctor")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != exitFindings {
		t.Errorf("exit code %d, %v", code, err)
	}
	for _, want := range []string{
		"CAP_BPF (load programs), CAP_PERFMON", "setcap", "missing  programs",
		"missing  capture", "Capture does not work here",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// public is the tests' own program where every user can run it.
func public(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "saker-doctor-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	name := filepath.Join(dir, "saker")
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close(), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDoctorUsage(t *testing.T) {
	for args, want := range map[string]string{
		"doctor x":               `takes no "x"`,
		"doctor --jsn":           "flag provided but not defined",
		"doctor --act /no/where": "no such file",
	} {
		var out, errs bytes.Buffer
		if code := run(strings.Fields(args), &out, &errs); code != exitUsage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s: exit code %d: %s", args, code, &errs)
		}
	}
}
