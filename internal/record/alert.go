package record

import (
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
)

// Keys of the attributes that make a record an alert.
const (
	KeyRuleName        = "security_rule.name"
	KeyRuleDescription = "security_rule.description"
	KeyRulesetName     = "security_rule.ruleset.name"
	KeyRuleVersion     = "security_rule.version"
	KeyRuleUUID        = "security_rule.uuid"
	KeyRulePriority    = "saker.rule.priority"
	KeyRuleTags        = "saker.rule.tags"
	KeyTechniqueID     = "threat.technique.id"
	KeyTacticID        = "threat.tactic.id"
)

// Alert is what an alert says of the rule that is true. Empty facts are left out.
type Alert struct {
	Rule        string
	Description string
	Ruleset     string
	Version     string
	UUID        string
	Priority    string // Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug
	Tags        []string
	Output      string // what the rule has to say of the event
}

// severities are the numbers of the priorities in a log record.
var severities = map[string]plog.SeverityNumber{
	"Emergency":     plog.SeverityNumberFatal,
	"Alert":         plog.SeverityNumberError3,
	"Critical":      plog.SeverityNumberError2,
	"Error":         plog.SeverityNumberError,
	"Warning":       plog.SeverityNumberWarn,
	"Notice":        plog.SeverityNumberInfo2,
	"Informational": plog.SeverityNumberInfo,
	"Debug":         plog.SeverityNumberDebug,
}

// Annotate makes lr an alert. What an alert said before in its place is
// replaced.
func Annotate(lr plog.LogRecord, a *Alert) {
	lr.SetSeverityNumber(severities[a.Priority])
	lr.SetSeverityText(a.Priority)
	lr.Body().SetStr(valid(a.Output))
	attrs := lr.Attributes()
	for _, fact := range [...]attribute{
		{KeyRuleName, a.Rule},
		{KeyRuleDescription, a.Description},
		{KeyRulesetName, a.Ruleset},
		{KeyRuleVersion, a.Version},
		{KeyRuleUUID, a.UUID},
		{KeyRulePriority, a.Priority},
	} {
		if fact.value == "" {
			attrs.Remove(fact.key)
			continue
		}
		attrs.PutStr(fact.key, valid(fact.value))
	}
	putTags(attrs, KeyRuleTags, a.Tags, func(tag string) string { return tag })
	putTags(attrs, KeyTechniqueID, a.Tags, technique)
	putTags(attrs, KeyTacticID, a.Tags, tactic)
}

// putTags says what of gives for the tags, each once; nothing says nothing.
func putTags(attrs pcommon.Map, key string, tags []string, of func(string) string) {
	attrs.Remove(key)
	var list pcommon.Slice
	for i, tag := range tags {
		said := of(tag)
		if said == "" || before(tags[:i], said, of) {
			continue
		}
		if list == (pcommon.Slice{}) {
			list = attrs.PutEmptySlice(key)
		}
		list.AppendEmpty().SetStr(valid(said))
	}
}

func before(tags []string, said string, of func(string) string) bool {
	for _, tag := range tags {
		if of(tag) == said {
			return true
		}
	}
	return false
}

// technique is the technique that a tag such as T1059.004 names, "" for others.
func technique(tag string) string {
	digits, sub, dotted := strings.Cut(strings.TrimPrefix(tag, "T"), ".")
	if !strings.HasPrefix(tag, "T") || !isNumber(digits, 4) || dotted && !isNumber(sub, 3) {
		return ""
	}
	return tag
}

// tactics are the numbers of MITRE ATT&CK's tactics by the tags that name them.
var tactics = map[string]string{
	"mitre_reconnaissance":       "TA0043",
	"mitre_resource_development": "TA0042",
	"mitre_initial_access":       "TA0001",
	"mitre_execution":            "TA0002",
	"mitre_persistence":          "TA0003",
	"mitre_privilege_escalation": "TA0004",
	"mitre_defense_evasion":      "TA0005",
	"mitre_credential_access":    "TA0006",
	"mitre_discovery":            "TA0007",
	"mitre_lateral_movement":     "TA0008",
	"mitre_collection":           "TA0009",
	"mitre_exfiltration":         "TA0010",
	"mitre_command_and_control":  "TA0011",
	"mitre_impact":               "TA0040",
}

// tactic is the tactic that a tag such as TA0003 or mitre_execution names, ""
// for others.
func tactic(tag string) string {
	if digits, ok := strings.CutPrefix(tag, "TA"); ok && isNumber(digits, 4) {
		return tag
	}
	return tactics[tag]
}

func isNumber(s string, digits int) bool {
	return len(s) == digits && strings.Trim(s, "0123456789") == ""
}
