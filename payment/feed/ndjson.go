package feed

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// objectParser reads NDJSON: a line is one flat object.
type objectParser struct {
	plan *plan
	seen []*target // keys of the row at hand
	line string
	at   int // bytes of line that are read
}

// begin has nothing to do: the keys of every object are its header.
func (p *objectParser) begin(*reader) (string, error) { return "", nil }

// parse sorts the values of a row into cells.
func (p *objectParser) parse(row string, into *cells) *fault {
	p.line, p.at, p.seen = row, 0, p.seen[:0]
	p.space()
	into.absent = p.at + 1
	if !p.take('{') {
		return p.unexpected("want a JSON object")
	}
	if p.space(); !p.take('}') {
		if bad := p.members(into); bad != nil {
			return bad
		}
	}
	if p.space(); p.at < len(row) {
		return p.unexpected("want one JSON object per line")
	}
	return nil
}

// members reads an object's keys and values up to its closing brace.
func (p *objectParser) members(into *cells) *fault {
	for {
		if bad := p.member(into); bad != nil {
			return bad
		}
		p.space()
		if p.take('}') {
			return nil
		}
		if !p.take(',') {
			return p.unexpected("want a comma or a closing brace")
		}
	}
}

// member reads one key and its value.
func (p *objectParser) member(into *cells) *fault {
	p.space()
	column := p.at + 1
	if !p.take('"') {
		return p.unexpected("want a key in quotes")
	}
	key, bad := p.text()
	if bad != nil {
		return bad
	}
	t, bad := p.key(key, column)
	if bad != nil {
		return bad
	}
	if p.space(); !p.take(':') {
		return p.unexpected("want a colon")
	}
	p.space()
	if t.ignored() {
		return p.skip()
	}
	return p.value(t, into)
}

// key finds what a key feeds.
func (p *objectParser) key(name string, column int) (*target, *fault) {
	t, ok := p.plan.targets[name]
	if !ok {
		return nil, &fault{column: column, err: unknownColumn("key", name)}
	}
	if t.ignored() {
		return t, nil
	}
	if slices.Contains(p.seen, t) {
		return nil, malformed(column, "key %s comes twice", quote(name))
	}
	p.seen = append(p.seen, t)
	return t, nil
}

// value reads a string, or null for an absent value.
func (p *objectParser) value(t *target, into *cells) *fault {
	column := p.at + 1
	if strings.HasPrefix(p.line[p.at:], "null") {
		p.at += len("null")
		t.feed(into, cell{column: column})
		return nil
	}
	if !p.take('"') {
		return p.unexpected("want a string or null for " + t.name)
	}
	text, bad := p.text()
	if bad == nil {
		t.feed(into, cell{text: text, column: column})
	}
	return bad
}

// text reads a string from behind its opening quote.
func (p *objectParser) text() (string, *fault) {
	start := p.at
	for p.at < len(p.line) {
		switch c := p.line[p.at]; {
		case c == '"':
			p.at++
			return p.line[start : p.at-1], nil
		case c == '\\':
			return p.escaped(start)
		case c < ' ':
			return "", malformed(p.at+1, "control character in a string")
		}
		p.at++
	}
	return "", malformed(start, "the quote is not closed on this line")
}

// escaped goes on with a string at its first backslash.
func (p *objectParser) escaped(start int) (string, *fault) {
	text := []byte(p.line[start:p.at])
	for p.at < len(p.line) {
		switch c := p.line[p.at]; {
		case c == '"':
			p.at++
			return string(text), nil
		case c == '\\':
			r, n := unescape(p.line[p.at:])
			if n == 0 {
				return "", malformed(p.at+1, "bad escape in a string")
			}
			text = utf8.AppendRune(text, r)
			p.at += n
		case c < ' ':
			return "", malformed(p.at+1, "control character in a string")
		default:
			text = append(text, c)
			p.at++
		}
	}
	return "", malformed(start, "the quote is not closed on this line")
}

// unescape reads the escape at the start of s: its character and its length, 0
// when it is none. Half a surrogate pair is none.
func unescape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2
	}
	r := unescapeUnit(s)
	if !utf16.IsSurrogate(r) {
		if r < 0 {
			return 0, 0
		}
		return r, 6
	}
	if len(s) < 12 {
		return 0, 0
	}
	if r = utf16.DecodeRune(r, unescapeUnit(s[6:])); r == utf8.RuneError {
		return 0, 0
	}
	return r, 12
}

// unescapeUnit reads \uXXXX; -1 when s does not begin so.
func unescapeUnit(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(s[2:6], 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// skip passes over a value of any kind.
func (p *objectParser) skip() *fault {
	start := p.at
	p.at += extent(p.line[p.at:])
	if !json.Valid([]byte(p.line[start:p.at])) {
		return malformed(start+1, "no JSON value")
	}
	return nil
}

// extent gives the length of the JSON value at the start of s, if there is one.
func extent(s string) int {
	depth, inString := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
		case depth == 0 && (c == ',' || c == '}'):
			return i
		case c == '}' || c == ']':
			depth--
		}
	}
	return len(s)
}

// space passes over white space.
func (p *objectParser) space() {
	for p.at < len(p.line) && strings.IndexByte(" \t\r\n", p.line[p.at]) >= 0 {
		p.at++
	}
}

// take passes over c if it comes next.
func (p *objectParser) take(c byte) bool {
	if p.at < len(p.line) && p.line[p.at] == c {
		p.at++
		return true
	}
	return false
}

// unexpected is a fault at the next byte.
func (p *objectParser) unexpected(why string) *fault {
	if p.at >= len(p.line) {
		return malformed(p.at+1, "%s, the line ends", why)
	}
	end := p.at + 1
	for end < len(p.line) && end < p.at+utf8.UTFMax && !utf8.RuneStart(p.line[end]) {
		end++
	}
	return malformed(p.at+1, "%s, not %s", why, quote(p.line[p.at:end]))
}
