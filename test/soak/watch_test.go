package soak

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// objects are the ids of what a process holds of one kind of BPF object.
type objects map[uint32]bool

// sample is how the collector is at one time.
type sample struct {
	at                    time.Time
	rss                   int64 // bytes
	cpu                   time.Duration
	descriptors           int
	programs, maps, links objects
	metrics               metrics
	running               int // processes on the machine
}

// watch looks at a collector from outside.
type watch struct {
	pid     int
	metrics string // URL
}

func (w watch) sample() (s sample, err error) {
	s.at = time.Now()
	proc := fmt.Sprintf("/proc/%d", w.pid)
	if err = errors.Join(s.memory(proc), s.processor(proc), s.held(proc)); err != nil {
		return s, err
	}
	numbers, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return s, err
	}
	s.running = len(numbers)
	s.metrics, err = readMetrics(w.metrics)
	return s, err
}

func (s *sample) memory(proc string) error {
	text, err := os.ReadFile(proc + "/statm")
	if err != nil {
		return err
	}
	var size int64
	_, err = fmt.Sscan(string(text), &size, &s.rss)
	s.rss *= int64(os.Getpagesize())
	return err
}

// userHertz is the unit of times in /proc (USER_HZ), on all architectures.
const userHertz = 100

func (s *sample) processor(proc string) error {
	text, err := os.ReadFile(proc + "/stat")
	if err != nil {
		return err
	}
	words := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	for _, word := range words[11:13] { // utime, stime
		n, err := strconv.Atoi(word)
		if err != nil {
			return err
		}
		s.cpu += time.Duration(n) * time.Second / userHertz
	}
	return nil
}

// held counts descriptors, and those of BPF objects by their ids.
func (s *sample) held(proc string) error {
	s.programs, s.maps, s.links = objects{}, objects{}, objects{}
	kinds := map[string]objects{"prog_id:": s.programs, "map_id:": s.maps, "link_id:": s.links}
	all, err := os.ReadDir(proc + "/fdinfo")
	if err != nil {
		return err
	}
	s.descriptors = len(all)
	for _, fd := range all {
		text, err := os.ReadFile(filepath.Join(proc, "fdinfo", fd.Name()))
		if err != nil {
			continue // closed meanwhile
		}
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			if len(words) != 2 || kinds[words[0]] == nil {
				continue
			}
			id, err := strconv.ParseUint(words[1], 10, 32)
			if err != nil {
				return err
			}
			kinds[words[0]][uint32(id)] = true
		}
	}
	return nil
}

// left is how many of the BPF objects are still in the kernel.
func (s *sample) left() (n int) {
	for id := range s.programs {
		n += exists(ebpf.NewProgramFromID(ebpf.ProgramID(id)))
	}
	for id := range s.maps {
		n += exists(ebpf.NewMapFromID(ebpf.MapID(id)))
	}
	for id := range s.links {
		n += exists(link.NewFromID(link.ID(id)))
	}
	return n
}

func exists(object io.Closer, err error) int {
	if err != nil {
		return 0
	}
	_ = object.Close()
	return 1
}

// metrics are the collector's own, by name and labels.
type metrics map[string]int64

func readMetrics(url string) (metrics, error) {
	response, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	m := metrics{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		i := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || i < 0 {
			continue
		}
		n, err := strconv.ParseFloat(line[i+1:], 64)
		if err != nil {
			return nil, err
		}
		m[line[:i]] += int64(n)
	}
	return m, lines.Err()
}

// of is a metric of the receiver without labels.
func (m metrics) of(name string) int64 { return m["otelcol_receiver_syscall_"+name] }

// exported is how many records the exporter says that it sent.
func (m metrics) exported() (n int64) {
	for name, value := range m {
		if strings.HasPrefix(name, "otelcol_exporter_sent_log_records") && strings.Contains(name, "otlp_grpc") {
			n += value
		}
	}
	return n
}

// lost are the accounts of what was lost.
func (m metrics) lost() map[account]int64 {
	accounts := map[account]int64{}
	for name, n := range m {
		labels, ok := strings.CutPrefix(name, "otelcol_receiver_syscall_lost_records{")
		if !ok {
			continue
		}
		accounts[account{label(labels, "class"), label(labels, "cause")}] += n
	}
	return accounts
}

func label(labels, name string) string {
	_, rest, _ := strings.Cut(labels, name+`="`)
	value, _, _ := strings.Cut(rest, `"`)
	return value
}

// unaccounted is what the kernel emitted, and neither came nor is told as
// lost: it is on its way.
func (m metrics) unaccounted() int64 {
	n := m.of("emitted_records") - m.of("received_records")
	for a, lost := range m.lost() {
		if a.class != "log" {
			n -= lost
		}
	}
	return n
}
