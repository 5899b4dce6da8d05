package settlement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Conversion is what becomes of the net of a batch that is paid in another currency. The
// quote it was made at is kept with it for ever.
type Conversion struct {
	Target money.Currency `json:"target"`
	Region string         `json:"region"`          // in which the target is paid
	Waits  HoldReason     `json:"waits,omitempty"` // why it is not made yet; empty: it is

	At time.Time `json:"at,omitzero"` // the quote was in force then: the batch's watermark, or later where there was none yet
	// Quote is the one it was made at; where it waited, and was never made because the net
	// would have bought nothing, that at which it would have.
	Quote *payment.Quote `json:"quote,omitempty"`
	payment.Converted
	Lane uint16 `json:"lane,omitzero"` // of the entry that sells the net
	Seq  uint64 `json:"seq,omitzero"`
}

// made tells whether the net has been turned into the target.
func (f *Conversion) made() bool { return f != nil && f.Waits == "" }

// waits tells whether it is still to be.
func (f *Conversion) waits() bool { return f != nil && f.Waits != "" }

// onlyWaits tells whether nothing holds the batch but the lack of a quote.
func (b *Batch) onlyWaits() bool {
	return b.FX.waits() && b.Status == Held && b.Hold != nil && b.Hold.Reason == b.FX.Waits
}

// BuysNothing tells whether the rules have given the batch up, because it is less than one
// minor unit of what would be paid at the quote that came for it: FX.Quote.
func (b *Batch) BuysNothing() bool { return b.FX.waits() && b.FX.Quote != nil }

// Converted tells whether the net of the batch was turned into another currency.
func (b *Batch) Converted() bool { return b.FX.made() }

// PaidIn is the currency of what stands on the batch's account, and of what is paid: its
// own, or the one that its net was turned into.
func (b *Batch) PaidIn() money.Currency {
	if b.FX.made() {
		return b.FX.Target
	}
	return b.Currency
}

// Pays is what is paid, in minor units of the currency it is paid in.
func (b *Batch) Pays() money.Amount {
	if b.FX.made() {
		return b.FX.Got
	}
	return b.Net
}

// paying is the batch as whatever happens to it after the conversion sees it: its net is
// what is paid.
func (b *Batch) paying() *Batch {
	if !b.FX.made() {
		return b
	}
	seen := *b
	seen.Net, seen.Currency, seen.FX = b.FX.Got, b.FX.Target, nil
	return &seen
}

// divide splits what the batch pays into parts of at most a limit, which stand as it does.
func (b *Batch) divide(limit money.Amount) (err error) {
	b.Parts = nil
	if b.FX.waits() { // how much that is, nobody knows
		return nil
	}
	if b.Parts, err = split(b.Pays(), limit); err != nil || b.Status != Held {
		return err
	}
	for i := range b.Parts {
		b.Parts[i].Status = Held
	}
	return nil
}

// PaidFrom is the region that a batch is paid from.
func (b *Batch) PaidFrom() string {
	if b.FX != nil {
		return b.FX.Region
	}
	return b.Region
}

// checkFX proves the equation in the target currency: what the net became at the quote,
// all of it paid.
func (b *Batch) checkFX() error {
	f := b.FX
	if b.BuysNothing() {
		if got, err := f.Quote.Convert(b.Currency, b.Net, f.Target); b.Status != Canceled || !errors.Is(err, payment.ErrQuote) {
			return fmt.Errorf("%w: batch %s is %s because %s %s buy nothing at quote %s, which gives %s %s", ErrEquation, b.ID, b.Status,
				b.Currency, b.Currency.Format(b.Net), f.Quote.ID, f.Target, f.Target.Format(got.Got))
		}
		return nil
	}
	if !f.made() {
		return nil
	}
	if f.Quote == nil || f.Target == b.Currency {
		return fmt.Errorf("%w: batch %s is turned from %s into %s without a quote", ErrEquation, b.ID, b.Currency, f.Target)
	}
	want, err := f.Quote.Convert(b.Currency, b.Net, f.Target)
	if err != nil {
		return fmt.Errorf("%w: batch %s: %w", ErrEquation, b.ID, err)
	}
	if want != f.Converted || f.At.Before(f.Quote.QuotedAt) || f.At.After(f.Quote.ValidUntil) {
		return fmt.Errorf("%w: batch %s: %s %s are %+v at quote %s, it says %+v as of %s", ErrEquation, b.ID,
			b.Currency, b.Currency.Format(b.Net), want, f.Quote.ID, f.Converted, f.At.UTC().Format(time.RFC3339))
	}
	return nil
}

// price is what a quote source says of a batch: a quote, or why there is none.
type price struct {
	quote *payment.Quote
	waits HoldReason
	why   string // for people
}

// priced asks what the net of a batch is worth at an instant: never a quote that was
// given later, nor one that is older than the terms allow.
func priced(ctx context.Context, quotes Quotes, terms *merchant.FXTerms, c, target money.Currency, at time.Time) (price, error) {
	var q *Quote
	if quotes != nil {
		var err error
		if q, err = quotes.Quote(ctx, c, target, at); err != nil {
			return price{}, fmt.Errorf("quote of %s in %s: %w", c, target, err)
		}
	}
	instant := at.UTC().Format(time.RFC3339)
	switch {
	case q == nil || q.At.After(at):
		return price{waits: HoldNoQuote, why: fmt.Sprintf("no quote of %s in %s by %s", c, target, instant)}, nil
	case q.unfit(c, target) != "":
		return price{waits: HoldNoQuote, why: fmt.Sprintf("quote %q: %s", q.ID, q.unfit(c, target))}, nil
	case !q.InForce(at):
		return price{waits: HoldStaleQuote, why: fmt.Sprintf("quote %s of %s in %s was valid until %s", q.ID, c, target, q.ValidUntil.UTC().Format(time.RFC3339))}, nil
	case at.Sub(q.At) > terms.MaxAge:
		return price{waits: HoldStaleQuote, why: fmt.Sprintf("quote %s of %s in %s was given at %s, more than %s before", q.ID, c, target, q.At.UTC().Format(time.RFC3339), terms.MaxAge)}, nil
	}
	on, err := q.on(terms)
	if err != nil {
		return price{waits: HoldNoQuote, why: fmt.Sprintf("quote %s: %v", q.ID, err)}, nil
	}
	return price{quote: &on}, nil
}

// of tells what an amount becomes, or that it waits all the same: at that quote it would be
// nothing, or too much to be booked.
func (p *price) of(c money.Currency, amount money.Amount, target money.Currency) (payment.Converted, bool) {
	made, err := p.quote.Convert(c, amount, target)
	if err != nil {
		*p = price{waits: HoldNoQuote, why: fmt.Sprintf("quote %s: %v", p.quote.ID, err)}
	}
	return made, err == nil
}

// exchanging is how a batch that is being closed becomes another currency.
type exchanging struct {
	target money.Currency
	region *merchant.Region // of the target
	price
}

// exchanges gives how a target becomes another currency as of its watermark; nil: it does
// not. What comes back of it is settled in that currency, so it needs a schedule there.
func (c *Closer) exchanges(ctx context.Context, s *merchant.Schedule, m *payment.Merchant, t *Target, at time.Time) (*exchanging, error) {
	target, ok := s.FX.Converts(t.Currency, m.TermsAt(at.Add(-time.Microsecond)))
	if !ok {
		return nil, nil
	}
	region, err := c.Book.Region(&m.Merchant, target)
	if err != nil {
		return nil, err
	}
	back := merchant.Scope{Merchant: m.ID, Region: region.ID, Currency: target}
	if _, err := c.Book.Schedule(back, at); err != nil {
		return nil, fmt.Errorf("%s is paid in %s, and what comes back of it is settled by none: %w", t.Currency, target, err)
	}
	price, err := priced(ctx, c.Quotes, s.FX, t.Currency, target, at)
	return &exchanging{target: target, region: region, price: price}, err
}

// buys tells whether an amount comes to at least one minor unit of what is paid, as far
// as that is known.
func (x *exchanging) buys(c money.Currency, amount money.Amount) bool {
	if x == nil || x.quote == nil || amount.Sign() <= 0 {
		return true
	}
	_, err := x.quote.Convert(c, amount, x.target)
	return !errors.Is(err, payment.ErrQuote)
}

// needFX asks for what the conversion touches.
func (b *Batch) needFX(n *ledger.Need, target money.Currency) {
	for _, id := range []ledger.AccountID{
		{Path: payment.SettlementPath(b.ID), Currency: b.Currency}, {Path: payment.FXPath(b.Currency), Currency: b.Currency},
		{Path: payment.FXPath(target), Currency: target}, {Path: payment.SettlementPath(b.ID), Currency: target},
		{Path: payment.FXSpreadPath, Currency: target},
	} {
		n.Account(id)
	}
	n.Key(b.key("sold"))
	n.Key(b.key("bought"))
}

// exchange turns the net of the batch that is being closed into the target, or notes
// that it waits for a quote.
func (c *closing) exchange(s *ledger.State) error {
	b := &c.batch
	if c.fx == nil || b.Net.IsZero() {
		return nil
	}
	b.Bank, b.FX = c.fx.region.Bank, &Conversion{Target: c.fx.target, Region: c.fx.region.ID}
	if c.price = c.fx.price; c.price.quote != nil {
		if made, ok := c.price.of(b.Currency, b.Net, b.FX.Target); ok {
			return b.convert(s, c.price.quote, made, b.Watermark.Before)
		}
	}
	b.FX.Waits = c.price.waits
	s.Put(&Unconverted{Batch: b.ID})
	return nil
}

// convert sells the batch's net for what it becomes at a quote that is in force at an
// instant. That takes one line more.
func (b *Batch) convert(s *ledger.State, quote *payment.Quote, becomes payment.Converted, at time.Time) error {
	f := *b.FX
	own := payment.SettlementPath(b.ID)
	sold, err := b.book(s, at, payment.EntryBatchSold, "sold", "",
		ledger.Dr(own, b.Net, b.Currency), ledger.Cr(payment.FXPath(b.Currency), b.Net, b.Currency))
	if err != nil {
		return err
	}
	bought := []ledger.Posting{ledger.Dr(payment.FXPath(f.Target), becomes.Worth, f.Target), ledger.Cr(own, becomes.Got, f.Target)}
	if !becomes.Spread.IsZero() {
		bought = append(bought, ledger.Cr(payment.FXSpreadPath, becomes.Spread, f.Target))
	}
	if _, err := b.book(s, at, payment.EntryBatchBought, "bought", b.key("sold"), bought...); err != nil {
		return err
	}
	f.Waits, f.At, f.Quote, f.Converted, f.Lane, f.Seq = "", at, quote, becomes, sold.Lane, sold.Seq
	b.FX = &f
	b.Lines++
	return nil
}

// book books an entry of the conversion. That of the close bears its date.
func (b *Batch) book(s *ledger.State, at time.Time, kind, step, partOf string, postings ...ledger.Posting) (ledger.Result, error) {
	on := b.Window.BusinessDate
	if at.After(b.Watermark.Before) {
		on = payment.DateUTC(at)
	}
	return s.Book(ledger.Entry{
		Key: b.key(step), Kind: kind, Reference: b.ID, PartOf: partOf, ValueDate: on, Postings: postings, Owner: Owner, OrFirstOpen: true,
	})
}

// fxOut is the line that takes the net out of the batch's own currency.
func (b *Batch) fxOut() lateItem {
	return lateItem{item: &payment.Item{
		Merchant: b.Merchant, Currency: b.Currency, Window: b.Window, Lane: b.FX.Lane, Seq: b.FX.Seq, Entry: b.key("sold"),
		BookedAt: b.FX.At, OccurredAt: b.FX.At, Category: payment.CategoryExchange, Type: payment.TypeFXOut, SourceID: b.ID,
		ParentID: b.FX.Quote.ID, Gross: b.Net.Neg(), Net: b.Net.Neg(),
	}}
}

// Unconverted names a batch whose net waits for a quote.
type Unconverted struct {
	Batch string `json:"batch"`
}

// Ref makes Unconverted a ledger.Record.
func (u *Unconverted) Ref() ledger.Ref { return ledger.Ref{Kind: UnconvertedRecord, ID: u.Batch} }
