package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// errOpenString says that a string goes on in the next line.
var errOpenString = errors.New("a string without its closing quote")

// maxText bounds a string of several lines: more than any value of an entry.
const maxText = 16 << 10

// beancount reads one file of a beancount journal. Pushed tags and metadata
// hold for the file.
type beancount struct {
	*reading
	pending *cursor // a line with a string that is not closed yet
	began   place   // of that string
	t       *transaction
	decl    *declaredBelow // what metadata below a directive belongs to
	last    place          // of the line before
	tags    []string       // pushed
	pushed  []fact
}

// declaredBelow is a directive that takes metadata.
type declaredBelow struct{ commodity string }

func newBeancount(r *reading, _ string) *beancount { return &beancount{reading: r} }

func (b *beancount) line(c *cursor) error {
	b.last = c.place
	if b.pending != nil {
		if len(b.pending.text)+len(c.text) > maxText {
			b.add(b.began, "a string of more than %d bytes, or without its closing quote", maxText)
			b.pending = nil
			return nil
		}
		c = &cursor{text: b.pending.text + "\n" + c.text, place: b.pending.place}
	}
	indented := c.text != "" && isBlank(c.text[0])
	if c.text == "" || !indented && strings.IndexByte("*:#;", c.text[0]) >= 0 { // headings of an outline are comments
		if c.text == "" {
			return b.finish()
		}
		return nil
	}
	line := b.cut(c, indented)
	if line == nil || line.peek().kind == endToken {
		return nil
	}
	if indented {
		b.refuse(b.below(line), true)
		return nil
	}
	if err := b.finish(); err != nil {
		return err
	}
	return b.directive(line)
}

// cut gives the tokens of a line; nil when there are none to go on with.
func (b *beancount) cut(c *cursor, indented bool) *tokenLine {
	found, err := tokens(c)
	b.pending = nil
	switch last := found[len(found)-1]; {
	case errors.Is(err, errOpenString):
		b.began = last.place
		b.pending = &cursor{text: c.text, place: c.place}
		return nil
	case err != nil:
		b.refuse(&tokenError{last.place, err.Error()}, indented)
		return nil
	}
	return &tokenLine{tokens: found}
}

func (b *beancount) end() error {
	if b.pending != nil {
		b.add(b.began, "%v", errOpenString)
	}
	for _, tag := range b.tags {
		b.add(b.last, "pushtag #%s without its poptag", tag)
	}
	for _, f := range b.pushed {
		b.add(f.place, "pushmeta %s without its popmeta", f.name)
	}
	return b.finish()
}

// refuse notes a fault; the transaction it stands in is not looked at further.
func (b *beancount) refuse(err error, indented bool) {
	if err == nil {
		return
	}
	fault := &tokenError{}
	if !errors.As(err, &fault) {
		fault.text = err.Error()
	}
	b.add(fault.place, "%s", fault.text)
	if indented && b.t != nil {
		b.t.broken = true
	}
}

// finish hands on the transaction above.
func (b *beancount) finish() error {
	t := b.t
	b.t, b.decl = nil, nil
	if t == nil {
		return nil
	}
	b.numbered(t)
	return b.transaction(t)
}

// directive reads a line that is not indented.
func (b *beancount) directive(l *tokenLine) error {
	first := l.peek()
	switch first.kind {
	case dateToken:
		l.at++
		b.refuse(b.dated(first, l), true)
		return nil
	case wordToken:
		l.at++
		return b.undated(first, l)
	}
	b.refuse(&tokenError{first.place, fmt.Sprintf("%v is not understood", first)}, false)
	return nil
}

func dateOf(t token) (calendar.Date, error) {
	date, err := readDate(&cursor{text: t.text}, 0)
	if err != nil {
		return date, &tokenError{t.place, err.Error()}
	}
	return date, nil
}

// dated reads what stands behind a date.
func (b *beancount) dated(at token, l *tokenLine) error {
	date, err := dateOf(at)
	if err != nil {
		return err
	}
	what := l.peek()
	flagged := what.isFlag()
	if flagged || what.kind == wordToken && what.text == "txn" {
		l.at++
		return b.head(at.place, date, what, l)
	}
	if l.at++; what.kind != wordToken {
		return &tokenError{what.place, fmt.Sprintf("%v behind the date", what)}
	}
	b.decl = &declaredBelow{}
	switch what.text {
	case "open":
		return b.openAccount(at.place, date, l)
	case "close":
		account, err := l.need(accountToken, "an account")
		if err != nil {
			return err
		}
		b.declaration(declaration{place: account.place, account: account.text, closed: date})
		b.passed("close directives; the accounts stay open")
		return l.end()
	case "balance":
		return b.balance(what.place, date, l)
	case "commodity":
		name, err := l.need(currencyToken, "a commodity")
		b.decl.commodity = name.text
		return errors.Join(err, l.end())
	case "price":
		b.passed("market prices")
	case "note", "document", "event", "query", "custom":
		b.passed(what.text + " directives")
	case "pad":
		return &tokenError{what.place, "a pad directive: write the transaction that it makes"}
	default:
		return &tokenError{what.place, fmt.Sprintf("%v is not understood", what)}
	}
	return nil
}

// head reads the first line of a transaction.
func (b *beancount) head(at place, date calendar.Date, flag token, l *tokenLine) error {
	b.t = &transaction{place: at, date: date}
	if flag.kind != wordToken && !b.own {
		b.t.facts = append(b.t.facts, fact{place: flag.place, name: "flag", value: flag.text})
	}
	first, hasFirst := l.take(stringToken)
	second, hasSecond := l.take(stringToken)
	narration := first
	if hasSecond {
		narration = second
		b.t.facts = append(b.t.facts, fact{place: first.place, name: "payee", value: first.text})
	}
	b.t.text = narration.text
	if hasFirst && !b.own && narration.text != "" {
		b.t.facts = append(b.t.facts, fact{place: narration.place, name: "narration", value: narration.text})
	}
	b.t.facts = append(b.t.facts, b.pushed...)
	for _, tag := range b.tags {
		b.mark("tags", at, tag)
	}
	return b.marks(l)
}

// marks reads tags and links.
func (b *beancount) marks(l *tokenLine) error {
	for {
		if t, ok := l.take(tagToken); ok {
			b.mark("tags", t.place, t.text)
		} else if t, ok := l.take(linkToken); ok {
			b.mark("links", t.place, t.text)
		} else {
			return l.end()
		}
	}
}

// mark adds a tag or a link, once, to those of the transaction.
func (b *beancount) mark(what string, at place, name string) {
	i := slices.IndexFunc(b.t.facts, func(f fact) bool { return f.name == what && !f.tag })
	if i < 0 {
		b.t.facts = append(b.t.facts, fact{place: at, name: what, value: name})
		return
	}
	names := strings.Fields(b.t.facts[i].value)
	if !slices.Contains(names, name) {
		names = append(names, name)
		slices.Sort(names)
		b.t.facts[i].value = strings.Join(names, " ")
	}
}

// below reads an indented line.
func (b *beancount) below(l *tokenLine) error {
	first := l.peek()
	if b.t == nil && b.decl == nil {
		return &tokenError{first.place, fmt.Sprintf("an indented line that belongs to nothing: %v", first)}
	}
	if first.kind == keyToken {
		l.at++
		return b.pair(first, l)
	}
	switch {
	case b.t == nil:
		return &tokenError{first.place, fmt.Sprintf("%v below a directive", first)}
	case first.kind == tagToken || first.kind == linkToken:
		return b.marks(l)
	}
	return b.posting(l)
}

// pair reads the value of a metadata pair.
func (b *beancount) pair(key token, l *tokenLine) error {
	value, err := b.value(l)
	if err != nil {
		return err
	}
	if b.t == nil {
		if b.decl.commodity != "" && key.text == "currency" {
			b.commodity(key.place, b.decl.commodity, value)
		} else if !b.own {
			b.passed("metadata of directives")
		}
		return l.end()
	}
	facts := &b.t.facts
	if last := len(b.t.postings) - 1; last >= 0 {
		facts = &b.t.postings[last].facts
	}
	*facts = slices.DeleteFunc(*facts, func(f fact) bool { // its own pair comes before one that was pushed
		return f.name == key.text && slices.Contains(b.pushed, f)
	})
	if slices.ContainsFunc(*facts, func(f fact) bool { return f.tag && f.name == key.text }) {
		return &tokenError{key.place, fmt.Sprintf("%s stands twice", key.text)}
	}
	*facts = append(*facts, fact{place: key.place, name: key.text, value: value, tag: true})
	return l.end()
}

// value reads a typed value as text.
func (b *beancount) value(l *tokenLine) (string, error) {
	switch t := l.peek(); t.kind {
	case endToken:
		return "", nil
	case stringToken, accountToken, tagToken, linkToken, currencyToken:
		l.at++
		if t.kind == currencyToken && t.text == "NULL" {
			return "", nil
		}
		return t.text, nil
	case dateToken:
		l.at++
		date, err := dateOf(t)
		return date.String(), err
	case numberToken, markToken:
		n, err := l.expression()
		if err != nil {
			return "", err
		}
		if c, ok := l.take(currencyToken); ok {
			return n.String() + " " + c.text, nil
		}
		return n.String(), nil
	default:
		return "", &tokenError{t.place, fmt.Sprintf("%v is no value", t)}
	}
}

// posting reads [FLAG] ACCOUNT [AMOUNT [@ PRICE]].
func (b *beancount) posting(l *tokenLine) error {
	p := posting{place: l.peek().place}
	if t := l.peek(); t.isFlag() {
		p.facts = append(p.facts, fact{place: t.place, name: "flag", value: t.text})
		l.at++
	}
	account, err := l.need(accountToken, "an account")
	if err != nil {
		return err
	}
	p.account, p.place = account.text, account.place
	if l.peek().kind == endToken {
		b.t.postings = append(b.t.postings, p)
		return nil
	}
	a := amount{place: l.peek().place}
	if a.number, err = l.expression(); err != nil {
		return err
	}
	currency, err := l.need(currencyToken, "a currency")
	if err != nil {
		return err
	}
	a.commodity = currency.text
	p.amount = &a
	if t := l.peek(); t.kind == markToken && strings.HasPrefix(t.text, "{") {
		return &tokenError{t.place, "a cost: lots and their costs are not kept"}
	}
	if err := b.price(l, &p); err != nil {
		return err
	}
	b.t.postings = append(b.t.postings, p)
	return l.end()
}

func (b *beancount) price(l *tokenLine, p *posting) error {
	sign := l.peek().text
	if !l.mark("@") && !l.mark("@@") {
		return nil
	}
	n, err := l.expression()
	if err != nil {
		return err
	}
	currency, err := l.need(currencyToken, "a currency")
	if err != nil {
		return err
	}
	p.price = sign + " " + n.String() + " " + currency.text
	return nil
}

// rootKind gives the type of a root; the roots may have other names.
func (r *reading) rootKind(root string) ledger.Type {
	for i, name := range []string{"name_assets", "name_liabilities", "name_equity", "name_income", "name_expenses"} {
		own := r.roots[name]
		if own == "" {
			own = [...]string{"Assets", "Liabilities", "Equity", "Income", "Expenses"}[i]
		}
		if own == root {
			return ledger.Asset + ledger.Type(i)
		}
	}
	return 0
}
