package field

import "slices"

// unservedFields are those of Falco that nobody answers here. A rule that reads
// one loads, with a warning.
var unservedFields = slices.Concat(
	unserved("it changes all the time: the Collector's host metrics tell it",
		&Field{Name: "proc.fdopencount", Type: Uint64, Doc: "The number of open descriptors."},
		&Field{Name: "proc.fdusage", Type: Double, Doc: "The percentage of descriptors in use."},
		&Field{Name: "thread.exectime", Type: RelTime, Doc: "The processor time of the thread's last slice."},
		&Field{Name: "thread.totexectime", Type: RelTime, Doc: "The processor time of the thread."},
		&Field{Name: "thread.cpu", Type: Double, Doc: "The percentage of a processor that the thread used."},
		&Field{Name: "thread.cpu.user", Type: Double, Doc: "The percentage of a processor that the thread used in its program."},
		&Field{Name: "thread.cpu.system", Type: Double, Doc: "The percentage of a processor that the thread used in the kernel."},
	),
	unserved("a capture that runs has no past to look into, and its rules do not count what they read",
		&Field{Name: "evt.around", Type: Uint64, Arg: MustKey, Not: FilterOnly | NoRHS | NoTransformer | EqualOnly, Doc: "How far the event is from a time, in milliseconds."},
		&Field{Name: "util.cnt", Type: Uint64, Doc: "How often the field was read."},
	),
	unserved("it is known of events that do not exist here",
		&Field{Name: "evt.pluginname", Type: CharBuf, Doc: "The name of the plugin that made the event."},
		&Field{Name: "evt.plugininfo", Type: CharBuf, Doc: "The event as its plugin tells it."},
		&Field{Name: "evt.asynctype", Type: CharBuf, Doc: "The name of an event that was put between the others."},
		&Field{Name: "evt.count.procinfo", Type: Uint32, Doc: "1 for samples of processes."},
		&Field{Name: "evt.count.threadinfo", Type: Uint32, Doc: "1 for samples of threads."},
		&Field{Name: "evt.infra.docker.name", Type: CharBuf, Doc: "The name of an event of Docker."},
		&Field{Name: "evt.infra.docker.container.id", Type: CharBuf, Doc: "The container of an event of Docker."},
		&Field{Name: "evt.infra.docker.container.name", Type: CharBuf, Doc: "The name of the container of an event of Docker."},
		&Field{Name: "evt.infra.docker.container.image", Type: CharBuf, Doc: "The image of the container of an event of Docker."},
	),
	unserved("no table of a process's descriptors is kept, the kernel is asked for the one at hand",
		&Field{Name: "fd.types", Type: CharBuf, List: true, Arg: MayIndex, Not: NoRHS, Doc: "The types of all open descriptors, or of one."},
		&Field{Name: "fdlist.names", Type: CharBuf, Doc: "The names of the descriptors that a poll waits for."},
		&Field{Name: "fdlist.cips", Type: CharBuf, Doc: "The clients' addresses of the descriptors that a poll waits for."},
		&Field{Name: "fdlist.sips", Type: CharBuf, Doc: "The servers' addresses of the descriptors that a poll waits for."},
		&Field{Name: "fdlist.cports", Type: CharBuf, Doc: "The clients' ports of the descriptors that a poll waits for."},
		&Field{Name: "fdlist.sports", Type: CharBuf, Doc: "The servers' ports of the descriptors that a poll waits for."},
	),
	unserved("Falco does not answer it either",
		&Field{Name: "container.healthcheck", Type: CharBuf, Doc: "The container's health check."},
		&Field{Name: "container.liveness_probe", Type: CharBuf, Doc: "The container's liveness probe."},
		&Field{Name: "container.readiness_probe", Type: CharBuf, Doc: "The container's readiness probe."},
		&Field{Name: "proc.is_container_healthcheck", Type: Boolean, Doc: "Whether the process is a health check."},
		&Field{Name: "proc.is_container_liveness_probe", Type: Boolean, Doc: "Whether the process is a liveness probe."},
		&Field{Name: "proc.is_container_readiness_probe", Type: Boolean, Doc: "Whether the process is a readiness probe."},
		&Field{Name: "k8s.ns.id", Type: CharBuf, Doc: "The id of the pod's namespace."},
		&Field{Name: "k8s.ns.labels", Type: CharBuf, Doc: "All labels of the pod's namespace."},
		&Field{Name: "k8s.deployment.labels", Type: CharBuf, Doc: "All labels of the pod's deployment."},
		&Field{Name: "k8s.rs.label", Type: CharBuf, Arg: MustKey, Doc: "One of the labels of the pod's replica set."},
		&Field{Name: "k8s.rs.labels", Type: CharBuf, Doc: "All labels of the pod's replica set."},
		&Field{Name: "k8s.rc.name", Type: CharBuf, Doc: "The name of the pod's replication controller."},
		&Field{Name: "k8s.rc.id", Type: CharBuf, Doc: "The id of the pod's replication controller."},
		&Field{Name: "k8s.rc.label", Type: CharBuf, Arg: MustKey, Doc: "One of the labels of the pod's replication controller."},
		&Field{Name: "k8s.rc.labels", Type: CharBuf, Doc: "All labels of the pod's replication controller."},
		&Field{Name: "k8s.svc.name", Type: CharBuf, Doc: "The name of the pod's service."},
		&Field{Name: "k8s.svc.id", Type: CharBuf, Doc: "The id of the pod's service."},
		&Field{Name: "k8s.svc.label", Type: CharBuf, Arg: MustKey, Doc: "One of the labels of the pod's service."},
		&Field{Name: "k8s.svc.labels", Type: CharBuf, Doc: "All labels of the pod's service."},
	),
)

func unserved(why string, fields ...*Field) []*Field {
	for _, f := range fields {
		f.Unserved = why
	}
	return fields
}
