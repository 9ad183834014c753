package rules

import "strings"

// Priority is how grave a rule's match is; smaller is graver.
type Priority uint8

// The priorities.
const (
	Emergency Priority = iota
	Alert
	Critical
	Error
	Warning
	Notice
	Informational
	Debug
)

var priorityNames = [...]string{
	"Emergency", "Alert", "Critical", "Error", "Warning", "Notice", "Informational", "Debug",
}

// String is the priority's name as alerts show it.
func (p Priority) String() string {
	if int(p) < len(priorityNames) {
		return priorityNames[p]
	}
	return "Unknown"
}

// ParsePriority reads a priority's name in any letter case; "info" is short
// for Informational.
func ParsePriority(name string) (Priority, bool) {
	if strings.EqualFold(name, "info") {
		return Informational, true
	}
	for p, n := range priorityNames {
		if strings.EqualFold(name, n) {
			return Priority(p), true
		}
	}
	return 0, false
}
