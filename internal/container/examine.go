package container

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// Finding is a socket that is there.
type Finding struct {
	API     string // docker, podman, cri, containerd
	Path    string
	Version string // of the runtime, with its name
	Err     error  // why it does not answer
}

// Examine asks at all sockets that are there, those of users too, who answers.
func Examine(ctx context.Context, opts Options) (list []Finding) {
	opts = opts.withDefaults()
	for _, l := range languages {
		for _, pattern := range l.sockets(&opts.Sockets) {
			paths, _ := filepath.Glob(filepath.Join(opts.Root, strings.ReplaceAll(pattern, "{uid}", "*")))
			slices.Sort(paths)
			for _, path := range paths {
				s := socket{path: path, connect: l.connect}
				version, err := s.version(ctx, opts)
				if !errors.Is(err, errDenied) {
					list = append(list, Finding{l.name, path, version, err})
				}
			}
		}
	}
	return list
}

// version asks who answers; errDenied: somebody who does not speak the language.
func (s *socket) version(ctx context.Context, opts Options) (string, error) {
	c, err := s.ready()
	if err != nil {
		return "", err
	}
	defer s.close()
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	version, err := c.version(ctx)
	return version, denial(err)
}
