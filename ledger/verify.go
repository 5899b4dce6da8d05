package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Verification is what Verify looked at and what it found.
type Verification struct {
	Entries  uint64
	Blocks   uint64
	Accounts uint64
	Head     Head
	Findings []Finding // empty: everything agrees
}

// Err is nil when nothing was found, and else an error that wraps ErrCorrupt
// and gives the first finding and the number of the others.
func (v *Verification) Err() error {
	switch n := len(v.Findings); n {
	case 0:
		return nil
	case 1:
		return fmt.Errorf("%w: %s", ErrCorrupt, v.Findings[0])
	default:
		return fmt.Errorf("%w: %s, and %d more findings", ErrCorrupt, v.Findings[0], n-1)
	}
}

// Verify reads the whole journal of one snapshot and re-derives everything
// kept beside it: block hashes and their chain, sequences, instants, the
// balance of each entry and of each account, and the store's indexes. It
// reports every difference; the error is only for a snapshot that cannot be
// read. Memory grows with the number of accounts, not of entries.
//
// It must not be called inside a write transaction of the same store: a store
// that is an EngineChecker may wait for that to end.
func (l *Ledger) Verify(ctx context.Context) (*Verification, error) {
	v := &verifier{accounts: make(map[AccountID]*Account), chart: l.chart}
	err := l.store.Read(ctx, func(r Reader) error { return v.run(ctx, r) })
	if engine, ok := l.store.(EngineChecker); ok && err == nil {
		err = engine.CheckEngine(ctx, v.report)
	}
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return &v.Verification, nil
}

type verifier struct {
	Verification
	accounts map[AccountID]*Account
	chart    *Chart
	head     Head // re-derived
}

func (v *verifier) run(ctx context.Context, r Reader) error {
	stored, headErr := r.Head(ctx)
	if headErr != nil && !errors.Is(headErr, ErrCorrupt) {
		return headErr
	}
	whole, err := v.journal(ctx, r)
	if err != nil {
		return err
	}
	v.Head = stored
	switch {
	case headErr != nil:
		v.find("head", "a readable head", headErr.Error())
	case whole:
		v.checkHead()
	}
	if err := v.checkAccounts(ctx, r, whole); err != nil {
		return err
	}
	return r.Check(ctx, v.report)
}

// journal re-derives everything from the blocks. Behind an unreadable one
// nothing can be derived: whole is false then.
func (v *verifier) journal(ctx context.Context, r Reader) (whole bool, err error) {
	for block, err := range r.Blocks(ctx, 0) { // 1 is the first, but what is filed before it should be seen
		if errors.Is(err, ErrCorrupt) {
			v.find(fmt.Sprintf("block after entry %d", v.head.Seq), "a readable block", err.Error())
			return false, nil
		}
		if err != nil {
			return false, err
		}
		v.block(block)
	}
	return true, nil
}

func (v *verifier) report(f Finding) { v.Findings = append(v.Findings, f) }

func (v *verifier) find(place, want, have string) {
	v.report(Finding{Place: place, Want: want, Have: have})
}

func (v *verifier) block(b *Block) {
	v.Blocks++
	place := fmt.Sprintf("block %d (entries %d to %d)", v.Blocks, b.First(), b.Last())
	if b.Prev != v.head.Hash {
		v.find(place, fmt.Sprintf("previous hash %x", v.head.Hash), fmt.Sprintf("%x", b.Prev))
	}
	if sum := b.Sum(); sum != b.Hash {
		v.find(place, fmt.Sprintf("hash %x", sum), fmt.Sprintf("%x", b.Hash))
	}
	v.head.Lane, v.head.Hash = b.Lane, b.Hash
	for _, e := range b.Entries {
		v.entry(e)
	}
	if v.head.Accounts != b.Accounts {
		v.find(place, fmt.Sprintf("%d accounts opened", v.head.Accounts), fmt.Sprint(b.Accounts))
	}
}

func (v *verifier) entry(e *Booked) {
	v.Entries++
	place := fmt.Sprintf("entry %d (%s)", e.Seq, e.Key)
	if e.Seq != v.head.Seq+1 {
		v.find(place, fmt.Sprintf("sequence %d", v.head.Seq+1), fmt.Sprint(e.Seq))
	}
	if e.At.Before(v.head.At) {
		v.find(place, "booked at or after "+v.head.At.Format(time.RFC3339Nano), e.At.Format(time.RFC3339Nano))
	}
	v.head.Seq, v.head.At = e.Seq, e.At
	if err := e.validate(); err != nil {
		v.find(place, "a valid entry", err.Error())
		return
	}
	breached := false
	for _, p := range e.Postings {
		account := v.account(p.ID(), e)
		if err := account.add(p); err != nil {
			v.find(place, "sums within range", err.Error())
		}
		account.Seq = e.Seq
		// All of an entry's postings on one account stand on one side, so what
		// one of them takes below the floor stays there.
		breached = breached || p.Side != account.Type.Normal() && account.belowFloor()
	}
	if e.Breached != breached {
		v.find(place, fmt.Sprintf("breaching a floor: %t", breached), fmt.Sprintf("marked %t", e.Breached))
	}
}

func (a *Account) belowFloor() bool {
	available, err := a.Available()
	return err == nil && a.Limited && available.Cmp(a.Floor) < 0
}

// account opens accounts in the order of the journal, as booking did.
func (v *verifier) account(id AccountID, e *Booked) *Account {
	if a := v.accounts[id]; a != nil {
		return a
	}
	pattern, ok := v.chart.Match(id.Path)
	if !ok {
		v.find(fmt.Sprintf("entry %d (%s)", e.Seq, e.Key), "accounts of the chart", id.Path)
	}
	v.head.Accounts++
	a := &Account{AccountID: id, No: v.head.Accounts, Type: pattern.Type, Limited: pattern.Limited, Floor: pattern.Floor, Opened: e.At}
	v.accounts[id] = a
	return a
}

// checkHead compares the stored head with the end of the journal.
func (v *verifier) checkHead() {
	stored, derived := v.Head, v.head
	if v.Blocks == 0 {
		derived.Lane = stored.Lane
	}
	if stored != derived {
		v.find("head", derived.figures(), stored.figures())
	}
}

// figures is a head in one line.
func (h *Head) figures() string {
	return fmt.Sprintf("lane %d seq %d at %s, %d accounts, hash %x", h.Lane, h.Seq, h.At.Format(time.RFC3339Nano), h.Accounts, h.Hash)
}

// checkAccounts compares every account with the journal, as far as that could
// be read whole.
func (v *verifier) checkAccounts(ctx context.Context, r Reader, whole bool) error {
	for stored, err := range r.Accounts(ctx, "") {
		if errors.Is(err, ErrCorrupt) { // those behind it are neither right nor wrong
			v.find("accounts", "a readable account", err.Error())
			return nil
		}
		if err != nil {
			return err
		}
		v.Accounts++
		if !whole {
			continue
		}
		derived := v.accounts[stored.AccountID]
		delete(v.accounts, stored.AccountID)
		switch {
		case derived == nil:
			v.find("account "+stored.String(), "no such account", "one with seq "+fmt.Sprint(stored.Seq))
		case *derived != stored:
			v.find("account "+stored.String(), derived.figures(), stored.figures())
		}
	}
	if !whole {
		return nil
	}
	for _, id := range slices.SortedFunc(maps.Keys(v.accounts), AccountID.Compare) {
		v.find("account "+id.String(), v.accounts[id].figures(), "no such account")
	}
	return nil
}

// figures is an account in one line, in minor units.
func (a *Account) figures() string {
	limit := "unlimited"
	if a.Limited {
		limit = "floor " + a.Floor.String()
	}
	return fmt.Sprintf("no %d %s %s opened %s debits %s credits %s seq %d",
		a.No, a.Type, limit, a.Opened.Format(time.RFC3339Nano), a.Debits, a.Credits, a.Seq)
}
