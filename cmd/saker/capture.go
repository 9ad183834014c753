package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/state"
)

// prove has a child open a file through a symbolic link, and wants to see
// that, with the file's own path.
func prove(p *patient) verdict {
	if p.sensor == nil {
		return verdict{missing, "not tried: see programs", ""}
	}
	took, err := see(p)
	if err != nil {
		return verdict{missing, err.Error(), "please report this, with the kernel's version"}
	}
	return verdict{fine, fmt.Sprintf("a child opened a file through a link; seen after %v, with the file's own path", took.Round(time.Millisecond)), ""}
}

func see(p *patient) (took time.Duration, err error) {
	file, link, undo, err := bait()
	if err != nil {
		return 0, fmt.Errorf("make a file to open: %w", err)
	}
	defer undo()
	w := &witness{state: state.New(state.Options{}), file: file}
	if err := p.sensor.Attach(w.take); err != nil {
		return 0, err
	}
	began := time.Now()
	child := exec.Command(p.acting[0], append(p.acting[1:len(p.acting):len(p.acting)], link)...)
	if err := child.Start(); err != nil {
		return 0, fmt.Errorf("start a child: %w", err)
	}
	defer func() { _ = child.Wait() }()
	w.pid = uint32(child.Process.Pid)
	for !w.seen && time.Since(began) < p.patience {
		if _, err := p.sensor.Read(w.take); err != nil {
			return 0, err
		}
	}
	if w.seen {
		return time.Since(began), nil
	}
	return 0, fmt.Errorf("a child opened %s through a link, and after %v that was not seen: of %d records %d were of the child, and %d could not be read",
		file, p.patience, w.all, w.own, w.broken)
}

// bait is a file with a link to it, in a directory of its own.
func bait() (file, link string, undo func(), err error) {
	dir, err := os.MkdirTemp("", "saker-doctor-")
	if err != nil {
		return "", "", nil, err
	}
	undo = func() { _ = os.RemoveAll(dir) }
	if dir, err = filepath.EvalSymlinks(dir); err == nil {
		file, link = filepath.Join(dir, "file"), filepath.Join(dir, "link")
		err = os.WriteFile(file, nil, 0o600)
	}
	if err == nil {
		err = os.Symlink("file", link)
	}
	if err != nil {
		undo()
	}
	return file, link, undo, err
}

// witness waits for one process to open one file.
type witness struct {
	state            *state.State
	event            event.Event
	pid              uint32
	file             string
	all, own, broken int
	seen             bool
}

func (w *witness) take(raw bpf.Raw) {
	w.all++
	isEvent, err := w.state.Apply(raw, &w.event)
	if err != nil {
		w.broken++
		return
	}
	if !isEvent || w.event.Process.PID != w.pid || w.pid == 0 {
		return
	}
	w.own++
	if fd := w.event.FD; fd != nil && !w.event.Failed() && fd.Name == w.file {
		w.seen = true
	}
}
