package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
)

// text is a page in one line.
func (p *page) text(number int) string {
	text := fmt.Sprintf("%d %s %s %s", number, p.act, p.when.Format(time.RFC3339Nano), p.key)
	switch p.act {
	case "refused":
		return fmt.Sprintf("%s|%s|%v", text, p.asked, p.refused.reason)
	case "changed":
		return text + "|" + p.kind + "|" + p.reference + "|" + p.changeText()
	case "closed", "reopened":
		return text + "|" + p.kind + "|" + p.reference + "|" + p.through
	}
	asked := ""
	if p.day != p.valued {
		asked = p.day
	}
	return fmt.Sprintf("%s|%s|%s|%s|%q|%s|%s%s|%t%t%t|%s|%v|%s", text, p.kind, p.reference, p.partOf, p.metadata, p.of, p.valued, asked,
		p.breached, p.all, p.final, p.room, p.moved, p.expires.UTC())
}

// itemText is an item of the journal in the words of a page.
func itemText(b *ledger.Booked) string {
	var l letter
	l = l.with(b.Postings).noted(b.Metadata).dated(b.ValueDate)
	p := page{letter: l, when: b.At, valued: l.day, moved: l.rows, room: b.Owner, breached: b.Breached}
	p.act, p.key, p.kind, p.reference, p.partOf = b.Act.String(), b.Key, b.Kind, b.Reference, b.PartOf
	if t := b.Terms; t != nil {
		p.of, p.all, p.final, p.expires, p.through = t.Of, t.All, t.Final, t.Expires, dayOf(t.Through)
		if asked := dayOf(t.Asked); asked != "" {
			p.day = asked
		}
		if t.Refusal != nil {
			p.asked, p.refused.reason = t.Refusal.Asked.Act.String(), t.Refusal.Failure.Reason
		}
		if c := t.Change; c != nil {
			p.letter = readChange(ledger.AccountChange{Key: b.Key, Kind: b.Kind, Reference: b.Reference, Account: c.Path, Currency: c.Currency, Limits: c.Limits, Status: c.Status, Force: c.Force})
			p.act = b.Act.String()
			if c.HasMetadata {
				noted := letter{}.noted(c.Metadata)
				p.notes = &noted.metadata
			}
		}
	}
	return p.text(int(b.Seq))
}

// accountText is an account in one line.
func (n *notebook) accountText(account string, holds []*setting) string {
	standing := n.standing(account, everything)
	out, in, number := setAside(holds, account)
	return fmt.Sprintf("%d, %d held and %d coming in %d, %d available, %s %q %+v", standing, out, in, number, standing-out, n.status(account),
		n.notes(account), n.ruling(account).rules)
}

func accountText(t *rapid.T, a *ledger.Account) string {
	posted, err := a.Posted()
	if err != nil {
		t.Fatal(err)
	}
	available, err := a.Available()
	if err != nil {
		t.Fatal(err)
	}
	in := a.HeldCredits
	if growsByDebit(a.String()) {
		in = a.HeldDebits
	}
	l := readChange(ledger.AccountChange{Limits: &a.Limits, Metadata: append([]ledger.Attribute{}, a.Metadata...)})
	return fmt.Sprintf("%s, %s held and %s coming in %d, %s available, %s %q %+v", posted, a.Held(), in, a.Holds, available, a.Status, *l.notes, *l.rules)
}
