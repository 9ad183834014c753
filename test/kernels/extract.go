package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modules are those that a guest loads, in this order, unless its image has them.
var modules = []string{"overlay", "fuse"}

// bootable is what a guest boots from.
type bootable struct {
	image   string // the file
	modules map[string][]byte
}

// unpack takes a kernel and its modules out of their packages, once; dir keeps
// them.
func unpack(ctx context.Context, dir, image, rest string) (b bootable, err error) {
	b = bootable{image: filepath.Join(dir, "vmlinuz"), modules: map[string][]byte{}}
	if !exists(dir) {
		if err := unpackTo(ctx, dir, image, rest); err != nil {
			return bootable{}, err
		}
	}
	for _, name := range modules {
		module, err := os.ReadFile(filepath.Join(dir, name+".ko"))
		if errors.Is(err, os.ErrNotExist) {
			continue // part of the image
		}
		if err != nil {
			return bootable{}, err
		}
		b.modules[name] = module
	}
	return b, nil
}

// unpackTo makes the directory whole or not at all.
func unpackTo(ctx context.Context, dir, image, rest string) (err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	half, err := os.MkdirTemp(filepath.Dir(dir), "half-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(half)) }()
	vmlinuz, err := find(ctx, image, isImage)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(half, "vmlinuz"), vmlinuz, 0o644); err != nil {
		return err
	}
	for _, module := range modules {
		content, err := findModule(ctx, rest, module)
		if errors.Is(err, io.EOF) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(half, module+".ko"), content, 0o644); err != nil {
			return err
		}
	}
	return os.Rename(half, dir)
}

// isImage knows the image, which Debian moved from /boot to its modules.
func isImage(name string) bool {
	base := filepath.Base(name)
	return base == "vmlinuz" || strings.HasPrefix(base, "vmlinuz-")
}

// findModule gives a module as the kernel loads it.
func findModule(ctx context.Context, pkg, module string) ([]byte, error) {
	compressed := false
	content, err := find(ctx, pkg, func(name string) bool {
		base := filepath.Base(name)
		compressed = base == module+".ko.xz"
		return compressed || base == module+".ko"
	})
	if err != nil || !compressed {
		return content, err
	}
	xz := exec.CommandContext(ctx, "xz", "-dc")
	xz.Stdin = bytes.NewReader(content)
	plain, err := output(xz)
	return []byte(plain), err
}

// find gives the first file of a package that is wanted.
func find(ctx context.Context, pkg string, wanted func(name string) bool) (content []byte, err error) {
	ctx, stop := context.WithCancel(ctx) // the rest of the package is of no interest
	defer stop()
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", pkg)
	stream, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() {
		stop()
		_ = cmd.Wait() // it was stopped in the middle
	}()
	files := tar.NewReader(stream)
	for {
		header, err := files.Next()
		if err != nil {
			return nil, fmt.Errorf("look into %s: %w", filepath.Base(pkg), err)
		}
		if header.Typeflag == tar.TypeReg && wanted(header.Name) {
			return io.ReadAll(files)
		}
	}
}
