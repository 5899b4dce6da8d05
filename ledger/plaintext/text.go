package plaintext

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// EscapeText writes free text (a key, a reference, the value of a metadata
// pair) as it stands in a file. Text is UTF-8 as people read it, except that
// these are written as '%' and two hexadecimal digits for each of their bytes:
//
//   - '%' itself, and what ends a value: ',' and ';' for hledger, '"' and '\'
//     for beancount,
//   - control characters, line breaks among them, and characters that do not
//     show, such as those that turn the direction of writing,
//   - spaces other than ' ', and ' ' at either end,
//   - bytes that are not UTF-8.
//
// A Format other than the constants gets the escapes of both.
func EscapeText(f Format, text string) string {
	reserved := `%,;"\`
	switch f {
	case HLedger:
		reserved = hledgerStyle().reserved
	case Beancount:
		reserved = beancountStyle().reserved
	}
	return string(appendText(nil, text, reserved))
}

// UnescapeText is the way back from EscapeText, the same for every format. It
// takes any character for itself but a '%', which must have two hexadecimal
// digits behind it; else the error is ErrBadName.
func UnescapeText(escaped string) (string, error) {
	return unescape(escaped, '%', false)
}

// EscapeName writes the name of a metadata pair as it stands in a file behind
// "meta-", in both formats: ASCII letters, digits and '_' as they are, "--" for
// '-', and '-' with two hexadecimal digits for every other byte.
func EscapeName(name string) string { return string(appendName(nil, name)) }

// UnescapeName is the way back from EscapeName. A name that EscapeName would
// not give is ErrBadName.
func UnescapeName(escaped string) (string, error) {
	name, err := unescape(escaped, '-', true)
	if err == nil && EscapeName(name) != escaped {
		err = fmt.Errorf("%w: %q", ErrBadName, escaped)
	}
	if err != nil {
		return "", err
	}
	return name, nil
}

func appendText(dst []byte, text, reserved string) []byte {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		atEnd := i == 0 || i+size == len(text)
		if r == ' ' && atEnd || r != ' ' && !shows(r, size) || r < utf8.RuneSelf && strings.IndexByte(reserved, byte(r)) >= 0 {
			for _, b := range []byte(text[i : i+size]) {
				dst = appendHex(append(dst, '%'), b)
			}
		} else {
			dst = append(dst, text[i:i+size]...)
		}
		i += size
	}
	return dst
}

// shows tells a character that a reader of the file sees. The classes it asks
// for have hardly changed since they were made, so that the same text gives the
// same bytes for years.
func shows(r rune, size int) bool {
	if r < utf8.RuneSelf {
		return ' ' < r && r < 0x7f
	}
	return (r != utf8.RuneError || size > 1) && !unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Z)
}

func appendName(dst []byte, name string) []byte {
	for i := range len(name) {
		switch c := name[i]; {
		case isLower(c) || isUpper(c) || isDigit(c) || c == '_':
			dst = append(dst, c)
		case c == '-':
			dst = append(dst, "--"...)
		default:
			dst = appendHex(append(dst, '-'), c)
		}
	}
	return dst
}

// unescape undoes mark + two digits, and, if doubled, mark + mark.
func unescape(escaped string, mark byte, doubled bool) (string, error) {
	var out []byte
	for i := 0; i < len(escaped); i++ {
		if escaped[i] != mark {
			out = append(out, escaped[i])
			continue
		}
		rest := escaped[i+1:]
		if doubled && rest != "" && rest[0] == mark {
			out = append(out, mark)
			i++
			continue
		}
		b, ok := hexByte(rest)
		if !ok {
			return "", fmt.Errorf("%w: %q has %q without two hexadecimal digits at byte %d", ErrBadName, escaped, mark, i)
		}
		out = append(out, b)
		i += 2
	}
	return string(out), nil
}

const hexDigits = "0123456789ABCDEF"

func appendHex(dst []byte, b byte) []byte { return append(dst, hexDigits[b>>4], hexDigits[b&15]) }

// hexByte reads two digits, capitals only, from the front.
func hexByte(s string) (byte, bool) {
	if len(s) < 2 {
		return 0, false
	}
	high, low := strings.IndexByte(hexDigits, s[0]), strings.IndexByte(hexDigits, s[1])
	return byte(high<<4 | low), high >= 0 && low >= 0
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
