package bolt

import (
	"crypto/sha256"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// corrupt makes an error that wraps ledger.ErrCorrupt.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ledger.ErrCorrupt, fmt.Sprintf(format, args...))
}

// hashBits is how many bits of a hash the indexes keep. A hit is always
// confirmed by the item itself.
const hashBits = 40

// hashText gives the first bits of a text's SHA-256, so that nobody can choose
// keys that are hard to tell apart.
func hashText(text string) uint64 {
	var scratch [256]byte
	sum := sha256.Sum256(append(scratch[:0], text...))
	return uint64(sum[0])<<32 | uint64(sum[1])<<24 | uint64(sum[2])<<16 | uint64(sum[3])<<8 | uint64(sum[4])
}

// item gathers the indexes of an item. find gives an account's number and its
// running totals, which it goes on with.
func (g *gathered) item(item *ledger.Booked, find func(ledger.AccountID) (uint64, *ledger.Balance, error)) error {
	if item.Seq >= 1<<seqBits {
		return fmt.Errorf("item %d: the indexes number items up to %d", item.Seq, uint64(1)<<seqBits-1)
	}
	g.last = item.Seq
	if item.Key != "" {
		hash := hashText
		if g.hash != nil {
			hash = g.hash
		}
		g.keys = append(g.keys, hashed{hash: hash(item.Key), seq: item.Seq})
	}
	if item.Reference != "" {
		g.references = append(g.references, hashed{hash: hashText(item.Reference), seq: item.Seq})
	}
	if !item.IsEntry() {
		return nil
	}
	from := len(g.moves)
	for i := range item.Postings {
		p := &item.Postings[i]
		no, running, err := find(p.ID())
		if err == nil {
			err = running.Add(*p)
		}
		if err == nil {
			err = g.posting(from, item, p, no, running)
		}
		if err != nil {
			return fmt.Errorf("index item %d: %w", item.Seq, err)
		}
	}
	return nil
}

// posting adds a posting to the move of its account, from an index on.
func (g *gathered) posting(from int, item *ledger.Booked, p *ledger.Posting, no uint64, running *ledger.Balance) (err error) {
	for i := from; i < len(g.moves); i++ {
		if m := &g.moves[i]; m.account == no {
			m.debits, m.credits = running.Debits, running.Credits
			m.amount, err = m.amount.Add(p.Amount)
			return err
		}
	}
	g.spots = append(g.spots, spot{place: placeOf(item.ValueDate, item.Seq)})
	g.moves = append(g.moves, move{account: no, debits: running.Debits, credits: running.Credits, amount: p.Amount, side: p.Side})
	return nil
}
