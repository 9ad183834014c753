package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// webRequests is how many requests a run has, webClients how many at once.
const (
	webRequests = 2000
	webClients  = 4
)

func prepareWeb(dir string) error {
	return writeFile(filepath.Join(dir, "www", "page.html"), strings.Repeat("<p>page</p>\n", 200))
}

// web runs a server and a client, each a process of its own.
func web(dir string, _ int) (time.Duration, error) {
	server, err := role("serve", filepath.Join(dir, "www"))
	if err != nil {
		return 0, err
	}
	end, err := server.StdinPipe()
	if err != nil {
		return 0, err
	}
	said, err := server.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := onCPU(actCPU, server.Start); err != nil {
		return 0, err
	}
	address, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		return 0, errors.Join(fmt.Errorf("the server did not start: %w", err), end.Close(), server.Wait())
	}
	client, err := role("ask", strings.TrimSpace(address))
	if err != nil {
		return 0, errors.Join(err, end.Close(), server.Wait())
	}
	cpu, err := took(client)
	err = errors.Join(err, end.Close(), server.Wait())
	return cpu + used(server), err
}

// role is this program as another one.
func role(name string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), asWorker+"="+name, "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// serve serves the files of a directory until in ends.
func serve(dir string, in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(dir)), ReadHeaderTimeout: time.Minute}
	go func() {
		_, _ = io.Copy(io.Discard, in)
		_ = server.Close()
	}()
	fmt.Fprintln(out, l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// ask makes the requests of a run.
func ask(address string) error {
	var dialer net.Dialer
	dialer.Control = func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) { // no TIME_WAIT, or the ports run out
			err = unix.SetsockoptLinger(int(fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		}), err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	var wait sync.WaitGroup
	failed := make([]error, webClients)
	for i := range webClients {
		wait.Go(func() {
			for range webRequests / webClients {
				if failed[i] = get(client, "http://"+address+"/page.html"); failed[i] != nil {
					return
				}
			}
		})
	}
	wait.Wait()
	return errors.Join(failed...)
}

func get(client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	if answer.StatusCode != http.StatusOK {
		err = errors.Join(err, errors.New(answer.Status))
	}
	return errors.Join(err, answer.Body.Close())
}
