package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/sakerhq/saker/internal/event"
)

// engine speaks the Docker Engine API, of which it needs three requests that
// have stayed the same for ten years; the paths without a version mean the
// daemon's newest.
type engine struct {
	runtime string
	http    *http.Client
}

func newEngine(runtime, path string) *engine {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}
	return &engine{runtime, &http.Client{Transport: &http.Transport{
		DialContext: dial, DisableCompression: true, MaxIdleConns: 1, IdleConnTimeout: 10 * time.Second,
	}}}
}

func (c *engine) close() { c.http.CloseIdleConnections() }

// answerMax is the largest answer that is read.
const answerMax = 4 << 20

// get asks for path and decodes the answer.
func (c *engine) get(ctx context.Context, path string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+c.runtime+path, nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, answerMax))
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	switch resp.StatusCode {
	case http.StatusOK:
		return json.Unmarshal(body, answer)
	case http.StatusNotFound:
		return errDenied
	}
	return fmt.Errorf("%s: %s", path, resp.Status)
}

func (c *engine) version(ctx context.Context) (string, error) {
	var v struct{ Version string }
	if err := c.get(ctx, "/version", &v); err != nil {
		return "", err
	}
	return c.runtime + " " + v.Version, nil
}

// inspected is what is needed of a container's inspection.
type inspected struct {
	Name   string
	Image  string // its id
	State  struct{ Pid uint32 }
	Config struct {
		Image  string // its name as given
		Labels map[string]string
	}
	HostConfig struct {
		Privileged                    bool
		NetworkMode, PidMode, IpcMode string
		CgroupParent                  string
	}
	Mounts []struct {
		Source, Destination, Mode, Propagation string
		RW                                     bool
	}
	NetworkSettings struct {
		IPAddress string
		Networks  map[string]struct{ IPAddress string }
	}
}

// inspectedImage is what is needed of an image's.
type inspectedImage struct{ RepoTags, RepoDigests []string }

func (c *engine) describe(ctx context.Context, id string) (*description, error) {
	var in inspected
	if err := c.get(ctx, containerPath(id), &in); err != nil {
		return nil, err
	}
	var image inspectedImage
	if err := c.get(ctx, "/images/"+url.PathEscape(in.Image)+"/json", &image); err != nil && !errors.Is(err, errDenied) {
		return nil, err // an image may have been removed while its container runs
	}
	m := in.meta(&image)
	if other, shared := strings.CutPrefix(in.HostConfig.NetworkMode, "container:"); shared && m.IP == "" {
		var of inspected
		if err := c.get(ctx, containerPath(other), &of); err == nil {
			m.IP = of.ip()
		}
	}
	if m.PodName != "" {
		m.PodIP = m.IP
	}
	d := &description{runtime: c.runtime, meta: m, first: in.State.Pid}
	if parent := in.HostConfig.CgroupParent; parent != "" {
		d.at = path.Join("/", parent, id)
	}
	return d, nil
}

func containerPath(id string) string { return "/containers/" + url.PathEscape(id) + "/json" }

// meta is what the answers say.
func (in *inspected) meta(image *inspectedImage) *event.ContainerMeta {
	m := &event.ContainerMeta{
		Name:        strings.TrimPrefix(in.Name, "/"),
		ImageID:     withAlgorithm(in.Image),
		IP:          in.ip(),
		Privileged:  in.HostConfig.Privileged,
		HostPID:     in.HostConfig.PidMode == "host",
		HostNetwork: in.HostConfig.NetworkMode == "host",
		HostIPC:     in.HostConfig.IpcMode == "host",
	}
	name(m, append([]string{in.Config.Image}, image.RepoTags...)...)
	if m.Digest == "" {
		m.Digest = digestOf(m.Repository, image.RepoDigests)
	}
	if m.Tag == "" {
		m.Tag = tagOf(m.Repository, image.RepoTags)
	}
	labels(m, in.Config.Labels)
	mounts := make([]mount, len(in.Mounts))
	for i, mt := range in.Mounts {
		mounts[i] = mount{mt.Source, mt.Destination, mt.Mode, mt.Propagation, mt.RW}
	}
	m.Mounts = mountsText(mounts)
	return m
}

// tagOf finds the tag of a repository among texts repository:tag.
func tagOf(repository string, texts []string) string {
	for _, text := range texts {
		if r := parseReference(text); r.repository == repository {
			return r.tag
		}
	}
	return ""
}

// ip is the container's address in its first network that gives it one.
func (in *inspected) ip() string {
	n := &in.NetworkSettings
	if n.IPAddress != "" {
		return n.IPAddress
	}
	for _, name := range slices.Sorted(maps.Keys(n.Networks)) {
		if ip := n.Networks[name].IPAddress; ip != "" {
			return ip
		}
	}
	return ""
}
