package state

import (
	"bytes"
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// pathMax is the longest path that is kept whole.
const pathMax = 4096

// paths keeps one string for each path that the kernel tells of. The kernel's
// form, components from the last to the first, is the key: a known path costs
// one look-up and no memory. When full, paths that were not met for a while go.
type paths struct {
	known   map[string]*path
	queue   []*path // in order of arrival, from first on
	first   int
	bytes   int
	limit   int
	evicted uint64
	number  uint64 // of the last path
	// By inode the path that a file had last: found without a look into known.
	near [1 << nearBits]*path
}

const nearBits = 10

type path struct {
	raw, text string
	number    uint64
	near      uint16 // place, if it is there
	used      bool   // since it was queued
}

// pathCost is what an entry takes beside its strings, about.
const pathCost = 100

func newPaths(limit int) paths { return paths{known: map[string]*path{}, limit: limit} }

// of gives the path of the kernel's form.
func (t *paths) of(raw []byte, cut bool) string {
	if cut {
		return event.CutRoot + reverse(raw)
	}
	if len(raw) == 0 {
		return "/"
	}
	return t.find(raw).text
}

// ofFile is of, for the path of a file with an inode, and the number that this path has
// for good; 0: none.
func (t *paths) ofFile(ino uint64, raw []byte, cut bool) (text string, number uint64) {
	if cut || len(raw) == 0 {
		return t.of(raw, cut), 0
	}
	const spread = 0x9e3779b97f4a7c15
	at := uint16(ino * spread >> (64 - nearBits))
	p := t.near[at]
	if p == nil || p.raw != string(raw) {
		p = t.find(raw)
		t.leaveNear(p)
		p.near, t.near[at] = at, p
	}
	p.used = true
	return p.text, p.number
}

// leaveNear takes p from its place, if it has one.
func (t *paths) leaveNear(p *path) {
	if t.near[p.near] == p {
		t.near[p.near] = nil
	}
}

// find gives the path of a name that is whole.
func (t *paths) find(raw []byte) *path {
	if p, ok := t.known[string(raw)]; ok {
		p.used = true
		return p
	}
	t.number++
	p := &path{raw: string(raw), text: reverse(raw), number: t.number}
	t.bytes += p.cost()
	for t.bytes > t.limit && len(t.known) > 0 {
		t.evict()
	}
	t.known[p.raw] = p
	t.queue = append(t.queue, p)
	return p
}

func (p *path) cost() int { return len(p.raw) + len(p.text) + pathCost }

// evict drops the path that came first and was not used since; those that were
// queue again.
func (t *paths) evict() {
	for {
		p := t.next()
		if p.used {
			p.used = false
			t.queue = append(t.queue, p)
			continue
		}
		delete(t.known, p.raw)
		t.leaveNear(p)
		t.bytes -= p.cost()
		t.evicted++
		return
	}
}

// next takes the path that came first out of the queue.
func (t *paths) next() *path {
	p := t.queue[t.first]
	t.queue[t.first] = nil
	t.first++
	if 2*t.first > len(t.queue) {
		n := copy(t.queue, t.queue[t.first:])
		clear(t.queue[n:])
		t.queue, t.first = t.queue[:n], 0
	}
	return p
}

// reverse turns "shadow\0etc\0" into /etc/shadow. Components that are no names
// (of the roots of pseudo file systems) are left out.
func reverse(raw []byte) string {
	text := make([]byte, 0, len(raw)+1)
	raw = bytes.TrimSuffix(raw, []byte{0})
	for len(raw) > 0 {
		i := bytes.LastIndexByte(raw, 0)
		if name := raw[i+1:]; len(name) > 0 && string(name) != "/" {
			text = append(append(text, '/'), name...)
		}
		raw = raw[:max(i, 0)]
	}
	if len(text) == 0 {
		return "/"
	}
	return string(text)
}

// only is the sole component of a path, nil if it has none or several.
func only(raw []byte) []byte {
	if i := bytes.IndexByte(raw, 0); i <= 0 || i != len(raw)-1 {
		return nil
	}
	return raw[:len(raw)-1]
}

// join appends to dst the absolute path that name means from dir, or in the
// root dir if name is absolute: . and .. are folded without looking at what
// they go through, as a symlink would be.
func join(dst []byte, dir, name string) []byte {
	if rest, cut := strings.CutPrefix(dir, event.CutRoot); cut {
		dst, dir = append(dst, event.CutRoot...), rest
	}
	start := len(dst)
	dst = appendClean(dst, start, dir)
	top := start
	if strings.HasPrefix(name, "/") {
		top = len(dst)
	}
	dst = appendClean(dst, top, name)
	if len(dst) == start {
		dst = append(dst, '/')
	}
	return dst
}

// appendClean appends the components of name to the path from start on.
func appendClean(dst []byte, start int, name string) []byte {
	for len(name) > 0 {
		component, rest, _ := strings.Cut(name, "/")
		name = rest
		switch component {
		case "", ".":
		case "..":
			dst = dst[:start+max(bytes.LastIndexByte(dst[start:], '/'), 0)]
		default:
			dst = append(append(dst, '/'), component...)
		}
	}
	return dst
}

// isClean reports whether joining an absolute path to the root leaves it as it is.
func isClean(name string) bool {
	if !strings.HasPrefix(name, "/") || strings.Contains(name, "//") || name != "/" && strings.HasSuffix(name, "/") {
		return false
	}
	for {
		_, rest, dotted := strings.Cut(name, "/.")
		if !dotted {
			return true
		}
		if rest == "" || rest[0] == '/' || rest == "." || strings.HasPrefix(rest, "./") {
			return false
		}
		name = rest
	}
}

// isDirect reports whether no symbolic link can lie between a directory and
// what name means from there: name is the directory, or a name in it that is
// meant itself. Nothing is said of "..", which another root may stop.
func isDirect(name string, itself bool) bool {
	switch name = strings.TrimPrefix(name, "/"); name {
	case "", ".":
		return true
	case "..":
		return false
	}
	return itself && !strings.Contains(name, "/")
}
