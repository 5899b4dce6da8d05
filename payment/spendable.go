package payment

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// ErrWindowsDue marks a decision about a fixed or minimum reserve or about a debt while
// windows of the merchant are due and not closed: their batches build, give back and take
// back too, and would see what was decided after them.
var ErrWindowsDue = errors.New("windows are due and not closed, settle first")

// WindowMark is the place of a window among those whose batches follow one another:
// they close in order of watermark, then schedule.
type WindowMark struct {
	Watermark time.Time    `json:"watermark"` // nothing that is booked from it on is settled in the window
	Schedule  merchant.Pin `json:"schedule"`
}

// MarkOf is the mark of a window of a schedule.
func MarkOf(s *merchant.Schedule, w calendar.Window) WindowMark {
	return WindowMark{Watermark: s.Watermark(w), Schedule: s.Pin()}
}

// Compare orders marks as the batches of a merchant close.
func (m WindowMark) Compare(o WindowMark) int {
	return cmp.Or(m.Watermark.Compare(o.Watermark), m.Schedule.Compare(o.Schedule))
}

// WindowSum is what the movements in no batch add up to that are settled in one
// window. Minor units.
type WindowSum struct {
	WindowMark
	Net       money.Amount `json:"net"`
	Available money.Amount `json:"available"`         // of Net, what is not pending
	PaidIn    money.Amount `json:"paid_in,omitzero"`  // of Net, what the merchant has paid in
	ToDebt    money.Amount `json:"to_debt,omitzero"`  // beside Net, what the merchant has paid in that went to a debt at once
	Debits    bool         `json:"debits,omitempty"`  // its batch makes what it lacks a receivable, and leaves nothing behind
	Keeps     money.Amount `json:"keeps,omitzero"`    // what its batch keeps back of what it would pay, where nothing else may take that
	Least     money.Amount `json:"least,omitzero"`    // the least its batch pays, where that goes by movements alone
	Returns   bool         `json:"returns,omitempty"` // a plan of a fixed or minimum reserve is, was or will be there: a batch before may give it back
}

// SumOf is the sum of a window of a schedule, of no movement yet.
func SumOf(s *merchant.Schedule, w calendar.Window) WindowSum {
	return WindowSum{WindowMark: MarkOf(s, w), Debits: s.Negative == merchant.NegativeDebit}
}

// sumIn is the sum of the window of a schedule in which a movement is settled. What the
// batch keeps it keeps for certain where no fixed or minimum reserve may take it. What it
// carries because it is too little to pay goes by movements alone where no reserve is
// released, no fee is charged and nothing has to buy another currency.
func (r *Rules) sumIn(state *ledger.State, item *Item, s *merchant.Schedule, w calendar.Window) (WindowSum, error) {
	sum := SumOf(s, w)
	m := take[Merchant](state, MerchantRecord, item.Merchant)
	if r == nil || m == nil {
		return sum, nil
	}
	scope, err := r.Book.Case(&m.Merchant, item.Currency, "")
	pooled := func(id string) bool { return r.isOf(id, reserve.KindFixed) || r.isOf(id, reserve.KindMinimum) }
	sum.Returns = err != nil || r.Book.AnyPlan(scope, pooled) // of no region, nobody knows of which plans
	if sum.Returns || sum.Debits {
		return sum, nil
	}
	sum.Keeps = s.MinBalance
	if s.MinPayout.IsZero() || s.FX != nil || r.Book.AnyPlan(scope, func(string) bool { return true }) {
		return sum, nil
	}
	_, charged, err := r.PriceBatch(scope, fees.EventSettlement, money.Amount{}, w.BusinessDate)
	if err == nil && !charged {
		sum.Least = s.MinPayout
	}
	return sum, err
}

// FoldedWindow is a window that its merchant's position counts as behind, until its batch
// is closed.
type FoldedWindow struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	WindowSum
}

// Ref makes FoldedWindow a ledger.Record: those of a merchant and currency order as their
// batches close.
func (f *FoldedWindow) Ref() ledger.Ref { return FoldedRef(f.Merchant, f.Currency, f.WindowMark) }

// FoldedRef names the record of a window that is behind.
func FoldedRef(merchantID string, currency money.Currency, in WindowMark) ledger.Ref {
	return ledger.Ref{Kind: FoldedRecord, ID: ItemPrefix(merchantID, currency) + in.Watermark.UTC().Format("20060102T150405.000000Z") + "/" + in.Schedule.String()}
}

// count adds a movement that is settled in a window by a job, and gives the windows that
// are behind from now on.
func (p *Position) count(item *Item, in WindowSum, m *Merchant) (behind []WindowSum, err error) {
	if behind, err = p.fold(item.BookedAt, m); err != nil {
		return nil, err
	}
	at, known := slices.BinarySearchFunc(p.Open, in.WindowMark, func(w WindowSum, m WindowMark) int { return w.Compare(m) })
	open := make([]WindowSum, 0, len(p.Open)+1) // what is stored is shared
	open = append(open, p.Open[:at]...)
	if known {
		open = append(open, p.Open[at:]...)
	} else {
		open = append(append(open, in), p.Open[at:]...)
	}
	w := &open[at]
	w.Keeps, w.Least = money.Min(w.Keeps, in.Keeps), money.Min(w.Least, in.Least) // by all rules there have been
	w.Returns = w.Returns || in.Returns
	p.Open = open
	return behind, w.Count(item)
}

// Count adds a movement. Errors: money.ErrOverflow.
func (w *WindowSum) Count(item *Item) (err error) {
	if w.Net, err = w.Net.Add(item.Net); err != nil {
		return err
	}
	if item.Category == CategoryAdjustment && item.Type == TopUpRecord {
		if w.PaidIn, err = w.PaidIn.Add(item.Net); err != nil {
			return err
		}
	}
	if w.ToDebt, err = w.ToDebt.Add(item.ToDebt); err != nil {
		return err
	}
	w.Available, err = money.Sum(w.Available, item.Net, item.Pending.Neg())
	return err
}

// fold counts the windows into Behind that get no movement any more which is booked
// from an instant on, and gives them.
func (p *Position) fold(booked time.Time, m *Merchant) (behind []WindowSum, err error) {
	for len(p.Open) > 0 && !p.Open[0].Watermark.After(booked) {
		w := p.ends(p.Open[0], m)
		left, err := w.Leaves(p.reaches(p.begins(), &w, m))
		if err != nil {
			return nil, err
		}
		behind = append(behind, w)
		if p.Folded.Watermark.IsZero() || p.Low != nil { // of before there was Low, it stays unknown
			p.Low = new(left.Low)
		}
		p.Behind, p.Sure, p.Lacks, p.Folded, p.Open = left.Amount, left.Sure, left.Lack, w.WindowMark, p.Open[1:]
	}
	return behind, nil
}

// ends is a window whose watermark has passed, or is taken to have, with what is certain of
// its batch: who is leaving keeps nothing, a debt that stands may take what is kept unless
// it goes by what is paid in alone, and what comes free or is settled by hand may change
// what is paid.
func (p *Position) ends(w WindowSum, m *Merchant) WindowSum {
	if p.Debt != "" && !p.Collected || m.left(w.Watermark) {
		w.Keeps, w.Least = money.Amount{}, money.Amount{}
	}
	if len(p.Held) > 0 || len(p.Maturing) > 0 || !p.Manual.IsZero() {
		w.Least = money.Amount{}
	}
	return w
}

// reaches is what of that reaches a window for certain. Where something is withheld, a reserve may come
// back, or the merchant is leaving, a batch may come in between in whose window no movement is settled,
// and pay all of it.
func (p *Position) reaches(left Left, w *WindowSum, m *Merchant) Left {
	if !w.Returns && len(p.Held) == 0 && !m.left(w.Watermark) {
		return left
	}
	return Left{Amount: money.Min(left.Amount, money.Amount{}), Lack: left.Lack, Low: money.Min(left.Low, money.Amount{})}
}

// left tells whether the merchant was leaving before an instant, or has since. nil is not.
func (m *Merchant) left(at time.Time) bool {
	return m != nil && slices.ContainsFunc(m.Steps, func(s MerchantStep) bool { return leaving(s.Status) && s.At.Before(at) })
}

// Left is what windows leave to the next one. Minor units; below 0 it is what they lack.
type Left struct {
	Amount money.Amount
	Sure   bool // exactly that; else it may be more
	// Lack is what batches have made a receivable and nothing that was paid in has covered, at
	// most: what is paid in later goes there first.
	Lack money.Amount
	// Low is what stands in available of that and of the windows' own money, at least, however
	// many of them are closed: batches pay what has covered what a later window has given out
	// and gets back by its own batch.
	Low money.Amount
}

// Carried is what a position leaves to the first window behind its last batch.
func (p *Position) Carried() Left {
	return Left{Amount: p.Carry, Sure: true, Lack: p.Debited, Low: p.Carry}
}

// begins is what the first window begins with that is not counted behind: what the last
// batch carries, also what was too little to pay, or what is behind already.
func (p *Position) begins() Left {
	if p.Folded.Watermark.IsZero() {
		return p.Carried()
	}
	low := money.Min(p.Behind, money.Amount{})
	if p.Low != nil {
		low = *p.Low
	}
	return Left{Amount: p.Behind, Sure: p.Sure, Lack: p.Lacks, Low: low}
}

// Leaves is what is behind after a window's batch: what it pays is gone, what it keeps or is
// too little to pay is carried on, and what it lacks the next one has to make good, but for
// what becomes a receivable. That comes out of what is paid in. Errors: money.ErrOverflow.
func (w *WindowSum) Leaves(behind Left) (Left, error) {
	left, err := w.leaves(behind)
	if err != nil {
		return Left{}, err
	}
	open, err := behind.Low.Add(w.Available)
	left.Low = money.Min(open, left.Amount)
	return left, err
}

// leaves is all of that but what stands in available until the windows are closed.
func (w *WindowSum) leaves(behind Left) (Left, error) {
	covered := money.Min(w.PaidIn, behind.Lack)
	lack, err := behind.Lack.Sub(covered)
	if err != nil {
		return Left{}, err
	}
	sum, err := money.Sum(behind.Amount, w.Net, covered.Neg())
	if err != nil {
		return Left{}, err
	}
	if w.Debits {
		lack, err = lack.Sub(money.Min(sum, money.Amount{}))
		return Left{Lack: lack}, err
	}
	left := Left{Amount: sum, Sure: behind.Sure && w.Least.Sign() > 0 && covered.IsZero(), Lack: lack}
	if sum.Sign() <= 0 {
		return left, nil
	}
	kept := money.Min(w.Keeps, sum)
	pays, err := sum.Sub(kept)
	if !left.Sure || pays.Cmp(w.Least) >= 0 {
		left.Amount = kept
	}
	return left, err
}

// Settled counts a window as closed, and all before it: what the batch carries is
// what is behind now. Where later windows were counted behind already, they stay so
// until the last of them is closed.
func (p *Position) Settled(in WindowMark) {
	at, known := slices.BinarySearchFunc(p.Open, in, func(w WindowSum, m WindowMark) int { return w.Compare(m) })
	if known {
		at++
	}
	p.Open = p.Open[at:]
	if p.Folded.Compare(in) <= 0 {
		p.Folded, p.Behind, p.Sure, p.Lacks, p.Low = WindowMark{}, money.Min(p.Carry, money.Amount{}), false, money.Amount{}, nil
	}
}

// behind is what the batches before a window leave to it, 0 or less, without what of the
// rest was paid in and goes to what they lacked; what of it all stands in available at least
// until they are closed; and what is open from it on. Certain counts on nothing that a batch in
// between may pay. Without a window, which is that of a movement settled by hand, all batches come before.
func (p *Position) behind(in *WindowMark, m *Merchant, certain bool) (sum, low money.Amount, open []WindowSum, err error) {
	left, open := p.begins(), p.Open
	for len(open) > 0 && (in == nil || open[0].Compare(*in) < 0) {
		w := p.ends(open[0], m)
		if certain {
			left = p.reaches(left, &w, m)
		}
		if left, err = w.Leaves(left); err != nil {
			return sum, low, nil, err
		}
		open = open[1:]
	}
	var paidIn money.Amount
	for i := 0; i < len(open) && err == nil; i++ {
		paidIn, err = paidIn.Add(open[i].PaidIn)
	}
	if err == nil {
		sum, err = money.Min(left.Amount, money.Amount{}).Sub(money.Min(paidIn, left.Lack))
	}
	return sum, left.Low, open, err
}

// Spendable is how much of what is available a movement may take that is settled in a
// window, or with nil by hand: what belongs to windows before its own is their
// batches', whether a job has closed them or not; what they lack has to be made good, and
// what became a receivable comes out of what was paid in since. Nor is it more than would stand
// in available had a job closed any number of them.
// What was settled by hand may be spent besides. Minor units, and below 0 where
// something is owed. The merchant is the position's; nil: it does not leave. Errors:
// money.ErrOverflow.
func (p *Position) Spendable(in *WindowMark, m *Merchant) (money.Amount, error) {
	sum, low, open, err := p.behind(in, m, true)
	sum = money.Min(sum, low)
	for i := 0; i < len(open) && err == nil; i++ {
		sum, err = sum.Add(open[i].Available)
	}
	if err != nil {
		return sum, err
	}
	hand, err := p.handMoney(calendar.Date{})
	if err != nil {
		return sum, err
	}
	return sum.Add(hand)
}

// owed is what the merchant owes when all that is pending has come, where a movement
// is settled in a window, or with nil by hand; waits tells that windows before it wait
// for their batches. Those that are due have been closed, so of the others it is not said to owe too much.
func (p *Position) owed(in *WindowMark, m *Merchant) (owed money.Amount, waits bool, err error) {
	sum, _, open, err := p.behind(in, m, false)
	waits = !p.Folded.Watermark.IsZero() || len(open) < len(p.Open)
	for i := 0; i < len(open) && err == nil; i++ {
		sum, err = sum.Add(open[i].Net)
	}
	if err == nil {
		sum, err = sum.Add(p.Manual)
	}
	return money.Max(sum.Neg(), money.Amount{}), waits, err
}

// window is the one that a movement of the event is settled in, and its mark; by hand
// there is no mark.
func (p *plan) window() (WindowPin, *WindowMark, error) {
	pin, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil || manual(schedule) {
		return pin, nil, err
	}
	if pin, err = p.settles(pin, schedule); err != nil {
		return pin, nil, err
	}
	mark := MarkOf(schedule, pin.Window)
	return pin, &mark, nil
}

// lack tells what is missing where an amount is more than a position lets the event
// take of what is available; nil: it is not. matures is what the plan makes available
// beforehand. An account without a floor may be taken below 0 by anything.
func (p *plan) lack(position *Position, amount, matures money.Amount, key string) (lack, err error) {
	id := ledger.AccountID{Path: AvailablePath(p.merchant.ID), Currency: p.event.Currency}
	account, ok := p.state.Account(id)
	if ok && !account.Limited {
		return nil, nil
	}
	stands, err := account.Available()
	if err != nil {
		return nil, err
	}
	if stands, err = stands.Add(matures); err != nil {
		return nil, err
	}
	pin, mark, err := p.window()
	if err != nil {
		return nil, err
	}
	spendable, err := position.Spendable(mark, take[Merchant](p.state, MerchantRecord, p.merchant.ID))
	if err != nil {
		return nil, err
	}
	left, err := money.Sum(money.Min(stands, spendable), amount.Neg(), account.Floor.Neg())
	if err != nil || left.Sign() >= 0 {
		return nil, err
	}
	failure := &ledger.Failure{
		Reason: ledger.ErrInsufficientFunds, Key: key, Account: id, Has: money.Min(stands, spendable), Change: amount.Neg(), Bound: account.Floor,
	}
	if stands.Cmp(spendable) <= 0 || mark == nil {
		return failure, nil
	}
	return fmt.Errorf("%w; what belongs to the windows up to %s is their batches'", failure, pin.Opens.UTC().Format(timeFormat)), nil
}

// spends refuses to take more of what is available than the event may.
func (p *plan) spends(amount money.Amount, key string) error {
	matures, err := p.matures()
	if err != nil {
		return err
	}
	lack, err := p.lack(p.position(), amount, matures, key)
	if err != nil {
		return err
	}
	return lack
}

// matures is what the plan has made available of what was pending.
func (p *plan) matures() (money.Amount, error) {
	position := p.position()
	var before money.Amount
	if stored := take[Position](p.state, PositionRecord, position.Ref().ID); stored != nil {
		before = stored.Matured
	}
	return position.Matured.Sub(before)
}
