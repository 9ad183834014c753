package lookups

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// tree is a file system of this process's own. Names that begin with file or
// dir are there, all others are not; whatever is asked of it is done, and
// nothing of it is kept.
type tree struct {
	device *os.File
	looked func(name string) // called before a name's look-up is answered
}

// What the kernel asks, of <linux/fuse.h>.
const (
	fuseLookup = 1 + iota
	fuseForget
	fuseGetattr
	fuseSetattr
	_
	fuseSymlink
	_
	fuseMknod
	fuseMkdir
	fuseUnlink
	fuseRmdir
	fuseRename
	fuseLink

	fuseInit        = 26
	fuseBatchForget = 42
	fuseRename2     = 45
)

// mountTree mounts a tree at a directory, for this thread and what it starts.
func mountTree(at string, looked func(name string)) error {
	err := errors.Join(unix.Unshare(unix.CLONE_NEWNS), unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	if err != nil {
		return lacks(err, unix.EPERM)
	}
	device, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return lacks(err, unix.ENOENT, unix.ENODEV)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", device.Fd())
	if err := unix.Mount("tree", at, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return lacks(err, unix.ENODEV)
	}
	go (&tree{device, looked}).serve()
	return nil
}

// lacks marks errors that say that the kernel lacks what a tree needs.
func lacks(err error, marks ...unix.Errno) error {
	for _, mark := range marks {
		if errors.Is(err, mark) {
			return errors.Join(ErrLacks, err)
		}
	}
	return err
}

// serve answers until the process ends.
func (t *tree) serve() {
	request := make([]byte, 1<<17)
	for {
		n, err := unix.Read(int(t.device.Fd()), request)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return
		}
		t.answer(request[:n])
	}
}

const fuseHeader = 40

// fuseError is a negative error number where an answer has no data.
type fuseError int32

func (t *tree) answer(request []byte) {
	if len(request) < fuseHeader {
		return
	}
	opcode, unique := binary.NativeEndian.Uint32(request[4:]), binary.NativeEndian.Uint64(request[8:])
	var answer any
	switch opcode {
	case fuseForget, fuseBatchForget:
		return
	case fuseInit:
		answer = fuseInitOut{Major: 7, Minor: 31, MaxWrite: 1 << 12}
	case fuseLookup:
		name, _, _ := strings.Cut(string(request[fuseHeader:]), "\x00")
		t.looked(name)
		answer = entryOf(name)
	case fuseGetattr, fuseSetattr:
		answer = fuseAttrOut{Attr: attrOf(binary.NativeEndian.Uint64(request[16:]))}
	case fuseMkdir:
		answer = entryOf("dir")
	case fuseSymlink:
		answer = fuseEntry{Node: linkNode, Attr: attrOf(linkNode)}
	case fuseMknod, fuseLink:
		answer = entryOf("file")
	case fuseUnlink, fuseRmdir, fuseRename, fuseRename2:
		answer = fuseError(0)
	default:
		answer = -fuseError(unix.ENOSYS)
	}
	t.write(unique, answer)
}

func (t *tree) write(unique uint64, answer any) {
	var data bytes.Buffer
	refused, isError := answer.(fuseError)
	if !isError {
		_ = binary.Write(&data, binary.NativeEndian, answer) // of fixed size
	}
	var out bytes.Buffer
	_ = binary.Write(&out, binary.NativeEndian, struct {
		Size   uint32
		Error  int32
		Unique uint64
	}{uint32(16 + data.Len()), int32(refused), unique})
	_, _ = unix.Write(int(t.device.Fd()), append(out.Bytes(), data.Bytes()...))
}

// Inodes of all that is in a tree.
const (
	rootNode = 1 + iota
	dirNode
	fileNode
	linkNode
)

func entryOf(name string) any {
	switch {
	case strings.HasPrefix(name, "dir"):
		return fuseEntry{Node: dirNode, Attr: attrOf(dirNode)}
	case strings.HasPrefix(name, "file"):
		return fuseEntry{Node: fileNode, Attr: attrOf(fileNode)}
	}
	return -fuseError(unix.ENOENT)
}

func attrOf(node uint64) fuseAttr {
	modes := map[uint64]uint32{
		rootNode: unix.S_IFDIR | 0o755, dirNode: unix.S_IFDIR | 0o755,
		fileNode: unix.S_IFREG | 0o644, linkNode: unix.S_IFLNK | 0o777,
	}
	return fuseAttr{Ino: node, Mode: modes[node], Nlink: 2, BlockSize: 4096}
}

type fuseInitOut struct {
	Major, Minor, ReadAhead, Flags uint32
	Background, Congestion         uint16
	MaxWrite, Granularity          uint32
	MaxPages, Alignment            uint16
	Flags2                         uint32
	_                              [7]uint32
}

type fuseAttr struct {
	Ino, Size, Blocks, Atime, Mtime, Ctime      uint64
	AtimeNsec, MtimeNsec, CtimeNsec             uint32
	Mode, Nlink, UID, GID, Rdev, BlockSize, Flg uint32
}

type fuseEntry struct {
	Node, Generation, EntryValid, AttrValid uint64
	EntryNsec, AttrNsec                     uint32
	Attr                                    fuseAttr
}

type fuseAttrOut struct {
	Valid   uint64
	Nsec, _ uint32
	Attr    fuseAttr
}
