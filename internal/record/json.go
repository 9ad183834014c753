package record

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/pdata/pcommon"

	"github.com/sakerhq/saker/internal/field"
)

// document is a body as JSON: a structured one, or a text that is one JSON
// value; nil for any other text.
func document(body pcommon.Value) (doc any) {
	if body.Type() != pcommon.ValueTypeStr {
		return body.AsRaw()
	}
	d := json.NewDecoder(strings.NewReader(body.Str()))
	d.UseNumber() // a number is told as it was written
	if d.Decode(&doc) != nil {
		return nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	return doc
}

// find is what a JSON pointer finds in a document, nil for nothing.
func find(doc any, pointer string) any {
	pointer = strings.TrimPrefix(pointer, "/")
	for more, key := pointer != "", ""; more; {
		key, pointer, more = strings.Cut(pointer, "/")
		switch parent := doc.(type) {
		case map[string]any:
			doc = parent[pointerEscapes.Replace(key)]
		case []any:
			i, err := strconv.ParseUint(key, 10, 31)
			if err != nil || int(i) >= len(parent) {
				return nil
			}
			doc = parent[i]
		default:
			return nil
		}
	}
	return doc
}

// pointerEscapes are what stands for a slash and a tilde in a JSON pointer.
var pointerEscapes = strings.NewReplacer("~1", "/", "~0", "~")

// jsonText is a part of a document as text, an object or array as JSON; null
// is Missing.
func jsonText(part any) field.Value {
	switch part := part.(type) {
	case nil:
		return field.NoValue
	case string:
		return field.Str(part)
	case json.Number:
		return field.Str(part.String())
	}
	text, err := json.Marshal(part)
	if err != nil {
		return field.NoValue
	}
	return field.Str(string(text))
}
