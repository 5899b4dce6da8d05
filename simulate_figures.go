package settlex

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Outcome are what a merchant's money in one currency came to. Amounts are minor units.
type Outcome struct {
	Batches  int          // of the dates that are compared
	Carried  int          // of them, those that paid nothing and carried what they had forward
	Paid     money.Amount // by those batches: what has left and not come back, and what leaves by itself; of other currencies, too, that were turned into this one
	Unsent   money.Amount // of those batches, what leaves only if somebody lets it, or a quote comes: held without an end, or refused
	Payouts  money.Amount // requested, without fees, less what came back
	Fees     money.Amount // charged, less what was given back, those on invoices included
	Taxes    money.Amount // the same of the tax on them
	Withheld money.Amount // of tax
	Spread   money.Amount // our income from turning other currencies into this one for those batches
	Reserve  struct {
		Held     money.Amount // put into reserves
		Released money.Amount // given back out of them
	}
	Waiting Waiting

	// How it stood at the end of the replay.
	Balance  money.Amount // available and pending
	Carry    money.Amount // of it, what the last batch carried forward
	Reserved money.Amount // in reserves
}

// Waiting is how long money waited: from the date on which it came to be the merchant's,
// of what a reserve held from the capture on, to the settlement date of the batch that
// paid it, or the date on which that was let go where it is later; settled by hand, to the
// date on which it became available. What a batch did not pay goes on waiting. What lessens
// a merchant's money does not wait. Dates are those of the schedule's zone.
type Waiting struct {
	Money money.Amount // that waited, minor units
	Days  money.Amount // sum of each amount times its days
	Max   int          // the longest, in days
}

// Average is how many days a minor unit waited, in hundredths, rounded half to even; 0
// where no money waited.
func (w *Waiting) Average() (hundredths money.Amount, err error) {
	if w.Money.IsZero() {
		return money.Amount{}, nil
	}
	return money.Scale(w.Days, money.Minor(100), w.Money, money.HalfEven)
}

// outcomes are those of one replay.
type outcomes struct {
	of       map[ownerKey]*Outcome
	waiting  map[ownerKey]*unpaid
	back     map[string]*undone // by batch, canceled or returned
	from, to calendar.Date
	engine   *Engine
}

type ownerKey struct {
	merchant string
	currency money.Currency
}

// unpaid is money that batches have carried forward.
type unpaid struct {
	money  money.Amount
	since  money.Amount // sum of each amount times the number of its date
	oldest calendar.Date
}

// undone is what waited for a batch that then did not pay it.
type undone struct {
	unpaid
	pays money.Amount
}

func (f *outcomes) at(merchant string, c money.Currency) *Outcome {
	k := ownerKey{merchant, c}
	if f.of[k] == nil {
		f.of[k] = new(Outcome)
	}
	return f.of[k]
}

func (f *outcomes) covers(d calendar.Date) bool {
	return !d.Before(f.from) && (f.to.IsZero() || !d.After(f.to))
}

// outcomes reads what came of the replay.
func (r *replay) outcomes(ctx context.Context) (*outcomes, error) {
	f := &outcomes{
		of: make(map[ownerKey]*Outcome), waiting: make(map[ownerKey]*unpaid), back: make(map[string]*undone), from: r.From, to: r.To, engine: r.on,
	}
	err := r.on.books.Read(ctx, func(reader ledger.Reader) error {
		for b, err := range settlement.All(ctx, reader) {
			if err == nil {
				err = f.batch(ctx, reader, b)
			}
			if err != nil {
				return err
			}
		}
		if err := f.byHand(ctx, reader); err != nil {
			return err
		}
		return f.invoiced(ctx, reader)
	})
	if err != nil {
		return nil, err
	}
	err = f.end(ctx)
	return f, err
}

// batch adds a batch and its lines.
func (f *outcomes) batch(ctx context.Context, r ledger.Reader, b *settlement.Batch) error {
	counts := f.covers(b.Window.BusinessDate)
	of := f.at(b.Merchant, b.Currency)
	sums, err := fateOf(b)
	if err == nil && counts {
		err = f.pays(b, &sums)
	}
	if err != nil {
		return err
	}
	key := ownerKey{b.Merchant, b.Currency}
	if f.waiting[key] == nil {
		f.waiting[key] = new(unpaid)
	}
	waits := f.waiting[key]
	for line, err := range settlement.Lines(ctx, r, b.ID) {
		if err != nil {
			return err
		}
		if line.Category == payment.CategoryCarry {
			continue
		}
		if counts {
			if err := of.add(&line.Item); err != nil {
				return err
			}
		}
		if err := f.waits(ctx, r, waits, &line.Item); err != nil {
			return err
		}
	}
	if b.AtClose == settlement.CarriedForward {
		return nil
	}
	f.waiting[key] = nil
	if !b.Converted() { // else it comes back as other money
		f.back[b.ID] = &undone{*waits, b.Pays()}
	}
	if !counts || sums.paid.IsZero() {
		return nil
	}
	left, err := waits.share(sums.paid, b.Pays())
	if err != nil {
		return err
	}
	on, err := f.leaves(b)
	if err != nil {
		return err
	}
	return of.Waiting.until(&left, on)
}

// fate is what becomes of what a batch pays. What was canceled or came back is in neither.
type fate struct{ paid, unsent money.Amount }

// fateOf tells it from how the parts of a batch stand at the end.
func fateOf(b *settlement.Batch) (f fate, err error) {
	for _, piece := range b.Pieces() {
		into := &f.paid
		switch piece.Status {
		case settlement.Canceled, settlement.Returned:
			continue
		case settlement.Failed:
			into = &f.unsent
		case settlement.Held:
			if b.Hold == nil || b.Hold.Until.IsZero() || b.FX != nil && !b.Converted() {
				into = &f.unsent
			}
		}
		if err := addTo(into, piece.Amount); err != nil {
			return f, err
		}
	}
	return f, nil
}

// pays counts a batch and what it pays, in the currency it is paid in.
func (f *outcomes) pays(b *settlement.Batch, sums *fate) error {
	of := f.at(b.Merchant, b.Currency)
	of.Batches++
	if b.AtClose == settlement.CarriedForward {
		of.Carried++
	}
	into := f.at(b.Merchant, b.PaidIn())
	if b.Converted() {
		if err := addTo(&into.Spread, b.FX.Spread); err != nil {
			return err
		}
	}
	if err := addTo(&into.Unsent, sums.unsent); err != nil {
		return err
	}
	return addTo(&into.Paid, sums.paid)
}

// leaves is the date on which what a batch pays waits no longer: that of its settlement,
// or a later one on which it was let go, or will be.
func (f *outcomes) leaves(b *settlement.Batch) (calendar.Date, error) {
	schedule, err := f.engine.schedule(b.Window.Schedule)
	if err != nil {
		return calendar.Date{}, err
	}
	on := b.Window.SettlementDate
	later := func(at time.Time) {
		if date := calendar.DateOf(at, schedule.Timing.Zone); date.After(on) {
			on = date
		}
	}
	if b.Hold != nil && b.Status == settlement.Held {
		later(b.Hold.Until)
	}
	for i := range b.Steps {
		if step := &b.Steps[i]; step.Kind == payment.BatchReleased {
			later(step.At)
		}
	}
	return on, nil
}

// waits has the money of a movement wait: what a batch gave back as it did before.
func (f *outcomes) waits(ctx context.Context, r ledger.Reader, waits *unpaid, i *payment.Item) error {
	if i.Category == payment.CategoryBatch && i.Net.Sign() > 0 {
		id, _ := settlement.BatchOf(i.SourceID)
		if of := f.back[id]; of != nil {
			again, err := of.share(i.Net, of.pays)
			if err != nil {
				return err
			}
			return waits.join(&again)
		}
	}
	since, err := f.since(ctx, r, i)
	if err != nil {
		return err
	}
	return waits.add(i.Net, since)
}

// add counts a movement.
func (f *Outcome) add(i *payment.Item) error {
	into := &f.Reserve.Released
	if i.Reserve.Sign() < 0 {
		into = &f.Reserve.Held
	}
	var payouts money.Amount
	if i.Category == payment.CategoryPayout {
		payouts = i.Gross.Neg()
	}
	for _, s := range []struct {
		into *money.Amount
		add  money.Amount
	}{{&f.Fees, i.Fee.Neg()}, {&f.Taxes, i.Tax.Neg()}, {&f.Withheld, i.Withholding.Neg()}, {into, i.Reserve.Abs()}, {&f.Payouts, payouts}} {
		if err := addTo(s.into, s.add); err != nil {
			return err
		}
	}
	return nil
}

// since is the date from which a movement's money waits.
func (f *outcomes) since(ctx context.Context, r ledger.Reader, i *payment.Item) (calendar.Date, error) {
	schedule, err := f.engine.schedule(i.Window.Schedule)
	if err != nil {
		return calendar.Date{}, err
	}
	at := i.OccurredAt
	if i.Type == string(payment.ReserveRelease) && i.ParentID != "" { // of what a reserve held
		found, err := recordOf(ctx, r, ledger.Ref{Kind: payment.DepositRecord, ID: i.ParentID})
		if err != nil {
			return calendar.Date{}, err
		}
		if d, ok := found.(*payment.Deposit); ok && !d.CapturedAt().IsZero() {
			at = d.CapturedAt()
		}
	}
	return calendar.DateOf(at, schedule.Timing.Zone), nil
}

// epoch numbers dates.
func epoch() calendar.Date { return calendar.DateOf(time.Unix(0, 0), time.UTC) }

func days(amount money.Amount, n int) (money.Amount, error) {
	return money.Scale(amount, money.Minor(int64(n)), money.Minor(1), money.HalfEven)
}

// add has money wait.
func (u *unpaid) add(net money.Amount, since calendar.Date) error {
	if net.Sign() <= 0 {
		return nil
	}
	product, err := days(net, since.DaysSince(epoch()))
	if err == nil {
		err = addTo(&u.since, product)
	}
	if u.oldest.IsZero() || since.Before(u.oldest) {
		u.oldest = since
	}
	if err != nil {
		return err
	}
	return addTo(&u.money, net)
}

// join has what waited elsewhere wait with the rest.
func (u *unpaid) join(o *unpaid) error {
	if o.money.IsZero() {
		return nil
	}
	if u.oldest.IsZero() || o.oldest.Before(u.oldest) {
		u.oldest = o.oldest
	}
	if err := addTo(&u.since, o.since); err != nil {
		return err
	}
	return addTo(&u.money, o.money)
}

// share is a part of what waits. What is rounded is its age, not the number of its dates.
func (u *unpaid) share(part, whole money.Amount) (s unpaid, err error) {
	if u.money.IsZero() || part == whole {
		return *u, nil
	}
	first := u.oldest.DaysSince(epoch())
	base, err := days(u.money, first)
	if err != nil {
		return s, err
	}
	age, err := u.since.Sub(base)
	if err == nil {
		age, err = money.Scale(age, part, whole, money.HalfEven)
	}
	if err == nil {
		s.money, err = money.Scale(u.money, part, whole, money.HalfEven)
	}
	if err == nil {
		s.since, err = days(s.money, first)
	}
	if err != nil {
		return s, err
	}
	s.oldest = u.oldest
	return s, addTo(&s.since, age)
}

// until ends the waiting of money on a date.
func (w *Waiting) until(u *unpaid, on calendar.Date) error {
	if u.money.IsZero() {
		return nil
	}
	whole, err := days(u.money, on.DaysSince(epoch()))
	if err == nil {
		whole, err = whole.Sub(u.since)
	}
	if err == nil {
		err = addTo(&w.Days, whole)
	}
	if err != nil {
		return err
	}
	w.Max = max(w.Max, on.DaysSince(u.oldest))
	return addTo(&w.Money, u.money)
}

// byHand adds the movements that are in no batch because their merchants are settled by
// hand.
func (f *outcomes) byHand(ctx context.Context, r ledger.Reader) error {
	for i, err := range ledger.RecordsOf[*payment.Item](ctx, r, payment.ItemRecord, "") {
		if err != nil {
			return err
		}
		if !i.Manual || !f.covers(i.Window.BusinessDate) {
			continue
		}
		of := f.at(i.Merchant, i.Currency)
		if err := of.add(i); err != nil {
			return err
		}
		since, err := f.since(ctx, r, i)
		if err != nil {
			return err
		}
		on := since // what is available at once
		if !i.Pending.IsZero() {
			on = cmp.Or(i.MaturesOn, i.Window.SettlementDate)
		}
		waits := new(unpaid)
		if err := waits.add(i.Net, since); err != nil {
			return err
		}
		if err := of.Waiting.until(waits, on); err != nil {
			return err
		}
	}
	return nil
}

// invoiced adds the fees that stand on invoices.
func (f *outcomes) invoiced(ctx context.Context, r ledger.Reader) error {
	for line, err := range ledger.RecordsOf[*payment.InvoiceLine](ctx, r, payment.InvoiceLineRecord, "") {
		if err != nil {
			return err
		}
		date, err := f.charged(ctx, r, line)
		if err != nil {
			return err
		}
		if !f.covers(date) {
			continue
		}
		of := f.at(line.Merchant, line.Currency)
		if err := addTo(&of.Fees, line.Fee); err != nil {
			return err
		}
		for _, tax := range line.Taxes {
			if err := addTo(&of.Taxes, tax.Amount); err != nil {
				return err
			}
		}
	}
	return nil
}

// charged is the business date of what a fee on an invoice was charged for; of a month's
// minimum it is the last one of the month.
func (f *outcomes) charged(ctx context.Context, r ledger.Reader, line *payment.InvoiceLine) (calendar.Date, error) {
	found, err := recordOf(ctx, r, payment.MerchantRef(line.Merchant))
	if err != nil {
		return calendar.Date{}, err
	}
	m, ok := found.(*payment.Merchant)
	if !ok {
		return calendar.Date{}, fmt.Errorf("%w: merchant %s is not there", ledger.ErrCorrupt, line.Merchant)
	}
	method := ""
	if line.Deposit != "" {
		found, err := recordOf(ctx, r, ledger.Ref{Kind: payment.DepositRecord, ID: line.Deposit})
		if err != nil {
			return calendar.Date{}, err
		}
		if d, ok := found.(*payment.Deposit); ok {
			method = d.Method
		}
	}
	book := f.engine.rules.Book
	scope, err := book.Case(&m.Merchant, line.Currency, method)
	if err != nil {
		return calendar.Date{}, err
	}
	schedule, err := book.Schedule(scope, line.OccurredAt)
	if err != nil {
		return calendar.Date{}, err
	}
	if line.Type == payment.MonthlyMinimum { // charged when the month is over
		return calendar.DateOf(line.OccurredAt.Add(-1), schedule.Timing.Zone), nil
	}
	window, err := schedule.Timing.WindowAt(line.OccurredAt)
	return window.BusinessDate, err
}

// end adds how everybody stood at the end.
func (f *outcomes) end(ctx context.Context) error {
	balances, err := f.engine.Balances(ctx)
	if err != nil {
		return err
	}
	for _, b := range balances {
		of := f.at(b.Merchant, b.Currency)
		of.Reserved = b.Reserved
		if of.Balance, err = b.Available.Add(b.Pending); err != nil {
			return err
		}
	}
	return f.engine.books.Read(ctx, func(r ledger.Reader) error {
		for p, err := range ledger.RecordsOf[*payment.Position](ctx, r, payment.PositionRecord, "") {
			if err != nil {
				return err
			}
			f.at(p.Merchant, p.Currency).Carry = p.Carry
		}
		return nil
	})
}

// sums are the figures that add up.
func (f *Outcome) sums() []*money.Amount {
	return []*money.Amount{
		&f.Paid, &f.Unsent, &f.Payouts, &f.Fees, &f.Taxes, &f.Withheld, &f.Spread, &f.Reserve.Held, &f.Reserve.Released, &f.Waiting.Money, &f.Waiting.Days,
		&f.Balance, &f.Carry, &f.Reserved,
	}
}

// plus adds figures to a total.
func (f *Outcome) plus(o *Outcome) error {
	f.Batches, f.Carried, f.Waiting.Max = f.Batches+o.Batches, f.Carried+o.Carried, max(f.Waiting.Max, o.Waiting.Max)
	other := o.sums()
	for i, sum := range f.sums() {
		if err := addTo(sum, *other[i]); err != nil {
			return err
		}
	}
	return nil
}

// compare puts both replays side by side.
func compare(before, after *outcomes) (rows, totals []MerchantDifference, err error) {
	keys := make(map[ownerKey]bool)
	for _, f := range []*outcomes{before, after} {
		for k, of := range f.of {
			if *of != (Outcome{}) {
				keys[k] = true
			}
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(keys), func(a, b ownerKey) int {
		return cmp.Or(a.currency.Compare(b.currency), cmp.Compare(a.merchant, b.merchant))
	}) {
		row := MerchantDifference{Merchant: k.merchant, Currency: k.currency, Before: *before.at(k.merchant, k.currency), After: *after.at(k.merchant, k.currency)}
		rows = append(rows, row)
		if len(totals) == 0 || totals[len(totals)-1].Currency != k.currency {
			totals = append(totals, MerchantDifference{Currency: k.currency})
		}
		total := &totals[len(totals)-1]
		if err := total.Before.plus(&row.Before); err != nil {
			return nil, nil, err
		}
		if err := total.After.plus(&row.After); err != nil {
			return nil, nil, err
		}
	}
	return rows, totals, nil
}

// agree holds the batches of the replay against those of the books.
func (r *replay) agree(ctx context.Context) error {
	return r.simulation.books.Read(ctx, func(books ledger.Reader) error {
		return r.on.books.Read(ctx, func(replayed ledger.Reader) error {
			next, stop := iter.Pull2(settlement.All(ctx, replayed))
			defer stop()
			have, err, ok := next()
			for booked, e := range settlement.All(ctx, books) {
				if e != nil {
					return e
				}
				for ok && err == nil && before(have, booked) {
					r.compare(nil, have)
					have, err, ok = next()
				}
				if err != nil {
					return err
				}
				if !ok || have.ID != booked.ID {
					r.compare(booked, nil)
					continue
				}
				r.compare(booked, have)
				have, err, ok = next()
			}
			for ok && err == nil {
				r.compare(nil, have)
				have, err, ok = next()
			}
			return err
		})
	})
}

// compare counts a batch of the books and the one of the replay, either of which may be
// nil; of dates and instants that are compared.
func (r *replay) compare(booked, have *settlement.Batch) {
	a, one := &r.result.Real, cmp.Or(booked, have)
	if !r.To.IsZero() && one.Window.BusinessDate.After(r.To) || !one.Watermark.Before.Before(r.result.Until) {
		return
	}
	if booked == nil {
		a.Unclosed++
	} else {
		a.Batches++
	}
	difference := unlike(booked, have, r.result.Until)
	switch {
	case difference == "":
		a.Same++
	case a.First == "":
		a.First = difference
	}
}

// before tells whether a batch stands before another one in the order of settlement.All,
// which knows seconds.
func before(a, b *settlement.Batch) bool {
	return cmp.Or(a.Currency.Compare(b.Currency), a.Window.BusinessDate.Compare(b.Window.BusinessDate),
		a.Window.Closes.Truncate(time.Second).Compare(b.Window.Closes.Truncate(time.Second)), cmp.Compare(a.Merchant, b.Merchant), cmp.Compare(a.ID, b.ID)) < 0
}

// unlike says how a batch of the replay is not that of the books, as that was at the end
// of the replay; empty: it is.
func unlike(booked, have *settlement.Batch, end time.Time) string {
	if booked == nil {
		return fmt.Sprintf("batch %s of %s on %s is not closed in the books", have.ID, have.Merchant, have.Window.BusinessDate)
	}
	name := fmt.Sprintf("batch %s of %s on %s", booked.ID, booked.Merchant, booked.Window.BusinessDate)
	switch format := booked.Currency.Format; {
	case have == nil:
		return name + " is not there"
	case booked.Lines != have.Lines:
		return fmt.Sprintf("%s has %d lines, %d in the replay", name, booked.Lines, have.Lines)
	case booked.OpeningCarry != have.OpeningCarry:
		return fmt.Sprintf("%s begins with %s, in the replay with %s", name, format(booked.OpeningCarry), format(have.OpeningCarry))
	case booked.Net != have.Net || booked.CarryOut != have.CarryOut:
		return fmt.Sprintf("%s pays %s and carries %s on, in the replay %s and %s", name, format(booked.Net), format(booked.CarryOut.Neg()),
			format(have.Net), format(have.CarryOut.Neg()))
	case booked.Totals != have.Totals || booked.Categories != have.Categories:
		return name + " has other totals in the replay"
	case booked.Converted() && !booked.FX.At.Before(end): // later
	case booked.PaidIn() != have.PaidIn() || booked.Pays() != have.Pays():
		return fmt.Sprintf("%s is %s %s, in the replay %s %s", name, booked.PaidIn(), booked.PaidIn().Format(booked.Pays()),
			have.PaidIn(), have.PaidIn().Format(have.Pays()))
	}
	return ""
}
