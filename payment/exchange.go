package payment

import (
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// ErrQuote marks a quote that no money can be exchanged at: it is incomplete,
// stale, not given yet, or gives the merchant more than the money is worth.
var ErrQuote = errors.New("quote cannot be used")

// A Quote is the price of one currency in another, as a source gave it for a
// while. A rate is how much of the bought currency one of the sold one is, both in
// major units.
type Quote struct {
	ID         string     `json:"id"`     // as the source calls it
	Source     string     `json:"source"` // who gave it
	Mid        money.Rate `json:"mid"`    // what the money is worth
	Client     money.Rate `json:"client"` // what the merchant gets, no more than that
	QuotedAt   time.Time  `json:"quoted_at"`
	ValidUntil time.Time  `json:"valid_until"` // the last instant it can be used at
}

// Exchange is the command that turns available money of a merchant into another
// currency, at a quote. What the money is worth at the mid rate is rounded half to
// even, what the merchant gets is rounded down, and the spread is the difference,
// so that nothing is left over. What is sold must be available.
//
// Errors: ErrQuote, ErrConflict (the id was used for another exchange),
// ErrUnknownMerchant, ErrInactive (the merchant is suspended or closed), ErrTooLarge,
// ledger.ErrInsufficientFunds, what money, merchant and calendar report.
type Exchange struct {
	Rules        *Rules
	ID           string // of the exchange; telling it again does nothing
	Merchant     string
	Sold, Bought money.Currency
	Amount       money.Amount // minor units of Sold
	Quote        Quote
	Actor        string    // who decided it
	Instant      time.Time // to book under, UTC
	Repeated     bool
	Late         bool // a movement came after the watermark of its window
}

// Exchanged is an exchange of a merchant's money as stored. Amounts are minor units.
type Exchanged struct {
	ID       string         `json:"id"`
	At       time.Time      `json:"at"`
	Merchant string         `json:"merchant"`
	Sold     money.Currency `json:"sold"`
	Bought   money.Currency `json:"bought"`
	Amount   money.Amount   `json:"amount"` // of Sold
	Worth    money.Amount   `json:"worth"`  // of Bought, at the mid rate
	Got      money.Amount   `json:"got"`    // of Bought, by the merchant
	Spread   money.Amount   `json:"spread"` // of Bought, our income
	Quote    Quote          `json:"quote"`
	Actor    string         `json:"actor,omitempty"`
}

// Ref makes Exchanged a ledger.Record.
func (x *Exchanged) Ref() ledger.Ref { return ExchangeRef(x.ID) }

// ExchangeRef names the record of an exchange.
func ExchangeRef(id string) ledger.Ref { return ledger.Ref{Kind: ExchangeRecord, ID: id} }

// At implements ledger.Command.
func (x *Exchange) At() time.Time { return x.Instant }

// Need implements ledger.Command.
func (x *Exchange) Need(s *ledger.State, n *ledger.Need) {
	if x.validate() != nil {
		return
	}
	n.Record(ExchangeRef(x.ID))
	n.Record(MerchantRef(x.Merchant))
	n.Explore(func() {
		if p, err := x.plan(s); err == nil {
			p.need(n)
		}
	})
}

// Apply implements ledger.Command.
func (x *Exchange) Apply(s *ledger.State) error {
	p, err := x.plan(s)
	if err != nil {
		return fmt.Errorf("exchange %s: %w", MaskCards(x.ID), err)
	}
	x.Late = false
	if x.Repeated = p.repeated; p.repeated {
		return nil
	}
	x.Late, err = p.carryOut(s)
	return err
}

func (x *Exchange) plan(s *ledger.State) (*plan, error) {
	after, err := x.price()
	if err != nil {
		return nil, err
	}
	p := &plan{state: s, rules: x.Rules}
	if known := take[Exchanged](s, ExchangeRecord, x.ID); known != nil {
		p.repeated = true
		return p, known.same(after)
	}
	if err := x.fresh(); err != nil {
		return nil, err
	}
	p.records = append(p.records, after)
	if err := p.sell(after); err != nil {
		return nil, err
	}
	err = p.buy(after)
	return p, err
}

// price computes the exchange.
func (x *Exchange) price() (*Exchanged, error) {
	if err := x.validate(); err != nil {
		return nil, err
	}
	after := &Exchanged{
		ID: x.ID, At: micros(x.Instant), Merchant: x.Merchant, Sold: x.Sold, Bought: x.Bought, Amount: x.Amount, Quote: x.Quote, Actor: x.Actor,
	}
	after.Quote.QuotedAt, after.Quote.ValidUntil = micros(x.Quote.QuotedAt), micros(x.Quote.ValidUntil)
	c, err := x.Quote.Convert(x.Sold, x.Amount, x.Bought)
	after.Worth, after.Got, after.Spread = c.Worth, c.Got, c.Spread
	return after, err
}

func micros(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// validate reports the first fault the exchange has by itself.
func (x *Exchange) validate() error {
	q := &x.Quote
	switch {
	case checkID(x.ID) != nil:
		return checkID(x.ID)
	case x.Merchant == "":
		return errors.New("merchant is missing")
	case x.Sold.IsZero() || x.Bought.IsZero() || x.Sold == x.Bought:
		return fmt.Errorf("cannot turn %q into %q", x.Sold, x.Bought)
	case x.Amount.Sign() <= 0:
		return fmt.Errorf("amount %s is not above 0", x.Sold.Format(x.Amount))
	case q.check() != nil:
		return q.check()
	}
	if err := checkAmount(x.Sold, x.Amount); err != nil {
		return &FieldError{FieldAmount, err}
	}
	for _, text := range []string{q.ID, q.Source} {
		if err := checkText(text); err != nil {
			return err
		}
	}
	if err := checkActor(x.Actor); err != nil {
		return &FieldError{FieldActor, err}
	}
	return nil
}

// fresh refuses a quote that is not valid at the instant of the exchange.
func (x *Exchange) fresh() error {
	q := &x.Quote
	switch at := x.Instant; {
	case at.Before(q.QuotedAt):
		return fmt.Errorf("%w: quote %s was given at %s, after %s", ErrQuote, q.ID, q.QuotedAt.UTC().Format(timeFormat), at.Format(timeFormat))
	case at.After(q.ValidUntil):
		return fmt.Errorf("%w: quote %s was valid until %s, it is %s", ErrQuote, q.ID, q.ValidUntil.UTC().Format(timeFormat), at.Format(timeFormat))
	}
	return nil
}

// leg begins one currency's part of an exchange.
func (p *plan) leg(x *Exchanged, c money.Currency) error {
	p.event = &Event{ID: x.ID, OccurredAt: x.At, Merchant: x.Merchant, Currency: c, RailRef: x.Quote.ID, Actor: x.Actor}
	return p.locate(x.Merchant, false)
}

// sell takes what is sold out of what is available, what matures by then with it.
func (p *plan) sell(x *Exchanged) error {
	if err := p.leg(x, x.Sold); err != nil {
		return err
	}
	if m, status, since := p.stood(); m != nil && (status == Suspended || status == Closed) {
		return inactive(m, status, since)
	}
	_, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return err
	}
	if err := p.mature(calendar.DateOf(x.At, schedule.Timing.Zone)); err != nil {
		return err
	}
	if err := p.spends(x.Amount, x.key("sold")); err != nil {
		return err
	}
	sold := p.post(EntrySold, "sold", -1, p.dr(AvailablePath(x.Merchant), x.Amount), p.cr(fxPath(x.Sold), x.Amount))
	p.entries[sold].Key = x.key("sold")
	return p.move(sold, CategoryExchange, ExchangeRecord, &Facts{ID: x.ID}, Item{Gross: x.Amount.Neg()})
}

// buy makes what is bought available, and the spread ours.
func (p *plan) buy(x *Exchanged) error {
	if err := p.leg(x, x.Bought); err != nil {
		return err
	}
	bought := p.post(EntryBought, "bought", -1,
		p.dr(fxPath(x.Bought), x.Worth), p.cr(AvailablePath(x.Merchant), x.Got), p.cr(fxSpread, x.Spread))
	p.entries[bought].Key, p.entries[bought].PartOf = x.key("bought"), x.key("sold")
	return p.move(bought, CategoryExchange, ExchangeRecord, &Facts{ID: x.ID}, Item{Gross: x.Got})
}

func (x *Exchanged) key(step string) string { return ExchangeRecord + "/" + x.ID + "/" + step }

// same tells whether an exchange repeats this one, whenever it is told; else the
// error names the first difference.
func (x *Exchanged) same(now *Exchanged) error {
	for _, c := range []struct{ name, was, now string }{
		{"merchant", x.Merchant, now.Merchant}, {"sold currency", x.Sold.String(), now.Sold.String()},
		{"bought currency", x.Bought.String(), now.Bought.String()}, {"amount", x.Sold.Format(x.Amount), now.Sold.Format(now.Amount)},
		{"quote", x.Quote.ID, now.Quote.ID}, {"source", x.Quote.Source, now.Quote.Source},
		{"mid rate", x.Quote.Mid.String(), now.Quote.Mid.String()}, {"client rate", x.Quote.Client.String(), now.Quote.Client.String()},
		{"time of the quote", x.Quote.QuotedAt.Format(time.RFC3339Nano), now.Quote.QuotedAt.Format(time.RFC3339Nano)},
		{"end of the quote", x.Quote.ValidUntil.Format(time.RFC3339Nano), now.Quote.ValidUntil.Format(time.RFC3339Nano)},
		{"actor", x.Actor, now.Actor},
	} {
		if c.was != c.now {
			return fmt.Errorf("%s %w: was %q, is now %q", c.name, ErrConflict, c.was, c.now)
		}
	}
	return nil
}
