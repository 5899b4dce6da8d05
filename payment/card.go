package payment

import (
	"errors"
	"fmt"
	"strings"
)

// ErrCardNumber marks free text that looks like a card number, which must not be
// stored. An error that wraps it shows the last four digits only.
var ErrCardNumber = errors.New("looks like a card number")

// Fewest and most digits of a card number (ISO/IEC 7812).
const (
	cardMin = 13
	cardMax = 19
)

// IsFreeText says whether somebody may have written what they liked into a field.
// Ids are keys made by machines, and the rest has a grammar.
func (f Field) IsFreeText() bool {
	switch f {
	case FieldMethod, FieldRail, FieldBrand, FieldFunding, FieldOrderID, FieldReasonCode, FieldRailRef, FieldBankRef, FieldActor:
		return true
	}
	return false
}

// CheckCard refuses text that looks like a card number: 13 to 19 digits, in one
// piece or grouped as cards print them, with no letter or digit next to them, that
// begin as card schemes begin theirs and pass the Luhn check. Package feed has the
// details. Errors: ErrCardNumber.
func CheckCard(s string) error {
	number := CardNumber(s)
	if number == "" {
		return nil
	}
	return fmt.Errorf("%w: %d digits, the last four %s", ErrCardNumber, countDigits(number), number[len(number)-4:])
}

// CardNumber gives the first part of s that CheckCard refuses; "" when there is
// none. It is for leaving it out of what is shown, never for keeping it.
func CardNumber(s string) string {
	if countDigits(s) < cardMin {
		return ""
	}
	for i := range len(s) {
		if !isDigit(s[i]) || i > 0 && isAlnum(s[i-1]) {
			continue
		}
		if n := cardAt(s[i:]); n > 0 {
			return s[i : i+n]
		}
	}
	return ""
}

// cardAt gives the length of the card number at the start of s; 0 for none.
func cardAt(s string) int {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n != 4 {
		if isCard(s, n) {
			return n
		}
		return 0
	}
	// Longer groupings first: the rest of three belongs to the number.
	for _, groups := range [...]string{"44443", "44442", "44441", "4444", "465", "464"} {
		if n := groupedLen(s, groups); isCard(s, n) {
			return n
		}
	}
	return 0
}

// groupedLen gives the length of the start of s that is digits in these groups,
// parted by one and the same space, hyphen or dot; 0 when it is not.
func groupedLen(s, groups string) int {
	at := 0
	for g := range len(groups) {
		if g > 0 {
			if at >= len(s) || !strings.ContainsRune(" -.", rune(s[at])) || s[at] != s[4] {
				return 0
			}
			at++
		}
		for range groups[g] - '0' {
			if at >= len(s) || !isDigit(s[at]) {
				return 0
			}
			at++
		}
	}
	return at
}

// isCard says whether the first n bytes of s, digits and separators, are a card
// number that nothing runs on from.
func isCard(s string, n int) bool {
	if n == 0 || n < len(s) && isAlnum(s[n]) {
		return false
	}
	var digits [cardMax]byte
	count := 0
	for i := range n {
		if !isDigit(s[i]) {
			continue
		}
		if count == cardMax {
			return false
		}
		digits[count] = s[i]
		count++
	}
	return count >= cardMin && issued(string(digits[:count])) && luhn(digits[:count])
}

// issued says whether card schemes give out numbers that begin like this one.
// Without it, every tenth time stamp would pass for a card.
func issued(digits string) bool {
	switch digits[0] {
	case '4', '5', '6':
		return true
	case '2': // Mir and Mastercard, 2200-2720; dates begin with 19 and 20
		return '2' <= digits[1] && digits[1] <= '7'
	case '3': // Diners Club, American Express, JCB
		return digits[1] == '0' || '4' <= digits[1]
	case '8': // RuPay
		return len(digits) == 16 && (digits[1] == '1' || digits[1] == '2')
	case '9': // Troy
		return len(digits) == 16 && strings.HasPrefix(digits, "9792")
	}
	return false
}

// luhn says whether the last digit is the check digit of the others.
func luhn(digits []byte) bool {
	sum := 0
	for i := range digits {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// MaskCards replaces the digits of card numbers in s but the last four by stars.
func MaskCards(s string) string {
	for {
		number := CardNumber(s)
		if number == "" {
			return s
		}
		masked := []byte(number)
		for i := range len(masked) - 4 {
			if isDigit(masked[i]) {
				masked[i] = '*'
			}
		}
		s = strings.ReplaceAll(s, number, string(masked))
	}
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
