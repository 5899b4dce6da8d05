package ledger

import "slices"

// Changes is what a group of commands decided, ready to be saved: the new items
// and everything derived from them.
type Changes struct {
	Head     Head           // the lane's end afterwards
	Block    *Block         // nil: nothing was booked
	Accounts []*Account     // opened or changed, ordered by id
	Records  []RecordChange // ordered by kind and id
}

// RecordChange writes a record, or with a nil Record removes it.
type RecordChange struct {
	Ref    Ref
	Record Record
}

// Empty tells that there is nothing to save.
func (c *Changes) Empty() bool { return c.Block == nil && len(c.Records) == 0 }

// Changes gathers what the applied commands changed. The state is spent
// afterwards, except in a dry run, which goes on with it and saves nothing.
func (s *State) Changes() *Changes {
	c := &Changes{Head: s.head}
	if len(s.booked) > 0 {
		c.Block = &Block{Lane: s.head.Lane, Items: s.booked}
		c.Head.Blocks++
	}
	slices.SortFunc(s.dirty, func(a, b *Account) int { return a.Compare(b.AccountID) })
	c.Accounts = slices.Compact(s.dirty)
	for ref := range s.written {
		c.Records = append(c.Records, RecordChange{Ref: ref, Record: s.records[ref]})
	}
	slices.SortFunc(c.Records, func(a, b RecordChange) int { return compareRefs(a.Ref, b.Ref) })
	return c
}
