package container

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sakerhq/saker/internal/event"
)

// containerd speaks containerd's own API, for containers that no pod has. Of
// its messages four are needed, and of these few fields: they are read as
// they come, since its module would bring a second RPC system along.
type containerd struct{ conn *grpc.ClientConn }

func newContainerd(path string) (client, error) {
	conn, err := connect(path)
	if err != nil {
		return nil, err
	}
	return &containerd{conn}, nil
}

func (c *containerd) close() { _ = c.conn.Close() }

// The methods, and the numbers of the fields that are read of their answers.
const (
	methodVersion    = "/containerd.services.version.v1.Version/Version"
	methodNamespaces = "/containerd.services.namespaces.v1.Namespaces/List"
	methodContainer  = "/containerd.services.containers.v1.Containers/Get"
	methodImage      = "/containerd.services.images.v1.Images/Get"

	fieldVersion        = 1
	fieldNamespaces     = 1 // each with its name in 1
	fieldContainer      = 1 // in the answer; the others in the container
	fieldLabels         = 2
	fieldImage          = 3
	fieldSpec           = 5 // with its JSON in 2
	fieldImageTarget    = 3 // of the image, which is 1 in the answer
	fieldDigest         = 2
	fieldFirst          = 1
	fieldSpecText       = 2
	fieldLabelName      = 1
	fieldLabelValue     = 2
	headerNamespace     = "containerd-namespace"
	podContainersKind   = "io.cri-containerd.kind"
	sandboxAnnotation   = "io.kubernetes.cri.sandbox-id"
	specImageAnnotation = "io.kubernetes.cri.image-name"
)

// message is an encoded protocol buffer.
type message []byte

// all are the values of a field of bytes, text or message. What can't be
// parsed ends the list.
func (m message) all(field protowire.Number) (values []message) {
	for len(m) > 0 {
		number, kind, n := protowire.ConsumeTag(m)
		if n < 0 {
			return values
		}
		m = m[n:]
		if kind == protowire.BytesType && number == field {
			value, n := protowire.ConsumeBytes(m)
			if n < 0 {
				return values
			}
			values = append(values, value)
			m = m[n:]
			continue
		}
		if n = protowire.ConsumeFieldValue(number, kind, m); n < 0 {
			return values
		}
		m = m[n:]
	}
	return values
}

// one is the last value of a field, as the encoding wants it; nil: none.
func (m message) one(field protowire.Number) message {
	if values := m.all(field); len(values) > 0 {
		return values[len(values)-1]
	}
	return nil
}

// errAnswer is the error of something else than a message.
var errAnswer = errors.New("no message")

// raw passes messages as they are.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(v any) ([]byte, error) {
	m, ok := v.(message)
	if !ok {
		return nil, errAnswer
	}
	return m, nil
}

func (raw) Unmarshal(data []byte, v any) error {
	m, ok := v.(*message)
	if !ok {
		return errAnswer
	}
	*m = slices.Clone(data)
	return nil
}

// call asks in a namespace for what text names, if the request has text.
func (c *containerd) call(ctx context.Context, method, namespace, text string) (answer message, err error) {
	var request message
	if text != "" {
		request = protowire.AppendTag(request, fieldFirst, protowire.BytesType)
		request = protowire.AppendString(request, text)
	}
	if namespace != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, headerNamespace, namespace)
	}
	if err := c.conn.Invoke(ctx, method, request, &answer, grpc.ForceCodec(raw{})); err != nil {
		return nil, denial(err)
	}
	return answer, nil
}

func (c *containerd) version(ctx context.Context) (string, error) {
	answer, err := c.call(ctx, methodVersion, "", "")
	return "containerd " + string(answer.one(fieldVersion)), err
}

// describe looks for the container in all namespaces.
func (c *containerd) describe(ctx context.Context, id string) (*description, error) {
	list, err := c.call(ctx, methodNamespaces, "", "")
	if err != nil {
		return nil, err
	}
	for _, ns := range list.all(fieldNamespaces) {
		namespace := string(ns.one(fieldFirst))
		answer, err := c.call(ctx, methodContainer, namespace, id)
		if errors.Is(err, errDenied) {
			continue
		}
		if err != nil {
			return nil, err
		}
		m := containerOf(answer, id)
		if m.Digest == "" && m.Repository != "" {
			image, err := c.call(ctx, methodImage, namespace, string(answer.one(fieldContainer).one(fieldImage)))
			if err != nil && !errors.Is(err, errDenied) {
				return nil, err
			}
			m.Digest = string(image.one(fieldFirst).one(fieldImageTarget).one(fieldDigest))
		}
		return &description{runtime: "containerd", meta: m}, nil
	}
	return nil, errDenied
}

// containerOf is what an answer says of a container.
func containerOf(answer message, id string) *event.ContainerMeta {
	c := answer.one(fieldContainer)
	all := map[string]string{}
	for _, label := range c.all(fieldLabels) {
		all[string(label.one(fieldLabelName))] = string(label.one(fieldLabelValue))
	}
	m := &event.ContainerMeta{Name: id}
	if isDigits(id) {
		m.Name = id[:shortestID] // such an id is no name that somebody gave
	}
	labels(m, all)
	var spec ociSpec
	if json.Unmarshal(c.one(fieldSpec).one(fieldSpecText), &spec) == nil {
		spec.describe(m)
	}
	if name(m, string(c.one(fieldImage)), spec.Annotations[specImageAnnotation]); m.PodSandbox == "" {
		m.PodSandbox = spec.Annotations[sandboxAnnotation]
	}
	return m
}

func isDigits(id string) bool { return len(id) == 64 && isImageID(id) }
