package evasions

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"slices"

	"golang.org/x/sys/unix"
)

// byEntry are ways into the kernel that ordinary programs don't take.
var byEntry = []evasion{
	{
		"a 32-bit program", "entry 32",
		opened + secret, "%evt.type %fd.name %proc.exepath by %evt.via", "open {dir}/secret {dir}/entry by compat",
	},
	{
		"the entry of 32-bit programs in another", "entry compat",
		opened + secret, "%evt.type %fd.name %proc.exepath by %evt.via", "open {dir}/secret {dir}/entry by compat",
	},
	{
		"the call numbers of x32", "entry x32",
		opened + secret, "%evt.type %fd.name %proc.exepath by %evt.via", "openat {dir}/secret {dir}/entry by x32",
	},
	{
		"a call number with high bits", "entry high",
		opened + secret, "%evt.type %fd.name %proc.exepath by %evt.via", "openat {dir}/secret {dir}/entry by <NA>",
	},
	{
		"a process that shares another's memory", "clone memory",
		opened + secret, "%fd.name %proc.exepath < %proc.pname", "{dir}/secret {dir}/entry < entry",
	},
}

var entryActs = map[string]func(dir string) error{
	"entry 32":     func(dir string) error { return runCode(dir, elf.ELFCLASS32, open32) },
	"entry compat": func(dir string) error { return runCode(dir, elf.ELFCLASS64, open32) },
	"entry x32":    func(dir string) error { return runCode(dir, elf.ELFCLASS64, open64(1<<30|unix.SYS_OPENAT)) },
	"entry high":   func(dir string) error { return runCode(dir, elf.ELFCLASS64, open64(0xabcd<<32|unix.SYS_OPENAT)) },
	"clone memory": func(dir string) error {
		return runCode(dir, elf.ELFCLASS64, append(slices.Clone(cloneWait), open64(unix.SYS_OPENAT)...))
	},
}

// Where a program's memory begins, its code (behind the headers of both
// classes), the path that the code opens, and the end of a second stack.
const (
	loadAt  = 0x400000
	codeAt  = loadAt + 120
	pathAt  = codeAt + 256
	stackAt = loadAt + sizeAll
	sizeAll = 0x2000
)

// open32 opens the path by the 32-bit entry and ends with the error.
var open32 = slices.Concat(
	[]byte{0xb8, 5, 0, 0, 0, 0xbb}, word(pathAt), // mov eax, open; mov ebx, path
	[]byte{0x31, 0xc9, 0x31, 0xd2, 0xcd, 0x80},                         // ecx, edx = 0; int 0x80
	[]byte{0x31, 0xdb, 0x85, 0xc0, 0x79, 0x04, 0x89, 0xc3, 0xf7, 0xdb}, // ebx = eax < 0 ? -eax : 0
	[]byte{0xb8, 1, 0, 0, 0, 0xcd, 0x80},                               // exit
)

// open64 opens the path by a call's number and ends with the error.
func open64(number uint64) []byte {
	return slices.Concat(
		binary.LittleEndian.AppendUint64([]byte{0x48, 0xb8}, number), // mov rax, number
		[]byte{0xbf, 0x9c, 0xff, 0xff, 0xff, 0xbe}, word(pathAt),     // mov edi, AT_FDCWD; mov esi, path
		[]byte{0x31, 0xd2, 0x45, 0x31, 0xd2, 0x0f, 0x05},                   // edx, r10d = 0; syscall
		[]byte{0x31, 0xff, 0x85, 0xc0, 0x79, 0x04, 0x89, 0xc7, 0xf7, 0xdf}, // edi = eax < 0 ? -eax : 0
		[]byte{0xb8, 231, 0, 0, 0, 0x0f, 0x05},                             // exit_group
	)
}

// cloneWait makes a process that shares all memory, and waits for it. The new
// process runs on behind.
var cloneWait = slices.Concat(
	[]byte{0xb8, 56, 0, 0, 0, 0xbf}, word(unix.CLONE_VM|uint32(unix.SIGCHLD)), []byte{0xbe}, word(stackAt), // clone, flags, stack
	[]byte{0x31, 0xd2, 0x45, 0x31, 0xd2, 0x45, 0x31, 0xc0, 0x0f, 0x05},              // edx, r10d, r8d = 0; syscall
	[]byte{0x85, 0xc0, 0x74, 25, 0x89, 0xc7},                                        // the child jumps behind; mov edi, eax
	[]byte{0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, 0xb8, 61, 0, 0, 0, 0x0f, 0x05}, // wait4(child, 0, 0, 0)
	[]byte{0x31, 0xff, 0xb8, 231, 0, 0, 0, 0x0f, 0x05},                              // exit_group(0)
)

func word(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

// runCode runs a program of a class that consists of code.
func runCode(dir string, class elf.Class, code []byte) error {
	if err := os.WriteFile(dir+"/entry", image(class, code, dir+"/secret"), 0o700); err != nil {
		return err
	}
	err := exec.Command(dir + "/entry").Run()
	var end *exec.ExitError
	switch {
	case errors.As(err, &end) && end.ExitCode() == int(unix.ENOSYS):
		return lacks(unix.ENOSYS, unix.ENOSYS)
	case errors.As(err, &end) && end.ExitCode() < 0 && class == elf.ELFCLASS64: // int 0x80 where there is none
		return lacks(unix.ENOSYS, unix.ENOSYS)
	}
	return lacks(err, unix.ENOEXEC)
}

// image is an executable file: headers, code, and a path.
func image(class elf.Class, code []byte, path string) []byte {
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	const all = uint32(elf.PF_R | elf.PF_W | elf.PF_X)
	var out bytes.Buffer
	put := func(header any) { _ = binary.Write(&out, binary.LittleEndian, header) } // a Buffer takes all
	if class == elf.ELFCLASS32 {
		put(elf.Header32{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_386), Version: 1, Entry: codeAt,
			Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1,
		})
		put(elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: loadAt, Filesz: pathAt - loadAt + uint32(len(path)), Memsz: sizeAll, Flags: all})
	} else {
		put(elf.Header64{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: codeAt,
			Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
		})
		put(elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: loadAt, Filesz: pathAt - loadAt + uint64(len(path)), Memsz: sizeAll, Flags: all})
	}
	out.Write(make([]byte, codeAt-loadAt-out.Len()))
	out.Write(code)
	out.Write(make([]byte, pathAt-loadAt-out.Len()))
	out.WriteString(path)
	return out.Bytes()
}
