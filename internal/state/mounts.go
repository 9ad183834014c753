package state

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// mounts says where the host has each file system mounted: what a file is
// called there, whatever mount it was reached through.
type mounts struct {
	file  string
	list  map[uint32][]mountPoint // by device; of one, in order of mounting
	asked uint64                  // record time of the last look at the file
	told  map[uint32]string       // roots, as Options.Mounts was told last
	last  struct {                // most files are of the file system of the one before
		dev       uint32
		known, is bool // of its root: looked for, and found to be mounted
		at        string
	}
}

// mountPoint is a directory of a file system, and where it can be seen. Neither
// ends with a slash; the root is empty.
type mountPoint struct{ root, at string }

func newMounts(root string) mounts {
	return mounts{file: filepath.Join(root, "proc/1/mountinfo")}
}

// first is where a file system was mounted first: of its root if that is
// mounted, else of the directory that is nearest to it and holds path.
func (m *mounts) first(dev uint32, path string) (best mountPoint, ok bool) {
	for _, p := range m.list[dev] {
		if below(path, p.root) && (!ok || len(p.root) < len(best.root)) {
			best, ok = p, true
		}
	}
	return best, ok
}

// isFirst reports whether the root of a file system was mounted first at a place.
func (m *mounts) isFirst(dev uint32, at string) bool {
	last := &m.last
	if last.dev != dev || !last.known {
		p, ok := m.first(dev, "")
		last.dev, last.known, last.is, last.at = dev, true, ok, p.at
	}
	return last.is && last.at == at
}

// below reports whether path is dir or lies in it.
func below(path, dir string) bool {
	rest, ok := strings.CutPrefix(path, dir)
	return ok && (rest == "" || rest[0] == '/')
}

// refresh reads the file anew, at most once a second of the records' time, and
// reports whether it did.
func (m *mounts) refresh(now uint64) bool {
	if m.asked != 0 && now-m.asked < second {
		return false
	}
	m.asked = now
	text, err := os.ReadFile(m.file)
	if err != nil {
		return false
	}
	m.list, m.last.known = map[uint32][]mountPoint{}, false
	for line := range strings.Lines(string(text)) {
		if dev, p, ok := mountOf(strings.Fields(line)); ok {
			m.list[dev] = append(m.list[dev], p)
		}
	}
	return true
}

// refreshMounts looks at the mounts again, and tells who wants to know of changes.
func (s *State) refreshMounts() {
	if !s.mounts.refresh(s.now) || s.opts.Mounts == nil {
		return
	}
	if roots := s.mounts.roots(); !maps.Equal(roots, s.mounts.told) {
		s.mounts.told = roots
		s.opts.Mounts(roots)
	}
}

// roots are where the roots of file systems are mounted first.
func (m *mounts) roots() map[uint32]string {
	roots := map[uint32]string{}
	for dev := range m.list {
		if p, ok := m.first(dev, ""); ok {
			roots[dev] = p.at
		}
	}
	return roots
}

// mountOf is what a line of mountinfo says.
func mountOf(words []string) (dev uint32, p mountPoint, ok bool) {
	if len(words) < 5 {
		return 0, p, false
	}
	major, minor, _ := strings.Cut(words[2], ":")
	high, err1 := strconv.ParseUint(major, 10, 12)
	low, err2 := strconv.ParseUint(minor, 10, 20)
	return uint32(high<<20 | low), mountPoint{plainPath(words[3]), plainPath(words[4])}, err1 == nil && err2 == nil
}

// plainPath is a path of mountinfo, which has \ooo for blanks and the like.
func plainPath(s string) string {
	s = strings.TrimSuffix(s, "/")
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+4 <= len(s) && s[i] == '\\' {
			if c, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

const magicOverlay = 0x794c7630

// origin is what the file of a block is called on the host where its file system
// is mounted first, empty if that is its name. inside is its path below the
// mount that it was reached through, above that mount's root in the file system.
func (s *State) origin(dev, magic uint32, name string, inside, above []byte) string {
	if magic == magicOverlay || len(inside) > len(name) {
		return "" // a container's own: where the host has it says nothing
	}
	at := name[:len(name)-len(inside)]
	if at == "/" {
		at = ""
	}
	if len(above) == 0 && s.mounts.isFirst(dev, at) {
		return ""
	}
	s.refreshMounts()
	s.raw = append(append(s.raw[:0], inside...), above...)
	whole := s.paths.of(s.raw, false)
	if whole == "/" {
		whole = ""
	}
	first, ok := s.mounts.first(dev, whole)
	if !ok {
		return ""
	}
	start := len(s.text.buf)
	s.text.buf = append(append(s.text.buf, first.at...), whole[len(first.root):]...)
	if origin := s.text.since(start); origin != "" && origin != name {
		return origin
	}
	return ""
}
