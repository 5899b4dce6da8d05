package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// between is a logger of bbolt's that does something once a transaction is
// committed and the next writer may begin, before the committer goes on.
type between struct {
	bbolt.DefaultLogger
	do func()
}

// Debugf is called with everything that goes right.
func (b *between) Debugf(format string, _ ...any) {
	if do := b.do; do != nil && strings.HasPrefix(format, "Committing transaction %d successfully") {
		b.do = nil
		do()
	}
}

// Infof says nothing.
func (b *between) Infof(string, ...any) {}

func newBetween(t *testing.T) (*host, *between) {
	t.Helper()
	hook := &between{}
	h := newDamaged(t, &bbolt.Options{NoSync: true, Logger: hook})
	h.books = bolttest.On(t, h.store, config(t))
	return h, hook
}

// A host writes after a commit of ours and before the memory has learned of it:
// what is remembered is what is in the file, whatever becomes of the host's.
func TestHostSlipsIn(t *testing.T) {
	t.Parallel()
	for name, host := range map[string]func(h *host, n int) error{
		"and commits":    func(h *host, n int) error { return h.inHost(payout(fmt.Sprint("host-", n), 60)) },
		"and rolls back": func(h *host, n int) error { return unless(errHost, h.givesUp(payout(fmt.Sprint("never-", n), 60))) },
		"and only looks": func(h *host, _ int) error {
			return h.db.Update(func(tx *bbolt.Tx) error {
				_, err := bolt.Wrap(tx).BalanceBefore(context.Background(), ledger.AccountID{Path: available, Currency: inr()}, ledger.Place{Seq: 2})
				return err
			})
		},
		"twice": func(h *host, n int) error {
			return errors.Join(unless(errHost, h.givesUp(payout(fmt.Sprint("never-", n), 60))), h.inHost(payout(fmt.Sprint("host-", n), 60)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, hook := newBetween(t)
			balance := 0
			for n := range 40 {
				var slipped error
				hook.do = func() { slipped = host(h, n) }
				mustPost(t, h.books, sale(fmt.Sprint("s", n), 100))
				if slipped != nil {
					t.Fatal(slipped)
				}
				balance += 100
				if !strings.Contains(name, "looks") && !strings.Contains(name, "rolls") {
					balance -= 60
				}
				wantPosted(t, h.books, available, fmt.Sprintf("%d.%02d", balance/100, balance%100))
				if _, err := h.books.Post(t.Context(), payout(fmt.Sprint("much-", n), int64(balance+1))); !errors.Is(err, ledger.ErrInsufficientFunds) {
					t.Fatalf("round %d: paid what is not there: %v", n, err)
				}
				if again := mustPost(t, h.books, sale(fmt.Sprint("s", n), 100)); !again[0].Replayed {
					t.Fatalf("round %d: booked twice", n)
				}
				if _, there, err := h.books.Entry(t.Context(), fmt.Sprint("never-", n)); there || err != nil {
					t.Fatalf("round %d: what was rolled back is there: %t, %v", n, there, err)
				}
			}
		})
	}
}

// givesUp posts in a transaction of the host's own, which is rolled back.
func (h *host) givesUp(entries ...ledger.Entry) error {
	return h.db.Update(func(tx *bbolt.Tx) error {
		_, err := h.books.PostTx(context.Background(), bolt.Wrap(tx), entries...)
		return errors.Join(err, errHost)
	})
}

// A host's transaction begins in that moment and goes on when the memory has
// learned of ours: it flushes, and is rolled back or not. No key is free that is
// taken.
func TestHostSlipsInAndStays(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{false, true} {
		t.Run(fmt.Sprintf("the host commits: %t", commits), func(t *testing.T) {
			t.Parallel()
			h, hook := newBetween(t)
			posted := 0
			for n := range 30 {
				began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error)
				hook.do = func() {
					go func() {
						ended <- h.db.Update(func(tx *bbolt.Tx) error {
							_, err := h.books.PostTx(context.Background(), bolt.Wrap(tx), sale(fmt.Sprint("host-", n), 1), sale(fmt.Sprint("host+", n), 1))
							close(began)
							<-goOn
							if err == nil {
								_, err = h.books.PostTx(context.Background(), bolt.Wrap(tx), many(40, fmt.Sprint("more-", n, "-"))...)
							}
							if err == nil {
								_, err = h.books.PostTx(context.Background(), bolt.Wrap(tx), sale(fmt.Sprint("last-", n), 1))
							}
							if err == nil && !commits {
								err = errHost
							}
							return err
						})
					}()
					<-began
				}
				mustPost(t, h.books, sale(fmt.Sprint("s", n), 1), sale(fmt.Sprint("t", n), 1))
				close(goOn)
				if err := <-ended; commits && err != nil || !commits && !errors.Is(err, errHost) {
					t.Fatal(err)
				}
				if posted += 2; commits {
					posted += 43
				}
				for i := range n + 1 {
					for _, r := range mustPost(t, h.books, sale(fmt.Sprint("s", i), 1), sale(fmt.Sprint("t", i), 1)) {
						if !r.Replayed {
							t.Fatalf("round %d: %s is booked twice", n, r.Key)
						}
					}
				}
				wantPosted(t, h.books, available, fmt.Sprintf("%d.%02d", posted/100, posted%100))
			}
			if runs := listOfRuns(t, h); len(runs) == 0 || h.unflushed(t) > 200 {
				t.Errorf("%d items are in no run: %+v", h.unflushed(t), runs)
			}
		})
	}
}

// unflushed is how many items are in no run.
func (h *host) unflushed(t testing.TB) uint64 {
	t.Helper()
	head, err := headOf(t.Context(), h.books)
	if err != nil {
		t.Fatal(err)
	}
	if runs := listOfRuns(t, h); len(runs) > 0 {
		return head.Seq - runs[len(runs)-1].Last
	}
	return head.Seq
}

// A snapshot that was opened long ago is the first to look at a memory that had
// to be dropped: flushing goes on all the same.
func TestFlushingAfterOldSnapshot(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true, InitialMmapSize: 1 << 28})
	h.books = bolttest.On(t, h.store, config(t))
	for n := range 20 {
		mustPost(t, h.books, sale(fmt.Sprint("a", n), 1))
	}
	inside(t, h.books, func(old ledger.Reader) {
		for n := range 100 {
			mustPost(t, h.books, sale(fmt.Sprint("b", n), 1))
		}
		h.db.MaxSize = 1
		if _, err := h.books.Post(t.Context(), many(5000, "full-")...); !errors.Is(err, bolt.ErrFull) {
			t.Fatal(err)
		}
		h.db.MaxSize = 0
		id := ledger.AccountID{Path: available, Currency: inr()}
		if b, err := old.BalanceBefore(t.Context(), id, ledger.Place{Seq: 21}); err != nil || b.Seq != 20 {
			t.Errorf("balance is %+v, %v", b, err)
		}
		for n := range 100 {
			mustPost(t, h.books, sale(fmt.Sprint("c", n), 1))
		}
		if n := h.unflushed(t); n > 20 {
			t.Errorf("%d items are in no run", n)
		}
		wantDiff(t, "movements of the old snapshot", 20, len(collect(t, old.Movements(t.Context(), id, ledger.Place{}), seqText)))
	})
}

// While nothing but holds expires, which take no key, flushing goes on.
func TestFlushingItemsWithoutKeys(t *testing.T) {
	t.Parallel()
	h := newDamaged(t, &bbolt.Options{NoSync: true})
	clock := newWatch()
	settings := config(t)
	settings.Clock = clock.now
	h.books = bolttest.On(t, h.store, settings)
	mustPost(t, h.books, sale("s", 100_000))
	for n := range 10 {
		var holds []ledger.Request
		for i := range 30 {
			holds = append(holds, hold(fmt.Sprint("h", n, "-", i), 1, noon().Add(time.Hour)))
		}
		mustExecute(t, h.books, holds...)
	}
	clock.advance(2 * time.Hour)
	before := h.unflushed(t)
	for range 100 {
		if n, err := h.books.Expire(t.Context(), 3); n != 3 || err != nil {
			t.Fatalf("%d holds expired: %v", n, err)
		}
	}
	if n := h.unflushed(t); n > before {
		t.Errorf("%d items are in no run, before the holds expired %d", n, before)
	}
}
