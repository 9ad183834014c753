package state

import (
	"bytes"
	"fmt"
	"strings"
	"unsafe"

	"github.com/sakerhq/saker/bpf"
	"github.com/sakerhq/saker/internal/event"
)

// notKnown is Falco's word for a text that nothing told.
const notKnown = "<NA>"

// applyProcess takes a process record. The record of an exec within the scope
// is an event.
func (s *State) applyProcess(raw bpf.Raw, ev *event.Event) (bool, error) {
	w := fixed[bpf.WireProcess](raw)
	if w == nil {
		return false, ErrShort
	}
	if err := s.blocks.parse(raw[unsafe.Sizeof(*w):]); err != nil {
		return false, err
	}
	p := s.processes.find(w.Header.Pid, w.Header.Start)
	isNew := p == nil
	if isNew {
		p = &process{}
		p.PID, p.Start = w.Header.Pid, w.Header.Start
	}
	s.learn(p, w, isNew)
	if isNew {
		s.add(p, w.Header.Time)
	}
	if w.Cgroup != (bpf.WireCgroup{}) {
		s.opts.Judge(w.Cgroup, &p.Process)
	}
	if w.Cause == bpf.CauseScan {
		s.found(p, w)
		return false, nil
	}
	if isNew && !p.Exited && s.endedBefore(w.Header.Time) {
		s.processes.exit(p, s.scannedAll)
	}
	s.settle()
	if w.Cause != bpf.CauseExec || w.Header.Row == bpf.RowOutside {
		return false, nil
	}
	s.execEvent(ev, &w.Header, p)
	return true, nil
}

// learn takes over what a record tells of a process. One from before a scan that found the
// process still says which program it executed, and nothing else that is news.
func (s *State) learn(p *process, w *bpf.WireProcess, isNew bool) {
	first := isNew || p.unknown
	old := w.Header.Time < p.at
	if old && w.Cause != bpf.CauseExec {
		return
	}
	if old {
		s.touch(p)
	} else {
		p.at = w.Header.Time
		s.describe(p, w)
	}
	s.image(p, w, first)
	s.standard(p, w.Cause, isNew)
	if first {
		p.told = p.credentials()
	}
	s.enter(p, w.Cause)
	switch {
	case w.Cause != bpf.CauseScan:
		s.enterSession(p, first)
	case first:
		s.healed.Found++
	}
	p.unknown = false
}

// image finds the file, arguments and environment of the program that p runs.
// They are those of its exec: what becomes of the file and of the memory since
// is no other program.
func (s *State) image(p *process, w *bpf.WireProcess, isNew bool) {
	from := p.parent
	switch {
	case w.Cause == bpf.CauseExec:
		s.program(p)
	case !isNew && p.Exec == w.ExecId:
		return
	case !isNew: // the record of an exec was lost
		if w.Cause != bpf.CauseScan && !s.mayLookUp(w.Header.Time) {
			s.exeFile(&p.File, &w.Exe, s.blocks.of(bpf.BlockExe))
			return // p.Exec stays: the next record finds the same
		}
		s.proc.program(p)
		s.healed.Found++
	case w.Cause == bpf.CauseFork && from != nil && !from.unknown:
		p.Exe, p.Args, p.ArgsCut, p.Env, p.EnvCut = from.Exe, from.Args, from.ArgsCut, from.Env, from.EnvCut
		p.ShareText(&from.Process)
		if from.Exec == w.ExecId {
			p.File, p.Exec = from.File, from.Exec
			return
		}
	case w.Cause == bpf.CauseScan || s.mayLookUp(w.Header.Time):
		s.proc.program(p)
	}
	s.exeFile(&p.File, &w.Exe, s.blocks.of(bpf.BlockExe))
	p.Exec = w.ExecId
}

// standard finds what the program was given as descriptors 0 to 2: told of an
// exec, or of what ran before the capture, and the same for its children.
func (s *State) standard(p *process, cause uint32, isNew bool) {
	first := s.blocks.n - len(p.Standard)
	switch told := cause == bpf.CauseExec || cause == bpf.CauseScan; {
	case told && first > s.blocks.index(bpf.BlockCgroup):
		for i := range p.Standard {
			p.Standard[i] = s.standardOf(s.blocks.at(first + i))
		}
	case !told && isNew && p.parent != nil:
		p.Standard = p.parent.Standard
	}
}

func (s *State) standardOf(b *block) event.Standard {
	var fd event.FD
	switch b.kind {
	case bpf.BlockFile:
		s.fileFD(&fd, b)
	case bpf.BlockSock:
		s.sockFD(&fd, b)
		if fd.Type.IsInet() {
			if fd.Role = s.sockets.of(fd.Ino).role; fd.Role == event.NoRole {
				fd.Role = s.sockets.guess(&fd, 0)
			}
			return event.Standard{Type: fd.Type, Name: event.Tuple(fd.Ends())}
		}
	}
	switch {
	case fd.Type == event.FDPipe && fd.Name == "":
		fd.Name = fmt.Sprintf("pipe:[%d]", fd.Ino) // the same at its other end
	case !fd.Type.HasPath():
		fd.Name = strings.Clone(fd.Name)
	}
	return event.Standard{Type: fd.Type, Name: fd.Name}
}

// add puts a new process into the table.
func (s *State) add(p *process, now uint64) {
	if old := s.processes.running(p.PID); old != nil && old.Start < p.Start {
		s.orphan(old, 0) // its exit was not seen, nor who took its children
	}
	s.processes.add(p, now)
}

// drop lets go of what p holds when it leaves the table, or never came in.
func (s *State) drop(p *process) {
	s.touch(p)
	for p.child != nil {
		s.touch(p.child)
		p.child.setParent(nil)
	}
	s.containers.leave(p, s.now)
	p.inCgroup = ""
}

// settle links the processes of a scan, which come in any order, once it has
// ended.
func (s *State) settle() {
	if !s.scanning {
		return
	}
	s.scanning = false
	for _, parent := range s.strangers {
		if s.processes.known[parent] == nil {
			s.meet(parent, s.now)
		}
	}
	s.strangers = s.strangers[:0]
	for _, p := range s.processes.known {
		if up := s.processes.running(p.PPID); p.parent == nil && up != nil && up.Start <= p.Start {
			p.setParent(up)
		}
		p.GroupLeader, p.Session = s.leader(p, p.PGID), s.leader(p, p.SID)
		s.touch(p)
	}
	for _, p := range s.processes.known {
		s.settleSession(p)
	}
}

// settleSession finds how a process of the scan came onto the host, after the
// same of its ancestors.
func (s *State) settleSession(p *process) {
	if p.settled {
		return
	}
	p.settled = true
	if p.parent != nil {
		s.settleSession(p.parent)
	}
	s.enterSession(p, p.Entry == nil)
}

// describe takes over the facts that every process record carries.
func (s *State) describe(p *process, w *bpf.WireProcess) {
	s.touch(p)
	p.PPID = w.ParentPid
	parent := s.parentOf(w)
	if parent != p.parent && !p.Exited {
		p.setParent(parent)
	}
	p.Born, p.Boot = s.clock.wall(p.Start), s.boot
	p.measures(&w.Measures)
	p.VPID, p.VPPID = w.Vpid, w.Vppid
	p.PGID, p.SID, p.VPGID, p.VSID = w.Pgid, w.Sid, w.Vpgid, w.Vsid
	p.GroupLeader, p.Session = s.leader(p, w.Pgid), s.leader(p, w.Sid)
	p.own(&w.Own)
	p.LoginUID, p.TTY, p.PIDNS = w.Loginuid, w.Tty, w.Pidns
	p.PIDNSStart = s.clock.wall(w.PidnsStart)
	if parent != nil && parent.PID != p.PPID {
		p.PPID, p.VPPID = parent.PID, p.numberOf(parent)
	}
	setText(&p.Name, cString(w.Comm[:]))
	if b := s.blocks.of(bpf.BlockCwd); b != nil && b.ok() {
		p.Cwd = s.paths.of(b.data, b.cut())
	}
	if b := s.blocks.of(bpf.BlockCgroup); b != nil && b.ok() {
		p.Cgroup = s.paths.of(b.data, b.cut())
	}
}

// parentOf is the parent that a record names, nil if it can't be known. It may
// have ended while the record was made: then who got its children is.
func (s *State) parentOf(w *bpf.WireProcess) *process {
	named := identity{w.ParentStart, w.ParentPid}
	parent := s.processes.known[named]
	if parent == nil && w.Cause != bpf.CauseScan {
		parent = s.meet(named, w.Header.Time)
	}
	if parent != nil && parent.Exited && parent.heir != 0 {
		return s.processes.running(parent.heir)
	}
	return parent
}

// measures takes over how large the process is.
func (p *process) measures(w *bpf.WireMeasures) {
	p.Measures = event.Measures{
		Known: true, VMSize: w.VmSize, VMRSS: w.VmRss, VMSwap: w.VmSwap,
		MinorFaults: w.MinorFaults, MajorFaults: w.MajorFaults, FDLimit: w.FdLimit, Threads: w.Threads,
	}
}

// own takes over what a thread has of its own.
func (p *process) own(w *bpf.WireOwn) {
	p.UID, p.GID = w.Uid, w.Gid
	p.CapInheritable, p.CapPermitted, p.CapEffective = w.CapInheritable, w.CapPermitted, w.CapEffective
	p.UserNS, p.MountNS, p.NetNS = w.Userns, w.Mntns, w.Netns
}

// asThread is p as the acting thread has it, for one event.
func (s *State) asThread(p *process, b *block) *process {
	w, cwd := b.thread()
	p.CommandLine() // made once for the process, not for each of the thread's events
	s.thread = *p
	t := &s.thread
	t.own(w)
	t.Cwd = s.paths.of(cwd, b.cut())
	if t.UID != p.UID || t.GID != p.GID {
		s.NameAccounts(&t.Process)
	}
	return t
}

// leader is the process that a group or session is named after, nil if it is
// not known. It may have exited since.
func (s *State) leader(p *process, pid uint32) *event.Process {
	if pid == p.PID {
		return &p.Process
	}
	if leader := s.processes.byPID[pid]; leader != nil {
		return &leader.Process
	}
	return nil
}

// program takes over what an exec's record says of the new program.
func (s *State) program(p *process) {
	if b := s.blocks.of(bpf.BlockArgv); b != nil {
		given := s.programs.of(b.data, b.cut())
		p.Exe, p.Args = given.exe, given.args
		p.ArgsCut = b.cut() || !b.ok()
	}
	if b := s.blocks.of(bpf.BlockEnv); b != nil && !s.opts.NoEnvironment {
		p.Env, p.EnvCut = split(b.data, b.cut()), b.cut() || !b.ok()
	}
}

// enter puts p into the container of its cgroup and names its accounts.
func (s *State) enter(p *process, cause uint32) {
	if p.inCgroup != p.Cgroup {
		s.containers.move(p, s.now)
		p.inCgroup = p.Cgroup
	}
	p.Container = p.container.shown()
	s.moveIn(p, cause)
	s.NameAccounts(&p.Process)
}

// moveIn notes whether p runs a program of its container: one that it, or who
// it comes from, executed there, or before anybody looked. What still has the
// host's mounts is the runtime that executes itself.
func (s *State) moveIn(p *process, cause uint32) {
	switch {
	case p.container == nil || p.MountNS == s.hostMounts:
	case cause == bpf.CauseExec, p.inside == notInside && cause == bpf.CauseScan,
		p.inside == notInside && cause == bpf.CauseFork && p.parent != nil && p.parent.container == p.container && p.parent.inside != notInside:
		s.containers.moveIn(p, cause == bpf.CauseExec)
	}
}

// touch says that p is no longer what it was. It comes with every change of
// what a field shows, before the next event.
func (s *State) touch(p *process) {
	s.images++
	p.Image = s.images
	s.revoke(p)
}

// relatives is p.Relatives(). Ancestors are looked at only when some process has
// changed since: a long chain of them costs no event more.
func (s *State) relatives(p *process) uint64 {
	if p.relativesAt != s.images {
		p.relatives, p.relativesAt = p.Relatives(), s.images
	}
	return p.relatives
}

// applyRename takes over a process's new name.
func (s *State) applyRename(raw bpf.Raw) error {
	w := fixed[bpf.WireRename](raw)
	if w == nil {
		return ErrShort
	}
	p := s.processes.find(w.Header.Pid, w.Header.Start)
	switch {
	case p == nil:
	case setText(&p.Name, cString(w.Comm[:])):
		s.touch(p)
	default:
		s.revoke(p) // the kernel did so before it looked whether the name is another
	}
	return nil
}

// setText makes *text b, and reports whether it was something else.
func setText(text *string, b []byte) bool {
	if *text == string(b) {
		return false
	}
	*text = string(b)
	return true
}

// split takes NUL-separated strings apart; each of them ends with a NUL, but
// the last one if cut.
func split(b []byte, cut bool) []string {
	if len(b) == 0 {
		return nil
	}
	if !cut {
		b = bytes.TrimSuffix(b, []byte{0})
	}
	return strings.Split(string(b), "\x00")
}
