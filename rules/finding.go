package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sakerhq/saker/rules/internal/source"
)

// Code is what kind of finding it is, in Falco's words.
type Code string

// The codes that Falco has, and Lint for what only Saker looks at.
const (
	ErrYAMLParse        Code = "LOAD_ERR_YAML_PARSE"
	ErrYAMLValidate     Code = "LOAD_ERR_YAML_VALIDATE"
	ErrCondition        Code = "LOAD_ERR_COMPILE_CONDITION"
	ErrOutput           Code = "LOAD_ERR_COMPILE_OUTPUT"
	ErrValidate         Code = "LOAD_ERR_VALIDATE"
	UnknownSource       Code = "LOAD_UNKNOWN_SOURCE"
	UnsafeNACheck       Code = "LOAD_UNSAFE_NA_CHECK"
	NoEventType         Code = "LOAD_NO_EVTTYPE"
	UnknownFilter       Code = "LOAD_UNKNOWN_FILTER"
	UnusedMacro         Code = "LOAD_UNUSED_MACRO"
	UnusedList          Code = "LOAD_UNUSED_LIST"
	UnknownItem         Code = "LOAD_UNKNOWN_ITEM"
	DeprecatedItem      Code = "LOAD_DEPRECATED_ITEM"
	AppendNoValues      Code = "LOAD_APPEND_NO_VALUES"
	ExceptionNotUnique  Code = "LOAD_EXCEPTION_NAME_NOT_UNIQUE"
	InvalidMacroName    Code = "LOAD_INVALID_MACRO_NAME"
	InvalidListName     Code = "LOAD_INVALID_LIST_NAME"
	SuspiciousCondition Code = "LOAD_COMPILE_CONDITION"
	UnknownKey          Code = "LOAD_UNKNOWN_KEY"
	Lint                Code = "SAKER_LINT"
)

// maxFindings is how many findings a load gives; after that it only says so.
const maxFindings = 500

// Finding is one thing that is wrong or doubtful in a rules file.
type Finding struct {
	Code     Code   `json:"code"`
	Message  string `json:"message"`
	Warning  bool   `json:"warning"` // false: the set does not load
	ItemType string `json:"item_type,omitempty"`
	ItemName string `json:"item_name,omitempty"`
	File     string `json:"file"`
	Line     int    `json:"line"`   // from 1; 0: the file as a whole
	Column   int    `json:"column"` // from 1, in characters
	Snippet  string `json:"snippet,omitempty"`
	Hint     string `json:"hint,omitempty"` // what was probably meant
}

// Findings are all of a load, in the order of their discovery.
type Findings []Finding

// ErrRules is wrapped by the error that Findings.Err gives.
var ErrRules = errors.New("rules do not load")

// Err is nil when all findings are warnings; else its text is the errors'.
func (fs Findings) Err() error {
	var b strings.Builder
	for i := range fs {
		if !fs[i].Warning {
			b.WriteByte('\n')
			b.WriteString(fs[i].String())
		}
	}
	if b.Len() == 0 {
		return nil
	}
	return fmt.Errorf("%w:%s", ErrRules, b.String())
}

// String is the finding as a compiler would print it, with a caret.
func (f *Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Column)
	if f.Warning {
		b.WriteString("warning: ")
	} else {
		b.WriteString("error: ")
	}
	b.WriteString(f.Message)
	if f.Hint != "" {
		fmt.Fprintf(&b, " (did you mean %s?)", f.Hint)
	}
	fmt.Fprintf(&b, " [%s]", f.Code)
	if f.Snippet != "" {
		fmt.Fprintf(&b, "\n\t%s\n\t%s^", f.Snippet, indent(f.Snippet, f.Column-1))
	}
	return b.String()
}

// indent is as wide as the first n characters of line.
func indent(line string, n int) string {
	var b strings.Builder
	for _, c := range line {
		if n--; n < 0 {
			break
		}
		if c != '\t' {
			c = ' '
		}
		b.WriteRune(c)
	}
	return b.String()
}

// item is what a finding is about.
type item struct {
	kind string // in Falco's words: rule, macro, condition expression …
	name string
	at   source.Place
}

// report collects the findings of a load.
type report struct {
	findings Findings
	seen     map[Finding]bool
}

func (r *report) errorf(code Code, it item, format string, args ...any) *Finding {
	return r.add(Finding{Code: code, Message: fmt.Sprintf(format, args...)}, it)
}

func (r *report) warnf(code Code, it item, format string, args ...any) *Finding {
	return r.add(Finding{Code: code, Message: fmt.Sprintf(format, args...), Warning: true}, it)
}

// add fills in the place of f. A finding that is there already is not added
// again: rules are checked after every file.
func (r *report) add(f Finding, it item) *Finding {
	if len(r.findings) > maxFindings {
		last := &r.findings[maxFindings]
		last.Warning = last.Warning && f.Warning
		return &Finding{}
	}
	if len(r.findings) == maxFindings {
		f.Code, f.Message, f.Hint = ErrValidate, "there are more findings", ""
	}
	f.ItemType, f.ItemName = it.kind, it.name
	if file := it.at.File(); file != nil {
		f.File = file.Name
		f.Line, f.Column, f.Snippet = it.at.Show()
	}
	if r.seen == nil {
		r.seen = map[Finding]bool{}
	}
	if r.seen[f] {
		return &Finding{}
	}
	r.seen[f] = true
	r.findings = append(r.findings, f)
	return &r.findings[len(r.findings)-1]
}

// failed reports whether any finding is an error.
func (r *report) failed() bool {
	for i := range r.findings {
		if !r.findings[i].Warning {
			return true
		}
	}
	return false
}
