package settlement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// follow has a batch follow the holds of its schedule and its merchant, and the block it
// was closed under, from an instant on: one is released when its date has come, when its
// merchant was, or when the block has ended, and held while its merchant is. Whenever that is asked, the steps are the same.
func (b *Batch) follow(s *ledger.State, from, now time.Time) {
	merchant, block := holdsOf(s, b.Merchant), b.block(s)
	for b.Status == Held || b.Status == Closed || b.Status == Approved {
		if b.Status != Held {
			hold, ok := b.ruled(merchant, block, from)
			if !ok {
				return
			}
			b.hold(hold)
			continue
		}
		released := Step{Kind: payment.BatchReleased}
		switch b.Hold.Reason {
		case HoldNegative:
			if !block.endedBy(now) {
				return
			}
			released.At, released.Reason, released.Actor = later(block.Released, from), block.Reason, block.ReleasedBy
		case HoldSchedule:
			if released.At = b.Hold.Until; released.At.IsZero() || now.Before(released.At) {
				return
			}
		case HoldMerchant:
			p := merchant.from(from)
			if p == nil { // it was held behind the release, by a clock ahead of it
				p = merchant.last()
			}
			if p == nil || p.Released.IsZero() {
				return
			}
			released.At, released.Reason, released.Actor = later(p.Released, from), p.ReleaseReason, p.ReleasedBy
		default:
			return
		}
		from = released.At
		b.take(Closed, released)
	}
}

// ruled gives what holds a batch from an instant on, if nobody does: its schedule, the block
// it was closed under, its merchant's hold. What let the first two go has ended them, also
// where somebody held the batch on top of them.
func (b *Batch) ruled(merchant *MerchantHold, block *Block, from time.Time) (hold Hold, ok bool) {
	at := slices.IndexFunc(b.Steps, func(s Step) bool { return s.Hold == HoldSchedule })
	if at >= 0 && !b.letGo(HoldSchedule) {
		if first := &b.Steps[at]; first.Until.IsZero() || first.Until.After(from) {
			return Hold{Reason: HoldSchedule, Detail: first.Reason, Since: from, Until: first.Until}, true
		}
	}
	if !block.endedBy(from) && !b.letGo(HoldNegative) {
		return blockedBy(block.Batch, from), true
	}
	if p := merchant.from(from); p != nil {
		return Hold{Reason: HoldMerchant, Detail: p.Reason, Since: later(p.Since, from), By: p.By}, true
	}
	return hold, false
}

// hold holds the batch.
func (b *Batch) hold(h Hold) {
	b.take(Held, Step{Kind: payment.BatchHeld, At: h.Since, Hold: h.Reason, Reason: h.Detail, Actor: h.By, Until: h.Until})
}

// followed is the instant up to which the batch has followed. Its close counts as of its
// watermark, whenever that was.
func (b *Batch) followed() time.Time {
	if last := &b.Steps[len(b.Steps)-1]; last.Kind != "" {
		return last.At
	}
	return b.Watermark.Before
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// hold holds a batch that is being closed, where something wants it held.
func (c *closing) hold(s *ledger.State) {
	b, at := &c.batch, c.batch.Watermark.Before
	if b.AtClose != Closed {
		return
	}
	b.Status = b.Steps[len(b.Steps)-1].Status // as it will be once its lines are written
	if until, held := c.schedule.HeldUntil(at); held {
		b.Steps = b.Steps[:1]
		b.hold(Hold{Reason: HoldSchedule, Detail: c.schedule.Hold.Reason, Since: at, Until: until})
	} else if b.BlockedBy != "" {
		b.Steps = b.Steps[:1]
		b.hold(blockedBy(b.BlockedBy, at))
	} else if b.FX.waits() {
		b.Steps = b.Steps[:1]
		b.hold(Hold{Reason: b.FX.Waits, Detail: c.price.why, Since: at})
	}
	b.follow(s, at, at)
}

// Review is the command that has a batch follow the holds of its schedule and its
// merchant, as far as an instant. After it was applied, Changed tells whether it did.
type Review struct {
	Batch   string
	Now     time.Time
	Changed bool
}

// At implements ledger.Command.
func (r *Review) At() time.Time { return time.Time{} }

// Need implements ledger.Command.
func (r *Review) Need(s *ledger.State, n *ledger.Need) {
	n.Record(BatchRef(r.Batch))
	n.Record(heldRef(r.Batch))
	n.Explore(func() {
		if b, ok := s.Record(BatchRef(r.Batch)).(*Batch); ok {
			n.Record(MerchantHoldRef(b.Merchant))
			b.block(s)
		}
	})
}

// Apply implements ledger.Command.
func (r *Review) Apply(s *ledger.State) error {
	r.Changed = false
	stored, ok := s.Record(BatchRef(r.Batch)).(*Batch)
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknownBatch, r.Batch)
	}
	batch := *stored
	from := batch.followed()
	batch.follow(s, from, r.Now)
	if len(batch.Steps) == len(stored.Steps) {
		return nil
	}
	r.Changed = true
	return batch.save(s, len(stored.Steps))
}

// save writes a batch, and has events leave about its steps from one on that only
// follow from the rules.
func (b *Batch) save(s *ledger.State, from int) error {
	b.list(s)
	for i := from; i < len(b.Steps); i++ {
		step := &b.Steps[i]
		told := map[payment.Kind]event.Type{payment.BatchHeld: event.SettlementHeld, payment.BatchReleased: event.SettlementReleased}[step.Kind]
		if told == "" {
			continue
		}
		if err := b.tell(s, told, step); err != nil {
			return err
		}
	}
	s.Put(b)
	return nil
}

// Reviewable lists the batches that are held and may have to follow: whose date has
// come, or whose merchant is held no longer.
func Reviewable(ctx context.Context, r ledger.Reader, now time.Time) (ids []string, err error) {
	for h, err := range ledger.RecordsOf[*HeldBatch](ctx, r, HeldRecord, "") {
		if err != nil {
			return nil, err
		}
		switch h.Reason {
		case HoldSchedule:
			if !h.Until.IsZero() && !now.Before(h.Until) {
				ids = append(ids, h.Batch)
			}
		case HoldNegative:
			ended, err := blockEnded(ctx, r, h.Batch)
			if err != nil {
				return nil, err
			}
			if ended {
				ids = append(ids, h.Batch)
			}
		case HoldMerchant:
			holds, err := FindMerchantHold(ctx, r, h.Merchant)
			if err != nil {
				return nil, err
			}
			if holds.InForce() == nil {
				ids = append(ids, h.Batch)
			}
		}
	}
	return ids, nil
}

// Unsent lists the batches of a merchant that may leave as they stand, or once somebody
// has approved them.
func Unsent(ctx context.Context, r ledger.Reader, merchant string) (ids []string, err error) {
	for b, err := range ledger.RecordsOf[*Batch](ctx, r, BatchRecord, "") {
		if err != nil {
			return nil, err
		}
		if b.Merchant == merchant && slices.Contains([]Status{Closed, Approved}, b.Status) {
			ids = append(ids, b.ID)
		}
	}
	return ids, nil
}

// Unswept lists the merchants whose holds have changed, and whose batches have not
// followed yet.
func Unswept(ctx context.Context, r ledger.Reader) (merchants []string, err error) {
	for h, err := range ledger.RecordsOf[*MerchantHold](ctx, r, MerchantHoldRecord, "") {
		if err != nil {
			return nil, err
		}
		if !h.Swept {
			merchants = append(merchants, h.Merchant)
		}
	}
	return merchants, nil
}

// FollowHolds has batches follow the holds of their schedules and merchants: released
// when a date has come, held and released with their merchants. Whatever a crash has
// left is done by the next run.
func FollowHolds(ctx context.Context, books *ledger.Ledger, now time.Time) (changed int, err error) {
	var ids []string
	var sweeps []ledger.Command
	err = books.Read(ctx, func(r ledger.Reader) error {
		ids, sweeps = nil, nil
		merchants, err := Unswept(ctx, r)
		if err != nil {
			return err
		}
		for _, m := range merchants {
			holds, err := FindMerchantHold(ctx, r, m)
			if err != nil {
				return err
			}
			unsent, err := Unsent(ctx, r, m)
			if err != nil {
				return err
			}
			ids, sweeps = append(ids, unsent...), append(sweeps, &Sweep{Merchant: m, Of: *holds})
		}
		due, err := Reviewable(ctx, r, now)
		ids = append(ids, due...)
		return err
	})
	if err != nil || len(ids)+len(sweeps) == 0 {
		return 0, err
	}
	commands := make([]ledger.Command, len(ids))
	for i, id := range ids {
		commands[i] = &Review{Batch: id, Now: now}
	}
	for _, group := range [][]ledger.Command{commands, sweeps} {
		if len(group) == 0 {
			continue
		}
		errs, err := books.DoAll(ctx, group...)
		if err = errors.Join(append(errs, err)...); err != nil {
			return 0, fmt.Errorf("have batches follow holds: %w", err)
		}
	}
	for _, c := range commands {
		if review, ok := c.(*Review); ok && review.Changed {
			changed++
		}
	}
	return changed, nil
}
