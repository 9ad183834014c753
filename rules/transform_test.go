package rules

import (
	"strings"
	"testing"

	"github.com/sakerhq/saker/internal/field"
)

func TestGetopt(t *testing.T) {
	tests := []struct {
		args, spec, key, want string
	}{
		{"-o v", "o:", "o", "v"},
		{"-ov", "o:", "o", "v"},
		{"-abo v", "abo:", "o", "v"},
		{"-a -o x -o y", "ao:", "o", "y"},
		{"-a", "a", "a", ""},
		{"-x", "a", "?", "x"},
		{"--long -a", "a", "a", ""},
		{"file -a", "a", "a", "missing"},
		{"-- -a", "a", "a", "missing"},
		{"-o", "o:", "o", "missing"},
		{"-o", "o::", "o", ""},
		{"- -a", "a", "a", "missing"},
	}
	for _, test := range tests {
		var args []field.Value
		for _, a := range strings.Fields(test.args) {
			args = append(args, field.Str(a))
		}
		got := "missing"
		scanOptions(field.ListOf(args), test.spec, func(option, value string) {
			if option == test.key {
				got = value
			}
		})
		if got != test.want {
			t.Errorf("getopt(%s, %q)[%s] = %q, want %q", test.args, test.spec, test.key, got, test.want)
		}
	}
}
