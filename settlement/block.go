package settlement

import (
	"context"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Blocks are when a merchant's batches in one currency were blocked because one came to less
// than nothing.
type Blocks struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	Periods  []Block        `json:"periods"` // in order; of the last one the end may be open
}

// Block is one of them. Money is in minor units.
type Block struct {
	Batch      string       `json:"batch"`                 // that came to less than nothing
	Since      time.Time    `json:"since"`                 // its watermark
	Lacks      money.Amount `json:"lacks"`                 // what has to be paid in
	PaidIn     money.Amount `json:"paid_in,omitzero"`      // since, also what went to a debt
	Released   time.Time    `json:"released,omitzero"`     // zero: it is in force
	ReleasedBy string       `json:"released_by,omitempty"` // empty: it was made good
	Reason     string       `json:"reason,omitempty"`
	EndedBy    string       `json:"ended_by,omitempty"` // the batch with which it was made good
}

// reasonMadeGood is why a block has ended that nobody released.
const reasonMadeGood = "made_good"

// Ref makes Blocks a ledger.Record.
func (b *Blocks) Ref() ledger.Ref { return blocksRef(b.Merchant, b.Currency) }

func blocksRef(merchant string, currency money.Currency) ledger.Ref {
	return ledger.Ref{Kind: BlockRecord, ID: payment.ItemPrefix(merchant, currency)}
}

func blocksOf(s *ledger.State, merchant string, currency money.Currency) *Blocks {
	blocks, _ := s.Record(blocksRef(merchant, currency)).(*Blocks)
	return blocks
}

// of gives the block that a batch has made; nil: it is not known.
func (b *Blocks) of(batch string) *Block {
	if b == nil {
		return nil
	}
	for i := range b.Periods {
		if b.Periods[i].Batch == batch {
			return &b.Periods[i]
		}
	}
	return nil
}

// block gives the block that the batch was closed under; nil: there was none.
func (b *Batch) block(s *ledger.State) *Block {
	if b.BlockedBy == "" {
		return nil
	}
	return blocksOf(s, b.Merchant, b.Currency).of(b.BlockedBy)
}

// changed gives a copy that may be changed, and the block of a batch in it.
func (b *Blocks) changed(batch string) (*Blocks, *Block) {
	c := *b
	c.Periods = slices.Clone(b.Periods)
	return &c, c.of(batch)
}

// block notes what the batch is to the block of its merchant: it makes one, has it last,
// or is held by it, where its schedule says so; and by whatever schedule, what was paid in ends
// it once it is as much as was lacking, wherever that has gone. carry is what the batch leaves.
func (c *closing) block(s *ledger.State, carry money.Amount) error {
	b := &c.batch
	at, blocking := b.Watermark.Before, c.schedule.Negative == merchant.NegativeBlock
	blocks := &Blocks{Merchant: b.Merchant, Currency: b.Currency}
	if stored := blocksOf(s, b.Merchant, b.Currency); stored != nil {
		blocks.Periods = slices.Clone(stored.Periods)
	}
	open := blocks.last()
	if open.endedBy(at) {
		if blocking && carry.Sign() < 0 {
			blocks.Periods = append(blocks.Periods, Block{Batch: b.ID, Since: at, Lacks: carry.Neg()})
			s.Put(blocks)
		}
		return nil
	}
	if err := open.count(carry, c.paidIn, c.toDebt); err != nil {
		return err
	}
	switch {
	case carry.Sign() >= 0 && open.PaidIn.Cmp(open.Lacks) >= 0 && open.Released.IsZero():
		open.Released, open.Reason, open.EndedBy = at, reasonMadeGood, b.ID
	case blocking && b.AtClose == Closed:
		b.BlockedBy = open.Batch
	}
	s.Put(blocks)
	return nil
}

// last gives the last block; nil: there is none.
func (b *Blocks) last() *Block {
	if len(b.Periods) == 0 {
		return nil
	}
	return &b.Periods[len(b.Periods)-1]
}

// count counts what was paid in, and what a batch still lacks then has to be paid in as well.
func (b *Block) count(carry money.Amount, paid ...money.Amount) (err error) {
	for _, amount := range paid {
		if b.PaidIn, err = b.PaidIn.Add(amount); err != nil {
			return err
		}
	}
	lacks, err := b.PaidIn.Sub(money.Min(carry, money.Amount{}))
	if err == nil && carry.Sign() < 0 {
		b.Lacks = money.Max(b.Lacks, lacks)
	}
	return err
}

// release ends the block that holds a batch which somebody releases, and with it that of the
// others it holds.
func (m *Move) release(s *ledger.State, b *Batch) {
	if m.Event.Kind != payment.BatchReleased || b.Hold == nil || b.Hold.Reason != HoldNegative || b.block(s) == nil {
		return
	}
	blocks := blocksOf(s, b.Merchant, b.Currency)
	changed, block := blocks.changed(b.BlockedBy)
	if block.Released.IsZero() {
		block.Released, block.ReleasedBy, block.Reason = m.Event.OccurredAt, m.Event.Actor, m.Event.ReasonCode
		s.Put(changed)
	}
}

// blockedBy is the hold of what is closed while a batch blocks it.
func blockedBy(batch string, since time.Time) Hold {
	return Hold{Reason: HoldNegative, Detail: "batch " + batch + " came to less than nothing", Since: since}
}

// endedBy tells whether a block has ended by an instant; there is none any more, or was
// none, which is the same.
func (b *Block) endedBy(at time.Time) bool {
	return b == nil || !b.Released.IsZero() && !b.Released.After(at)
}

// blockEnded tells whether the block that holds a batch has.
func blockEnded(ctx context.Context, r ledger.Reader, batch string) (bool, error) {
	b, err := Find(ctx, r, batch)
	if err != nil {
		return false, err
	}
	blocks, err := recordOf[*Blocks](ctx, r, blocksRef(b.Merchant, b.Currency))
	if err != nil {
		return false, err
	}
	block := blocks.of(b.BlockedBy)
	return block == nil || !block.Released.IsZero(), nil
}
