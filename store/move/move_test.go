package move_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/move"
	"github.com/settlex/settlex/store/storetest"
)

// recordKinds reads the kinds of records of all rooms out of their sources.
var recordKinds = func() func(testing.TB) []string {
	find := sync.OnceValues(func() (kinds []string, err error) {
		for _, room := range []string{"ledger", "payment", "settlement"} {
			files, err := filepath.Glob("../../" + room + "/*.go")
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				for _, found := range regexp.MustCompile(`(?m)^\t[A-Z]\w+Record +(?:string )?= "(\w+)"`).FindAllSubmatch(text, -1) {
					kinds = append(kinds, string(found[1]))
				}
			}
		}
		return kinds, nil
	})
	return func(t testing.TB) []string {
		t.Helper()
		kinds, err := find()
		if err != nil || len(kinds) < 20 {
			t.Fatalf("%d kinds of records found: %v", len(kinds), err)
		}
		return kinds
	}
}()

// No room has a kind of records that would stay behind.
func TestKinds(t *testing.T) {
	t.Parallel()
	want := slices.DeleteFunc(slices.Clone(recordKinds(t)), func(kind string) bool {
		return kind == ledger.HoldRecord || kind == ledger.ExpiryRecord || kind == ledger.ReversalRecord
	})
	have := move.Kinds()
	slices.Sort(want)
	slices.Sort(have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("(-in the rooms +moved):\n%s", diff)
	}
}

// Everything arrives, and the books go on there: what was booked is known by its
// keys, a checkpoint that was kept holds.
func TestMove(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	from, to := storetest.NewMemory(), openFile(t, filepath.Join(t.TempDir(), "to.db"))
	source := days(t, from, "2026-03-20")
	kept := checkpoint(t, from)
	first, err := source.Books().Execute(t.Context(), ledger.Atomic, ledger.Release{Key: "own-4", Hold: "released"})
	if err != nil {
		t.Fatal(err)
	}

	stages := make(map[move.Stage]uint64)
	moved, err := move.Run(t.Context(), from, to, move.Options{Progress: func(stage move.Stage, done, total uint64) {
		if done < stages[stage] || done > total {
			t.Errorf("%s: %d of %d after %d", stage, done, total, stages[stage])
		}
		stages[stage] = done
	}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
	all := contentsOf(t, from)
	for _, kind := range []string{
		payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord, payment.PositionRecord, settlement.BatchRecord,
		settlement.LineRecord, ledger.HoldRecord, ledger.ReversalRecord, ledger.ExpiryRecord,
	} {
		if len(all.Records[kind]) == 0 {
			t.Errorf("there is no record of kind %q to move", kind)
		}
	}
	heads := all.Heads[0]
	if n := uint64(len(all.Events)); n < 100 || moved.Events != n || stages[move.Events] != n {
		t.Errorf("%d of %d events were moved, with %v", moved.Events, n, stages)
	}
	if moved.Items != heads.Seq || moved.Blocks != heads.Blocks || moved.Resumed != 0 || moved.Records == 0 || stages[move.Journal] != heads.Seq || stages[move.Verify] != 1 {
		t.Errorf("moved %+v with %v, the source ends at %+v", moved, stages, heads)
	}

	target := engine(t, to)
	if taken := ingest(t, target, "2026-03-20"); taken.Booked != 0 {
		t.Errorf("%d events were booked again", taken.Booked)
	}
	again, err := target.Books().Execute(t.Context(), ledger.Atomic, ledger.Release{Key: "own-4", Hold: "released"})
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("replay: %v (-source +target):\n%s", err, diff)
	}
	if v, err := target.Verify(t.Context(), kept); err != nil || v.Err() != nil {
		t.Errorf("verify with a kept checkpoint: %v, %v", err, v.Err())
	}
}

func checkpoint(t testing.TB, store ledger.Store) ledger.TreeHead {
	t.Helper()
	c := contentsOf(t, store)
	return ledger.TreeHead{Blocks: c.Heads[0].Blocks, Root: c.Root}
}

// There and back again, nothing is lost, and a second move finds all of it there.
func TestMoveBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from, between, to := openFile(t, filepath.Join(dir, "from.db")), storetest.NewMemory(), openFile(t, filepath.Join(dir, "to.db"))
	days(t, from, "2026-03-03")
	for _, step := range [][2]ledger.Store{{from, between}, {between, to}} {
		if _, err := move.Run(t.Context(), step[0], step[1], move.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	same(t, from, to)
	moved, err := move.Run(t.Context(), from, to, move.Options{})
	if err != nil || moved.Resumed != moved.Items || moved.Records != 0 {
		t.Errorf("again: %+v, %v", moved, err)
	}
}

// Books in which nothing was booked yet, but merchants were created, are moved as
// others are, and a second move finds them there.
func TestMoveWithoutJournal(t *testing.T) {
	t.Parallel()
	from, to := storetest.NewMemory(), storetest.NewMemory()
	engine(t, from)
	for range 2 {
		if moved, err := move.Run(t.Context(), from, to, move.Options{}); err != nil || moved.Items != 0 || moved.Events == 0 {
			t.Fatalf("%+v, %v", moved, err)
		}
		same(t, from, to)
	}
}

// breaking is a store that fails at a write, before it or after its commit.
type breaking struct {
	ledger.Store
	left  int // writes until then
	after bool
}

var errPulled = errors.New("the plug was pulled")

func (b *breaking) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	b.left--
	if b.left == 0 && !b.after {
		return errPulled
	}
	err := b.Store.Write(ctx, fn)
	if b.left == 0 && err == nil {
		err = errPulled
	}
	return err
}

// A move that is interrupted goes on where it was, whatever it was writing.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("moves the same books a hundred times")
	}
	from := storetest.NewMemory()
	days(t, from, "2026-03-03")
	for write := 1; ; write++ {
		done := false
		for _, after := range []bool{false, true} {
			to := storetest.NewMemory()
			first, err := move.Run(t.Context(), from, &breaking{Store: to, left: write, after: after}, move.Options{})
			if err == nil {
				done = true
				continue
			}
			if !errors.Is(err, errPulled) {
				t.Fatalf("write %d: %v", write, err)
			}
			again, err := move.Run(t.Context(), from, to, move.Options{Begun: true})
			if err != nil {
				t.Fatalf("after write %d: %v", write, err)
			}
			if write > 1 && again.Resumed <= first.Resumed {
				t.Errorf("after write %d it began anew: %+v", write, again)
			}
			if write == 3 {
				same(t, from, to)
			}
		}
		if done {
			if write < 8 {
				t.Errorf("all was moved in %d writes, which is no test", write)
			}
			return
		}
	}
}

// The move that goes on also takes what the source has got in the meantime.
func TestInterruptedAndGrown(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("moves the same books many times")
	}
	from, to := storetest.NewMemory(), storetest.NewMemory()
	source := days(t, from, "2026-03-03")
	if _, err := move.Run(t.Context(), from, &breaking{Store: to, left: 9}, move.Options{}); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	if err := from.Write(t.Context(), func(tx ledger.Tx) error {
		return ledger.SaveRecords(t.Context(), tx, 0, []ledger.RecordChange{{Ref: ledger.Ref{Kind: payment.MerchantRecord, ID: "m-in-01"}}})
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Books().Expire(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := move.Run(t.Context(), from, to, move.Options{Begun: true}); err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
}

// A target that holds anything else is left alone.
func TestRefusedTargets(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	from := storetest.NewMemory()
	days(t, from, "2026-03-31")
	tests := []struct {
		name string
		fill func(*testing.T, ledger.Store)
		want string
	}{
		{"books of another beginning", func(t *testing.T, s ledger.Store) {
			t.Helper()
			everything(t, engine(t, s).Books())
		}, `^target: the target holds other books: its log of 1 blocks has the root .*, the source's has `},
		{"records alone", func(t *testing.T, s ledger.Store) {
			t.Helper()
			engine(t, s)
		}, `^target: the target holds other books: it has no journal, but record schedule/`},
		{"events alone", func(t *testing.T, s ledger.Store) {
			t.Helper()
			told := contentsOf(t, from).Events[:3]
			if err := s.Write(t.Context(), func(tx ledger.Tx) error { return ledger.SaveEvents(t.Context(), tx, 0, told) }); err != nil {
				t.Fatal(err)
			}
		}, `^target: the target holds other books: it has no journal, but 3 events$`},
		{"the beginning, by nobody knows whom", func(t *testing.T, s ledger.Store) {
			t.Helper()
			if _, err := move.Run(t.Context(), from, &breaking{Store: s, left: 1, after: true}, move.Options{}); !errors.Is(err, errPulled) {
				t.Fatal(err)
			}
		}, `^target: the target holds other books: \d+ of the source's \d+ items, and no move that is under way$`},
		{"books that went on", func(t *testing.T, s ledger.Store) {
			t.Helper()
			if _, err := move.Run(t.Context(), from, s, move.Options{}); err != nil {
				t.Fatal(err)
			}
			_, err := engine(t, s).Books().ChangePeriod(t.Context(), ledger.PeriodChange{Key: "more", Reopen: true})
			if err != nil {
				t.Fatal(err)
			}
		}, `^target: the target holds other books: it has \d+ items in \d+ blocks, the source \d+ in \d+$`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			to := storetest.NewMemory()
			tt.fill(t, to)
			before := contentsOf(t, to)
			_, err := move.Run(t.Context(), from, to, move.Options{})
			if !errors.Is(err, move.ErrOther) || !regexp.MustCompile(tt.want).MatchString(err.Error()) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if after := contentsOf(t, to); after.Root != before.Root || len(after.Records) != len(before.Records) {
				t.Error("the target was changed")
			}
		})
	}
}

// laned is a store that says it has another lane.
type laned struct{ ledger.Store }

func (l laned) Read(ctx context.Context, fn func(ledger.Reader) error) error {
	return l.Store.Read(ctx, func(r ledger.Reader) error { return fn(lanedReader{r}) })
}

type lanedReader struct{ ledger.Reader }

func (l lanedReader) Heads(ctx context.Context) ([]ledger.Head, error) {
	heads, err := l.Reader.Heads(ctx)
	return append(heads, ledger.Head{Lane: 3, Seq: 7}), err
}

func TestSeveralLanes(t *testing.T) {
	t.Parallel()
	from := storetest.NewMemory()
	_, err := move.Run(t.Context(), laned{from}, storetest.NewMemory(), move.Options{})
	if want := "source: only a journal of one lane can be moved: lane 3 has 7 items"; !errors.Is(err, move.ErrLanes) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	_, err = move.Run(t.Context(), from, laned{storetest.NewMemory()}, move.Options{})
	if !errors.Is(err, move.ErrOther) {
		t.Errorf("got %v, want a target that holds other books", err)
	}
}

// Somebody books on the source while it is moved: that is noticed, and the next
// run takes it too.
func TestSourceChanges(t *testing.T) {
	t.Parallel()
	from, to := storetest.NewMemory(), storetest.NewMemory()
	source := days(t, from, "2026-03-03")
	booked := 0
	_, err := move.Run(t.Context(), from, to, move.Options{Progress: func(stage move.Stage, done, _ uint64) {
		if stage == move.Records && done == 3 {
			booked++
			if _, err := source.Books().ChangePeriod(t.Context(), ledger.PeriodChange{Key: fmt.Sprint("meanwhile-", booked), Reopen: true}); err != nil {
				t.Error(err)
			}
		}
	}})
	if !errors.Is(err, move.ErrChanged) {
		t.Errorf("got %v", err)
	}
	moved, err := move.Run(t.Context(), from, to, move.Options{Begun: true})
	if err != nil || moved.Items != moved.Resumed+1 {
		t.Errorf("%+v, %v", moved, err)
	}
	same(t, from, to)
}
