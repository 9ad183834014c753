package doors

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// config is sshd's: it asks nobody but for the key.
const config = `Port %d
ListenAddress 127.0.0.1
HostKey %[2]s/host
AuthorizedKeysFile %[2]s/key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
PasswordAuthentication no
`

// sshd is a daemon with keys and a port of its own.
func sshd(t *testing.T, dir string) *exec.Cmd {
	for _, name := range []string{"host", "key"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("make a key: %v\n%s", err, out)
		}
	}
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, dir+"/config", fmt.Sprintf(config, port, dir))
	write(t, dir+"/port", fmt.Sprint(port))
	program, err := exec.LookPath("sshd")
	if err != nil {
		t.Fatal(err)
	}
	// Itself by its whole path, as it wants.
	return alone(t, dir, "mount -t tmpfs tmpfs /run; mkdir /run/sshd", program+` -D -e -f "$1/config"`)
}

// ssh logs in as soon as somebody answers.
func ssh(t *testing.T, dir string) *exec.Cmd {
	port, err := os.ReadFile(dir + "/port")
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp4", "127.0.0.1:"+string(port)); err == nil {
			_ = c.Close()
			break
		}
		if time.Now().After(end) {
			t.Fatal("sshd does not answer")
		}
	}
	return exec.Command("ssh", "-F", "none", "-p", string(port), "-i", dir+"/key", "-o", "UserKnownHostsFile=/dev/null",
		"-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes", "root@127.0.0.1", "exec "+dir+"/session")
}

// alone is a command with mounts of its own, that it makes first, and an account of root
// that may be used whatever this machine says of it.
func alone(t *testing.T, dir, first, then string) *exec.Cmd {
	write(t, dir+"/shadow", "root:*:19000:0:99999:7:::\n")
	return exec.Command("unshare", "-m", "--propagation", "private", "/bin/sh", "-e", "-c",
		`[ ! -e /etc/shadow ] || mount --bind "$1/shadow" /etc/shadow`+"\n"+first+"\nexec "+then, "sh", dir)
}

// cron runs a job when it starts, in place of all that this machine has for it.
func cron(t *testing.T, dir string) *exec.Cmd {
	return alone(t, dir, `
for d in /run /var/spool/cron /etc/cron.d; do mount -t tmpfs tmpfs $d; done
mkdir /var/spool/cron/crontabs
mount --bind "$1/marker" /etc/crontab
echo "@reboot root exec $1/session" >/etc/cron.d/saker`, "cron -f")
}

const (
	manager = "/lib/systemd/systemd"
	exitNow = unix.Signal(58) // SIGRTMIN+24: a user's manager ends, and asks no unit
	cgroup  = "saker-doors"
)

// systemd is a manager as those of users are, with one unit. It takes all processes of the
// cgroup that it is in for its own, so it must be in one that it has for itself.
func systemd(t *testing.T, dir string) *exec.Cmd {
	var enter strings.Builder
	for _, h := range hierarchies(t) {
		own := filepath.Join(h.at, cgroup)
		if _, err := os.Stat(own); err == nil {
			t.Skip(own + " is there already")
		}
		t.Cleanup(func() { removeTree(own) })
		if h.accounts {
			fmt.Fprintf(&enter, "mkdir %[1]s; echo $$ >%[1]s/cgroup.procs\n", own)
		}
	}
	units := filepath.Join(dir, "units")
	if err := os.Mkdir(units, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, units+"/default.target", "[Unit]\nDefaultDependencies=no\nWants=act.service\n")
	write(t, units+"/act.service", "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart="+dir+"/session\n")
	return alone(t, dir, enter.String()+`
where=$(sed -nE 's/^(0:|[0-9]+:name=systemd)://p' /proc/self/cgroup | sort -u)
[ "$where" = /`+cgroup+` ] || exit 1
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0
export XDG_RUNTIME_DIR=/run/user/0 HOME="$1" SYSTEMD_UNIT_PATH="$1/units"`, manager+" --user --log-target=console")
}

// hierarchy is where one of cgroups is mounted, and whether systemd keeps account of
// processes by it.
type hierarchy struct {
	at       string
	accounts bool
}

func hierarchies(t *testing.T) (list []hierarchy) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		before, after, _ := strings.Cut(line, " - cgroup")
		if after != "" {
			accounts := strings.HasPrefix(after, "2 ") || strings.Contains(after, "name=systemd")
			list = append(list, hierarchy{strings.Fields(before)[4], accounts})
		}
	}
	return list
}

// removeTree removes a cgroup and those in it, as soon as nobody is there.
func removeTree(path string) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		below, _ := filepath.Glob(path + "/*/*")
		units, _ := filepath.Glob(path + "/*")
		for _, dir := range append(append(below, units...), path) {
			_ = unix.Rmdir(dir)
		}
		if _, err := os.Stat(path); err != nil {
			return
		}
	}
}
