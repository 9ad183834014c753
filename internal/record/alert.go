package record

import (
	"slices"
	"strings"

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

// alertAttributes is how many attributes an alert has more than its record.
const alertAttributes = 9

// Alert is what an alert says of the rule that is true. Empty facts are left out.
type Alert struct {
	Rule        string
	Description string
	Ruleset     string
	Version     string
	UUID        string
	Priority    string // Emergency, Alert, Critical, Error, Warning, Notice, Informational, Debug
	Tags        []string
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

// Annotation is an Alert as the attributes that say it. It is safe for
// concurrent use.
type Annotation struct {
	severity plog.SeverityNumber
	priority string
	texts    []attribute
	lists    []listAttribute
	absent   []string // keys of what is left out
}

type listAttribute struct {
	key  string
	list []string
}

// Annotation is a as attributes, which is worth to be made once for each rule.
func (a *Alert) Annotation() *Annotation {
	n := &Annotation{severity: severities[a.Priority], priority: a.Priority}
	for _, fact := range [...]attribute{
		{KeyRuleName, a.Rule},
		{KeyRuleDescription, a.Description},
		{KeyRulesetName, a.Ruleset},
		{KeyRuleVersion, a.Version},
		{KeyRuleUUID, a.UUID},
		{KeyRulePriority, a.Priority},
	} {
		if fact.value == "" {
			n.absent = append(n.absent, fact.key)
			continue
		}
		n.texts = append(n.texts, attribute{fact.key, valid(fact.value)})
	}
	n.tags(KeyRuleTags, a.Tags, func(tag string) string { return tag })
	n.tags(KeyTechniqueID, a.Tags, technique)
	n.tags(KeyTacticID, a.Tags, tactic)
	return n
}

// tags adds what of gives for the tags, each once; nothing says nothing.
func (n *Annotation) tags(key string, tags []string, of func(string) string) {
	var list []string
	for _, tag := range tags {
		if said := valid(of(tag)); said != "" && !slices.Contains(list, said) {
			list = append(list, said)
		}
	}
	if list == nil {
		n.absent = append(n.absent, key)
		return
	}
	n.lists = append(n.lists, listAttribute{key, list})
}

// Put makes lr an alert with what the rule has to say of the event. What an
// alert said before in its place is replaced.
func (n *Annotation) Put(lr plog.LogRecord, output string) {
	lr.SetSeverityNumber(n.severity)
	lr.SetSeverityText(n.priority)
	lr.Body().SetStr(valid(output))
	attrs := lr.Attributes()
	for _, key := range n.absent {
		attrs.Remove(key)
	}
	for i := range n.texts {
		attrs.PutStr(n.texts[i].key, n.texts[i].value)
	}
	for i := range n.lists {
		to := attrs.PutEmptySlice(n.lists[i].key)
		to.EnsureCapacity(len(n.lists[i].list))
		for _, s := range n.lists[i].list {
			to.AppendEmpty().SetStr(s)
		}
	}
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
