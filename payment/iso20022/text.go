package iso20022

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// latin gives plain letters for those that banks do not take.
const (
	accented = "ÀÁÂÃÄÅàáâãäåÇçÈÉÊËèéêëÌÍÎÏìíîïÑñÒÓÔÕÖØòóôõöøÙÚÛÜùúûüÝýÿ"
	plain    = "AAAAAAaaaaaaCcEEEEeeeeIIIIiiiiNnOOOOOOooooooUUUUuuuuYyy"
)

// Clean makes a text of at most so many characters of one that people wrote: of the
// letters A to Z and a to z, digits, blanks and / - ? : ( ) . , ' + only. Accents are dropped,
// & becomes +, _ becomes -, anything else a point; runs of blanks become one, and a
// slash neither begins nor ends it nor follows another.
func Clean(text string, atMost int) string {
	var out strings.Builder
	n := 0
	var last rune
	for _, r := range text {
		r = cleanRune(r)
		if n == atMost {
			break
		}
		if (r == ' ' || r == '/') && (n == 0 || last == r) {
			continue
		}
		out.WriteRune(r)
		last = r
		n++
	}
	return strings.TrimRight(out.String(), " /")
}

func cleanRune(r rune) rune {
	switch {
	case allowed(r):
		return r
	case r == '&':
		return '+'
	case r == '_':
		return '-'
	case unicode.IsSpace(r):
		return ' '
	}
	n := 0
	for _, a := range accented {
		if a == r {
			return rune(plain[n])
		}
		n++
	}
	return '.'
}

func allowed(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" /-?:().,'+", r)
}

// checkID tells why a text cannot be an identifier that is at most so long.
func checkID(text string, atMost int) error {
	switch {
	case text == "":
		return errors.New("is missing")
	case len(text) > atMost:
		return fmt.Errorf("%q has %d characters, at most %d are allowed", text, len(text), atMost)
	case Clean(text, atMost) != text:
		return fmt.Errorf("%q has characters that banks do not take", text)
	}
	return nil
}

// isBIC tells whether a bank's identifier has the form of ISO 9362.
func isBIC(agent string) bool {
	return matches(agent, "NNNNAANN") || matches(agent, "NNNNAANNNNN")
}

// matches holds a text against a form of A for a capital, 0 for a digit and N for either.
func matches(text, form string) bool {
	if len(text) != len(form) {
		return false
	}
	for i := range len(text) {
		capital, digit := text[i] >= 'A' && text[i] <= 'Z', text[i] >= '0' && text[i] <= '9'
		switch form[i] {
		case 'A':
			digit = false
		case '0':
			capital = false
		}
		if !capital && !digit {
			return false
		}
	}
	return true
}
