package containers

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	ask "github.com/sakerhq/saker/internal/container"
)

const systemName = "saker-test"

// system is a runtime of containers that are whole systems, which nobody can be asked
// about afterwards.
type system struct {
	kind     string
	programs []string
	cgroups  []string // that it leaves
	// command runs the script as the user, below a root directory.
	command func(t *testing.T, dir, rootfs string) *exec.Cmd
	// stop ends it.
	stop func(t *testing.T, dir string)
}

var systems = []system{
	{"lxc", []string{"lxc-start", "lxc-stop"}, []string{"lxc.pivot", "lxc.payload." + systemName, "lxc.monitor." + systemName}, lxc, stopLXC},
	{"nspawn", []string{"systemd-nspawn"}, []string{nspawnUnit, "machine.slice"}, nspawn, nil},
	{"libvirt-lxc", []string{"libvirtd", "virsh"}, []string{"machine"}, libvirt, stopLibvirt},
}

// TestSystems starts whole systems by the runtimes that make them, and compares what is
// known of them with what they were told to make.
func TestSystems(t *testing.T) {
	for _, s := range systems {
		t.Run(s.kind, func(t *testing.T) {
			need(t, append(s.programs, "busybox", "runc")...)
			dir := place(t, s.cgroups...)
			bundle := newBundle(t, dir)
			w := startWatch(t, ask.Sockets{})
			s.run(t, dir, filepath.Join(bundle, "rootfs"))
			id := w.idOf(s.kind)
			w.both(id, "act of a stranger", map[string]string{
				"container.name": systemName, "container.type": s.kind, "saker.enrichment": "-", "k8s.pod.name": "-",
			})
		})
	}
}

// run runs a system until the test ends.
func (s *system) run(t *testing.T, dir, rootfs string) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, "system.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command(t, dir, rootfs)
	cmd.Stdout, cmd.Stderr = log, log
	if err := errors.Join(cmd.Start(), log.Close()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		if s.stop != nil {
			s.stop(t, dir)
		} else {
			_ = cmd.Process.Signal(unix.SIGTERM)
		}
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			t.Errorf("%s does not end", s.kind)
		}
		if text, _ := os.ReadFile(log.Name()); t.Failed() {
			t.Logf("%s says:\n%s", s.kind, text)
		}
	})
}

func write(t *testing.T, file, format string, args ...any) string {
	t.Helper()
	if err := os.WriteFile(file, fmt.Appendf(nil, format, args...), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// settled is the script once the system is made: until then the accounts are
// another root's, and asked for again a moment later.
const settled = "sleep 2; " + script

func lxc(t *testing.T, dir, rootfs string) *exec.Cmd {
	config := write(t, filepath.Join(dir, "lxc.conf"), `
lxc.rootfs.path = dir:%s
lxc.net.0.type = empty
lxc.apparmor.profile = unconfined
lxc.init.uid = %d
lxc.init.gid = %[2]d
`, rootfs, userID)
	if err := os.Mkdir(filepath.Join(dir, "lxc"), 0o711); err != nil {
		t.Fatal(err)
	}
	return exec.Command("lxc-start", []string{
		"-F", "-P", filepath.Join(dir, "lxc"), "-n", systemName, "-f", config, "-o", filepath.Join(dir, "lxc.log"), "--",
		"/bin/sh", "-c", settled,
	}...)
}

func stopLXC(t *testing.T, dir string) {
	run(t, "lxc-stop", "-k", "-P", filepath.Join(dir, "lxc"), "-n", systemName)
}

// nspawnUnit is the cgroup of the unit that systemd would make.
const nspawnUnit = "machine.slice/systemd-nspawn@saker\\x2dtest.service"

func nspawn(t *testing.T, _, rootfs string) *exec.Cmd {
	enter := ""
	for _, hierarchy := range hierarchies(t) {
		if name := filepath.Base(hierarchy); name == "unified" || name == "systemd" || name == "cgroup" {
			enter += fmt.Sprintf(`mkdir -p '%[1]s'; echo $$ >'%[1]s/cgroup.procs'; `, filepath.Join(hierarchy, nspawnUnit))
		}
	}
	cmd := exec.Command("/bin/sh", "-c", enter+`exec systemd-nspawn --register=no --keep-unit -q --private-network -P -M "$1" -D "$2" /bin/busybox su -s /bin/sh inside -c "$3"`,
		"sh", systemName, rootfs, settled)
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_TMPFS_TMP=0") // so that what is made there is in the overlay
	return cmd
}

const domain = `<domain type='lxc'>
<name>%s</name><memory unit='MiB'>64</memory>
<os><type>exe</type><init>/bin/sh</init><initarg>-c</initarg><initarg>sleep 2; %s</initarg><inituser>%d</inituser><initgroup>%[3]d</initgroup></os>
<devices><filesystem type='mount'><source dir='%s'/><target dir='/'/></filesystem><console type='pty'/></devices>
</domain>
`

// libvirt runs a daemon of its own. With several hierarchies of cgroups its containers fail
// to mount the unified one; what it leaves elsewhere stays in its own mounts.
func libvirt(t *testing.T, dir, rootfs string) *exec.Cmd {
	drivers, _ := filepath.Glob("/usr/lib/*/libvirt/connection-driver/libvirt_driver_lxc.so")
	if len(drivers) == 0 {
		t.Skip("needs libvirt's driver for LXC, which is not installed here")
	}
	own := filepath.Join(dir, "drivers")
	if err := errors.Join(os.Mkdir(own, 0o700), os.Symlink(drivers[0], filepath.Join(own, filepath.Base(drivers[0])))); err != nil {
		t.Fatal(err)
	}
	config := write(t, filepath.Join(dir, "libvirtd.conf"), "unix_sock_dir = %q\nauth_unix_rw = \"none\"\nauth_unix_ro = \"none\"\n", dir)
	made := write(t, filepath.Join(dir, "domain.xml"), domain, systemName, script, userID, rootfs)
	start := `
umount -l /sys/fs/cgroup/unified 2>/dev/null
for d in /run /var/log /var/lib/libvirt; do mount -t tmpfs tmpfs $d; done
libvirtd -f "$1" -p "$2/pid" & trap "kill $!" TERM
until virsh -c "$3" create "$4"; do kill -0 $! || exit 1; sleep 0.3; done
wait; wait`
	cmd := exec.Command("unshare", "-m", "--propagation", "private", "/bin/sh", "-c", start, "sh", config, dir, libvirtAt(dir), made)
	cmd.Env = append(os.Environ(), "LIBVIRT_DRIVER_DIR="+own)
	return cmd
}

func libvirtAt(dir string) string {
	return "lxc:///system?socket=" + filepath.Join(dir, "libvirt-sock")
}

func stopLibvirt(t *testing.T, dir string) {
	run(t, "virsh", "-c", libvirtAt(dir), "destroy", systemName)
	text, err := os.ReadFile(filepath.Join(dir, "pid"))
	if err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(pid, unix.SIGTERM); err != nil {
		t.Error(err)
	}
}
