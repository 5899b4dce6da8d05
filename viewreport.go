package settlex

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reconcile/report"
)

// BalanceReport says which balance and fees files to write.
type BalanceReport struct {
	Dir      string          // made where it is missing; required
	Formats  []report.Format // none: all
	From, To calendar.Date   // value dates, both inclusive; required
	Merchant string          // empty: all
}

// ReportBalances writes, for each currency, the balance and fees of a period, a row
// for each merchant, and the entries behind them. The files are named after the
// last date. What is booked later with a value date of the period is in the
// files that are written then.
func (e *Engine) ReportBalances(ctx context.Context, options BalanceReport) ([]report.Written, error) {
	if options.Dir == "" || options.From.IsZero() || options.To.Before(options.From) {
		return nil, errors.New("report of balances: a directory and two dates in order are needed")
	}
	if len(options.Formats) == 0 {
		options.Formats = report.Formats()
	}
	currencies, err := e.currencies(ctx)
	if err != nil {
		return nil, err
	}
	set, err := report.OpenSet(options.Dir)
	if err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		transits, err := transitsIn(ctx, r, options.Merchant, options.From, options.To)
		if err != nil {
			return err
		}
		for _, c := range currencies {
			if err := addBalances(ctx, r, set, &options, c, transits); err != nil {
				return fmt.Errorf("%s: %w", c, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("report of balances: %w", err), set.Close())
	}
	written, err := set.Commit()
	return written, errors.Join(err, set.Close())
}

// addBalances adds the two files of a currency.
func addBalances(ctx context.Context, r ledger.Reader, set *report.Set, o *BalanceReport, c money.Currency, transits map[holding]*transit) error {
	heads, err := r.Heads(ctx)
	if err != nil {
		return err
	}
	var last ledger.Position
	for _, h := range heads {
		at := make(ledger.Position, h.Lane+1)
		at[h.Lane] = h.Seq
		last = last.Union(at)
	}
	about := report.About{Merchant: o.Merchant, Currency: c, BusinessDate: o.To, Watermark: watermark(last)}
	if _, err := report.Add(set, report.BalanceSchema(), about, o.Formats, func(yield func(report.Balance, error) bool) {
		for merchant, err := range merchantsOf(ctx, r, o.Merchant, c, transits) {
			var v *View
			if err == nil {
				q := ViewQuery{Merchant: merchant, Currency: c, From: o.From, To: o.To}
				v, err = viewIn(ctx, r, q, q.transit(transits))
			}
			if err != nil {
				yield(report.Balance{}, err)
				return
			}
			if !yield(v.Row(), nil) {
				return
			}
		}
	}); err != nil {
		return err
	}
	_, err = report.Add(set, report.BalanceEntrySchema(), about, o.Formats, func(yield func(report.BalanceEntry, error) bool) {
		for merchant, err := range merchantsOf(ctx, r, o.Merchant, c, transits) {
			if err != nil {
				yield(report.BalanceEntry{}, err)
				return
			}
			q := ViewQuery{Merchant: merchant, Currency: c, From: o.From, To: o.To}
			for m, err := range ofView(ctx, r, q, q.transit(transits)) {
				if !yield(m.Row(&q), err) || err != nil {
					return
				}
			}
		}
	})
	return err
}

// merchantsOf yields one merchant, or each that has an account in a currency or a batch that is paid in it,
// in the order of their accounts.
func merchantsOf(ctx context.Context, r ledger.Reader, one string, c money.Currency, transits map[holding]*transit) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		prefix := "merchants/"
		if one != "" {
			prefix += one + "/"
		}
		last, paid := "", paidIn(c, transits)
		for account, err := range r.Accounts(ctx, prefix) {
			if err != nil {
				yield("", err)
				return
			}
			m, _, _ := payment.MerchantOf(account.Path)
			if account.Currency != c || m == last {
				continue
			}
			for last = m; len(paid) > 0 && byAccount(paid[0], m) < 0; paid = paid[1:] {
				if !yield(paid[0], nil) {
					return
				}
			}
			if len(paid) > 0 && paid[0] == m {
				paid = paid[1:]
			}
			if !yield(m, nil) {
				return
			}
		}
		for _, m := range paid {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// paidIn lists the merchants with batches or payouts in a currency.
func paidIn(c money.Currency, transits map[holding]*transit) (merchants []string) {
	for h := range transits {
		if h.currency == c {
			merchants = append(merchants, h.merchant)
		}
	}
	slices.SortFunc(merchants, byAccount)
	return merchants
}

// byAccount orders merchants as the paths of their accounts are ordered.
func byAccount(a, b string) int { return strings.Compare(a+"/", b+"/") }

// Row is the view as a row of the balance and fees report.
func (v *View) Row() report.Balance {
	row := report.Balance{
		Merchant: v.Merchant, From: v.From, To: v.To, Currency: v.Currency, Opening: v.Opening.row(), Closing: v.Closing.row(),
		Change: v.Change, Held: v.Held.Amount, Released: v.Released.Amount, Started: v.Started.Amount, Ended: v.Ended.Amount,
	}
	into := map[payment.Figure]*money.Amount{
		payment.FigurePayments: &row.Payments, payment.FigureRefunds: &row.Refunds, payment.FigureDisputes: &row.Disputes, payment.FigureFees: &row.Fees,
		payment.FigureTaxes: &row.Taxes, payment.FigureWithholding: &row.Withholding, payment.FigureSettlements: &row.Settlements,
		payment.FigurePayouts: &row.Payouts, payment.FigureAdjustments: &row.Adjustments, payment.FigureExchange: &row.Exchange,
		payment.FigureTopUps: &row.TopUps, payment.FigureOther: &row.Other,
	}
	for _, f := range v.Figures {
		*into[f.Figure] = f.Amount
	}
	return row
}

func (s *Standing) row() report.Standing {
	return report.Standing{
		Available: s.Available, Pending: s.Pending, Reserved: s.Reserved, Total: s.Total, InTransit: s.InTransit,
		Payouts: s.Payouts, Receivable: s.Receivable,
	}
}

// Row is the movement as a row of the entries behind the balance and fees report.
func (m *Movement) Row(q *ViewQuery) report.BalanceEntry {
	return report.BalanceEntry{
		Merchant: q.Merchant, Figure: string(m.Figure), EntryID: m.Entry, PartOf: m.PartOf, Type: m.Kind, Reference: m.Reference,
		ValueDate: m.ValueDate, CreatedAt: m.At, Currency: q.Currency, Amount: m.Amount,
	}
}
