package settlement

import (
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

// terms is the schedule of a batch; nil: it is not there.
type terms struct{ *merchant.Schedule }

func (t terms) blocks() bool { return t.Schedule != nil && t.Negative == merchant.NegativeBlock }

func (v *verifier) schedule(b *Batch) terms { return terms{v.pins[b.Window.Schedule]} }

// terms holds what a batch says of its approval and of who blocks it against its schedule and
// the blocks of its merchant.
func (v *verifier) terms(ctx context.Context, b *Batch) error {
	place, schedule := "batch "+b.ID, v.schedule(b)
	if schedule.Schedule == nil { // there is nothing to hold it against; movements in no batch find that it is gone
		return nil
	}
	if want := b.AtClose == Closed && schedule.NeedsApproval(b.Net); want != b.NeedsApproval {
		v.find(place, fmt.Sprintf("needs approval %t, by its net %s and its schedule", want, b.Net), fmt.Sprint(b.NeedsApproval))
	}
	block, err := v.blockOf(ctx, b)
	if err != nil {
		return err
	}
	want := ""
	if block != nil && schedule.blocks() && b.AtClose == Closed {
		at := b.Watermark.Before
		// What somebody has released since may have ended before its watermark: closed by then,
		// the batch was blocked, and else it was not.
		late := b.BlockedBy == block.Batch && block.ReleasedBy != ""
		if late || block.Released.IsZero() || block.Released.After(at) {
			want = block.Batch
		}
	}
	if want != b.BlockedBy {
		v.find(place, fmt.Sprintf("blocked by %q", want), fmt.Sprintf("%q", b.BlockedBy))
	}
	return nil
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
		if block.Since.Equal(b.Watermark.Before) && block.Batch != b.ID {
			other, err := Find(ctx, v.reader, block.Batch)
			if err != nil && !errors.Is(err, ErrUnknownBatch) {
				return nil, err
			}
			before = err == nil && (b.Kind != "" || markOf(other).Compare(markOf(b)) < 0)
		}
		if before {
			return block, nil
		}
	}
	return nil, nil
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
