package ledger

import (
	"context"
	"fmt"
	"time"
)

// LaneChooser is a Tx of a store with several lanes that can be told which one to
// book in, before it loads anything.
type LaneChooser interface {
	BookIn(lane uint16) error
}

// bookIn tells a transaction the lane to book in, if it has a choice.
func bookIn(tx Tx, lane uint16) error {
	if chooser, can := tx.(LaneChooser); can {
		return chooser.BookIn(lane)
	}
	return nil
}

// Adopt saves a block of another store's journal as it is: in its lane, at its
// instants, with the same bytes, so that the same log grows and the same proofs
// hold. What the block did to accounts, holds and closed periods is derived anew.
// Nothing is decided: what was admitted once is not asked for again. Several blocks
// may be adopted in one transaction, each behind the one before; those of several
// lanes in order of time.
//
// Records of rooms above the ledger are not in the journal; see SaveRecords.
//
// An error that wraps ErrCorrupt says that the block does not continue the lane, or
// does not fit what is there; the transaction is to be rolled back.
func Adopt(ctx context.Context, tx Tx, block *Block) error {
	if err := bookIn(tx, block.Lane); err != nil {
		return err
	}
	s := NewState(nil)
	s.expect(len(block.Items))
	need := s.need()
	for _, item := range block.Items {
		need.adopted(item)
	}
	need.settle()
	if err := need.bring(ctx, tx); err != nil {
		return fmt.Errorf("load what block %d to %s touches: %w", block.First(), itemName(block.Lane, block.Last()), err)
	}
	for _, item := range block.Items {
		if err := s.adopt(ctx, tx, item); err != nil {
			return fmt.Errorf("adopt %s: %w", item.name(), err)
		}
	}
	if err := tx.Save(ctx, s.Changes()); err != nil {
		return fmt.Errorf("save block %d to %s: %w", block.First(), itemName(block.Lane, block.Last()), err)
	}
	return nil
}

// adopted asks for what an item touches, as far as it says so itself.
func (n *Need) adopted(b *Booked) {
	if b.Key != "" {
		n.Key(b.Key)
	}
	if b.Act == Posted || b.Act == Held || b.Act == Captured || b.Act == Reversed {
		for i := range b.Postings {
			n.move(b.Postings[i].ID())
		}
	}
	switch b.Act {
	case Captured, Released, Expired:
		n.Record(holdRef(b.terms().Of))
	case Reversed:
		n.Record(reversedRef(b.terms().Of))
	case Changed:
		n.Account(b.Change.AccountID)
	case Closed, Reopened:
		n.OnlyOne()
	}
}

// adopt does what an item of another journal says.
func (s *State) adopt(ctx context.Context, r Reader, b *Booked) error {
	switch head := &s.head; {
	case b.Lane != head.Lane:
		return fmt.Errorf("%w: it is of lane %d, the store books in %d", ErrCorrupt, b.Lane, head.Lane)
	case b.Seq != head.Seq+1:
		return fmt.Errorf("%w: item %s is next", ErrCorrupt, itemName(head.Lane, head.Seq+1))
	case b.At.Before(head.At):
		return fmt.Errorf("%w: it was booked at %s, the item before it at %s", ErrCorrupt, b.At.Format(time.RFC3339Nano), head.At.Format(time.RFC3339Nano))
	case b.Key != "" && s.taken(b.Key) != nil:
		return fmt.Errorf("%w: item %d has its key already", ErrCorrupt, s.taken(b.Key).Seq)
	}
	s.at(b.At)
	missing, err := s.unlessMissing(func() error { return s.fold(b) })
	for missing != nil {
		if err := missing.bring(ctx, r); err != nil {
			return fmt.Errorf("load what it turned out to touch: %w", err)
		}
		missing, err = s.unlessMissing(func() error { return s.fold(b) })
	}
	if err != nil {
		return err
	}
	s.journal.drop()
	s.head.At = b.At
	s.booked = append(s.booked, b)
	if b.Key != "" {
		s.keys[b.Key].by = b
	}
	return nil
}

// SaveRecords writes records of rooms above the ledger, and removes those of
// changes without one, beside the journal and without a word in it, as of the last
// item of a lane. It is for who moves books; rooms write theirs with commands.
func SaveRecords(ctx context.Context, tx Tx, lane uint16, changes []RecordChange) error {
	if err := bookIn(tx, lane); err != nil {
		return err
	}
	s := NewState(nil)
	need := s.need()
	for _, change := range changes {
		need.Record(change.Ref)
	}
	need.settle()
	if err := need.bring(ctx, tx); err != nil {
		return fmt.Errorf("load %d records: %w", len(changes), err)
	}
	for _, change := range changes {
		s.replace(change.Ref, change.Record)
	}
	if err := tx.Save(ctx, s.Changes()); err != nil {
		return fmt.Errorf("save %d records: %w", len(changes), err)
	}
	return nil
}
