package eventtest

import "github.com/sakerhq/saker/internal/event"

// known is an account that the host's database has.
func known(name string) event.Account {
	return event.Account{Known: true, Name: name, Home: "/home/" + name, Shell: "/bin/bash"}
}

// initial is the host's first process.
func initial() *event.Process {
	return &event.Process{
		PID: 1, VPID: 1, PGID: 1, SID: 1, VPGID: 1, VSID: 1, Born: Boot, PIDNSStart: Boot,
		Name: "systemd", Exe: "/sbin/init", Cwd: "/", LoginUID: event.NoID, User: known("root"), Group: known("root"),
		File: event.ExeFile{Path: "/usr/lib/systemd/systemd", Ino: 3, Ctime: Boot - 5, Mtime: Boot - 6},
	}
}

// shell is a command that ana runs by hand: systemd, sshd, bash, ls.
func shell() *event.Process {
	sshd := &event.Process{
		PID: 50, PPID: 1, VPID: 50, Parent: initial(), Born: Boot + 1e9, PIDNSStart: Boot, LoginUID: event.NoID,
		Name: "sshd", Exe: "/usr/sbin/sshd", Args: []string{"-D"}, Cwd: "/",
		File: event.ExeFile{Path: "/usr/sbin/sshd", Ino: 31},
	}
	bash := &event.Process{
		PID: 100, PPID: 50, VPID: 100, Boot: bootID, Exec: 11, Parent: sshd, Born: Boot + 2e9, PIDNSStart: Boot, LoginUID: 1000,
		Name: "bash", Exe: "-bash", Cwd: "/home/ana", File: event.ExeFile{Path: "/usr/bin/bash", Ino: 32},
	}
	return &event.Process{
		PID: 1000, PPID: 100, Start: 3500e9, Born: Now - 2e9, Parent: bash,
		VPID: 1000, VPPID: 100, PGID: 1000, SID: 100, VPGID: 1000, VSID: 100, GroupLeader: bash, Session: bash,
		Name: "ls", Exe: "/bin/ls", Args: []string{"-l", "a b", "/tmp"},
		Env: []string{"HOME=/home/ana", "EMPTY=", "PAD= x "}, Cwd: "/home/ana",
		File: event.ExeFile{
			Path: "/usr/bin/ls", Ino: 1234, Dev: 0x801, Ctime: Boot + 3e9, Mtime: Boot - 9e9, Writable: true, Lower: true,
		},
		UID: 1000, GID: 1000, LoginUID: 1000, TTY: 34816,
		CapPermitted: 1 << 21, CapEffective: 1<<21 | 1, CapInheritable: 0,
		User: known("ana"), Group: known("ana"), Login: known("ana"),
		Cgroup: "/user.slice/user-1000.slice/session-3.scope", PIDNSStart: Boot,
		Boot: bootID, Exec: 12, Entry: &event.Entry{Type: "ssh", PID: 100, Name: "bash"},
		Standard: [3]event.Standard{
			{Type: event.FDFile, Name: "/dev/pts/0"},
			{Type: event.FDPipe, Name: "pipe:[55]"},
			{Type: event.FDIPv4, Name: "10.0.0.1:4000->10.0.0.2:443"},
		},
		Measures: event.Measures{
			Known: true, VMSize: 9000, VMRSS: 4000, VMSwap: 8, MinorFaults: 300, MajorFaults: 2, FDLimit: 1024, Threads: 3,
		},
	}
}

const bootID = "0f6a3c9e-5d0b-4b7e-9f0a-2d1c3b4a5968"

// nobody is a daemon with a user that no database has.
func nobody() *event.Process {
	p := shell()
	p.UID, p.GID, p.LoginUID = 65534, 65534, event.NoID
	p.User, p.Group, p.Login = event.Account{}, event.Account{}, event.Account{}
	p.Parent, p.PPID, p.Session, p.GroupLeader, p.TTY = nil, 0, nil, nil, 0
	return p
}

// ContainerID is the id of the samples' container.
const ContainerID = "3ad7b26ded6d8e7b23da7d48fe889434573036c27ae5a74837233de441c3601e"

// SandboxID is the id of the sandbox of the samples' pod.
const SandboxID = "77ab1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8"

func unknownContainer() *event.Process {
	p := nobody()
	p.VPID, p.VSID, p.VPGID, p.UID = 1, 1, 1, 0
	p.PIDNSStart = Now - 60e9
	p.File.Ctime, p.File.Upper, p.File.Memfd = Now-30e9, true, true
	p.CapEffective, p.CapPermitted = 1<<41-1, 1<<41-1
	p.Container = &event.Container{ID: ContainerID, Runtime: "containerd", Told: event.Untold}
	return p
}

func container() *event.Process {
	p := unknownContainer()
	p.Container.Told = event.Answered
	p.Container.Meta = &event.ContainerMeta{
		Name: "web", ImageID: "sha256:ccdd", Repository: "docker.io/library/nginx", Tag: "1.29", Digest: "sha256:aabb",
		Labels: event.NewLabels(map[string]string{"tier": "front", "app": "shop"}), Mounts: "/srv:/data:z:true:rprivate",
		IP: "10.1.2.3", CNI: `{"a":1}`, Privileged: true, HostNetwork: true,
		PodName: "web-0", PodUID: "0b1c", Namespace: "shop", PodIP: "10.1.2.3", PodCNI: `{"a":1}`,
		PodSandbox: SandboxID, PodLabels: event.NewLabels(map[string]string{"app": "shop"}),
	}
	return p
}
