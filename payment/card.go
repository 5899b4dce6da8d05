package payment

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrCardNumber marks text that looks like a card number, which must not be stored. An
// error that wraps it shows the last four digits only.
var ErrCardNumber = errors.New("looks like a card number")

// Fewest and most digits of a card number (ISO/IEC 7812).
const (
	cardMin = 13
	cardMax = 19
)

// IsText says whether a field holds words, codes or keys that somebody may have put a
// card number into: all but kind, instant, currency and amounts.
func (f Field) IsText() bool {
	switch f {
	case FieldID, FieldMerchant, FieldParent, FieldMethod, FieldRail, FieldBrand, FieldFunding, FieldBorder, FieldOrderID, FieldReasonCode, FieldRailRef, FieldBankRef, FieldActor:
		return true
	}
	return false
}

// CheckCard refuses text that looks like a card number: digits of any script, in one
// piece or in groups, that have the first digits and the length of a card scheme's and
// pass the Luhn check. Package feed has the details. Errors: ErrCardNumber.
func CheckCard(s string) error {
	number := CardNumber(s)
	if number == "" {
		return nil
	}
	digits := plainDigits(number)
	return fmt.Errorf("%w: %d digits, the last four %s", ErrCardNumber, len(digits), digits[len(digits)-4:])
}

// CardNumber gives the first part of s that CheckCard refuses; "" when there is
// none. It is for leaving it out of what is shown, never for keeping it.
func CardNumber(s string) string {
	if !manyDigits(s) {
		return ""
	}
	var room [64]digit
	for run := range runs(s, room[:0]) {
		for i := range run {
			if i > 0 && !run[i].first {
				continue
			}
			for n := cardMin; n <= cardMax && i+n <= len(run); n++ {
				if i+n < len(run) && !run[i+n].first || !isCard(run[i:i+n], s) {
					continue
				}
				return s[run[i].at:run[i+n-1].end]
			}
		}
	}
	return ""
}

// manyDigits says whether s may have as many digits together as a card number has: a
// quick look that keeps most text from the close one.
func manyDigits(s string) bool {
	digits, signs := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c) || c >= utf8.RuneSelf:
			digits, signs = digits+1, 0
		case 'a' <= c|0x20 && c|0x20 <= 'z':
			digits = 0
		case signs == apart:
			digits = 0
		default:
			signs++
		}
		if digits == cardMin {
			return true
		}
	}
	return false
}

// digit is one digit of a text.
type digit struct {
	value   byte // 0 to 9
	at, end int  // where it stands, in bytes
	first   bool // of a group: something that is no digit is before it
}

// apart is how many signs may part two digits of one number.
const apart = 3

// runs gives the digits of s that may be one number: nothing is between them but a few
// signs that are no letters. They lie in room, and are overwritten by the next.
func runs(s string, room []digit) func(yield func([]digit) bool) {
	return func(yield func([]digit) bool) {
		run, signs := room, 0
		for at, r := range s {
			value, ok := digitOf(r)
			switch {
			case ok:
				run = append(run, digit{value, at, at + utf8.RuneLen(r), signs > 0})
				signs = 0
				continue
			case !unicode.IsLetter(r) && signs < apart:
				if len(run) > 0 {
					signs++
				}
				continue
			}
			if len(run) >= cardMin && !yield(run) {
				return
			}
			run, signs = room, 0
		}
		if len(run) >= cardMin {
			yield(run)
		}
	}
}

// digitOf gives the value of a decimal digit of any script.
func digitOf(r rune) (value byte, ok bool) {
	if r < utf8.RuneSelf {
		return byte(r - '0'), '0' <= r && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	// Digits stand in tens, from zero on.
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	return 0, false
}

// isCard says whether digits of s, from the first of a group to the last of one, are a
// card number.
func isCard(run []digit, s string) bool {
	if !grouped(run) {
		return false
	}
	var number [cardMax]byte
	for i := range run {
		number[i] = '0' + run[i].value
	}
	digits := string(number[:len(run)])
	if !luhn(number[:len(run)]) {
		return false
	}
	from, to := run[0].at, run[len(run)-1].end
	if lettered(s, from, to) {
		return (len(digits) == 16 || len(digits) == 15) && issued(digits) && !keyed(s, from, to)
	}
	return issued(digits) && !keyed(s, from, to)
}

// grouped says whether people write a number in such groups: each of one digit, each of
// two, or each of four or more but the last.
func grouped(run []digit) bool {
	fewest, most, size := len(run), 0, 0
	for i := range run {
		if i > 0 && run[i].first {
			fewest, most, size = min(fewest, size), max(most, size), 0
		}
		size++
	}
	return most == 0 || fewest >= 4 || most <= 2 && fewest == most && size <= most
}

// lettered says whether a letter stands next to a part of s.
func lettered(s string, from, to int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:from])
	behind, _ := utf8.DecodeRuneInString(s[to:])
	return unicode.IsLetter(before) || unicode.IsLetter(behind)
}

// issued says whether card schemes give out numbers that begin like this one and are as
// long. Without it, every tenth time stamp would pass for a card.
func issued(digits string) bool {
	n := len(digits)
	for i := range schemes {
		if s := &schemes[i]; s.from <= digits[:len(s.from)] && digits[:len(s.to)] <= s.to {
			for _, length := range s.lengths {
				if int(length) == n {
					return true
				}
			}
		}
	}
	return false
}

// schemes are the first digits that card schemes use, and how long their numbers are.
var schemes = [...]struct {
	from, to string
	lengths  []uint8
}{
	{"4", "4", []uint8{13, 16, 19}},           // Visa
	{"51", "55", []uint8{16}},                 // Mastercard
	{"2221", "2720", []uint8{16}},             // Mastercard
	{"2200", "2204", []uint8{16, 17, 18, 19}}, // Mir
	{"34", "34", []uint8{15}},                 // American Express
	{"37", "37", []uint8{15}},                 // American Express
	{"30", "30", []uint8{14, 16}},             // Diners Club
	{"36", "36", []uint8{14, 16}},             // Diners Club
	{"38", "39", []uint8{14, 16}},             // Diners Club
	{"3528", "3589", []uint8{16, 17, 18, 19}}, // JCB
	{"62", "62", []uint8{16, 17, 18, 19}},     // UnionPay
	{"60", "61", []uint8{16, 18, 19}},         // Discover, RuPay, Maestro
	{"63", "69", []uint8{16, 18, 19}},         // Discover, RuPay, Maestro
	{"50", "50", []uint8{16, 18, 19}},         // Maestro, RuPay, Elo
	{"56", "58", []uint8{16, 18, 19}},         // Maestro
	{"81", "82", []uint8{16}},                 // RuPay
	{"9792", "9792", []uint8{16}},             // Troy
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
		left := len(plainDigits(number)) - 4
		masked := strings.Map(func(r rune) rune {
			if _, ok := digitOf(r); ok && left > 0 {
				left--
				return '*'
			}
			return r
		}, number)
		s = strings.ReplaceAll(s, number, masked)
	}
}

// plainDigits are the digits of s, in ASCII.
func plainDigits(s string) string {
	var digits []byte
	for _, r := range s {
		if value, ok := digitOf(r); ok {
			digits = append(digits, '0'+value)
		}
	}
	return string(digits)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
