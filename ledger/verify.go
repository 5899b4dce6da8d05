package ledger

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Verification is what Verify looked at and what it found.
type Verification struct {
	Entries  uint64 // items of the journal, of every act
	Blocks   uint64
	Accounts uint64
	Events   uint64
	Lanes    []VerifiedLane
	Findings []Finding // empty: everything agrees
}

// VerifiedLane is what Verify found a lane to be.
type VerifiedLane struct {
	Head Head      // as it is stored
	Root tlog.Hash // of the Merkle log over all its blocks, re-derived
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

// TreeHead is what a checkpoint says of a lane's Merkle log: its size in blocks
// and its root then.
type TreeHead struct {
	Lane   uint16
	Blocks uint64
	Root   tlog.Hash
}

// Verify reads the whole journal of one snapshot and re-derives everything
// kept beside it: the Merkle log, sequences, instants, the balance of each entry,
// and every account with its totals, limits, counters and status, every hold,
// every reversal, the closed period and the store's indexes. Events are numbered
// without a gap in each lane, and for each object. It reports every difference; the error is only for a snapshot that cannot be read. Given what
// kept checkpoints say, it also reports a journal that does not continue them: a
// tail that was cut, or history that was rewritten with all its hashes.
//
// Memory grows with the number of accounts, of holds, of reversed entries and of
// objects that events are about, not with the number of entries. Verify must not be called inside a write
// transaction of the same store: a store that is an EngineChecker may wait for
// that to end.
func (l *Ledger) Verify(ctx context.Context, kept ...TreeHead) (*Verification, error) {
	v := newVerifier(kept)
	if engine, ok := l.store.(EngineChecker); ok {
		err := engine.CheckEngine(ctx, v.report)
		if errors.Is(err, ErrCorrupt) && len(v.Findings) > 0 {
			return &v.Verification, nil // the engine cannot be trusted to read what it stands on
		}
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
	}
	if err := l.store.Read(ctx, func(r Reader) error { return v.run(ctx, r) }); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	return &v.Verification, nil
}

// verifier re-derives a state from the journal, item by item.
type verifier struct {
	Verification
	state  *State   // holds everything; its head is that of the lane of the item that is looked at
	chains []*chain // by lane
	kept   []TreeHead
	blind  error // why the store cannot tell any stored hash
}

// chain is a lane as it is derived.
type chain struct {
	lane  uint16
	head  Head
	peaks peaks
	last  uint64 // sequence of the last item whose block was looked at
}

// root is that of the lane's log so far.
func (c *chain) root() tlog.Hash { return c.peaks.root(c.head.Blocks) }

func newVerifier(kept []TreeHead) *verifier {
	s := NewState(nil)
	s.whole = true
	return &verifier{state: s, kept: kept}
}

// peaks are those stored hashes of a growing log that later ones need.
type peaks map[int64]tlog.Hash

// ReadHashes implements tlog.HashReader.
func (p peaks) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		hash, ok := p[at]
		if !ok {
			return nil, fmt.Errorf("hash %d is gone", at)
		}
		out[i] = hash
	}
	return out, nil
}

// grow adds a record and gives its hashes, from index first on.
func (p peaks) grow(blocks uint64, record tlog.Hash) (first int64, hashes []tlog.Hash) {
	hashes, err := tlog.StoredHashesForRecordHash(int64(blocks), record, p)
	if err != nil {
		panic(fmt.Sprintf("ledger: log of %d blocks: %v", blocks, err)) // every peak is kept
	}
	first = LogSize(blocks)
	for level := range len(hashes) - 1 { // the left half of each new node was a peak until now
		delete(p, tlog.StoredHashIndex(level, int64(blocks>>level)-1))
	}
	p[first+int64(len(hashes))-1] = hashes[len(hashes)-1]
	return first, hashes
}

func (p peaks) root(blocks uint64) tlog.Hash {
	root, err := tlog.TreeHash(int64(blocks), p)
	if err != nil {
		panic(fmt.Sprintf("ledger: log of %d blocks: %v", blocks, err)) // every peak is kept
	}
	return root
}

func (v *verifier) run(ctx context.Context, r Reader) error {
	stored, headErr := r.Heads(ctx)
	if headErr != nil && !errors.Is(headErr, ErrCorrupt) {
		return headErr
	}
	if headErr != nil || len(stored) == 0 {
		stored = []Head{{}} // what the first lane has can still be looked at
	}
	if _, err := r.Hashes(ctx, stored[0].Lane, nil); err != nil && !errors.Is(err, ErrCorrupt) {
		return err
	} else if err != nil {
		v.blind = err
	}
	whole, err := v.journal(ctx, r, stored)
	if err != nil {
		return err
	}
	for i, c := range v.chains {
		v.Lanes = append(v.Lanes, VerifiedLane{Head: stored[i], Root: c.root()})
	}
	if err := v.events(ctx, r); err != nil {
		return err
	}
	switch {
	case headErr != nil:
		v.Lanes[0].Head = Head{}
		v.find("head", "a readable head", headErr.Error())
	case whole:
		v.checkHeads()
	}
	if whole {
		v.checkKept()
	}
	if err := v.checkAccounts(ctx, r, whole); err != nil {
		return err
	}
	for _, kind := range []string{HoldRecord, ExpiryRecord, ReversalRecord} {
		if err := v.checkRecords(ctx, r, kind, whole); err != nil {
			return err
		}
	}
	err = r.Check(ctx, v.report)
	if v.blind != nil && len(v.Findings) == 0 { // else the reason has a finding of its own
		v.find("log hashes", "readable hashes", v.blind.Error())
	}
	return err
}

// errUnreadable ends the reading of the journal; there is a finding for it.
var errUnreadable = errors.New("a block cannot be read")

// journal re-derives everything from the blocks of all lanes, item by item in
// order of their places. Behind an unreadable one nothing can be derived: whole
// is false then.
func (v *verifier) journal(ctx context.Context, r Reader, heads []Head) (whole bool, err error) {
	lists := make([]iter.Seq2[*Booked, error], len(heads))
	for i := range heads {
		c := &chain{lane: heads[i].Lane, head: Head{Lane: heads[i].Lane}, peaks: peaks{}}
		v.chains = append(v.chains, c)
		v.checkpoint(c)
		lists[i] = v.blocks(ctx, r, c)
	}
	for item, err := range merge(lists, byPlace) {
		if errors.Is(err, errUnreadable) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if err := v.follow(ctx, r, v.chainOf(item.Lane), item); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (v *verifier) chainOf(lane uint16) *chain {
	return v.chains[slices.IndexFunc(v.chains, func(c *chain) bool { return c.lane == lane })]
}

// blocks yields the items of a lane, having looked at the block of each.
func (v *verifier) blocks(ctx context.Context, r Reader, c *chain) iter.Seq2[*Booked, error] {
	return func(yield func(*Booked, error) bool) {
		for block, err := range r.Blocks(ctx, c.lane, 0) { // 1 is the first, but what is filed before it should be seen
			if errors.Is(err, ErrCorrupt) {
				v.find("block after item "+itemName(c.lane, c.last), "a readable block", err.Error())
				err = errUnreadable
			}
			if err == nil {
				err = v.block(ctx, r, c, block)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range block.Items {
				if item.Lane != c.lane { // it is where it is
					misfiled := *item
					misfiled.Lane, item = c.lane, &misfiled
				}
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

func (v *verifier) report(f Finding) { v.Findings = append(v.Findings, f) }

func (v *verifier) find(place, want, have string) {
	v.report(Finding{Place: place, Want: want, Have: have})
}

// block compares a block's hashes, and that its items say they are in its lane.
func (v *verifier) block(ctx context.Context, r Reader, c *chain, b *Block) error {
	if len(v.chains) == 1 && c.head.Blocks == 0 { // it is the lane that is there, whatever the head says
		c.lane, c.head.Lane = b.Lane, b.Lane
	}
	place := fmt.Sprintf("block %d (items %d to %s)", c.head.Blocks+1, b.First(), itemName(c.lane, b.Last()))
	first, hashes := c.peaks.grow(c.head.Blocks, leafHash(b.Leaf()))
	if err := v.checkHashes(ctx, r, place, c.lane, first, hashes); err != nil {
		return err
	}
	for _, item := range b.Items {
		if item.Lane != b.Lane || b.Lane != c.lane {
			v.find(place, fmt.Sprintf("lane %d, which item %d is in", item.Lane, item.Seq), fmt.Sprintf("lane %d", b.Lane))
		}
	}
	v.Blocks++
	c.head.Blocks++
	c.last = b.Last()
	v.checkpoint(c)
	return nil
}

// checkHashes compares the hashes that are stored for a block.
func (v *verifier) checkHashes(ctx context.Context, r Reader, place string, lane uint16, first int64, want []tlog.Hash) error {
	if v.blind != nil {
		return nil //nolint:nilerr // run looks that it has a finding
	}
	for i := range want {
		at := first + int64(i)
		have, err := r.Hashes(ctx, lane, []int64{at})
		switch {
		case errors.Is(err, ErrCorrupt):
			v.find(place, fmt.Sprintf("log hash %d: %v", at, want[i]), err.Error())
		case err != nil:
			return err
		case have[0] != want[i]:
			v.find(place, fmt.Sprintf("log hash %d: %v", at, want[i]), have[0].String())
		}
	}
	return nil
}

// checkpoint compares with what is kept of a log of the size reached.
func (v *verifier) checkpoint(c *chain) {
	for _, k := range v.kept {
		if k.Lane != c.lane || k.Blocks != c.head.Blocks {
			continue
		}
		if root := c.root(); k.Root != root {
			v.find("checkpoint over "+blocksName(c.lane, k.Blocks), fmt.Sprintf("root %v, as it was signed", k.Root), root.String())
		}
	}
}

// blocksName is a number of blocks, with their lane if that is not the first.
func blocksName(lane uint16, blocks uint64) string {
	if lane == 0 {
		return fmt.Sprintf("%d blocks", blocks)
	}
	return fmt.Sprintf("%d blocks of lane %d", blocks, lane)
}

// checkKept names checkpoints that cover more than there is.
func (v *verifier) checkKept() {
	for _, k := range v.kept {
		at := slices.IndexFunc(v.chains, func(c *chain) bool { return c.lane == k.Lane })
		if at < 0 {
			v.find("journal", fmt.Sprintf("lane %d, which a checkpoint is of", k.Lane), fmt.Sprintf("%d lanes", len(v.chains)))
		} else if have := v.chains[at].head.Blocks; k.Blocks > have {
			v.find("journal", fmt.Sprintf("at least the %s of a checkpoint", blocksName(k.Lane, k.Blocks)), fmt.Sprintf("%d blocks: its end is missing", have))
		}
	}
}

// follow does what an item says, in its lane.
func (v *verifier) follow(ctx context.Context, r Reader, c *chain, item *Booked) error {
	head := &v.state.head
	c.head.Closed = head.Closed
	*head = c.head
	v.item(item)
	c.head = *head
	if item.Act == Reversed {
		return v.reversal(ctx, r, item)
	}
	return nil
}

func (v *verifier) item(b *Booked) {
	v.Entries++
	s := v.state
	place := b.name()
	if b.Seq != s.head.Seq+1 {
		v.find(place, fmt.Sprintf("sequence %d", s.head.Seq+1), fmt.Sprint(b.Seq))
	}
	if b.At.Before(s.head.At) {
		v.find(place, "booked at or after "+s.head.At.Format(time.RFC3339Nano), b.At.Format(time.RFC3339Nano))
	}
	s.head.At = b.At
	s.at(b.At)
	v.admitted(place, b)
	if err := s.foldWhole(b); err != nil {
		v.find(place, "an item that fits those before it", err.Error())
	}
	s.head.Seq = b.Seq
	s.journal.drop()
	s.dirty = s.dirty[:0]
	clear(s.written)
}

// name says which item it is.
func (b *Booked) name() string {
	return fmt.Sprintf("item %s (%s %q)", itemName(b.Lane, b.Seq), b.Act, b.Key)
}

// reversal holds an item against the entry it takes back, which is read again:
// nobody could keep every entry in memory.
func (v *verifier) reversal(ctx context.Context, r Reader, b *Booked) error {
	place, of := b.name(), b.terms().Of
	s := NewState(nil)
	need := &Need{state: s}
	need.Key(of)
	if err := need.load(ctx, r); errors.Is(err, ErrCorrupt) {
		return nil // Reader.Check names the key that leads nowhere
	} else if err != nil {
		return err
	}
	original := s.taken(of)
	if original == nil || original.Place().Compare(b.Place()) >= 0 || original.Act == Reversed || !original.IsEntry() || original.Owner != b.Owner {
		v.find(place, "an entry before it that it may take back", fmt.Sprintf("%q", of))
		return nil
	}
	if taken, ok := v.state.records[reversedRef(of)].(*TakenBack); ok {
		if err := taken.fits(original); err != nil {
			v.find(place, "no more than is left of the entry", err.Error())
		}
	}
	return nil
}

// admitted checks that an item is valid, and that the limits of its accounts
// allowed it if it says so.
func (v *verifier) admitted(place string, b *Booked) {
	if b.Act != Posted && b.Act != Held && b.Act != Captured && b.Act != Reversed {
		return
	}
	if faults := b.Entry.check(); len(faults) > 0 {
		v.find(place, "a valid entry", (&EntryError{Key: b.Key, Faults: faults}).Error())
		return
	}
	if closed := v.state.head.Closed; b.IsEntry() && !closed.IsZero() && !b.ValueDate.After(closed) {
		v.find(place, "a value date after "+closed.String()+", which was closed", b.ValueDate.String())
	}
	if b.Act == Captured { // its limits were checked when the hold was placed
		if h, ok := v.state.records[holdRef(b.terms().Of)].(*HoldState); ok && h.Breached != b.Breached {
			v.find(place, fmt.Sprintf("breaching a limit: %t, as its hold", h.Breached), fmt.Sprintf("marked %t", b.Breached))
		}
		return
	}
	breached, err := v.state.breaches(b)
	if err != nil {
		v.find(place, "one that its accounts take", err.Error())
	} else if b.Breached != breached {
		v.find(place, fmt.Sprintf("breaching a limit: %t", breached), fmt.Sprintf("marked %t", b.Breached))
	}
}

// breaches tells whether an item takes an account beyond one of its limits.
func (s *State) breaches(b *Booked) (bool, error) {
	effects, err := s.gather(b)
	if err != nil {
		return false, err
	}
	for i := range effects {
		f := &effects[i]
		if f.account = f.place.now; f.account == nil {
			f.account = b.opens(f.place.id)
		}
		if err := f.admits(b); err != nil {
			return false, err
		}
		if f.account.unlimited() {
			continue // as when it was booked: without limits available may even be out of range
		}
		failure, err := f.exceeds(s)
		if failure != nil || err != nil {
			return failure != nil, err
		}
	}
	return false, nil
}

// opens gives an account that the item opens, or one that is nothing.
func (b *Booked) opens(id AccountID) *Account {
	if b.Terms != nil {
		for i := range b.Opened {
			if b.Opened[i].AccountID == id {
				return b.Opened[i].account()
			}
		}
	}
	return &Account{}
}

// checkHeads compares the stored heads with the ends of the lanes.
func (v *verifier) checkHeads() {
	for i, c := range v.chains {
		stored, derived := v.Lanes[i].Head, c.head
		derived.Closed, derived.NotBefore = v.state.head.Closed, stored.NotBefore
		if stored != derived {
			v.find("head", derived.figures(), stored.figures())
		}
	}
}

// figures is a head in one line.
func (h *Head) figures() string {
	text := fmt.Sprintf("lane %d seq %d at %s, %d accounts, %d blocks, closed through %s",
		h.Lane, h.Seq, h.At.Format(time.RFC3339Nano), h.Accounts, h.Blocks, h.Closed)
	if h.Events > 0 {
		text += fmt.Sprintf(", %d events, the last told at %s", h.Events, instantText(h.Told))
	}
	return text
}

// checkAccounts compares every account with the journal, as far as that could
// be read whole.
func (v *verifier) checkAccounts(ctx context.Context, r Reader, whole bool) error {
	left := maps.Collect(v.state.places())
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
		derived := left[stored.AccountID]
		delete(left, stored.AccountID)
		switch {
		case derived == nil:
			v.find("account "+stored.String(), "no such account", "one with seq "+fmt.Sprint(stored.Seq))
		case !derived.equal(&stored):
			v.find("account "+stored.String(), derived.figures(), stored.figures())
		}
	}
	if !whole {
		return nil
	}
	for _, id := range slices.SortedFunc(maps.Keys(left), AccountID.Compare) {
		v.find("account "+id.String(), left[id].figures(), "no such account")
	}
	return nil
}

// figures is an account in one line, in minor units.
func (a *Account) figures() string {
	text := fmt.Sprintf("no %s %s %s opened %s debits %s credits %s held %s and %s in %d holds, seq %s, %s of seq %s", itemName(a.Home, a.No), a.Type, a.Status,
		a.Opened.Format(time.RFC3339Nano), a.Debits, a.Credits, a.HeldDebits, a.HeldCredits, a.Holds, itemName(a.Balance.Lane, a.Seq),
		a.Limits.figures(), itemName(a.LimitsLane, a.LimitsSeq))
	if len(a.Counters) > 0 {
		text += fmt.Sprintf(" counted %v", a.Counters)
	}
	if len(a.Metadata) > 0 {
		text += fmt.Sprintf(" metadata %v", a.Metadata)
	}
	return text
}

// figures is limits in one line, in minor units.
func (l *Limits) figures() string {
	text := "limits"
	if l.Limited {
		text += fmt.Sprintf(" floor %s", l.Floor)
	}
	if l.Capped {
		text += fmt.Sprintf(" ceiling %s", l.Ceiling)
	}
	for _, v := range l.Velocity {
		text += fmt.Sprintf(" %s at most %s", v, v.Max)
	}
	if l.unlimited() {
		text += " none"
	}
	return text
}

// checkRecords compares the ledger's own records of a kind with the journal.
func (v *verifier) checkRecords(ctx context.Context, r Reader, kind string, whole bool) error {
	left := make(map[string]Record)
	for ref, record := range v.state.records {
		if ref.Kind == kind && record != nil {
			left[ref.ID] = record
		}
	}
	for stored, err := range r.Records(ctx, kind, "", "") {
		if errors.Is(err, ErrCorrupt) || !whole {
			return nil // Reader.Check names every record that cannot be read
		}
		if err != nil {
			return err
		}
		ref := stored.Ref()
		want, have := content(left[ref.ID]), content(stored)
		delete(left, ref.ID)
		if !bytes.Equal(want, have) {
			v.find("record "+ref.String(), string(want), string(have))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(left)) {
		v.find("record "+Ref{kind, id}.String(), string(content(left[id])), "no such record")
	}
	return nil
}

// content is a record as text, to compare.
func content(r Record) []byte {
	if r == nil {
		return []byte("no such record")
	}
	text, err := json.Marshal(r)
	if err != nil {
		return []byte(err.Error())
	}
	return text
}
