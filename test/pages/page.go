// Package pages is memory for arguments of calls, one page each beside Go's heap.
//
// It takes what a page shall hold and gives its address. It owns nothing: pages
// stay until they are taken away or the process ends. It never makes a call that
// has them as arguments.
package pages

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Page is one page of memory.
type Page struct{ Bytes []byte }

// New is a page that begins with a NUL-terminated text.
func New(text string) (*Page, error) {
	bytes, err := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	p := &Page{bytes}
	p.Set(text)
	return p, nil
}

// Set writes another text, and a NUL.
func (p *Page) Set(text string) { copy(p.Bytes, text+"\x00") }

// Address is where the page begins.
func (p *Page) Address() uintptr { return uintptr(unsafe.Pointer(&p.Bytes[0])) }

// Unmap takes the page away.
func (p *Page) Unmap() { _ = unix.Munmap(p.Bytes) }
