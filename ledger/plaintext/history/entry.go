package history

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// movement is what a posting of the journal does to an account.
type movement struct {
	*posting
	in    money.Currency
	value money.Amount   // debits positive
	gross []money.Amount // what was added up to it
}

// builder makes entries of transactions. Nothing of it depends on where a
// transaction stands, but for how many like it came before.
type builder struct {
	*Journal
	*faults
	own  bool
	seen map[[16]byte]uint32
	tell func(what string) // of what is read and not booked
}

// entry makes an entry, and gives the movements of all postings in the order of
// the journal. ok is false when there is nothing to book.
func (b *builder) entry(t *transaction) (e ledger.Entry, moved []movement, ok bool) {
	moved, sound := b.movements(t)
	if !sound {
		return e, nil, false
	}
	if b.own && !slices.ContainsFunc(t.facts, func(f fact) bool { return f.name == "key" }) {
		if slices.ContainsFunc(moved, func(m movement) bool { return !m.value.IsZero() }) {
			b.add(t.place, "a transaction without a key in an export")
		}
		return e, moved, false // an assertion
	}
	kept := b.net(slices.Clone(moved))
	if len(kept) == 0 {
		b.tell("transactions that move nothing")
		return e, moved, false
	}
	e.ValueDate = t.date
	for _, m := range kept {
		e.Postings = append(e.Postings, m.of(b.accounts[m.account].path))
	}
	if b.own {
		ok = b.fields(t, &e)
		return e, moved, ok
	}
	e.Kind, e.Reference = b.options.Kind, t.reference
	b.metadata(t, kept, &e)
	e.Key = b.key(&e)
	return e, moved, true
}

func (m *movement) of(path string) ledger.Posting {
	if m.value.Sign() < 0 {
		return ledger.Cr(path, m.value.Neg(), m.in)
	}
	return ledger.Dr(path, m.value, m.in)
}

// movements gives every posting its amount; those left out are what makes the
// others balance.
func (b *builder) movements(t *transaction) (moved []movement, ok bool) {
	ok = true
	fault := func(at place, format string, args ...any) {
		b.add(at, format, args...)
		ok = false
	}
	var groups [2]group
	for i := range t.postings {
		p := &t.postings[i]
		g := &groups[0]
		if p.virtual {
			g = &groups[1]
		}
		if b.accounts[p.account].path == "" {
			ok = false // reported with the account
		}
		b.dates(t, p, fault)
		g.priced = g.priced || p.price != ""
		if p.amount == nil {
			if g.open != nil {
				fault(p.place, "a second posting without an amount; the first is in line %d", g.open.line)
			}
			g.open, g.at = p, len(moved)
			moved = append(moved, movement{posting: p})
			continue
		}
		if p.amount.commodity == "" { // a zero
			moved = append(moved, movement{posting: p})
			continue
		}
		c := b.currencyOf(p.amount.commodity)
		if c.IsZero() {
			ok = false // reported with the commodity
			continue
		}
		amount, err := p.amount.minor(c)
		if err == nil {
			g.sums, err = plus(g.sums, c, amount)
		}
		if err != nil {
			fault(p.amount.place, "%v", err)
			continue
		}
		b.allows(p, c, fault)
		moved = append(moved, movement{posting: p, in: c, value: amount})
	}
	if !ok {
		return nil, false
	}
	for i := range groups {
		groups[i].balance(t, fault)
	}
	if !ok {
		return nil, false
	}
	return fill(moved, &groups), true
}

// group is the real postings of a transaction, or the virtual ones.
type group struct {
	sums   []sum
	open   *posting // that has no amount
	at     int      // its place among the movements
	priced bool
}

// balance wants a group to balance in every currency, or a posting that makes
// it so.
func (g *group) balance(t *transaction, fault func(place, string, ...any)) {
	if g.open != nil {
		if g.priced {
			fault(g.open.place, "a posting without an amount in a transaction with prices: write the amount")
		}
		return
	}
	for _, s := range g.sums {
		if s.value.IsZero() {
			continue
		}
		why := ""
		if g.priced {
			why = "; each currency balances by itself here, a price converts nothing: use accounts of conversion"
		}
		fault(t.place, "transaction does not balance: %s is %s too much%s", s.in, s.in.Format(s.value), why)
	}
}

// fill puts what is missing in the place of postings without an amount: one
// movement for each currency.
func fill(moved []movement, groups *[2]group) []movement {
	order := []*group{&groups[0], &groups[1]}
	if order[0].at < order[1].at {
		slices.Reverse(order) // from the back, so that places stay
	}
	for _, g := range order {
		if g.open == nil {
			continue
		}
		var filled []movement
		for _, s := range g.sums {
			if !s.value.IsZero() {
				filled = append(filled, movement{posting: g.open, in: s.in, value: s.value.Neg()})
			}
		}
		moved = slices.Replace(moved, g.at, g.at+1, filled...)
	}
	return moved
}

// dates wants an account of beancount's to be open.
func (b *builder) dates(t *transaction, p *posting, fault func(place, string, ...any)) {
	a := b.accounts[p.account]
	switch {
	case !a.opened.IsZero() && t.date.Before(a.opened):
		fault(p.place, "account %s is opened on %s, after %s", a.name, a.opened, t.date)
	case !a.closed.IsZero() && t.date.After(a.closed):
		fault(p.place, "account %s was closed on %s, before %s", a.name, a.closed, t.date)
	}
}

// allows wants an account to hold a currency.
func (b *builder) allows(p *posting, c money.Currency, fault func(place, string, ...any)) {
	a := b.accounts[p.account]
	if len(a.currencies) > 0 && !slices.Contains(a.currencies, p.amount.commodity) {
		fault(p.amount.place, "account %s is opened for %s, not for %s", a.name, strings.Join(a.currencies, ", "), c)
	}
}

// net leaves zeros out, and adds up what stands on both sides of one account: an
// entry has an account on one side only.
func (b *builder) net(moved []movement) []movement {
	var out []movement
	netted := false
	for _, m := range moved {
		if m.value.IsZero() {
			b.tell("postings of zero")
			continue
		}
		other := slices.IndexFunc(moved, func(o movement) bool {
			return o.account == m.account && o.in == m.in && o.value.Sign() == -m.value.Sign()
		})
		if other < 0 {
			out = append(out, m)
			continue
		}
		first := slices.IndexFunc(out, func(o movement) bool { return len(o.gross) > 0 && o.account == m.account && o.in == m.in })
		if first < 0 {
			m.gross = []money.Amount{m.value}
			out = append(out, m)
			continue
		}
		netted = true
		total, err := out[first].value.Add(m.value)
		if err != nil {
			b.add(m.place, "%v", err)
		}
		out[first].value, out[first].gross = total, append(out[first].gross, m.value)
	}
	if netted {
		b.tell("transactions with both sides of one account, added up")
	}
	return slices.DeleteFunc(out, func(m movement) bool { return m.value.IsZero() })
}

// reserved are the names that facts of the languages have. A tag of such a name
// gets "tag:" in front of it.
func reserved(name string) bool {
	switch name {
	case "description", "payee", "note", "narration", "status", "flag", "date2", "comment", "tags", "links":
		return true
	}
	return false
}

// metadata keeps what a journal says of a transaction and its postings.
func (b *builder) metadata(t *transaction, kept []movement, e *ledger.Entry) {
	keep := func(name, value, between string) {
		i := slices.IndexFunc(e.Metadata, func(a ledger.Attribute) bool { return a.Name == name })
		if i < 0 {
			e.Metadata = append(e.Metadata, ledger.Attribute{Name: name, Value: value})
			return
		}
		e.Metadata[i].Value += between + value
	}
	facts := func(prefix string, facts []fact) {
		for _, f := range facts {
			name, between := f.name, "\n"
			if f.tag {
				between = ","
				if reserved(name) {
					name = "tag:" + name
				}
			}
			keep(prefix+name, f.value, between)
		}
	}
	facts("", t.facts)
	for i, m := range kept {
		prefix := fmt.Sprintf("posting:%d:", i+1)
		if i == 0 || kept[i-1].posting != m.posting {
			facts(prefix, m.facts)
		}
		if m.price != "" {
			keep(prefix+"price", m.price, " ")
		}
		for _, a := range m.gross {
			keep(prefix+"netted", m.in.Format(a), " ")
		}
	}
	slices.SortFunc(e.Metadata, func(a, b ledger.Attribute) int { return strings.Compare(a.Name, b.Name) })
}

// key derives a key from what the entry says and how many like it came before.
// It does not depend on the file's name or the transaction's place in it.
func (b *builder) key(e *ledger.Entry) string {
	h := sha256.New()
	text := func(s string) {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s))))
		_, _ = h.Write([]byte(s))
	}
	text(e.ValueDate.String())
	text(e.Kind)
	text(e.Reference)
	text(fmt.Sprint(len(e.Metadata)))
	for _, a := range e.Metadata {
		text(a.Name)
		text(a.Value)
	}
	for _, p := range e.Postings {
		text(p.Account)
		text(p.Side.String())
		text(p.Currency.String())
		text(p.Amount.String())
	}
	digest := [16]byte(h.Sum(nil))
	b.seen[digest]++
	return fmt.Sprintf("import/%s/%d", hex.EncodeToString(digest[:]), b.seen[digest])
}
