package torture

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// deed is what a request asks for, or an item of the journal did, in a form in which they can be compared.
type deed struct {
	act                        ledger.Act
	key, kind, reference, of   string
	all, final                 bool
	expires, date, rest, money string
}

// asked gives what a request asks for.
func asked(r ledger.Request) deed {
	switch r := r.(type) {
	case ledger.Entry:
		return deed{
			act: ledger.Posted, key: r.Key, kind: r.Kind, reference: r.Reference, date: r.ValueDate.String(),
			rest: fmt.Sprint(r.Metadata), money: fmt.Sprint(r.Postings),
		}
	case ledger.Hold:
		return deed{act: ledger.Held, key: r.Key, kind: r.Kind, reference: r.Reference, expires: r.Expires.String(), money: fmt.Sprint(r.Postings)}
	case ledger.Capture:
		return deed{
			act: ledger.Captured, key: r.Key, kind: r.Kind, reference: r.Reference, of: r.Hold, all: r.All, final: r.Final,
			money: fmt.Sprint(r.Postings),
		}
	case ledger.Release:
		return deed{act: ledger.Released, key: r.Key, reference: r.Reference, of: r.Hold}
	case ledger.Reversal:
		return deed{
			act: ledger.Reversed, key: r.Key, kind: r.Kind, reference: r.Reference, of: r.Of, all: r.All, date: r.ValueDate.String(),
			money: fmt.Sprint(r.Postings),
		}
	case ledger.AccountChange:
		limits := "as they were"
		if r.Limits != nil {
			limits = fmt.Sprintf("%+v", *r.Limits)
		}
		id := ledger.AccountID{Path: r.Account, Currency: r.Currency}
		return deed{act: ledger.Changed, key: r.Key, reference: r.Reference, of: id.String(), final: r.Force, rest: fmt.Sprint(r.Status, r.Metadata, limits)}
	case ledger.PeriodChange:
		act := ledger.Closed
		if r.Reopen {
			act = ledger.Reopened
		}
		return deed{act: act, key: r.Key, reference: r.Reference, date: r.Through.String()}
	}
	return deed{}
}

// done gives what an item of the journal did, or tried to when it was refused, as far as the request said it.
func done(item *ledger.Booked, like deed) deed {
	if item.Act == ledger.Refused {
		item = &item.Refusal.Asked
	}
	var t ledger.Terms
	if item.Terms != nil {
		t = *item.Terms
	}
	d := deed{act: item.Act, key: item.Key, kind: item.Kind, reference: item.Reference, of: t.Of, all: t.All, final: t.Final}
	switch item.Act {
	case ledger.Posted:
		d.rest = fmt.Sprint(item.Metadata)
	case ledger.Held:
		d.expires = t.Expires.String()
	case ledger.Closed, ledger.Reopened:
		d.date = t.Through.String()
	case ledger.Changed:
		d.doneToAccount(t.Change)
	}
	if len(item.Postings) > 0 && !t.All {
		d.money = fmt.Sprint(item.Postings)
	}
	if (item.Act == ledger.Posted || item.Act == ledger.Reversed) && like.date != "" {
		d.date = item.ValueDate.String()
		if !t.Asked.IsZero() {
			d.date = t.Asked.String()
		}
	}
	if t.All {
		d.money = like.money
	}
	return d
}

func (d *deed) doneToAccount(c *ledger.Change) {
	limits := "as they were"
	if c.Limits != nil {
		limits = fmt.Sprintf("%+v", *c.Limits)
	}
	d.of, d.final, d.rest = c.AccountID.String(), c.Force, fmt.Sprint(c.Status, c.Metadata, limits)
}
