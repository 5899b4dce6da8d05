package postgres_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// Whatever many writers of two stores book in four lanes at once, and however many of them think better of it: who follows the feed by its
// cursors sees every item once; a statement read page by page misses no line and repeats none; what is told of an instant that is over stays
// true. The stores' clocks disagree.
func TestLanesUnderWriters(t *testing.T) {
	t.Parallel()
	c := newCrowd(t)
	var writers, readers sync.WaitGroup
	for w := range 16 {
		writers.Go(func() { c.write(w) })
	}
	feeds := make([][]*ledger.Booked, 2)
	for i := range feeds {
		readers.Go(func() { feeds[i] = c.follow(i) })
		readers.Go(func() { c.page(i) })
		readers.Go(func() { c.lookBack(i) })
	}
	writers.Wait()
	c.over.Store(true)
	readers.Wait()

	c.journal = c.read()
	c.wantAcknowledged()
	for i, seen := range feeds {
		c.wantFeed(i, seen)
	}
	c.wantPages()
	c.wantLooks()
}

// crowd is two stores on one database, and what was seen of it.
type crowd struct {
	*testing.T

	stores  []*postgres.Store
	books   []*ledger.Ledger
	hosts   *pgxpool.Pool
	over    atomic.Bool
	journal []*ledger.Booked // in order, once everything is over

	mu     sync.Mutex
	booked map[string]bool // keys that were acknowledged
	pages  []seenPage
	looks  []seenLook
}

// seenPage is the lines of the pages of one statement that had others behind them.
type seenPage struct {
	path  string
	lines []ledger.Line
}

// seenLook is what was told of an instant.
type seenLook struct {
	path string
	at   time.Time
	net  money.Amount
}

const crowdLanes = 4

func newCrowd(t *testing.T) *crowd {
	t.Helper()
	dsn := emptyLedger(t, crowdLanes)
	c := &crowd{T: t, booked: make(map[string]bool)}
	began := time.Now()
	for _, behind := range []time.Duration{0, 150 * time.Millisecond} {
		store := openStore(t, dsn, postgres.Options{})
		keepBooks(t, store) // verifies at the end
		l, err := ledger.New(store, ledger.Config{
			Chart: tradeChart(t),
			Clock: func() time.Time { return midday().Add(time.Since(began) - behind) },
			Tick: func() (<-chan time.Time, func()) {
				ticker := time.NewTicker(5 * time.Millisecond)
				return ticker.C, ticker.Stop
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.stores, c.books = append(c.stores, store), append(c.books, l)
	}
	var err error
	if c.hosts, err = pgxpool.New(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.hosts.Close)
	mustPost(t, c.books[0], transfer("capital", bank, available, 10_000))
	c.booked["capital"] = true
	return c
}

// write books a lot, and gives some of it up: before it is committed, by a context that ends, or in a host's transaction.
func (c *crowd) write(writer int) {
	dice := rand.New(rand.NewPCG(uint64(writer), 3))
	for n := range 30 {
		var entries []ledger.Entry
		for i := range 1 + dice.IntN(3) {
			key := fmt.Sprintf("w%d-%d-%d", writer, n, i)
			pairs := [][2]string{{bank, pending}, {bank, "merchants/m2/pending"}, {available, pending}, {pending, sales}, {bank, available}}
			pair := pairs[dice.IntN(len(pairs))]
			entries = append(entries, transfer(key, pair[0], pair[1], int64(1+dice.IntN(9))))
		}
		err := c.book(dice, c.books[writer%len(c.books)], entries)
		_, conflict := errors.AsType[*postgres.ConflictError](err)
		_, refused := errors.AsType[*ledger.Failure](err)
		switch {
		case err == nil:
			c.mu.Lock()
			for _, e := range entries {
				c.booked[e.Key] = true
			}
			c.mu.Unlock()
		case errors.Is(err, errGivenUp), errors.Is(err, context.Canceled) && !errors.Is(err, ledger.ErrIndefinite), conflict, refused:
		default:
			c.Error(err)
			return
		}
	}
}

func (c *crowd) book(dice *rand.Rand, l *ledger.Ledger, entries []ledger.Entry) error {
	giveUp := dice.IntN(3) == 0
	within := func(tx ledger.Tx) error {
		_, err := l.PostTx(c.Context(), tx, entries...)
		if err == nil && giveUp {
			err = errGivenUp
		}
		return err
	}
	switch dice.IntN(4) {
	case 0:
		return l.Write(c.Context(), within)
	case 1:
		return pgx.BeginFunc(c.Context(), c.hosts, func(tx pgx.Tx) error { return within(postgres.Wrap(tx)) })
	case 2:
		ctx, cancel := context.WithCancel(c.Context())
		defer cancel()
		return l.Write(ctx, func(tx ledger.Tx) error {
			_, err := l.PostTx(ctx, tx, entries...)
			if giveUp {
				cancel()
			}
			return err
		})
	}
	_, err := l.Post(c.Context(), entries...)
	return err
}

// follow reads the feed and waits for more until everything is over. Now and then somebody else goes on, with the cursor as it was written down.
func (c *crowd) follow(reader int) (seen []*ledger.Booked) {
	dice := rand.New(rand.NewPCG(uint64(reader), 4))
	var cursor ledger.Cursor
	for last := false; ; last = c.over.Load() {
		l := c.books[dice.IntN(len(c.books))]
		enough := 1 + dice.IntN(40)
		for item, err := range l.Changes(c.Context(), cursor) {
			if err != nil {
				c.Error(err)
				return seen
			}
			seen, cursor = append(seen, item.Booked), item.Cursor
			if enough--; enough == 0 && !last {
				break
			}
		}
		if last {
			return seen
		}
		ctx, cancel := context.WithTimeout(c.Context(), 20*time.Millisecond)
		if err := l.Wait(ctx, cursor); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			c.Error(err)
		}
		cancel()
	}
}

// page reads statements page by page, again and again.
func (c *crowd) page(reader int) {
	dice := rand.New(rand.NewPCG(uint64(reader), 5))
	for !c.over.Load() {
		q := ledger.StatementQuery{Account: []string{bank, pending, available}[dice.IntN(3)], Currency: rupee(), Limit: 1 + dice.IntN(30)}
		seen := seenPage{path: q.Account}
		for range 10 {
			page, err := c.books[dice.IntN(len(c.books))].Statement(c.Context(), q)
			if errors.Is(err, ledger.ErrUnsettled) {
				continue
			}
			if err != nil {
				c.Error(err)
				return
			}
			if page.Next == "" {
				break
			}
			seen.lines, q.After = append(seen.lines, page.Lines...), page.Next
		}
		c.mu.Lock()
		c.pages = append(c.pages, seen)
		c.mu.Unlock()
	}
}

// lookBack asks what stood on an account at an instant that is just over, or not yet.
func (c *crowd) lookBack(reader int) {
	dice := rand.New(rand.NewPCG(uint64(reader), 6))
	for !c.over.Load() {
		l := c.books[dice.IntN(len(c.books))]
		look := seenLook{path: []string{bank, pending, available, sales}[dice.IntN(4)]}
		ahead := dice.IntN(5) == 0
		look.at = l.Clock().Add(-time.Duration(dice.IntN(30)) * time.Millisecond)
		if ahead {
			look.at = l.Clock().Add(time.Hour)
		}
		var err error
		look.net, err = l.BalanceAt(c.Context(), look.path, rupee(), look.at)
		if ahead && err == nil {
			c.Errorf("%s at %s, in an hour, is %s", look.path, look.at, look.net)
		}
		switch {
		case err == nil:
			c.mu.Lock()
			c.looks = append(c.looks, look)
			c.mu.Unlock()
		case !errors.Is(err, ledger.ErrUnsettled):
			c.Error(err)
			return
		}
	}
}

// read gives the whole journal in order, and holds its lanes to their heads.
func (c *crowd) read() (items []*ledger.Booked) {
	c.Helper()
	err := c.books[0].Read(c.Context(), func(r ledger.Reader) error {
		heads, err := r.Heads(c.Context())
		if err != nil {
			return err
		}
		used := 0
		for _, head := range heads {
			n := uint64(0)
			for item, err := range r.Items(c.Context(), head.Lane, 1) {
				if err != nil {
					return err
				}
				if n++; item.Seq != n {
					c.Errorf("lane %d: item %d has sequence %d", head.Lane, n, item.Seq)
				}
				items = append(items, item)
			}
			if n != head.Seq {
				c.Errorf("lane %d has %d items, its head says %d", head.Lane, n, head.Seq)
			}
			if n > 0 {
				used++
			}
		}
		if used < 2 {
			c.Errorf("%d lanes were booked in", used)
		}
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
	slices.SortFunc(items, func(a, b *ledger.Booked) int { return a.Place().Compare(b.Place()) })
	return items
}

// wantAcknowledged: what is there is what was acknowledged, and what the state refused.
func (c *crowd) wantAcknowledged() {
	c.Helper()
	there := make(map[string]bool)
	for _, item := range c.journal {
		if item.Key != "" && item.Act != ledger.Refused {
			there[item.Key] = true
		}
	}
	if diff := gocmp.Diff(c.booked, there); diff != "" {
		c.Errorf("keys (-acknowledged +there):\n%s", diff)
	}
}

// placesOf are items by lane and sequence, in this order.
func placesOf(items []*ledger.Booked) []string {
	items = slices.SortedFunc(slices.Values(items), func(a, b *ledger.Booked) int { return cmp.Or(cmp.Compare(a.Lane, b.Lane), cmp.Compare(a.Seq, b.Seq)) })
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = fmt.Sprintf("%d@%d %s", item.Seq, item.Lane, item.Key)
	}
	return out
}

func (c *crowd) wantFeed(reader int, seen []*ledger.Booked) {
	c.Helper()
	if diff := gocmp.Diff(placesOf(c.journal), placesOf(seen)); diff != "" {
		c.Errorf("feed of reader %d (-there +seen):\n%s", reader, diff)
	}
}

// movements are the lines of an account, as they are in the end.
func (c *crowd) movements(path string) (lines []string) {
	stands := int64(0)
	for _, item := range c.journal {
		for _, p := range item.Postings {
			amount, _ := p.Amount.Int64()
			switch {
			case !item.IsEntry() || p.Account != path:
			case (p.Side == ledger.Debit) == (path == bank):
				lines = append(lines, fmt.Sprintf("%d@%d %d", item.Seq, item.Lane, stands+amount))
				stands += amount
			default:
				lines = append(lines, fmt.Sprintf("%d@%d %d", item.Seq, item.Lane, stands-amount))
				stands -= amount
			}
		}
	}
	return lines
}

// wantPages: what was read page by page is the beginning of what there is in the end.
func (c *crowd) wantPages() {
	c.Helper()
	lines := 0
	for _, seen := range c.pages {
		got := []string{}
		for _, line := range seen.lines {
			got = append(got, fmt.Sprintf("%d@%d %s", line.Entry.Seq, line.Entry.Lane, line.Balance))
		}
		want := c.movements(seen.path)
		if diff := gocmp.Diff(want[:min(len(got), len(want))], got); diff != "" {
			c.Errorf("statement of %s (-in the end +then):\n%s", seen.path, diff)
		}
		lines += len(got)
	}
	c.Logf("%d items; %d statements with %d lines", len(c.journal), len(c.pages), lines)
	if lines == 0 {
		c.Error("no statement had a page behind another one")
	}
}

// wantLooks: what was told of an instant is what its entries add up to in the end.
func (c *crowd) wantLooks() {
	c.Helper()
	changing := 0
	for _, look := range c.looks {
		stands := int64(0)
		for _, item := range c.journal {
			if item.At.After(look.at) || !item.IsEntry() {
				continue
			}
			for _, p := range item.Postings {
				if amount, _ := p.Amount.Int64(); p.Account == look.path && (p.Side == ledger.Debit) == (look.path == bank) {
					stands += amount
				} else if p.Account == look.path {
					stands -= amount
				}
			}
		}
		if stands > 0 {
			changing++
		}
		if look.net != money.Minor(stands) {
			c.Errorf("%s at %s: %s was told, in the end it is %d", look.path, look.at, look.net, stands)
		}
	}
	c.Logf("%d looks back", len(c.looks))
	if changing == 0 {
		c.Error("nothing was there to look back at")
	}
}
