package syscalls

import "slices"

// openFlags are the flags of the open family. The two halves of O_SYNC and
// O_TMPFILE stand for the whole: their other halves are flags of their own.
var openFlags = &Values{List: []Value{
	bit("O_LARGEFILE", onARM(0o400000, 0o100000), 1<<11),
	bit("O_DIRECTORY", onARM(0o40000, 0o200000), 1<<10),
	bit("O_DIRECT", onARM(0o200000, 0o40000), 1<<9),
	bit("O_TRUNC", 0o1000, 1<<8),
	bit("O_SYNC", 0o4000000, 1<<7),
	bit("O_NONBLOCK", 0o4000, 1<<6),
	bit("O_EXCL", 0o200, 1<<5),
	bit("O_DSYNC", 0o10000, 1<<4),
	bit("O_APPEND", 0o2000, 1<<3),
	bit("O_CREAT", openCreate, 1<<2),
	{Name: "O_RDWR", Mask: 3, Is: 2, Falco: 3},
	{Name: "O_WRONLY", Mask: 3, Is: 1, Falco: 2},
	{Name: "O_RDONLY", Mask: 3, Is: 0, Falco: 1},
	bit("O_CLOEXEC", 0o2000000, 1<<12),
	absent("O_NONE", 0),
	bit("O_TMPFILE", openTemporary, 1<<13),
	bit("O_F_CREATED", FileCreated, 1<<14),
	bit("FD_UPPER_LAYER", FileUpper, 1<<15),
	bit("FD_LOWER_LAYER", FileLower, 1<<16),
}, None: 1}

const (
	openCreate    = 0o100
	openTemporary = 0o20000000
)

// Creates reports whether an open with these flags may create a file, so that
// its mode counts.
func Creates(flags uint64) bool { return flags&(openCreate|openTemporary) != 0 }

// Temporary reports whether an open with these flags makes a file without a name.
func Temporary(flags uint64) bool { return flags&openTemporary == openTemporary }

// descriptorFlags are those of calls that make a descriptor without opening.
var descriptorFlags = &Values{List: []Value{
	bit("O_NONBLOCK", 0o4000, 1<<6),
	bit("O_CLOEXEC", 0o2000000, 1<<12),
	absent("O_NONE", 0),
}}

var layerFlags = &Values{List: []Value{
	bit("FD_UPPER_LAYER_CREAT", FileUpper, 1<<0),
	bit("FD_LOWER_LAYER_CREAT", FileLower, 1<<1),
}}

var resolveFlags = &Values{List: []Value{
	bit("RESOLVE_BENEATH", 0x08, 1<<0),
	bit("RESOLVE_IN_ROOT", 0x10, 1<<1),
	bit("RESOLVE_NO_MAGICLINKS", 0x02, 1<<2),
	bit("RESOLVE_NO_SYMLINKS", 0x04, 1<<3),
	bit("RESOLVE_NO_XDEV", 0x01, 1<<4),
	bit("RESOLVE_CACHED", 0x20, 1<<5),
}}

var unlinkFlags = &Values{List: []Value{same("AT_REMOVEDIR", 0x200)}}

var linkFlags = &Values{List: []Value{
	same("AT_SYMLINK_FOLLOW", 0x400), same("AT_EMPTY_PATH", 0x1000),
}}

var renameFlags = &Values{List: []Value{
	same("RENAME_NOREPLACE", 1), same("RENAME_EXCHANGE", 2), same("RENAME_WHITEOUT", 4),
}}

var permissions = &Values{List: []Value{
	same("S_IXOTH", 0o1), same("S_IWOTH", 0o2), same("S_IROTH", 0o4),
	same("S_IXGRP", 0o10), same("S_IWGRP", 0o20), same("S_IRGRP", 0o40),
	same("S_IXUSR", 0o100), same("S_IWUSR", 0o200), same("S_IRUSR", 0o400),
	same("S_ISVTX", 0o1000), same("S_ISGID", 0o2000), same("S_ISUID", 0o4000),
}}

// Bits of execve's flags: facts of the program's file, in Falco's numbering.
const (
	ExeWritable = 1 << iota
	ExeUpper
	ExeMemfd
	ExeLower
)

var exeFlags = &Values{List: []Value{
	same("EXE_WRITABLE", ExeWritable), same("EXE_UPPER_LAYER", ExeUpper),
	same("EXE_FROM_MEMFD", ExeMemfd), same("EXE_LOWER_LAYER", ExeLower),
}}

var cloneFlags = &Values{List: []Value{
	bit("CLONE_FILES", 0x400, 1<<0),
	bit("CLONE_FS", 0x200, 1<<1),
	bit("CLONE_IO", 0x80000000, 1<<2),
	bit("CLONE_NEWIPC", 0x08000000, 1<<3),
	bit("CLONE_NEWNET", 0x40000000, 1<<4),
	bit("CLONE_NEWNS", 0x00020000, 1<<5),
	bit("CLONE_NEWPID", 0x20000000, 1<<6),
	bit("CLONE_NEWUTS", 0x04000000, 1<<7),
	bit("CLONE_PARENT", 0x8000, 1<<8),
	bit("CLONE_PARENT_SETTID", 0x00100000, 1<<9),
	bit("CLONE_PTRACE", 0x2000, 1<<10),
	bit("CLONE_SIGHAND", 0x800, 1<<11),
	bit("CLONE_SYSVSEM", 0x00040000, 1<<12),
	bit("CLONE_THREAD", 0x00010000, 1<<13),
	bit("CLONE_UNTRACED", 0x00800000, 1<<14),
	bit("CLONE_VM", 0x100, 1<<15),
	bit("CLONE_NEWUSER", 0x10000000, 1<<20),
	bit("CLONE_CHILD_CLEARTID", 0x00200000, 1<<23),
	bit("CLONE_CHILD_SETTID", 0x01000000, 1<<24),
	bit("CLONE_SETTLS", 0x00080000, 1<<25),
	bit("CLONE_VFORK", 0x4000, 1<<27),
	bit("CLONE_NEWCGROUP", 0x02000000, 1<<28),
}}

var moduleFlags = &Values{List: []Value{
	same("MODULE_INIT_IGNORE_MODVERSIONS", 1), same("MODULE_INIT_IGNORE_VERMAGIC", 2),
	same("MODULE_INIT_COMPRESSED_FILE", 4),
}}

var closeRangeFlags = &Values{List: []Value{same("CLOSE_RANGE_UNSHARE", 2), same("CLOSE_RANGE_CLOEXEC", 4)}}

var lockOperations = &Values{List: []Value{
	same("LOCK_SH", 1), same("LOCK_EX", 2), same("LOCK_NB", 4), same("LOCK_UN", 8), absent("LOCK_NONE", 0),
}}

var accessModes = &Values{List: []Value{same("F_OK", 0), same("R_OK", 4), same("W_OK", 2), same("X_OK", 1)}}

var spliceFlags = &Values{List: []Value{
	same("SPLICE_F_MOVE", 1), same("SPLICE_F_NONBLOCK", 2), same("SPLICE_F_MORE", 4), same("SPLICE_F_GIFT", 8),
}}

var pipeFlags = &Values{List: []Value{
	bit("O_DIRECT", onARM(0o200000, 0o40000), 1<<9), bit("O_NONBLOCK", 0o4000, 1<<6), bit("O_CLOEXEC", 0o2000000, 1<<12),
	absent("O_NONE", 0),
}}

var epollFlags = &Values{List: []Value{bit("EPOLL_CLOEXEC", 0o2000000, 1)}}

var statFlags = &Values{List: []Value{
	same("AT_EMPTY_PATH", 0x1000), same("AT_NO_AUTOMOUNT", 0x800), same("AT_SYMLINK_NOFOLLOW", 0x100),
}}

var ownerFlags = &Values{List: []Value{same("AT_SYMLINK_NOFOLLOW", 0x100), same("AT_EMPTY_PATH", 0x1000)}}

var handleFlags = &Values{List: []Value{
	same("AT_SYMLINK_FOLLOW", 0x400), same("AT_EMPTY_PATH", 0x1000), same("AT_HANDLE_FID", 0x200),
}}

// nodeModes are permissions and the kind of file that mknod makes: wide kinds
// before those whose bits they hold.
var nodeModes = &Values{List: append(slices.Clone(permissions.List),
	kind("S_IFSOCK", 0o140000), kind("S_IFBLK", 0o60000), kind("S_IFREG", 0o100000), kind("S_IFCHR", 0o20000),
	kind("S_IFIFO", 0o10000),
)}

func kind(name string, n uint64) Value { return Value{Name: name, Mask: 0o170000, Is: n, Falco: n} }

var xattrFlags = &Values{List: []Value{same("XATTR_CREATE", 1), same("XATTR_REPLACE", 2)}}

var mountFlags = &Values{List: []Value{
	same("RDONLY", 1<<0), same("NOSUID", 1<<1), same("NODEV", 1<<2), same("NOEXEC", 1<<3), same("SYNCHRONOUS", 1<<4),
	same("REMOUNT", 1<<5), same("MANDLOCK", 1<<6), same("DIRSYNC", 1<<7), same("NOATIME", 1<<10), same("NODIRATIME", 1<<11),
	same("BIND", 1<<12), same("MOVE", 1<<13), same("REC", 1<<14), same("SILENT", 1<<15), same("POSIXACL", 1<<16),
	same("UNBINDABLE", 1<<17), same("PRIVATE", 1<<18), same("SLAVE", 1<<19), same("SHARED", 1<<20), same("RELATIME", 1<<21),
	same("KERNMOUNT", 1<<22), same("I_VERSION", 1<<23), same("STRICTATIME", 1<<24), same("LAZYTIME", 1<<25),
	same("NOSEC", 1<<28), same("BORN", 1<<29), same("ACTIVE", 1<<30), same("NOUSER", 1<<31),
}}

var unmountFlags = &Values{List: []Value{
	same("FORCE", 1), same("DETACH", 2), same("EXPIRE", 4), same("NOFOLLOW", 8),
}}

var moveMountFlags = &Values{List: []Value{
	same("MOVE_MOUNT_F_SYMLINKS", 1), same("MOVE_MOUNT_F_AUTOMOUNTS", 2), same("MOVE_MOUNT_F_EMPTY_PATH", 4),
	same("MOVE_MOUNT_T_SYMLINKS", 0x10), same("MOVE_MOUNT_T_AUTOMOUNTS", 0x20), same("MOVE_MOUNT_T_EMPTY_PATH", 0x40),
	same("MOVE_MOUNT_SET_GROUP", 0x100), same("MOVE_MOUNT_BENEATH", 0x200),
}}

var openTreeFlags = &Values{List: []Value{
	same("OPEN_TREE_CLONE", 1), same("OPEN_TREE_CLOEXEC", 0o2000000), same("AT_RECURSIVE", 0x8000),
	same("AT_EMPTY_PATH", 0x1000), same("AT_NO_AUTOMOUNT", 0x800), same("AT_SYMLINK_NOFOLLOW", 0x100),
}}

var fsopenFlags = &Values{List: []Value{same("FSOPEN_CLOEXEC", 1)}}

var fsmountFlags = &Values{List: []Value{same("FSMOUNT_CLOEXEC", 1)}}

var mountAttributes = &Values{List: []Value{
	same("MOUNT_ATTR_RDONLY", 1), same("MOUNT_ATTR_NOSUID", 2), same("MOUNT_ATTR_NODEV", 4), same("MOUNT_ATTR_NOEXEC", 8),
	same("MOUNT_ATTR_NOATIME", 0x10), same("MOUNT_ATTR_STRICTATIME", 0x20), same("MOUNT_ATTR_NODIRATIME", 0x80),
	same("MOUNT_ATTR_IDMAP", 0x100000), same("MOUNT_ATTR_NOSYMFOLLOW", 0x200000),
}}
