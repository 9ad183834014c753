package evasions

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/test/uring"
)

// byRing are acts without a call of their own.
var byRing = []evasion{
	{
		"io_uring opens", "uring open",
		opened + secret, "%evt.type %fd.name by %evt.via, %proc.exepath", "openat {dir}/secret by io_uring, {self}",
	},
	{
		"a thread of io_uring's opens", "uring thread",
		opened + secret, "%evt.type %fd.name by %evt.via, %proc.pid", "openat {dir}/secret by io_uring, {pid}",
	},
	{
		"io_uring removes", "uring unlink",
		`evt.type = unlinkat and evt.rawres = 0 and evt.arg.name = "{dir}/secret"`,
		"%evt.arg.name by %evt.via", "{dir}/secret by io_uring",
	},
	{
		"io_uring connects", "uring connect",
		`evt.type = connect and fd.sip = 127.83.75.7`, "%fd.sip by %evt.via", "127.83.75.7 by io_uring",
	},
}

var ringActs = map[string]func(dir string) error{
	"uring open":   func(dir string) error { return inRing(0, opening(dir)) },
	"uring thread": func(dir string) error { return inRing(uring.SetupSQPoll, opening(dir)) },
	"uring unlink": func(dir string) error {
		if err := os.WriteFile(dir+"/secret", nil, 0o600); err != nil { // an act before may have removed it
			return err
		}
		return inRing(0, func(r *uring.Ring) uring.Request {
			return uring.Request{Opcode: uring.OpUnlinkat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/secret")}
		})
	},
	"uring connect": func(string) error {
		target := [4]byte{127, 83, 75, 7}
		port, _, err := listenOn(1, target)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		to := &unix.RawSockaddrInet4{Family: unix.AF_INET, Port: port<<8 | port>>8, Addr: target}
		return inRing(0, func(r *uring.Ring) uring.Request {
			return uring.Request{Opcode: uring.OpConnect, FD: int32(fd), Addr: uring.Address(r, to), Off: uint64(unsafe.Sizeof(*to))}
		})
	},
}

func opening(dir string) func(r *uring.Ring) uring.Request {
	return func(r *uring.Ring) uring.Request {
		return uring.Request{Opcode: uring.OpOpenat, FD: unix.AT_FDCWD, Addr: r.Path(dir + "/secret")}
	}
}

// inRing has one request performed.
func inRing(flags uint32, request func(r *uring.Ring) uring.Request) error {
	r, err := uring.New(flags)
	if errors.Is(err, uring.ErrRefused) {
		return errors.Join(errLacks, err)
	}
	if err != nil {
		return err
	}
	_, err = r.Succeed(request(r))
	return err
}
