// Command narrow opens a file: built for a 32-bit architecture, it enters the
// kernel as 32-bit programs do.
package main

import "syscall"

func main() {
	if fd, err := syscall.Open("/etc/passwd", syscall.O_RDONLY, 0); err == nil {
		_ = syscall.Close(fd)
	}
}
