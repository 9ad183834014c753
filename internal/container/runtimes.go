package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sakerhq/saker/internal/config"
	"github.com/sakerhq/saker/internal/event"
)

var (
	// errDenied is the error of a runtime that knows no container of that id.
	errDenied = errors.New("no such container")
	// errNoRuntime is the error of a socket that is not there.
	errNoRuntime = errors.New("no socket")
	// errResting is the error of a socket that failed, and is left alone for a while.
	errResting = errors.New("does not answer")
)

// Sockets are the paths of runtimes' sockets by the language that they speak.
// {uid} in a path makes it that of a user's own runtime.
type Sockets struct {
	// Docker are sockets of the Docker Engine API.
	Docker []string `mapstructure:"docker"`
	// Podman are sockets of the same API, as podman speaks it.
	Podman []string `mapstructure:"podman"`
	// CRI are sockets of Kubernetes' Container Runtime Interface: containerd, CRI-O.
	CRI []string `mapstructure:"cri"`
	// Containerd are sockets of containerd's own API, for containers of no pod.
	Containerd []string `mapstructure:"containerd"`
}

// WellKnown are the sockets that distributions use. They stand below /run,
// as /var/run may be a link that leads out of a mounted root directory.
func WellKnown() Sockets {
	containerd := []string{
		"/run/containerd/containerd.sock", "/run/k3s/containerd/containerd.sock",
		"/run/host-containerd/containerd.sock", "/run/docker/containerd/containerd.sock",
	}
	return Sockets{
		Docker:     []string{"/run/docker.sock", "/run/user/{uid}/docker.sock"},
		Podman:     []string{"/run/podman/podman.sock", "/run/user/{uid}/podman/podman.sock"},
		CRI:        append([]string{"/run/crio/crio.sock"}, containerd...),
		Containerd: containerd,
	}
}

// Validate reports the paths that are none.
func (s *Sockets) Validate() error {
	var errs []error
	for _, l := range languages {
		for _, path := range l.sockets(s) {
			if !filepath.IsAbs(path) || filepath.Clean(path) != path {
				errs = append(errs, fmt.Errorf("%s: %q is not an absolute path, as /run/docker.sock", l.name, path))
			}
		}
	}
	return config.Join(errs...)
}

// language is one of the APIs.
type language struct {
	name    string
	sockets func(*Sockets) []string
	connect func(path string) (client, error)
}

// languages are all APIs, in the order in which they are asked.
var languages = []language{
	{"cri", func(s *Sockets) []string { return s.CRI }, newCRI},
	{"containerd", func(s *Sockets) []string { return s.Containerd }, newContainerd},
	{"docker", func(s *Sockets) []string { return s.Docker }, func(path string) (client, error) { return newEngine("docker", path), nil }},
	{"podman", func(s *Sockets) []string { return s.Podman }, func(path string) (client, error) { return newEngine("podman", path), nil }},
}

// speaks says in which languages to ask about the containers of a runtime, as
// the cgroup tells it. Pods that docker made have the same cgroups as those of
// containerd.
var speaks = map[string][]string{
	"docker":     {"docker"},
	"podman":     {"podman"},
	"cri-o":      {"cri"},
	"containerd": {"cri", "containerd", "docker"},
	"":           {"docker", "podman"}, // which let people choose where the cgroup is
}

// silent runtimes have no API: what they call a container is in its cgroup.
var silent = map[string]bool{"lxc": true, "libvirt-lxc": true, "nspawn": true}

var (
	// libvirtPrefix is what libvirt puts before a domain's name.
	libvirtPrefix = regexp.MustCompile(`^(?:lxc-)?\d+-`)
	// escaped is a byte that can't stand in the name of a unit of systemd.
	escaped = regexp.MustCompile(`\\x[[:xdigit:]]{2}`)
)

// systemName is the name of a container that is a whole system, by its id.
func systemName(runtime, id string) string {
	name := escaped.ReplaceAllStringFunc(id, func(hex string) string {
		b, err := strconv.ParseUint(hex[2:], 16, 8)
		if err != nil {
			return hex
		}
		return string([]byte{byte(b)})
	})
	if runtime == "libvirt-lxc" {
		return libvirtPrefix.ReplaceAllString(name, "")
	}
	return name
}

// description is what a runtime tells of a container.
type description struct {
	runtime string
	meta    *event.ContainerMeta
	at      string // cgroup that it was asked to be in, empty: not said
	first   uint32 // number of its first process, 0: it has none, or that is not said
}

// client asks at one socket. Its methods may be called concurrently.
type client interface {
	// describe tells of a container; errDenied: there is none of that id.
	describe(ctx context.Context, id string) (*description, error)
	// version is the runtime's name and version.
	version(ctx context.Context) (string, error)
	close()
}

// runtimes are all sockets, connected to when they are first asked.
type runtimes struct {
	root    string
	sockets Sockets
	timeout time.Duration
	mu      *sync.Mutex
	known   map[string]*socket // by language and path
}

func newRuntimes(opts Options) runtimes {
	return runtimes{opts.Root, opts.Sockets, opts.Timeout, &sync.Mutex{}, map[string]*socket{}}
}

// describe asks all who may know. The host's runtimes are not asked about what
// a user's own cgroup claims to be, nor a user's about anybody else's.
func (r *runtimes) describe(ctx context.Context, q *Question) (*description, error) {
	failure := errNoRuntime
	for _, l := range languages {
		if !slices.Contains(speaks[q.Runtime], l.name) {
			continue
		}
		for _, path := range pathsOf(l.sockets(&r.sockets), q.Owner) {
			d, err := r.socket(l, filepath.Join(r.root, path)).describe(ctx, q.ID, r.timeout)
			if err == nil {
				return d, nil
			}
			failure = worse(failure, err)
		}
	}
	return nil, failure
}

// worse is the error that says more of why nobody told.
func worse(a, b error) error {
	if errors.Is(b, errNoRuntime) || errors.Is(b, errDenied) && !errors.Is(a, errNoRuntime) {
		return a
	}
	return b
}

// pathsOf are the host's sockets, or those of a user.
func pathsOf(patterns []string, owner string) (paths []string) {
	for _, p := range patterns {
		if strings.Contains(p, "{uid}") == (owner != "") {
			paths = append(paths, strings.ReplaceAll(p, "{uid}", owner))
		}
	}
	return paths
}

func (r *runtimes) socket(l language, path string) *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := l.name + " " + path
	s := r.known[key]
	if s == nil {
		s = &socket{path: path, connect: l.connect}
		r.known[key] = s
	}
	return s
}

func (r *runtimes) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.known {
		s.close()
	}
}

// socket is a client that is not asked for a while when it failed.
type socket struct {
	path    string
	connect func(string) (client, error)

	mu     sync.Mutex
	client client
	rest   time.Duration // after the last failure
	until  time.Time
}

// How long a socket that failed rests.
const (
	shortRest = time.Second
	longRest  = time.Minute
)

func (s *socket) describe(ctx context.Context, id string, timeout time.Duration) (*description, error) {
	c, err := s.ready()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d, err := c.describe(ctx, id)
	s.note(err)
	return d, err
}

// ready gives the client unless it rests or has nobody to talk to.
func (s *socket) ready() (client, error) {
	if _, err := os.Stat(s.path); err != nil {
		return nil, errNoRuntime
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Now().Before(s.until) {
		return nil, fmt.Errorf("%s: %w", s.path, errResting)
	}
	if s.client == nil {
		c, err := s.connect(s.path)
		if err != nil {
			return nil, fmt.Errorf("connect to %s: %w", s.path, err)
		}
		s.client = c
	}
	return s.client, nil
}

// note lets the socket rest after a failure, each time twice as long.
func (s *socket) note(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || errors.Is(err, errDenied) {
		s.rest = 0
		return
	}
	s.rest = min(max(2*s.rest, shortRest), longRest)
	s.until = time.Now().Add(s.rest)
}

func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client != nil {
		s.client.close()
	}
}
