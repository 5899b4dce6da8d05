package settlement

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// readBlocks takes when merchants were blocked, and finds what no batch has begun.
func (v *verifier) readBlocks(ctx context.Context) error {
	v.blocks = make(map[owner]*Blocks)
	for blocks, err := range ledger.RecordsOf[*Blocks](ctx, v.reader, BlockRecord, "") {
		if err != nil {
			return err
		}
		v.blocks[owner{blocks.Merchant, blocks.Currency}] = blocks
		for i := range blocks.Periods {
			if err := v.begun(ctx, blocks, &blocks.Periods[i]); err != nil {
				return err
			}
			if err := v.ended(ctx, blocks, &blocks.Periods[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// begun finds a block that its batch has not begun: one that came to so much less than nothing,
// at that watermark, by a schedule that blocks.
func (v *verifier) begun(ctx context.Context, of *Blocks, block *Block) error {
	place := of.Ref().String()
	b, err := Find(ctx, v.reader, block.Batch)
	if errors.Is(err, ErrUnknownBatch) {
		v.find(place, "a batch that has begun it", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if b.Merchant != of.Merchant || b.Currency != of.Currency || !v.schedule(b).blocks() || b.CarryOut.Sign() <= 0 {
		v.find(place, fmt.Sprintf("a batch of %s %s that came to less than nothing, by a schedule that blocks", of.Merchant, of.Currency),
			fmt.Sprintf("batch %s of %s %s, which carries %s out", b.ID, b.Merchant, b.Currency, b.Currency.Format(b.CarryOut)))
	}
	if !b.Watermark.Before.Equal(block.Since) || block.Lacks.Cmp(b.CarryOut) < 0 {
		v.find(place, fmt.Sprintf("since %s, %s or more", b.Watermark.Before.UTC().Format(time.RFC3339Nano), b.CarryOut),
			fmt.Sprintf("since %s, %s", block.Since.UTC().Format(time.RFC3339Nano), block.Lacks))
	}
	return nil
}

// ended finds a block that was made good at another instant than the watermark of the batch that
// has ended it.
func (v *verifier) ended(ctx context.Context, of *Blocks, block *Block) error {
	if block.EndedBy == "" {
		return nil
	}
	b, err := Find(ctx, v.reader, block.EndedBy)
	if errors.Is(err, ErrUnknownBatch) {
		v.find(of.Ref().String(), "a batch that has ended it", err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	if b.Merchant != of.Merchant || b.Currency != of.Currency || !b.Watermark.Before.Equal(block.Released) {
		v.find(of.Ref().String(), fmt.Sprintf("ended by a batch of %s %s of %s", of.Merchant, of.Currency, block.Released.UTC().Format(time.RFC3339Nano)),
			fmt.Sprintf("by batch %s of %s %s of %s", b.ID, b.Merchant, b.Currency, b.Watermark.Before.UTC().Format(time.RFC3339Nano)))
	}
	return nil
}

// terms is the schedule of a batch; nil: it is not there.
type terms struct{ *merchant.Schedule }

func (t terms) blocks() bool { return t.Schedule != nil && t.Negative == merchant.NegativeBlock }

func (v *verifier) schedule(b *Batch) terms { return terms{v.pins[b.Window.Schedule]} }

// terms holds what a batch says of its approval, its time zone and of who blocks it against its
// schedule and the blocks of its merchant.
func (v *verifier) terms(ctx context.Context, b *Batch) error {
	place, schedule := "batch "+b.ID, v.schedule(b)
	if schedule.Schedule == nil { // there is nothing to hold it against; movements in no batch find that it is gone
		return nil
	}
	if want := b.AtClose == Closed && schedule.NeedsApproval(b.Net); want != b.NeedsApproval {
		v.find(place, fmt.Sprintf("needs approval %t, by its net %s and its schedule", want, b.Net), fmt.Sprint(b.NeedsApproval))
	}
	if zone := schedule.Timing.Zone.String(); b.Timezone != "" && b.Timezone != zone {
		v.find(place, "time zone "+zone+", of its schedule", b.Timezone)
	}
	block, err := v.blockOf(ctx, b)
	if err != nil {
		return err
	}
	want := ""
	if block != nil && schedule.blocks() && b.AtClose == Closed {
		held, err := v.inForce(ctx, block, b)
		if err != nil {
			return err
		}
		// What somebody has released since may have ended before its watermark: closed by then,
		// the batch was blocked, and else it was not.
		if held || b.BlockedBy == block.Batch && block.ReleasedBy != "" {
			want = block.Batch
		}
	}
	if want != b.BlockedBy {
		v.find(place, fmt.Sprintf("blocked by %q", want), fmt.Sprintf("%q", b.BlockedBy))
	}
	return nil
}

// inForce tells whether a block had not ended when a batch was closed.
func (v *verifier) inForce(ctx context.Context, block *Block, b *Batch) (bool, error) {
	if at := b.Watermark.Before; block.EndedBy == "" || !block.Released.Equal(at) {
		return !block.endedBy(at), nil
	}
	ended, err := v.before(ctx, block.EndedBy, b)
	return !ended && block.EndedBy != b.ID, err
}

// blockOf gives the last block that was begun before a batch was closed; nil: there was none.
func (v *verifier) blockOf(ctx context.Context, b *Batch) (*Block, error) {
	blocks := v.blocks[owner{b.Merchant, b.Currency}]
	if blocks == nil {
		return nil, nil
	}
	for i := range slices.Backward(blocks.Periods) {
		block := &blocks.Periods[i]
		before := block.Since.Before(b.Watermark.Before)
		if block.Since.Equal(b.Watermark.Before) {
			var err error
			if before, err = v.before(ctx, block.Batch, b); err != nil {
				return nil, err
			}
		}
		if before {
			return block, nil
		}
	}
	return nil, nil
}

// before tells whether a batch of the same watermark was closed before another: those of windows
// in the order of their schedules, and then what was asked for.
func (v *verifier) before(ctx context.Context, id string, b *Batch) (bool, error) {
	if id == b.ID {
		return false, nil
	}
	other, err := Find(ctx, v.reader, id)
	if errors.Is(err, ErrUnknownBatch) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return b.Kind != "" || other.Kind == "" && markOf(other).Compare(markOf(b)) < 0, nil
}

// paidIn counts what a line of a batch says was paid in for the block that was in force.
func (v *verifier) paidIn(ctx context.Context, b *Batch, line *Line) error {
	var sum payment.WindowSum
	if err := sum.Count(&line.Item); err != nil || sum.PaidIn.IsZero() && sum.ToDebt.IsZero() {
		return err
	}
	block, err := v.blockOf(ctx, b)
	if err != nil || block == nil {
		return err
	}
	counts, err := v.inForce(ctx, block, b)
	if err != nil || !counts && block.EndedBy != b.ID {
		return err
	}
	paid := v.paid[block.Batch]
	v.add(&paid, sum.PaidIn, sum.ToDebt)
	v.paid[block.Batch] = paid
	return nil
}

// madeGood finds a block for which more or less was paid in than the lines say, and one that was
// made good with less than was lacking. What was closed behind somebody's release may have
// counted or not.
func (v *verifier) madeGood() {
	order := func(a, b owner) int {
		return cmp.Or(cmp.Compare(a.merchant, b.merchant), a.currency.Compare(b.currency))
	}
	for _, of := range slices.SortedFunc(maps.Keys(v.blocks), order) {
		for _, block := range v.blocks[of].Periods {
			place := v.blocks[of].Ref().String()
			if paid := v.paid[block.Batch]; paid != block.PaidIn && block.ReleasedBy == "" && !v.of(of.merchant, of.currency).closing {
				v.find(place, "paid in "+paid.String()+", by the lines since", block.PaidIn.String())
			}
			if good := !block.Released.IsZero() && block.ReleasedBy == ""; good != (block.EndedBy != "") || good && block.PaidIn.Cmp(block.Lacks) < 0 {
				v.find(place, "made good by a batch, with what was lacking, "+block.Lacks.String(),
					fmt.Sprintf("by batch %q, with %s", block.EndedBy, block.PaidIn))
			}
		}
	}
}

// markOf is the place of a batch among those of its owner.
func markOf(b *Batch) payment.WindowMark {
	return payment.WindowMark{Watermark: b.Watermark.Before, Schedule: b.Window.Schedule}
}

// readAsked holds what was asked for against the batches it was given.
func (v *verifier) readAsked(ctx context.Context) error {
	asked := make(map[string]string) // by batch, the key
	for r, err := range ledger.RecordsOf[*Request](ctx, v.reader, RequestRecord, "") {
		if err != nil {
			return err
		}
		place := r.Ref().String()
		b, err := Find(ctx, v.reader, r.Batch)
		if errors.Is(err, ErrUnknownBatch) {
			v.find(place, "a batch", err.Error())
			continue
		}
		if err != nil {
			return err
		}
		want := Request{
			Key: r.Key, Merchant: b.Merchant, Currency: b.Currency, Kind: b.Kind, By: b.RequestedBy, At: b.Watermark.Before, Batch: b.ID,
		}
		if want, have := want.text(), r.text(); want != have {
			v.find(place, want, have)
		}
		if twin, there := asked[b.ID]; there {
			v.find(place, "a batch of its own", "that of "+RequestRef(twin).String())
		}
		asked[b.ID] = r.Key
	}
	for _, id := range slices.Sorted(maps.Keys(v.demanded)) {
		if _, there := asked[id]; !there {
			v.find("batch "+id, "a request that asked for it", "none")
		}
	}
	return nil
}

// text writes what a batch says of its request, too.
func (r *Request) text() string {
	kind := r.Kind
	if kind == "" {
		kind = "window"
	}
	return fmt.Sprintf("%s of %s %s by %q at %s, batch %s", kind, r.Merchant, r.Currency, r.By, r.At.UTC().Format(time.RFC3339Nano), r.Batch)
}
