package pattern

import "strings"

// Glob reports whether text matches pattern as fnmatch(3) does without flags:
// * and ? match slashes and leading dots too. fold ignores the case of ASCII
// letters. It takes at most len(pattern)·len(text) steps.
func Glob(pattern, text string, fold bool) bool {
	star, restart := -1, 0 // the last * and how far the text was then
	p, t := 0, 0
	for t < len(text) {
		if p < len(pattern) && pattern[p] == '*' {
			star, restart = p, t
			p++
			continue
		}
		if n, ok := globByte(pattern[p:], text[t], fold); ok {
			p += n
			t++
			continue
		}
		if star < 0 {
			return false
		}
		restart++
		p, t = star+1, restart
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Wildcard matches a pattern in which only * is special.
func Wildcard(pattern, text string) bool {
	quoted := make([]byte, 0, len(pattern))
	for i := range len(pattern) {
		if c := pattern[i]; c == '?' || c == '[' || c == '\\' {
			quoted = append(quoted, '\\')
		}
		quoted = append(quoted, pattern[i])
	}
	return Glob(string(quoted), text, false)
}

// globByte matches one byte against the first element of pattern, which is n
// bytes long.
func globByte(pattern string, c byte, fold bool) (n int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		if n, ok, valid := globClass(pattern, c, fold); valid {
			return n, ok
		}
	case '\\':
		if len(pattern) > 1 {
			return 2, sameByte(pattern[1], c, fold)
		}
		return 1, false
	}
	return 1, sameByte(pattern[0], c, fold)
}

// globClass matches one byte against a bracket expression. valid is false
// when the bracket is not closed: then it stands for itself.
func globClass(pattern string, c byte, fold bool) (n int, ok, valid bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated, true
		}
		if strings.HasPrefix(pattern[i:], "[:") {
			if end := strings.Index(pattern[i+2:], ":]"); end >= 0 {
				ok = ok || namedClass(pattern[i+2:i+2+end], c)
				i += end + 4
				continue
			}
		}
		lo, next := classByte(pattern, i)
		hi := lo
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			hi, next = classByte(pattern, next+1)
		}
		ok = ok || lo <= c && c <= hi || fold && foldIn(lo, hi, c)
		i = next
	}
	return 0, false, false
}

// classByte is the byte at i of a bracket expression and where the next one is.
func classByte(pattern string, i int) (c byte, next int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		i++
	}
	return pattern[i], i + 1
}

func foldIn(lo, hi, c byte) bool {
	l := lowerByte(c)
	u := l
	if 'a' <= l && l <= 'z' {
		u = l &^ 0x20
	}
	return lo <= l && l <= hi || lo <= u && u <= hi
}

func namedClass(name string, c byte) bool {
	switch name {
	case "alpha":
		return isLetter(c)
	case "digit":
		return isDigit(c)
	case "alnum":
		return isLetter(c) || isDigit(c)
	case "upper":
		return 'A' <= c && c <= 'Z'
	case "lower":
		return 'a' <= c && c <= 'z'
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "blank":
		return c == ' ' || c == '\t'
	case "punct":
		return '!' <= c && c <= '~' && !isLetter(c) && !isDigit(c)
	case "print":
		return ' ' <= c && c <= '~'
	case "graph":
		return '!' <= c && c <= '~'
	case "cntrl":
		return c < ' ' || c == 0x7f
	case "xdigit":
		return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f'
	}
	return false
}
