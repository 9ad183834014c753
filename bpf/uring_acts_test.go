package bpf

import (
	"errors"
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/uring"
)

// opening is a request for the file "secret" of a directory, by a name that leads there.
func opening(r *uring.Ring, path string) uring.Request {
	return uring.Request{Opcode: uring.OpOpenat, FD: unix.AT_FDCWD, Addr: r.Path(path), OpFlags: unix.O_CLOEXEC}
}

// withRing makes an act of what is done with a ring.
func withRing(flags uint32, act func(r *uring.Ring, dir string) error) func(string) error {
	return func(dir string) error {
		runtime.LockOSThread()
		r, err := uring.New(flags)
		if err != nil {
			return err
		}
		return act(r, dir)
	}
}

// Acts through io_uring.
var uringActs = map[string]func(dir string) error{
	"uring open": withRing(0, func(r *uring.Ring, dir string) error {
		fd, err := unix.Open(dir, unix.O_PATH, 0)
		if err != nil {
			return err
		}
		relative := opening(r, "link")
		relative.FD = int32(fd)
		if _, err := r.Succeed(relative); err != nil {
			return err
		}
		results, err := r.Do(opening(r, dir+"/missing"))
		if err == nil && unix.Errno(-results[0]) != unix.ENOENT {
			err = fmt.Errorf("open of a missing file: %d", results[0])
		}
		return err
	}),
	"uring openat2": withRing(0, func(r *uring.Ring, dir string) error {
		how := &unix.OpenHow{Flags: unix.O_RDONLY, Resolve: unix.RESOLVE_NO_MAGICLINKS}
		request := opening(r, dir+"/secret")
		request.Opcode, request.Off, request.Len, request.OpFlags = uring.OpOpenat2, uring.Address(r, how), uint32(unsafe.Sizeof(*how)), 0
		_, err := r.Succeed(request)
		return err
	}),
	"uring async": withRing(0, func(r *uring.Ring, dir string) error {
		request := opening(r, dir+"/secret")
		request.Flags = uring.Async
		_, err := r.Succeed(request)
		return err
	}),
	"uring linked": withRing(0, func(r *uring.Ring, dir string) error {
		first, second := opening(r, dir), opening(r, dir+"/secret")
		first.Flags, second.Flags = uring.Link, uring.Drain
		_, err := r.Succeed(first, second)
		return err
	}),
	"uring sqpoll": withRing(uring.SetupSQPoll, func(r *uring.Ring, dir string) error {
		_, err := r.Succeed(opening(r, dir+"/secret"))
		return err
	}),
	"uring skip": withRing(0, func(r *uring.Ring, dir string) error {
		request := opening(r, dir+"/secret")
		request.Flags = uring.Skip
		if err := openUnseen(r, request); err != nil {
			return err
		}
		if done := r.Completions(); len(done) != 0 {
			return fmt.Errorf("a completion that was to be skipped: %+v", done)
		}
		return nil
	}),
	"uring overflow": withRing(0, func(r *uring.Ring, dir string) error {
		for range r.CompletionEntries() + 1 {
			r.Push(opening(r, "/nowhere"))
			if err := r.Enter(1, 0, 0); err != nil {
				return err
			}
		}
		return openUnseen(r, opening(r, dir+"/secret"))
	}),
	// The completion waits until the program asks for it, and by then the
	// descriptor is another file's.
	"uring delayed": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, dir string) error {
		next, err := nextFD()
		if err != nil {
			return err
		}
		request := opening(r, dir+"/secret")
		request.Flags = uring.Async
		if err := openUnseen(r, request); err != nil {
			return err
		}
		null, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
		if err != nil {
			return err
		}
		if err := unix.Dup2(null, next); err != nil {
			return err
		}
		return r.Enter(0, 1, uring.GetEvents)
	}),
	"uring direct": withRing(0, func(r *uring.Ring, dir string) error {
		if err := r.RegisterSlots(); err != nil {
			return err
		}
		chosen, any := opening(r, dir+"/secret"), opening(r, dir+"/link")
		chosen.Slot, chosen.OpFlags = 3, 0
		any.Slot, any.OpFlags = uring.AllocSlot, 0
		_, err := r.Succeed(chosen, any)
		return err
	}),
	// One call opens, and closes what it opened.
	"uring batch": withRing(0, func(r *uring.Ring, dir string) error {
		if err := r.RegisterSlots(); err != nil {
			return err
		}
		open := opening(r, dir+"/secret")
		open.Slot, open.OpFlags, open.Flags = 1, 0, uring.Skip
		r.Push(open, uring.Request{Opcode: uring.OpClose, Slot: 1, Flags: uring.Skip})
		if err := r.Enter(2, 0, 0); err != nil {
			return err
		}
		if done := r.Completions(); len(done) != 0 {
			return fmt.Errorf("operations failed: %+v", done)
		}
		return nil
	}),
	"uring names": withRing(0, func(r *uring.Ring, dir string) error {
		requests := []uring.Request{
			{Opcode: uring.OpMkdirat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/made"), Len: 0o700},
			{Opcode: uring.OpSymlinkat, FD: unix.AT_FDCWD, Addr: r.Path("target"), Off: r.Path(dir + "/symbolic")},
			{Opcode: uring.OpLinkat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/secret"), Len: cwd, Off: r.Path(dir + "/hard")},
			{Opcode: uring.OpRenameat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/hard"), Len: cwd, Off: r.Path(dir + "/moved")},
			{Opcode: uring.OpUnlinkat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/moved")},
		}
		for _, request := range requests {
			if _, err := r.Succeed(request); err != nil {
				return err
			}
		}
		return nil
	}),
	"uring net": withRing(0, func(r *uring.Ring, _ string) error { return converse(r) }),
	"uring pending": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, _ string) error {
		server, _, err := listener()
		if err != nil {
			return err
		}
		r.Push(uring.Request{Opcode: uring.OpAccept, FD: int32(server)})
		return r.Enter(1, 0, 0)
	}),
	"uring many": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, dir string) error {
		server, _, err := listener()
		if err != nil {
			return err
		}
		for range waitingMax {
			r.Push(uring.Request{Opcode: uring.OpAccept, FD: int32(server)})
			if err := r.Enter(1, 0, 0); err != nil {
				return err
			}
		}
		return openUnseen(r, opening(r, dir+"/secret"))
	}),
	"uring sqpoll skip": withRing(uring.SetupSQPoll, func(r *uring.Ring, dir string) error {
		request := opening(r, dir+"/secret")
		request.Flags = uring.Skip
		return openUnseen(r, request)
	}),
	"uring connecting": withRing(uring.SetupSingleIssuer|uring.SetupDeferTaskrun, func(r *uring.Ring, _ string) error {
		return connecting(r)
	}),
	"uring flood": withRing(0, func(r *uring.Ring, _ string) error {
		for range flood / uring.Entries {
			batch := make([]uring.Request, uring.Entries)
			for i := range batch {
				batch[i] = opening(r, "/nowhere")
			}
			if _, err := r.Do(batch...); err != nil {
				return err
			}
			r.Unpin()
		}
		return nil
	}),
}

// nextFD is the number that the next descriptor will have.
func nextFD() (int, error) {
	fd, err := unix.Open("/dev/null", unix.O_RDONLY, 0)
	if err != nil {
		return 0, err
	}
	return fd, unix.Close(fd)
}

// openUnseen submits a request, and knows by the descriptor alone that it was performed.
func openUnseen(r *uring.Ring, request uring.Request) error {
	next, err := nextFD()
	if err != nil {
		return err
	}
	r.Push(request)
	if err := r.Enter(1, 0, 0); err != nil {
		return err
	}
	var st unix.Stat_t
	for end := time.Now().Add(time.Minute); unix.Fstat(next, &st) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("the file is not open after a minute")
		}
	}
	return nil
}

// cwd is AT_FDCWD in a request's length, which holds a second directory.
const cwd = 1<<32 + unix.AT_FDCWD

func loopback(r *uring.Ring, port uint16) uint64 {
	return uring.Address(r, &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: [4]byte{127, 0, 0, 1}})
}

// converse listens and connects to itself, all through the ring.
func converse(r *uring.Ring) error {
	made, err := r.Succeed(uring.Request{Opcode: uring.OpSocket, FD: unix.AF_INET, Off: unix.SOCK_STREAM},
		uring.Request{Opcode: uring.OpSocket, FD: unix.AF_INET, Off: unix.SOCK_STREAM})
	if err != nil {
		return err
	}
	server, client := made[0], made[1]
	if _, err := r.Succeed(uring.Request{Opcode: uring.OpBind, FD: server, Addr: loopback(r, 0), Off: unix.SizeofSockaddrInet4}); err != nil {
		return err
	}
	bound, err := unix.Getsockname(int(server))
	if err != nil {
		return err
	}
	if _, err := r.Succeed(uring.Request{Opcode: uring.OpListen, FD: server, Len: 1}); err != nil {
		return err
	}
	to := loopback(r, uint16(bound.(*unix.SockaddrInet4).Port))
	_, err = r.Succeed(uring.Request{Opcode: uring.OpAccept, FD: server},
		uring.Request{Opcode: uring.OpConnect, FD: client, Addr: to, Off: unix.SizeofSockaddrInet4})
	return err
}

// listener is a socket of loopback with the shortest queue, and its port.
func listener() (fd int, port uint16, err error) {
	if fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0); err != nil {
		return 0, 0, err
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, 0, err
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		return 0, 0, err
	}
	return fd, uint16(bound.(*unix.SockaddrInet4).Port), unix.Listen(fd, 0)
}

// connecting has a connection begin that nobody answers: one more than the
// listener's queue can hold. It never fetches the completion.
func connecting(r *uring.Ring) error {
	_, port, err := listener()
	if err != nil {
		return err
	}
	to := loopback(r, port)
	for range 3 {
		client, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		r.Push(uring.Request{Opcode: uring.OpConnect, FD: int32(client), Addr: to, Off: unix.SizeofSockaddrInet4})
		if err := r.Enter(1, 0, 0); err != nil {
			return err
		}
	}
	return nil
}
