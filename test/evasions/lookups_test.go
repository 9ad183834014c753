package evasions

import (
	"errors"

	"github.com/sakerhq/saker/test/lookups"
)

// byLookup changes the name that a call was given while the kernel looks it up:
// the file system that is asked for the name does it. By then the kernel has a
// copy, and the one that is left in memory is a decoy.
var byLookup = []evasion{
	{
		"a name changes while mkdir looks it up", "mkdir that changes",
		`evt.type = mkdirat and evt.rawres = 0 and fs.path.name = "{dir}/over/new-one"`, "%fs.path.name", "{dir}/over/new-one",
	},
	{
		"a name changes while rmdir looks it up", "rmdir that changes",
		`evt.type = unlinkat and evt.rawres = 0 and fs.path.name = "{dir}/over/dir-one"`, "%fs.path.name", "{dir}/over/dir-one",
	},
	{
		"a name changes while unlink looks it up", "unlink that changes",
		`evt.type = unlinkat and evt.rawres = 0 and fs.path.name = "{dir}/over/file-one"`,
		"%fs.path.name as %fs.path.nameraw", "{dir}/over/file-one as {dir}/over/file-two",
	},
	{
		"a name changes while rename looks it up", "rename that changes",
		`evt.type = renameat2 and evt.rawres = 0 and fs.path.source = "{dir}/over/file-one"`,
		"%fs.path.source to %fs.path.target", "{dir}/over/file-one to {dir}/over/new-name",
	},
	{
		"a name changes while link looks it up", "link that changes",
		`evt.type = linkat and evt.rawres = 0 and fs.path.target = "{dir}/over/file-one"`,
		"%fs.path.target as %fs.path.source", "{dir}/over/file-one as {dir}/over/new-name",
	},
	{
		"a name changes while symlink looks it up", "symlink that changes",
		`evt.type = symlinkat and evt.rawres = 0 and fs.path.source = "{dir}/over/new-one"`, "%fs.path.source", "{dir}/over/new-one",
	},
	{
		"a name changes while chmod looks it up", "chmod that changes",
		`evt.type = fchmodat and evt.rawres = 0 and fs.path.name = "{dir}/over/file-one"`, "%fs.path.name", "{dir}/over/file-one",
	},
	{
		"a name changes while chown looks it up", "chown that changes",
		`evt.type = fchownat and evt.rawres = 0 and fs.path.name = "{dir}/over/file-one"`, "%fs.path.name", "{dir}/over/file-one",
	},
	{
		"a name changes while mount looks it up", "mount that changes",
		`evt.type = mount and evt.rawres = 0 and fs.path.target = "{dir}/over/dir-one"`, "%fs.path.target", "{dir}/over/dir-one",
	},
	{
		"a name changes while umount looks it up", "umount that changes",
		`evt.type = umount2 and evt.rawres = 0 and fs.path.name = "{dir}/over/dir-one"`, "%fs.path.name", "{dir}/over/dir-one",
	},
	{
		"a name changes while mknod looks it up", "mknod that changes",
		`evt.type = mknodat and evt.rawres = 0 and evt.args contains "{dir}/over/new-one"`, "%evt.args",
		"res=0 dirfd=-100(AT_FDCWD) path={dir}/over/new-two({dir}/over/new-one) mode=100600(S_IWUSR|S_IRUSR|S_IFREG) dev=0",
	},
	{
		"a name changes while truncate looks it up", "truncate that changes",
		`evt.type = truncate and evt.rawres = 0 and evt.args contains "{dir}/over/file-one"`, "%evt.args",
		"res=0 path={dir}/over/file-two({dir}/over/file-one) length=0",
	},
}

// lookupActs are their acts.
var lookupActs = func() map[string]func(dir string) error {
	acts := map[string]func(string) error{}
	for name, act := range lookups.Acts {
		acts[name+" that changes"] = func(dir string) error {
			err := act.Do(dir)
			if errors.Is(err, lookups.ErrLacks) {
				return errors.Join(errLacks, err)
			}
			return err
		}
	}
	return acts
}()
