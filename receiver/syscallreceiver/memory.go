package syscallreceiver

import (
	"bufio"
	"io"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// What is kept is small and lives long, and events make no garbage: to collect
// it three times as often costs little, and spares a third of the heap.
const (
	gcPercent = 30
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

// releaseProgram unmaps the pages of the program's own file. The kernel maps
// those again that are still used, from its cache: a third of what the start
// has touched. Where it can't be done nothing is lost but the room.
func releaseProgram() {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	smaps, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer smaps.Close()
	for _, m := range cleanMappings(smaps, program) {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, m.from, m.to-m.from, unix.MADV_DONTNEED)
	}
}

// mapping is a range of addresses.
type mapping struct{ from, to uintptr }

// cleanMappings are those of a file that can't be written and have no pages of
// their own, as relocations make them: these would be lost.
func cleanMappings(smaps io.Reader, file string) (clean []mapping) {
	var last mapping
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		line := lines.Text()
		words := strings.Fields(line)
		switch {
		case len(words) < 2:
		case words[0] == "Anonymous:":
			if words[1] == "0" && last.to > 0 {
				clean = append(clean, last)
			}
		case !strings.HasSuffix(words[0], ":"):
			last = mapping{}
			if strings.HasPrefix(words[1], "r-") && strings.HasSuffix(line, " "+file) {
				last = parseMapping(words[0])
			}
		}
	}
	return clean
}

// parseMapping reads addresses as /proc has them; the zero mapping is none.
func parseMapping(text string) mapping {
	low, high, _ := strings.Cut(text, "-")
	from, errFrom := strconv.ParseUint(low, 16, strconv.IntSize)
	to, errTo := strconv.ParseUint(high, 16, strconv.IntSize)
	if errFrom != nil || errTo != nil || to < from {
		return mapping{}
	}
	return mapping{uintptr(from), uintptr(to)}
}
