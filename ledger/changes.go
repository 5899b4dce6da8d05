package ledger

import (
	"slices"
	"time"

	"github.com/settlex/settlex/event"
)

// Changes is what a group of commands decided, ready to be saved: the new items
// and everything derived from them.
type Changes struct {
	Head     Head             // the lane's end afterwards. Nothing here changed later than Head.At, as far as time in the journal goes
	Alone    bool             // no other transaction may have booked meanwhile, see Need.Alone
	Promised time.Time        // no lane will book at or before it, UTC; zero: no promise. Only with Alone
	Block    *Block           // nil: nothing was booked
	Accounts []ChangedAccount // opened or changed, each once, in order of first change
	Records  []RecordChange   // ordered by kind and id
	Events   []*event.Event   // in order of their numbers, which go up to Head.Events
}

// ChangedAccount is an account before and after a group of commands. Neither is
// changed any more: a store may keep them and share them.
type ChangedAccount struct {
	Before *Account // the one that Load gave; nil: the group opened it
	After  *Account // allocated by itself, so keeping it keeps nothing else alive
	Share  bool     // both are shares, see State.PutShare
}

// RecordChange writes a record, or with a nil Record removes it.
type RecordChange struct {
	Ref    Ref
	Record Record
}

// Empty tells that there is nothing to save.
func (c *Changes) Empty() bool {
	return c.Block == nil && len(c.Records) == 0 && len(c.Events) == 0 && c.Promised.IsZero()
}

// Changes gathers what the applied commands changed. The state is spent
// afterwards, except in a dry run, which goes on with it and saves nothing.
func (s *State) Changes() *Changes {
	c := &Changes{Head: s.head, Alone: s.alone, Promised: s.promised, Events: s.events}
	if len(s.booked) > 0 {
		c.Block = &Block{Lane: s.head.Lane, Items: s.booked}
		c.Head.Blocks++
	}
	c.Accounts = make([]ChangedAccount, len(s.dirty))
	for i, p := range s.dirty {
		c.Accounts[i] = ChangedAccount{Before: p.stored, After: p.now, Share: p.share}
	}
	for ref := range s.written {
		c.Records = append(c.Records, RecordChange{Ref: ref, Record: s.records[ref]})
	}
	slices.SortFunc(c.Records, func(a, b RecordChange) int { return compareRefs(a.Ref, b.Ref) })
	return c
}
