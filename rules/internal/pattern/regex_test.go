package pattern

import "testing"

func TestRegex(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"abc", "abc", true},
		{"abc", "xabc", false},
		{"abc", "abc\n", false},
		{"a.*c", "a\nc", false},
		{"ab|abcd", "abcd", true},
		{"^abc$", "abc", true},
		{"[[:digit:]]+", "12", true},
		{"(a|b){2}", "ab", true},
		{"a", "b\na", false},
		{".*", "", true},
		{"x", "\xff", false},
	}
	for _, test := range tests {
		re, err := Regex(test.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if got := re.MatchString(test.text); got != test.want {
			t.Errorf("%q matches %q: %v", test.pattern, test.text, got)
		}
	}
	for _, pattern := range []string{`\d`, `(?i)a`, "a{1001}", "(", "*a", `\w`} {
		if _, err := Regex(pattern); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}
