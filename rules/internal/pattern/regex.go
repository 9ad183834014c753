package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
)

// Regex compiles a POSIX expression that must match the whole text. Its error is
// for the one who wrote the pattern.
func Regex(pattern string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(pattern, syntax.POSIX)
	if err == nil {
		var re *regexp.Regexp
		if re, err = regexp.Compile(`\A(?:` + parsed.String() + `)\z`); err == nil {
			return re, nil
		}
	}
	var bad *syntax.Error
	if errors.As(err, &bad) {
		return nil, fmt.Errorf("invalid regex pattern: %s: %s", bad.Code, bad.Expr)
	}
	return nil, fmt.Errorf("invalid regex pattern: %w", err)
}
