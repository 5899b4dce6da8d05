package postgres_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/internal/wire"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// A connection that is cut at any round trip of anything one can ask, at any point of it, loses nothing that was acknowledged and
// leaves nothing half done. ErrIndefinite says that nobody knows, and the same keys settle it; any other error says that nothing was
// written. The store goes on.
func TestCuts(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4} {
		t.Run(lanesName(lanes), func(t *testing.T) {
			t.Parallel()
			c := newCuts(t, lanes)
			for _, d := range c.deeds() {
				for _, at := range []wire.Point{wire.BeforeRequest, wire.BeforeAnswer, wire.MidAnswer} {
					c.everywhere(d, at)
				}
			}
			for _, what := range slices.Sorted(maps.Keys(c.seen)) {
				t.Logf("%4d %s", c.seen[what], what)
			}
		})
	}
}

// lanesName names a test on a number of lanes.
func lanesName(lanes int) string {
	if lanes == 1 {
		return "one lane"
	}
	return fmt.Sprintf("%d lanes", lanes)
}

// cuts is a ledger behind a network that breaks, and beside it.
type cuts struct {
	*testing.T

	proxy *wire.Proxy
	books *ledger.Ledger // behind the network
	hosts *pgxpool.Pool  // likewise
	sound *ledger.Ledger // beside it
	look  *pgx.Conn      // likewise
	runs  int
	seen  map[string]int
}

func newCuts(t *testing.T, lanes int) *cuts {
	t.Helper()
	dsn := emptyLedger(t, lanes)
	c := &cuts{T: t, sound: keepBooks(t, openStore(t, dsn, postgres.Options{})), look: connect(t, dsn), seen: make(map[string]int)}
	execute(t, c.look, "CREATE TABLE orders (id text PRIMARY KEY)")
	var behind string
	c.proxy, behind = pgtest.Proxy(t, dsn, wire.Options{})
	c.books = keepBooks(t, openStore(t, behind, postgres.Options{}))
	var err error
	if c.hosts, err = pgxpool.New(t.Context(), behind); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.hosts.Close)
	mustPost(t, c.sound, transfer("capital", bank, available, 1_000_000))
	return c
}

// deed is something to ask for. What it books has the keys that begin with the name of the run.
type deed struct {
	name   string
	items  int                   // it books; 0: it only reads
	before func(run string)      // nil: nothing
	do     func(run string) deal // behind the network
}

// deal is what came of a deed.
type deal struct {
	replayed bool
	err      error
}

// everywhere cuts a deed at each of its round trips, on a connection that is warm, and the shortest ones on their way to a new one too.
func (c *cuts) everywhere(d deed, at wire.Point) {
	c.Helper()
	for n, struck := 1, true; struck; n++ {
		c.once(d, 0, at)
		struck = c.once(d, n, at)
		if n > 40 && d.items > 0 {
			c.Fatalf("%s takes more than 40 round trips", d.name)
		}
	}
	for n, struck := 1, d.name == "post" || d.name == "host"; struck; n++ {
		c.once(d, 1, wire.BeforeRequest) // there is no connection after that
		struck = c.once(d, n, at)
	}
}

// once cuts the n-th round trip, if there is one, and has the deed done.
func (c *cuts) once(d deed, n int, at wire.Point) (struck bool) {
	c.Helper()
	c.runs++
	run := fmt.Sprintf("%s %d", d.name, c.runs)
	if d.before != nil {
		d.before(run)
	}
	if n == 0 {
		c.settle(d, run, d.do(run), "uncut")
		return false
	}
	cut := c.proxy.Cut(n, at)
	got := d.do(run)
	select {
	case <-cut:
		struck = true
	default:
	}
	c.settle(d, run, got, at.String())
	for waiting := !struck; waiting; { // it has to strike before the next one is laid
		_, _, _ = c.books.Account(c.Context(), bank, rupee()) // what is cut in the middle of this gives an error
		select {
		case <-cut:
			waiting = false
		default:
		}
	}
	return struck
}

// settle holds what was said against what is there, and asks again where it was nothing.
func (c *cuts) settle(d deed, run string, got deal, how string) {
	c.Helper()
	there := c.there(run)
	word := "done"
	switch {
	case got.err == nil && there != d.items:
		c.Errorf("%s, cut %s: acknowledged, and %d of %d items are there", run, how, there, d.items)
	case got.err == nil:
	case errors.Is(got.err, ledger.ErrIndefinite):
		if word = "unknown, not done"; there > 0 {
			word = "unknown, done"
		}
		if there != 0 && there != d.items {
			c.Errorf("%s, cut %s: %d of %d items are there", run, how, there, d.items)
		}
	default:
		if word = "failed"; there != 0 {
			c.Errorf("%s, cut %s: %v, and %d items are there", run, how, got.err, there)
		}
	}
	c.seen[fmt.Sprintf("%s: cut %s: %s", d.name, how, word)]++
	if got.err == nil {
		return
	}
	again := d.do(run)
	if again.err != nil || again.replayed != (there > 0) {
		c.Errorf("%s, cut %s, said %v: %d items were there; asked again, it was replayed: %t, %v", run, how, got.err, there, again.replayed, again.err)
	}
	if now := c.there(run); now != d.items {
		c.Errorf("%s, cut %s, asked again: %d of %d items are there", run, how, now, d.items)
	}
}

// there counts the items of a run, and holds the host's row to them.
func (c *cuts) there(run string) int {
	c.Helper()
	n := oneValue[int](c.T, c.look, "SELECT count(*) FROM items WHERE key = $1 OR key LIKE $1 || '/%'", run)
	if rows := oneValue[int](c.T, c.look, "SELECT count(*) FROM orders WHERE id = $1", run); rows > 0 && n == 0 {
		c.Errorf("%s: the host's row is there, its entries are not", run)
	}
	return n
}

// deeds is a day in the life of a ledger. What reads everything comes first, while that is little.
func (c *cuts) deeds() []deed {
	return append([]deed{
		{"verify", 0, nil, func(string) deal {
			v, err := c.books.Verify(c.Context())
			if err == nil {
				err = v.Err()
			}
			return deal{err: err}
		}},
		{"beat", 0, nil, func(string) deal { return deal{err: c.books.Beat(c.Context())} }},
		{"trial balance", 0, nil, func(string) deal {
			b, err := c.books.TrialBalance(c.Context())
			if err == nil && !b.Balanced() {
				err = errors.New("it does not balance")
			}
			return deal{err: err}
		}},
		{"statement", 0, nil, func(string) deal {
			_, err := c.books.Statement(c.Context(), ledger.StatementQuery{Account: available, Currency: rupee(), Limit: 2})
			return deal{err: err}
		}},
		{"feed", 0, nil, func(string) deal {
			seen := make(map[string]bool)
			for item, err := range c.books.Changes(c.Context(), "") {
				if err != nil {
					return deal{err: err}
				}
				if name := fmt.Sprintf("%d of lane %d", item.Seq, item.Lane); seen[name] {
					c.Errorf("the feed gives item %s twice", name)
				} else {
					seen[name] = true
				}
			}
			return deal{}
		}},
	}, c.bookings()...)
}

func (c *cuts) bookings() []deed {
	one := func(r ledger.Result, err error) deal { return deal{r.Replayed, err} }
	hold := func(run string) ledger.Hold {
		return ledger.Hold{Key: run, Kind: "hold", Postings: transfer("", available, pending, 3).Postings}
	}
	held := func(run string) {
		if _, err := c.sound.Hold(c.Context(), hold("for "+run)); err != nil {
			c.Fatal(err)
		}
	}
	day := calendar.MustDate("2020-01-01")
	return []deed{
		{"post", 1, nil, func(run string) deal { return c.post(transfer(run, available, pending, 7)) }},
		{"post to new accounts", 1, nil, func(run string) deal { return c.post(transfer(run, bank, "merchants/"+pathOf(run)+"/available", 1)) }},
		{"batch", 3, nil, func(run string) deal { return c.execute(ledger.Atomic, run) }},
		{"batch of independent items", 4, nil, func(run string) deal {
			return c.execute(ledger.Independent, run, transfer(run+"/much", available, pending, 1<<40)) // it burns its key
		}},
		{"hold", 1, nil, func(run string) deal { return one(c.books.Hold(c.Context(), hold(run))) }},
		{"capture", 1, held, func(run string) deal {
			return one(c.books.Capture(c.Context(), ledger.Capture{Key: run, Hold: "for " + run, Kind: "capture", All: true}))
		}},
		{"release", 1, held, func(run string) deal {
			return one(c.books.Release(c.Context(), ledger.Release{Key: run, Hold: "for " + run}))
		}},
		{"account change", 1, nil, func(run string) deal {
			return one(c.books.ChangeAccount(c.Context(), ledger.AccountChange{Key: run, Account: available, Currency: rupee(),
				Metadata: []ledger.Attribute{{Name: "run", Value: run}}}))
		}},
		{"period change", 1, func(string) { day = day.AddDays(1) }, func(run string) deal {
			return one(c.books.ChangePeriod(c.Context(), ledger.PeriodChange{Key: run, Through: day}))
		}},
		{"host", 1, nil, c.host},
	}
}

// pathOf makes a segment of a path of a run's name.
func pathOf(run string) string {
	text := []byte(run)
	for i := range text {
		if text[i] == ' ' {
			text[i] = '-'
		}
	}
	return string(text)
}

func (c *cuts) post(e ledger.Entry) deal {
	results, err := c.books.Post(c.Context(), e)
	return deal{err == nil && results[0].Replayed, err}
}

// execute asks for three entries and for more.
func (c *cuts) execute(mode ledger.Mode, run string, more ...ledger.Request) deal {
	requests := append([]ledger.Request{
		transfer(run+"/1", bank, available, 50), transfer(run+"/2", available, pending, 20), transfer(run+"/3", pending, sales, 10),
	}, more...)
	outcomes, err := c.books.Execute(c.Context(), mode, requests...)
	if err != nil {
		return deal{err: err}
	}
	for _, o := range outcomes[:3] {
		if o.Err != nil {
			return deal{err: o.Err}
		}
	}
	return deal{replayed: outcomes[0].Replayed}
}

// host keeps a row and an entry together. As a host does, it asks again when its transaction cannot have been committed.
func (c *cuts) host(run string) deal {
	var got deal
	for range 3 {
		committing := false
		got.err = pgx.BeginFunc(c.Context(), c.hosts, func(tx pgx.Tx) error {
			if _, err := tx.Exec(c.Context(), "INSERT INTO orders VALUES ($1) ON CONFLICT DO NOTHING", run); err != nil {
				return err
			}
			results, err := c.books.PostTx(c.Context(), postgres.Wrap(tx), transfer(run, bank, pending, 2))
			if err == nil {
				got.replayed, committing = results[0].Replayed, true
			}
			return err
		})
		if got.err == nil {
			return got
		}
		if committing {
			got.err = fmt.Errorf("%w: %w", ledger.ErrIndefinite, got.err)
			return got
		}
	}
	return got
}
