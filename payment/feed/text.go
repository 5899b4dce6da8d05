package feed

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/settlex/settlex/payment"
)

// checkText refuses a value that cannot stand in a field: not UTF-8, a control
// character, white space around it, or a card number. An empty
// value is absent, and passes.
func checkText(f payment.Field, s string) error {
	if err := checkRunes(s); err != nil {
		return err
	}
	if !f.IsText() {
		return nil
	}
	return payment.CheckCard(s)
}

// checkRunes is checkText without the card number.
func checkRunes(s string) error {
	if s == "" {
		return nil
	}
	if plain(s) {
		return nil
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: %s is not UTF-8", ErrBadText, quote(s))
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Errorf("%w: control character U+%04X in %s", ErrBadText, r, quote(s))
		}
	}
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if unicode.IsSpace(first) || unicode.IsSpace(last) {
		return fmt.Errorf("%w: white space around %s", ErrBadText, quote(s))
	}
	return nil
}

// plain says whether s is printable ASCII without spaces: most values are, and
// need no closer look.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
