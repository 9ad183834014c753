package pattern

// ContainsFold reports whether s contains part, ignoring the case of ASCII letters.
func ContainsFold(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		k := 0
		for k < len(part) && lowerByte(s[i+k]) == lowerByte(part[k]) {
			k++
		}
		if k == len(part) {
			return true
		}
	}
	return false
}

func sameByte(a, b byte, fold bool) bool {
	return a == b || fold && lowerByte(a) == lowerByte(b)
}

func lowerByte(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
