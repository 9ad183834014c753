package fields

// reasons say why fields are not held against the machine here: what else
// holds them.
var reasons = map[string]string{
	"only the capture itself knows it: tables of internal/state and internal/field": `
		evt.num evt.reltime evt.reltime.s evt.reltime.ns evt.deltatime evt.deltatime.s evt.deltatime.ns
		saker.fs.path.target`,
	"the sensor alone sees the answers: TestLiveNames of internal/state": `
		saker.client.name saker.server.name saker.local.name saker.peer.name
		fd.cip.name fd.sip.name fd.lip.name fd.rip.name`,
	"only acts that hide have it: test/evasions": `
		evt.via evt.unreadable evt.truncated fd.replaced fd.origin`,
	"the runtime's or the cluster's own API says it: test/containers": `
		saker.enrichment container.id container.full_id saker.container.id container.name saker.container.name
		container.type saker.container.type container.image container.image.repository container.image.tag
		container.image.digest saker.container.digest container.image.id saker.container.image_id container.label
		container.labels container.ip container.privileged container.host_pid container.host_network
		container.host_ipc container.mounts container.mount.source container.mount.rdwr
		k8s.ns.name k8s.pod.name k8s.pod.uid k8s.pod.label k8s.pod.ip k8s.pod.sandbox_id k8s.pod.full_sandbox_id
		k8s.ns.label k8s.deployment.name k8s.deployment.label k8s.rs.name`,
	"parts of what test/containers holds: tables of internal/field": `
		container.mount container.mount.dest container.mount.mode container.mount.propagation k8s.pod.id
		k8s.pod.labels`,
	"test/containers has no runtime that tells it: recorded answers of internal/container and tables of internal/record": `
		container.cni.json k8s.pod.cni.json container.start_ts container.duration k8s.deployment.id k8s.rs.id`,
	"it depends on how the test was started: test/doors and test/containers": `
		proc.entry.type proc.entry.pid proc.entry.name`,
	"the test's own, which may be anything": `
		proc.stderr.type proc.stderr.name`,
	"nothing but the time since boot shows when a namespace began: tables of internal/state": `
		proc.pidns_init_start_ts proc.exe_ino.ctime_duration_pidns_start`,
	"it is of the resource: tests of internal/record": `
		evt.hostname`,
}
