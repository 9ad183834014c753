package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Join makes one error of those that are not nil, nil of none. It is one line,
// since the Collector says of which component only at its beginning.
func Join(errs ...error) error {
	var texts []string
	for _, err := range errs {
		if err != nil {
			texts = append(texts, err.Error())
		}
	}
	if texts == nil {
		return nil
	}
	return errors.New(strings.Join(texts, "; "))
}

// OneOf is an error unless the value of a key is one of several.
func OneOf[T ~string](key string, value T, all ...T) error {
	if slices.Contains(all, value) {
		return nil
	}
	return fmt.Errorf("%s: %q is none of %s", key, value, list(all))
}

func list[T ~string](words []T) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(w))
	}
	return b.String()
}

// Delay is an error unless the value of a key is a time to wait: none, or at
// least a millisecond. The Collector takes a number alone as nanoseconds, which
// nobody means.
func Delay(key string, d time.Duration) error {
	switch {
	case d < 0:
		return fmt.Errorf("%s: %v is negative", key, d)
	case d > 0 && d < time.Millisecond:
		return fmt.Errorf("%s: %v is less than 1ms: write it with its unit, as in 500ms or 2s", key, d)
	}
	return nil
}
