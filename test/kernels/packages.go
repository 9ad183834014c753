package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// deb is a package of an index.
type deb struct {
	name, version, arch string
	size                int64
}

// file is what apt calls the package's file.
func (d deb) file() string {
	return fmt.Sprintf("%s_%s_%s.deb", d.name, strings.ReplaceAll(d.version, ":", "%3a"), d.arch)
}

// readIndex reads an index of Debian packages.
func readIndex(r io.Reader) (all []deb, err error) {
	var d deb
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if line == "" && d.name != "" {
			all, d = append(all, d), deb{}
			continue
		}
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "Package":
			d.name = value
		case "Version":
			d.version = value
		case "Architecture":
			d.arch = value
		case "Size":
			if d.size, err = strconv.ParseInt(value, 10, 64); err != nil {
				return nil, fmt.Errorf("size of %s: %w", d.name, err)
			}
		}
	}
	if d.name != "" {
		all = append(all, d)
	}
	return all, lines.Err()
}

// kernel is a kernel as Debian packages it.
type kernel struct {
	release string // as uname -r says
	image   deb
	modules deb // the same package before 6.19
}

// imageName is what packages with a cloud kernel are called; group 1 is the
// release, group 2 the series. From 6.19 on the image is in linux-binary, and
// linux-image is an empty package.
var imageName = regexp.MustCompile(`^linux-(?:image|binary)-((\d+\.\d+)[.-].*-cloud-[a-z0-9]+)$`)

// emptySize is more than a package has that only depends on others.
const emptySize = 1 << 20

// kernelsOf gives the kernels of a series, newest first.
func kernelsOf(index []deb, series string) (all []kernel) {
	modules := map[string]deb{}
	for _, d := range index {
		if release, ok := strings.CutPrefix(d.name, "linux-modules-"); ok {
			modules[release] = d
		}
	}
	for _, d := range index {
		name := imageName.FindStringSubmatch(d.name)
		if name == nil || d.size < emptySize || (series != latest && series != name[2]) {
			continue
		}
		k := kernel{release: name[1], image: d, modules: d}
		if m, apart := modules[k.release]; apart {
			k.modules = m
		}
		all = append(all, k)
	}
	slices.SortStableFunc(all, func(a, b kernel) int { return compareVersions(b.image.version, a.image.version) })
	return all
}

// newest gives the newest package of a name.
func newest(index []deb, name string) (found deb, ok bool) {
	for _, d := range index {
		if d.name == name && (!ok || compareVersions(d.version, found.version) > 0) {
			found, ok = d, true
		}
	}
	return found, ok
}
