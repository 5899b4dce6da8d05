package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// Events has a test for everything that readers of events rely on.
func Events(t *testing.T, h Harness) {
	t.Helper()
	rows := []struct {
		name  string
		check func(*newsroom)
	}{
		{"what is accepted is told, with entries and without", eventsAccepted},
		{"what is rolled back is not told", eventsRolledBack},
		{"a replay tells nothing", eventsReplayed},
		{"a dry run tells nothing", eventsDryRun},
		{"numbers go on from one group to the next", eventsNumbers},
		{"every text comes back as it was", eventsTexts},
		{"what cannot be told is refused", eventsInvalid},
		{"instants order what depends on one another", eventsInstants},
		{"what is told by the clock makes no fact late", eventsByTheClock},
		{"a follower misses none and sees none twice", eventsFollowed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			n := &newsroom{T: t, harness: h, store: h.Open(t)}
			n.books = books(t, n.store, ledger.Config{Chart: edgeChart(t), Clock: noon})
			row.check(n)
			n.verifies()
		})
	}
}

// newsroom is books whose events are read.
type newsroom struct {
	*testing.T
	harness Harness
	store   ledger.Store
	books   *ledger.Ledger
}

func (n *newsroom) verifies() {
	n.Helper()
	v, err := n.books.Verify(n.Context())
	if err == nil {
		err = v.Err()
	}
	if err != nil {
		n.Error(err)
	}
}

// reopen closes the store and opens it again, if that is to be had.
func (n *newsroom) reopen() {
	n.Helper()
	if n.harness.Reopen == nil {
		return
	}
	n.store = n.harness.Reopen(n.T, n.store)
	n.books = books(n.T, n.store, ledger.Config{Chart: n.books.Chart(), Clock: noon})
}

// teller is a command of a room that tells of a deposit, whose record counts what was told.
type teller struct {
	deposit string
	entry   ledger.Entry // no key: none
	event   event.Event  // its data, and whatever else differs
	bare    bool         // there is no record
	err     error        // what it comes to in the end
}

var errRejected = errors.New("rejected in the end")

// At implements ledger.Command.
func (c *teller) At() (now time.Time) { return now }

// Need implements ledger.Command.
func (c *teller) Need(_ *ledger.State, n *ledger.Need) {
	if !c.bare {
		n.Record(c.ref())
	}
	if c.entry.Key != "" {
		n.Entry(&c.entry)
	}
}

func (c *teller) ref() ledger.Ref { return ledger.Ref{Kind: payment.DepositRecord, ID: c.deposit} }

// Apply implements ledger.Command.
func (c *teller) Apply(s *ledger.State) error {
	if c.entry.Key != "" {
		if result, err := s.Book(c.entry); err != nil || result.Replayed {
			return err
		}
	}
	e := c.event
	if !c.bare {
		next := payment.Deposit{Facts: payment.Facts{ID: c.deposit, Merchant: "m1", Currency: edgeINR()}}
		if stored, ok := s.Record(c.ref()).(*payment.Deposit); ok {
			next.Told = stored.Told
		}
		next.Told++
		e.Sequence = next.Told
		s.Put(&next)
	}
	if e.Type == "" {
		e.Type = event.DepositSucceeded
	}
	if e.Object == (event.Object{}) {
		e.Object = event.Object{Kind: payment.DepositRecord, ID: c.deposit}
	}
	s.Tell(e)
	return c.err
}

// sells is an entry with a key.
func sells(key string) ledger.Entry { return edgeFund(key, 1) }

// do has commands decided in one transaction, and wants an error of those that are to have one.
func (n *newsroom) do(commands ...*teller) {
	n.Helper()
	var list []ledger.Command
	for _, c := range commands {
		list = append(list, c)
	}
	errs, err := n.books.DoAll(n.Context(), list...)
	if err != nil {
		n.Fatal(err)
	}
	for i, c := range commands {
		if !errors.Is(errs[i], c.err) {
			n.Errorf("command %d comes to %v, want %v", i, errs[i], c.err)
		}
	}
}

// told reads all events, holds their order against what is promised, and gives a line for each.
func (n *newsroom) told() (lines []string) {
	n.Helper()
	err := n.books.Read(n.Context(), func(r ledger.Reader) error {
		follower := &follower{}
		if err := follower.read(n.Context(), r); err != nil {
			return err
		}
		heads, err := r.Heads(n.Context())
		for _, h := range heads {
			if read := follower.cursor.After(h.Lane); read != h.Events {
				n.Errorf("lane %d has %d events, %d were read", h.Lane, h.Events, read)
			}
		}
		lines = follower.lines
		return err
	})
	if err != nil {
		n.Fatal(err)
	}
	return lines
}

func (n *newsroom) wantTold(want ...string) {
	n.Helper()
	have := n.told()
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		n.Errorf("events (-want +got):\n%s", diff)
	}
}

// follower reads what is new, and complains of whatever it should not see.
type follower struct {
	cursor    event.Cursor
	sequences map[event.Object]uint64
	lines     []string
}

func (f *follower) read(ctx context.Context, r ledger.Reader) error {
	var last *event.Event
	for e, err := range ledger.Events(ctx, r, f.cursor) {
		if err != nil {
			return err
		}
		if want := f.cursor.After(e.Lane) + 1; e.No != want {
			return fmt.Errorf("event %s is read, want number %d of its lane", e.ID(), want)
		}
		if f.sequences == nil {
			f.sequences = make(map[event.Object]uint64)
		}
		if want := f.sequences[e.Object] + 1; e.Sequence != want {
			return fmt.Errorf("event %s: sequence %d of %s, want %d", e.ID(), e.Sequence, e.Object, want)
		}
		if last != nil && last.Compare(e) >= 0 {
			return fmt.Errorf("event %s of %s stands behind %s of %s", e.ID(), e.At, last.ID(), last.At)
		}
		last, f.cursor = e, f.cursor.Read(e.Lane, e.No)
		f.sequences[e.Object] = e.Sequence
		f.lines = append(f.lines, fmt.Sprintf("%s %d: %s %s", e.Object, e.Sequence, e.Type, e.Data))
	}
	return nil
}

func eventsAccepted(n *newsroom) {
	n.wantTold()
	n.do(
		&teller{deposit: "d1", entry: sells("d1")},
		&teller{deposit: "d2", event: event.Event{Type: event.DepositCreated, Data: []byte(`{"a":1}`)}},
		&teller{deposit: "d1", entry: sells("rejected"), err: errRejected},
		&teller{deposit: "d1", event: event.Event{Type: event.DepositFailed}},
		&teller{deposit: "d3", err: errRejected},
	)
	want := []string{"deposit/d1 1: deposit.succeeded ", `deposit/d2 1: deposit.created {"a":1}`, "deposit/d1 2: deposit.failed "}
	n.wantTold(want...)
	n.do(&teller{deposit: "d3", err: errRejected})
	n.reopen()
	n.wantTold(want...)
}

func eventsRolledBack(n *newsroom) {
	for range 2 {
		err := n.books.Write(n.Context(), func(tx ledger.Tx) error {
			if _, err := n.books.DoTx(n.Context(), tx, &teller{deposit: "d1", entry: sells("d1")}, &teller{deposit: "d2"}); err != nil {
				return err
			}
			return errRejected
		})
		if !errors.Is(err, errRejected) {
			n.Fatal(err)
		}
	}
	n.wantTold()
	n.do(&teller{deposit: "d2"})
	n.wantTold("deposit/d2 1: deposit.succeeded ")
}

func eventsReplayed(n *newsroom) {
	for range 3 {
		n.do(&teller{deposit: "d1", entry: sells("d1")})
	}
	n.do(&teller{deposit: "d1", entry: sells("d1")}, &teller{deposit: "d1", entry: sells("d2")}, &teller{deposit: "d1", entry: sells("d2")})
	n.wantTold("deposit/d1 1: deposit.succeeded ", "deposit/d1 2: deposit.succeeded ")
}

func eventsDryRun(n *newsroom) {
	err := n.books.DryRun(n.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		for range 3 {
			errs, err := apply(&teller{deposit: "d1"}, &teller{deposit: "d2", entry: sells("d2"), err: errRejected})
			if err != nil || errs[0] != nil || !errors.Is(errs[1], errRejected) {
				return fmt.Errorf("%v, %w", errs, err)
			}
		}
		return nil
	})
	if err != nil {
		n.Fatal(err)
	}
	n.wantTold()
}

func eventsNumbers(n *newsroom) {
	var want []string
	for i := range 70 { // more than are read at once
		id := fmt.Sprint("d", i%7)
		n.do(&teller{deposit: id}, &teller{deposit: id, err: errRejected}, &teller{deposit: id, entry: sells(fmt.Sprint("key", i))})
		for k := range 2 {
			want = append(want, fmt.Sprintf("deposit/%s %d: deposit.succeeded ", id, i/7*2+k+1))
		}
	}
	err := n.books.Write(n.Context(), func(tx ledger.Tx) error { // several groups in one transaction
		for i := range 3 {
			id := fmt.Sprint("e", i)
			if _, err := n.books.DoTx(n.Context(), tx, &teller{deposit: id}); err != nil {
				return err
			}
			want = append(want, fmt.Sprintf("deposit/%s 1: deposit.succeeded ", id))
		}
		return nil
	})
	if err != nil {
		n.Fatal(err)
	}
	n.do(&teller{deposit: "alone", bare: true, event: event.Event{Sequence: 1}}) // nothing else is saved
	want = append(want, "deposit/alone 1: deposit.succeeded ")
	n.wantTold(want...)
	n.reopen()
	n.wantTold(want...)
	err = n.books.Read(n.Context(), func(r ledger.Reader) error { return n.readsFrom(r) })
	if err != nil {
		n.Fatal(err)
	}
}

// readsFrom reads each lane from some numbers on.
func (n *newsroom) readsFrom(r ledger.Reader) error {
	heads, err := r.Heads(n.Context())
	if err != nil {
		return err
	}
	for _, h := range heads {
		for _, from := range []uint64{0, 1, 2, h.Events / 2, h.Events, h.Events + 1, math.MaxInt64, math.MaxUint64} {
			next := max(from, 1)
			for e, err := range r.Events(n.Context(), h.Lane, from) {
				if err != nil {
					return err
				}
				if e.No != next || e.Lane != h.Lane {
					n.Errorf("lane %d from %d on: %s, want number %d", h.Lane, from, e.ID(), next)
				}
				next++
			}
			if next <= h.Events {
				n.Errorf("lane %d from %d on: ends before number %d of %d", h.Lane, from, next, h.Events)
			}
		}
	}
	return nil
}

func eventsTexts(n *newsroom) {
	var want []event.Event
	for i, text := range []string{"plain", "न ₹", "␀", "␀0", "\x00", "a\x00␀b", `\u0000`, "'\"\\", strings.Repeat("long ", 20_000)} {
		e := event.Event{
			Type: event.Type("t" + text), Object: event.Object{Kind: "k" + text, ID: "i" + text}, Sequence: 1, Merchant: text,
			Data: fmt.Appendf(nil, `{"text": %q,  "zero": "\u0000", "escaped": "\\u0000", "i": %d.50}`, strings.ReplaceAll(text, "\x00", "␀0"), i),
		}
		n.do(&teller{bare: true, event: e})
		want = append(want, e)
	}
	e := event.Event{Type: "empty", Object: event.Object{Kind: "k", ID: "i"}, Sequence: 1}
	n.do(&teller{bare: true, event: e})
	want = append(want, e)
	var have []event.Event
	err := n.books.Read(n.Context(), func(r ledger.Reader) error {
		for e, err := range ledger.Events(n.Context(), r, event.Cursor{}) {
			if err != nil {
				return err
			}
			have = append(have, event.Event{Type: e.Type, Object: e.Object, Sequence: e.Sequence, Merchant: e.Merchant, Data: e.Data})
		}
		return nil
	})
	if err != nil {
		n.Fatal(err)
	}
	order := func(a, b event.Event) int { return strings.Compare(string(a.Type), string(b.Type)) }
	slices.SortFunc(want, order)
	slices.SortFunc(have, order)
	if !slices.EqualFunc(want, have, func(a, b event.Event) bool {
		return a.Type == b.Type && a.Object == b.Object && a.Sequence == b.Sequence && a.Merchant == b.Merchant && bytes.Equal(a.Data, b.Data)
	}) {
		n.Errorf("events (-want +got):\n%s", cmp.Diff(want, have))
	}
}

func eventsInvalid(n *newsroom) {
	sound := event.Event{Type: "type", Object: event.Object{Kind: "kind", ID: "id"}, Sequence: 1}
	for name, change := range map[string]func(*event.Event){
		"no object":       func(e *event.Event) { e.Object.ID = "" },
		"no sequence":     func(e *event.Event) { e.Sequence = 0 },
		"a text":          func(e *event.Event) { e.Merchant = "\xff" },
		"no JSON":         func(e *event.Event) { e.Data = []byte("{") },
		"JSON of no text": func(e *event.Event) { e.Data = []byte("\"\xff\"") },
	} {
		e := sound
		change(&e)
		for _, entry := range []ledger.Entry{{}, sells(name)} {
			if err := n.books.Do(n.Context(), &teller{deposit: "d1", bare: true, event: e, entry: entry}); !errors.Is(err, event.ErrInvalid) {
				n.Errorf("%s, with entry %q: error is %v, want ErrInvalid", name, entry.Key, err)
			}
		}
	}
	n.wantTold()
	if heads, err := headsOf(n.Context(), n.store); err != nil || heads[0].Seq != 0 {
		n.Errorf("the journal has %d items, %v, want none", heads[0].Seq, err)
	}
}

func headsOf(ctx context.Context, store ledger.Store) (heads []ledger.Head, err error) {
	err = store.Read(ctx, func(r ledger.Reader) error {
		heads, err = r.Heads(ctx)
		return err
	})
	return heads, err
}

// dated is a teller that replays a fact.
type dated struct {
	teller
	at time.Time
}

// At implements ledger.Command.
func (c *dated) At() time.Time { return c.at }

// eventsInstants: facts that happened earlier are told later, and an object's events are still in order.
func eventsInstants(n *newsroom) {
	for i := range 40 {
		c := &dated{teller: teller{deposit: fmt.Sprint("d", i%3)}, at: noon().AddDate(0, 0, 40-i)}
		if i%4 == 0 {
			c.entry = sells(fmt.Sprint("key", i))
		}
		if err := n.books.Do(n.Context(), c); err != nil {
			n.Fatal(err)
		}
	}
	if got := len(n.told()); got != 40 {
		n.Errorf("%d events were told, want 40", got)
	}
}

// witness is a dated teller that remembers when it was booked.
type witness struct {
	dated
	booked time.Time
}

// Apply implements ledger.Command.
func (c *witness) Apply(s *ledger.State) error {
	c.booked = s.Now()
	return c.dated.Apply(s)
}

// eventsByTheClock: who is told of today, as a merchant that was created, has facts of the past booked under their own instants.
func eventsByTheClock(n *newsroom) {
	for i := range 8 { // whatever lane it is the turn of
		n.do(&teller{deposit: fmt.Sprint("d", i)})
		n.reopen()
		fact := &witness{dated: dated{teller: teller{deposit: fmt.Sprint("d", i), entry: sells(fmt.Sprint("key", i))}, at: noon().AddDate(0, 0, i-40)}}
		if err := n.books.Do(n.Context(), fact); err != nil {
			n.Fatal(err)
		}
		if !fact.booked.Equal(fact.at) {
			n.Errorf("fact %d of %s was booked at %s", i, fact.at, fact.booked)
		}
	}
	if got := len(n.told()); got != 16 {
		n.Errorf("%d events were told, want 16", got)
	}
}

// eventsFollowed has writers tell of the same deposits, some of it rolled back, while somebody follows.
func eventsFollowed(n *newsroom) {
	const writers, rounds = 6, 25
	var writing sync.WaitGroup
	var mu sync.Mutex // guards want and failed
	var failed []error
	want, ctx := make(map[event.Object]uint64), n.Context()
	for w := range writers {
		writing.Go(func() {
			for i := range rounds {
				c := &teller{deposit: fmt.Sprint("d", (w+i)%4)}
				if i%3 == 0 {
					c.entry = sells(fmt.Sprintf("key %d of %d", i, w))
				}
				accepted, err := n.mayTell(ctx, c, (w*7+i*3)%5)
				mu.Lock()
				failed = append(failed, err)
				if accepted {
					want[event.Object{Kind: payment.DepositRecord, ID: c.deposit}]++
				}
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() { writing.Wait(); close(done) }()
	f, reads := &follower{}, 0
	for over := false; !over; reads++ {
		select {
		case <-done:
			over = true // what was told last is still to be read
		default:
		}
		if err := n.store.Read(ctx, func(r ledger.Reader) error { return f.read(ctx, r) }); err != nil {
			n.Fatal(err)
		}
	}
	if err := errors.Join(failed...); err != nil {
		n.Fatal(err)
	}
	if diff := cmp.Diff(want, f.sequences); diff != "" {
		n.Errorf("events of each deposit after %d reads (-told +read):\n%s", reads, diff)
	}
	if err := n.books.WaitEvents(ctx, event.Cursor{}); err != nil {
		n.Error(err)
	}
}

// mayTell has a command decided in one way or another, some of which come to nothing.
func (n *newsroom) mayTell(ctx context.Context, c *teller, way int) (accepted bool, err error) {
	switch way {
	case 0: // in a group
		return true, n.books.Do(ctx, c)
	case 1: // rejected beside one that is not
		again := *c
		c.err = errRejected
		errs, err := n.books.DoAll(ctx, c, &again)
		return true, errors.Join(err, unlessRejected(errs))
	case 2: // rejected
		c.err = errRejected
		return false, unlessRejected([]error{n.books.Do(ctx, c)})
	}
	abort := way == 3 // in a transaction, which may be rolled back
	err = n.books.Write(ctx, func(tx ledger.Tx) error {
		errs, err := n.books.DoTx(ctx, tx, c)
		if err == nil && abort {
			err = errRejected
		}
		return errors.Join(append(errs, err)...)
	})
	return !abort, unlessRejected([]error{err})
}

// unlessRejected leaves out the rejections that are meant.
func unlessRejected(errs []error) error {
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, errRejected) })...)
}
