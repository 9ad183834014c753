package containers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	ask "github.com/sakerhq/saker/internal/container"
)

// The user whose own runtime it is, known where that runs only, and the first of the
// numbers that it may give to users of its containers.
const (
	ownerID  = 64242
	subIDs   = 6_400_000
	ownerCap = "user.slice/user-64242.slice"
)

// rootless starts a runtime as a user, with accounts that have it and one hierarchy of
// cgroups, of which it owns what systemd would give it.
const rootless = `
cd "$1"
mkdir home run-$2 etc
cp /etc/passwd /etc/group etc
echo "saker-test:x:$2:$2::$1/home:/bin/sh" >>etc/passwd
echo "saker-test:x:$2:" >>etc/group
echo "saker-test:$3:65536" | tee etc/subuid >etc/subgid
chmod 711 "$1"; chmod 700 run-$2; chown -R $2:$2 home run-$2
for f in passwd group subuid subgid; do [ -e /etc/$f ] || exit 1; mount --bind etc/$f /etc/$f; done
umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
own=/sys/fs/cgroup/$4/user@$2.service
mkdir -p $own/manager
chown $2:$2 $own $own/cgroup.procs $own/cgroup.subtree_control $own/manager $own/manager/cgroup.procs
echo $$ >$own/manager/cgroup.procs
cd home
exec setpriv --reuid $2 --regid $2 --clear-groups --inh-caps=-all env -i PATH="$PATH" HOME="$1/home" XDG_RUNTIME_DIR="$1/run-$2" TMPDIR="$1/home" \
	podman --root "$1/home/root" --runroot "$1/run-$2/run" --tmpdir "$1/run-$2/tmp" --storage-driver overlay --runtime runc --cgroup-manager cgroupfs \
	--events-backend none system service -t 0 "unix://$1/run-$2/podman.sock"`

// mounting mounts an overlay, for nobody else to see.
const mounting = `mount -t tmpfs tmpfs /tmp && cd /tmp && mkdir l u w m && mount -t overlay -o lowerdir=l,upperdir=u,workdir=w overlay m`

// TestRootlessPodman: a user's own runtime is asked about that user's containers, whose
// users the host's kernel knows by other numbers.
func TestRootlessPodman(t *testing.T) {
	need(t, "podman", "conmon", "runc", "busybox", "newuidmap", "setpriv", "unshare")
	if out, err := exec.Command("unshare", "-Urm", "/bin/sh", "-c", mounting).CombinedOutput(); err != nil {
		t.Skipf("this kernel lets no user mount overlays: %s", out)
	}
	image := archive(t)
	dir := place(t, ownerCap, "user.slice")
	own := filepath.Join(dir, "run-"+strconv.Itoa(ownerID))
	e := newEngine(t, filepath.Join(own, "podman.sock"))
	if len(owned(t)) > 0 {
		t.Skipf("somebody is user %d already", ownerID)
	}
	t.Cleanup(func() { endOwned(t) })
	daemon(t, dir, e.answers, "unshare", "-m", "--propagation", "private", "/bin/sh", "-e", "-c", rootless, "sh",
		dir, strconv.Itoa(ownerID), strconv.Itoa(subIDs), ownerCap)
	e.do("POST", "/images/load", image, "application/x-tar")
	w := startWatch(t, ask.Sockets{Podman: []string{filepath.Join(dir, "run-{uid}", "podman.sock")}})
	limit := func(kind string) map[string]any { return map[string]any{"type": kind, "soft": 1024, "hard": 1024} }
	id, in := e.container("/v4.0.0/libpod/containers/create", map[string]any{
		"name": "plain", "image": reference, "labels": map[string]string{"app": "shop"},
		"netns": map[string]string{"nsmode": "none"}, "oom_score_adj": 0, "r_limits": []any{limit("nofile"), limit("nproc")},
		"mounts": []any{map[string]any{"type": "bind", "source": dir + "/home", "destination": "/data", "options": []string{"ro"}}},
	})
	w.layers(id, "act", subIDs+userID-1, e.facts("podman", in))
}

// owned are the processes of the user, whom nobody else has.
func owned(t *testing.T) (pids []int) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, _ := os.ReadFile(file) // of one that has ended there is none
		if strings.Contains(string(text), fmt.Sprintf("\nUid:\t%d\t", ownerID)) && !strings.Contains(string(text), "\nState:\tZ") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			pids = append(pids, pid)
		}
	}
	return pids
}

// endOwned ends what the runtime leaves: itself in its namespaces, who keeps these, and
// who watched its containers.
func endOwned(t *testing.T) {
	t.Helper()
	eventually(t, "the user's processes end", func() bool {
		left := owned(t)
		for _, pid := range left {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		return len(left) == 0
	})
}
