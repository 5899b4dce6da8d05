package bench

import (
	"context"
	"fmt"
	"time"
)

// reopen closes the ledger and measures how long it takes to be of use again.
func (r *run) reopen(ctx context.Context) (err error) {
	out := &Reopen{}
	if out.Warm, err = r.reopenOnce(ctx, func() error { return nil }); err != nil {
		return err
	}
	if r.settings.DropCache {
		cold, err := r.reopenOnce(ctx, r.ground.DropCache)
		if err != nil {
			return err
		}
		out.Cold = &cold
	}
	r.result.Reopen = out
	return nil
}

// reopenOnce closes, prepares, opens, reads an account and books an entry.
func (r *run) reopenOnce(ctx context.Context, prepare func() error) (o Opening, err error) {
	if err := r.close(); err != nil {
		return o, err
	}
	if err := prepare(); err != nil {
		return o, err
	}
	entries := r.later[0].Make(1)
	io, began := trafficNow(), time.Now()
	if err := r.open(); err != nil {
		return o, fmt.Errorf("reopen: %w", err)
	}
	opened := time.Now()
	_, ok, err := r.books.Account(ctx, r.work.Path(0), Currency())
	if err == nil && !ok {
		err = fmt.Errorf("%w: %s is gone", ErrFigures, r.work.Path(0))
	}
	if err != nil {
		return o, fmt.Errorf("first read after reopening: %w", err)
	}
	read := time.Now()
	results, err := r.books.Post(ctx, entries...)
	if err == nil {
		err = fresh(entries, results)
	}
	if err != nil {
		return o, fmt.Errorf("first write after reopening: %w", err)
	}
	r.result.Head.Beyond++
	all := time.Since(began)
	return Opening{
		Open: millis(opened.Sub(began)), Read: millis(read.Sub(opened)), Write: millis(all - read.Sub(began)), All: millis(all),
		ReadBytes: less(trafficNow().read, io.read),
	}, nil
}
