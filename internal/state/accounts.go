package state

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/sakerhq/saker/internal/event"
)

// accounts are the users and groups of the host, read from its files.
type accounts struct {
	users, groups database
	checked       uint64 // record time of the last look at the files
}

// database is one file's entries by number.
type database struct {
	file    string
	entry   func(fields []string) (id uint32, a event.Account, ok bool)
	byID    map[uint32]event.Account
	changed time.Time
}

const second = 1_000_000_000

// rootAccount is user and group 0 where the files don't have it.
var (
	rootUser  = event.Account{Known: true, Name: "root", Home: "/root"}
	rootGroup = event.Account{Known: true, Name: "root"}
)

func newAccounts(root string) accounts {
	return accounts{
		users:  database{file: filepath.Join(root, "etc/passwd"), entry: userEntry},
		groups: database{file: filepath.Join(root, "etc/group"), entry: groupEntry},
	}
}

// refresh reads files that changed, looking at most once a second of the
// records' time. True: there is something new.
func (a *accounts) refresh(now uint64) bool {
	if a.checked != 0 && now-a.checked < second {
		return false
	}
	a.checked = now
	users, groups := a.users.refresh(), a.groups.refresh()
	return users || groups
}

// resolve names a process's users and groups. Those of a container are not
// the host's: there only 0 has a name.
func (a *accounts) resolve(p *event.Process) {
	users, groups := a.users.byID, a.groups.byID
	if p.Container != nil {
		users, groups = nil, nil
	}
	p.User = account(users, p.UID, rootUser)
	p.Group = account(groups, p.GID, rootGroup)
	p.Login = account(users, p.LoginUID, rootUser)
}

func account(byID map[uint32]event.Account, id uint32, root event.Account) event.Account {
	if a, ok := byID[id]; ok {
		return a
	}
	if id == 0 {
		return root
	}
	return event.Account{}
}

// refresh reads the file if its time changed. A file that can't be read
// leaves what is known.
func (d *database) refresh() bool {
	info, err := os.Stat(d.file)
	if err != nil || info.ModTime().Equal(d.changed) {
		return false
	}
	text, err := os.ReadFile(d.file)
	if err != nil {
		return false
	}
	d.changed = info.ModTime()
	d.byID = map[uint32]event.Account{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" || strings.ContainsRune("#+-", rune(line[0])) {
			continue
		}
		id, a, ok := d.entry(strings.Split(line, ":"))
		if _, twice := d.byID[id]; ok && !twice {
			d.byID[id] = a
		}
	}
	return true
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
