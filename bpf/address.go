package bpf

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// addressHooks is where the programs that see addresses are attached.
var addressHooks = map[string]ebpf.AttachType{
	"address_connect4":     ebpf.AttachCGroupInet4Connect,
	"address_connect6":     ebpf.AttachCGroupInet6Connect,
	"address_connect_unix": ebpf.AttachCgroupUnixConnect,
	"address_send4":        ebpf.AttachCGroupUDP4Sendmsg,
	"address_send6":        ebpf.AttachCGroupUDP6Sendmsg,
	"address_send_unix":    ebpf.AttachCgroupUnixSendmsg,
	"address_bind4":        ebpf.AttachCGroupInet4Bind,
	"address_bind6":        ebpf.AttachCGroupInet6Bind,
}

// addressLayer sees the kernel's copy of an address and the socket while a call
// uses them.
var addressLayer = layer{
	prefix: "address_",
	loss: "the hooks of sockets (%v): the address of a connect or a datagram is read when the call has ended, " +
		"when a second thread may have changed it",
	fit: fitAddresses,
}

func fitAddresses(spec *ebpf.CollectionSpec, kernel *btf.Spec) error {
	if capabilities, err := effectiveCapabilities(); err == nil &&
		capabilities&(1<<unix.CAP_NET_ADMIN|1<<unix.CAP_SYS_ADMIN) == 0 {
		return errors.New("CAP_NET_ADMIN is needed")
	}
	if _, err := cgroupRoot(); err != nil {
		return err
	}
	var hooks *btf.Enum
	if err := kernel.TypeByName("bpf_attach_type", &hooks); err != nil {
		return errors.New("no bpf_attach_type")
	}
	if !slices.ContainsFunc(hooks.Values, func(v btf.EnumValue) bool { return v.Name == "BPF_CGROUP_UNIX_CONNECT" }) {
		drop(spec, "address_connect_unix") // before 6.7
		drop(spec, "address_send_unix")
	}
	return nil
}

// attachAddresses attaches the programs that see addresses, before those that
// would see how their cgroup is looked for.
func attachAddresses(programs map[string]**ebpf.Program) (links []link.Link, err error) {
	root := ""
	for name, hook := range addressHooks {
		p := *programs[name]
		if p == nil {
			continue
		}
		if root == "" {
			if root, err = cgroupRoot(); err != nil {
				return links, err
			}
		}
		l, err := link.AttachCgroup(link.CgroupOptions{Path: root, Attach: hook, Program: p})
		if err != nil {
			return links, fmt.Errorf("attach %s: %w", name, err)
		}
		links = append(links, l)
	}
	return links, nil
}

// rootInode is the number of the inode of a hierarchy's root.
const rootInode = 1

var errNoCgroups = errors.New("no mount of the root of cgroup v2, or not the host's cgroup namespace")

// cgroupRoot is where the root of the one hierarchy of cgroup v2 is mounted.
func cgroupRoot() (string, error) {
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", fmt.Errorf("list the mounts: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if !strings.Contains(lines.Text(), " - cgroup2 ") {
			continue
		}
		path := strings.Fields(lines.Text())[4]
		var st unix.Stat_t
		if unix.Stat(path, &st) == nil && st.Ino == rootInode {
			return path, nil
		}
	}
	return "", errors.Join(lines.Err(), errNoCgroups)
}
