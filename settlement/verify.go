package settlement

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// Verify proves the books of payments and settlement on one snapshot and
// reports each difference:
//
//   - the movements in no batch, with the carry, are what a merchant's pending
//     and available accounts hold, each for itself (together, while the lines of
//     a batch are still being written);
//   - what is left of a merchant's debts that stand as receivables, and of fees that
//     were invoiced, is what that account holds, and what is recovered of a debt is what
//     lines and movements took back of it;
//   - the lines of invoices add up to them, and they to what is billed in all; their
//     numbers are those that were given;
//   - what is left of the holds of a merchant (held, less released, less drawn, with
//     what was put back) is what its rolling reserve account holds, and its fixed
//     and minimum reserves hold what was built of them and not given back;
//   - a batch's lines add up to its totals, its totals obey the batch equation,
//     its account holds its net until it is sent, its day lists it, and what it cost
//     itself stands in its lines;
//   - a batch waits for an approval as its net and its schedule say, and is blocked as the
//     blocks of its merchant say, which began with batches that came to less than nothing and
//     ended with what lines say was paid in since, or by somebody; what
//     somebody asked for is a batch, and each batch of that kind was asked for once;
//   - what positions count of each open window, of what was settled by hand, and as
//     behind, is what the movements in no batch say, and the debt they name is the one that stands;
//   - tier counters, and months that have a minimum, are what the fees say that were
//     counted in them, and monthly minima were charged as far as fees lacked;
//   - every movement of the journal stands in one batch or in none, and no entry
//     stands in two places.
//
// Memory grows with the number of merchants, of tier counters, of
// months that have a minimum and of debts, and by one bit for each entry.
func Verify(ctx context.Context, r ledger.Reader, report func(ledger.Finding)) error {
	heads, err := r.Heads(ctx)
	if err != nil {
		return err
	}
	v := &verifier{
		reader: r, report: report, seen: make(map[uint16][]uint64, len(heads)),
		sums: make(map[owner]*sums), accounts: make(map[ledger.AccountID]money.Amount), restored: make(map[string]money.Amount),
		demanded: make(map[string]bool), paid: make(map[string]money.Amount),
	}
	for _, h := range heads {
		v.seen[h.Lane] = make([]uint64, h.Seq/64+1)
	}
	for _, step := range []func(context.Context) error{
		v.readSchedules, v.readRequests, v.readAccounts, v.readItems, v.readFolded, v.readHolds, v.readPools, v.readInvoices, v.readCounters, v.readBlocks, v.readBatches, v.readAsked, v.readDebts, v.readDays, v.readHeld, v.readPositions, v.readJournal,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	v.madeGood()
	v.compare()
	return nil
}

// sums is what records say about one merchant in one currency. left is what the
// members of a batch sum to whose lines are still to be written: their money
// has moved already.
type sums struct {
	pending, available, unassigned, manual, reserve, fixed, minimum, receivable, left money.Amount
	closing                                                                           bool
	windows                                                                           []payment.WindowSum  // settled by a job, in order
	unwritten                                                                         []payment.WindowMark // of batches whose lines are being written
	folded                                                                            []payment.WindowSum  // that are kept as behind, in order
	owes                                                                              payment.Position     // what of a debt stands
	held                                                                              []payment.Withheld   // until their dates, in order
}

type verifier struct {
	reader   ledger.Reader
	report   func(ledger.Finding)
	seen     map[uint16][]uint64 // by lane, one bit for each seq that is an item or a line
	sums     map[owner]*sums
	pins     map[merchant.Pin]*merchant.Schedule
	accounts map[ledger.AccountID]money.Amount // posted balances of the accounts looked at
	asked    map[owner]*asked                  // in batches whose lines are being written
	restored map[string]money.Amount           // by debt, what movements and lines took back of it
	blocks   map[owner]*Blocks
	paid     map[string]money.Amount // by the batch that has begun a block, what lines say was paid in since
	demanded map[string]bool         // batches that somebody asked for
	twice    int                     // entries found again, or in no place of the journal
}

func (v *verifier) of(merchant string, currency money.Currency) *sums {
	key := owner{merchant, currency}
	if v.sums[key] == nil {
		v.sums[key] = &sums{}
	}
	return v.sums[key]
}

func (v *verifier) find(place, want, have string) {
	v.report(ledger.Finding{Place: place, Want: want, Have: have})
}

func (v *verifier) readAccounts(ctx context.Context) error {
	for _, prefix := range []string{"merchants/", "settlements/"} {
		for account, err := range v.reader.Accounts(ctx, prefix) {
			if err != nil {
				return err
			}
			if v.accounts[account.AccountID], err = account.Posted(); err != nil {
				return err
			}
			if m, _, ok := payment.MerchantOf(account.Path); ok {
				v.of(m, account.Currency)
			}
		}
	}
	return nil
}

// add sums up; an overflow is a finding, for no account can hold it.
func (v *verifier) add(into *money.Amount, amounts ...money.Amount) {
	for _, a := range amounts {
		sum, err := into.Add(a)
		if err != nil {
			v.find("sums", "sums within range", err.Error())
			return
		}
		*into = sum
	}
}

// once finds an entry that stands in two places.
func (v *verifier) once(place string, item *payment.Item) {
	word, bit, seen := item.Seq/64, uint64(1)<<(item.Seq%64), v.seen[item.Lane]
	switch {
	case item.Seq == 0 || word >= uint64(len(seen)):
		v.twice++
		v.find(place, "an entry of the journal", fmt.Sprintf("seq %d", item.Seq))
	case seen[word]&bit != 0:
		v.twice++
		v.find(place, "an entry that stands nowhere else", fmt.Sprintf("seq %d (%s) again", item.Seq, item.Entry))
	default:
		seen[word] |= bit
	}
}

func (v *verifier) readItems(ctx context.Context) error {
	for item, err := range ledger.RecordsOf[*payment.Item](ctx, v.reader, payment.ItemRecord, "") {
		if err != nil {
			return err
		}
		v.once("movement "+item.Entry, item)
		v.takesBack(item)
		s := v.of(item.Merchant, item.Currency)
		v.add(&s.unassigned, item.Net)
		v.add(&s.pending, item.Pending)
		v.add(&s.available, item.Net, item.Pending.Neg())
		if item.Manual {
			if !v.taken(item, nil) {
				v.add(&s.manual, item.Net)
			}
			continue
		}
		schedule := v.pins[item.Window.Schedule]
		if schedule == nil {
			v.find("movement "+item.Entry, "schedule "+item.Window.Schedule.String(), "not there")
			continue
		}
		window, _, err := windowOf(schedule, item)
		if err != nil {
			v.find("movement "+item.Entry, "a window it is settled in", err.Error())
			continue
		}
		if !v.taken(item, &window) {
			v.window(s, payment.SumOf(schedule, window), item)
		}
	}
	return nil
}

// readSchedules takes the schedules that movements are pinned to.
func (v *verifier) readSchedules(ctx context.Context) error {
	v.pins = make(map[merchant.Pin]*merchant.Schedule)
	for s, err := range ledger.RecordsOf[*payment.Schedule](ctx, v.reader, payment.ScheduleRecord, "") {
		if err != nil {
			return err
		}
		v.pins[s.Pin()] = &s.Schedule
	}
	return nil
}

func (v *verifier) readHolds(ctx context.Context) error {
	for hold, err := range ledger.RecordsOf[*payment.Hold](ctx, v.reader, payment.HoldRecord, "") {
		if err != nil {
			return err
		}
		left, err := hold.Left()
		if err != nil {
			v.find("hold "+hold.ID, "a valid hold", err.Error())
			continue
		}
		s := v.of(hold.Merchant, hold.Currency)
		v.add(&s.reserve, left)
		v.withheld(s, hold)
		v.settles(hold)
	}
	return nil
}

// withheld counts what a hold withholds until its date.
func (v *verifier) withheld(s *sums, hold *payment.Hold) {
	held, err := hold.Withholds()
	if err != nil || held.Amount.IsZero() { // the one is found by readHolds, the other withholds nothing
		return
	}
	at, known := slices.BinarySearchFunc(s.held, held, payment.Withheld.Compare)
	if !known {
		s.held = slices.Insert(s.held, at, held)
		return
	}
	v.add(&s.held[at].Amount, held.Amount)
}

// settles finds a hold that is not given back before another watermark than that of the window
// its deposit is settled in. Records of before say none, nor do those of who is settled by hand.
func (v *verifier) settles(hold *payment.Hold) {
	schedule := v.pins[hold.Window.Schedule]
	if hold.From.IsZero() || schedule == nil {
		return
	}
	want := "no watermark before which it is not released"
	if !hold.Manual {
		settled := schedule.Watermark(hold.Settled())
		if hold.From.Equal(settled) {
			return
		}
		want = "not released before " + settled.UTC().Format(time.RFC3339Nano)
	}
	v.find("hold "+hold.ID, want, hold.From.UTC().Format(time.RFC3339Nano))
}

// takesBack counts what a movement takes back of a debt.
func (v *verifier) takesBack(item *payment.Item) {
	if item.Type == string(payment.DebtRestored) && item.Category == payment.CategoryAdjustment {
		sum := v.restored[item.SourceID]
		v.add(&sum, item.Net.Neg())
		v.restored[item.SourceID] = sum
	}
}

func (v *verifier) readDebts(ctx context.Context) error {
	for debt, err := range ledger.RecordsOf[*payment.Debt](ctx, v.reader, payment.DebtRecord, "") {
		if err != nil {
			return err
		}
		have := v.restored[debt.ID]
		delete(v.restored, debt.ID)
		left, err := debt.Left()
		if err != nil || left.Sign() < 0 {
			v.find("debt "+debt.ID, "no more paid, written off and recovered than it is", fmt.Sprintf("%s left, %v", left, err))
			continue
		}
		back := debt.Recovered
		if debt.Status == payment.Reclassified {
			s := v.of(debt.Merchant, debt.Currency)
			v.add(&s.receivable, left)
			if left.Sign() > 0 {
				if err := s.owes.Stands(debt); err != nil {
					return err
				}
			}
		} else {
			v.add(&back, left)
		}
		if have != back {
			v.find("debt "+debt.ID, "what was taken back of it, "+have.String(), back.String())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(v.restored)) {
		v.find("debt "+id, "a debt that was taken back", "none")
	}
	return nil
}

// readPools takes the fixed and minimum reserves.
func (v *verifier) readPools(ctx context.Context) error {
	for pool, err := range ledger.RecordsOf[*payment.Pool](ctx, v.reader, payment.PoolRecord, "") {
		if err != nil {
			return err
		}
		balance, err := pool.Balance()
		if err != nil || balance.Sign() < 0 || !pool.Kind.Pooled() {
			v.find(pool.Ref().String(), "a fixed or minimum reserve that holds nothing or more", fmt.Sprintf("%s of kind %q, %v", balance, pool.Kind, err))
			continue
		}
		s := v.of(pool.Merchant, pool.Currency)
		into := &s.fixed
		if pool.Kind == reserve.KindMinimum {
			into = &s.minimum
		}
		v.add(into, balance)
	}
	return nil
}

// readPositions compares positions with the items, and moves what has matured
// from one account to the other, as it was booked.
func (v *verifier) readPositions(ctx context.Context) error {
	for p, err := range ledger.RecordsOf[*payment.Position](ctx, v.reader, payment.PositionRecord, "") {
		if err != nil {
			return err
		}
		s := v.of(p.Merchant, p.Currency)
		open := s.unassigned
		v.add(&open, s.left.Neg())
		if open != p.Unassigned {
			v.find("position "+p.Ref().ID, "movements in no batch "+open.String(), p.Unassigned.String())
		}
		if s.manual != p.Manual {
			v.find("position "+p.Ref().ID, "movements that no job settles "+s.manual.String(), p.Manual.String())
		}
		v.positionWindows(p, s)
		if want, have := debtText(&s.owes), debtText(p); want != have {
			v.find("position "+p.Ref().ID, want, have)
		}
		if want, have := heldText(s.held), heldText(p.Held); want != have {
			v.find("position "+p.Ref().ID, "withheld"+want, "withheld"+have)
		}
		v.add(&s.available, p.Carry, p.Matured)
		v.add(&s.pending, p.Matured.Neg())
	}
	return nil
}

// readJournal looks for movements of a merchant's money that have no place. An
// entry that hangs on another one is part of that one's movement.
func (v *verifier) readJournal(ctx context.Context) error {
	for e, err := range ledger.Entries(ctx, v.reader) {
		if err != nil {
			return err
		}
		if e.PartOf != "" || e.Kind == payment.EntryBatchClosed || v.seen[e.Lane][e.Seq/64]&(1<<(e.Seq%64)) != 0 {
			continue
		}
		var moved money.Amount
		for _, p := range e.Postings {
			if _, part, ok := payment.MerchantOf(p.Account); !ok || part != "pending" && part != "available" {
				continue
			}
			if p.Side == ledger.Debit {
				p.Amount = p.Amount.Neg()
			}
			v.add(&moved, p.Amount)
		}
		if !moved.IsZero() {
			v.find("movement "+e.Key, "a place in a batch or in none", "neither")
		}
	}
	return nil
}

// compare holds the sums against the accounts. While the lines of a batch are
// being written, which of its members were pending is not known here.
func (v *verifier) compare() {
	order := func(a, b owner) int {
		return cmp.Or(cmp.Compare(a.merchant, b.merchant), a.currency.Compare(b.currency))
	}
	for _, o := range slices.SortedFunc(maps.Keys(v.sums), order) {
		s := v.sums[o]
		v.account(s.reserve, o.currency, payment.ReservePath(o.merchant))
		v.account(s.receivable, o.currency, payment.MerchantReceivablePath(o.merchant))
		v.account(s.fixed, o.currency, payment.PoolPath(o.merchant, reserve.KindFixed))
		v.account(s.minimum, o.currency, payment.PoolPath(o.merchant, reserve.KindMinimum))
		if s.closing {
			both := s.pending
			v.add(&both, s.available, s.left.Neg())
			v.account(both, o.currency, payment.PendingPath(o.merchant), payment.AvailablePath(o.merchant))
			continue
		}
		v.account(s.pending, o.currency, payment.PendingPath(o.merchant))
		v.account(s.available, o.currency, payment.AvailablePath(o.merchant))
	}
}

// account compares what one account holds, or several together.
func (v *verifier) account(want money.Amount, currency money.Currency, paths ...string) {
	var have money.Amount
	for _, path := range paths {
		v.add(&have, v.accounts[ledger.AccountID{Path: path, Currency: currency}])
	}
	if have != want {
		v.find("account "+strings.Join(paths, " and ")+" "+currency.String(), "what its movements sum to, "+want.String(), have.String())
	}
}
