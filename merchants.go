package settlex

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// DecideMerchant creates a merchant, changes its terms, suspends, resumes or begins
// to close it, and gives it as it stands afterwards. Errors: those of
// payment.MerchantDecision, and payment.ErrRegionFixed for a merchant who has been
// paid and should go to another region.
func (e *Engine) DecideMerchant(ctx context.Context, d payment.MerchantDecision) (m payment.Merchant, err error) {
	err = e.books.Write(ctx, func(tx ledger.Tx) error {
		m, err = e.DecideMerchantTx(ctx, tx, d)
		return err
	})
	return m, err
}

// DecideMerchantTx is DecideMerchant in a transaction of the host's.
func (e *Engine) DecideMerchantTx(ctx context.Context, tx ledger.Tx, d payment.MerchantDecision) (payment.Merchant, error) {
	d.Rules = e.rules
	if d.Act == payment.MerchantFinish {
		return payment.Merchant{}, fmt.Errorf("%s %s: CloseOut finds that out", d.Act, d.ID)
	}
	if d.Act == payment.MerchantChange {
		if err := e.staysIn(ctx, tx, &d); err != nil {
			return payment.Merchant{}, fmt.Errorf("%s merchant: %w", d.Act, err)
		}
	}
	errs, err := e.books.DoTx(ctx, tx, &d)
	if err = errors.Join(append(errs, err)...); err != nil {
		return payment.Merchant{}, fmt.Errorf("%s merchant: %w", d.Act, err)
	}
	return d.Merchant, nil
}

// staysIn refuses to move a merchant who has been paid to another region. While the
// merchant's record is locked, nothing is booked for it.
func (e *Engine) staysIn(ctx context.Context, tx ledger.Tx, d *payment.MerchantDecision) error {
	if err := tx.Lock(ctx, payment.MerchantRef(d.ID)); err != nil {
		return err
	}
	m, ok, err := merchantIn(ctx, tx, d.ID)
	if err != nil || !ok || m.Region == d.Terms.Region {
		return err
	}
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, tx, payment.PositionRecord, d.ID+"/") {
		if err != nil {
			return err
		}
		return fmt.Errorf("%s %w: %q, where it has money in %s", d.ID, payment.ErrRegionFixed, m.Region, p.Currency)
	}
	return nil
}

// Merchant gives a merchant as it stands; ok is false when there is none.
func (e *Engine) Merchant(ctx context.Context, id string) (m payment.Merchant, ok bool, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		m, ok, err = merchantIn(ctx, r, id)
		return err
	})
	return m, ok, err
}

func merchantIn(ctx context.Context, r ledger.Reader, id string) (payment.Merchant, bool, error) {
	for m, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, id) {
		if err != nil {
			return payment.Merchant{}, false, err
		}
		return *m, m.ID == id, nil // the exact id is the first with this prefix
	}
	return payment.Merchant{}, false, nil
}

// Merchants lists all merchants, by id.
func (e *Engine) Merchants(ctx context.Context) (all []payment.Merchant, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all = nil
		for m, err := range ledger.RecordsOf[*payment.Merchant](ctx, r, payment.MerchantRecord, "") {
			if err != nil {
				return err
			}
			all = append(all, *m)
		}
		return nil
	})
	return all, err
}

// Owing is one thing that stands between a merchant and the platform.
type Owing struct {
	What     string // an account ("available", "reserve/rolling"), or what is on its way: "batch set_...", "payout p1", "dispute c1"
	Currency money.Currency
	Amount   money.Amount // minor units; what the platform owes the merchant, or for what is open may come to owe; negative: the merchant owes it
}

// Owed lists what is owed either way, now or by what is not decided yet: balances,
// batches and payouts that have not arrived, refunds nobody has confirmed and
// disputes that are open. Ordered by currency, then by what it is; none: the
// merchant is settled up.
func (e *Engine) Owed(ctx context.Context, merchant string) (owed []Owing, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		owed, err = owedIn(ctx, r, merchant)
		return err
	})
	return owed, err
}

func owedIn(ctx context.Context, r ledger.Reader, merchant string) ([]Owing, error) {
	var owed []Owing
	for account, err := range r.Accounts(ctx, "merchants/"+merchant+"/") {
		if err != nil {
			return nil, err
		}
		_, part, _ := payment.MerchantOf(account.Path)
		credit, err := account.Net(ledger.Credit)
		if err != nil {
			return nil, err
		}
		if !credit.IsZero() {
			owed = append(owed, Owing{part, account.Currency, credit})
		}
	}
	underWay, err := underWayIn(ctx, r, merchant)
	owed = append(owed, underWay...)
	slices.SortFunc(owed, func(a, b Owing) int { return cmp.Or(a.Currency.Compare(b.Currency), cmp.Compare(a.What, b.What)) })
	return owed, err
}

// underWayIn lists what is on its way to a merchant, or still open about one.
func underWayIn(ctx context.Context, r ledger.Reader, merchant string) (owed []Owing, err error) {
	add := func(of string, open bool, ref ledger.Ref, c money.Currency, amount money.Amount) {
		if of == merchant && open {
			owed = append(owed, Owing{ref.Kind + " " + ref.ID, c, amount})
		}
	}
	for b, err := range ledger.RecordsOf[*settlement.Batch](ctx, r, settlement.BatchRecord, "") {
		if err != nil {
			return nil, err
		}
		add(b.Merchant, !b.Owed().IsZero() || !b.Sent().IsZero(), b.Ref(), b.Currency, b.Net) // else it is over, or its net is in another
	}
	for p, err := range ledger.RecordsOf[*payment.Payout](ctx, r, payment.PayoutRecord, "") {
		if err != nil {
			return nil, err
		}
		open := p.Status != payment.Completed && p.Status != payment.Failed && p.Status != payment.Returned &&
			p.Status != payment.Canceled && p.Status != payment.Rejected
		add(p.Merchant, open, p.Ref(), p.Currency, p.Amount)
	}
	for f, err := range ledger.RecordsOf[*payment.Refund](ctx, r, payment.RefundRecord, "") {
		if err != nil {
			return nil, err
		}
		add(f.Merchant, f.Status == payment.Pending || f.Status == payment.Unknown, f.Ref(), f.Currency, f.Amount)
	}
	for d, err := range ledger.RecordsOf[*payment.Dispute](ctx, r, payment.DisputeRecord, "") {
		if err != nil {
			return nil, err
		}
		add(d.Merchant, d.Status == payment.NeedsResponse || d.Status == payment.UnderReview, d.Ref(), d.Currency, d.Amount)
	}
	return owed, nil
}

// CloseOut closes the merchants who are closing and to whom nothing is owed any
// more, nor do they owe anything, and gives their ids. Running it again does
// nothing; it decides nothing about what is booked.
func (e *Engine) CloseOut(ctx context.Context) (closed []string, err error) {
	all, err := e.Merchants(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		if m.Status != payment.Closing {
			continue
		}
		if owed, err := e.Owed(ctx, m.ID); err != nil || len(owed) > 0 {
			if err != nil {
				return closed, err
			}
			continue
		}
		err := e.books.Write(ctx, func(tx ledger.Tx) error { return e.CloseOutTx(ctx, tx, m.ID) })
		if errors.Is(err, payment.ErrOwed) || errors.Is(err, payment.ErrTransition) { // something came in between
			continue
		}
		if err != nil {
			return closed, err
		}
		closed = append(closed, m.ID)
	}
	return closed, nil
}

// CloseOutTx closes one merchant who is closing, in a transaction of the host's.
// Errors: payment.ErrOwed with the first of what is owed either way,
// payment.ErrTransition when it is not closing, and payment.ErrUnknownMerchant.
func (e *Engine) CloseOutTx(ctx context.Context, tx ledger.Tx, merchant string) error {
	refs := []ledger.Ref{payment.MerchantRef(merchant)}
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, tx, payment.PositionRecord, merchant+"/") {
		if err != nil {
			return err
		}
		refs = append(refs, p.Ref())
	}
	if err := tx.Lock(ctx, refs...); err != nil {
		return err
	}
	owed, err := owedIn(ctx, tx, merchant)
	if err != nil {
		return err
	}
	if len(owed) > 0 {
		o := owed[0]
		return fmt.Errorf("close out: %s %w: %d things, the first %s %s %s", merchant, payment.ErrOwed, len(owed), o.What, o.Currency, o.Currency.Format(o.Amount))
	}
	d := &payment.MerchantDecision{
		Rules: e.rules, Act: payment.MerchantFinish, ID: merchant, Actor: "settlex", Reason: "nothing is owed either way",
	}
	errs, err := e.books.DoTx(ctx, tx, d)
	if err = errors.Join(append(errs, err)...); err != nil {
		return fmt.Errorf("close out: %w", err)
	}
	return nil
}
