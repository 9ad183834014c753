package record

import (
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/sakerhq/saker/internal/field"
)

// LogReader gives the fields of field.Log of one log record after another; it
// is a field.Source. It is for one goroutine.
//
// Its values share the record's memory: they are valid until the record
// changes or Reset.
type LogReader struct {
	resource pcommon.Resource
	record   plog.LogRecord
	source   string
	answers  []func(*LogReader, *field.Ref) field.Value // by a field's number
	parsed   bool                                       // json is the record's body
	json     any                                        // nil: the body is no JSON
}

// logAnswers answer the primary fields of field.Log.
var logAnswers = map[string]func(*LogReader, *field.Ref) field.Value{
	"log.body": func(r *LogReader, _ *field.Ref) field.Value { return asText(r.record.Body()) },
	"log.attr": func(r *LogReader, ref *field.Ref) field.Value {
		return attributeText(r.record.Attributes(), ref.Arg.Text)
	},
	"log.resource": func(r *LogReader, ref *field.Ref) field.Value {
		return attributeText(r.resource.Attributes(), ref.Arg.Text)
	},
	"log.severity":        func(r *LogReader, _ *field.Ref) field.Value { return severityText(r.record) },
	"log.severity.number": func(r *LogReader, _ *field.Ref) field.Value { return severityNumber(r.record) },
	"log.event":           func(r *LogReader, _ *field.Ref) field.Value { return field.StrOrMissing(r.record.EventName()) },
	"json.value":          (*LogReader).jsonValue,
	"jevt.value":          (*LogReader).jsonValue,
	"evt.source":          func(r *LogReader, _ *field.Ref) field.Value { return field.Str(r.source) },
	"evt.rawtime":         func(r *LogReader, _ *field.Ref) field.Value { return timeOfRecord(r.record) },
	"evt.hostname": func(r *LogReader, ref *field.Ref) field.Value {
		return attributeText(r.resource.Attributes(), ref.Attr)
	},
}

// NewLogReader makes a reader that has no record yet.
func NewLogReader() *LogReader {
	fields := field.Log().Fields()
	r := &LogReader{answers: make([]func(*LogReader, *field.Ref) field.Value, len(fields))}
	for i, f := range fields {
		r.answers[i] = logAnswers[f.Name]
	}
	return r
}

// Reset makes lr, of the resource and the source, the record that is read.
func (r *LogReader) Reset(resource pcommon.Resource, lr plog.LogRecord, source string) {
	r.resource, r.record, r.source, r.parsed = resource, lr, source, false
}

// Value implements field.Source.
func (r *LogReader) Value(ref *field.Ref) field.Value { return r.answers[ref.Index()](r, ref) }

// attributeText is an attribute as text, Missing if there is none.
func attributeText(attrs pcommon.Map, key string) field.Value {
	if v, ok := attrs.Get(key); ok {
		return asText(v)
	}
	return field.NoValue
}

// asText is a value as text; nothing is Missing.
func asText(v pcommon.Value) field.Value {
	if v.Type() == pcommon.ValueTypeEmpty {
		return field.NoValue
	}
	return field.Str(v.AsString())
}

func severityNumber(lr plog.LogRecord) field.Value {
	if n := lr.SeverityNumber(); n > 0 {
		return field.Unsigned(uint64(n))
	}
	return field.NoValue
}

// severityRanges are the short names of severities, four numbers each.
var severityRanges = [...]string{"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"}

func severityText(lr plog.LogRecord) field.Value {
	n := int(lr.SeverityNumber())
	if lr.SeverityText() != "" || n < 1 || n > 4*len(severityRanges) {
		return field.StrOrMissing(lr.SeverityText())
	}
	return field.Str(severityRanges[(n-1)/4])
}

// jsonValue is what a JSON pointer finds in the body.
func (r *LogReader) jsonValue(ref *field.Ref) field.Value {
	if !r.parsed {
		r.json, r.parsed = document(r.record.Body()), true
	}
	return jsonText(find(r.json, ref.Arg.Text))
}
