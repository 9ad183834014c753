package container

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/sakerhq/saker/internal/event"
)

// msg appends fields, a number and a text or message each, to a message.
func msg(parts ...any) (m message) {
	for i := 0; i < len(parts); i += 2 {
		m = protowire.AppendTag(m, protowire.Number(parts[i].(int)), protowire.BytesType)
		switch v := parts[i+1].(type) {
		case string:
			m = protowire.AppendString(m, v)
		case message:
			m = protowire.AppendBytes(m, v)
		}
	}
	return m
}

// serveGRPC answers with what handle gives for a method, namespace and request.
func serveGRPC(t *testing.T, handle func(method, namespace string, request message) (message, error)) string {
	t.Helper()
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		md, _ := metadata.FromIncomingContext(stream.Context())
		var request message
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		answer, err := handle(method, strings.Join(md.Get(headerNamespace), ""), request)
		if err != nil {
			return err
		}
		return stream.SendMsg(answer)
	}))
	return listen(t, server)
}

func listen(t *testing.T, server *grpc.Server) string {
	t.Helper()
	path := socketPath(t)
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return path
}

const spec = `{"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_ADMIN"]}},
	"mounts":[{"source":"/a","destination":"/b","options":["rbind","ro","rslave"]},{"source":"t","destination":"/tmp","options":["mode=1777"]}],
	"linux":{"namespaces":[{"type":"pid"},{"type":"ipc"}]},"annotations":{"io.kubernetes.cri.sandbox-id":"sand"}}`

func TestContainerdAnswers(t *testing.T) {
	socket := serveGRPC(t, func(method, namespace string, request message) (message, error) {
		switch text := string(request.one(fieldFirst)); {
		case method == methodNamespaces:
			return msg(1, msg(1, "empty"), 1, msg(1, "k8s.io")), nil
		case namespace != "k8s.io":
		case method == methodContainer && text == "web":
			return msg(1, msg(1, "web", 2, msg(1, "app", 2, "shop"), 3, "a/b:1", 5, msg(1, "type", 2, spec))), nil
		case method == methodImage && text == "a/b:1":
			return msg(1, msg(1, "a/b:1", 3, msg(1, "type", 2, "sha256:cc"))), nil
		}
		return nil, status.Error(codes.NotFound, "not found")
	})
	c, err := newContainerd(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	d, err := c.describe(context.Background(), "web")
	if err != nil {
		t.Fatal(err)
	}
	want := &event.ContainerMeta{
		Name: "web", Repository: "a/b", Tag: "1", Digest: "sha256:cc", Privileged: true, HostNetwork: true,
		Labels: event.NewLabels(map[string]string{"app": "shop"}), Mounts: "/a:/b::false:rslave,t:/tmp:1777:true:", PodSandbox: "sand",
	}
	if diff := cmp.Diff(want, d.meta, cmp.AllowUnexported(event.Labels{})); diff != "" || d.runtime != "containerd" {
		t.Errorf("%s (-want +got):\n%s", d.runtime, diff)
	}
	if _, err := c.describe(context.Background(), "other"); !errors.Is(err, errDenied) {
		t.Errorf("a container that is not there: %v", err)
	}
}

func TestContainerdErrors(t *testing.T) {
	for name, failing := range map[string]string{"list": methodNamespaces, "container": methodContainer, "image": methodImage} {
		socket := serveGRPC(t, func(method, _ string, _ message) (message, error) {
			switch method {
			case failing:
				return nil, status.Error(codes.Internal, "broken")
			case methodNamespaces:
				return msg(1, msg(1, "default")), nil
			}
			return msg(1, msg(1, "web", 3, "a/b:1")), nil
		})
		c, err := newContainerd(socket)
		if err != nil {
			t.Fatal(err)
		}
		if d, err := c.describe(context.Background(), "web"); err == nil || errors.Is(err, errDenied) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		c.close()
	}
}

func FuzzContainerd(f *testing.F) {
	f.Add([]byte(msg(1, msg(1, "web", 2, msg(1, "a", 2, "b"), 3, "a/b:1", 5, msg(2, spec)))), webID)
	f.Add([]byte{0x0a, 0xff, 0xff}, "web")
	f.Add([]byte(msg(1, msg(5, msg(2, `{"linux":null,"mounts":[{}]}`)))), "")
	f.Fuzz(func(t *testing.T, answer []byte, id string) {
		m := containerOf(answer, id)
		if !strings.HasPrefix(id, m.Name) {
			t.Errorf("container %q is named %q", id, m.Name)
		}
	})
}

// kubelet's view: a runtime with one pod and one container.
type criServer struct {
	runtime.UnimplementedRuntimeServiceServer
	info, podInfo map[string]string
}

func (criServer) Version(context.Context, *runtime.VersionRequest) (*runtime.VersionResponse, error) {
	return &runtime.VersionResponse{RuntimeName: "cri-o", RuntimeVersion: "1.2"}, nil
}

func (s criServer) ContainerStatus(_ context.Context, r *runtime.ContainerStatusRequest) (*runtime.ContainerStatusResponse, error) {
	if r.ContainerId != webID {
		return nil, status.Error(codes.NotFound, "no container")
	}
	return &runtime.ContainerStatusResponse{Info: s.info, Status: &runtime.ContainerStatus{
		Id: webID, Metadata: &runtime.ContainerMetadata{Name: "nginx"}, Image: &runtime.ImageSpec{Image: imageID},
		ImageRef: "a/b@sha256:cc", Labels: map[string]string{"app": "shop"},
		Mounts: []*runtime.Mount{{HostPath: "/a", ContainerPath: "/b", Propagation: runtime.MountPropagation_PROPAGATION_BIDIRECTIONAL}},
	}}, nil
}

func (s criServer) PodSandboxStatus(_ context.Context, r *runtime.PodSandboxStatusRequest) (*runtime.PodSandboxStatusResponse, error) {
	if r.PodSandboxId != "sand" {
		return nil, status.Error(codes.NotFound, "no pod")
	}
	return &runtime.PodSandboxStatusResponse{Info: s.podInfo, Status: &runtime.PodSandboxStatus{
		Id: "sand", Metadata: &runtime.PodSandboxMetadata{Name: "web-0", Namespace: "shop", Uid: "0b1c"},
		Labels: map[string]string{"tier": "front"}, Network: &runtime.PodSandboxNetworkStatus{Ip: "10.0.0.7"},
		Linux: &runtime.LinuxPodSandboxStatus{Namespaces: &runtime.Namespace{Options: &runtime.NamespaceOption{Ipc: runtime.NamespaceMode_NODE}}},
	}}, nil
}

func TestCRIAnswers(t *testing.T) {
	server := grpc.NewServer()
	runtime.RegisterRuntimeServiceServer(server, criServer{
		info:    map[string]string{"info": `{"sandboxID":"sand","privileged":true,"runtimeSpec":{"annotations":{"io.kubernetes.cri-o.ImageName":"a/b:1"}}}`},
		podInfo: map[string]string{"info": `{"image":"pause:3","cniResult":{"x":1}}`},
	})
	c, err := newCRI(listen(t, server))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	pod := event.ContainerMeta{
		PodName: "web-0", Namespace: "shop", PodUID: "0b1c", PodSandbox: "sand", PodLabels: event.NewLabels(map[string]string{"tier": "front"}),
		IP: "10.0.0.7", PodIP: "10.0.0.7", CNI: `{"x":1}`, PodCNI: `{"x":1}`, HostIPC: true,
	}
	web, sandbox := pod, pod
	web.Name, web.ImageID, web.Repository, web.Tag, web.Digest = "nginx", imageID, "a/b", "1", "sha256:cc"
	web.Labels, web.Mounts, web.Privileged = event.NewLabels(map[string]string{"app": "shop"}), "/a:/b::true:rshared", true
	sandbox.Labels, sandbox.Repository, sandbox.Tag = pod.PodLabels, "pause", "3"
	for id, want := range map[string]*event.ContainerMeta{webID: &web, "sand": &sandbox} {
		d, err := c.describe(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, d.meta, cmp.AllowUnexported(event.Labels{})); diff != "" || d.runtime != "cri-o" {
			t.Errorf("%s of %s (-want +got):\n%s", id, d.runtime, diff)
		}
	}
	if _, err := c.describe(context.Background(), "nobody"); !errors.Is(err, errDenied) {
		t.Errorf("a container that is not there: %v", err)
	}
	if v, err := c.version(context.Background()); err != nil || v != "cri-o 1.2" {
		t.Errorf("version %q, %v", v, err)
	}
}

// A service that is none, as where containerd runs for docker alone, denies.
func TestCRIDisabled(t *testing.T) {
	c, err := newCRI(listen(t, grpc.NewServer()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.describe(context.Background(), webID); !errors.Is(err, errDenied) {
		t.Errorf("no such service: %v", err)
	}
}

func FuzzCRIInfo(f *testing.F) {
	f.Add(`{"sandboxID":"a","config":{"linux":{"security_context":{"privileged":true}}}}`)
	f.Add(`{"sandboxID":1}`)
	f.Fuzz(func(_ *testing.T, text string) {
		var m event.ContainerMeta
		info := decodeInfo(map[string]string{"info": text})
		describeContainer(&m, nil, info)
		describePod(&m, nil, info, true)
	})
}
