package container

import (
	"strings"

	"github.com/sakerhq/saker/internal/event"
)

// reference is an image's name taken apart.
type reference struct{ repository, tag, digest string }

// parseReference takes apart repository[:tag][@digest]. What stands before the
// last slash may be a registry with a port.
func parseReference(text string) (r reference) {
	text, r.digest, _ = strings.Cut(text, "@")
	r.repository = text
	if i := strings.LastIndexByte(text, ':'); i > strings.LastIndexByte(text, '/') {
		r.repository, r.tag = text[:i], text[i+1:]
	}
	return r
}

// shortestID is how many digits of an image's id runtimes take for a name.
const shortestID = 12

// isImageID reports whether text is an image's id rather than a name.
func isImageID(text string) bool {
	if strings.HasPrefix(text, sha256) {
		return true
	}
	return len(text) >= shortestID && strings.Trim(text, "0123456789abcdef") == ""
}

const sha256 = "sha256:"

// withAlgorithm is an image's id as the registry's protocol writes it.
func withAlgorithm(id string) string {
	if id == "" || strings.Contains(id, ":") {
		return id
	}
	return sha256 + id
}

// name takes the image's name from the first of texts that is one.
func name(m *event.ContainerMeta, texts ...string) {
	for _, text := range texts {
		if text == "" || isImageID(text) {
			continue
		}
		r := parseReference(text)
		m.Repository, m.Tag, m.Digest = r.repository, r.tag, r.digest
		return
	}
}

// digestOf finds the digest of a repository among texts repository@digest: the
// only one there is, if none is of that name.
func digestOf(repository string, texts []string) string {
	for _, text := range texts {
		if r := parseReference(text); r.repository == repository && r.digest != "" {
			return r.digest
		}
	}
	if len(texts) == 1 {
		return parseReference(texts[0]).digest
	}
	return ""
}

// Labels by which the kubelet tells a container's pod.
const (
	labelPod       = "io.kubernetes.pod.name"
	labelNamespace = "io.kubernetes.pod.namespace"
	labelUID       = "io.kubernetes.pod.uid"
	labelSandbox   = "io.kubernetes.sandbox.id"
)

// labels takes over all labels, and what they say of a pod.
func labels(m *event.ContainerMeta, all map[string]string) {
	m.Labels = event.NewLabels(all)
	m.PodName, m.Namespace, m.PodUID = all[labelPod], all[labelNamespace], podUID(all[labelUID])
	m.PodSandbox = all[labelSandbox]
}

// podUID is a pod's unique id, as Kubernetes' API knows it. A static pod has another there
// than for its kubelet and the runtime, to whom it is a hash without hyphens.
func podUID(uid string) string {
	if len(uid) == 32 && isImageID(uid) {
		return ""
	}
	return uid
}

// mount is one mount of a container.
type mount struct {
	source, dest, mode, propagation string
	writable                        bool
}

// mountsText is the mounts as the field container.mounts says them.
func mountsText(mounts []mount) string {
	var text strings.Builder
	for i, m := range mounts {
		if i > 0 {
			text.WriteByte(',')
		}
		writable := "false"
		if m.writable {
			writable = "true"
		}
		text.WriteString(strings.Join([]string{m.source, m.dest, m.mode, writable, m.propagation}, ":"))
	}
	return text.String()
}
