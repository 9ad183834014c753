package state

import (
	"bytes"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// Magic numbers of file systems whose files are no files.
const (
	magicPipe   = 0x50495045
	magicPidfd  = 0x50494446
	magicAnon   = 0x09041934
	magicNS     = 0x6e736673
	magicSecret = 0x5345434d
)

const pidfdName = "[pidfd]"

// anonTypes are the types of descriptors without a file, by the kernel's name.
// Names that belong to bpf all begin with one word.
var anonTypes = map[string]event.FDType{
	"[eventfd]":     event.FDEvent,
	"[eventpoll]":   event.FDEventpoll,
	"inotify":       event.FDInotify,
	"[timerfd]":     event.FDTimer,
	"[signalfd]":    event.FDSignal,
	"[userfaultfd]": event.FDUserfault,
	"[io_uring]":    event.FDIOUring,
	pidfdName:       event.FDPidfd,
	"btf":           event.FDBPF,
}

var (
	memfdPrefix = []byte("memfd:")
	bpfPrefix   = []byte("bpf")
)

// fileFD fills fd from an open file.
func (s *State) fileFD(fd *event.FD, b *block) {
	w, raw := b.file()
	var above []byte
	if at := int(w.Above); at != 0 && at <= len(raw) {
		raw, above = raw[:at], raw[at:]
	}
	fd.Ino, fd.Dev, fd.Mode = w.Ino, device(w.Dev), w.Mode
	fd.Upper = w.Flags&bpf.FileUpper != 0
	fd.Lower = w.Flags&bpf.FileLower != 0
	fd.Created = w.Flags&bpf.FileCreated != 0
	fd.Deleted = w.Flags&bpf.FileDeleted != 0
	fd.Type = fileType(w, raw)
	switch fd.Type {
	case event.FDFile, event.FDDirectory:
		fd.NameCut = b.cut()
		fd.Name, fd.Path = s.paths.ofFile(w.Ino, raw, b.cut())
		if !b.cut() && !fd.Deleted {
			fd.Origin = s.origin(w.Dev, w.Magic, fd.Name, raw[:min(int(w.Inside), len(raw))], above)
		}
	case event.FDPidfd:
		fd.Name = pidfdName // newer kernels have a file system of them, where the name is /
	default:
		fd.Name = s.text.keep(cString(raw))
	}
	if w.Magic == magicNS {
		fd.Name, fd.Path = "", 0 // the kernel has none: the path as given is the better one
	}
}

// fileType is what an open file is. A FIFO with a name is a file.
func fileType(w *bpf.WireFile, raw []byte) event.FDType {
	switch w.Magic {
	case magicAnon:
		return anonType(cString(raw))
	case magicPipe:
		return event.FDPipe
	case magicPidfd:
		return event.FDPidfd
	}
	if w.Flags&bpf.FileMemfd != 0 || w.Magic == magicSecret || w.Flags&bpf.FileDeleted != 0 && bytes.HasPrefix(only(raw), memfdPrefix) {
		return event.FDMemfd
	}
	if w.Mode&unix.S_IFMT == unix.S_IFDIR {
		return event.FDDirectory
	}
	return event.FDFile
}

func anonType(name []byte) event.FDType {
	if t, ok := anonTypes[string(name)]; ok {
		return t
	}
	if bytes.HasPrefix(name, bpfPrefix) {
		return event.FDBPF
	}
	return event.FDUnknown
}

// device turns the kernel's number of a device into that of stat(2).
func device(dev uint32) uint32 {
	major, minor := dev>>20, dev&0xfffff
	return minor&0xff | major<<8 | minor&^0xff<<12
}

// exeFile fills f from a process record's executable and the path of it, b.
func (s *State) exeFile(f *event.ExeFile, w *bpf.WireFile, b *block) {
	*f = event.ExeFile{
		Ino: w.Ino, Dev: device(w.Dev), Ctime: w.Ctime, Mtime: w.Mtime,
		Upper: w.Flags&bpf.FileUpper != 0, Lower: w.Flags&bpf.FileLower != 0,
		Writable: w.Flags&bpf.FileWritable != 0, Deleted: w.Flags&bpf.FileDeleted != 0,
		Memfd: w.Flags&bpf.FileMemfd != 0,
	}
	if b == nil || !b.ok() {
		return
	}
	if f.Memfd {
		f.Path = string(cString(b.data))
		return
	}
	f.Path = s.paths.of(b.data, b.cut())
}
