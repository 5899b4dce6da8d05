package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	pageBytes    = 4096
	updateBytes  = 128
	boundTime    = 2 * time.Second // of one half of the updates, at most
	fewestBounds = 50
)

// bounds are what the disk and the bare store do, half of it measured before the
// ledger and half behind it: machines are not the same all the time.
type bounds struct {
	ground   Ground
	fsync    Latency
	updates  int
	updating time.Duration
}

// half measures once. How often follows from the size of the run.
func (b *bounds) half(ctx context.Context, entries int) error {
	if b.ground.Dir != "" {
		if err := b.disk(ctx, min(500, max(fewestBounds, entries/50))); err != nil {
			return fmt.Errorf("measure the disk: %w", err)
		}
	}
	if err := b.update(ctx, min(5000, max(fewestBounds, entries/50))); err != nil {
		return fmt.Errorf("measure bare updates: %w", err)
	}
	return nil
}

// disk makes pages durable one by one, each behind those before.
func (b *bounds) disk(ctx context.Context, pages int) (err error) {
	f, err := os.CreateTemp(b.ground.Dir, ".bench-disk-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	page := make([]byte, pageBytes)
	for i, began := 0, time.Now(); i < pages && time.Since(began) < boundTime; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		page[0] = byte(i)
		asked := time.Now()
		if _, err := f.Write(page); err != nil {
			return err
		}
		if err := syncData(f); err != nil {
			return err
		}
		b.fsync.Record(time.Since(asked))
	}
	return nil
}

// update writes rows one by one, each in a transaction of its own.
func (b *bounds) update(ctx context.Context, rows int) (err error) {
	bound, err := b.ground.Bound(1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bound.Close()) }()
	row := make([]byte, updateBytes)
	began, done := time.Now(), 0
	for done < rows && time.Since(began) < boundTime {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := bound.Update(row); err != nil {
			return err
		}
		done++
	}
	b.updates, b.updating = b.updates+done, b.updating+time.Since(began)
	return nil
}

// updatesPerS is the rate of both halves.
func (b *bounds) updatesPerS() float64 { return float64(b.updates) / b.updating.Seconds() }
