package soak

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// waits is the machine code of a program that reads a byte from its standard
// input and ends: the smallest process there is, and one that ends with whoever
// holds the other end of the pipe.
var waits = map[string][]byte{
	"amd64": {
		0x31, 0xff, // xor edi, edi
		0x48, 0x89, 0xe6, // mov rsi, rsp
		0xba, 1, 0, 0, 0, // mov edx, 1
		0x31, 0xc0, // xor eax, eax: read
		0x0f, 0x05, // syscall
		0x31, 0xff, // xor edi, edi
		0xb8, 60, 0, 0, 0, // mov eax, 60: exit
		0x0f, 0x05, // syscall
	},
	"arm64": {
		0x00, 0x00, 0x80, 0xd2, // mov x0, #0
		0xe1, 0x03, 0x00, 0x91, // mov x1, sp
		0x22, 0x00, 0x80, 0xd2, // mov x2, #1
		0xe8, 0x07, 0x80, 0xd2, // mov x8, #63: read
		0x01, 0x00, 0x00, 0xd4, // svc #0
		0x00, 0x00, 0x80, 0xd2, // mov x0, #0
		0xa8, 0x0b, 0x80, 0xd2, // mov x8, #93: exit
		0x01, 0x00, 0x00, 0xd4, // svc #0
	},
}

// machines are the architectures as ELF files name them.
var machines = map[string]uint16{"amd64": 62, "arm64": 183}

// elf is a file of one segment, as <elf.h> lays it out.
type elf struct {
	ident                            [16]byte
	kind, machine                    uint16
	version                          uint32
	entry, programs, _               uint64
	_                                uint32
	size, programSize, programNumber uint16
	_                                [3]uint16 // no sections

	segment, permissions               uint32
	_, address, physical, file, memory uint64 // what is loaded begins with the file
	align                              uint64
}

// writeTiny writes that program into dir.
func writeTiny(t *testing.T, dir string) (path string) {
	t.Helper()
	code := waits[runtime.GOARCH]
	if code == nil {
		t.Skip("nobody wrote the program for ", runtime.GOARCH)
	}
	const base, headers, header = 0x400000, 120, 64
	whole := uint64(headers + len(code))
	var file bytes.Buffer
	err := binary.Write(&file, binary.LittleEndian, &elf{
		ident: [16]byte{0x7f, 'E', 'L', 'F', 2, 1, 1}, kind: 2, machine: machines[runtime.GOARCH], version: 1,
		entry: base + headers, programs: header, size: header, programSize: headers - header, programNumber: 1,
		segment: 1, permissions: 5, address: base, physical: base, file: whole, memory: whole, align: 1 << 16,
	})
	path = filepath.Join(dir, "tiny")
	if err == nil {
		err = os.WriteFile(path, append(file.Bytes(), code...), 0o700)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}
