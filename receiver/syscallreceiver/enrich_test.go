package syscallreceiver

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/bpf"
	ask "github.com/sakerhq/saker/internal/container"
	"github.com/sakerhq/saker/internal/event"
)

// desk is a lookup that answers what a test says.
type desk struct {
	asked   []ask.Question // of containers
	answers []ask.Answer
	full    bool
}

func (d *desk) Ask(q ask.Question) bool {
	if q.ID != "" && !d.full {
		d.asked = append(d.asked, q)
	}
	return !d.full
}

func (d *desk) Next() (a ask.Answer, ok bool) {
	if len(d.answers) == 0 {
		return a, false
	}
	a, d.answers = d.answers[0], d.answers[1:]
	return a, true
}

// office is a loop with a desk, driven step by step.
type office struct {
	*loop
	desk *desk
	sent []string // records that went out, with what their resource says
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{desk: &desk{}}
	l, err := newLoop(createDefaultConfig().(*Config), newScript(), byNames(t, "ptrace"), o.desk,
		func(_ context.Context, logs plog.Logs, _ int) error {
			o.sent = append(o.sent, said(logs)...)
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
	l.losses.looked = time.Now().Add(time.Hour)
	l.ctx, o.loop = context.Background(), l
	return o
}

// said is process, container's name and mark of each record.
func said(logs plog.Logs) (list []string) {
	for _, resource := range logs.ResourceLogs().All() {
		attrs := resource.Resource().Attributes()
		for _, lr := range resource.ScopeLogs().At(0).LogRecords().All() {
			pid, _ := lr.Attributes().Get("process.pid")
			text := pid.AsString()
			for _, key := range []string{"container.name", "saker.enrichment"} {
				if v, ok := attrs.Get(key); ok {
					text += " " + v.AsString()
				}
			}
			list = append(list, text)
		}
	}
	return list
}

// process begins a process, in a container if cgroup is that of one.
func (o *office) process(pid uint32, cgroup string) { o.take(told(pid, cgroup)) }

func (o *office) act(t *testing.T, pid uint32) {
	raw := call(t, "ptrace", 16, 5, 0, 0)
	(*bpf.WireCall)(unsafe.Pointer(&raw[0])).Header.Pid = pid
	o.take(raw)
}

// out is what goes out when the batch is handed over.
func (o *office) out(t *testing.T, want ...string) {
	t.Helper()
	o.flush()
	if !slices.Equal(o.sent, want) {
		t.Errorf("sent %q, want %q", o.sent, want)
	}
	o.sent = nil
}

// Numbers that no process of this machine has.
const (
	inside  = 1 << 29
	beside  = 1 << 28
	outside = 1 << 27
)

var (
	webID, dbID         = strings.Repeat("a", 64), strings.Repeat("b", 64)
	webCgroup, dbCgroup = "/docker/" + webID, "/docker/" + dbID
)

// named are the answers of docker and of a container's files.
func named(id, claim, name string) []ask.Answer {
	return []ask.Answer{
		{ID: id, Claim: claim, At: claim, Runtime: "docker", Meta: &event.ContainerMeta{Name: name}},
		{ID: id, Claim: claim, PID: 1, Accounts: ask.NoAccounts()},
	}
}

func TestRecordsWaitForTheirContainer(t *testing.T) {
	o, begin := newOffice(t), time.Now()
	o.process(inside, webCgroup)
	o.process(beside, dbCgroup)
	o.process(outside, "/user.slice")
	o.act(t, inside)
	o.act(t, outside)
	o.act(t, beside)
	o.act(t, inside)
	o.enrich(begin)
	if len(o.desk.asked) != 2 {
		t.Fatalf("asked %+v", o.desk.asked)
	}
	o.out(t, fmt.Sprint(outside)) // what does not depend on an answer does not wait
	answers := named(dbID, "", "db")
	for i, want := range [][]string{nil, {fmt.Sprint(beside, " db")}} { // each answer is waited for
		o.desk.answers = append(o.desk.answers, answers[i])
		o.enrich(begin)
		o.out(t, want...)
	}
	o.act(t, inside)
	o.desk.answers = append(o.desk.answers, named(webID, "", "web")...)
	o.enrich(begin)
	web := fmt.Sprint(inside, " web")
	o.out(t, web, web, web)
	o.act(t, inside)
	o.out(t, web)
	if n := o.counts.now; n.timeouts != 0 || n.unenriched != 0 || o.writer.Held() != 0 {
		t.Errorf("%+v, %d held", n, o.writer.Held())
	}
}

// What only claims to be a container is the host's where nobody has it, and lacks nothing.
func TestClaimsWait(t *testing.T) {
	o, begin := newOffice(t), time.Now()
	o.process(inside, "/mine/"+webID)
	o.process(beside, "/mine/"+dbID)
	o.act(t, inside)
	o.act(t, beside)
	o.enrich(begin)
	o.out(t)
	if len(o.desk.asked) != 2 {
		t.Fatalf("asked %+v", o.desk.asked)
	}
	o.desk.answers = append(named(webID, "/mine/"+webID, "web"), ask.Answer{ID: dbID, Claim: "/mine/" + dbID})
	o.enrich(begin)
	o.act(t, beside)
	o.out(t, fmt.Sprint(inside, " web"), fmt.Sprint(beside), fmt.Sprint(beside))
	if n := o.counts.now; n.unenriched != 0 || o.writer.Held() != 0 {
		t.Errorf("%+v, %d held", n, o.writer.Held())
	}
}

// A runtime that does not answer, denies, or answers late; and a queue that is
// full: each has an end.
func TestNobodyTells(t *testing.T) {
	incomplete := fmt.Sprint(inside, " incomplete")
	t.Run("in time", func(t *testing.T) {
		o, begin := newOffice(t), time.Now()
		o.process(inside, webCgroup)
		o.act(t, inside)
		o.enrich(begin)
		o.out(t)
		o.enrich(begin.Add(o.patience + time.Minute))
		o.act(t, inside) // does not wait again
		o.out(t, incomplete, incomplete)
		if n := o.counts.now; n.timeouts != 1 || n.unenriched != 2 {
			t.Errorf("%+v", n)
		}
		o.desk.answers = named(webID, "", "web")
		o.enrich(begin)
		o.act(t, inside)
		o.out(t, fmt.Sprint(inside, " web"))
	})
	t.Run("at all", func(t *testing.T) {
		o, begin := newOffice(t), time.Now()
		o.process(inside, webCgroup)
		o.act(t, inside)
		o.enrich(begin)
		o.desk.answers = []ask.Answer{o.desk.asked[0].Unanswered(), {ID: webID, PID: inside}}
		o.enrich(begin)
		o.out(t, incomplete)
		if n := o.counts.now; n.timeouts != 0 || n.unenriched != 1 {
			t.Errorf("%+v", n)
		}
	})
	t.Run("for too many ask", func(t *testing.T) {
		o := newOffice(t)
		o.desk.full = true
		o.process(inside, webCgroup)
		o.act(t, inside)
		o.enrich(time.Now())
		o.enrich(time.Now().Add(o.patience)) // it was asked again meanwhile, in vain
		o.out(t, incomplete)
	})
	t.Run("before the end", func(t *testing.T) {
		o := newOffice(t)
		o.process(inside, webCgroup)
		o.act(t, inside)
		o.giveUpAll()
		o.out(t, incomplete)
	})
}

// What waits is bounded: the records of the container that waits the longest go.
func TestTooManyWait(t *testing.T) {
	o := newOffice(t)
	o.process(inside, webCgroup)
	o.process(beside, dbCgroup)
	o.act(t, beside)
	for range heldMax {
		o.act(t, inside)
	}
	if o.writer.Held() != heldMax || o.counts.now.timeouts != 1 {
		t.Errorf("%d held, %d timeouts", o.writer.Held(), o.counts.now.timeouts)
	}
	o.out(t, fmt.Sprint(beside, " incomplete"))
}

// Two hundred containers begin at once, and a runtime tells of each: every
// record goes out with its own container's name, and nothing
// waits any more.
func TestManyContainers(t *testing.T) {
	const many, acts = 200, 3
	socket := serveNames(t)
	o := newOffice(t)
	who := ask.New(ask.Options{Sockets: ask.Sockets{Docker: []string{socket}}, Timeout: time.Minute})
	defer func() { _ = who.Close(context.Background()) }()
	o.lookup, o.patience = who, time.Minute
	for i := range uint32(many) {
		o.process(inside+i, fmt.Sprintf("/docker/%064x", i))
		for range acts {
			o.act(t, inside+i)
		}
	}
	// The processes are no real ones, so no program of theirs ever runs: what
	// the runtime tells is there when they are given up.
	for end := time.Now().Add(time.Minute); who.Count(ask.Found) < many && time.Now().Before(end); time.Sleep(time.Millisecond) {
		o.enrich(time.Now())
	}
	o.enrich(time.Now())
	if held := o.writer.Held(); held != many*acts {
		t.Fatalf("%d records wait", held)
	}
	o.giveUpAll()
	o.flush()
	var want []string
	for i := range many {
		for range acts {
			want = append(want, fmt.Sprintf("%d c%d", inside+i, i))
		}
	}
	slices.Sort(want)
	slices.Sort(o.sent)
	if !slices.Equal(o.sent, want) {
		t.Errorf("sent %d records, the first %q, want %d, %q", len(o.sent), o.sent[0], len(want), want[0])
	}
	if n := o.state.Containers(); n != many || o.writer.Held() != 0 {
		t.Errorf("%d containers known, %d records held", n, o.writer.Held())
	}
}

// serveNames is docker's API where container 7 is named c7.
func serveNames(t *testing.T) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "saker") // short, as the path of a socket must be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := strings.Split(r.URL.Path, "/")[2]
		n, err := strconv.ParseUint(strings.TrimLeft(id, "0"), 16, 32)
		if err != nil {
			n = 0
		}
		fmt.Fprintf(w, `{"Name":"/c%d","Image":"sha256:aa"}`, n)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return socket
}
