package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// chunk is how many lines one transaction writes.
const chunk = 10_000

// Closer closes batches.
type Closer struct {
	Books     *ledger.Ledger
	Book      *merchant.Book
	Schedules Schedules
	// Rules decide about reserves; nil: holds are released on their dates, and
	// nothing is built.
	Rules *payment.Rules
	// Quotes say what batches come to that are paid in another currency than their own;
	// nil: such batches are held until there are some.
	Quotes Quotes
	// Chunk is how many lines one transaction writes; 0 means 10,000. It does
	// not change what is written.
	Chunk int
}

func (c *Closer) chunk() int {
	if c.Chunk > 0 {
		return c.Chunk
	}
	return chunk
}

// Close closes targets in order, several small batches in one transaction, a
// large one in several, and reports each finished batch. Targets must come
// from Due, on a ledger nobody else is closing batches of. Batches that a
// crash has left unfinished are finished first. A batch that is Refused keeps only
// the later ones of its merchant and currency open: the others are closed, and the
// error joins the refusals. Any other fault ends it at once.
func (c *Closer) Close(ctx context.Context, targets []Target, done func(*Batch)) error {
	if err := c.resume(ctx, done); err != nil {
		return err
	}
	var faults []error
	for {
		err := c.closeAll(ctx, &targets, done)
		if err != nil && !Refused(err) {
			return Behind(err, errors.Join(faults...))
		}
		batch, ok := errors.AsType[*unclosed](err)
		if !ok {
			return errors.Join(append(faults, err)...)
		}
		faults = append(faults, err)
		targets = slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return t.owner() == batch.owner })
	}
}

// unclosed says why a batch could not be closed, and whose it is.
type unclosed struct {
	owner owner
	err   error
}

func (u *unclosed) Error() string { return u.err.Error() }
func (u *unclosed) Unwrap() error { return u.err }

// closeAll closes targets, and leaves those that are not closed yet.
func (c *Closer) closeAll(ctx context.Context, left *[]Target, done func(*Batch)) error {
	for len(*left) > 0 {
		targets := *left
		var finished []*Batch
		n := 0
		err := c.Books.Write(ctx, func(tx ledger.Tx) error {
			finished, n = nil, 0
			marks := make(marks)
			together := targets[:min(len(targets), maxTogether)]
			if err := tx.Lock(ctx, positionsOf(together)...); err != nil {
				return fmt.Errorf("lock the positions of %d merchants: %w", len(together), err)
			}
			for lines := 0; n < len(together) && lines < c.chunk(); n++ {
				batch, err := c.closeTx(ctx, tx, &targets[n], marks)
				if err != nil {
					return &unclosed{targets[n].owner(), fmt.Errorf("close %s %s %s: %w", targets[n].Merchant, targets[n].Currency, targets[n].Window.BusinessDate, err)}
				}
				if batch == nil {
					continue
				}
				lines += batch.Written.Lines
				finished = append(finished, batch)
			}
			return nil
		})
		if err != nil {
			return err
		}
		*left = targets[n:]
		for _, batch := range finished {
			if batch, err = c.finish(ctx, batch); err != nil {
				return err
			}
			done(batch)
		}
	}
	return nil
}

// maxTogether bounds how many batches close in one transaction, and so how many
// merchants wait for it.
const maxTogether = 200

// positionsOf names the positions of targets. A position is what a movement has
// to be counted in: while it is locked, the members of a batch stay what they are.
func positionsOf(targets []Target) []ledger.Ref {
	refs := make([]ledger.Ref, len(targets))
	for i := range targets {
		refs[i] = payment.PositionRef(targets[i].Merchant, targets[i].Currency)
	}
	return refs
}

// resume finishes what a crash has left.
func (c *Closer) resume(ctx context.Context, done func(*Batch)) error {
	var left []*Batch
	err := c.Books.Read(ctx, func(r ledger.Reader) error {
		var ids []string
		for unfinished, err := range ledger.RecordsOf[*Unfinished](ctx, r, ClosingRecord, "") {
			if err != nil {
				return err
			}
			ids = append(ids, unfinished.Batch)
		}
		for _, id := range ids {
			batch, err := Find(ctx, r, id)
			if err != nil {
				return err
			}
			left = append(left, batch)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, batch := range left {
		if batch, err = c.finish(ctx, batch); err != nil {
			return err
		}
		done(batch)
	}
	return nil
}

// finish writes the lines that are left, chunk by chunk.
func (c *Closer) finish(ctx context.Context, batch *Batch) (*Batch, error) {
	from := ""
	for batch.Status == Closing {
		last := from
		var written Batch // by the last run of the transaction, which a store may repeat
		err := c.Books.Write(ctx, func(tx ledger.Tx) error {
			cmd := &continuing{writer: writer{batch: *batch, from: from}}
			target := targetOf(batch)
			if err := tx.Lock(ctx, positionsOf([]Target{*target})...); err != nil {
				return err
			}
			if err := c.collect(ctx, tx, target, &cmd.writer); err != nil {
				return err
			}
			if err := c.run(ctx, tx, cmd); err != nil {
				return err
			}
			written, last = cmd.batch, cmd.from
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("batch %s: write lines from %d: %w", batch.ID, batch.Written.Lines+1, err)
		}
		batch, from = &written, last
	}
	return batch, nil
}

func (c *Closer) run(ctx context.Context, tx ledger.Tx, cmd ledger.Command) error {
	errs, err := c.Books.DoTx(ctx, tx, cmd)
	if err != nil {
		return err
	}
	return errs[0]
}

// marks keeps the positions of watermarks during one transaction, for batches
// that close together share one. Closing does not change them: it books no
// entry before its own.
type marks map[time.Time]ledger.Position

func (m marks) before(ctx context.Context, r ledger.Reader, at time.Time) (Watermark, error) {
	through, ok := m[at]
	if !ok {
		var err error
		if through, err = ledger.PositionBefore(ctx, r, at); err != nil {
			return Watermark{}, err
		}
		m[at] = through
	}
	return Watermark{Through: through, Before: at}, nil
}

// closeTx begins one batch; nil when it is closed already or has no member.
func (c *Closer) closeTx(ctx context.Context, tx ledger.Tx, t *Target, marks marks) (*Batch, error) {
	schedule, err := c.Schedules(t.Window.Schedule)
	if err != nil {
		return nil, err
	}
	m, err := merchantOf(ctx, tx, t.Merchant)
	if err != nil {
		return nil, err
	}
	region, err := c.Book.Region(&m.Merchant, t.Currency)
	if err != nil {
		return nil, err
	}
	cmd := &closing{
		schedule: schedule, minPayout: schedule.MinPayout, rules: c.Rules, last: leaving(m, schedule.Watermark(t.Window.Window)),
		scope: merchant.Scope{Merchant: t.Merchant, Region: region.ID, Currency: t.Currency},
	}
	cmd.fixed = Batch{
		ID: batchID(t), Merchant: t.Merchant, Currency: t.Currency, Window: t.Window, Status: Closing,
		Region: region.ID, Bank: region.Bank, ZoneData: calendar.ZoneData(), Timezone: schedule.Timing.Zone.String(),
	}
	if cmd.fx, err = c.exchanges(ctx, schedule, m, t, schedule.Watermark(t.Window.Window)); err != nil {
		return nil, err
	}
	if cmd.fixed.Watermark, err = marks.before(ctx, tx, schedule.Watermark(t.Window.Window)); err != nil {
		return nil, err
	}
	if err := c.collect(ctx, tx, t, &cmd.writer); err != nil {
		return nil, err
	}
	var left bool
	if cmd.holds, left, err = c.dueReserves(ctx, tx, t, m); err != nil {
		return nil, err
	}
	if len(cmd.items) == 0 && len(cmd.holds) == 0 && !left {
		return nil, nil
	}
	if len(cmd.items) == 0 {
		if cmd.behind, err = foldedBehind(ctx, tx, t); err != nil {
			return nil, err
		}
	}
	if err := c.run(ctx, tx, cmd); err != nil {
		return nil, err
	}
	batch := cmd.batch // the command has its members as well, which need not stay until the last chunk is written
	return &batch, nil
}

// collect gathers the next items of a batch, up to a chunk.
func (c *Closer) collect(ctx context.Context, r ledger.Reader, t *Target, w *writer) error {
	w.items, w.more = nil, false
	return members(ctx, r, t, w.from, c.Schedules, func(item *payment.Item, late bool) (bool, error) {
		if len(w.items) == c.chunk() {
			w.more = true
			return false, nil
		}
		if t.asked == nil && item.Window.SettlementDate.After(t.Window.SettlementDate) {
			return false, fmt.Errorf("%w: %s is available on %s, after the batch settles on %s", ledger.ErrCorrupt,
				item.Entry, item.Window.SettlementDate, t.Window.SettlementDate)
		}
		w.items, w.from = append(w.items, lateItem{item, late}), item.Ref().ID
		return true, nil
	})
}

// lateItem is a member with its lateness.
type lateItem struct {
	item *payment.Item
	late bool
}

// closing is the command that fixes a batch: membership, totals and money.
type closing struct {
	writer
	fixed     Batch // identity and the totals of the members
	schedule  *merchant.Schedule
	minPayout money.Amount
	last      bool         // the merchant is leaving: everything is paid, and nothing is withheld any more
	pending   money.Amount // of the members' nets, what is in the pending account
	paidIn    money.Amount // of the members' nets, what the merchant has paid in
	toDebt    money.Amount // beside them, what the merchant has paid in that went to a debt at once
	short     bool         // what it would pay would not be enough once it has paid what it costs
	holds     []freed
	behind    []payment.WindowSum // that the position counted as behind without this batch: it has no movement
	demand    *demand             // what somebody asked for; nil: the batch is a window's
	rules     *payment.Rules
	scope     merchant.Scope // the merchant's own, of all methods
	fx        *exchanging    // the batch is paid in another currency; nil: in its own
	price     price          // at which its net became that, or why it has not
}

// add counts an item that the closing itself brings, in the net and in the totals.
func (b *Batch) add(item *payment.Item) (err error) {
	if b.Totals.Net, err = b.Totals.Net.Add(item.Net); err != nil {
		return err
	}
	return b.count(item)
}

// count counts an item in the totals; the net has it already.
func (b *Batch) count(item *payment.Item) error {
	sums := []struct {
		into *money.Amount
		add  money.Amount
	}{
		{&b.Totals.Gross, item.Gross}, {&b.Totals.Fee, item.Fee}, {&b.Totals.Tax, item.Tax},
		{&b.Totals.Withholding, item.Withholding}, {&b.Totals.Reserve, item.Reserve},
		{b.Categories.of(item.Category), item.Net},
	}
	for _, s := range sums {
		sum, err := s.into.Add(s.add)
		if err != nil {
			return err
		}
		*s.into = sum
	}
	b.Lines++
	return nil
}

func (c *Categories) of(category payment.Category) *money.Amount {
	switch category {
	case payment.CategoryPayment:
		return &c.Payments
	case payment.CategoryRefund:
		return &c.Refunds
	case payment.CategoryDispute:
		return &c.Disputes
	case payment.CategoryReserve:
		return &c.Reserve
	case payment.CategoryPayout:
		return &c.Payouts
	case payment.CategoryBatch:
		return &c.Batches
	case payment.CategoryAdjustment:
		return &c.Adjustments
	case payment.CategoryExchange:
		return &c.Exchanges
	case payment.CategoryFee:
		return &c.Fees
	}
	panic(fmt.Sprintf("settlement: category %q has no sum", category))
}

// At implements ledger.Command: a batch is closed under its watermark.
func (c *closing) At() time.Time { return c.fixed.Watermark.Before }

// Need implements ledger.Command.
func (c *closing) Need(s *ledger.State, n *ledger.Need) {
	b := &c.fixed
	n.Record(b.Ref())
	n.Record(payment.PositionRef(b.Merchant, b.Currency))
	n.Record(payment.FoldedRef(b.Merchant, b.Currency, c.mark()))
	n.Record((&Reported{Currency: b.Currency}).Ref())
	n.Record(MerchantHoldRef(b.Merchant))
	n.Record(heldRef(b.ID))
	if c.demand != nil {
		n.Record(c.demand.request.Ref())
	}
	n.Record(blocksRef(b.Merchant, b.Currency))
	for _, path := range []string{payment.PendingPath(b.Merchant), payment.AvailablePath(b.Merchant), payment.SettlementPath(b.ID)} {
		n.Account(ledger.AccountID{Path: path, Currency: b.Currency})
	}
	n.Key(b.key("available"))
	n.Key(b.key("closed"))
	c.needDebt(s, n)
	c.needCharges(n)
	if c.fx != nil {
		b.needFX(n, c.fx.target)
	}
	for _, due := range c.holds {
		if entry, _, _, err := due.hold.ReleaseAll(b.Window.BusinessDate, due.reason); err == nil {
			n.Entry(&entry)
		}
	}
	if c.rules != nil {
		n.Record(payment.PoolRef(b.Merchant, b.Currency, reserve.KindFixed))
		n.Record(payment.PoolRef(b.Merchant, b.Currency, reserve.KindMinimum))
	}
}

func (b *Batch) key(step string) string { return "settlement/" + b.ID + "/" + step }

// Apply implements ledger.Command.
func (c *closing) Apply(s *ledger.State) error {
	c.batch = c.fixed
	if s.Record(c.batch.Ref()) != nil {
		return fmt.Errorf("%w: batch %s is closed, yet has members without a line", ledger.ErrCorrupt, c.batch.ID)
	}
	position, err := c.position(s)
	if err != nil {
		return err
	}
	if err = c.membersOf(s, position); err != nil {
		return err
	}
	net := c.batch.Totals.Net // of the members
	balance, err := payment.WatchAvailable(s, c.batch.Merchant, c.batch.Currency)
	if err != nil {
		return err
	}
	c.releases = nil
	if position, err = c.release(s, position); err != nil {
		return err
	}
	if err := c.mature(s); err != nil {
		return err
	}
	if err := c.collectDebt(s, position); err != nil {
		return err
	}
	if err := c.build(s, position.Carry); err != nil {
		return err
	}
	if err := c.recoverDebt(s, position); err != nil {
		return err
	}
	if err := c.debit(s, position); err != nil {
		return err
	}
	if err := c.charge(s, position); err != nil {
		return err
	}
	if err := c.balance(position); err != nil {
		return err
	}
	if err := c.post(s); err != nil {
		return err
	}
	if err := c.exchange(s); err != nil {
		return err
	}
	c.batch.NeedsApproval = c.batch.AtClose == Closed && c.schedule.NeedsApproval(c.batch.Net)
	if err := c.batch.divide(c.schedule.MaxPayout); err != nil {
		return err
	}
	if err := c.block(s, c.batch.CarryOut.Neg()); err != nil {
		return err
	}
	c.batch.begin(s.Now())
	c.hold(s)
	if position.Unassigned, err = position.Unassigned.Sub(net); err != nil {
		return err
	}
	position.Carry = c.batch.CarryOut.Neg()
	if err := c.unforeseen(position); err != nil {
		return err
	}
	if err := c.cannotPay(position); err != nil {
		return err
	}
	if !c.batch.Watermark.Before.Before(position.Closed) {
		position.Closed, position.ClosedBy = c.batch.Watermark.Before, c.batch.Window.Schedule
		if c.demand != nil {
			position.ClosedBy = merchant.Pin{}
		}
	}
	position.Settled(c.mark())
	s.Put(position)
	if c.demand != nil {
		s.Put(&c.demand.request)
	}
	s.Delete(payment.FoldedRef(position.Merchant, position.Currency, c.mark()))
	if err := balance.Tell(s); err != nil {
		return err
	}
	s.Put(c.batch.day())
	c.batch.unreport(s)
	return c.write(s)
}

// membersOf takes what the members of the batch add up to from the position.
func (c *closing) membersOf(s *ledger.State, position *payment.Position) (err error) {
	if d := c.demand; d != nil {
		c.batch.Totals.Net, c.paidIn, c.toDebt, c.pending = d.net, d.paidIn, d.toDebt, d.pending
		return d.leave(position)
	}
	sum, open := c.sumOf(s, position)
	if !open && len(c.items) > 0 {
		return fmt.Errorf("%w: %d movements or more of merchant %s are settled in batch %s, and its position in %s knows no such window", ledger.ErrCorrupt,
			len(c.items), c.batch.Merchant, c.batch.ID, c.batch.Currency)
	}
	c.batch.Totals.Net, c.paidIn, c.toDebt = sum.Net, sum.PaidIn, sum.ToDebt
	c.pending, err = sum.Net.Sub(sum.Available)
	return err
}

// unreport has the files of the batch's date written again where that was done
// already: nothing was known to have happened on it.
func (b *Batch) unreport(s *ledger.State) {
	before := b.Window.BusinessDate.AddDays(-1)
	stored, ok := s.Record((&Reported{Currency: b.Currency}).Ref()).(*Reported)
	if !ok || !stored.Through.After(before) {
		return
	}
	reported := Reported{Currency: stored.Currency, Through: before, Verified: stored.Verified}
	if reported.Verified.After(before) {
		reported.Verified = before
	}
	s.Put(&reported)
}

// position gives the merchant's position after proving it against the books:
// carry and the nets of everything in no batch are what the pending and the
// available account hold together.
func (c *closing) position(s *ledger.State) (*payment.Position, error) {
	stored, ok := s.Record(payment.PositionRef(c.batch.Merchant, c.batch.Currency)).(*payment.Position)
	if !ok {
		return nil, fmt.Errorf("%w: merchant %s has items but no position in %s", ledger.ErrCorrupt, c.batch.Merchant, c.batch.Currency)
	}
	var books money.Amount
	for _, path := range []string{payment.PendingPath(c.batch.Merchant), payment.AvailablePath(c.batch.Merchant)} {
		account, ok := s.Account(ledger.AccountID{Path: path, Currency: c.batch.Currency})
		if !ok {
			continue
		}
		balance, err := account.Posted()
		if err != nil {
			return nil, err
		}
		if books, err = books.Add(balance); err != nil {
			return nil, err
		}
	}
	want, err := stored.Carry.Add(stored.Unassigned)
	if err != nil {
		return nil, err
	}
	if want != books {
		format := c.batch.Currency.Format
		return nil, fmt.Errorf("%w: merchant %s: carry %s + movements in no batch %s = %s, pending and available hold %s %s", ErrEquation,
			c.batch.Merchant, format(stored.Carry), format(stored.Unassigned), format(want), c.batch.Currency, format(books))
	}
	position := *stored
	return &position, nil
}

// payable is what a batch would pay.
type payable struct {
	total money.Amount // opening carry and all lines
	kept  money.Amount // the minimum balance
	pays  money.Amount // the rest, less what is owed of what no job settles
}

// payable gives what the batch would pay, as its lines are now. What the merchant owes of
// what no job settles stays where it is, and so much of the batch is carried on to stand
// against it; so is the minimum balance that the schedule keeps back.
func (c *closing) payable(position *payment.Position) (p payable, err error) {
	if p.total, err = position.Carry.Add(c.batch.Totals.Net); err != nil {
		return p, err
	}
	owed, err := position.OwedByHand(c.batch.Window.BusinessDate)
	if c.demand != nil {
		owed = money.Min(c.demand.rest, money.Amount{})
	}
	if err != nil {
		return p, err
	}
	if p.pays, err = p.total.Add(owed); err != nil {
		return p, err
	}
	if !c.last {
		p.kept = money.Min(c.schedule.MinBalance, money.Max(p.pays, money.Amount{}))
	}
	p.pays, err = p.pays.Sub(p.kept)
	return p, err
}

// suffices tells whether the batch may pay an amount.
func (c *closing) suffices(amount money.Amount) bool {
	return amount.Sign() > 0 && (c.last || amount.Cmp(c.minPayout) >= 0) && c.fx.buys(c.batch.Currency, amount)
}

// balance decides what is paid and what is carried. The minimum balance has a line of its
// own.
func (c *closing) balance(position *payment.Position) error {
	b := &c.batch
	p, err := c.payable(position)
	if err != nil {
		return err
	}
	b.OpeningCarry, b.Kept, b.AtClose = position.Carry, p.kept, CarriedForward
	if !c.short && c.suffices(p.pays) {
		b.Net, b.AtClose = p.pays, Closed
	}
	if c.demand != nil && b.AtClose != Closed {
		return c.paysNothing(p)
	}
	if b.CarryOut, err = b.Net.Sub(p.total); err != nil {
		return err
	}
	rest, err := b.carriedOn()
	if err != nil {
		return err
	}
	for _, carried := range []money.Amount{b.OpeningCarry, b.Kept, rest} {
		if !carried.IsZero() {
			b.Lines++
		}
	}
	return b.equation()
}

// begin notes the instant of the close, which is that of its first transaction
// however many follow.
func (b *Batch) begin(at time.Time) {
	if b.Steps = []Step{{Status: b.AtClose, At: at}}; b.AtClose == Closed && !b.NeedsApproval {
		b.Steps = append(b.Steps, Step{Status: Approved, At: at}) // nobody has to look at it
		for i := range b.Parts {
			b.Parts[i].Status = Approved
		}
	}
}

// mature moves the members out of pending.
func (c *closing) mature(s *ledger.State) error {
	if c.pending.IsZero() {
		return nil
	}
	b := &c.batch
	available := payment.AvailablePath(b.Merchant)
	move := []ledger.Posting{
		ledger.Dr(payment.PendingPath(b.Merchant), c.pending.Abs(), b.Currency), ledger.Cr(available, c.pending.Abs(), b.Currency),
	}
	if c.pending.Sign() < 0 { // fees above what was captured
		move[0].Side, move[1].Side = ledger.Credit, ledger.Debit
	}
	_, err := c.book(s, payment.EntryAvailable, "available", move...)
	return err
}

// post moves the net out of available.
func (c *closing) post(s *ledger.State) error {
	b := &c.batch
	if b.Net.IsZero() {
		return nil
	}
	_, err := c.book(s, payment.EntryBatchClosed, "closed",
		ledger.Dr(payment.AvailablePath(b.Merchant), b.Net, b.Currency), ledger.Cr(payment.SettlementPath(b.ID), b.Net, b.Currency))
	return err
}

func (c *closing) book(s *ledger.State, kind, step string, postings ...ledger.Posting) (ledger.Result, error) {
	return s.Book(ledger.Entry{
		Key: c.batch.key(step), Kind: kind, Reference: c.batch.ID, ValueDate: c.batch.Window.BusinessDate, Postings: postings,
		Owner: Owner, OrFirstOpen: true,
	})
}
