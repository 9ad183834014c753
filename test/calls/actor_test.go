package calls

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/syscalls"
	"github.com/sakerhq/saker/test/entry"
)

// actorVariable has the child's directory, and makes it a child.
const actorVariable = "SAKER_CALLS_DIR"

// actor is the child: it makes calls on its main thread.
type actor struct {
	row    *syscalls.Row
	narrow bool // calls go through the entry of 32-bit programs
	result int64
	keep   []any // what calls point at

	dir    string
	pid    int
	file   int // dir/file, open for reading and writing, with the text "content"
	folder int // dir
}

var errNoCall = errors.New("this machine has no such call")

// The first goroutine stays on the first thread, whose calls the test looks at.
func init() { runtime.LockOSThread() }

// perform makes the calls of all triggers and prints what they should be told
// as. A call that the kernel lacks is told all the same, with its error.
func perform(dir string) error {
	a := &actor{dir: dir, pid: os.Getpid()}
	if err := a.prepare(); err != nil {
		return err
	}
	all := triggers()
	wide := len(all) - len(lastTriggers)
	for i, tr := range slices.Concat(all[:wide], narrowTriggers, lastTriggers) {
		a.row, a.result, a.narrow = syscalls.ByName(tr.name), 0, i >= wide && i < wide+len(narrowTriggers)
		want, err := a.attempt(tr)
		if err != nil {
			fmt.Printf("lacks\t%s\t%v\n", tr.name, err)
			continue
		}
		if a.result == -int64(unix.ENOSYS) {
			fmt.Printf("lacks\t%s\tENOSYS\n", tr.name)
			want = anyResult.ReplaceAllString(want, res(a.result))
		}
		for line := range strings.SplitSeq(want, "\n") {
			fmt.Printf("did\t%s\t%s\n", tr.name, line)
		}
	}
	return nil
}

// anyResult is the result with which a trigger's text begins.
var anyResult = regexp.MustCompile(`^res=\S+`)

// attempt is a trigger's act; its errors come as panics of errNoCall.
func (a *actor) attempt(tr trigger) (want string, err error) {
	defer func() {
		switch e := recover(); e {
		case nil:
		case errNoCall:
			err = errNoCall
		default:
			panic(fmt.Sprint(tr.name, ": ", e))
		}
	}()
	return tr.act(a), nil
}

func (a *actor) prepare() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make the mounts private: %w", err)
	}
	var err error
	if err = os.WriteFile(a.dir+"/file", []byte("content"), 0o600); err != nil {
		return err
	}
	if a.file, err = unix.Open(a.dir+"/file", unix.O_RDWR, 0); err != nil {
		return err
	}
	if a.folder, err = unix.Open(a.dir, unix.O_RDONLY, 0); err != nil {
		return err
	}
	return os.Chdir(a.dir)
}

// call makes the row's call: by the native entry, else by the 32-bit one.
func (a *actor) call(args ...uintptr) int64 {
	if a.native() {
		a.result = raw(uintptr(syscalls.Number(runtime.GOARCH, a.row)[0]), args)
		return a.result
	}
	numbers := syscalls.Number("386", a.row)
	if len(numbers) == 0 || !entry.CanCompat() {
		panic(errNoCall)
	}
	a.result = entry.Compat(uintptr(numbers[0]), args...)
	return a.result
}

func raw(number uintptr, args []uintptr) int64 {
	var six [6]uintptr
	copy(six[:], args)
	r, _, errno := syscall.RawSyscall6(number, six[0], six[1], six[2], six[3], six[4], six[5])
	if errno != 0 {
		return -int64(errno)
	}
	return int64(r)
}

// native reports whether the call is made as this machine's own programs do.
func (a *actor) native() bool { return !a.narrow && len(syscalls.Number(runtime.GOARCH, a.row)) > 0 }

// text is the address of a text.
func (a *actor) text(s string) uintptr { return a.bytes(append([]byte(s), 0)) }

// path is the address of the path of a name in the actor's directory.
func (a *actor) path(name string) uintptr { return a.text(a.in(name)) }

func (a *actor) in(name string) string { return a.dir + "/" + name }

// bytes is the address of b, or of a copy of b where every program reaches it.
func (a *actor) bytes(b []byte) uintptr {
	if !a.native() {
		return low(b)
	}
	a.keep = append(a.keep, b)
	return address(b)
}

// longs is the address of 64-bit numbers, which a.numbers reads again.
func (a *actor) longs(n ...uint64) uintptr { return uintptr(unsafe.Pointer(a.memory(n...))) }

func (a *actor) memory(n ...uint64) *uint64 {
	a.keep = append(a.keep, n)
	return unsafe.SliceData(n)
}

// ints is the address of 32-bit numbers.
func (a *actor) ints(n ...int32) (uintptr, []int32) {
	a.keep = append(a.keep, n)
	return uintptr(unsafe.Pointer(unsafe.SliceData(n))), n
}

// buffer is the address of n bytes.
func (a *actor) buffer(n int) uintptr { return a.bytes(make([]byte, n)) }

func address(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }

// result is a value that a call returned, as evt.args has it.
func result(name string, r int64) string {
	text := name + "=" + strconv.FormatInt(r, 10)
	if r < 0 && r > -4096 {
		text += "(" + syscalls.ErrnoName(-r) + ")"
	}
	return text
}

func res(r int64) string { return result("res", r) }

// descriptor is one as evt.args has it; errors have their name.
func descriptor(name string, r int64, means string) string {
	if r < 0 {
		return result(name, r)
	}
	return fmt.Sprintf("%s=%d(%s)", name, r, means)
}

// me is the actor's number as evt.args has it.
func (a *actor) me() string {
	comm, _ := os.ReadFile("/proc/self/comm")
	return fmt.Sprintf("%d(%s)", a.pid, strings.TrimSpace(string(comm)))
}

// fileArg and folderArg are the actor's descriptors as evt.args has them.
func (a *actor) fileArg() string   { return fmt.Sprintf("%d(<f>%s/file)", a.file, a.dir) }
func (a *actor) folderArg() string { return fmt.Sprintf("%d(<d>%s)", a.folder, a.dir) }

// minus is a negative number as an argument.
func minus(n int64) uintptr { return uintptr(-n) }

var f = fmt.Sprintf
