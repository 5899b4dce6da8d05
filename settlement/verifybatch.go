package settlement

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

func (v *verifier) readBatches(ctx context.Context) error {
	for b, err := range ledger.RecordsOf[*Batch](ctx, v.reader, BatchRecord, "") {
		if err != nil {
			return err
		}
		if id := batchID(targetOf(b)); id != b.ID {
			v.find("batch "+b.ID, "the id of its merchant, currency, schedule and window, "+id, b.ID)
		}
		if err := b.Check(); err != nil {
			v.find("batch "+b.ID, "the batch equation", err.Error())
		}
		if err := v.readLines(ctx, b); err != nil {
			return err
		}
		if err := v.listed(ctx, b); err != nil {
			return err
		}
		if err := v.terms(ctx, b); err != nil {
			return err
		}
		if b.Kind != "" {
			v.demanded[b.ID] = true
		}
		owed := b.Owed()
		v.own(b.ID, b.PaidIn(), owed)
		if b.Converted() {
			v.own(b.ID, b.Currency, money.Amount{})
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(v.accounts), ledger.AccountID.Compare) {
		if strings.HasPrefix(id.Path, "settlements/") {
			v.find("account "+id.String(), "a batch", "none, and "+v.accounts[id].String()+" on it")
		}
	}
	return nil
}

// own compares what stands on a batch's own account in a currency.
func (v *verifier) own(batch string, c money.Currency, want money.Amount) {
	id := ledger.AccountID{Path: payment.SettlementPath(batch), Currency: c}
	if have := v.accounts[id]; have != want {
		v.find("account "+id.String(), want.String(), have.String())
	}
	delete(v.accounts, id)
}

// listed finds a batch that its day does not list, so that no report shows it,
// or whose lines nobody would go on writing.
func (v *verifier) listed(ctx context.Context, b *Batch) error {
	refs := []ledger.Ref{b.day().Ref()}
	if b.Status == Closing {
		refs = append(refs, (&Unfinished{Batch: b.ID}).Ref())
	}
	if b.Status == Held {
		refs = append(refs, heldRef(b.ID))
	}
	if b.FX.waits() && b.Status != Canceled {
		refs = append(refs, (&Unconverted{Batch: b.ID}).Ref())
	}
	for _, ref := range refs {
		there := false
		for _, err := range v.reader.Records(ctx, ref.Kind, ref.ID, "") {
			if err != nil {
				return err
			}
			there = true
			break
		}
		if !there {
			v.find("batch "+b.ID, "listed as "+ref.String(), "not there")
		}
	}
	return nil
}

// readDays finds days that list a batch which is not there, or is another's.
func (v *verifier) readDays(ctx context.Context) error {
	for day, err := range ledger.RecordsOf[*Day](ctx, v.reader, DayRecord, "") {
		if err != nil {
			return err
		}
		switch b, err := Find(ctx, v.reader, day.Batch); {
		case errors.Is(err, ErrUnknownBatch):
			v.find(day.Ref().String(), "a batch", err.Error())
		case err != nil:
			return err
		case b.day().Ref() != day.Ref():
			v.find(day.Ref().String(), "batch "+b.ID+" under "+b.day().Ref().ID, "here")
		}
	}
	return nil
}

// readHeld finds batches that are listed as held and are not.
func (v *verifier) readHeld(ctx context.Context) error {
	for h, err := range ledger.RecordsOf[*HeldBatch](ctx, v.reader, HeldRecord, "") {
		if err != nil {
			return err
		}
		switch b, err := Find(ctx, v.reader, h.Batch); {
		case errors.Is(err, ErrUnknownBatch):
			v.find(h.Ref().String(), "a batch", err.Error())
		case err != nil:
			return err
		case b.Hold == nil || b.Status != Held || b.Hold.Reason != h.Reason || !b.Hold.Until.Equal(h.Until):
			v.find(h.Ref().String(), "a batch that is held for it", fmt.Sprintf("it is %s", b.Status))
		}
	}
	return nil
}

// readLines sums a batch's lines. While its lines are still being written, its
// other members are items that the position counts no longer.
func (v *verifier) readLines(ctx context.Context, b *Batch) error {
	var lines Batch
	var running money.Amount
	var costs []string
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
		if line.Merchant != b.Merchant || line.Currency != b.Currency {
			v.find(fmt.Sprintf("batch %s line %d", b.ID, line.No), b.Merchant+" "+b.Currency.String(), line.Merchant+" "+line.Currency.String())
		}
		if line.Category != payment.CategoryCarry {
			v.once(fmt.Sprintf("batch %s line %d", b.ID, line.No), &line.Item)
		}
		if line.OfBatch() {
			continue
		}
		if line.ownCost() {
			costs = append(costs, cost(line.Type, line.Fee.Neg(), line.Tax.Neg()))
		}
		v.takesBack(&line.Item)
		if err := v.paidIn(ctx, b, line); err != nil {
			return err
		}
		if err := lines.add(&line.Item); err != nil {
			return err
		}
	}
	if b.Status == Closing {
		s := v.of(b.Merchant, b.Currency)
		s.closing = true
		if b.Kind == "" {
			s.unwritten = append(s.unwritten, payment.WindowMark{Watermark: b.Watermark.Before, Schedule: b.Window.Schedule})
		}
		v.add(&s.left, b.Totals.Net, lines.Totals.Net.Neg())
		return nil
	}
	if n != b.Lines || lines.Totals != b.Totals || lines.Categories != b.Categories || running != b.linesLeave() {
		v.find("batch "+b.ID, fmt.Sprintf("%d lines, net %s, totals %+v", b.Lines, b.Net, b.Totals),
			fmt.Sprintf("%d lines, net %s, totals %+v", n, running, lines.Totals))
	}
	if want := b.costs(); !slices.Equal(costs, want) {
		v.find("batch "+b.ID, "charges as its lines: "+strings.Join(costs, ", "), strings.Join(want, ", "))
	}
	return nil
}
