package torture

import (
	"fmt"
	"strings"

	"github.com/settlex/settlex/ledger"
)

// books is a bookkeeping of a few lines, in plain integers, to hold the ledger's own against.
type books struct {
	accounts map[ledger.AccountID]*standing
	holds    map[string]map[leg]int64 // what is left of each open hold
	found    []string
}

// standing is what an account's items add up to.
type standing struct {
	debits, credits, heldDebits, heldCredits int64
	holds                                    uint64
}

type leg struct {
	ledger.AccountID
	ledger.Side
}

// tally books every item of the journal and compares.
func tally(c *contents) []string {
	b := &books{accounts: make(map[ledger.AccountID]*standing), holds: make(map[string]map[leg]int64)}
	for _, item := range c.items {
		b.item(item)
		for _, p := range item.Postings {
			if a := b.account(p.ID()); strings.HasPrefix(p.Account, "customers/") && a.credits-a.debits-a.heldDebits < 0 {
				b.found = append(b.found, fmt.Sprintf("item %s (%s %q) overdraws %s", placeOf(item), item.Act, item.Key, p.ID()))
			}
		}
	}
	for id, have := range c.accounts {
		if want := *b.account(id); want != plain(&have) {
			b.found = append(b.found, fmt.Sprintf("account %s: by its items it stands at %+v, stored is %+v", id, want, plain(&have)))
		}
	}
	if len(b.accounts) != len(c.accounts) {
		b.found = append(b.found, fmt.Sprintf("%d accounts are stored, the items touch %d", len(c.accounts), len(b.accounts)))
	}
	return append(b.found, b.closing()...)
}

// closing: over all accounts of a currency debits equal credits.
func (b *books) closing() (found []string) {
	totals := make(map[string]*standing)
	for id, a := range b.accounts {
		t := totals[id.Currency.String()]
		if t == nil {
			t = new(standing)
			totals[id.Currency.String()] = t
		}
		t.debits, t.credits = t.debits+a.debits, t.credits+a.credits
		t.heldDebits, t.heldCredits = t.heldDebits+a.heldDebits, t.heldCredits+a.heldCredits
	}
	for currency, t := range totals {
		if t.debits != t.credits || t.heldDebits != t.heldCredits {
			found = append(found, fmt.Sprintf("%s: the items add up to %+v", currency, *t))
		}
	}
	return found
}

func (b *books) account(id ledger.AccountID) *standing {
	a := b.accounts[id]
	if a == nil {
		a = new(standing)
		b.accounts[id] = a
	}
	return a
}

func plain(a *ledger.Account) standing {
	debits, _ := a.Debits.Int64()
	credits, _ := a.Credits.Int64()
	heldDebits, _ := a.HeldDebits.Int64()
	heldCredits, _ := a.HeldCredits.Int64()
	return standing{debits, credits, heldDebits, heldCredits, a.Holds}
}

func (b *books) item(item *ledger.Booked) {
	switch item.Act {
	case ledger.Posted, ledger.Reversed:
		b.post(item)
	case ledger.Held:
		b.hold(item)
	case ledger.Captured:
		b.post(item)
		if b.take(item) {
			b.end(item.Of)
		}
	case ledger.Released, ledger.Expired:
		b.end(item.Of)
	case ledger.Changed:
		b.account(item.Change.AccountID)
	}
}

func (b *books) post(item *ledger.Booked) {
	for _, p := range item.Postings {
		amount, _ := p.Amount.Int64()
		if a := b.account(p.ID()); p.Side == ledger.Debit {
			a.debits += amount
		} else {
			a.credits += amount
		}
	}
}

func (b *books) hold(item *ledger.Booked) {
	legs := make(map[leg]int64)
	for _, p := range item.Postings {
		amount, _ := p.Amount.Int64()
		legs[leg{p.ID(), p.Side}] += amount
	}
	for l, amount := range legs {
		b.held(l, amount)
		b.account(l.AccountID).holds++
	}
	b.holds[item.Key] = legs
}

func (b *books) held(l leg, amount int64) {
	if a := b.account(l.AccountID); l.Side == ledger.Debit {
		a.heldDebits += amount
	} else {
		a.heldCredits += amount
	}
}

// take takes a capture off its hold and tells whether that ends it.
func (b *books) take(item *ledger.Booked) (ends bool) {
	legs, ok := b.holds[item.Of]
	if !ok {
		b.found = append(b.found, fmt.Sprintf("item %s captures hold %q, which is not open", placeOf(item), item.Of))
		return false
	}
	for _, p := range item.Postings {
		amount, _ := p.Amount.Int64()
		l := leg{p.ID(), p.Side}
		if legs[l] -= amount; legs[l] < 0 {
			b.found = append(b.found, fmt.Sprintf("item %s captures more of hold %q than was left", placeOf(item), item.Of))
		}
		b.held(l, -amount)
	}
	left := int64(0)
	for _, amount := range legs {
		left += amount
	}
	return item.Final || left == 0
}

// end gives back what is left of a hold.
func (b *books) end(key string) {
	legs, ok := b.holds[key]
	if !ok {
		b.found = append(b.found, fmt.Sprintf("hold %q ends twice, or never began", key))
	}
	for l, amount := range legs {
		b.held(l, -amount)
		b.account(l.AccountID).holds--
	}
	delete(b.holds, key)
}
