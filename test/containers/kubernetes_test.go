package containers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/test/collector"
)

// root is the repository's, relative to this package.
var root = filepath.Join("..", "..")

const (
	webPod     = "web-6d4cf56db6-x7k2p"
	webID      = "1f00000000000000000000000000000000000000000000000000000000000001"
	staticID   = "2f00000000000000000000000000000000000000000000000000000000000002"
	staticHash = "0123456789abcdef0123456789abcdef"
)

// kubeRules are on what only Kubernetes' API knows; the last is for all others.
const kubeRules = `
- macro: act
  condition: evt.type in (execve, execveat) and proc.args endswith ` + marker + ` and container.id != host
- rule: act in the deployment
  desc: something that the test did
  condition: act and k8s.deployment.name = web and k8s.ns.label[team] = red and k8s.deployment.label[tier] = front and k8s.pod.label[app] in (web, shop)
  output: "%FIELDS"
  priority: INFO
- rule: act in the static pod
  desc: something that the test did
  condition: act and k8s.pod.name = scheduler-node-1 and k8s.ns.name = kube-system
  output: "%FIELDS"
  priority: INFO
- rule: act elsewhere
  desc: something that the test did
  condition: act
  output: "%FIELDS"
  priority: INFO
`

// overlay is what the test has otherwise than users do.
const overlay = `
extensions: { ruleset: { sources: [ { path: %q } ] } }
receivers:
  syscall:
    scope: { include: { containers: true } }
    runtimes: { cri: [ %q ], containerd: [], docker: [], podman: [] }
    enrich_timeout: 30s
processors: { k8s_attributes: { auth_type: none } }
exporters: { file: { path: %q, flush_interval: 50ms } }
service:
  pipelines: { logs: { exporters: [file] } }
  telemetry: { metrics: { level: none } }
`

// TestKubernetes runs the distribution with the configuration for Kubernetes: what its
// API says of a container's pod is on the records, and rules see it.
func TestKubernetes(t *testing.T) {
	need(t, "runc", "containerd", "busybox")
	program := kubernetesCollector(t)
	dir, socket := containerd(t, "k8s.io")
	bundle := newBundle(t, dir)
	api := startKubeAPI(t)
	w := api.watch(t, program, dir, socket)
	uid := api.podUID(t)

	inAPI := map[string]string{
		"k8s.pod.name": webPod, "k8s.ns.name": "shop", "k8s.pod.uid": uid, "k8s.pod.ip": "10.244.0.7", "k8s.pod.label[app]": "web",
		"k8s.ns.label[team]": "red", "k8s.deployment.name": "web", "k8s.deployment.label[tier]": "front", "k8s.rs.name": "web-6d4cf56db6",
	}
	for _, c := range []struct {
		name, cgroup, id, rule string
		want                   map[string]string
	}{
		{"by its cgroup", "/kubepods/burstable/pod" + uid + "/<id>", strings.Repeat("3", 64), "act in the deployment", inAPI},
		{"as the API knows it", "/kubepods/burstable/pod" + uid + "/<id>", webID, "act in the deployment", with(inAPI, map[string]string{
			"container.name": "nginx", "container.image.repository": repository, "container.image.tag": "1", "saker.enrichment": "incomplete",
		})},
		{"of a static pod", "/kubepods/besteffort/pod" + staticHash + "/crio-<id>", staticID, "act in the static pod", map[string]string{
			"k8s.pod.name": "scheduler-node-1", "k8s.ns.name": "kube-system", "container.name": "scheduler", "k8s.deployment.name": "-",
		}},
		{"of no pod", "/kubepods/docker/<id>", strings.Repeat("4", 64), "act elsewhere", map[string]string{
			"k8s.pod.name": "-", "k8s.ns.name": "-", "k8s.deployment.name": "-", "k8s.pod.uid": "-",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			start(t, bundle, dir, c.id, strings.ReplaceAll(c.cgroup, "<id>", c.id))
			w.in(t).both(c.id, c.rule, c.want)
		})
	}
	t.Run("beside its runtime", func(t *testing.T) {
		p := newPods(t, dir, socket)
		sandbox, pod := p.sandbox(uid)
		s := p.container(sandbox, pod)
		w.in(t).both(s.Id, "act in the deployment", with(inAPI, map[string]string{ // where both tell, the runtime counts
			"k8s.pod.name": pod.Metadata.Name, "k8s.pod.label[tier]": "front", "container.name": s.Metadata.Name,
			"container.label[app]": "shop", "container.privileged": "true", "saker.enrichment": "-",
		}))
	})
}

// with is a map with further entries, which count where both have one.
func with(a, b map[string]string) map[string]string {
	both := map[string]string{}
	for _, m := range []map[string]string{a, b} {
		for k, v := range m {
			both[k] = v
		}
	}
	return both
}

// watch runs the distribution until the test ends.
func (api *kubeAPI) watch(t *testing.T, program, dir, socket string) *watch {
	t.Helper()
	if os.Geteuid() != 0 || !exists("/sys/kernel/btf/vmlinux") {
		t.Skip("needs root, and a kernel with type information")
	}
	rules, alerts, config := filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "alerts.json"), filepath.Join(dir, "overlay.yaml")
	for name, text := range map[string]string{
		rules:  strings.ReplaceAll(kubeRules, "FIELDS", strings.Join(fields, " %")),
		config: fmt.Sprintf(overlay, rules, socket, alerts),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--config", filepath.Join(root, "configs", "kubernetes.yaml"), "--config", config)
	cmd.Env = append(os.Environ(), api.environment...)
	c, err := collector.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil || t.Failed() {
			t.Errorf("the collector ended: %v\n%s", err, c.Log())
		}
	})
	return &watch{t, fileSink(alerts), nil}
}

// podUID is the uid that the API knows the pod by.
func (api *kubeAPI) podUID(t *testing.T) string {
	t.Helper()
	resp, err := (&http.Client{Transport: selfSigned}).Get(api.address + "/api/v1/namespaces/shop/pods/" + webPod)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var pod struct{ Metadata struct{ UID string } }
	if err := json.NewDecoder(resp.Body).Decode(&pod); err != nil || pod.Metadata.UID == "" {
		t.Fatalf("the API knows no pod: %v", err)
	}
	return pod.Metadata.UID
}

// fileSink is a file in which an exporter writes records.
type fileSink string

// AllLogs gives what is complete in the file.
func (f fileSink) AllLogs() (all []plog.Logs) {
	text, err := os.ReadFile(string(f))
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(text) {
		if logs, err := new(plog.JSONUnmarshaler).UnmarshalLogs(line); err == nil {
			all = append(all, logs)
		}
	}
	return all
}

// kubernetesCollector builds the distribution with one component more, as its manifest
// says how.
func kubernetesCollector(t *testing.T) (program string) {
	t.Helper()
	manifest, err := os.ReadFile(filepath.Join(root, "builder-config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.ReadFile(filepath.Join(root, "builder-config-full.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var component string
	for line := range strings.Lines(string(full)) {
		if strings.Contains(line, "/k8sattributesprocessor ") {
			component = line
		}
	}
	repository, err := filepath.Abs(root)
	if err != nil || component == "" {
		t.Fatal("no line of the manifest has k8s_attributes: ", err)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("path: . }", "path: "+repository+" }", "output_path: ./build", "output_path: "+dir+"/out",
		"\nprocessors:\n", "\nprocessors:\n"+component).Replace(string(manifest))
	config, builder := filepath.Join(dir, "manifest.yaml"), filepath.Join(dir, "builder")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "go", "-C", filepath.Join(root, "tools"), "build", "-o", builder, "go.opentelemetry.io/collector/cmd/builder")
	run(t, builder, "--config", config)
	return filepath.Join(dir, "out", "saker-collector")
}
