package storetest

import (
	"slices"
	"sort"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func (s *scribe) change() ledger.AccountChange {
	c := ledger.AccountChange{Key: s.key(), Kind: draw(s.T, "kind", "", "order"), Reference: s.reference()}
	c.Account, c.Currency = s.account()
	if rarely(s.T, "unknown account", 30) {
		c.Account = nowhere
	}
	return c
}

func (s *scribe) limits() ledger.AccountChange {
	c := s.change()
	if opened := s.notebook.accounts(); len(opened) > 0 && !rarely(s.T, "any account", 4) {
		path, currency, _ := strings.Cut(draw(s.T, "opened", opened...), " ")
		c.Account, c.Currency = path, money.MustCurrency(currency)
	}
	l := ledger.Limits{Limited: draw(s.T, "limited", true, false), Capped: draw(s.T, "capped", false, true)}
	if l.Limited {
		l.Floor = money.Minor(draw[int64](s.T, "floor", 0, -1000, -6000, 500))
	}
	if l.Capped {
		l.Ceiling = money.Minor(draw[int64](s.T, "ceiling", 9000, 3000, 0))
	}
	for range draw(s.T, "speeds", 1, 0, 2, 3) {
		v := ledger.Velocity{
			Per: draw(s.T, "per", ledger.Hour, ledger.Day, ledger.Days30), Flow: draw(s.T, "flow", ledger.Out, ledger.In),
			Measure: ledger.Sum, Max: money.Minor(draw[int64](s.T, "most", 4000, 9000, 1000, 2000)),
		}
		if draw(s.T, "count", false, true) {
			v.Measure, v.Max = ledger.Count, money.Minor(draw[int64](s.T, "times", 1, 2, 4, 0))
		}
		if !slices.ContainsFunc(l.Velocity, func(o ledger.Velocity) bool { return o.Per == v.Per && o.Flow == v.Flow && o.Measure == v.Measure }) {
			l.Velocity = append(l.Velocity, v)
		}
	}
	c.Limits = &l
	return c
}

func (s *scribe) status() ledger.AccountChange {
	c := s.change()
	var other []string // accounts that are not open
	for _, account := range s.notebook.accounts() {
		if s.notebook.status(account) != "open" {
			other = append(other, account)
		}
	}
	c.Status = draw(s.T, "status", ledger.Open, ledger.NoDebit, ledger.Frozen)
	if len(other) > 0 && !rarely(s.T, "another one", 3) {
		path, currency, _ := strings.Cut(draw(s.T, "not open", other...), " ")
		c.Account, c.Currency, c.Status = path, money.MustCurrency(currency), ledger.Open
	}
	return c
}

func (s *scribe) closing(force bool) ledger.AccountChange {
	c := s.change()
	c.Status, c.Force = ledger.AccountClosed, force
	return c
}

func (s *scribe) note() ledger.AccountChange {
	c := s.change()
	if c.Metadata = s.metadata(); c.Metadata == nil {
		c.Metadata = []ledger.Attribute{}
	}
	return c
}

func (s *scribe) close() ledger.PeriodChange {
	return ledger.PeriodChange{Key: s.key(), Through: s.around(-6, 0), Reference: s.reference()}
}

func (s *scribe) reopen() ledger.PeriodChange {
	p := ledger.PeriodChange{Key: s.key(), Reopen: true, Kind: "order"}
	if draw(s.T, "through", true, false) {
		p.Through = s.around(-8, -1)
	}
	return p
}

func (s *scribe) order() ledger.Request {
	switch draw(s.T, "order", "status", "note", "closing", "close", "reopen") {
	case "status":
		return s.status()
	case "note":
		return s.note()
	case "closing":
		return s.closing(false)
	case "close":
		return s.close()
	}
	return s.reopen()
}

// brink takes an account as far as its rules allow, or one step further, by an
// entry or a hold.
func (s *scribe) brink() ledger.Request {
	bounded := slices.DeleteFunc(s.notebook.accounts(), func(account string) bool {
		r := s.notebook.ruling(account)
		return !r.limited && !r.capped && len(r.speeds) == 0
	})
	if len(bounded) == 0 {
		return s.limits()
	}
	r := row{account: draw(s.T, "bounded", bounded...), debit: draw(s.T, "debit it", true, false)}
	const far = 20000
	furthest := sort.Search(far, func(n int) bool {
		r.minor = int64(n) + 1
		return s.notebook.stops(r, s.notebook.next(s.clock)).reason != nil
	})
	amount := money.Minor(max(1, int64(furthest+draw(s.T, "further", 0, 1))))
	path, code, _ := strings.Cut(r.account, " ")
	debit, credit := path, draw(s.T, "other", vault, takings)
	if path == credit {
		credit = costs
	}
	if !r.debit {
		debit, credit = credit, debit
	}
	currency := money.MustCurrency(code)
	postings := []ledger.Posting{ledger.Dr(debit, amount, currency), ledger.Cr(credit, amount, currency)}
	if draw(s.T, "hold", false, true) {
		return ledger.Hold{Key: s.key(), Kind: "payout", Postings: postings}
	}
	return ledger.Entry{Key: s.key(), Kind: "payout", Postings: postings}
}
