package entry

import (
	"bufio"
	"encoding/binary"
	"os"
	"strings"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// page is memory in the lower 4 GiB, where 32-bit calls reach it: first code,
// then what the code reads and writes, then what calls point at.
var page struct {
	memory []byte
	used   int
}

const (
	compatAt = 256
	blockAt  = 512
	dataAt   = 1024
	pageSize = 1 << 16
)

func lowPage() []byte {
	if page.memory != nil {
		return page.memory
	}
	memory, err := unix.Mmap(-1, 0, pageSize, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC,
		unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_32BIT)
	if err != nil {
		panic(err)
	}
	page.memory, page.used = memory, dataAt
	at := binary.LittleEndian.AppendUint64(nil, uint64(address(memory)+blockAt))
	load := append([]byte{0x49, 0xbc}, at...) // mov r12, block
	native := append(load,                    // then rax, rdi, rsi, rdx, r10, r8, r9 from there
		0x49, 0x8b, 0x04, 0x24, 0x49, 0x8b, 0x7c, 0x24, 0x08, 0x49, 0x8b, 0x74, 0x24, 0x10,
		0x49, 0x8b, 0x54, 0x24, 0x18, 0x4d, 0x8b, 0x54, 0x24, 0x20, 0x4d, 0x8b, 0x44, 0x24, 0x28,
		0x4d, 0x8b, 0x4c, 0x24, 0x30, 0x0f, 0x05, // syscall
		0x48, 0x85, 0xc0, 0x75, 0x09, // a child, with 0 in rax, ends: exit_group(0)
		0xb8, 0xe7, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05,
		0x49, 0x89, 0x44, 0x24, 0x38, 0xc3) // the result into the block; ret
	copy(memory, native)
	old := append([]byte{0x53, 0x55, 0x41, 0x56, 0x41, 0x57}, load...) // save rbx, rbp, r14, r15
	old = append(old,                                                  // eax, ebx, ecx, edx, esi, edi, ebp
		0x41, 0x8b, 0x04, 0x24, 0x41, 0x8b, 0x5c, 0x24, 0x08, 0x41, 0x8b, 0x4c, 0x24, 0x10,
		0x41, 0x8b, 0x54, 0x24, 0x18, 0x41, 0x8b, 0x74, 0x24, 0x20, 0x41, 0x8b, 0x7c, 0x24, 0x28,
		0x41, 0x8b, 0x6c, 0x24, 0x30, 0xcd, 0x80) // int 0x80
	old = append(append(old, load...), 0x48, 0x63, 0xc0, 0x49, 0x89, 0x44, 0x24, 0x38,
		0x41, 0x5f, 0x41, 0x5e, 0x5d, 0x5b, 0xc3)
	copy(memory[compatAt:], old)
	return memory
}

// Low is the address of a copy of b in the lower 4 GiB.
func Low(b []byte) uintptr {
	memory := lowPage()
	at := page.used
	copy(memory[at:], b)
	page.used += (len(b) + 15) &^ 15
	return address(memory) + uintptr(at)
}

// enter runs the code at an offset of the page.
func enter(code, number uintptr, args []uintptr) int64 {
	memory := lowPage()
	block := unsafe.Slice((*uint64)(unsafe.Pointer(&memory[blockAt])), 8)
	clear(block)
	block[0] = uint64(number)
	for i, arg := range args {
		block[1+i] = uint64(arg)
	}
	start := address(memory) + code
	closure := &start
	(*(*func())(unsafe.Pointer(&closure)))()
	return int64(block[7])
}

// Fork makes a call after which there are two processes; the child ends at once.
func Fork(number uintptr, args ...uintptr) int64 { return enter(0, number, args) }

// Compat makes a call through the entry of 32-bit programs, int 0x80.
func Compat(number uintptr, args ...uintptr) int64 { return enter(compatAt, number, args) }

// CanCompat reports whether the kernel has that entry. It is no use to try:
// where there is none, the program ends.
var CanCompat = sync.OnceValue(func() bool {
	symbols, err := os.Open("/proc/kallsyms")
	if err != nil {
		return false
	}
	defer symbols.Close()
	for lines := bufio.NewScanner(symbols); lines.Scan(); {
		if strings.HasSuffix(lines.Text(), " ia32_sys_call") {
			return true
		}
	}
	return false
})

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
