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
	{
		"a program that is shown as another afterwards (PR_SET_MM)", "swap program",
		opened + secret, "%fd.name %proc.exepath", "{dir}/secret {dir}/entry",
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
	"swap program": func(dir string) error { return runCode(dir, elf.ELFCLASS64, swapProgram()) },
}

// Where a program's memory begins, its code (behind the headers of both
// classes), the path that the code opens, that of another program, a layout of
// memory, and the end of a second stack. The first page is the file's.
const (
	loadAt   = 0x400000
	codeAt   = loadAt + 120
	pathAt   = codeAt + 256
	toolAt   = pathAt + 1024
	layoutAt = toolAt + 1024
	stackAt  = loadAt + memSize

	fileSize = 0x1000
	memSize  = 0x3000
	layoutFD = 12*8 + 4 // of the layout, where its descriptor is
)

// open32 opens the path by the 32-bit entry and ends with the error.
var open32 = slices.Concat(
	[]byte{0xb8, 5, 0, 0, 0, 0xbb}, word(pathAt), // mov eax, open; mov ebx, path
	[]byte{0x31, 0xc9, 0x31, 0xd2, 0xcd, 0x80},                         // ecx, edx = 0; int 0x80
	[]byte{0x31, 0xdb, 0x85, 0xc0, 0x79, 0x04, 0x89, 0xc3, 0xf7, 0xdb}, // ebx = eax < 0 ? -eax : 0
	[]byte{0xb8, 1, 0, 0, 0, 0xcd, 0x80},                               // exit
)

// open64 opens the path by a call's number and ends with the error.
func open64(number uint64) []byte { return slices.Concat(openBy(number, pathAt), exit64) }

// openBy opens a path by a call's number.
func openBy(number uint64, path uint32) []byte {
	return slices.Concat(
		binary.LittleEndian.AppendUint64([]byte{0x48, 0xb8}, number), // mov rax, number
		[]byte{0xbf, 0x9c, 0xff, 0xff, 0xff, 0xbe}, word(path),       // mov edi, AT_FDCWD; mov esi, path
		[]byte{0x31, 0xd2, 0x45, 0x31, 0xd2, 0x0f, 0x05}, // edx, r10d = 0; syscall
	)
}

// exit64 ends with the error in eax, 0 if there is none.
var exit64 = []byte{
	0x31, 0xff, 0x85, 0xc0, 0x79, 0x04, 0x89, 0xc7, 0xf7, 0xdf, // edi = eax < 0 ? -eax : 0
	0xb8, 231, 0, 0, 0, 0x0f, 0x05, // exit_group
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

// swapProgram leaves the file's memory for a copy of it, so that the kernel
// takes another file as the process's program. It changes the process, so that
// it is told again, and opens the path.
func swapProgram() []byte {
	then := slices.Concat(
		[]byte{0x31, 0xff, 0x31, 0xf6, 0xb8}, word(unix.SYS_SETPGID), []byte{0x0f, 0x05}, // setpgid(0, 0)
		openBy(unix.SYS_OPENAT, pathAt+fileSize),
	)
	return slices.Concat(
		[]byte{0xbe}, word(loadAt), []byte{0xbf}, word(loadAt+fileSize), []byte{0xb9}, word(fileSize), // mov esi, edi, ecx
		[]byte{0xf3, 0xa4, 0xe9}, word(fileSize), // rep movsb; jmp into the copy
		[]byte{0xbf}, word(loadAt), []byte{0xbe}, word(fileSize), []byte{0xb8}, word(unix.SYS_MUNMAP), []byte{0x0f, 0x05},
		openBy(unix.SYS_OPENAT, toolAt+fileSize),
		[]byte{0x89, 0x04, 0x25}, word(layoutAt+fileSize+layoutFD), // the descriptor into the layout
		[]byte{0xbf}, word(unix.PR_SET_MM), []byte{0xbe}, word(unix.PR_SET_MM_MAP), []byte{0xba}, word(layoutAt+fileSize), // mov edi, esi, edx
		[]byte{0x41, 0xba}, word(layoutFD+4), []byte{0x45, 0x31, 0xc0, 0xb8}, word(unix.SYS_PRCTL), []byte{0x0f, 0x05}, // r10d, r8d = 0
		[]byte{0x85, 0xc0, 0x75, byte(len(then))}, then, // an error jumps behind
		exit64,
	)
}

// layout is struct prctl_mm_map, of which only the program's file matters.
func layout() (b []byte) {
	const at = loadAt + fileSize
	// Code, data, heap, stack, arguments, environment; then the auxiliary vector.
	for _, n := range [...]uint64{at, at + 1, at, at + 1, at, at, at, at, at, at, at, 0} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	return append(b, make([]byte, 8)...)
}

func word(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }

// runCode runs a program of a class that consists of code.
func runCode(dir string, class elf.Class, code []byte) error {
	if err := os.WriteFile(dir+"/entry", image(class, code, dir+"/secret", dir+"/tool"), 0o700); err != nil {
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

// image is an executable file: headers, code, two paths, a layout.
func image(class elf.Class, code []byte, path, tool string) []byte {
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	const all = uint32(elf.PF_R | elf.PF_W | elf.PF_X)
	var out bytes.Buffer
	put := func(header any) { _ = binary.Write(&out, binary.LittleEndian, header) } // a Buffer takes all
	if class == elf.ELFCLASS32 {
		put(elf.Header32{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_386), Version: 1, Entry: codeAt,
			Phoff: 52, Ehsize: 52, Phentsize: 32, Phnum: 1,
		})
		put(elf.Prog32{Type: uint32(elf.PT_LOAD), Vaddr: loadAt, Filesz: fileSize, Memsz: memSize, Flags: all})
	} else {
		put(elf.Header64{
			Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1, Entry: codeAt,
			Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1,
		})
		put(elf.Prog64{Type: uint32(elf.PT_LOAD), Vaddr: loadAt, Filesz: fileSize, Memsz: memSize, Flags: all})
	}
	file := make([]byte, fileSize)
	copy(file, out.Bytes())
	copy(file[codeAt-loadAt:], code)
	copy(file[pathAt-loadAt:], path)
	copy(file[toolAt-loadAt:], tool)
	copy(file[layoutAt-loadAt:], layout())
	return file
}
