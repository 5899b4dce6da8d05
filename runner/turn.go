package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Sentinels of Take.
var (
	// ErrTaken says that another process has the lease.
	ErrTaken = errors.New("another process has the lease")
	// ErrLost says that another process took the lease over while work was under
	// way: the work was told to stop.
	ErrLost = errors.New("another process has taken the lease over")
)

// Term is a time in which one process has a lease. Whoever keeps leases sees to
// it that a term which is over can write no more, however late that is noticed.
type Term interface {
	// Renew keeps the term from running out. held is false when another one has
	// begun.
	Renew(ctx context.Context) (held bool, err error)
	// Release ends the term, so that nobody has to wait until it runs out.
	Release(ctx context.Context) error
}

// Turn is how one of several processes gets to work at a time.
type Turn[T Term] struct {
	// Acquire begins a term. An error that wraps ErrTaken says that another
	// process has the lease, and which. Required.
	Acquire func(ctx context.Context) (T, error)
	Options
}

// Options say how a lease is asked for and kept.
type Options struct {
	// Every is how often the lease is asked for while another process has it,
	// and how often it is renewed: several times before a term runs out. Required.
	Every time.Duration
	// Tries is how often it is asked for; 0: until ctx is done, whatever the
	// error.
	Tries int
	// Ticks gives ticks at an interval, and a way to end them; nil: a ticker of
	// package time.
	Ticks func(every time.Duration) (ticks <-chan time.Time, stop func())
	// Log is told of terms that are waited for, and of failures; nil: nothing is
	// logged.
	Log *slog.Logger
}

// Take waits for a term, runs work while it lasts, and ends it. The context that
// work gets ends with the term, if another process takes the lease over, and with
// ctx. The error is that of work; ErrLost, joined to it, when the term ended first;
// that of Acquire when all tries failed; or nil when ctx was done before a term
// began.
func (t Turn[T]) Take(ctx context.Context, work func(context.Context, T) error) error {
	t.Options = t.withDefaults()
	term, begun, err := t.wait(ctx)
	if !begun {
		return err
	}
	return t.keep(ctx, term, work)
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Ticks == nil {
		o.Ticks = func(every time.Duration) (<-chan time.Time, func()) {
			ticker := time.NewTicker(every)
			return ticker.C, ticker.Stop
		}
	}
	return o
}

// wait begins a term, if it can before ctx is done.
func (t Turn[T]) wait(ctx context.Context) (term T, begun bool, err error) {
	ticks, stop := t.Ticks(t.Every)
	defer stop()
	said := ""
	for try := 1; ; try++ {
		if term, err = t.Acquire(ctx); err == nil {
			return term, true, nil
		}
		if ctx.Err() != nil { // it failed because it was to stop
			return term, false, nil
		}
		if try == t.Tries {
			return term, false, err
		}
		if t.Tries == 0 && err.Error() != said { // once, and again when it is another process
			said = err.Error()
			t.say(err)
		}
		select {
		case <-ctx.Done():
		case <-ticks:
		}
	}
}

func (t Turn[T]) say(err error) {
	if errors.Is(err, ErrTaken) {
		t.Log.Info("waiting", "for", err)
	} else {
		t.Log.Error("lease failed", "error", err)
	}
}

// releaseWait is how long the end of a term may take: it runs out by itself.
const releaseWait = 5 * time.Second

// keep runs work and renews the term meanwhile.
func (t Turn[T]) keep(ctx context.Context, term T, work func(context.Context, T) error) error {
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done, renewed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(renewed)
		t.renew(ctx, term, done, cancel)
	}()
	err := work(working, term)
	close(done)
	<-renewed
	if errors.Is(context.Cause(working), ErrLost) {
		return errors.Join(err, ErrLost)
	}
	ending, cancelEnding := context.WithTimeout(context.WithoutCancel(ctx), releaseWait)
	defer cancelEnding()
	if releaseErr := term.Release(ending); releaseErr != nil {
		err = errors.Join(err, fmt.Errorf("release the lease: %w", releaseErr))
	}
	return err
}

// renew renews a term until the work is done. A failure is no loss: as long as
// nobody else has asked for the lease, the term goes on.
func (t Turn[T]) renew(ctx context.Context, term T, done <-chan struct{}, cancel context.CancelCauseFunc) {
	ticks, stop := t.Ticks(t.Every)
	defer stop()
	renewing, end := context.WithCancel(context.WithoutCancel(ctx)) // a step is finished after ctx is done
	defer end()
	go func() {
		select {
		case <-done:
			end()
		case <-renewing.Done():
		}
	}()
	for {
		select {
		case <-done:
			return
		case <-ticks:
		}
		held, err := term.Renew(renewing)
		switch {
		case renewing.Err() != nil:
			return
		case err != nil:
			t.Log.Error("lease failed", "error", err)
		case !held:
			cancel(ErrLost)
			return
		}
	}
}
