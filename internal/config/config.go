// Package config reads what users configure.
//
// It takes the configuration of a component and gives its Config, or says what
// is wrong, where, and what to write instead. It owns the wording of that. It
// never knows an option.
package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/collector/confmap"

	"github.com/sakerhq/saker/internal/similar"
)

// Unmarshal reads a configuration into a pointer to a struct, as the Unmarshal
// of a component's Config has to. Unlike the Collector it says which keys there
// are instead of an unknown one.
func Unmarshal(conf *confmap.Conf, cfg any) error {
	if errs := unknown(reflect.TypeOf(cfg), conf.ToStringMap(), ""); errs != nil {
		return Join(errs...)
	}
	err := conf.Unmarshal(cfg)
	if inner := errors.Unwrap(err); inner != nil {
		return inner // the Collector says once more that decoding failed
	}
	return err
}

// unknown are the keys of a value, below the path at, that a type doesn't have.
func unknown(t reflect.Type, value any, at string) (errs []error) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	list, isList := value.([]any)
	section, isSection := value.(map[string]any)
	switch {
	case isList && t.Kind() == reflect.Slice:
		for i, v := range list {
			errs = append(errs, unknown(t.Elem(), v, at+strconv.Itoa(i)+confmap.KeyDelimiter)...)
		}
	case isSection && t.Kind() == reflect.Struct:
		keys := Keys(t)
		for _, key := range slices.Sorted(maps.Keys(section)) {
			if field, known := keys[key]; known {
				errs = append(errs, unknown(field.Type, section[key], at+key+confmap.KeyDelimiter)...)
			} else {
				errs = append(errs, unknownKey(at, key, slices.Sorted(maps.Keys(keys))))
			}
		}
	}
	return errs
}

// Keys are the fields of a struct by their keys in a configuration.
func Keys(t reflect.Type) map[string]reflect.StructField {
	keys := map[string]reflect.StructField{}
	for _, field := range reflect.VisibleFields(t) {
		if key := field.Tag.Get(confmap.MapstructureTag); key != "" {
			keys[key] = field
		}
	}
	return keys
}

func unknownKey(at, key string, known []string) error {
	if meant := similar.To(key, slices.Values(known)); meant != "" {
		return fmt.Errorf("unknown key %s%s: did you mean %s?", at, key, meant)
	}
	return fmt.Errorf("unknown key %s%s: there are %s", at, key, strings.Join(known, ", "))
}
