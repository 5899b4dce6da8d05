package settlex_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
	"github.com/settlex/settlex/store/bolt/bolttest"
	"github.com/settlex/settlex/store/postgres/postgrestest"
	"github.com/settlex/settlex/store/storetest"
)

// twins are two engines, on a file and on a database of one lane, with one
// clock, that are asked the same.
type twins struct {
	t       *testing.T
	chance  *rand.Rand
	stores  [2]ledger.Store
	engines [2]*settlex.Engine
	dirs    [2]string // of reports
	now     time.Time
	rest    []payment.Event // that are still to come
	told    []payment.Event
	did     map[string]int // how often what came about
}

// newTwins makes both, with the configuration of the bundled sample.
func newTwins(t *testing.T, seed uint64) *twins {
	t.Helper()
	c, err := config.Parse("settlex.yaml", sample.ConfigYAML())
	if err != nil {
		t.Fatal(err)
	}
	w := &twins{
		t: t, chance: rand.New(rand.NewPCG(seed, 0)), stores: [2]ledger.Store{bolttest.Open(t), postgrestest.Open(t)},
		dirs: [2]string{t.TempDir(), t.TempDir()}, rest: sample.Events(), did: make(map[string]int),
	}
	w.now = w.rest[0].OccurredAt
	for i, store := range w.stores {
		w.engines[i], err = settlex.New(t.Context(), settlex.Config{
			Store: store, Rules: c.Rules, Merchants: c.Merchants, Clock: func() time.Time { return w.now },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// both asks both engines, and wants the same answers.
func (w *twins) both(what string, ask func(i int, e *settlex.Engine) (any, error)) {
	w.t.Helper()
	var answers [2]any
	var errs [2]error
	for i, e := range w.engines {
		answers[i], errs[i] = ask(i, e)
	}
	if diff := cmp.Diff(fmt.Sprint(errs[0]), fmt.Sprint(errs[1])); diff != "" {
		w.t.Fatalf("%s: errors (-file +database)\n%s", what, diff)
	}
	if diff := cmp.Diff(answers[0], answers[1]); diff != "" {
		w.t.Fatalf("%s (-file +database)\n%s", what, diff)
	}
	if w.did[what]++; errs[0] != nil {
		w.did[what+", refused"]++
	}
}

// ingest gives both a file.
func (w *twins) ingest(what string, events []payment.Event) {
	w.t.Helper()
	setAside := w.chance.IntN(2) == 0
	w.both(what, func(_ int, e *settlex.Engine) (any, error) {
		var bad []string
		options := settlex.IngestOptions{}
		if setAside {
			options.BadRow = func(_ feed.Row, fault *feed.Error) error { bad = append(bad, fault.Error()); return nil }
		}
		done, err := e.Ingest(w.t.Context(), rows(w.t, events...), options)
		return []any{done, bad}, err
	})
}

// goOn ingests what comes next; some of it has come before.
func (w *twins) goOn() {
	n := min(len(w.rest), 1+w.chance.IntN(40))
	file := slices.Concat(w.told[max(0, len(w.told)-w.chance.IntN(8)):], w.rest[:n])
	w.told, w.rest = append(w.told, w.rest[:n]...), w.rest[n:]
	w.now = later(w.now, w.told[len(w.told)-1].OccurredAt)
	w.ingest("ingest", file)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// ingestAnything ingests what makes no sense yet, or twice, or never will.
func (w *twins) ingestAnything() {
	if len(w.told) == 0 {
		return
	}
	wrong := w.told[w.chance.IntN(len(w.told))]
	wrong.Amount = money.Minor(1 + w.chance.Int64N(1000))
	file := []payment.Event{wrong}
	if n := len(w.rest); n > 0 {
		early := w.rest[w.chance.IntN(min(n, 200))]
		early.OccurredAt = w.now
		file = append(file, early)
	}
	w.ingest("ingest anything", file)
}

func (w *twins) settle() {
	w.now = w.now.Add(time.Duration(w.chance.IntN(40)) * time.Hour / 2)
	w.both("settle", func(_ int, e *settlex.Engine) (any, error) {
		var closed []settlement.Batch
		done, err := e.Settle(w.t.Context(), calendar.Date{}, func(b *settlement.Batch) { closed = append(closed, *b) })
		return []any{done, closed}, err
	})
}

// pay tells of a batch what a rail says.
func (w *twins) pay() {
	var batches []*settlement.Batch
	err := w.engines[0].Books().Read(w.t.Context(), func(r ledger.Reader) error {
		for b, err := range settlement.All(w.t.Context(), r) {
			if err != nil {
				return err
			}
			batches = append(batches, b)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(batches) == 0 {
		return
	}
	id := batches[w.chance.IntN(len(batches))].ID
	w.ingest("pay", []payment.Event{
		{Kind: payment.BatchSent, ID: id, OccurredAt: w.now, Rail: "imps", RailRef: "UTR-" + id},
		{Kind: payment.BatchPaid, ID: id, OccurredAt: w.now.Add(time.Second)},
	})
}

// host has both take part in a transaction of somebody else's.
func (w *twins) host() {
	n := min(len(w.rest), 1+w.chance.IntN(5))
	if n == 0 {
		return
	}
	events, commit := w.rest[:n], w.chance.IntN(2) == 0
	if commit {
		w.told, w.rest = append(w.told, events...), w.rest[n:]
	}
	w.now = later(w.now, events[n-1].OccurredAt)
	c, err := config.Parse("settlex.yaml", sample.ConfigYAML())
	if err != nil {
		w.t.Fatal(err)
	}
	w.both("host", func(_ int, e *settlex.Engine) (any, error) {
		var answers []string
		err := e.Books().Write(w.t.Context(), func(tx ledger.Tx) error {
			answers = nil
			for _, event := range events {
				errs, err := e.Books().DoTx(w.t.Context(), tx, &payment.Handle{Rules: c.Rules, Event: event.Normalize()})
				if err != nil {
					return err
				}
				answers = append(answers, fmt.Sprint(errs))
			}
			if !commit {
				return errPulled
			}
			return nil
		})
		if errors.Is(err, errPulled) {
			err = nil
		}
		return answers, err
	})
}

// move closes or opens the books of some days.
func (w *twins) move() {
	through, key := calendar.DateOf(w.now, time.UTC).AddDays(-w.chance.IntN(5)), fmt.Sprint("period ", w.now, w.chance.IntN(3))
	reopen := w.chance.IntN(3) == 0
	w.both("period", func(_ int, e *settlex.Engine) (any, error) {
		change := e.ClosePeriod
		if reopen {
			change = e.ReopenPeriod
		}
		result, err := change(w.t.Context(), through, key, "month end")
		return result.Place(), err
	})
}

// report has both write the files of some days.
func (w *twins) report(days int) {
	to := calendar.DateOf(w.now, time.UTC)
	options := settlex.ReportOptions{From: to.AddDays(-days), To: to, Tail: true}
	w.both("report", func(i int, e *settlex.Engine) (any, error) {
		options.Dir = w.dirs[i]
		written, err := e.Report(w.t.Context(), options)
		var files []string
		for _, f := range written {
			f.Path = ""
			files = append(files, fmt.Sprintf("%+v", f))
		}
		return files, err
	})
	w.sameFiles()
}

// sameFiles compares all files that were written, byte by byte.
func (w *twins) sameFiles() {
	w.t.Helper()
	var sums [2]map[string]string
	for i, dir := range w.dirs {
		sums[i] = make(map[string]string)
		for name, content := range tree(w.t, dir) {
			sums[i][name] = fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
		}
	}
	if diff := cmp.Diff(sums[0], sums[1]); diff != "" {
		w.t.Fatalf("files (-file +database)\n%s", diff)
	}
}

// finish compares everything there is.
func (w *twins) finish() {
	w.t.Helper()
	if diff := storetest.Differ(w.t, w.stores[0], w.stores[1]); diff != "" {
		w.t.Errorf("contents (-file +database)\n%s", diff)
	}
	w.both("verify", func(_ int, e *settlex.Engine) (any, error) {
		v, err := e.Verify(w.t.Context())
		if err == nil {
			err = v.Err()
		}
		return v, err
	})
	if w.did["verify, refused"] > 0 {
		w.t.Error("verify finds something")
	}
	w.t.Log(w.did)
}

// Whatever payments, settlement and reports are asked for, a file and a
// database come to the same bytes. The stream is drawn from the bundled
// sample, with much that is refused.
func TestTwins(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine asks both stores in turn, for long under the race detector")
	}
	for seed := range uint64(anystore.Tries(t)) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newTwins(t, seed)
			w.rest = w.rest[w.chance.IntN(len(w.rest)/2):]
			steps := []func(){w.goOn, w.goOn, w.goOn, w.ingestAnything, w.settle, w.pay, w.host, w.move, func() { w.report(1) }}
			for range 30 {
				steps[w.chance.IntN(len(steps))]()
			}
			w.finish()
		})
	}
}

// The bundled sample, as the demo settles it: the same journal, the same
// batches, the same files.
func TestTwinsOfTheSample(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine asks both stores in turn, for the whole month")
	}
	w := newTwins(t, 0)
	w.now = time.Date(2026, time.April, 5, 0, 0, 0, 0, time.UTC)
	w.both("ingest", func(_ int, e *settlex.Engine) (any, error) {
		return e.Ingest(t.Context(), feed.Read(t.Context(), "payments.csv", bytes.NewReader(sample.PaymentsCSV()), feed.Mapping{}), settlex.IngestOptions{})
	})
	w.both("settle", func(_ int, e *settlex.Engine) (any, error) {
		return e.Settle(t.Context(), calendar.MustDate("2026-03-31"), nil)
	})
	w.both("report", func(i int, e *settlex.Engine) (any, error) {
		written, err := e.Report(t.Context(), settlex.ReportOptions{
			Dir: w.dirs[i], Formats: report.Formats(), From: calendar.MustDate("2026-03-01"), To: calendar.MustDate("2026-03-31"), Tail: true,
		})
		return len(written), err
	})
	w.sameFiles()
	w.finish()
}
