package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/settlex/settlex/ledger"
)

// million is the step of rates over time.
const million = 1_000_000

// run is one run under way.
type run struct {
	settings Settings
	ground   Ground
	tell     func(done int)
	work     *Workload
	chart    *ledger.Chart
	store    Store // nil: closed
	books    *ledger.Ledger
	result   *Result
	from     time.Time // booking instants of the measured entries
	until    time.Time
	groups   int      // commits of the measured entries
	makers   []*Maker // of the measured entries
	later    []*Maker // of those that follow
}

// Run measures once. tell, if there is one, hears from time to time how many
// entries are booked. An error of the ledger, or an answer or a figure that is not
// as it must be, ends the run. The store stays where it is, closed.
func Run(ctx context.Context, s Settings, g Ground, tell func(done int)) (_ *Result, err error) {
	s, err = s.Complete()
	if err == nil && s.DropCache && g.DropCache == nil {
		err = fmt.Errorf("the cache of %s cannot be dropped here", g.Store)
	}
	if err != nil {
		return nil, err
	}
	if tell == nil {
		tell = func(int) {}
	}
	now := time.Now().UTC()
	r := &run{settings: s, ground: g, tell: tell, work: NewWorkload(s, ledgerDate(now))}
	r.result = &Result{
		Run: 1, Settings: s, Store: g.Store, Sync: g.Sync, Machine: machine(), Started: now.Format(time.RFC3339),
	}
	if r.chart, err = r.work.Chart(); err != nil {
		return nil, err
	}
	for client := range s.Clients {
		r.makers, r.later = append(r.makers, r.work.Client(client)), append(r.later, r.work.Beyond(client))
	}
	limits := &bounds{ground: g}
	if s.Bounds {
		if err := limits.half(ctx, s.Entries); err != nil {
			return nil, err
		}
		debug.FreeOSMemory() // what is measured next has its memory to itself
	}
	if err := r.ledger(ctx); err != nil {
		return nil, err
	}
	if s.Bounds {
		if err := r.hold(ctx, limits); err != nil {
			return nil, err
		}
	}
	return r.result, nil
}

func machine() Machine {
	return Machine{Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0)}
}

// ledger measures the ledger from opening to closing.
func (r *run) ledger(ctx context.Context) (err error) {
	if err := r.open(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if r.ground.Server != nil {
		if r.result.Server, err = r.ground.Server.Facts(ctx); err != nil {
			return err
		}
	}
	steps := []func(context.Context) error{r.openAccounts, r.measure}
	if r.settings.Reads {
		steps = append(steps, r.read)
	}
	if r.settings.Reopen {
		steps = append(steps, r.reopen)
	}
	steps = append(steps, r.check)
	if r.settings.Verify {
		steps = append(steps, r.verify)
	}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) open() (err error) {
	if r.store, err = r.ground.Open(); err != nil {
		return err
	}
	r.books, err = ledger.New(r.store, ledger.Config{Chart: r.chart})
	return err
}

// close closes the store, if it is open.
func (r *run) close() error {
	if r.store == nil {
		return nil
	}
	store := r.store
	r.store = nil
	return store.Close()
}

// openAccounts books what opens every account.
func (r *run) openAccounts(ctx context.Context) error {
	for entries, err := range r.work.Openings() {
		if err != nil {
			return err
		}
		results, err := r.books.Post(ctx, entries...)
		if err == nil {
			err = fresh(entries, results)
		}
		if err != nil {
			return fmt.Errorf("open the accounts: %w", err)
		}
		r.result.Head.Openings += len(entries)
	}
	return nil
}

// writers gives the clients.
func (r *run) writers(makers []*Maker) *writers {
	return &writers{settings: r.settings, books: r.books, makers: makers, latency: &Latency{}, pace: NewPace(million, r.settings.Entries)}
}

// measure books the entries.
func (r *run) measure(ctx context.Context) error {
	w := r.writers(r.makers)
	debug.FreeOSMemory()
	before, err := r.standing(ctx)
	if err != nil {
		return err
	}
	var io traffic
	var trips int64
	var peak func() memory
	r.from = r.books.Clock()
	took, err := w.write(ctx, func() {
		io, trips = trafficNow(), r.roundTrips()
		peak = watch(ctx, func() { r.tell(w.pace.Booked()) })
	})
	written, trips := less(trafficNow().written, io.written), r.roundTrips()-trips
	memory := peak()
	r.until = r.books.Clock()
	if err != nil {
		return err
	}
	settled := memorySettled()
	after, err := r.standing(ctx)
	if err != nil {
		return err
	}
	out, entries := r.result, float64(r.settings.Entries)
	out.Seconds, out.EntriesPerS = rounded(took.Seconds(), 3), rounded(entries/took.Seconds(), 1)
	for _, rate := range w.pace.Rates() {
		out.EntriesPerSByMillion = append(out.EntriesPerSByMillion, rounded(rate, 0))
	}
	if ratio, ok := w.pace.LastToSecond(); ok {
		out.LastToSecondMillion = new(rounded(ratio, 3))
	}
	out.P50, out.P99, out.Max = micros(w.latency.Quantile(0.5)), micros(w.latency.Quantile(0.99)), micros(w.latency.Max())
	if written != nil && r.ground.Dir != "" {
		out.BytesWrittenPerEntry = new(rounded(float64(*written)/entries, 1))
	}
	out.RSSAnon, out.RSSFile, out.RSSAnonSettled, out.RSSFileSettled = memory.anon, memory.file, settled.anon, settled.file
	r.account(before, after)
	if r.ground.Server != nil {
		out.RoundTripsPerGroup = new(rounded(float64(trips)/float64(r.groups), 3))
	}
	return nil
}

// hold measures the other half of the bounds and holds the ledger against them.
func (r *run) hold(ctx context.Context, b *bounds) error {
	debug.FreeOSMemory()
	if err := b.half(ctx, r.settings.Entries); err != nil {
		return err
	}
	appended, err := measureRaw(ctx, r.settings, r.ground, r.rawCalls())
	if err != nil {
		return err
	}
	out := r.result
	if b.fsync.Count() > 0 {
		out.FsyncP50 = new(micros(b.fsync.Quantile(0.5)))
	}
	out.BareUpdatePerS = new(rounded(b.updatesPerS(), 1))
	out.RawBatch, out.RawWriters = new(appended.batch), new(appended.writers)
	out.RawEntriesPerS, out.RawBytesPerEntry = new(rounded(appended.perS(), 1)), new(rounded(appended.bytesPerEntry(), 1))
	out.ToRaw, out.ToBare = new(rounded(out.EntriesPerS/appended.perS(), 4)), new(rounded(out.EntriesPerS/b.updatesPerS(), 3))
	return nil
}

// rawCalls says how raw writes are made: in calls like the clients' by one, or where a
// server takes several at once, as the ledger did: in groups as large, by as many.
func (r *run) rawCalls() raw {
	calls := raw{batch: r.settings.Batch, writers: 1, now: r.until}
	if server := r.result.Server; server != nil {
		calls.batch = max(1, (r.settings.Entries+r.groups/2)/r.groups)
		calls.writers = max(1, min(server.Writers, r.settings.Clients))
	}
	return calls
}
