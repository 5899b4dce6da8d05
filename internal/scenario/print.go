package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

// printf writes a line of output: it begins with blanks.
func (p *player) printf(format string, args ...any) {
	text := strings.TrimRight(fmt.Sprintf(format, args...), " ")
	p.out.WriteString("    " + text + "\n")
}

// row is a line in columns: what, debit, credit, balance.
func (p *player) row(what, debit, credit, balance string) {
	p.printf("%-44s %12s %12s %12s", what, debit, credit, balance)
}

// printEntries prints what was booked since it last did, each posting with the
// balance of its account behind it, on the account's normal side.
func (p *player) printEntries() error {
	return p.engine.Books().Read(p.ctx(), func(r ledger.Reader) error {
		first := true
		for e, err := range ledger.Journal(p.ctx(), r, ledger.Position{p.seq}) {
			if err != nil {
				return err
			}
			if !e.IsEntry() {
				continue
			}
			if first {
				p.row("", "debit", "credit", "balance")
			}
			first, p.seq = false, e.Seq
			if err := p.printEntry(e); err != nil {
				return err
			}
		}
		if first {
			p.printf("nothing is booked")
		}
		return nil
	})
}

func (p *player) printEntry(e *ledger.Booked) error {
	breach := ""
	if e.Breached {
		breach = ", below the floor"
	}
	p.printf("%s%s", e.Kind, breach)
	for _, posting := range e.Postings {
		balance, err := p.run(posting)
		if err != nil {
			return err
		}
		amount := posting.Currency.Format(posting.Amount)
		debit, credit := amount, ""
		if posting.Side == ledger.Credit {
			debit, credit = "", amount
		}
		p.row("  "+posting.Account, debit, credit, posting.Currency.Format(balance))
	}
	return nil
}

// run adds a posting to the running balance of its account.
func (p *player) run(posting ledger.Posting) (balance money.Amount, err error) {
	pattern, ok := p.engine.Books().Chart().Match(posting.Account)
	if !ok {
		return balance, fmt.Errorf("%w: %s", ledger.ErrUnknownAccount, posting.Account)
	}
	b := p.running[posting.ID()]
	side := &b.Debits
	if posting.Side == ledger.Credit {
		side = &b.Credits
	}
	if *side, err = side.Add(posting.Amount); err != nil {
		return balance, err
	}
	p.running[posting.ID()] = b
	return b.Net(pattern.Type.Normal())
}

// printBatch prints a batch and its lines.
func (p *player) printBatch(b *settlement.Batch) error {
	c := b.Currency
	window := b.Window.BusinessDate.String()
	if b.Window.Label != "" {
		window += " " + b.Window.Label
	}
	outcome := "pays " + c.Format(b.Net)
	switch {
	case b.AtClose == settlement.CarriedForward:
		outcome = "carries " + c.Format(b.CarryOut.Neg())
	case b.Converted():
		outcome = fmt.Sprintf("pays %s %s at %s, quote %s, for %s", b.PaidIn().Format(b.Pays()), b.PaidIn(), b.FX.Quote.Client, b.FX.Quote.ID, c.Format(b.Net))
	case b.BuysNothing():
		outcome = fmt.Sprintf("buys nothing at quote %s: puts back %s", b.FX.Quote.ID, c.Format(b.Net))
	case b.FX != nil:
		outcome = fmt.Sprintf("%s, %s: holds %s", b.Status, b.FX.Waits, c.Format(b.Net))
	}
	p.printf("batch of %s on %s, due %s: %s %s", b.Merchant, window, b.Window.SettlementDate, outcome, c)
	p.printf("  %-28s %10s %8s %8s %9s %10s", "", "gross", "fee", "tax", "reserve", "net")
	return p.engine.Books().Read(p.ctx(), func(r ledger.Reader) error {
		shares, err := settlement.SharesOf(p.ctx(), r, b)
		if err != nil {
			return err
		}
		for l, err := range settlement.Lines(p.ctx(), r, b.ID) {
			if err != nil {
				return err
			}
			what := l.Type
			if l.SourceID != b.ID {
				what += " " + l.SourceID
			}
			late := ""
			if l.Late {
				late = "  late: of " + l.Window.BusinessDate.String()
			}
			if share, converted, err := shares.Of(l); err != nil {
				return err
			} else if converted {
				late += "  = " + b.PaidIn().Format(share) + " " + b.PaidIn().String()
			}
			p.printf("  %-28s %10s %8s %8s %9s %10s%s", what,
				blank(c, l.Gross), blank(c, l.Fee), blank(c, l.Tax), blank(c, l.Reserve), c.Format(l.Net), late)
		}
		return nil
	})
}

// blank writes nothing for an amount of 0.
func blank(c money.Currency, a money.Amount) string {
	if a.IsZero() {
		return ""
	}
	return c.Format(a)
}

func (p *player) printBalances() error {
	balances, err := p.engine.Balances(p.ctx())
	if err != nil {
		return err
	}
	p.printf("%-16s %12s %12s %12s %12s %12s", "", "available", "pending", "reserved", "total", "in transit")
	for _, b := range balances {
		c := b.Currency
		p.printf("%-16s %12s %12s %12s %12s %12s", b.Merchant+" "+c.String(),
			c.Format(b.Available), c.Format(b.Pending), c.Format(b.Reserved), c.Format(b.Total), c.Format(b.InTransit))
	}
	return nil
}

func (p *player) printTrial() error {
	trial, err := p.engine.Books().TrialBalance(p.ctx())
	if err != nil {
		return err
	}
	p.row("", "debit", "credit", "")
	for _, row := range trial.Rows {
		c := row.Account.Currency
		if row.Debit == row.Credit {
			continue // nothing is left on it
		}
		p.row(row.Account.String(), blank(c, row.Debit), blank(c, row.Credit), "")
	}
	for _, c := range slices.SortedFunc(maps.Keys(trial.Totals), money.Currency.Compare) {
		total := trial.Totals[c]
		p.row("total "+c.String(), c.Format(total.Debit), c.Format(total.Credit), "")
	}
	return nil
}
