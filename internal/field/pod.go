package field

import "github.com/sakerhq/saker/internal/event"

var podFields = []*Field{
	{
		Name: "k8s.ns.name", Type: CharBuf, Attr: "k8s.namespace.name", Where: Resource,
		Get: metaText(func(m *event.ContainerMeta) string { return m.Namespace }),
		Doc: "The name of the pod's namespace.",
	},
	{
		Name: "k8s.pod.name", Type: CharBuf, Attr: "k8s.pod.name", Where: Resource,
		Get: metaText(func(m *event.ContainerMeta) string { return m.PodName }),
		Doc: "The pod's name.",
	},
	{
		Name: "k8s.pod.uid", Type: CharBuf, Attr: "k8s.pod.uid", Where: Resource,
		Get: podUID,
		Doc: "The pod's unique id, as Kubernetes' API knows it: from the container's cgroup, else from the runtime.",
	},
	{
		Name: "k8s.pod.id", Type: CharBuf, From: []string{"k8s.pod.uid"}, Derive: asIs,
		Doc: "The same as k8s.pod.uid.",
	},

	{
		Name: "k8s.pod.label", Type: CharBuf, Arg: MustKey, Attr: "k8s.pod.label", Keyed: "k8s.pod.label", Also: "k8s.pod.labels",
		Get: label(func(m *event.ContainerMeta) *event.Labels { return &m.PodLabels }),
		Doc: "One of the pod's labels.",
	},
	{
		Name: "k8s.pod.labels", Type: CharBuf, Attr: "saker.k8s.pod.labels",
		Get: metaText(func(m *event.ContainerMeta) string { return m.PodLabels.String() }),
		Doc: "The pod's labels as name:value, with commas between.",
	},
	{
		Name: "k8s.pod.ip", Type: CharBuf, Attr: "k8s.pod.ip", Where: Resource,
		Get: metaText(func(m *event.ContainerMeta) string { return m.PodIP }),
		Doc: "The pod's address.",
	},
	{
		Name: "k8s.pod.cni.json", Type: CharBuf, Attr: "saker.k8s.pod.cni.json",
		Get: metaText(func(m *event.ContainerMeta) string { return m.PodCNI }),
		Doc: "The result of the pod's network plugin.",
	},
	{
		Name: "k8s.pod.full_sandbox_id", Type: CharBuf, Attr: "saker.k8s.pod.sandbox_id", Where: Resource,
		Get: metaText(func(m *event.ContainerMeta) string { return m.PodSandbox }),
		Doc: "The id of the pod's sandbox.",
	},
	{
		Name: "k8s.pod.sandbox_id", Type: CharBuf, From: []string{"k8s.pod.full_sandbox_id"}, Derive: shortOf,
		Doc: "The first 12 digits of the id of the pod's sandbox.",
	},
	{
		Name: "k8s.ns.label", Type: CharBuf, Arg: MustKey, Attr: "k8s.namespace.label", Keyed: "k8s.namespace.label", Also: "k8s.namespace.labels", Where: Resource, Get: podFact,
		Doc: "One of the labels of the pod's namespace.",
	},
	{
		Name: "k8s.deployment.name", Type: CharBuf, Attr: "k8s.deployment.name", Where: Resource, Get: podFact,
		Doc: "The name of the deployment that the pod belongs to.",
	},
	{
		Name: "k8s.deployment.id", Type: CharBuf, Attr: "k8s.deployment.uid", Where: Resource, Get: podFact,
		Doc: "The unique id of the deployment that the pod belongs to.",
	},
	{
		Name: "k8s.deployment.label", Type: CharBuf, Arg: MustKey, Attr: "k8s.deployment.label", Keyed: "k8s.deployment.label", Where: Resource, Get: podFact,
		Doc: "One of the labels of the deployment that the pod belongs to.",
	},
	{
		Name: "k8s.rs.name", Type: CharBuf, Attr: "k8s.replicaset.name", Where: Resource, Get: podFact,
		Doc: "The name of the replica set that the pod belongs to.",
	},
	{
		Name: "k8s.rs.id", Type: CharBuf, Attr: "k8s.replicaset.uid", Where: Resource, Get: podFact,
		Doc: "The unique id of the replica set that the pod belongs to.",
	},
}

// podUID is known from the cgroup before anybody was asked.
func podUID(e *event.Event, a Arg) Value {
	if c := e.Process.Container; c != nil && c.PodUID != "" {
		return Str(c.PodUID)
	}
	return toldUID(e, a)
}

var toldUID = metaText(func(m *event.ContainerMeta) string { return m.PodUID })

// podFact is Unknown in a pod: a later stage may learn the fact.
func podFact(e *event.Event, _ Arg) Value {
	switch c := e.Process.Container; {
	case c == nil, c.Meta != nil && c.Meta.PodName == "" && c.PodUID == "":
		return NoValue
	default:
		return UnknownValue
	}
}
