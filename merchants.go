package settlex

import (
	"context"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
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
		if open, err := e.owesAny(ctx, m.ID); err != nil || open {
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
