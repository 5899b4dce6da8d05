package scenario

import (
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// happening reports an event of a payment.
type happening struct {
	event   payment.Event
	refused bool
}

func (h *happening) play(p *player) error { return p.report(h.event, h.refused) }

// transferring reports what became of a batch.
type transferring struct {
	which   which
	event   payment.Event // without its id
	refused bool
}

func (t *transferring) play(p *player) error {
	batch, err := p.batch(t.which)
	if err != nil {
		return err
	}
	e := t.event
	e.ID = batch.ID
	return p.report(e, t.refused)
}

// again reports the last event once more.
type again struct{}

func (again) play(p *player) error {
	if len(p.events) == 0 {
		return errors.New("nothing has happened yet")
	}
	return p.repeat(p.events[len(p.events)-1])
}

// quoting makes a price of a currency known.
type quoting struct{ quote settlement.Quote }

func (q *quoting) play(p *player) (err error) {
	p.quotes = append(p.quotes, q.quote)
	p.list, err = settlement.NewQuoteList(p.quotes...)
	return err
}

// closing settles what is due.
type closing struct {
	at      time.Time     // by the engine's clock
	through calendar.Date // zero: whatever is due
}

func (c *closing) play(p *player) error {
	p.now = c.at
	var batches []*settlement.Batch
	settle := func() error {
		note := func(b *settlement.Batch) { batches = append(batches, b) }
		if _, err := p.engine.Settle(p.ctx(), c.through, note); err != nil {
			return err
		}
		return p.engine.Convert(p.ctx(), note)
	}
	if err := settle(); err != nil {
		return err
	}
	if err := p.printEntries(); err != nil {
		return err
	}
	for _, b := range batches {
		if err := p.printBatch(b); err != nil {
			return err
		}
	}
	after, err := p.head()
	if err != nil {
		return err
	}
	if err := settle(); err != nil {
		return fmt.Errorf("settle again: %w", err)
	}
	return p.unmoved(after)
}

// expectAccount wants a balance on an account's normal side.
type expectAccount struct {
	path     string
	currency money.Currency
	amount   money.Amount
}

func (e *expectAccount) play(p *player) error {
	account, _, err := p.engine.Books().Account(p.ctx(), e.path, e.currency)
	if err != nil {
		return err
	}
	balance, err := account.Posted()
	if err == nil && balance != e.amount {
		err = fmt.Errorf("%s %s stands at %s", e.path, e.currency, e.currency.Format(balance))
	}
	return err
}

// expectBatch wants a batch to pay or to carry an amount, or not to be there.
type expectBatch struct {
	which   which
	none    bool
	carries bool
	amount  string // of the currency that is paid, or carried
	status  settlement.Status
}

func (e *expectBatch) play(p *player) error {
	b, err := p.batch(e.which)
	if e.none {
		if err == nil {
			return fmt.Errorf("there is a %s: %s", e.which, b.ID)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if e.status != "" {
		if b.Status != e.status {
			return fmt.Errorf("%s is %s", e.which, b.Status)
		}
		return nil
	}
	w := &words{left: []string{e.amount}}
	c := b.PaidIn()
	if e.carries {
		c = b.Currency
	}
	want := w.figure(c)
	if w.err != nil {
		return w.err
	}
	carried := b.CarryOut.Neg()
	if e.carries && (b.AtClose != settlement.CarriedForward || carried != want) || !e.carries && (b.AtClose != settlement.Closed || b.Pays() != want) {
		return fmt.Errorf("%s is %s: it pays %s and carries %s", e.which, b.AtClose, b.PaidIn().Format(b.Pays()), b.Currency.Format(carried))
	}
	return nil
}

// expectStatus wants a resource to stand somewhere.
type expectStatus struct {
	kind, id string
	status   payment.Status
}

func (e *expectStatus) play(p *player) error {
	var found ledger.Record
	err := p.engine.Books().Read(p.ctx(), func(r ledger.Reader) error {
		for record, err := range r.Records(p.ctx(), e.kind, e.id, "") {
			if err != nil {
				return err
			}
			if record.Ref().ID == e.id {
				found = record
			}
			break
		}
		return nil
	})
	if err != nil {
		return err
	}
	var status payment.Status
	switch r := found.(type) {
	case *payment.Deposit:
		status = r.Status
	case *payment.Refund:
		status = r.Status
	case *payment.Dispute:
		status = r.Status
	case *payment.Payout:
		status = r.Status
	default:
		return fmt.Errorf("there is no %s %s", e.kind, e.id)
	}
	if status != e.status {
		return fmt.Errorf("%s %s is %s", e.kind, e.id, status)
	}
	return nil
}

// showBalances prints what each merchant has.
type showBalances struct{}

func (showBalances) play(p *player) error { return p.printBalances() }

// showTrial prints the trial balance.
type showTrial struct{}

func (showTrial) play(p *player) error { return p.printTrial() }
