package container

import (
	"context"
	"encoding/json"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/sakerhq/saker/internal/event"
)

// cri speaks Kubernetes' Container Runtime Interface.
type cri struct {
	conn *grpc.ClientConn
	api  runtime.RuntimeServiceClient
}

func newCRI(path string) (client, error) {
	conn, err := connect(path)
	if err != nil {
		return nil, err
	}
	return &cri{conn, runtime.NewRuntimeServiceClient(conn)}, nil
}

// connect makes a connection that is dialled when it is needed, and given up
// when it was idle for long.
func connect(path string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix://"+path, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
}

func (c *cri) close() { _ = c.conn.Close() }

func (c *cri) version(ctx context.Context) (string, error) {
	v, err := c.api.Version(ctx, &runtime.VersionRequest{})
	if err != nil {
		return "", err
	}
	return v.RuntimeName + " " + v.RuntimeVersion, nil
}

func (c *cri) describe(ctx context.Context, id string) (*description, error) {
	v, err := c.api.Version(ctx, &runtime.VersionRequest{})
	if err != nil {
		return nil, denial(err)
	}
	m := &event.ContainerMeta{}
	answer, err := c.api.ContainerStatus(ctx, &runtime.ContainerStatusRequest{ContainerId: id, Verbose: true})
	sandbox := id // a pod's sandbox is a container, but not to be asked for as one
	if err == nil {
		info := decodeInfo(answer.GetInfo())
		describeContainer(m, answer.GetStatus(), info)
		sandbox = info.SandboxID
	} else if !errors.Is(denial(err), errDenied) {
		return nil, err
	}
	if sandbox == "" {
		return &description{runtime: v.RuntimeName, meta: m}, nil
	}
	pod, err := c.api.PodSandboxStatus(ctx, &runtime.PodSandboxStatusRequest{PodSandboxId: sandbox, Verbose: true})
	if err != nil {
		return nil, denial(err)
	}
	describePod(m, pod.GetStatus(), decodeInfo(pod.GetInfo()), sandbox == id)
	return &description{runtime: v.RuntimeName, meta: m}, nil
}

// denial is errDenied where a service says that it has no such thing, or is no
// such service.
func denial(err error) error {
	switch status.Code(err) {
	case codes.NotFound, codes.Unimplemented:
		return errDenied
	}
	return err
}

// criInfo is what is needed of what runtimes tell beside the interface:
// containerd the config that the kubelet gave, CRI-O whether it is privileged.
type criInfo struct {
	SandboxID  string `json:"sandboxID"`
	Privileged bool   `json:"privileged"`
	Image      string `json:"image"` // of a sandbox
	Config     struct {
		Image struct {
			Image         string `json:"image"`
			UserSpecified string `json:"user_specified_image"`
		} `json:"image"`
		Linux struct {
			SecurityContext struct {
				Privileged bool `json:"privileged"`
			} `json:"security_context"`
		} `json:"linux"`
	} `json:"config"`
	RuntimeSpec struct {
		Annotations map[string]string `json:"annotations"`
	} `json:"runtimeSpec"`
	CNIResult json.RawMessage `json:"cniResult"`
}

// decodeInfo is empty where the runtime tells nothing, or something else.
func decodeInfo(texts map[string]string) *criInfo {
	var info criInfo
	if json.Unmarshal([]byte(texts["info"]), &info) != nil {
		return &criInfo{}
	}
	return &info
}

// Annotations by which runtimes tell an image's name and a network.
var imageAnnotations = []string{"io.kubernetes.cri.image-name", "io.kubernetes.cri-o.ImageName", "io.kubernetes.cri-o.Image"}

const networkAnnotation = "io.kubernetes.cri-o.CNIResult"

func describeContainer(m *event.ContainerMeta, s *runtime.ContainerStatus, info *criInfo) {
	m.Name = s.GetMetadata().GetName()
	m.Privileged = info.Privileged || info.Config.Linux.SecurityContext.Privileged
	names := []string{s.GetImage().GetImage(), info.Config.Image.UserSpecified}
	for _, key := range imageAnnotations {
		names = append(names, info.RuntimeSpec.Annotations[key])
	}
	name(m, names...)
	if ref := parseReference(s.GetImageRef()); ref.digest != "" {
		m.Digest = ref.digest
		if m.Repository == "" {
			m.Repository = ref.repository
		}
	}
	for _, id := range []string{s.GetImageId(), info.Config.Image.Image, s.GetImage().GetImage(), s.GetImageRef()} {
		if m.ImageID == "" && isImageID(id) {
			m.ImageID = withAlgorithm(id)
		}
	}
	labels(m, s.GetLabels())
	mounts := make([]mount, len(s.GetMounts()))
	for i, mt := range s.GetMounts() {
		mounts[i] = mount{mt.GetHostPath(), mt.GetContainerPath(), "", propagations[mt.GetPropagation()], !mt.GetReadonly()}
	}
	m.Mounts = mountsText(mounts)
}

var propagations = map[runtime.MountPropagation]string{
	runtime.MountPropagation_PROPAGATION_PRIVATE:           "private",
	runtime.MountPropagation_PROPAGATION_HOST_TO_CONTAINER: "rslave",
	runtime.MountPropagation_PROPAGATION_BIDIRECTIONAL:     "rshared",
}

// describePod tells of the pod; alone: the container is the pod's sandbox itself.
func describePod(m *event.ContainerMeta, s *runtime.PodSandboxStatus, info *criInfo, alone bool) {
	meta := s.GetMetadata()
	m.PodName, m.Namespace, m.PodUID = meta.GetName(), meta.GetNamespace(), podUID(meta.GetUid())
	m.PodSandbox = s.GetId()
	m.PodLabels = event.NewLabels(s.GetLabels())
	m.PodIP = s.GetNetwork().GetIp()
	m.IP = m.PodIP
	m.PodCNI = string(info.CNIResult)
	if m.PodCNI == "" || m.PodCNI == "null" {
		m.PodCNI = info.RuntimeSpec.Annotations[networkAnnotation]
	}
	m.CNI = m.PodCNI
	options := s.GetLinux().GetNamespaces().GetOptions()
	m.HostPID = options.GetPid() == runtime.NamespaceMode_NODE
	m.HostNetwork = options.GetNetwork() == runtime.NamespaceMode_NODE
	m.HostIPC = options.GetIpc() == runtime.NamespaceMode_NODE
	if alone {
		m.Labels = m.PodLabels
		m.Privileged = info.Config.Linux.SecurityContext.Privileged
		name(m, info.Image)
	}
}
