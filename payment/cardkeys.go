package payment

import "strings"

// keyed says whether a part of s belongs to a key that machines make, whose digits are
// like a card's by chance: a UUID, a digest in hexadecimal, an IBAN.
func keyed(s string, from, to int) bool {
	start, end := from, to
	for start > 0 && (isHex(s[start-1]) || s[start-1] == '-') {
		start--
	}
	for end < len(s) && (isHex(s[end]) || s[end] == '-') {
		end++
	}
	return isUUID(s[start:end]) || isDigest(s, from, to) || inIBAN(s, from, to)
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// isUUID says whether s is 32 hexadecimal digits in the groups of a UUID.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		if hyphen := i == 8 || i == 13 || i == 18 || i == 23; hyphen != (s[i] == '-') {
			return false
		}
	}
	return true
}

// digestMin is how many hexadecimal digits the shortest digest has: MD5.
const digestMin = 32

// isDigest says whether a part of s lies in so many hexadecimal digits that they are a
// digest.
func isDigest(s string, from, to int) bool {
	for from > 0 && isHex(s[from-1]) {
		from--
	}
	for to < len(s) && isHex(s[to]) {
		to++
	}
	for i := from; i < to; i++ {
		if !isHex(s[i]) {
			return false
		}
	}
	return to-from >= digestMin
}

// Fewest and most signs of an IBAN (ISO 13616).
const (
	ibanMin = 15
	ibanMax = 34
)

// inIBAN says whether a part of s lies in an IBAN, in one piece or in groups of four.
func inIBAN(s string, from, to int) bool {
	// It begins with a country's two letters, at most as far before the part as it is
	// long with its spaces.
	for start := max(0, from-ibanMax-ibanMax/4); start < from; start++ {
		if isUpper(s[start]) && (start == 0 || !isHex(s[start-1]) && !isUpper(s[start-1])) && ibanTo(s[start:]) >= to-start {
			return true
		}
	}
	return false
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// ibanTo gives the length of the longest IBAN at the start of s; 0 for none.
func ibanTo(s string) (length int) {
	var plain strings.Builder
	for i := 0; i < len(s) && plain.Len() < ibanMax; i++ {
		if c := s[i]; isDigit(c) || isUpper(c) {
			plain.WriteByte(c)
		} else if c != ' ' || plain.Len()%4 != 0 {
			break
		}
		if next := i + 1; plain.Len() >= ibanMin && (next == len(s) || !isDigit(s[next]) && !isUpper(s[next])) && isIBAN(plain.String()) {
			length = next
		}
	}
	return length
}

// isIBAN checks two letters, two check digits and the remainder by 97 (ISO 7064).
func isIBAN(s string) bool {
	if !isUpper(s[0]) || !isUpper(s[1]) || !isDigit(s[2]) || !isDigit(s[3]) {
		return false
	}
	rest := 0
	for i := range len(s) {
		c := s[(i+4)%len(s)]
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'A') + 10) % 97
		}
	}
	return rest == 1
}
