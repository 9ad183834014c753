package syscallreceiver

import (
	"bufio"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What is kept is small objects that live long, and events make no garbage: to
// collect it twice as often costs little, and spares a quarter of the heap.
const (
	gcPercent = 50
	goDefault = 100
)

// saveMemory makes the collector live on less where nobody said otherwise by
// GOGC or GOMEMLIMIT, and gives back what only its start needed: the heap of
// what was parsed and verified, and the pages of the program that did it.
func saveMemory() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		if before := debug.SetGCPercent(gcPercent); before != goDefault {
			debug.SetGCPercent(before)
		}
	}
	debug.FreeOSMemory()
	releaseProgram()
}

// releaseProgram unmaps the pages of the program's own file: the kernel maps
// those again that are still used, from its cache. The start touches most of a
// program, what comes behind a fourth. Mappings with pages of their own, as
// relocations make them, stay. Nothing depends on it: errors mean that it is
// not done.
func releaseProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	maps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer maps.Close()
	var from, to uint64
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		line := lines.Text()
		words := strings.Fields(line)
		switch {
		case len(words) == 3 && words[0] == "Anonymous:":
			if words[1] == "0" && to != 0 {
				_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(from), uintptr(to-from), unix.MADV_DONTNEED)
			}
		case !strings.HasSuffix(words[0], ":"):
			from, to = 0, 0
			if strings.HasPrefix(words[1], "r-") && strings.HasSuffix(line, " "+program) {
				low, high, _ := strings.Cut(words[0], "-")
				from, _ = strconv.ParseUint(low, 16, 64)
				to, _ = strconv.ParseUint(high, 16, 64)
			}
		}
	}
}
