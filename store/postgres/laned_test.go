package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/store/postgres"
)

// laned is one ledger that is written through several stores, each of which begins with a lane of its own.
type laned struct {
	url   string
	books []*ledger.Ledger // by lane
	micro atomic.Int64     // of the clock
	rng   *rand.Rand
	keys  int
	holds []string
	sales []string
}

// lanedChart has accounts of both kinds: those of wallets and of lenders have limits from the start.
func lanedChart(t testing.TB) *ledger.Chart {
	t.Helper()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "fees", Type: ledger.Income},
		ledger.Pattern{Path: "merchants/{id}", Type: ledger.Liability},
		ledger.Pattern{Path: "wallets/{id}", Type: ledger.Liability, Limited: true, Velocity: []ledger.Velocity{
			{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(1_000_000)},
			{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(1_000)},
		}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return chart
}

// openLaned sets up a ledger of a number of lanes in an empty database.
func openLaned(t testing.TB, url string, lanes int, seed uint64) *laned {
	t.Helper()
	l := &laned{url: url, rng: rand.New(rand.NewPCG(seed, 5))}
	l.micro.Store(time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC).UnixMicro())
	for lane := range lanes {
		chance := (float64(lane) + 0.5) / float64(lanes) // which makes this lane the first
		store, err := postgres.Open(t.Context(), url, postgres.Options{Migrate: lane == 0, Lanes: lanes, Readers: 2, Chance: func() float64 { return chance }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		books, err := ledger.New(store, ledger.Config{Chart: lanedChart(t), Clock: l.now})
		if err != nil {
			t.Fatal(err)
		}
		l.books = append(l.books, books)
	}
	return l
}

func (l *laned) now() time.Time { return time.UnixMicro(l.micro.Load()).UTC() }

// one is the ledger through any lane.
func (l *laned) one() *ledger.Ledger { return l.books[l.rng.IntN(len(l.books))] }

func (l *laned) key() string {
	l.keys++
	return fmt.Sprintf("key %d", l.keys)
}

// history books some acts at random: of every kind, in every lane, on few accounts.
func (l *laned) history(t testing.TB, acts int) {
	t.Helper()
	for range acts {
		l.micro.Add(int64(l.rng.IntN(4)) * 500_000)
		if err := l.act(t); err != nil && !errors.Is(err, ledger.ErrInvalid) {
			if _, refused := errors.AsType[*ledger.Failure](err); !refused {
				t.Fatal(err)
			}
		}
	}
}

func (l *laned) act(t testing.TB) error {
	t.Helper()
	ctx, books := t.Context(), l.one()
	switch n := l.rng.IntN(20); {
	case n < 8:
		entries := make([]ledger.Entry, 1+l.rng.IntN(5))
		for i := range entries {
			entries[i] = l.sale()
		}
		_, err := books.Post(ctx, entries...)
		return err
	case n < 11:
		_, err := books.Post(ctx, l.move(l.key(), "bank", l.wallet(), 5_000))
		return err
	case n < 12: // often more than there is
		_, err := books.Post(ctx, l.move(l.key(), l.wallet(), "bank", 9_000))
		return err
	case n < 14:
		hold := l.move(l.key(), []string{l.wallet(), l.merchant()}[l.rng.IntN(2)], "bank", 700)
		l.holds = append(l.holds, hold.Key)
		_, err := books.Hold(ctx, ledger.Hold{Key: hold.Key, Kind: "hold", Reference: hold.Reference, Postings: hold.Postings})
		return err
	case n < 16 && len(l.holds) > 0:
		of := l.holds[l.rng.IntN(len(l.holds))]
		if l.rng.IntN(2) == 0 {
			_, err := books.Release(ctx, ledger.Release{Key: l.key(), Hold: of})
			return err
		}
		_, err := books.Capture(ctx, ledger.Capture{Key: l.key(), Hold: of, Kind: "captured", All: true})
		return err
	case n < 17 && len(l.sales) > 0:
		_, err := books.Reverse(ctx, ledger.Reversal{Key: l.key(), Of: l.sales[l.rng.IntN(len(l.sales))], Kind: "back", ValueDate: calendar.MustDate("2026-03-02"), All: true})
		return err
	case n < 18:
		limits := ledger.Limits{Capped: true, Ceiling: money.Minor(1 << 40)}
		change := ledger.AccountChange{Key: l.key(), Account: l.merchant(), Currency: rupee(), Metadata: []ledger.Attribute{{Name: "note", Value: l.key() + "\x00␀"}}}
		if l.rng.IntN(3) == 0 {
			change.Limits = &limits
		}
		_, err := books.ChangeAccount(ctx, change)
		return err
	case n < 19:
		return books.Do(ctx, putRecord{&payment.Merchant{Merchant: merchant.Merchant{ID: fmt.Sprint("m", l.rng.IntN(60)), Name: "Asha \x00␀"}}})
	}
	_, err := books.ChangePeriod(ctx, ledger.PeriodChange{Key: l.key(), Through: calendar.MustDate("2025-12-01").AddDays(l.rng.IntN(20))})
	return err
}

// merchant draws an account, half of the time the same one. By the rules of a language they are in another order than by bytes.
func (l *laned) merchant() string {
	return "merchants/" + []string{"m-0", "m.0", "M-0", "m0", "m_0", "ma", "m", "B"}[l.rng.IntN(8)*l.rng.IntN(2)]
}

func (l *laned) wallet() string { return fmt.Sprintf("wallets/w%d", l.rng.IntN(3)) }

// sale draws an entry: back-dated or not, with several postings on an account, with a reference that others bear.
func (l *laned) sale() ledger.Entry {
	e := l.move(l.key(), "bank", l.merchant(), 1+l.rng.Int64N(100_000))
	for range l.rng.IntN(3) {
		e.Postings = append(e.Postings, ledger.Dr("bank", money.Minor(7), rupee()), ledger.Cr("fees", money.Minor(7), rupee()))
	}
	if l.rng.IntN(2) == 0 {
		e.ValueDate = calendar.MustDate("2026-03-02").AddDays(-l.rng.IntN(9))
	}
	if l.rng.IntN(3) == 0 {
		e.Metadata = []ledger.Attribute{{Name: "channel", Value: "web"}, {Name: "a\x00b", Value: "␀"}}
	}
	l.sales = append(l.sales, e.Key)
	return e
}

// move draws an entry between two accounts.
func (l *laned) move(key, from, to string, amount int64) ledger.Entry {
	e := ledger.Entry{Key: key, Kind: "move", Postings: []ledger.Posting{ledger.Dr(from, money.Minor(amount), rupee()), ledger.Cr(to, money.Minor(amount), rupee())}}
	if n := l.rng.IntN(8); n < len(lanedReferences) {
		e.Reference = lanedReferences[n]
	}
	return e
}

var lanedReferences = []string{"order-1", "Order-1", "o\x00", "o␀", "çà"}

// putRecord writes a record of a room above.
type putRecord struct{ ledger.Record }

func (p putRecord) At() time.Time                        { return time.Time{} }
func (p putRecord) Need(_ *ledger.State, n *ledger.Need) { n.Record(p.Ref()) }
func (p putRecord) Apply(s *ledger.State) error          { s.Put(p.Record); return nil }

// sound fails the test for everything that Verify finds.
func (l *laned) sound(t testing.TB) {
	t.Helper()
	for _, finding := range l.findings(t) {
		t.Errorf("verify: %s", finding)
	}
}

func (l *laned) findings(t testing.TB) []ledger.Finding {
	t.Helper()
	v, err := l.books[0].Verify(t.Context())
	if err != nil {
		t.Fatalf("verify: %v", err)
	}
	return v.Findings
}
