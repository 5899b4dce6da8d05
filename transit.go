package settlex

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// holding is what a merchant has in a currency.
type holding struct {
	merchant string
	currency money.Currency
}

// instruction is a batch or a payout, as far as it is in transit.
type instruction struct {
	merchant   string
	now        money.Amount   // in transit
	paidIn     money.Currency // that is of
	currencies []money.Currency
	keys       func() []string // of the entries that may move it
	moves      func(*ledger.Booked, money.Currency) (money.Amount, error)
}

// instructions yields the batches and payouts of a merchant, or of all.
func instructions(ctx context.Context, r ledger.Reader, merchant string) iter.Seq2[*instruction, error] {
	return func(yield func(*instruction, error) bool) {
		for b, err := range ledger.RecordsOf[*settlement.Batch](ctx, r, settlement.BatchRecord, "") {
			if err == nil && merchant != "" && b.Merchant != merchant {
				continue
			}
			var i *instruction
			if err == nil {
				i, err = ofBatch(b)
			}
			if !yield(i, err) || err != nil {
				return
			}
		}
		for p, err := range ledger.RecordsOf[*payment.Payout](ctx, r, payment.PayoutRecord, "") {
			if err == nil && merchant != "" && p.Merchant != merchant {
				continue
			}
			var i *instruction
			if err == nil {
				i = ofPayout(p)
			}
			if !yield(i, err) || err != nil {
				return
			}
		}
	}
}

func ofBatch(b *settlement.Batch) (*instruction, error) {
	now, err := b.InTransit()
	if err != nil {
		return nil, fmt.Errorf("batch %s: %w", b.ID, err)
	}
	i := &instruction{
		merchant: b.Merchant, now: now, paidIn: b.PaidIn(), currencies: []money.Currency{b.Currency}, keys: b.TransitKeys, moves: payment.BatchTransit,
	}
	if b.Converted() {
		i.currencies = append(i.currencies, b.PaidIn())
	}
	return i, nil
}

func ofPayout(p *payment.Payout) *instruction {
	return &instruction{
		merchant: p.Merchant, now: p.InTransit(), paidIn: p.Currency, currencies: []money.Currency{p.Currency}, keys: p.TransitKeys,
		moves: func(e *ledger.Booked, _ money.Currency) (money.Amount, error) { return p.TransitBy(e), nil },
	}
}

// transit is what of a holding was in transit by value dates: at both ends of a period, and what
// moved it in between.
type transit struct {
	opening, closing, now money.Amount
	sum                   money.Amount // of all entries, whatever their dates: now, unless the books are not sound
	moves                 []transitMove
}

// transitMove is what an entry of the period adds.
type transitMove struct {
	key    string
	on     calendar.Date
	place  ledger.Place
	amount money.Amount
}

// transits reads what was in transit, of a merchant or of all, between two value dates. It keeps in
// memory what the entries of the period add, and proves that all there are come to what batches and
// payouts say of themselves.
type transits struct {
	from, to calendar.Date
	found    map[holding]*transit
	waiting  []booked // whose entries are to be read
	keys     []string // of these
}

// booked is an instruction, and which entries are to be read of it.
type booked struct {
	*instruction
	keys []string
}

// readTogether is how many entries are read together by their keys.
const readTogether = 1024

func transitsIn(ctx context.Context, r ledger.Reader, merchant string, from, to calendar.Date) (map[holding]*transit, error) {
	t := &transits{from: from, to: to, found: make(map[holding]*transit)}
	for i, err := range instructions(ctx, r, merchant) {
		if err != nil {
			return nil, err
		}
		if err := addTo(&t.of(i.merchant, i.paidIn).now, i.now); err != nil {
			return nil, err
		}
		keys := i.keys()
		t.waiting, t.keys = append(t.waiting, booked{i, keys}), append(t.keys, keys...)
		if len(t.keys) >= readTogether {
			if err := t.read(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	if err := t.read(ctx, r); err != nil {
		return nil, err
	}
	for h, found := range t.found {
		if found.sum != found.now {
			return nil, fmt.Errorf("%w: entries of batches and payouts of %s leave %s %s in transit, they say %s",
				ErrView, h.merchant, h.currency.Format(found.sum), h.currency, h.currency.Format(found.now))
		}
		slices.SortFunc(found.moves, func(a, b transitMove) int { return cmp.Or(a.on.Compare(b.on), a.place.Compare(b.place)) })
	}
	return t.found, nil
}

func (t *transits) of(merchant string, c money.Currency) *transit {
	h := holding{merchant, c}
	if t.found[h] == nil {
		t.found[h] = new(transit)
	}
	return t.found[h]
}

// read reads the entries of what is waiting.
func (t *transits) read(ctx context.Context, r ledger.Reader) error {
	entries, err := ledger.ItemsByKey(ctx, r, t.keys...)
	if err != nil {
		return err
	}
	for _, i := range t.waiting {
		for _, key := range i.keys {
			if err := t.add(i.instruction, entries[key]); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	t.waiting, t.keys = nil, nil
	return nil
}

// add counts what took a key; nil: nothing did.
func (t *transits) add(i *instruction, entry *ledger.Booked) error {
	if entry == nil || !entry.IsEntry() {
		return nil
	}
	for _, c := range i.currencies {
		amount, err := i.moves(entry, c)
		if err != nil {
			return err
		}
		if amount.IsZero() {
			continue
		}
		if err := t.of(i.merchant, c).add(entry, amount, t.from, t.to); err != nil {
			return err
		}
	}
	return nil
}

func (t *transit) add(entry *ledger.Booked, amount money.Amount, from, to calendar.Date) error {
	sums := []*money.Amount{&t.sum}
	if !entry.ValueDate.After(to) {
		sums = append(sums, &t.closing)
	}
	if entry.ValueDate.Before(from) {
		sums = append(sums, &t.opening)
	}
	if len(sums) == 2 {
		t.moves = append(t.moves, transitMove{entry.Key, entry.ValueDate, entry.Place(), amount})
	}
	for _, sum := range sums {
		if err := addTo(sum, amount); err != nil {
			return err
		}
	}
	return nil
}

// entries yields the entries of the period, in order of value date and of booking.
func (t *transit) entries(ctx context.Context, r ledger.Reader) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		for moves := range slices.Chunk(t.moves, readTogether) {
			keys := make([]string, len(moves))
			for i := range moves {
				keys[i] = moves[i].key
			}
			entries, err := ledger.ItemsByKey(ctx, r, keys...)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, key := range keys {
				if !yield(entries[key], nil) {
					return
				}
			}
		}
	}
}

// finder gives what an entry adds to what is in transit, under the figure that an amount has. It is to be
// shown the entries of a period in their order.
func (t *transit) finder(figure func(money.Amount) payment.Figure) func(*ledger.Booked) ([]Movement, error) {
	left := t.moves
	return func(entry *ledger.Booked) ([]Movement, error) {
		if len(left) == 0 || left[0].key != entry.Key {
			return nil, nil
		}
		amount := left[0].amount
		left = left[1:]
		return []Movement{newMovement(figure(amount), entry, amount)}, nil
	}
}

// transitFigure tells what begins to be in transit from what ends to be.
func transitFigure(amount money.Amount) payment.Figure {
	if amount.Sign() < 0 {
		return FigureTransitEnded
	}
	return FigureTransitStarted
}
