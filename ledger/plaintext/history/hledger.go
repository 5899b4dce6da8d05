package history

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/settlex/settlex/ledger"
)

// hledger reads one file of an hledger journal. What directives set holds for
// the rest of the file and what it includes, not for the file that includes it.
type hledger struct {
	*reading
	year    int    // default; 0: none
	decimal byte   // mark said by a decimal-mark directive; 0: none
	common  string // commodity of amounts that name none
	parents []string
	aliases []alias // latest first

	under   under
	t       transaction
	account declaration
	name    string // of the commodity being declared
	began   place  // of a comment block
}

// under says what an indented line belongs to.
type under uint8

const (
	underNothing under = iota
	underTransaction
	underAccount
	underCommodity
	underComment // a block of them
)

type alias struct{ old, new string }

func newHLedger(r *reading, _ string, parent *hledger) *hledger {
	h := &hledger{reading: r}
	if parent != nil {
		h.year, h.decimal, h.common = parent.year, parent.decimal, parent.common
		h.parents, h.aliases = append([]string(nil), parent.parents...), append([]alias(nil), parent.aliases...)
	}
	return h
}

func (h *hledger) line(c *cursor) error {
	blank := strings.TrimSpace(c.text) == ""
	switch {
	case h.under == underComment:
		if strings.TrimSpace(c.text) == "end comment" {
			h.under = underNothing
		}
		return nil
	case blank:
		return h.finish()
	case isBlank(c.text[0]):
		h.indented(c)
		return nil
	}
	if err := h.finish(); err != nil {
		return err
	}
	switch b := c.peek(); {
	case b == ';' || b == '#' || b == '*':
		return nil
	case isDigit(b):
		h.header(c)
		return nil
	case b == '~' || b == '=':
		h.add(c.here(), "a periodic or automatic transaction: %s; write out what it makes", shown(c.text))
		h.under = underNothing
		h.t = transaction{broken: true}
		h.under = underTransaction // its lines are no faults of their own
		return nil
	}
	return h.directive(c)
}

func (h *hledger) end() error {
	if h.under == underComment {
		h.add(h.began, "a comment block without its end")
		h.under = underNothing
	}
	return h.finish()
}

// finish hands on what the lines above were about.
func (h *hledger) finish() error {
	was := h.under
	h.under = underNothing
	switch was {
	case underTransaction:
		t := h.t
		h.numbered(&t)
		return h.transaction(&t)
	case underAccount:
		h.declaration(h.account)
	}
	return nil
}

func (h *hledger) indented(c *cursor) {
	c.blanks()
	comment := c.peek() == ';'
	switch h.under {
	case underTransaction:
		switch {
		case h.t.broken && h.t.date.IsZero(): // its head was not understood
		case comment:
			c.at++
			h.comment(c, true)
		default:
			h.posting(c)
		}
	case underAccount:
		if !comment {
			h.add(c.here(), "%s below an account directive is not understood", shown(c.rest()))
			return
		}
		c.at++
		h.accountTags(c)
	case underCommodity:
		h.commodityLine(c, comment)
	default:
		if !comment {
			h.add(c.here(), "an indented line that belongs to nothing: %s", shown(c.rest()))
		}
	}
}

// fault refuses the transaction under way.
func (h *hledger) fault(at place, format string, args ...any) {
	h.t.broken = true
	h.add(at, format, args...)
}

// header reads DATE[=DATE] [STATUS] [(CODE)] DESCRIPTION [; COMMENT].
func (h *hledger) header(c *cursor) {
	h.under, h.t = underTransaction, transaction{place: c.here()}
	date, err := readDate(c, h.year)
	if err != nil {
		h.fault(c.placeOf(0), "%v", err)
		return
	}
	h.t.date = date
	if at := c.here(); c.accept("=") {
		year, _, _ := date.YMD()
		second, err := readDate(c, year)
		if err != nil {
			h.fault(at, "secondary date: %v", err)
			return
		}
		h.fact(at, "date2", second.String())
	}
	if !c.done() && c.blanks() == 0 && c.peek() != ';' {
		h.fault(c.here(), "%s behind the date", shown(c.rest()))
		return
	}
	at := c.here()
	if status := readStatus(c); status != "" && !h.own {
		h.fact(at, "status", status)
	}
	if at = c.here(); c.accept("(") {
		code, rest, found := strings.Cut(c.rest(), ")")
		if !found {
			h.fault(at, "a code without its closing parenthesis: %s", shown(c.rest()))
			return
		}
		h.t.reference = strings.TrimSpace(code)
		c.at = len(c.text) - len(rest)
		c.blanks()
	}
	at = c.here()
	h.describe(at, strings.TrimSpace(c.while(func(b byte) bool { return b != ';' })))
	if c.accept(";") {
		h.comment(c, false)
	}
}

func readStatus(c *cursor) string {
	var status string
	switch c.peek() {
	case '*':
		status = "cleared"
	case '!':
		status = "pending"
	default:
		return ""
	}
	c.at++
	c.blanks()
	return status
}

func (h *hledger) describe(at place, text string) {
	h.t.text = text
	payee, note, parted := strings.Cut(text, "|")
	switch {
	case h.own || text == "":
	case parted:
		h.fact(at, "payee", strings.TrimSpace(payee))
		h.fact(at, "note", strings.TrimSpace(note))
	default:
		h.fact(at, "description", text)
	}
}

func (h *hledger) fact(at place, name, value string) {
	h.t.facts = append(h.t.facts, fact{place: at, name: name, value: value})
}

// comment reads what stands behind a semicolon: tags, and text that is kept. A
// line of its own below a posting is of the posting.
func (h *hledger) comment(c *cursor, ownLine bool) {
	facts := &h.t.facts
	last := len(h.t.postings) - 1
	if ownLine && last >= 0 {
		facts = &h.t.postings[last].facts
	}
	*facts = append(*facts, commentFacts(c)...)
	if last >= 0 && facts != &h.t.facts {
		h.postingDates(&h.t.postings[last])
	}
}

// postingComment is a comment behind a posting.
func (h *hledger) postingComment(c *cursor, p *posting) {
	p.facts = append(p.facts, commentFacts(c)...)
	h.postingDates(p)
}

var bracketed = regexp.MustCompile(`\[[-0-9./=]+\]`)

// postingDates refuses a posting that has another date than its transaction.
func (h *hledger) postingDates(p *posting) {
	for _, f := range p.facts {
		dated := f.tag && f.name == "date"
		if !dated && f.name == "comment" && !f.tag {
			for _, text := range bracketed.FindAllString(f.value, -1) {
				dated = dated || !strings.HasPrefix(text, "[=")
			}
		}
		if dated && !h.t.broken {
			h.fault(f.place, "a posting with a date of its own: %s; an entry has one value date", shown(f.value))
		}
	}
}

// commentFacts reads tags as hledger does: the word in front of a colon is a
// name, what follows up to a comma is its value. A comment that is more than
// tags is kept as well.
func commentFacts(c *cursor) []fact {
	c.blanks()
	start := c.at
	text := strings.TrimRight(c.rest(), " \t")
	c.at = len(c.text)
	var tags []fact
	pure := true
	for at := 0; at < len(text); {
		colon := strings.IndexByte(text[at:], ':')
		if colon < 0 {
			pure = pure && strings.TrimSpace(text[at:]) == ""
			break
		}
		colon += at
		name := text[at:colon]
		if blank := strings.LastIndexAny(name, " \t"); blank >= 0 {
			pure = pure && strings.TrimSpace(name[:blank]) == ""
			name = name[blank+1:]
		}
		if name == "" {
			pure = false
			at = colon + 1
			continue
		}
		value, _, more := strings.Cut(text[colon+1:], ",")
		tags = append(tags, fact{place: c.placeOf(start + colon - len(name)), name: name, value: strings.TrimSpace(value), tag: true})
		at = colon + 1 + len(value)
		if more {
			at++
		}
	}
	if !pure || len(tags) == 0 && text != "" {
		tags = append(tags, fact{place: c.placeOf(start), name: "comment", value: text})
	}
	return tags
}

// posting reads [STATUS] ACCOUNT  [AMOUNT [@ PRICE] [= BALANCE]] [; COMMENT].
func (h *hledger) posting(c *cursor) {
	p := posting{place: c.here()}
	at := c.here()
	if status := readStatus(c); status != "" {
		p.facts = append(p.facts, fact{place: at, name: "status", value: status})
	}
	p.place = c.here()
	name := readAccount(c)
	if name = h.bracketless(&p, name); name == "" {
		return
	}
	p.account = h.resolve(name)
	c.blanks()
	if c.peek() == '=' {
		h.fault(c.here(), "a balance assignment: %s; write the amount", shown(c.rest()))
		return
	}
	if !c.done() && c.peek() != ';' && !h.amounts(c, &p) {
		return
	}
	if c.accept(";") {
		h.postingComment(c, &p)
	}
	if c.blanks(); !c.done() {
		h.fault(c.here(), "%s behind the posting", shown(c.rest()))
		return
	}
	h.t.postings = append(h.t.postings, p)
}

// bracketless takes the brackets off a virtual posting's account.
func (h *hledger) bracketless(p *posting, name string) string {
	switch {
	case strings.HasPrefix(name, "(") && strings.HasSuffix(name, ")"):
		h.fault(p.place, "a virtual posting that need not balance: %s", shown(name))
		return ""
	case strings.HasPrefix(name, "[") && strings.HasSuffix(name, "]"):
		p.virtual = true
		p.facts = append(p.facts, fact{place: p.place, name: "virtual", value: "balanced"})
		name = name[1 : len(name)-1]
	}
	if name == "" || strings.Contains(":"+name+":", "::") || strings.ContainsAny(name, ";\"") {
		h.fault(p.place, "%q is no account", shown(name))
		return ""
	}
	return name
}

// readAccount reads up to two blanks or a tab.
func readAccount(c *cursor) string {
	rest := c.rest()
	end := len(rest)
	for i := range len(rest) {
		if rest[i] == '\t' || rest[i] == ' ' && (i+1 == len(rest) || isBlank(rest[i+1])) {
			end = i
			break
		}
	}
	c.at += end
	return rest[:end]
}

// resolve applies the apply account directives, and aliases, the latest first.
func (h *hledger) resolve(name string) string {
	name = strings.Join(append(append([]string(nil), h.parents...), name), ":")
	for _, a := range h.aliases {
		if name == a.old {
			name = a.new
		} else if below, ok := strings.CutPrefix(name, a.old+":"); ok {
			name = a.new + ":" + below
		}
	}
	return name
}

// amounts reads what stands behind an account.
func (h *hledger) amounts(c *cursor, p *posting) bool {
	a, ok := h.amount(c)
	if !ok {
		return false
	}
	p.amount = &a
	c.blanks()
	if c.peek() == '{' || c.peek() == '[' || c.peek() == '(' && !strings.HasPrefix(c.rest(), "(@") {
		h.fault(c.here(), "a lot: %s; lots and their costs are not kept", shown(c.rest()))
		return false
	}
	start := c.at
	for _, sign := range []string{"(@@)", "(@)", "@@", "@"} {
		if !c.accept(sign) {
			continue
		}
		if c.blanks(); true {
			if _, ok := h.amount(c); !ok {
				return false
			}
		}
		p.price = strings.TrimSpace(c.text[start:c.at])
		break
	}
	c.blanks()
	at := c.here()
	if c.accept("=") {
		as := &assertion{sole: c.accept("="), inclusive: c.accept("*")}
		c.blanks()
		if as.amount, ok = h.amount(c); !ok {
			return false
		}
		as.amount.place = at
		p.assertion = as
	}
	return true
}

// amount reads [SIGN][COMMODITY][SIGN]NUMBER or [SIGN]NUMBER[COMMODITY].
func (h *hledger) amount(c *cursor) (a amount, ok bool) {
	a.place = c.here()
	start := c.at
	negative, signs := false, 0
	sign := func() {
		if b := c.peek(); b == '-' || b == '+' {
			negative = b == '-'
			signs++
			c.at++
			c.blanks()
		}
	}
	sign()
	left, fine := readCommodity(c)
	c.blanks()
	sign()
	digits := readDigits(c)
	if digits == "" || !fine || signs > 1 {
		c.at = start
		h.fault(a.place, "%s is no amount", shown(c.rest()))
		return a, false
	}
	a.commodity = left
	if left == "" {
		behind := c.at
		c.blanks()
		if a.commodity, fine = readCommodity(c); !fine {
			h.fault(c.here(), "%s is no amount", shown(c.text[start:]))
			return a, false
		}
		if a.commodity == "" {
			c.at = behind
			a.commodity = h.common
		}
	}
	mark := h.decimal
	if mark == 0 {
		mark = h.marks[a.commodity]
	}
	n, err := ungroup(digits, mark)
	if err != nil {
		h.fault(a.place, "%v", err)
		return a, false
	}
	n.negative = negative
	a.number = n
	if a.commodity == "" && !n.isZero() {
		h.fault(a.place, "%s has no commodity, and no D directive says which is meant", n)
		return a, false
	}
	return a, true
}

// readCommodity reads a symbol, quoted or not; there may be none.
func readCommodity(c *cursor) (name string, ok bool) {
	if c.accept(`"`) {
		quoted, rest, found := strings.Cut(c.rest(), `"`)
		if !found || quoted == "" {
			return "", false
		}
		c.at = len(c.text) - len(rest)
		return quoted, true
	}
	return c.while(func(b byte) bool {
		return b >= utf8.RuneSelf || !isDigit(b) && strings.IndexByte(" \t;,.+-*/\\()[]{}@=\"<>!^&~?|#:", b) < 0
	}), true
}

// readDigits reads digits and the marks between them; a blank between digits
// parts groups.
func readDigits(c *cursor) string {
	start := c.at
	for !c.done() {
		b := c.peek()
		group := b == ' ' && c.at > start && isDigit(c.text[c.at-1]) && c.at+1 < len(c.text) && isDigit(c.text[c.at+1])
		if !isDigit(b) && b != '.' && b != ',' && !group {
			break
		}
		c.at++
	}
	text := c.text[start:c.at]
	if strings.Trim(text, ".,") == "" {
		c.at = start
		return ""
	}
	return text
}

// hledgerKind gives the type that a tag names; zero: none is known by it.
func hledgerKind(name string) ledger.Type {
	switch strings.ToLower(name) {
	case "a", "asset", "assets", "c", "cash":
		return ledger.Asset
	case "l", "liability", "liabilities":
		return ledger.Liability
	case "e", "equity", "v", "conversion":
		return ledger.Equity
	case "r", "revenue", "revenues", "income":
		return ledger.Income
	case "x", "expense", "expenses":
		return ledger.Expense
	}
	return 0
}
