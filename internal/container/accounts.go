package container

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sakerhq/saker/internal/event"
)

// Accounts are the users and groups of the host or a container, as its own
// files have them. They never change: what is new is a new one. The nil
// Accounts know number 0.
type Accounts struct {
	users, groups map[uint32]event.Account
	uids, gids    idMap
	from          [2]stamp // of the users' and the groups' file
}

// stamp is by what it shows that a file is another or has changed.
type stamp struct {
	dev, ino    uint64
	size, mtime int64
}

// Number 0 where the files don't have it.
var (
	rootUser  = event.Account{Known: true, Name: "root", Home: "/root"}
	rootGroup = event.Account{Known: true, Name: "root"}
)

// NoAccounts are those that know nobody, not even number 0.
func NoAccounts() *Accounts { return &Accounts{uids: idMap{{}}, gids: idMap{{}}} }

// User is the user with a number, as the host's kernel counts.
func (a *Accounts) User(id uint32) event.Account {
	if a == nil {
		return account(nil, nil, id, rootUser)
	}
	return account(a.users, a.uids, id, rootUser)
}

// Group is the group with a number, as the host's kernel counts.
func (a *Accounts) Group(id uint32) event.Account {
	if a == nil {
		return account(nil, nil, id, rootGroup)
	}
	return account(a.groups, a.gids, id, rootGroup)
}

func account(byID map[uint32]event.Account, ids idMap, id uint32, root event.Account) event.Account {
	inside, ok := ids.inside(id)
	if a, has := byID[inside]; ok && has {
		return a
	}
	if ok && inside == 0 {
		return root
	}
	return event.Account{}
}

// idMap says which numbers a user namespace has for the host's. The empty map
// is the host's own.
type idMap []struct{ in, out, n uint32 }

func (m idMap) inside(out uint32) (uint32, bool) {
	for _, r := range m {
		if out >= r.out && out-r.out < r.n {
			return r.in + out - r.out, true
		}
	}
	return out, len(m) == 0
}

// parseIDMap reads the form of /proc/PID/uid_map; lines that have another are left out.
func parseIDMap(text string) (m idMap) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 3 {
			continue
		}
		var n [3]uint32
		ok := true
		for i, word := range words {
			v, err := strconv.ParseUint(word, 10, 32)
			n[i], ok = uint32(v), ok && err == nil
		}
		if ok {
			m = append(m, struct{ in, out, n uint32 }{n[0], n[1], n[2]})
		}
	}
	return m
}

// ReadAccounts reads the accounts of the directory that is root. Those known
// are given back if they are still what the files have.
func ReadAccounts(root string, known *Accounts) (*Accounts, error) {
	dir, err := unix.Open(root, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open root directory %s: %w", root, err)
	}
	defer unix.Close(dir)
	return readIn(dir, known)
}

// readIn reads what the files below a directory have. A file that is not there
// is empty.
func readIn(dir int, known *Accounts) (*Accounts, error) {
	var a Accounts
	var texts [2]string
	for i, name := range []string{"etc/passwd", "etc/group"} {
		var before stamp
		if known != nil {
			before = known.from[i]
		}
		text, now, err := readFile(dir, name, before)
		if err != nil && !errors.Is(err, unix.ENOENT) {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		texts[i], a.from[i] = text, now
	}
	if known != nil && known.from == a.from {
		return known, nil
	}
	if known != nil { // one of them was not read, for it had not changed
		a.users, a.groups = known.users, known.groups
	}
	if known == nil || known.from[0] != a.from[0] {
		a.users = parse(texts[0], userEntry)
	}
	if known == nil || known.from[1] != a.from[1] {
		a.groups = parse(texts[1], groupEntry)
	}
	return &a, nil
}

// databaseMax is how much of a file is read.
const databaseMax = 4 << 20

// readFile reads a file below a directory, unless it is the one that before
// stands for. Links lead nowhere above the directory; only a regular file is
// opened, as a container may have put anything there.
func readFile(dir int, name string, before stamp) (string, stamp, error) {
	found, err := unix.Openat2(dir, name, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return "", stamp{}, err
	}
	defer unix.Close(found)
	var st unix.Stat_t
	if err := unix.Fstat(found, &st); err != nil {
		return "", stamp{}, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return "", stamp{}, unix.ENOENT
	}
	now := stamp{st.Dev, st.Ino, st.Size, st.Mtim.Nano()}
	if now == before {
		return "", now, nil
	}
	file, err := os.Open("/proc/self/fd/" + strconv.Itoa(found))
	if err != nil {
		return "", stamp{}, err
	}
	text, err := io.ReadAll(io.LimitReader(file, databaseMax))
	return string(text), now, errors.Join(err, file.Close())
}

// parse reads entries by number; of two with one number the first counts.
// Comments and references to network databases are no entries.
func parse(text string, entry func([]string) (uint32, event.Account, bool)) map[uint32]event.Account {
	byID := map[uint32]event.Account{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.ContainsRune("#+-", rune(line[0])) {
			continue
		}
		id, a, ok := entry(strings.Split(line, ":"))
		if _, twice := byID[id]; ok && !twice {
			byID[id] = a
		}
	}
	return byID
}

func userEntry(f []string) (uint32, event.Account, bool) {
	if len(f) < 7 {
		return 0, event.Account{}, false
	}
	id, err := strconv.ParseUint(f[2], 10, 32)
	return uint32(id), event.Account{Known: true, Name: f[0], Home: f[5], Shell: f[6]}, err == nil
}

func groupEntry(f []string) (uint32, event.Account, bool) {
	if len(f) < 3 {
		return 0, event.Account{}, false
	}
	id, err := strconv.ParseUint(f[2], 10, 32)
	return uint32(id), event.Account{Known: true, Name: f[0]}, err == nil
}

// errGone is the error of a process that is not the container's, or none any more.
var errGone = errors.New("the process has left the container")

// accountsOf reads the accounts that a question is about, and says whether those of a
// container are the host's.
func accountsOf(root string, q *Question) (a *Accounts, outside bool, err error) {
	if q.ID != "" {
		return accountsInside(root, q)
	}
	a, err = ReadAccounts(root, q.Accounts)
	return a, false, err
}

// accountsInside reads the accounts that a process of a container has.
func accountsInside(root string, q *Question) (a *Accounts, outside bool, err error) {
	name := filepath.Join(root, "proc", strconv.FormatUint(uint64(q.PID), 10))
	fd, err := unix.Open(name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false, fmt.Errorf("open %s: %w", name, orGone(err))
	}
	defer unix.Close(fd)
	proc := "/proc/self/fd/" + strconv.Itoa(fd) // stays the process's, whoever gets its number
	dir, err := unix.Open(proc+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, false, fmt.Errorf("open root directory of a process: %w", orGone(err))
	}
	defer unix.Close(dir)
	var texts [3]string
	for i, name := range []string{"cgroup", "uid_map", "gid_map"} {
		text, err := os.ReadFile(proc + "/" + name)
		if err != nil {
			return nil, false, fmt.Errorf("read %s of a process: %w", name, orGone(err))
		}
		texts[i] = string(text)
	}
	if !strings.Contains(texts[0], q.ID) {
		return nil, false, errGone
	}
	if outside, err = isDirectory(dir, root); err != nil {
		return nil, false, err
	}
	a, err = readIn(dir, q.Accounts)
	if err != nil || a == q.Accounts {
		return a, outside, err
	}
	a.uids, a.gids = parseIDMap(texts[1]), parseIDMap(texts[2])
	return a, outside, nil
}

// orGone is errGone where an error about a process says that there is none.
func orGone(err error) error {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) {
		return errGone
	}
	return err
}

// isDirectory reports whether an open directory is the one of a path.
func isDirectory(dir int, path string) (bool, error) {
	var have, want unix.Stat_t
	if err := errors.Join(unix.Fstat(dir, &have), unix.Stat(path, &want)); err != nil {
		return false, fmt.Errorf("compare with %s: %w", path, err)
	}
	return have.Dev == want.Dev && have.Ino == want.Ino, nil
}
