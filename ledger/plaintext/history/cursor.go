package history

import (
	"strings"
	"unicode/utf8"
)

// cursor goes along a line.
type cursor struct {
	text  string
	at    int // byte
	place     // of the line's beginning
}

func (c *cursor) rest() string { return c.text[c.at:] }

func (c *cursor) done() bool { return c.at >= len(c.text) }

// peek is the next byte; 0 at the end.
func (c *cursor) peek() byte {
	if c.done() {
		return 0
	}
	return c.text[c.at]
}

// here is the place of the next character.
func (c *cursor) here() place { return c.placeOf(c.at) }

func (c *cursor) placeOf(at int) place {
	p := c.place
	last := strings.LastIndexByte(c.text[:at], '\n') // a string of beancount's may hold line breaks
	p.line += strings.Count(c.text[:at], "\n")
	p.column = 1 + utf8.RuneCountInString(c.text[last+1:at])
	return p
}

// blanks passes over spaces and tabs and says how many there were.
func (c *cursor) blanks() int {
	start := c.at
	for !c.done() && isBlank(c.text[c.at]) {
		c.at++
	}
	return c.at - start
}

// accept passes over a text if it comes next.
func (c *cursor) accept(text string) bool {
	if !strings.HasPrefix(c.rest(), text) {
		return false
	}
	c.at += len(text)
	return true
}

// while passes over bytes.
func (c *cursor) while(wanted func(byte) bool) string {
	start := c.at
	for !c.done() && wanted(c.text[c.at]) {
		c.at++
	}
	return c.text[start:c.at]
}

// word passes over what is not blank.
func (c *cursor) word() string { return c.while(func(b byte) bool { return !isBlank(b) }) }

func isBlank(b byte) bool { return b == ' ' || b == '\t' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }
func isUpper(b byte) bool { return 'A' <= b && b <= 'Z' }
func isLower(b byte) bool { return 'a' <= b && b <= 'z' }

// shown is what was found, short enough for a message.
func shown(text string) string {
	const most = 40
	text = strings.TrimSpace(text)
	if len(text) <= most {
		return text
	}
	cut := most
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
