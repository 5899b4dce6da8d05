package plaintext

import (
	"fmt"
	"strings"

	"github.com/settlex/settlex/ledger"
)

// AccountName is the name under which an account stands in a file.
//
// hledger keeps the path, with ':' for '/'; the type is in the account's
// declaration. Beancount puts the type's root in front and wants components of
// letters, digits and hyphens that begin with a capital or a digit:
//
//	merchants/m_1/available   Liabilities:Merchants:M-1:Available
//	tax/GST                   Liabilities:Tax:GST
//	bank/x-1.b                Assets:Bank:X78--1-X2Eb
//
// A small first letter becomes a capital; a capital in front of another
// capital stays, and so does a digit. "-" stands for '_', "--" for '-'.
// Whatever would be ambiguous by these rules is an X and the byte in two
// hexadecimal digits: at the beginning "X47", further on "-X47". So a first 'x'
// or 'X', a small letter in front of a capital ("iOS"), a capital without one
// behind it ("Gst"), any '.', and a '_' with no letter or digit behind it, or
// with an 'X'.
func AccountName(f Format, t ledger.Type, path string) (string, error) {
	switch {
	case path == "" || strings.Contains("/"+path+"/", "//"):
		return "", fmt.Errorf("%w: account path %q has an empty segment", ErrBadName, path)
	case f == HLedger && strings.Contains(path, ":"):
		return "", fmt.Errorf("%w: account path %q has a colon", ErrBadName, path)
	case f == HLedger:
		return string(appendHLedgerName(nil, path)), nil
	case f != Beancount:
		return "", fmt.Errorf("%w %q", ErrUnknownFormat, string(f))
	case t < ledger.Asset || t > ledger.Expense:
		return "", fmt.Errorf("%w: account %s is of type %s", ErrBadName, path, t)
	}
	return string(appendBeancountName(nil, t, path)), nil
}

// ParseAccountName is the way back from AccountName. An hledger name does not
// say the type; t is the zero Type then. A name that AccountName would not give
// is ErrBadName.
func ParseAccountName(f Format, name string) (t ledger.Type, path string, err error) {
	switch f {
	case HLedger:
		path = strings.ReplaceAll(name, ":", "/")
	case Beancount:
		if t, path, err = parseBeancountName(name); err != nil {
			return 0, "", err
		}
	default:
		return 0, "", fmt.Errorf("%w %q", ErrUnknownFormat, string(f))
	}
	if again, err := AccountName(f, t, path); err != nil || again != name {
		return 0, "", fmt.Errorf("%w: account %q", ErrBadName, name)
	}
	return t, path, nil
}

func appendHLedgerName(dst []byte, path string) []byte {
	for i := range len(path) {
		if path[i] == '/' {
			dst = append(dst, ':')
		} else {
			dst = append(dst, path[i])
		}
	}
	return dst
}

// beancountRoots are the names beancount gives the five types.
func beancountRoots() [6]string {
	return [...]string{
		ledger.Asset: "Assets", ledger.Liability: "Liabilities", ledger.Equity: "Equity", ledger.Income: "Income", ledger.Expense: "Expenses",
	}
}

func appendBeancountName(dst []byte, t ledger.Type, path string) []byte {
	dst = append(dst, beancountRoots()[t]...)
	for segment := range strings.SplitSeq(path, "/") {
		dst = appendComponent(append(dst, ':'), segment)
	}
	return dst
}

func appendComponent(dst []byte, segment string) []byte {
	dst = appendInitial(dst, segment[0], len(segment) > 1 && isUpper(segment[1]))
	for i := 1; i < len(segment); i++ {
		c := segment[i]
		switch {
		case isUpper(c) || isLower(c) || isDigit(c):
			dst = append(dst, c)
		case c == '-':
			dst = append(dst, "--"...)
		case c == '_' && i+1 < len(segment) && plainBehindHyphen(segment[i+1]):
			dst = append(dst, '-')
		default:
			dst = appendHex(append(dst, "-X"...), c)
		}
	}
	return dst
}

// appendInitial appends the first byte of a segment.
func appendInitial(dst []byte, c byte, beforeCapital bool) []byte {
	switch {
	case isDigit(c), isUpper(c) && c != 'X' && beforeCapital:
		return append(dst, c)
	case isLower(c) && c != 'x' && !beforeCapital:
		return append(dst, c-'a'+'A')
	}
	return appendHex(append(dst, 'X'), c)
}

func plainBehindHyphen(c byte) bool { return isLower(c) || isDigit(c) || isUpper(c) && c != 'X' }

func parseBeancountName(name string) (ledger.Type, string, error) {
	root, rest, _ := strings.Cut(name, ":")
	t := ledger.Type(0)
	for i, r := range beancountRoots() {
		if r == root && i > 0 {
			t = ledger.Type(i)
		}
	}
	if t == 0 {
		return 0, "", fmt.Errorf("%w: account %q has no root of beancount's", ErrBadName, name)
	}
	var path []byte
	for i, component := range strings.Split(rest, ":") {
		if i > 0 {
			path = append(path, '/')
		}
		var ok bool
		if path, ok = appendSegment(path, component); !ok {
			return 0, "", fmt.Errorf("%w: component %d of account %q", ErrBadName, i+1, name)
		}
	}
	return t, string(path), nil
}

// appendSegment undoes appendComponent. It takes more than that gives; whoever
// must know encodes again and compares.
func appendSegment(dst []byte, component string) ([]byte, bool) {
	if component == "" {
		return dst, false
	}
	rest := component[1:]
	switch c := component[0]; {
	case c == 'X':
		b, ok := hexByte(rest)
		if !ok {
			return dst, false
		}
		dst, rest = append(dst, b), rest[2:]
	case isUpper(c) && (rest == "" || !isUpper(rest[0])):
		dst = append(dst, c-'A'+'a')
	default:
		dst = append(dst, c)
	}
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, "--"):
			dst, rest = append(dst, '-'), rest[2:]
		case strings.HasPrefix(rest, "-X"):
			b, ok := hexByte(rest[2:])
			if !ok {
				return dst, false
			}
			dst, rest = append(dst, b), rest[4:]
		case rest[0] == '-':
			dst, rest = append(dst, '_'), rest[1:]
		default:
			dst, rest = append(dst, rest[0]), rest[1:]
		}
	}
	return dst, true
}
