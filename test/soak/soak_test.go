package soak

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sakerhq/saker/test/acts"
	"github.com/sakerhq/saker/test/collector"
)

// overlay is what is laid over the quick start's configuration: where alerts
// go, where the metrics are, whose rules it runs, and whether the kernel leaves
// out what no rule can be true for, which is most of the loads. The collector is stopped
// now and then: a request that was answered meanwhile must not be sent again.
const overlay = `
extensions: { ruleset: { sources: [ %s ] } }
receivers: { syscall: { pushdown: %t } }
exporters:
  otlp_grpc: { endpoint: %q, tls: { insecure: true }, sending_queue: { enabled: false }, timeout: 5m }
service:
  pipelines: { logs: { exporters: [otlp_grpc, forward/console] } }
  telemetry:
    metrics:
      level: normal
      readers:
        - pull: { exporter: { prometheus: { host: 127.0.0.1, port: %s, without_units: true, without_type_suffix: true } } }
`

// root is the repository's, relative to this package.
var root = filepath.Join("..", "..")

func TestSoak(t *testing.T) {
	needSensor(t)
	r := &run{t: t, sink: startSink(t)}
	r.canaries = canaries{dir: t.TempDir()}
	c := r.startCollector(r.chooseRules(), false)
	defer func() {
		if t.Failed() {
			t.Logf("the collector says:\n%s", c.Log())
		}
	}()
	r.soak(c)
	r.loaded = len(r.samples)
	last := r.settle()
	if err := c.Stop(); err != nil {
		t.Errorf("stop the collector: %v", err)
	}
	r.eventually("no BPF object is left", func() bool { return last.left() == 0 })
	r.judge(last)
	t.Log("\n" + r.table())
}

// run is one soak.
type run struct {
	t        *testing.T
	sink     *sink
	watch    watch
	canaries canaries
	samples  []sample
	loaded   int // of the samples: those under load
	stalls   int
	longest  time.Duration // of them
	official bool          // the rules are Falco's

	mu   sync.Mutex
	acts []act    // of the containers
	said []string // what the children did, when they ended
}

// needSensor skips where no programs can be loaded into the kernel.
func needSensor(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root to load programs into the kernel")
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		t.Skip("needs a kernel with type information (CONFIG_DEBUG_INFO_BTF): ", err)
	}
}

// startCollector builds and starts the distribution with rules from a source.
func (r *run) startCollector(rules string, pushdown bool) *collector.Collector {
	t := r.t
	t.Helper()
	build := exec.Command("make", "-s", "build/saker-collector")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the distribution: %v\n%s", err, out)
	}
	dir, port := t.TempDir(), freePort(t)
	config := filepath.Join(dir, "overlay.yaml")
	text := fmt.Sprintf(overlay, rules, pushdown, r.sink.endpoint, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(root, "build", "saker-collector"),
		"--config", filepath.Join(root, "configs", "quickstart.yaml"), "--config", config)
	cmd.Env = append(os.Environ(), "SAKER_OUT="+dir)
	c, err := collector.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Stop() }) // where the test ends before it does
	r.watch = watch{c.Pid(), "http://127.0.0.1:" + port + "/metrics"}
	return c
}

// chooseRules gives the source of Falco's official rules if they lie beside the
// repository, else of those that are shipped, and takes the acts that they see.
func (r *run) chooseRules() (source string) {
	source = "{ library: stable }"
	r.canaries.ruleOf = func(a acts.Act) string { return a.Shipped }
	official, err := filepath.Abs(filepath.Join(root, "..", "shared", "rules-official", "falco_rules.yaml"))
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := os.Stat(official); err == nil {
		source, r.official = "{ path: "+official+" }", true
		r.canaries.ruleOf = func(a acts.Act) string { return a.Falco }
	}
	for _, a := range acts.All() {
		if r.canaries.ruleOf(a) != "" {
			r.canaries.acts = append(r.canaries.acts, a)
		}
	}
	return source
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// disturbances is how often a run disturbs the collector.
const disturbances = 12

// soak lets the children load until the time is over. Each second it does an
// act that gives an alert and looks at the collector.
func (r *run) soak(c *collector.Collector) {
	stop := r.startLoads()
	began := time.Now()
	every := max(*duration/disturbances, 4*time.Second)
	disturbed := 0
	for next := began; next.Before(began.Add(*duration)); next = next.Add(time.Second) {
		time.Sleep(time.Until(next))
		if due := int(time.Since(began) / every); due > disturbed {
			disturbed = due
			r.disturb(c, due)
		}
		r.canaries.next(r.t)
		r.look()
	}
	stop()
	r.sink.takeAll()
}

func (r *run) look() sample {
	r.t.Helper()
	s, err := r.watch.sample()
	if err != nil {
		r.t.Fatal(err)
	}
	r.samples = append(r.samples, s)
	return s
}

// disturb makes records get lost, in turn those of calls and those of alerts:
// the collector is stopped during a flood, as by a machine that is too busy, or
// the sink refuses a batch.
func (r *run) disturb(c *collector.Collector, n int) {
	if n%2 == 0 {
		r.sink.refuseNext()
		return
	}
	r.stalls++
	process, err := os.FindProcess(c.Pid())
	if err != nil {
		r.t.Fatal(err)
	}
	began := time.Now()
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		r.t.Fatal(err)
	}
	out, err := child("flood", r.t.TempDir()).CombinedOutput()
	if err := process.Signal(syscall.SIGCONT); err != nil {
		r.t.Fatal(err)
	}
	r.longest = max(r.longest, time.Since(began))
	if err != nil {
		r.t.Fatalf("flood: %v: %s", err, out)
	}
}

// child is this very program in a role.
func child(role, dir string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), roleVariable+"="+role, dirVariable+"="+dir)
	return cmd
}

// startLoads starts the children. stop ends them and takes what they say.
func (r *run) startLoads() (stop func()) {
	var stops []func()
	for i, role := range loads {
		cmd := child(role, r.t.TempDir())
		var errs bytes.Buffer
		cmd.Stderr = &errs
		in, err := cmd.StdinPipe()
		if err != nil {
			r.t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			r.t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			r.t.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			r.listen(out)
		}()
		end := sync.OnceFunc(func() {
			_ = in.Close()
			<-done
			if err := cmd.Wait(); err != nil {
				r.t.Errorf("load %d: %v: %s", i, err, &errs)
			}
		})
		r.t.Cleanup(end)
		stops = append(stops, end)
	}
	return func() {
		for _, stop := range stops {
			stop()
		}
	}
}

// listen takes what a child says: its acts, and what it did in all.
func (r *run) listen(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		r.mu.Lock()
		if line := lines.Text(); !strings.HasPrefix(line, acted+" ") {
			r.said = append(r.said, line)
		} else if a, err := parseAct(line); err != nil {
			r.t.Error(err)
		} else {
			r.acts = append(r.acts, a)
		}
		r.mu.Unlock()
	}
}

// settle waits until nothing is on its way any more.
func (r *run) settle() (last sample) {
	r.t.Helper()
	r.eventually("emitted = received + lost", func() bool {
		last = r.look()
		return last.metrics.unaccounted() == 0
	})
	r.eventually("what was lost is told", func() bool { return r.sink.tells(r.look().metrics.lost()) })
	r.eventually("what was sent has come", func() bool {
		records, _ := r.sink.total()
		return records == r.look().metrics.exported()
	})
	r.eventually("the processes that ended are forgotten", func() bool {
		last = r.look()
		return last.metrics.of("processes") <= int64(last.running+stragglers)
	})
	if r.t.Failed() {
		r.t.Logf("%d processes are known, %d run; %d records received, %d events, %d rescans", last.metrics.of("processes"), last.running,
			last.metrics.of("received_records"), last.metrics.of("events"), last.metrics.of("rescans"))
	}
	return last
}

// stragglers is how many processes may have ended in the last two seconds on a
// machine that does other things as well.
const stragglers = 500

// patience is for machines that do other things as well: accounts are even only
// at moments when nothing is on its way.
const patience = 5 * time.Minute

func (r *run) eventually(what string, is func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Errorf("%v after the load it is not so that %s", patience, what)
			return
		}
	}
}
