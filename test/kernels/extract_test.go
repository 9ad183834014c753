package main

import "testing"

func TestIsImage(t *testing.T) {
	for name, want := range map[string]bool{
		"./boot/vmlinuz-6.1.0-52-cloud-amd64":                    true,
		"./usr/lib/modules/7.3.4+deb13-cloud-amd64/vmlinuz":      true,
		"./boot/config-6.1.0-52-cloud-amd64":                     false,
		"./boot/System.map-6.1.0-52-cloud-amd64":                 false,
		"./usr/share/bug/linux-image-6.1.0-52-cloud-amd64/image": false,
	} {
		if got := isImage(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
