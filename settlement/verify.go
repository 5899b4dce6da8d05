package settlement

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Verify proves the books of payments and settlement on one snapshot and
// reports each difference:
//
//   - the movements in no batch, with the carry, are what a merchant's pending
//     and available accounts hold, each for itself (once the lines of a batch
//     that is being closed are written);
//   - the holds of a merchant are what its reserve account holds;
//   - a batch's lines add up to its totals, its totals obey the batch equation,
//     and its account holds its net until it is sent;
//   - no entry stands in two places.
//
// Memory grows with the number of merchants, and by one bit for each entry.
func Verify(ctx context.Context, r ledger.Reader, report func(ledger.Finding)) error {
	head, err := r.Head(ctx)
	if err != nil {
		return err
	}
	v := &verifier{
		reader: r, report: report, seen: make([]uint64, head.Seq/64+1),
		sums: make(map[owner]*sums), accounts: make(map[ledger.AccountID]money.Amount),
	}
	for _, step := range []func(context.Context) error{v.readAccounts, v.readItems, v.readHolds, v.readBatches, v.readPositions} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	v.compare()
	return nil
}

type owner struct {
	merchant string
	currency money.Currency
}

// sums is what records say about one merchant in one currency. closing is what
// members of a batch whose lines are still being written sum to: their money
// has moved already.
type sums struct {
	pending, available, unassigned, reserve, closing money.Amount
}

type verifier struct {
	reader   ledger.Reader
	report   func(ledger.Finding)
	seen     []uint64 // one bit for each seq that is an item or a line
	sums     map[owner]*sums
	accounts map[ledger.AccountID]money.Amount // posted balances of the accounts looked at
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
	word, bit := item.Seq/64, uint64(1)<<(item.Seq%64)
	switch {
	case item.Seq == 0 || word >= uint64(len(v.seen)):
		v.find(place, "an entry of the journal", fmt.Sprintf("seq %d", item.Seq))
	case v.seen[word]&bit != 0:
		v.find(place, "an entry that stands nowhere else", fmt.Sprintf("seq %d (%s) again", item.Seq, item.Entry))
	default:
		v.seen[word] |= bit
	}
}

func (v *verifier) readItems(ctx context.Context) error {
	for record, err := range v.reader.Records(ctx, payment.ItemRecord, "", "") {
		if err != nil {
			return err
		}
		item := record.(*payment.Item)
		v.once("movement "+item.Entry, item)
		s := v.of(item.Merchant, item.Currency)
		v.add(&s.unassigned, item.Net)
		v.add(&s.pending, item.Pending)
		v.add(&s.available, item.Net, item.Pending.Neg())
	}
	return nil
}

func (v *verifier) readHolds(ctx context.Context) error {
	for record, err := range v.reader.Records(ctx, payment.HoldRecord, "", "") {
		if err != nil {
			return err
		}
		hold := record.(*payment.Hold)
		left, err := hold.Left()
		if err != nil {
			v.find("hold "+hold.ID, "a valid hold", err.Error())
			continue
		}
		v.add(&v.of(hold.Merchant, hold.Currency).reserve, left)
	}
	return nil
}

// readPositions compares positions with the items, and moves what has matured
// from one account to the other, as it was booked.
func (v *verifier) readPositions(ctx context.Context) error {
	for record, err := range v.reader.Records(ctx, payment.PositionRecord, "", "") {
		if err != nil {
			return err
		}
		p := record.(*payment.Position)
		s := v.of(p.Merchant, p.Currency)
		open := s.unassigned
		v.add(&open, s.closing.Neg())
		if open != p.Unassigned {
			v.find("position "+p.Ref().ID, "movements in no batch "+open.String(), p.Unassigned.String())
		}
		v.add(&s.available, p.Carry, p.Matured)
		v.add(&s.pending, p.Matured.Neg())
	}
	return nil
}

func (v *verifier) readBatches(ctx context.Context) error {
	for record, err := range v.reader.Records(ctx, BatchRecord, "", "") {
		if err != nil {
			return err
		}
		b := record.(*Batch)
		if err := b.Check(); err != nil {
			v.find("batch "+b.ID, "the batch equation", err.Error())
		}
		if err := v.readLines(ctx, b); err != nil {
			return err
		}
		owed := b.Net
		if b.Status == Submitted || b.Status == Paid {
			owed = money.Amount{}
		}
		id := ledger.AccountID{Path: payment.SettlementPath(b.ID), Currency: b.Currency}
		if have := v.accounts[id]; have != owed {
			v.find("account "+id.String(), owed.String(), have.String())
		}
		delete(v.accounts, id)
	}
	return nil
}

// readLines sums a batch's lines. While its lines are still being written, its
// other members are items that the position counts no longer.
func (v *verifier) readLines(ctx context.Context, b *Batch) error {
	var lines Batch
	var running money.Amount
	n := 0
	for line, err := range Lines(ctx, v.reader, b.ID) {
		if err != nil {
			return err
		}
		n++
		v.add(&running, line.Net)
		if line.No != n || line.Running != running {
			v.find(fmt.Sprintf("batch %s line %d", b.ID, line.No), fmt.Sprintf("line %d, running %s", n, running), line.Running.String())
		}
		if line.Category == payment.CategoryCarry {
			continue
		}
		v.once(fmt.Sprintf("batch %s line %d", b.ID, line.No), &line.Item)
		if err := lines.add(&line.Item); err != nil {
			return err
		}
	}
	if b.Status == Closing {
		v.add(&v.of(b.Merchant, b.Currency).closing, b.Totals.Net, lines.Totals.Net.Neg())
		return nil
	}
	if n != b.Lines || lines.Totals != b.Totals || lines.Categories != b.Categories || running != b.Net {
		v.find("batch "+b.ID, fmt.Sprintf("%d lines, net %s, totals %+v", b.Lines, b.Net, b.Totals),
			fmt.Sprintf("%d lines, net %s, totals %+v", n, running, lines.Totals))
	}
	return nil
}

// compare holds the sums against the accounts.
func (v *verifier) compare() {
	order := func(a, b owner) int {
		return cmp.Or(cmp.Compare(a.merchant, b.merchant), a.currency.Compare(b.currency))
	}
	for _, o := range slices.SortedFunc(maps.Keys(v.sums), order) {
		s := v.sums[o]
		v.account(payment.ReservePath(o.merchant), o.currency, s.reserve)
		if s.closing.IsZero() {
			v.account(payment.PendingPath(o.merchant), o.currency, s.pending)
			v.account(payment.AvailablePath(o.merchant), o.currency, s.available)
		}
	}
}

func (v *verifier) account(path string, currency money.Currency, want money.Amount) {
	id := ledger.AccountID{Path: path, Currency: currency}
	if have := v.accounts[id]; have != want {
		v.find("account "+id.String(), "what its movements sum to, "+want.String(), have.String())
	}
}
