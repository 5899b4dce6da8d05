package storetest

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func (p *lanePair) key() string {
	if len(p.keys) > 0 && rapid.IntRange(0, 9).Draw(p.T, "taken key") == 0 {
		return rapid.SampledFrom(p.keys).Draw(p.T, "key")
	}
	p.number++
	p.keys = append(p.keys, fmt.Sprintf("k%d", p.number))
	return p.keys[len(p.keys)-1]
}

func (p *lanePair) hold() string {
	return rapid.SampledFrom(append([]string{"nobody's"}, p.holds...)).Draw(p.T, "hold")
}

func (p *lanePair) postings() []ledger.Posting {
	debit := rapid.SampledFrom(laneAccounts()).Draw(p.T, "debit")
	credit := rapid.SampledFrom(laneAccounts()).Filter(func(s string) bool { return s != debit }).Draw(p.T, "credit")
	amount := money.Minor(rapid.Int64Range(1, 400).Draw(p.T, "amount"))
	return []ledger.Posting{ledger.Dr(debit, amount, laneCurrency()), ledger.Cr(credit, amount, laneCurrency())}
}

func (p *lanePair) request() ledger.Request {
	switch rapid.IntRange(0, 11).Draw(p.T, "request") {
	case 0, 1:
		h := ledger.Hold{Key: p.key(), Kind: "hold", Postings: p.postings()}
		if rapid.Bool().Draw(p.T, "expires") {
			h.Expires = p.clock.now.Add(time.Hour)
		}
		p.holds = append(p.holds, h.Key)
		return h
	case 2:
		return ledger.Capture{Key: p.key(), Hold: p.hold(), Kind: "capture", All: true}
	case 3:
		return ledger.Release{Key: p.key(), Hold: p.hold()}
	case 4:
		of := rapid.SampledFrom(append([]string{"nobody's"}, p.keys...)).Draw(p.T, "reverses")
		return ledger.Reversal{Key: p.key(), Of: of, Kind: "reversal", All: true, ValueDate: calendar.DateOf(p.clock.now, time.UTC)}
	case 5:
		return p.change()
	case 6:
		through := calendar.DateOf(p.clock.now, time.UTC).AddDays(rapid.IntRange(-5, 0).Draw(p.T, "days"))
		return ledger.PeriodChange{Key: p.key(), Reopen: rapid.Bool().Draw(p.T, "reopen"), Through: through}
	case 7:
		account := rapid.SampledFrom(laneAccounts()).Draw(p.T, "asserted")
		return ledger.Assertion{Account: account, Currency: laneCurrency(), Amount: money.Minor(rapid.Int64Range(0, 2).Draw(p.T, "stands at"))}
	}
	kind := rapid.SampledFrom([]string{"sale", "chargeback"}).Draw(p.T, "kind")
	e := ledger.Entry{Key: p.key(), Kind: kind, Reference: rapid.SampledFrom([]string{"", "r1"}).Draw(p.T, "reference"), Postings: p.postings()}
	if rapid.IntRange(0, 3).Draw(p.T, "dated") == 0 {
		e.ValueDate = calendar.DateOf(p.clock.now, time.UTC).AddDays(rapid.IntRange(-4, 1).Draw(p.T, "value date"))
		e.OrFirstOpen = rapid.Bool().Draw(p.T, "or first open")
	}
	return e
}

func (p *lanePair) change() ledger.Request {
	c := ledger.AccountChange{Key: p.key(), Account: rapid.SampledFrom(laneAccounts()).Draw(p.T, "changed"), Currency: laneCurrency()}
	switch rapid.IntRange(0, 4).Draw(p.T, "change") {
	case 0:
		c.Limits = &ledger.Limits{Limited: true, Floor: money.Minor(-rapid.Int64Range(0, 500).Draw(p.T, "floor"))}
	case 1:
		c.Limits = &ledger.Limits{}
	case 2:
		c.Limits = &ledger.Limits{Velocity: []ledger.Velocity{{Per: ledger.Day, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(2)}}}
	case 3:
		c.Status = rapid.SampledFrom([]ledger.Status{ledger.Open, ledger.NoDebit, ledger.Frozen, ledger.AccountClosed}).Draw(p.T, "status")
	default:
		c.Metadata = []ledger.Attribute{{Name: "n", Value: c.Key}}
	}
	return c
}
