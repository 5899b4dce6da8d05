package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

var errHost = errors.New("the host thought better of it")

// order writes a row of the host's own.
func order(tx *bbolt.Tx, id string) error {
	orders, err := tx.CreateBucketIfNotExists([]byte("orders"))
	if err != nil {
		return err
	}
	return orders.Put([]byte(id), []byte("paid"))
}

func wantOrders(t *testing.T, h *host, want ...string) {
	t.Helper()
	var got []string
	for key := range h.dump(t) {
		if strings.HasPrefix(key, "orders/") {
			got = append(got, key)
		}
	}
	if len(got) != len(want) {
		t.Errorf("orders are %q, want %q", got, want)
	}
}

// The host's rows and the entries commit together.
func TestPostTxCommits(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	var inside []ledger.Result
	h.update(t, func(tx *bbolt.Tx) (err error) {
		if err := order(tx, "o1"); err != nil {
			return err
		}
		inside, err = h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("o1/paid", 500))
		return err
	})
	wantPosted(t, h.books, available, "5.00")
	wantOrders(t, h, "o1")
	got, ok, err := h.books.Entry(t.Context(), "o1/paid")
	if !ok || err != nil {
		t.Fatalf("the entry is there: %t, %v", ok, err)
	}
	wantDiff(t, "entry", inside[0].Booked, got)
}

// When the host rolls back nothing is there, and the next entry takes its
// place.
func TestPostTxRollsBack(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	mustPost(t, h.books, sale("s1", 100))
	before := h.dump(t)
	err := h.db.Update(func(tx *bbolt.Tx) error {
		if err := order(tx, "o1"); err != nil {
			return err
		}
		results, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("o1/paid", 500), transfer("o1/fee", "fee", available, sales, 5))
		if err != nil || results[1].Seq != 3 {
			t.Errorf("posting gives %+v, %v", results, err)
		}
		return errHost
	})
	if !errors.Is(err, errHost) {
		t.Fatal(err)
	}
	wantDiff(t, "file", before, h.dump(t))
	if got := mustPost(t, h.books, sale("o1/paid", 7))[0]; got.Seq != 2 || got.Replayed {
		t.Errorf("the next entry is %+v", got)
	}
}

// Several calls in one transaction see each other, and a host that writes
// between them is in nobody's way.
func TestPostTxSeveralTimes(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	h.update(t, func(tx *bbolt.Tx) error {
		ours := bolt.Wrap(tx)
		if _, err := h.books.PostTx(t.Context(), ours, many(100, "s")...); err != nil {
			return err
		}
		if err := order(tx, "o1"); err != nil {
			return err
		}
		if _, err := h.books.PostTx(t.Context(), ours, payout("p1", 101)); !errors.Is(err, ledger.ErrInsufficientFunds) {
			t.Errorf("too much: %v", err)
		}
		if _, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), payout("p1", 101)); !frozen(err) {
			t.Errorf("too much again: %v", err)
		}
		results, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), payout("p2", 100), sale("s7", 1))
		if err != nil {
			return err
		}
		if results[0].Seq != 102 || !results[1].Replayed || results[1].Seq != 8 {
			t.Errorf("results are %+v", results)
		}
		return order(tx, "o2")
	})
	wantOrders(t, h, "o1", "o2")
	wantPosted(t, h.books, available, "0.00")
}

// frozen tells whether an error is the failure of an earlier attempt.
func frozen(err error) bool {
	var failure *ledger.Failure
	return errors.As(err, &failure) && failure.Frozen
}

// The host writes its own rows between our commits, and our books go on.
func TestHostWritesBetweenOurs(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, id := range []string{"o1", "o2", "o3"} {
		mustPost(t, h.books, sale(id+"/paid", 100))
		h.update(t, func(tx *bbolt.Tx) error { return order(tx, id) })
		h.update(t, func(tx *bbolt.Tx) error {
			_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), transfer(id+"/fee", "fee", available, sales, 1))
			return err
		})
	}
	wantPosted(t, h.books, available, "2.97")
	wantOrders(t, h, "o1", "o2", "o3")
}

// After an error nothing of the call is in the host's transaction, which the
// host may commit.
func TestPostTxRejected(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		post func(*host, ledger.Tx) error
		want error // nil: any
	}{
		{"invalid", func(h *host, tx ledger.Tx) error {
			_, err := h.books.PostTx(t.Context(), tx, sale("s2", 1), ledger.Entry{})
			return err
		}, ledger.ErrInvalid},
		{"no funds, in a room", func(h *host, tx ledger.Tx) error {
			errs, err := h.books.DoTx(t.Context(), tx, work(func(s *ledger.State) error {
				if _, err := s.Book(sale("s2", 1)); err != nil {
					return err
				}
				_, err := s.Book(payout("p", 999))
				return err
			}))
			return errors.Join(append(errs, err)...)
		}, ledger.ErrInsufficientFunds},
		{"conflict", func(h *host, tx ledger.Tx) error {
			_, err := h.books.PostTx(t.Context(), tx, sale("s2", 1), sale("s1", 2))
			return err
		}, ledger.ErrKeyConflict},
		{"the context is over", func(h *host, tx ledger.Tx) error {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := h.books.PostTx(ctx, tx, sale("s2", 1))
			return err
		}, context.Canceled},
		{"a record of no known kind, behind an entry", func(h *host, tx ledger.Tx) error {
			_, err := h.books.DoTx(t.Context(), tx, work(func(s *ledger.State) error {
				s.Put(known("m1", ""))
				s.Put(stranger("x"))
				_, err := s.Book(sale("s2", 1))
				return err
			}))
			return err
		}, nil},
		{"a record without an id, behind an entry", func(h *host, tx ledger.Tx) error {
			_, err := h.books.DoTx(t.Context(), tx, work(func(s *ledger.State) error {
				s.Put(known("", ""))
				_, err := s.Book(sale("s2", 1))
				return err
			}))
			return err
		}, nil},
		{"a record with too long an id, behind an entry", func(h *host, tx ledger.Tx) error {
			_, err := h.books.DoTx(t.Context(), tx, work(func(s *ledger.State) error {
				s.Put(known(strings.Repeat("x", 40_000), ""))
				_, err := s.Book(sale("s2", 1))
				return err
			}))
			return err
		}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			mustPost(t, h.books, sale("s1", 100))
			before := h.dump(t)
			h.update(t, func(tx *bbolt.Tx) error {
				if err := test.post(h, bolt.Wrap(tx)); err == nil || test.want != nil && !errors.Is(err, test.want) {
					t.Errorf("error is %v, want %v", err, test.want)
				}
				return order(tx, "o1")
			})
			after := h.dump(t)
			delete(after, "orders/6f31")
			wantDiff(t, "file", before, after)
		})
	}
}

// What the state refuses burns its key in the host's transaction, and nothing
// else: the freeze lasts only if the host commits.
func TestPostTxFreezes(t *testing.T) {
	t.Parallel()
	for _, commits := range []bool{true, false} {
		t.Run(fmt.Sprintf("the host commits: %t", commits), func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			mustPost(t, h.books, sale("s1", 100))
			err := h.db.Update(func(tx *bbolt.Tx) error {
				_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("s2", 1), payout("p", 999))
				if !errors.Is(err, ledger.ErrInsufficientFunds) || frozen(err) {
					t.Errorf("error is %v", err)
				}
				if !commits {
					return errHost
				}
				return nil
			})
			if commits != (err == nil) {
				t.Fatal(err)
			}
			wantPosted(t, h.books, available, "1.00")
			mustPost(t, h.books, sale("s3", 1000))
			if _, err := h.books.Post(t.Context(), payout("p", 999)); frozen(err) != commits {
				t.Errorf("the retry gives %v", err)
			}
			if _, ok, err := h.books.Entry(t.Context(), "s2"); ok || err != nil {
				t.Errorf("the other entry is there: %t, %v", ok, err)
			}
		})
	}
}

// stranger is a record of a kind the store does not know.
type stranger string

func (s stranger) Ref() ledger.Ref { return ledger.Ref{Kind: "stranger", ID: string(s)} }

func TestUnknownRecordKind(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	_, err := h.books.DoAll(t.Context(), put(stranger("x")))
	wantText(t, err, `save 1 commands: records of kind "stranger" are not known to this store`)
}

// Who forgets to attach the ledger, or to begin a transaction that may write,
// is told so.
func TestWrapMisused(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	err := h.db.View(func(tx *bbolt.Tx) error {
		_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("s1", 1))
		return err
	})
	wantText(t, err, "save 1 commands: tx not writable")
	if !errors.Is(err, bolterrors.ErrTxNotWritable) {
		t.Error("the error is not bbolt's own")
	}

	elsewhere, err := bbolt.Open(newPath(t), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer elsewhere.Close()
	err = elsewhere.Update(func(tx *bbolt.Tx) error {
		_, err := h.books.PostTx(t.Context(), bolt.Wrap(tx), sale("s1", 1))
		return err
	})
	wantText(t, err, `load what 1 commands touch: bucket "settlex" is missing: attach the ledger to the file first`)
}

// A ledger attached to the host's file leaves it open when it is closed.
func TestCloseAttached(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	if err := h.store.Close(); err != nil {
		t.Fatal(err)
	}
	h.update(t, func(tx *bbolt.Tx) error { return order(tx, "o1") })
	mustPost(t, h.books, sale("s1", 1))
}

// Two ledgers on one file share what is in it: neither remembers anything the
// other could change.
func TestTwoLedgersOnOneFile(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	second, err := bolt.Attach(h.db, bolttest.Small())
	if err != nil {
		t.Fatal(err)
	}
	other, err := ledger.New(second, config(t))
	if err != nil {
		t.Fatal(err)
	}
	for i, books := range []*ledger.Ledger{h.books, other, h.books, other} {
		key := string(rune('a' + i))
		if got := mustPost(t, books, sale(key, 1), sale("a", 1)); got[0].Seq != uint64(i+1) || got[1].Seq != 1 {
			t.Errorf("round %d: %+v", i, got)
		}
	}
	if _, err := other.Post(t.Context(), payout("p", 5)); !errors.Is(err, ledger.ErrInsufficientFunds) {
		t.Errorf("too much: %v", err)
	}
}
