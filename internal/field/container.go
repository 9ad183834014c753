package field

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// onHost is what the fields of a container say for a process in none.
const onHost = "host"

var containerFields = []*Field{
	{
		Name: "container.id", Type: CharBuf, Get: containerShort, From: []string{"saker.container.id", "evt.type"}, Derive: shortID,
		Doc: "The first 12 digits of the container's id, host for a process in none.",
	},
	{
		Name: "container.full_id", Type: CharBuf, Get: containerFull, From: []string{"saker.container.id", "evt.type"}, Derive: orHost,
		Doc: "The container's id, host for a process in none.",
	},
	{
		Name: "saker.container.id", Type: CharBuf, Attr: "container.id", Where: Resource, Get: containerID,
		Doc: "The container's id, only in a container.",
	},
	{
		Name: "container.name", Type: CharBuf, Get: hostOr(metaText(metaName)), Derive: orHostOf,
		From: []string{"saker.container.name", "evt.type", "saker.container.id"},
		Doc:  "The container's name, host for a process in none.",
	},
	{
		Name: "saker.container.name", Type: CharBuf, Attr: "container.name", Also: "k8s.container.name", Where: Resource, Get: metaText(metaName),
		Doc: "The container's name, only in a container.",
	},
	{
		Name: "container.type", Type: CharBuf, Get: hostOr(containerRuntime), Derive: orHostOf,
		From: []string{"saker.container.type", "evt.type", "saker.container.id"},
		Doc:  "The container's runtime, such as docker, containerd, cri-o, podman, nspawn; host for a process in none.",
	},
	{
		Name: "saker.container.type", Type: CharBuf, Attr: "container.runtime.name", Where: Resource, Get: containerRuntime,
		Doc: "The container's runtime, only in a container.",
	},

	{
		Name: "saker.enrichment", Type: CharBuf, Attr: "saker.enrichment", Where: Resource, Get: enrichment,
		Doc: "incomplete where the container's runtime was asked and did not tell, or not in time.",
	},

	{
		Name: "container.image", Type: CharBuf, Derive: imageRef,
		From: []string{"container.image.repository", "container.image.tag", "container.image.digest"},
		Doc:  "The image's repository and tag with a colon between, without a tag its digest after an @.",
	},
	{
		Name: "container.image.repository", Type: CharBuf, Attr: "container.image.name", Where: Resource,
		Get: metaText(func(m *event.ContainerMeta) string { return m.Repository }),
		Doc: "The image's name without a tag.",
	},
	{
		Name: "container.image.tag", Type: CharBuf, Attr: "container.image.tags", Also: "container.image.tag", Where: Resource, Form: Sole,
		Get: metaText(func(m *event.ContainerMeta) string { return m.Tag }),
		Doc: "The image's tag.",
	},
	{
		Name: "container.image.digest", Type: CharBuf, From: []string{"saker.container.digest"}, Derive: digest,
		Doc: "The image's digest, sha256:...",
	},
	{
		Name: "saker.container.digest", Type: CharBuf, Attr: "container.image.repo_digests", Where: Resource, Form: Sole, Get: metaText(repoDigest),
		Doc: "The image's name and digest with an @ between.",
	},
	{
		Name: "container.image.id", Type: CharBuf, From: []string{"saker.container.image_id"}, Derive: bareID,
		Doc: "The image's id without its algorithm.",
	},
	{
		Name: "saker.container.image_id", Type: CharBuf, Attr: "container.image.id", Where: Resource,
		Get: metaText(func(m *event.ContainerMeta) string { return m.ImageID }),
		Doc: "The image's id, sha256:...",
	},
	{
		Name: "container.label", Type: CharBuf, Arg: MustKey, Attr: "container.label", Keyed: "container.label",
		Get: label(func(m *event.ContainerMeta) *event.Labels { return &m.Labels }),
		Doc: "One of the container's labels.",
	},
	{
		Name: "container.labels", Type: CharBuf, Attr: "saker.container.labels",
		Get: metaText(func(m *event.ContainerMeta) string { return m.Labels.String() }),
		Doc: "The container's labels as name:value, with commas between.",
	},
	{
		Name: "container.ip", Type: CharBuf, Attr: "saker.container.ip",
		Get: metaText(func(m *event.ContainerMeta) string { return m.IP }),
		Doc: "The container's address.",
	},
	{
		Name: "container.cni.json", Type: CharBuf, Attr: "saker.container.cni.json",
		Get: metaText(func(m *event.ContainerMeta) string { return m.CNI }),
		Doc: "The result of the network plugin.",
	},
	{
		Name: "container.privileged", Type: Boolean, Attr: "saker.container.privileged",
		Get: metaTruth(func(m *event.ContainerMeta) bool { return m.Privileged }),
		Doc: "Whether the container is privileged.",
	},
	{
		Name: "container.host_pid", Type: Boolean, Attr: "saker.container.host_pid",
		Get: metaTruth(func(m *event.ContainerMeta) bool { return m.HostPID }),
		Doc: "Whether the container sees the host's processes.",
	},
	{
		Name: "container.host_network", Type: Boolean, Attr: "saker.container.host_network",
		Get: metaTruth(func(m *event.ContainerMeta) bool { return m.HostNetwork }),
		Doc: "Whether the container uses the host's network.",
	},
	{
		Name: "container.host_ipc", Type: Boolean, Attr: "saker.container.host_ipc",
		Get: metaTruth(func(m *event.ContainerMeta) bool { return m.HostIPC }),
		Doc: "Whether the container shares the host's IPC.",
	},
	{
		Name: "container.start_ts", Type: AbsTime, Attr: "saker.container.start_ts", Get: procNSBorn,
		Doc: "When the first process of the container was made, on the host the boot, in nanoseconds since 1970.",
	},
	{
		Name: "container.duration", Type: RelTime, From: []string{"evt.rawtime", "container.start_ts"}, Derive: since,
		Doc: "How long ago container.start_ts was, in nanoseconds.",
	},

	{
		Name: "container.mounts", Type: CharBuf, Attr: "saker.container.mounts",
		Get: metaText(func(m *event.ContainerMeta) string { return m.Mounts }),
		Doc: "The container's mounts as source:dest:mode:rdwr:propagation, with commas between.",
	},
	{
		Name: "container.mount", Type: CharBuf, Arg: MustKey, From: mounts, Derive: mountWhole,
		Doc: "One mount, by index or by a regular expression found in its source.",
	},
	{
		Name: "container.mount.source", Type: CharBuf, Arg: MustKey, From: mounts, Derive: mountPart(0, 1),
		Doc: "The source of a mount, by index or by a regular expression found in its destination.",
	},
	{
		Name: "container.mount.dest", Type: CharBuf, Arg: MustKey, From: mounts, Derive: mountPart(1, 0),
		Doc: "The destination of a mount, by index or by a regular expression found in its source.",
	},
	{
		Name: "container.mount.mode", Type: CharBuf, Arg: MustKey, From: mounts, Derive: mountPart(2, 0),
		Doc: "The mode of a mount, by index or by a regular expression found in its source.",
	},
	{
		Name: "container.mount.rdwr", Type: CharBuf, Arg: MustKey, From: mounts, Derive: mountPart(3, 0),
		Doc: "true when a mount may be written, by index or by a regular expression found in its source.",
	},
	{
		Name: "container.mount.propagation", Type: CharBuf, Arg: MustKey, From: mounts, Derive: mountPart(4, 0),
		Doc: "The propagation of a mount, by index or by a regular expression found in its source.",
	},
}

func containerID(e *event.Event, _ Arg) Value {
	switch c := e.Process.Container; {
	case c == nil:
		return NoValue
	case !c.IsSure():
		return UnknownValue
	default:
		return Str(c.ID)
	}
}

var containerFull = hostOr(containerID)

func containerShort(e *event.Event, a Arg) Value {
	return hold(containerFull(e, a), func(v Value) Value { return Str(short(v.Text())) })
}

const shortDigits = 12

func short(id string) string { return id[:min(len(id), shortDigits)] }

func shortID(in *Inputs, a Arg) Value {
	return hold(orHost(in, a), func(v Value) Value { return Str(short(v.Text())) })
}

// orHost is the first input; where it is missing in one of Saker's own
// records, the process was in no container.
func orHost(in *Inputs, _ Arg) Value {
	if in[0].Kind() == Missing && in[1].Known() {
		return Str(onHost)
	}
	return in[0]
}

// orHostOf is orHost for a fact that may be missing in a container too.
func orHostOf(in *Inputs, a Arg) Value {
	if in[2].Known() {
		return in[0]
	}
	return orHost(in, a)
}

// hostOr makes a Get that says host for a process in no container.
func hostOr(get func(*event.Event, Arg) Value) func(*event.Event, Arg) Value {
	return func(e *event.Event, a Arg) Value {
		if e.Process.Container == nil {
			return Str(onHost)
		}
		return get(e, a)
	}
}

// metaText makes a Get of what only the container's runtime tells.
func metaText(of func(*event.ContainerMeta) string) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		switch c := e.Process.Container; {
		case c == nil:
			return NoValue
		case c.Meta == nil:
			return UnknownValue
		default:
			return StrOrMissing(of(c.Meta))
		}
	}
}

// metaTruth makes a Get of what only the container's runtime tells.
func metaTruth(of func(*event.ContainerMeta) bool) func(*event.Event, Arg) Value {
	return func(e *event.Event, _ Arg) Value {
		switch c := e.Process.Container; {
		case c == nil:
			return NoValue
		case c.Meta == nil:
			return UnknownValue
		default:
			return Truth(of(c.Meta))
		}
	}
}

// label makes a Get of one of the labels.
func label(of func(*event.ContainerMeta) *event.Labels) func(*event.Event, Arg) Value {
	return func(e *event.Event, a Arg) Value {
		c := e.Process.Container
		switch {
		case c == nil:
			return NoValue
		case c.Meta == nil:
			return UnknownValue
		}
		if value, ok := of(c.Meta).Of(a.Text); ok {
			return Str(value)
		}
		return NoValue
	}
}

// incomplete says that a record lacks what should have been told.
const incomplete = "incomplete"

func enrichment(e *event.Event, _ Arg) Value {
	if c := e.Process.Container; c != nil && c.Told == event.Untold {
		return Str(incomplete)
	}
	return NoValue
}

func metaName(m *event.ContainerMeta) string { return m.Name }

func containerRuntime(e *event.Event, _ Arg) Value {
	switch c := e.Process.Container; {
	case c == nil:
		return NoValue
	case !c.IsSure():
		return UnknownValue
	default:
		return Str(c.Runtime)
	}
}

func repoDigest(m *event.ContainerMeta) string {
	if m.Digest == "" {
		return ""
	}
	return m.Repository + "@" + m.Digest
}

func digest(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		return Str(v.Text()[strings.LastIndexByte(v.Text(), '@')+1:])
	})
}

func imageRef(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		switch {
		case in[1].Known():
			return Str(v.Text() + ":" + in[1].Text())
		case in[2].Known():
			return Str(v.Text() + "@" + in[2].Text())
		}
		return v
	})
}

func bareID(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value {
		return Str(v.Text()[strings.IndexByte(v.Text(), ':')+1:])
	})
}

func shortOf(in *Inputs, _ Arg) Value {
	return hold(in[0], func(v Value) Value { return Str(short(v.Text())) })
}

func since(in *Inputs, _ Arg) Value {
	now, then := in[0], in[1]
	if !now.Known() || !then.Known() || now.Uint() < then.Uint() {
		return NoValue
	}
	return Unsigned(now.Uint() - then.Uint())
}
