package soak

import (
	"bufio"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// dropped is the rule that is true for what each container does: run a program
// that is not of its image.
const dropped = "Drop and execute new binary in container"

// makeContainers makes containers by hand, as a runtime would: a cgroup, an
// overlay over the host's root, namespaces. It tells each as an act.
func makeContainers(dir string) error {
	hierarchy, err := unified()
	if err != nil {
		return lack(err)
	}
	parent := filepath.Join(hierarchy, fmt.Sprint("saker-soak-", os.Getpid()))
	if err := os.Mkdir(parent, 0o755); err != nil {
		return lack(err)
	}
	if err := makeContainer(dir, parent, 0); err != nil {
		return errors.Join(lack(err), os.Remove(parent))
	}
	made := 1
	err = pace(containersPerSecond, func(int) error {
		made++
		return makeContainer(dir, parent, made)
	})
	did(made, "containers")
	return errors.Join(err, os.Remove(parent))
}

// lack says that this machine has no containers, and waits for the end.
func lack(reason error) error {
	fmt.Println("lacks containers:", strings.ReplaceAll(reason.Error(), "\n", " "))
	return pace(1, func(int) error { return nil })
}

// unified is where the hierarchy of cgroups 2 is mounted.
func unified() (string, error) {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if words := strings.Fields(lines.Text()); len(words) > 2 && words[2] == "cgroup2" {
			return words[1], nil
		}
	}
	return "", errors.New("no cgroups 2")
}

func makeContainer(dir, parent string, i int) (err error) {
	id := sha256.Sum256(fmt.Append(nil, os.Getpid(), i))
	group := filepath.Join(parent, fmt.Sprintf("docker-%x.scope", id))
	root := filepath.Join(dir, fmt.Sprint("container-", i))
	if err := errors.Join(os.Mkdir(group, 0o755), os.Mkdir(root, 0o755)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(group), os.RemoveAll(root)) }()
	g, err := os.Open(group)
	if err != nil {
		return err
	}
	defer g.Close()
	cmd := child("container", root)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWNET,
		UseCgroupFD: true, CgroupFD: int(g.Fd()),
	}
	began := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	tell(act{dropped, cmd.Process.Pid, began, time.Now()})
	return nil
}

// beContainer is the first process of a container. Its mounts end with it.
func beContainer(dir string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	for _, name := range []string{"upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return err
		}
	}
	layers := fmt.Sprintf("lowerdir=/,upperdir=%[1]s/upper,workdir=%[1]s/work", dir)
	if err := unix.Mount("overlay", dir+"/merged", "overlay", 0, layers); err != nil {
		return fmt.Errorf("mount an overlay: %w", err)
	}
	if err := unix.Mount("/dev", dir+"/merged/dev", "", unix.MS_BIND, ""); err != nil {
		return err
	}
	if err := errors.Join(unix.Chroot(dir+"/merged"), os.Chdir("/"), unix.Mount("proc", "/proc", "proc", 0, "")); err != nil {
		return err
	}
	if out, err := exec.Command("sh", "-ec", `ls / >/dev/null; cat /etc/passwd >/dev/null; cp /bin/true /dropped`).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return unix.Exec("/dropped", []string{"dropped"}, nil)
}
