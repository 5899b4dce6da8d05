package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

const (
	readsMost   = 2000 // of one kind and account; no more than a tenth of the entries
	readsFewest = 20
	readsTime   = 2 * time.Second
	readsWarm   = 10 // that are not counted
	readsStream = 1 << 40
	pageLines   = 50
)

// read measures reads while the writers go on with entries of their own.
func (r *run) read(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	w := r.writers(r.later)
	var writing sync.WaitGroup
	var took time.Duration
	started := make(chan struct{})
	writing.Go(func() {
		var err error
		if took, err = w.write(ctx, func() { close(started) }); err != nil {
			cancel(err) // the reads end too
		}
	})
	<-started
	reads, err := r.reads(ctx)
	w.stopped.Store(true)
	writing.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return err
	}
	booked := w.pace.Booked()
	r.result.Head.Beyond += booked
	reads.WritesPerS = rounded(float64(booked)/took.Seconds(), 1)
	r.result.Reads = reads
	return nil
}

// reads measures every kind of read on both accounts.
func (r *run) reads(ctx context.Context) (*Reads, error) {
	hot, postings := r.busiest()
	out := &Reads{HotAccount: hot, HotLines: postings, RareAccount: r.work.RarePath(), RareLines: rareEntries}
	for _, account := range []struct {
		path string
		rare bool
		of   func(*Places) *Quantiles
	}{
		{hot, false, func(p *Places) *Quantiles { return &p.Hot }},
		{r.work.RarePath(), true, func(p *Places) *Quantiles { return &p.Rare }},
	} {
		look := &reader{run: r, path: account.path, rare: account.rare, source: rand.New(rand.NewPCG(r.settings.Seed, readsStream))}
		for _, kind := range []struct {
			name   string
			places *Places
			read   func(context.Context) error
		}{
			{"balance now", &out.BalanceNow, look.balanceNow},
			{"balance on a date", &out.BalanceOn, look.balanceOn},
			{"balance at an instant", &out.BalanceAt, look.balanceAt},
			{"statement by booking", &out.PageBooked, look.pageBooked},
			{"statement by value date", &out.PageValued, look.pageValued},
		} {
			measured, err := repeat(ctx, max(readsFewest, min(readsMost, r.settings.Entries/10)), kind.read)
			if err != nil {
				return nil, fmt.Errorf("read: %s of %s: %w", kind.name, account.path, err)
			}
			*account.of(kind.places) = quantiles(measured)
		}
	}
	return out, nil
}

// busiest gives the account with the most postings, and how many those are.
func (r *run) busiest() (path string, postings int) {
	hot, first := 0, 0
	for _, m := range r.makers {
		hot, first = hot+m.onHot, first+m.onFirst
	}
	if hot > first {
		return r.work.HotPath(), hot
	}
	return r.work.Path(0), first
}

// repeat measures one kind of read, so many times or as long as there is time.
func repeat(ctx context.Context, times int, read func(context.Context) error) (*Latency, error) {
	out := &Latency{}
	began := time.Now()
	for i := range times + readsWarm {
		asked := time.Now()
		if err := read(ctx); err != nil {
			return nil, err
		}
		if i >= readsWarm {
			out.Record(time.Since(asked))
		}
		if i >= readsFewest+readsWarm && time.Since(began) > readsTime {
			break
		}
	}
	return out, nil
}

// reader reads one account.
type reader struct {
	*run
	path   string
	rare   bool
	source *rand.Rand
}

// day draws one of those that entries have as value dates.
func (r *reader) day() calendar.Date { return r.work.today.AddDays(-r.source.IntN(31)) }

// instant draws one within the first nine tenths of the measured part, so that a
// page follows it on an account with many postings.
func (r *reader) instant() time.Time {
	return r.from.Add(time.Duration(0.9 * r.source.Float64() * float64(r.until.Sub(r.from))))
}

func (r *reader) balanceNow(ctx context.Context) error {
	_, ok, err := r.books.Account(ctx, r.path, Currency())
	if err == nil && !ok {
		err = fmt.Errorf("%w: it is gone", ErrFigures)
	}
	return err
}

func (r *reader) balanceOn(ctx context.Context) error {
	_, err := r.books.BalanceOn(ctx, r.path, Currency(), r.day())
	return err
}

func (r *reader) balanceAt(ctx context.Context) error {
	_, err := r.books.BalanceAt(ctx, r.path, Currency(), r.instant())
	return err
}

// pageBooked begins anywhere in the run; of the few postings it gives all.
func (r *reader) pageBooked(ctx context.Context) error {
	from := r.from
	if !r.rare {
		from = r.instant()
	}
	return r.page(ctx, ledger.BookedIn(from, time.Time{}))
}

// pageValued begins on any of the value dates, and of the few postings with the
// first.
func (r *reader) pageValued(ctx context.Context) error {
	var first calendar.Date
	if !r.rare {
		first = r.day()
	}
	return r.page(ctx, ledger.ValuedIn(first, calendar.Date{}))
}

func (r *reader) page(ctx context.Context, span ledger.Span) error {
	page, err := r.books.Statement(ctx, ledger.StatementQuery{Account: r.path, Currency: Currency(), Span: span, Limit: pageLines})
	if err == nil && r.rare && len(page.Lines) != rareEntries {
		err = fmt.Errorf("%w: a page of %d lines, %d postings were made", ErrFigures, len(page.Lines), rareEntries)
	}
	return err
}
