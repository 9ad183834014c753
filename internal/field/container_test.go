package field

import (
	"testing"

	"github.com/sakerhq/saker/internal/event"
	"github.com/sakerhq/saker/internal/event/eventtest"
)

// TestTold: what a runtime may still tell is unknown, not missing, and so are
// the names of users that are being read.
func TestTold(t *testing.T) {
	meta := &event.ContainerMeta{Name: "web"}
	const unknown, missing = "unknown", "missing"
	for _, test := range []struct {
		told                                 event.Told
		meta                                 *event.ContainerMeta
		name, privileged, label, deployment  string
		user, group, home, login, enrichment string
	}{
		{event.NotAsked, nil, unknown, unknown, unknown, unknown, `"<NA>"`, `"<NA>"`, `"<NA>"`, `"<NA>"`, missing},
		{event.Waiting, nil, unknown, unknown, unknown, unknown, unknown, unknown, unknown, unknown, missing},
		{event.Untold, nil, unknown, unknown, unknown, unknown, `"<NA>"`, `"<NA>"`, `"<NA>"`, `"<NA>"`, `"incomplete"`},
		{event.Answered, meta, `"web"`, "false", missing, missing, `"<NA>"`, `"<NA>"`, `"<NA>"`, `"<NA>"`, missing},
	} {
		e := eventtest.Named("execve in container")
		p := e.Process
		p.UID, p.GID, p.LoginUID = 7, 7, 7
		p.Container.Told, p.Container.Meta = test.told, test.meta
		for name, want := range map[string]string{
			"container.name": test.name, "container.privileged": test.privileged, "container.label[app]": test.label,
			"k8s.deployment.name": test.deployment, "user.name": test.user, "group.name": test.group,
			"user.homedir": test.home, "user.shell": test.home, "user.loginname": test.login, "saker.enrichment": test.enrichment,
		} {
			ref, err := Falco().Ref(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(Eval(OfEvent{e}, ref)); got != want {
				t.Errorf("told %d: %s = %s, want %s", test.told, name, got, want)
			}
		}
	}
}

// TestPodOfCgroup: the cgroup tells a pod's id at once, and that there is a pod.
func TestPodOfCgroup(t *testing.T) {
	for _, test := range []struct {
		cgroup          string
		meta            *event.ContainerMeta
		uid, deployment string
	}{
		{"", nil, "unknown", "unknown"},
		{"", &event.ContainerMeta{}, "missing", "missing"},
		{"", &event.ContainerMeta{PodName: "web-0", PodUID: "told"}, `"told"`, "unknown"},
		{"seen", nil, `"seen"`, "unknown"},
		{"seen", &event.ContainerMeta{}, `"seen"`, "unknown"},
		{"seen", &event.ContainerMeta{PodName: "web-0", PodUID: "told"}, `"seen"`, "unknown"},
	} {
		e := eventtest.Named("execve in container")
		e.Process.Container.PodUID, e.Process.Container.Meta = test.cgroup, test.meta
		for name, want := range map[string]string{"k8s.pod.uid": test.uid, "k8s.pod.id": test.uid, "k8s.deployment.name": test.deployment} {
			ref, err := Falco().Ref(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := text(Eval(OfEvent{e}, ref)); got != want {
				t.Errorf("%+v: %s = %s", test, name, got)
			}
		}
	}
}
