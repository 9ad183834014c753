// Package rules is Falco's rule language and the engine that runs it.
//
// It takes rule files and a table of fields and gives compiled sets: which
// rules an event makes true, which ones it leaves open, what they say of it.
// It owns the language, the loading and its findings, and the three-valued
// evaluation. It never reads an event otherwise than through field.Source,
// never lets one event's matches depend on another, and never decides what is
// done with a match.
//
// What needs no field is in rooms of its own: internal/source knows where the
// bytes of a condition stand, internal/syntax turns its text into nodes,
// internal/pattern matches globs, paths and regular expressions.
//
// The passes, in reading order, one or a few files each:
//
//	yaml, item        file → items with places, a rule's as changes by their keys
//	load, collect     items → lists, macros, rules; append, override, redefinition
//	exception         exceptions → condition text
//	expand            list names in a text → their items
//	internal/syntax   text → nodes
//	macro             macro names in nodes → their nodes
//	check, doubt      nodes → operands with types; which operators are legal (class), which doubtful
//	constant          constants → testers
//	compile           nodes → predicates and conditions, shared by all rules
//	narrow, plan      conditions → the event types with which they are not false, and
//	                  what to ask first of each type
//	lint              what loads but is hardly meant
//	words, match      event → candidates → verdicts
//	format, extra     event → output text, and what options add
package rules
