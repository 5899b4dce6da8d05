package history

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
)

// directive reads a line that begins with a word.
func (h *hledger) directive(c *cursor) error {
	at := c.here()
	if year, ok := strings.CutPrefix(c.text, "Y"); ok && isDigitFirst(year) {
		h.defaultYear(at, year)
		return nil
	}
	word := c.word()
	c.blanks()
	rest := withoutComment(c.rest())
	switch word {
	case "account":
		h.declareAccount(c)
	case "commodity":
		h.declareCommodity(c)
	case "alias":
		h.declareAlias(c, rest)
	case "apply", "end":
		h.apply(at, word, rest)
	case "comment":
		h.under, h.began = underComment, at
	case "D":
		if a, ok := h.sample(c); ok {
			h.common = a.commodity
		}
	case "decimal-mark":
		if rest != "." && rest != "," {
			h.add(c.here(), "decimal-mark %s: it is . or ,", shown(rest))
			break
		}
		h.decimal = rest[0]
	case "include":
		return h.includeFile(c, rest)
	case "P":
		h.passed("market prices")
	case "payee", "tag":
		h.passed(word + " directives")
	case "Y", "year":
		h.defaultYear(c.here(), rest)
	default:
		h.add(at, "%s is not understood", shown(c.text))
	}
	return nil
}

func isDigitFirst(s string) bool { return s != "" && isDigit(s[0]) }

// withoutComment cuts a comment off a directive.
func withoutComment(text string) string {
	for i := range len(text) {
		if text[i] == ';' && (i == 0 || isBlank(text[i-1])) {
			text = text[:i]
			break
		}
	}
	return strings.TrimSpace(text)
}

func (h *hledger) defaultYear(at place, text string) {
	year, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || year < 1 || year > 9999 {
		h.add(at, "%s is no year", shown(text))
		return
	}
	h.year = year
}

func (h *hledger) declareAccount(c *cursor) {
	at := c.here()
	name := readAccount(c)
	if name == "" || strings.Contains(":"+name+":", "::") || strings.ContainsAny(name, ";\"()[]") {
		h.add(at, "%q is no account", shown(name))
		return
	}
	h.under = underAccount
	h.account = declaration{place: at, account: h.resolve(name)}
	c.blanks()
	if c.accept(";") {
		h.accountTags(c)
	} else if !c.done() {
		h.add(c.here(), "%s behind the account; a type is a tag, ; type:A", shown(c.rest()))
	}
}

// accountTags finds an account's type; other tags are passed over.
func (h *hledger) accountTags(c *cursor) {
	for _, f := range commentFacts(c) {
		if !f.tag || f.name != "type" {
			h.passed("comments and tags of accounts")
			continue
		}
		if h.account.kind = hledgerKind(f.value); h.account.kind == 0 {
			h.add(f.place, "type %s is none of A, L, E, R, X, C, V", shown(f.value))
		}
	}
}

// declareCommodity reads commodity SAMPLE or commodity NAME with a format
// below.
func (h *hledger) declareCommodity(c *cursor) {
	h.under, h.name = underCommodity, ""
	if _, rest, _ := strings.Cut(c.text, "commodity"); strings.ContainsAny(withoutComment(rest), "0123456789") {
		if a, ok := h.sample(c); ok {
			h.name = a.commodity
		}
	} else {
		name, ok := readCommodity(c)
		if !ok || name == "" {
			h.add(c.here(), "%q is no commodity", shown(c.rest()))
			return
		}
		h.name = name
	}
	c.blanks()
	if c.accept(";") {
		h.commodityTags(c)
	}
}

func (h *hledger) commodityLine(c *cursor, comment bool) {
	switch {
	case comment:
		c.at++
		h.commodityTags(c)
	case c.accept("format "):
		c.blanks()
		at := c.here()
		if a, ok := h.sample(c); ok && a.commodity != h.name {
			h.add(at, "a format of %q below commodity %q", a.commodity, h.name)
		}
	default:
		h.add(c.here(), "%s below a commodity directive is not understood", shown(c.rest()))
	}
}

// commodityTags finds the currency a commodity stands for: ; currency:INR.
func (h *hledger) commodityTags(c *cursor) {
	for _, f := range commentFacts(c) {
		if f.tag && f.name == "currency" {
			h.commodity(f.place, h.name, f.value)
		}
	}
}

// sample reads an amount that shows how a commodity is written.
func (h *hledger) sample(c *cursor) (amount, bool) {
	at := c.here()
	text := withoutComment(c.rest())
	s := cursor{text: text}
	digits := ""
	for ; !s.done() && digits == ""; s.at++ {
		if isDigit(s.peek()) {
			digits = readDigits(&s)
			break
		}
	}
	mark := byte(noMark)
	if last := strings.LastIndexAny(digits, ".,"); last >= 0 {
		mark = digits[last]
	}
	left, okLeft := readCommodity(c)
	c.blanks()
	readDigits(c)
	c.blanks()
	right, okRight := readCommodity(c)
	if c.blanks(); !okLeft || !okRight || digits == "" || (left == "") == (right == "") || !c.done() && c.peek() != ';' {
		h.add(at, "%s is no sample of an amount", shown(text))
		return amount{}, false
	}
	a := amount{place: at, commodity: left + right}
	h.marks[a.commodity] = mark
	return a, true
}

func (h *hledger) declareAlias(c *cursor, rest string) {
	old, replacement, ok := strings.Cut(rest, "=")
	old, replacement = strings.TrimSpace(old), strings.TrimSpace(replacement)
	switch {
	case strings.HasPrefix(old, "/"):
		h.add(c.here(), "an alias by a regular expression: %s", shown(rest))
	case !ok || old == "" || replacement == "":
		h.add(c.here(), "%s is no alias, OLD = NEW", shown(rest))
	default:
		h.aliases = slices.Insert(h.aliases, 0, alias{old, replacement})
	}
}

func (h *hledger) apply(at place, word, rest string) {
	what, name, _ := strings.Cut(rest, " ")
	name = strings.TrimSpace(name)
	switch {
	case word == "apply" && what == "account" && name != "":
		h.parents = append(h.parents, name)
	case word == "apply" && what == "year":
		h.defaultYear(at, name)
	case word == "end" && rest == "aliases":
		h.aliases = nil
	case word == "end" && rest == "apply account" && len(h.parents) > 0:
		h.parents = h.parents[:len(h.parents)-1]
	default:
		h.add(at, "%s %s is not understood", word, shown(rest))
	}
}

func (h *hledger) includeFile(c *cursor, name string) error {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv", ".ssv", ".rules", ".timeclock", ".timedot":
		h.add(c.here(), "include of %s: journals are understood, nothing else", shown(name))
		return nil
	}
	if before, after, ok := strings.Cut(name, ":"); ok && after != "" && strings.Trim(before, "abcdefghijklmnopqrstuvwxyz") == "" {
		if before != "journal" {
			h.add(c.here(), "include of %s: journals are understood, nothing else", shown(name))
			return nil
		}
		name = strings.TrimSpace(after)
	}
	return h.include(name, c.here(), func(name string) language { return newHLedger(h.reading, name, h) })
}

// readDate reads a date with one of the marks - / . between its parts; without
// a year it is of the default one.
func readDate(c *cursor, year int) (calendar.Date, error) {
	start := c.at
	text := c.while(func(b byte) bool { return isDigit(b) || b == '-' || b == '/' || b == '.' })
	bad := func(why string) (calendar.Date, error) {
		c.at = start
		return calendar.Date{}, &dateError{shown(text), why}
	}
	mark := strings.IndexAny(text, "-/.")
	if mark < 0 {
		return bad("is no date")
	}
	parts := strings.Split(text, text[mark:mark+1])
	if strings.Trim(text, "0123456789"+text[mark:mark+1]) != "" {
		return bad("is no date")
	}
	if len(parts) == 2 {
		if year == 0 {
			return bad("has no year, and no Y directive says which is meant")
		}
		parts = append([]string{strconv.Itoa(year)}, parts...)
	}
	var n [3]int
	for i, part := range parts {
		number, err := strconv.Atoi(part)
		if err != nil || i > 2 || number < 0 || i > 0 && len(part) > 2 || i == 0 && len(parts[0]) > 4 {
			return bad("is no date")
		}
		n[i] = number
	}
	date, err := calendar.NewDate(n[0], time.Month(n[1]), n[2])
	if err != nil {
		return bad("is no date")
	}
	return date, nil
}

// dateError is a text that is no date.
type dateError struct{ text, why string }

// Error says why.
func (e *dateError) Error() string { return e.text + " " + e.why }
