package history

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind says what a token of beancount's is.
type tokenKind uint8

const (
	endToken tokenKind = iota
	wordToken
	dateToken
	numberToken
	stringToken
	accountToken
	currencyToken // also TRUE, FALSE, NULL and one capital
	tagToken
	linkToken
	keyToken
	markToken // punctuation
)

type token struct {
	place
	kind tokenKind
	text string // of a string what it holds, of a tag or link its name, of a key its name
}

// isFlag tells a mark, or one capital, that may stand before a transaction or a
// posting.
func (t token) isFlag() bool {
	return len(t.text) == 1 && (t.kind == currencyToken || t.kind == markToken && strings.IndexByte("*!&?%#", t.text[0]) >= 0)
}

// String is the token as a message shows it.
func (t token) String() string {
	if t.kind == endToken {
		return "the end of the line"
	}
	return shown(t.text)
}

// tokens cuts a line up. The last token is of kind endToken and stands where
// the line ends.
func tokens(c *cursor) ([]token, error) {
	var out []token
	for {
		c.blanks()
		for c.peek() == '\n' || c.peek() == '\r' {
			c.at++
			c.blanks()
		}
		at := c.here()
		if c.done() || c.peek() == ';' {
			return append(out, token{place: at, kind: endToken}), nil
		}
		t, err := nextToken(c)
		t.place = at
		if err != nil {
			return append(out, t), err
		}
		out = append(out, t)
	}
}

func nextToken(c *cursor) (token, error) {
	switch b := c.peek(); {
	case b == '"':
		text, err := quoted(c)
		return token{kind: stringToken, text: text}, err
	case isDigit(b):
		return dateOrNumber(c), nil
	case b == '#' || b == '^':
		c.at++
		name := c.while(func(b byte) bool { return isLower(b) || isUpper(b) || isDigit(b) || strings.IndexByte("-_/.", b) >= 0 })
		switch {
		case name == "":
			return token{kind: markToken, text: string(b)}, nil
		case b == '#':
			return token{kind: tagToken, text: name}, nil
		}
		return token{kind: linkToken, text: name}, nil
	case isLower(b):
		word := c.while(func(b byte) bool { return isLower(b) || isUpper(b) || isDigit(b) || b == '-' || b == '_' })
		if len(word) > 1 && c.accept(":") {
			return token{kind: keyToken, text: word}, nil
		}
		return token{kind: wordToken, text: word}, nil
	case isUpper(b) || b >= utf8.RuneSelf:
		return nameToken(c)
	}
	for _, mark := range []string{"@@", "{{", "}}"} {
		if c.accept(mark) {
			return token{kind: markToken, text: mark}, nil
		}
	}
	t := token{kind: markToken, text: c.text[c.at : c.at+1]}
	c.at++
	if strings.IndexByte("*!&?%@{}()+-/,~|", t.text[0]) < 0 {
		return t, fmt.Errorf("%q is not understood", t.text)
	}
	return t, nil
}

// quoted reads a string. One that is not closed is told by errOpenString.
func quoted(c *cursor) (string, error) {
	var b strings.Builder
	for i := c.at + 1; i < len(c.text); i++ {
		switch ch := c.text[i]; {
		case ch == '"':
			c.at = i + 1
			return b.String(), nil
		case ch == '\\' && i+1 < len(c.text):
			i++
			switch c.text[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			default:
				b.WriteByte(c.text[i])
			}
		default:
			b.WriteByte(ch)
		}
	}
	return "", errOpenString
}

func dateOrNumber(c *cursor) token {
	start := c.at
	year := c.while(isDigit)
	if mark := c.peek(); len(year) == 4 && (mark == '-' || mark == '/') {
		c.at++
		month := c.while(isDigit)
		if month != "" && len(month) <= 2 && c.peek() == mark {
			c.at++
			if day := c.while(isDigit); day != "" && len(day) <= 2 {
				return token{kind: dateToken, text: c.text[start:c.at]}
			}
		}
	}
	c.at = start
	c.while(func(b byte) bool { return isDigit(b) || b == ',' })
	for c.text[c.at-1] == ',' {
		c.at--
	}
	if c.accept(".") {
		c.while(isDigit)
	}
	return token{kind: numberToken, text: c.text[start:c.at]}
}

// nameToken reads an account or a currency.
func nameToken(c *cursor) (token, error) {
	start := c.at
	for !c.done() {
		r, size := utf8.DecodeRuneInString(c.rest())
		if r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || unicode.IsSymbol(r) || unicode.IsPunct(r)) ||
			r < utf8.RuneSelf && (isUpper(byte(r)) || isLower(byte(r)) || isDigit(byte(r)) || strings.IndexByte("-'._:", byte(r)) >= 0) {
			c.at += size
			continue
		}
		break
	}
	text := c.text[start:c.at]
	switch {
	case text == "":
		_, size := utf8.DecodeRuneInString(c.rest())
		c.at += size
		return token{kind: markToken, text: c.text[start:c.at]}, fmt.Errorf("%q is not understood", c.text[start:c.at])
	case strings.Contains(text, ":"):
		if !isAccountName(text) {
			return token{kind: accountToken, text: text}, fmt.Errorf("%q is no account", shown(text))
		}
		return token{kind: accountToken, text: text}, nil
	case !isCurrencyName(text):
		return token{kind: currencyToken, text: text}, fmt.Errorf("%q is not understood", shown(text))
	}
	return token{kind: currencyToken, text: text}, nil
}

func isAccountName(text string) bool {
	for i, part := range strings.Split(text, ":") {
		if part == "" || strings.ContainsAny(part, "'._") || !isUpper(part[0]) && part[0] < utf8.RuneSelf && (i == 0 || !isDigit(part[0])) {
			return false
		}
	}
	return true
}

func isCurrencyName(text string) bool {
	for i := range len(text) {
		if b := text[i]; !isUpper(b) && !isDigit(b) && strings.IndexByte("'._-", b) < 0 {
			return false
		}
	}
	last := text[len(text)-1]
	return len(text) <= 24 && (isUpper(last) || isDigit(last))
}
