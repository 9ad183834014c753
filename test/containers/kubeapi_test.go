package containers

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/txtar"
)

var apiserver = flag.String("kube-apiserver", "", "record the answers of this `program` anew, with etcd beside it")

const (
	kubeObjects = "testdata/kubernetes/objects.txtar"
	kubeAnswers = "testdata/kubernetes/answers.txtar"
)

// kubeAPI is a Kubernetes API server, and the environment in which a collector finds it.
type kubeAPI struct {
	address     string
	environment []string
}

// startKubeAPI starts a server that gives recorded answers. With the flag, a real one is
// asked, and its answers become the record when the test ends.
func startKubeAPI(t *testing.T) *kubeAPI {
	t.Helper()
	handler := http.Handler(readAnswers(t))
	if *apiserver != "" {
		handler = newRecorder(t, startRealAPI(t))
	}
	server := httptest.NewTLSServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections() // watches never end
		server.Close()
	})
	host, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return &kubeAPI{server.URL, []string{"KUBERNETES_SERVICE_HOST=" + host, "KUBERNETES_SERVICE_PORT=" + port, "KUBE_NODE_NAME=node-1"}}
}

// requestName is what a recorded answer is to: the request without what differs between
// one time and the next.
func requestName(r *http.Request) string {
	q := r.URL.Query()
	for _, key := range []string{"resourceVersion", "resourceVersionMatch", "timeout", "timeoutSeconds"} {
		q.Del(key)
	}
	if len(q) == 0 {
		return r.Method + " " + r.URL.Path
	}
	return r.Method + " " + r.URL.Path + "?" + q.Encode()
}

// answers are bodies by request.
type answers map[string][]byte

func readAnswers(t *testing.T) answers {
	t.Helper()
	file, err := txtar.ParseFile(kubeAnswers)
	if err != nil {
		t.Fatal(err)
	}
	all := answers{}
	for _, f := range file.Files {
		all[f.Name] = f.Data
	}
	return all
}

// ServeHTTP gives the recorded answer. A watch stays open, and tells nothing more.
func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, ok := a[requestName(r)]
	watch := r.URL.Query().Get("watch") != ""
	if !ok && !watch {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body)
	if watch {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// recorder passes requests on and keeps the answers.
type recorder struct {
	httputil.ReverseProxy
	mu  sync.Mutex
	all map[string]*bytes.Buffer
}

func newRecorder(t *testing.T, server *url.URL) *recorder {
	c := &recorder{all: map[string]*bytes.Buffer{}}
	c.FlushInterval = -1
	c.Transport = selfSigned
	c.Rewrite = func(r *httputil.ProxyRequest) {
		r.SetURL(server)
		r.Out.Header.Del("Accept-Encoding")
		forms := strings.Split(r.Out.Header.Get("Accept"), ",")
		r.Out.Header.Set("Accept", strings.Join(slices.DeleteFunc(forms, func(f string) bool { return strings.Contains(f, "protobuf") }), ","))
	}
	c.ModifyResponse = func(resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			return nil
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		body := &bytes.Buffer{}
		c.all[requestName(resp.Request)] = body
		resp.Body = &kept{resp.Body, io.TeeReader(resp.Body, locked{&c.mu, body})}
		return nil
	}
	t.Cleanup(func() { c.write(t) })
	return c
}

// kept is a body whose reader keeps what is read.
type kept struct {
	io.Closer
	io.Reader
}

// locked is a buffer that others look at.
type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func (c *recorder) write(t *testing.T) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var file txtar.Archive
	for name, body := range c.all {
		file.Files = append(file.Files, txtar.File{Name: name, Data: body.Bytes()})
	}
	slices.SortFunc(file.Files, func(a, b txtar.File) int { return strings.Compare(a.Name, b.Name) })
	if err := os.WriteFile(kubeAnswers, txtar.Format(&file), 0o644); err != nil {
		t.Error(err)
	}
}

// kubeClient asks a server that has made its own certificate, and knows one token.
type kubeClient struct{ http.Transport }

const kubeToken = "recorder"

var selfSigned = &kubeClient{http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}

// RoundTrip implements http.RoundTripper.
func (c *kubeClient) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+kubeToken)
	return c.Transport.RoundTrip(r)
}

// startRealAPI starts etcd and a real server with the objects.
func startRealAPI(t *testing.T) *url.URL {
	t.Helper()
	need(t, "etcd")
	dir := place(t)
	store, key, tokens := "http://"+freeAddress(t), filepath.Join(dir, "key.pem"), filepath.Join(dir, "tokens")
	made, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(made)})
	etcd := filepath.Join(dir, "etcd")
	err = errors.Join(os.WriteFile(key, text, 0o600), os.WriteFile(tokens, []byte(kubeToken+",saker,1\n"), 0o600), os.Mkdir(etcd, 0o700))
	if err != nil {
		t.Fatal(err)
	}
	daemon(t, etcd, func() bool { return answersAt(store + "/health") }, "etcd", "--data-dir", etcd,
		"--listen-client-urls", store, "--advertise-client-urls", store, "--listen-peer-urls", "http://"+freeAddress(t))
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	daemon(t, dir, func() bool { return answersAt("https://" + address + "/readyz") }, *apiserver,
		"--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", port, "--cert-dir", dir, "--service-cluster-ip-range", "10.0.0.0/24",
		"--service-account-issuer", "https://saker.test", "--service-account-key-file", key, "--service-account-signing-key-file", key,
		"--token-auth-file", tokens, "--authorization-mode", "AlwaysAllow", "--disable-admission-plugins", "ServiceAccount")
	makeObjects(t, "https://"+address)
	return &url.URL{Scheme: "https", Host: address}
}

// makeObjects makes them one after the other.
func makeObjects(t *testing.T, server string) {
	t.Helper()
	file, err := txtar.ParseFile(kubeObjects)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{http.MethodPost: "application/yaml", http.MethodPatch: "application/merge-patch+json"}
	var last struct{ Metadata struct{ UID string } }
	for _, f := range file.Files {
		method, path, _ := strings.Cut(f.Name, " ")
		body := bytes.ReplaceAll(f.Data, []byte("OWNER"), []byte(last.Metadata.UID))
		req, err := http.NewRequest(method, server+path, bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kinds[method])
		resp, err := (&http.Client{Transport: selfSigned}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		if err != nil || resp.Body.Close() != nil || resp.StatusCode >= 300 {
			t.Fatalf("%s: %s %v %s", f.Name, resp.Status, err, text)
		}
		if err := json.Unmarshal(text, &last); err != nil {
			t.Fatal(err)
		}
	}
}

func answersAt(address string) bool {
	resp, err := (&http.Client{Transport: selfSigned}).Get(address)
	return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// freeAddress is one on loopback that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
