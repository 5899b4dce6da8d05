package settlex

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// ViewQuery says whose money a view is of, and of when. Dates are value dates,
// which are dates in UTC.
type ViewQuery struct {
	Merchant string         // required
	Currency money.Currency // required
	From     calendar.Date  // first value date of the period
	To       calendar.Date  // last one
}

// Standing is what stood on a merchant's accounts at the end of a value date, as
// far as it is booked now, in minor units.
type Standing struct {
	Available  money.Amount
	Pending    money.Amount
	Reserved   money.Amount
	Total      money.Amount // available + pending + reserved
	InTransit  money.Amount // in batches and payouts that are closed or requested, and neither paid nor put back; no part of the total
	Payouts    money.Amount // set aside for payouts that are requested and not sent, and for their fees
	Receivable money.Amount // owed by the merchant beside a negative available balance
	Net        money.Amount // total + payouts - receivable
}

// FigureSum is a figure of a period: the sum of what it has in single entries.
type FigureSum struct {
	Figure  payment.Figure
	Entries int
	Amount  money.Amount // positive in the merchant's favour
}

// View is a merchant's money in one currency: as it stands now, and what moved it
// in a period.
type View struct {
	ViewQuery
	Now     Balance
	Opening Standing // at the end of the day before From
	Closing Standing // at the end of To
	// Figures are all of payment.Figures, in that order. Together they are Change.
	Figures  []FigureSum
	Change   money.Amount // Closing.Net - Opening.Net
	Held     FigureSum    // what went into the reserves; with Released it is Closing.Reserved - Opening.Reserved
	Released FigureSum    // what came out of them, negative
	Started  FigureSum    // what came to be in transit; with Ended it is Closing.InTransit - Opening.InTransit
	Ended    FigureSum    // what was paid, put back or turned into another currency of it, negative
}

// The figures of reserves and of what is in transit. They are no part of a view's Change: what is held
// back stays the merchant's, and what is in transit has left the merchant's accounts.
const (
	FigureHeld           payment.Figure = "reserve_held"
	FigureReleased       payment.Figure = "reserve_released"
	FigureTransitStarted payment.Figure = "transit_started"
	FigureTransitEnded   payment.Figure = "transit_ended"
)

// The figures of the balances themselves: what an entry adds to one, which in a period comes to
// Closing less Opening. They are listed where they are asked for, and are no
// part of a view.
const (
	FigureAvailable payment.Figure = "available"
	FigurePending   payment.Figure = "pending"
	FigureReserved  payment.Figure = "reserved"
	FigureTotal     payment.Figure = "total" // of the three
	FigureInTransit payment.Figure = "in_transit"
)

// AccountFigures lists the figures of the balances themselves.
func AccountFigures() []payment.Figure {
	return []payment.Figure{FigureAvailable, FigurePending, FigureReserved, FigureTotal, FigureInTransit}
}

// ViewFigures lists all figures that a view has.
func ViewFigures() []payment.Figure { return append(payment.Figures(), besideFigures()...) }

// besideFigures are those of a view that are no part of its Change.
func besideFigures() []payment.Figure {
	return []payment.Figure{FigureHeld, FigureReleased, FigureTransitStarted, FigureTransitEnded}
}

// Movement is what one entry adds to one figure.
type Movement struct {
	Figure    payment.Figure
	Entry     string // its key, which begins with what it is about: deposit/d1/captured
	PartOf    string // key of the entry it hangs on; empty: it stands alone
	Kind      string
	Reference string
	ValueDate calendar.Date
	At        time.Time    // when it was booked
	Amount    money.Amount // positive in the merchant's favour; of reserves and of what is in transit, what it grows by
}

// ErrView marks a view whose figures are not what the balances moved by: the
// books are not sound.
var ErrView = errors.New("figures and balances differ")

// View reads a merchant's money on one snapshot, in memory that does not grow with
// the period but for its batches and payouts. That opening balances and figures come to the closing balances
// is checked, and that the entries behind what is in transit come to what batches and payouts say of
// themselves; an error wraps ErrView if they do not.
func (e *Engine) View(ctx context.Context, q ViewQuery) (v *View, err error) {
	if err := q.check(); err != nil {
		return nil, err
	}
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all, err := transitsIn(ctx, r, q.Merchant, q.From, q.To)
		if err != nil {
			return err
		}
		transit := q.transit(all)
		if v, err = viewIn(ctx, r, q, transit); err != nil {
			return err
		}
		accounts, err := accountsIn(ctx, r, q.Merchant)
		if err != nil {
			return err
		}
		v.Now = *accounts.of(q.Merchant, q.Currency)
		v.Now.InTransit = transit.now
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("view of %s, %s: %w", q.Merchant, q.Currency, err)
	}
	return v, nil
}

// Movements yields what single entries add to some figures, of a view or of balances, or to all
// of a view, in order of value date and of booking.
func (e *Engine) Movements(ctx context.Context, q ViewQuery, figures ...payment.Figure) iter.Seq2[Movement, error] {
	if len(figures) == 0 {
		figures = ViewFigures()
	}
	return func(yield func(Movement, error) bool) {
		err := q.check()
		stopped := false
		if err == nil {
			err = e.books.Read(ctx, func(r ledger.Reader) error {
				for m, err := range asked(ctx, r, q, figures) {
					switch {
					case err != nil:
						return err
					case !slices.Contains(figures, m.Figure):
					case !yield(m, nil):
						stopped = true
						return nil
					}
				}
				return nil
			})
		}
		if err != nil && !stopped {
			yield(Movement{}, fmt.Errorf("movements of %s, %s: %w", q.Merchant, q.Currency, err))
		}
	}
}

// asked yields movements of figures, and of others: what was in transit is looked for only where it is asked for.
func asked(ctx context.Context, r ledger.Reader, q ViewQuery, figures []payment.Figure) iter.Seq2[Movement, error] {
	transit := new(transit)
	if slices.ContainsFunc(figures, ofTransit) {
		all, err := transitsIn(ctx, r, q.Merchant, q.From, q.To)
		if err != nil {
			return func(yield func(Movement, error) bool) { yield(Movement{}, err) }
		}
		transit = q.transit(all)
	}
	return movements(ctx, r, q, transit, q.figures, q.accounts,
		transit.finder(transitFigure), transit.finder(func(money.Amount) payment.Figure { return FigureInTransit }))
}

// ofTransit tells whether a figure is of what is in transit.
func ofTransit(f payment.Figure) bool {
	return f == FigureTransitStarted || f == FigureTransitEnded || f == FigureInTransit
}

// transit is what is in transit of what is asked for.
func (q *ViewQuery) transit(all map[holding]*transit) *transit {
	if found := all[holding{q.Merchant, q.Currency}]; found != nil {
		return found
	}
	return new(transit)
}

func (q *ViewQuery) check() error {
	switch {
	case q.Merchant == "" || q.Currency.IsZero() || q.From.IsZero() || q.To.IsZero():
		return errors.New("a view needs a merchant, a currency and both dates")
	case q.To.Before(q.From):
		return fmt.Errorf("view: %s is before %s", q.To, q.From)
	}
	return nil
}

// parts are a merchant's accounts below merchants/{id}/.
var parts = []string{"available", "pending", "reserve/rolling", "reserve/fixed", "reserve/minimum", "payouts", "receivable"}

func (q *ViewQuery) account(part string) ledger.AccountID {
	return ledger.AccountID{Path: "merchants/" + q.Merchant + "/" + part, Currency: q.Currency}
}

func viewIn(ctx context.Context, r ledger.Reader, q ViewQuery, t *transit) (*View, error) {
	v := &View{ViewQuery: q}
	for _, f := range besideFigures() {
		v.sum(f).Figure = f
	}
	for _, f := range payment.Figures() {
		v.Figures = append(v.Figures, FigureSum{Figure: f})
	}
	var err error
	if v.Opening, err = standing(ctx, r, &q, q.From.AddDays(-1)); err != nil {
		return nil, err
	}
	if v.Closing, err = standing(ctx, r, &q, q.To); err != nil {
		return nil, err
	}
	v.Opening.InTransit, v.Closing.InTransit = t.opening, t.closing
	for m, err := range ofView(ctx, r, q, t) {
		if err == nil {
			err = v.add(&m)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := v.prove(); err != nil {
		return nil, err
	}
	return v, nil
}

// ofView yields the movements of a view.
func ofView(ctx context.Context, r ledger.Reader, q ViewQuery, t *transit) iter.Seq2[Movement, error] {
	return movements(ctx, r, q, t, q.figures, t.finder(transitFigure))
}

// sum is where a figure is counted.
func (v *View) sum(f payment.Figure) *FigureSum {
	switch f {
	case FigureHeld:
		return &v.Held
	case FigureReleased:
		return &v.Released
	case FigureTransitStarted:
		return &v.Started
	case FigureTransitEnded:
		return &v.Ended
	}
	return &v.Figures[slices.IndexFunc(v.Figures, func(s FigureSum) bool { return s.Figure == f })]
}

// add counts a movement.
func (v *View) add(m *Movement) error {
	if !slices.Contains(besideFigures(), m.Figure) {
		if err := addTo(&v.Change, m.Amount); err != nil {
			return err
		}
	}
	sum := v.sum(m.Figure)
	sum.Entries++
	return addTo(&sum.Amount, m.Amount)
}

// prove holds the figures against the balances.
func (v *View) prove() error {
	net, err := v.Opening.Net.Add(v.Change)
	if err != nil {
		return err
	}
	reserved, err := money.Sum(v.Opening.Reserved, v.Held.Amount, v.Released.Amount)
	if err != nil {
		return err
	}
	transit, err := money.Sum(v.Opening.InTransit, v.Started.Amount, v.Ended.Amount)
	if err != nil {
		return err
	}
	for _, check := range []struct {
		what       string
		have, want money.Amount
	}{{"net", net, v.Closing.Net}, {"reserved", reserved, v.Closing.Reserved}, {"in transit", transit, v.Closing.InTransit}} {
		if check.have.Cmp(check.want) != 0 {
			return fmt.Errorf("%w: %s of %s to %s comes to %s %s, balances say %s",
				ErrView, check.what, v.From, v.To, v.Currency.Format(check.have), v.Currency, v.Currency.Format(check.want))
		}
	}
	return nil
}

// standing reads what stood at the end of a value date.
func standing(ctx context.Context, r ledger.Reader, q *ViewQuery, on calendar.Date) (s Standing, err error) {
	for _, part := range parts {
		balance, err := r.BalanceOn(ctx, q.account(part), on)
		if err != nil {
			return s, err
		}
		credit, err := balance.Net(ledger.Credit)
		if err == nil {
			err = s.add(part, credit)
		}
		if err != nil {
			return s, err
		}
	}
	if s.Total, err = money.Sum(s.Available, s.Pending, s.Reserved); err != nil {
		return s, err
	}
	s.Net, err = money.Sum(s.Total, s.Payouts, s.Receivable.Neg())
	return s, err
}

func (s *Standing) add(part string, credit money.Amount) error {
	switch part {
	case "available":
		return addTo(&s.Available, credit)
	case "pending":
		return addTo(&s.Pending, credit)
	case "payouts":
		return addTo(&s.Payouts, credit)
	case "receivable":
		return addTo(&s.Receivable, credit.Neg())
	default:
		return addTo(&s.Reserved, credit)
	}
}

// movements yields what the entries of a period add to each figure that some functions find in
// them, in order of value date and of booking.
func movements(
	ctx context.Context, r ledger.Reader, q ViewQuery, t *transit, find ...func(*ledger.Booked) ([]Movement, error),
) iter.Seq2[Movement, error] {
	return func(yield func(Movement, error) bool) {
		for entry, err := range entriesOf(ctx, r, &q, t) {
			var sums []Movement
			for _, of := range find {
				if err != nil {
					break
				}
				var found []Movement
				found, err = of(entry)
				sums = append(sums, found...)
			}
			if err != nil {
				yield(Movement{}, err)
				return
			}
			for _, m := range sums {
				if !yield(m, nil) {
					return
				}
			}
		}
	}
}

// accounts gives what an entry adds to what stands on the merchant's accounts; nothing of 0.
func (q *ViewQuery) accounts(entry *ledger.Booked) ([]Movement, error) {
	var s Standing
	own := "merchants/" + q.Merchant + "/"
	for _, p := range entry.Postings {
		part, ours := strings.CutPrefix(p.Account, own)
		if !ours || p.Currency != q.Currency {
			continue
		}
		credit := p.Amount
		if p.Side == ledger.Debit {
			credit = credit.Neg()
		}
		if err := s.add(part, credit); err != nil {
			return nil, err
		}
	}
	var err error
	if s.Total, err = money.Sum(s.Available, s.Pending, s.Reserved); err != nil {
		return nil, err
	}
	var moved []Movement
	for i, amount := range []money.Amount{s.Available, s.Pending, s.Reserved, s.Total} {
		if !amount.IsZero() {
			moved = append(moved, newMovement(AccountFigures()[i], entry, amount))
		}
	}
	return moved, nil
}

func newMovement(f payment.Figure, entry *ledger.Booked, amount money.Amount) Movement {
	return Movement{
		Figure: f, Entry: entry.Key, PartOf: entry.PartOf, Kind: entry.Kind, Reference: entry.Reference, ValueDate: entry.ValueDate, At: entry.At, Amount: amount,
	}
}

// figures gives what an entry adds to each figure; nothing of 0, nor of one that touches no account of the
// merchant's.
func (q *ViewQuery) figures(entry *ledger.Booked) ([]Movement, error) {
	var sums []Movement
	if !slices.ContainsFunc(entry.Postings, q.owns) {
		return nil, nil
	}
	add := func(f payment.Figure, amount money.Amount) error {
		i := slices.IndexFunc(sums, func(m Movement) bool { return m.Figure == f })
		if i < 0 {
			i = len(sums)
			sums = append(sums, newMovement(f, entry, money.Amount{}))
		}
		return addTo(&sums[i].Amount, amount)
	}
	var reserved money.Amount
	own := "merchants/" + q.Merchant + "/"
	for _, p := range entry.Postings {
		if p.Currency != q.Currency {
			continue
		}
		credit := p.Amount
		if p.Side == ledger.Debit {
			credit = credit.Neg()
		}
		var err error
		switch part, ours := strings.CutPrefix(p.Account, own); {
		case ours && strings.HasPrefix(part, "reserve/"):
			err = addTo(&reserved, credit)
		case !ours:
			err = add(payment.FigureOf(entry.Kind, p.Account), credit.Neg())
		}
		if err != nil {
			return nil, err
		}
	}
	figure := FigureHeld
	if reserved.Sign() < 0 {
		figure = FigureReleased
	}
	if err := add(figure, reserved); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(sums, func(m Movement) bool { return m.Amount.IsZero() }), nil
}

// owns tells whether a posting is on an account of the merchant's, in the currency of the view.
func (q *ViewQuery) owns(p ledger.Posting) bool {
	merchant, _, _ := payment.MerchantOf(p.Account)
	return merchant == q.Merchant && p.Currency == q.Currency
}

// entriesOf yields the entries of a period that touch any of the merchant's
// accounts or move what is in transit, each once, in order of value date and of booking.
func entriesOf(ctx context.Context, r ledger.Reader, q *ViewQuery, t *transit) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		ahead := []*lookAhead{newLookAhead(t.entries(ctx, r), q.To)}
		for _, part := range parts {
			ahead = append(ahead, newLookAhead(r.Dated(ctx, q.account(part), ledger.DatedPlace{On: q.From}), q.To))
		}
		defer func() {
			for _, a := range ahead {
				a.stop()
			}
		}()
		for {
			var first *lookAhead
			for _, a := range ahead {
				if a.err != nil {
					yield(nil, a.err)
					return
				}
				if a.entry != nil && (first == nil || earlier(a.entry, first.entry) < 0) {
					first = a
				}
			}
			if first == nil {
				return
			}
			entry := first.entry
			for _, a := range ahead {
				if a.entry != nil && earlier(a.entry, entry) == 0 {
					a.advance()
				}
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}

// earlier orders entries by value date and place.
func earlier(a, b *ledger.Booked) int {
	if order := a.ValueDate.Compare(b.ValueDate); order != 0 {
		return order
	}
	return a.Place().Compare(b.Place())
}

// lookAhead is a list of entries whose first is looked at before it is taken.
type lookAhead struct {
	entry *ledger.Booked // nil: there is none any more
	err   error
	next  func() (*ledger.Booked, error, bool)
	stop  func()
	last  calendar.Date // where it ends
}

func newLookAhead(list iter.Seq2[*ledger.Booked, error], last calendar.Date) *lookAhead {
	a := &lookAhead{last: last}
	a.next, a.stop = iter.Pull2(list)
	a.advance()
	return a
}

func (a *lookAhead) advance() {
	entry, err, ok := a.next()
	if a.err = err; !ok || err != nil || entry.ValueDate.After(a.last) {
		entry = nil
	}
	a.entry = entry
}
