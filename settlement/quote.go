package settlement

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// MaxRateDigits is how many digits behind the point a quoted rate has at most.
const MaxRateDigits = 12

// Quote is the price of one currency in another, as a source gave it.
type Quote struct {
	ID         string         `json:"id"`     // as the source calls it
	Source     string         `json:"source"` // who gave it
	Base       money.Currency `json:"base"`
	Currency   money.Currency `json:"currency"`
	Rate       money.Rate     `json:"rate"` // how much of Currency one of Base is worth, both in major units
	At         time.Time      `json:"at"`   // when it was given: no batch is converted at it before
	ValidUntil time.Time      `json:"valid_until,omitzero"`
}

// InForce tells whether the quote was given by an instant, and is valid then. One that
// does not say how long it is valid is so until it is too old.
func (q *Quote) InForce(at time.Time) bool {
	return !q.At.After(at) && (q.ValidUntil.IsZero() || !at.After(q.ValidUntil))
}

// Validate reports everything that is wrong with the quote. Each fault begins with the
// name of the field.
func (q *Quote) Validate() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, text := range []struct{ name, value string }{{"id", q.ID}, {"source", q.Source}} {
		if text.value == "" {
			add("%s: is missing", text.name)
		}
	}
	for _, c := range []struct {
		name  string
		value money.Currency
	}{{"base", q.Base}, {"currency", q.Currency}} {
		if c.value.IsZero() {
			add("%s: is missing", c.name)
		}
	}
	if q.Base == q.Currency && !q.Base.IsZero() {
		add("currency: is %s, as the base is", q.Currency)
	}
	switch {
	case q.Rate.Sign() <= 0:
		add("rate: %s is not above 0", q.Rate)
	case digits(q.Rate) > MaxRateDigits:
		add("rate: %s has more than %d digits behind the point", q.Rate, MaxRateDigits)
	}
	if q.At.IsZero() {
		add("at: is missing")
	} else if !q.ValidUntil.IsZero() && q.ValidUntil.Before(q.At) {
		add("valid_until: %s is before the quote was given, at %s", q.ValidUntil.UTC().Format(time.RFC3339), q.At.UTC().Format(time.RFC3339))
	}
	return errors.Join(faults...)
}

// unfit says why the quote is no answer to what a currency is worth in another; empty: it is.
// A host's source of quotes is not believed.
func (q *Quote) unfit(base, currency money.Currency) string {
	if q.Base != base || q.Currency != currency {
		return fmt.Sprintf("is of %s in %s, not of %s in %s", q.Base, q.Currency, base, currency)
	}
	if err := q.Validate(); err != nil {
		return strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return ""
}

// digits is how many digits a rate has behind the point.
func digits(r money.Rate) (n int) {
	for _, down := r.Fraction(); down != money.Minor(1); n++ {
		down, _ = money.Scale(down, money.Minor(1), money.Minor(10), money.Down)
	}
	return n
}

// on gives the quote as a merchant gets it on terms.
func (q *Quote) on(terms *merchant.FXTerms) (payment.Quote, error) {
	client, err := terms.Client(q.Rate)
	until := q.At.Add(terms.MaxAge)
	if !q.ValidUntil.IsZero() {
		until = q.ValidUntil
	}
	return payment.Quote{ID: q.ID, Source: q.Source, Mid: q.Rate, Client: client, QuotedAt: q.At.UTC(), ValidUntil: until.UTC()}, err
}

// Quotes tell what currencies are worth. The same question has the same answer for
// as long as no quote comes that had been given by then.
type Quotes interface {
	// Quote gives the price of a currency in another at an instant: of the quotes that
	// are in force then the one that was given last; where none is in force, the last
	// one that was; nil where none was given by then.
	Quote(ctx context.Context, base, currency money.Currency, at time.Time) (*Quote, error)
}

// pair is what a quote is a price of.
type pair struct{ base, currency money.Currency }

// QuoteList are quotes in memory. It is immutable.
type QuoteList struct{ of map[pair][]Quote }

// NewQuoteList takes quotes that are valid, in any order. Two of one pair must not have
// been given at the same instant: which one counts, nobody could tell.
func NewQuoteList(quotes ...Quote) (*QuoteList, error) {
	list := &QuoteList{of: make(map[pair][]Quote)}
	for _, q := range quotes {
		if err := q.Validate(); err != nil {
			return nil, fmt.Errorf("quote %q: %w", q.ID, err)
		}
		of := pair{q.Base, q.Currency}
		list.of[of] = append(list.of[of], q)
	}
	for _, all := range list.of {
		slices.SortFunc(all, func(a, b Quote) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
		for i := 1; i < len(all); i++ {
			if all[i].At.Equal(all[i-1].At) {
				return nil, fmt.Errorf("quotes %q and %q: both say what %s was worth in %s at %s", all[i-1].ID, all[i].ID,
					all[i].Base, all[i].Currency, all[i].At.UTC().Format(time.RFC3339Nano))
			}
		}
	}
	return list, nil
}

// Quote implements Quotes.
func (l *QuoteList) Quote(_ context.Context, base, currency money.Currency, at time.Time) (*Quote, error) {
	all := l.of[pair{base, currency}]
	end, _ := slices.BinarySearchFunc(all, at, func(q Quote, at time.Time) int {
		if q.At.After(at) {
			return 1
		}
		return -1
	})
	for i := end - 1; i >= 0; i-- {
		if all[i].InForce(at) {
			return &all[i], nil
		}
	}
	if end == 0 {
		return nil, nil
	}
	return &all[end-1], nil
}
