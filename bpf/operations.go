package bpf

import (
	"strings"

	"github.com/cilium/ebpf/btf"
)

// operation is what an operation of io_uring is told as: the call that does the
// same, and where its request has the call's arguments; or why it is not told.
type operation struct {
	row    string
	reason string
	of     string // the structure of the request's own part
	args   []operand
	slot   string // member with the slot of a new direct descriptor
	flags  sensorWireShapeFlag
}

// operand is one argument: the member with it, or with the length of it.
type operand struct {
	source  sensorWireSource
	members []string // the first that the kernel's structure has counts
	number  uint16
}

// The operands of which there is no need to say more.
var (
	none   = operand{}
	onFile = operand{source: sensorWireSourceSOURCE_FILE}
	// attribute is the name of an extended attribute, which the kernel has copied.
	attribute = operand{source: sensorWireSourceSOURCE_STRING, members: []string{"ctx.kname"}}
)

func number(n uint16) operand { return operand{source: sensorWireSourceSOURCE_NUMBER, number: n} }

// in is a number in a member.
func in(members ...string) operand {
	return operand{source: sensorWireSourceSOURCE_UNSIGNED, members: members}
}

// once is a number in a member that kernels had for some time only.
func once(member string) operand { return operand{members: []string{member}} }

// peer is where a message goes: its address is with the kernel's copy of the
// message, or, for some time, still the program's own, in the member.
func peer(member string) operand {
	return operand{source: sensorWireSourceSOURCE_PEER, members: []string{member}}
}

// named is a path that the kernel has copied.
func named(member string) operand {
	return operand{source: sensorWireSourceSOURCE_NAME, members: []string{member}}
}

// structure is a structure that the kernel has copied into the member.
func structure(member string) operand {
	return operand{source: sensorWireSourceSOURCE_BYTES, members: []string{member}}
}

// addressOf is an address that the kernel has copied, and the member with its length.
func addressOf(length string) operand {
	return operand{source: sensorWireSourceSOURCE_ADDRESS, members: []string{length}}
}

const (
	polled = sensorWireShapeFlagSHAPE_POLLED
	waits  = sensorWireShapeFlagSHAPE_POLLED | sensorWireShapeFlagSHAPE_WAITS
	many   = waits | sensorWireShapeFlagSHAPE_MANY
)

// Why operations are not told.
const (
	ownAffair = "of the ring itself: it touches nothing outside"
	onlyWaits = "waits for what others do, and changes nothing"
)

// moves is a call that reads or writes a file.
func moves(row string) operation {
	return operation{row: row, of: "io_rw", args: []operand{onFile, in("addr"), in("len")}, flags: waits}
}

// sends is a call that passes data to a socket, and perhaps where to.
func sends(row string) operation {
	return operation{
		row: row, of: "io_sr_msg", flags: waits,
		args: []operand{onFile, in("buf"), in("len"), in("msg_flags"), peer("addr"), once("addr_len")},
	}
}

func receives(row string) operation {
	return operation{row: row, of: "io_sr_msg", args: []operand{onFile, in("buf"), in("len"), in("msg_flags")}, flags: waits}
}

// message is a call that takes a message's header.
func message(row string) operation {
	return operation{row: row, of: "io_sr_msg", args: []operand{onFile, in("umsg"), in("msg_flags")}, flags: waits}
}

// unsaid is an operation that is not told.
func unsaid(reason string) operation { return operation{reason: reason} }

// operations are all operations, by opcode (IORING_OP_*).
var operations = [...]operation{
	0:  unsaid(ownAffair), // NOP
	1:  moves("readv"),
	2:  moves("writev"),
	3:  {row: "fsync", of: "io_sync", args: []operand{onFile}},
	4:  moves("read"),     // READ_FIXED
	5:  moves("write"),    // WRITE_FIXED
	6:  unsaid(onlyWaits), // POLL_ADD
	7:  unsaid(ownAffair), // POLL_REMOVE
	8:  {row: "sync_file_range", of: "io_sync", args: []operand{onFile, in("off"), in("len"), in("flags")}},
	9:  message("sendmsg"),
	10: message("recvmsg"),
	11: unsaid(onlyWaits), // TIMEOUT
	12: unsaid(ownAffair), // TIMEOUT_REMOVE
	13: {
		row: "accept4", of: "io_accept", args: []operand{onFile, in("addr"), in("addr_len"), in("flags")},
		slot: "file_slot", flags: many,
	},
	14: unsaid(ownAffair), // ASYNC_CANCEL
	15: unsaid(onlyWaits), // LINK_TIMEOUT
	16: {row: "connect", of: "io_connect", args: []operand{onFile, addressOf("addr_len"), in("addr_len")}, flags: polled},
	17: {row: "fallocate", of: "io_sync", args: []operand{onFile, in("mode"), in("off"), in("len")}},
	18: {
		row: "openat", of: "io_open", args: []operand{in("dfd"), named("filename"), in("how.flags"), in("how.mode")},
		slot: "file_slot",
	},
	19: {row: "close", of: "io_close", args: []operand{in("fd")}},
	20: unsaid(ownAffair), // FILES_UPDATE: of descriptors that are open
	21: {
		row: "statx", of: "io_statx",
		args: []operand{in("dfd"), named("filename"), in("flags"), in("mask"), in("buffer")},
	},
	22: moves("read"),
	23: moves("write"),
	24: {row: "fadvise64", of: "io_fadvise", args: []operand{onFile, in("offset"), in("len"), in("advice")}},
	25: {row: "madvise", of: "io_madvise", args: []operand{in("addr"), in("len"), in("advice")}},
	26: sends("sendto"),
	27: receives("recvfrom"),
	28: {
		row: "openat2", of: "io_open", slot: "file_slot",
		args: []operand{in("dfd"), named("filename"), structure("how"), number(openHowSize)},
	},
	29: {row: "epoll_ctl", of: "io_epoll", args: []operand{in("epfd"), in("op"), in("fd")}},
	30: {
		row: "splice", of: "io_splice",
		args: []operand{in("splice_fd_in"), none, onFile, none, in("len"), in("flags")},
	},
	31: unsaid(ownAffair), // PROVIDE_BUFFERS
	32: unsaid(ownAffair), // REMOVE_BUFFERS
	33: {row: "tee", of: "io_splice", args: []operand{in("splice_fd_in"), onFile, in("len"), in("flags")}},
	34: {row: "shutdown", of: "io_shutdown", args: []operand{onFile, in("how")}},
	35: {
		row: "renameat2", of: "io_rename",
		args: []operand{in("old_dfd"), named("oldpath"), in("new_dfd"), named("newpath"), in("flags")},
	},
	36: {row: "unlinkat", of: "io_unlink", args: []operand{in("dfd"), named("filename"), in("flags")}},
	37: {row: "mkdirat", of: "io_mkdir", args: []operand{in("dfd"), named("filename"), in("mode")}},
	38: {row: "symlinkat", of: "io_link", args: []operand{named("oldpath"), in("new_dfd"), named("newpath")}},
	39: {
		row: "linkat", of: "io_link",
		args: []operand{in("old_dfd"), named("oldpath"), in("new_dfd"), named("newpath"), in("flags")},
	},
	// MSG_RING, also how a direct descriptor goes to another ring: without a
	// ring of one's own the call is this one.
	40: {row: "io_uring_register", of: "io_msg", args: []operand{onFile, number(registerSendMsgRing), in("src_fd"), in("cmd")}},
	41: {
		row: "fsetxattr", of: "io_xattr",
		args: []operand{onFile, attribute, in("ctx.cvalue"), in("ctx.size"), in("ctx.flags")},
	},
	42: {
		row: "setxattr", of: "io_xattr",
		args: []operand{named("filename"), attribute, in("ctx.cvalue"), in("ctx.size"), in("ctx.flags")},
	},
	43: {row: "fgetxattr", of: "io_xattr", args: []operand{onFile, attribute, in("ctx.value"), in("ctx.size")}},
	44: {row: "getxattr", of: "io_xattr", args: []operand{named("filename"), attribute, in("ctx.value"), in("ctx.size")}},
	45: {row: "socket", of: "io_socket", args: []operand{in("domain"), in("type"), in("protocol")}, slot: "file_slot"},
	46: {row: "ioctl", of: "io_uring_cmd", args: []operand{onFile, in("cmd_op")}, flags: waits}, // URING_CMD
	47: sends("sendto"),                                                                         // SEND_ZC
	48: message("sendmsg"),                                                                      // SENDMSG_ZC
	49: {row: "read", of: "io_rw", args: []operand{onFile}, flags: many},                        // READ_MULTISHOT, into buffers of the ring's choice
	50: {
		row: "waitid", of: "io_waitid", args: []operand{in("which"), in("upid"), in("infop"), in("options")},
		flags: waits,
	},
	51: {
		row: "futex_wait", of: "io_futex", args: []operand{in("uaddr"), in("futex_val"), in("futex_mask"), in("futex_flags")},
		flags: waits,
	},
	52: {row: "futex_wake", of: "io_futex", args: []operand{in("uaddr"), in("futex_mask"), in("futex_val"), in("futex_flags")}},
	53: {row: "futex_waitv", of: "io_futex", args: []operand{in("uwaitv", "uaddr"), in("futex_nr")}, flags: waits},
	54: {row: "dup", of: "io_fixed_install", args: []operand{onFile}}, // FIXED_FD_INSTALL
	55: {row: "ftruncate", of: "io_ftrunc", args: []operand{onFile, in("len")}},
	56: {row: "bind", of: "io_bind", args: []operand{onFile, addressOf("addr_len"), in("addr_len")}},
	57: {row: "listen", of: "io_listen", args: []operand{onFile, in("backlog")}},
	58: {row: "recvfrom", of: "io_recvzc", args: []operand{onFile}, flags: many}, // RECV_ZC, into memory of the ring's
	59: {row: "epoll_wait", of: "io_epoll_wait", args: []operand{onFile, in("events"), in("maxevents")}, flags: waits},
	60: moves("readv"),  // READV_FIXED
	61: moves("writev"), // WRITEV_FIXED
	62: {row: "pipe2", of: "io_pipe", args: []operand{in("fds"), in("flags")}},
	63: unsaid(ownAffair),                                                                       // NOP128
	64: {row: "ioctl", of: "io_uring_cmd", args: []operand{onFile, in("cmd_op")}, flags: waits}, // URING_CMD128
}

const (
	openHowSize         = 24
	registerSendMsgRing = 31 // IORING_REGISTER_SEND_MSG_RING
)

// shape is how the programs read the operation's requests on a kernel. What
// that kernel's structure lacks stays out.
func (o *operation) shape(kernel *btf.Spec) (w sensorWireShape) {
	w.Flags = uint16(o.flags)
	own := structOf(kernel, o.of)
	if own == nil {
		return w
	}
	if offset, _, ok := memberAt(own, o.slot); ok {
		w.Slot = uint16(offset)
	}
	for i, arg := range o.args {
		w.Operands[i] = arg.shape(own)
	}
	return w
}

func (a operand) shape(own *btf.Struct) sensorWireOperand {
	w := sensorWireOperand{Source: uint8(a.source), Offset: a.number}
	for _, path := range a.members {
		offset, of, ok := memberAt(own, path)
		if !ok {
			continue
		}
		size, _ := btf.Sizeof(of)
		w.Offset, w.Size = uint16(offset), uint8(size)
		switch n, isInt := btf.UnderlyingType(of).(*btf.Int); {
		case a.source == sensorWireSourceSOURCE_PEER || a.source == sensorWireSourceSOURCE_NONE:
			w.Source = uint8(sensorWireSourceSOURCE_UNSIGNED)
		case a.source == sensorWireSourceSOURCE_UNSIGNED && isInt && n.Encoding == btf.Signed:
			w.Source = uint8(sensorWireSourceSOURCE_SIGNED)
		}
		return w
	}
	if len(a.members) > 0 && a.source != sensorWireSourceSOURCE_PEER {
		return sensorWireOperand{}
	}
	return w
}

// structOf is the kernel's structure of that name, nil if it has none.
func structOf(kernel *btf.Spec, name string) *btf.Struct {
	types, _ := kernel.AnyTypesByName(name)
	for _, t := range types {
		if s, ok := t.(*btf.Struct); ok {
			return s
		}
	}
	return nil
}

// memberAt finds a member by its path (ctx.size), also in what has no name.
func memberAt(t btf.Type, path string) (offset uint32, of btf.Type, ok bool) {
	var members []btf.Member
	switch t := btf.UnderlyingType(t).(type) {
	case *btf.Struct:
		members = t.Members
	case *btf.Union:
		members = t.Members
	}
	name, rest, more := strings.Cut(path, ".")
	for _, m := range members {
		offset, of, ok = 0, m.Type, m.Name == name && name != ""
		switch {
		case ok && more:
			offset, of, ok = memberAt(m.Type, rest)
		case m.Name == "":
			offset, of, ok = memberAt(m.Type, path)
		}
		if ok {
			return m.Offset.Bytes() + offset, of, true
		}
	}
	return 0, nil, false
}
