package bpf

import "github.com/sakerhq/saker/internal/syscalls"

// MaxErrno is the largest error that a call can return.
const MaxErrno = 4095

// Filters say for rows what of their events is not reported.
type Filters map[*syscalls.Row]Filter

// Filter leaves out calls of a row. The zero Filter leaves out none. What goes
// through io_uring is reported in any case.
type Filter struct {
	// Failed are calls that returned an error.
	Failed bool
	// Directories are calls whose result is a descriptor of a directory that
	// has a name. Only for rows whose FD is the result.
	Directories bool
}
