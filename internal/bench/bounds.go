package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/settlex/settlex/ledger"
)

const (
	pageBytes    = 4096
	updateBytes  = 128
	boundTime    = 2 * time.Second // of one half of the updates, at most
	rawTime      = 5 * time.Second
	rawEntries   = 2_000_000
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
	bound, err := b.ground.Bound()
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

// raw is the rate at which the bytes of entries can be appended.
type raw struct {
	entries   int
	bytes     int64
	appending time.Duration
}

// measureRaw appends the canonical bytes of the entries that one client would book,
// in calls of the same size. Making and encoding them is not counted.
func measureRaw(ctx context.Context, s Settings, g Ground, now time.Time) (r raw, err error) {
	bound, err := g.Bound()
	if err != nil {
		return r, fmt.Errorf("measure raw appends: %w", err)
	}
	defer func() { err = errors.Join(err, bound.Close()) }()
	s.Clients = 1
	dates := ledgerDate(now)
	maker := NewWorkload(s, dates).Client(0)
	var buf []byte
	for r.entries < rawEntries && r.appending < rawTime && maker.Left() > 0 {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		entries := maker.Make(s.Batch)
		rows := make([][]byte, len(entries))
		buf = buf[:0]
		for i, e := range entries {
			if e.ValueDate.IsZero() {
				e.ValueDate = dates
			}
			start := len(buf)
			buf = (&ledger.Booked{Entry: e, Act: ledger.Posted, Seq: uint64(r.entries + i + 1), At: now}).AppendCanonical(buf)
			rows[i] = buf[start:len(buf):len(buf)] // stays good when buf moves on
		}
		began := time.Now()
		if err := bound.Append(rows); err != nil {
			return r, fmt.Errorf("measure raw appends: %w", err)
		}
		r.appending += time.Since(began)
		r.entries += len(rows)
		r.bytes += int64(len(buf))
	}
	return r, nil
}

func (r raw) perS() float64 { return float64(r.entries) / r.appending.Seconds() }

func (r raw) bytesPerEntry() float64 { return float64(r.bytes) / float64(r.entries) }
