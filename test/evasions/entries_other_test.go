//go:build !amd64

package evasions

// Other architectures have one way into the kernel, or another compiler's.
var (
	byEntry   []evasion
	entryActs map[string]func(dir string) error
)
