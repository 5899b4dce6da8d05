package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

const (
	rawTime    = 5 * time.Second
	rawEntries = 2_000_000
	rawStaged  = 20_000 // entries made ready at once
)

// raw is the rate at which entries can be written that nobody looks at.
type raw struct {
	batch   int // entries of a call
	writers int // at the same time
	now     time.Time
	today   calendar.Date
	bound   Bound
	maker   *Maker
	body    []byte

	entries int
	bytes   int64
	writing time.Duration
}

// measureRaw writes the entries that one client would book, in calls of so many and
// so many calls at the same time. Making and encoding them is not counted.
func measureRaw(ctx context.Context, s Settings, g Ground, r raw) (_ *raw, err error) {
	if r.bound, err = g.Bound(r.writers); err != nil {
		return nil, fmt.Errorf("measure raw writes: %w", err)
	}
	defer func() { err = errors.Join(err, r.bound.Close()) }()
	s.Clients = 1
	r.today = ledgerDate(r.now)
	r.maker = NewWorkload(s, r.today).Client(0)
	for r.entries < rawEntries && r.writing < rawTime && r.maker.Left() > 0 {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.round(); err != nil {
			return nil, fmt.Errorf("measure raw writes: %w", err)
		}
	}
	return &r, nil
}

// round makes some calls ready for each writer, and then has all of them written.
func (r *raw) round() error {
	calls := make([][]func() error, r.writers)
	for range max(1, rawStaged/r.batch/r.writers) {
		for writer := range calls {
			if r.maker.Left() == 0 {
				break
			}
			call, err := r.stage(writer)
			if err != nil {
				return err
			}
			calls[writer] = append(calls[writer], call)
		}
	}
	began := time.Now()
	faults := make([]error, r.writers)
	var writing sync.WaitGroup
	for writer := range calls {
		writing.Go(func() {
			for _, call := range calls[writer] {
				if faults[writer] = call(); faults[writer] != nil {
					return
				}
			}
		})
	}
	writing.Wait()
	r.writing += time.Since(began)
	return errors.Join(faults...)
}

// stage makes the next call ready.
func (r *raw) stage(writer int) (write func() error, err error) {
	entries := r.maker.Make(r.batch)
	items, bodies := make([]*ledger.Booked, len(entries)), make([][]byte, len(entries))
	r.body = r.body[:0]
	for i, e := range entries {
		if e.ValueDate.IsZero() {
			e.ValueDate = r.today
		}
		r.entries++
		items[i] = &ledger.Booked{Entry: e, Act: ledger.Posted, Seq: uint64(r.entries), At: r.now}
		start := len(r.body)
		r.body = items[i].AppendCanonical(r.body)
		bodies[i] = append([]byte(nil), r.body[start:]...)
	}
	r.bytes += int64(len(r.body))
	return r.bound.Stage(writer, items, bodies)
}

func (r *raw) perS() float64 { return float64(r.entries) / r.writing.Seconds() }

func (r *raw) bytesPerEntry() float64 { return float64(r.bytes) / float64(r.entries) }
