// Package library holds the rules that Saker ships.
//
// It takes nothing and gives rule files by maturity. It owns the embedded
// files, in the directory of their maturity. It never compiles a rule.
package library

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sakerhq/saker/rules"
)

//go:embed stable
var files embed.FS

// Maturities are the names that Files takes, the most mature first.
func Maturities() []string { return []string{"stable"} }

// Files gives the rule files of one maturity, sorted by name. A file's Name
// is maturity/file.yaml.
func Files(maturity string) ([]rules.File, error) {
	if !slices.Contains(Maturities(), maturity) {
		return nil, fmt.Errorf("no library %q: there is %s", maturity, strings.Join(Maturities(), ", "))
	}
	entries, err := fs.ReadDir(files, maturity)
	if err != nil {
		return nil, fmt.Errorf("read library %s: %w", maturity, err)
	}
	var out []rules.File
	for _, e := range entries {
		if path.Ext(e.Name()) != ".yaml" {
			continue
		}
		name := path.Join(maturity, e.Name())
		content, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read library %s: %w", maturity, err)
		}
		out = append(out, rules.File{Name: name, Content: content})
	}
	return out, nil
}
