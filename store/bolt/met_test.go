package bolt_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/bolt"
)

// Damage that a caller comes across is an error for it.
func TestDamageMet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		bucket string
		damage func(*bbolt.Bucket) error
		call   func(*host) error
	}{
		{"posting on a damaged head", "meta", flip([]byte("head"), 9), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("x", 1))
			return err
		}},
		{"posting on a damaged account", "accounts", set([]byte(available+"\x00INR"), []byte("x")), func(h *host) error {
			_, err := h.books.Post(t.Context(), sale("x", 1))
			return err
		}},
		{"a statement of a damaged page", "journal", flip(be(1), 1+32), func(h *host) error {
			for _, err := range h.books.Lines(t.Context(), bank, inr(), ledger.Span{}) {
				if err != nil {
					return err
				}
			}
			return nil
		}},
		{"a trial balance of a damaged account", "accounts", set([]byte("bank"), nil), func(h *host) error {
			_, err := h.books.TrialBalance(t.Context())
			return err
		}},
		{"a damaged record", "records/merchant", flip([]byte("m1"), 3), func(h *host) error {
			return h.books.Do(t.Context(), work(func(s *ledger.State) error {
				s.Record(known("m1", "").Ref())
				return nil
			}))
		}},
		{"a list of damaged records", "records/merchant", flip([]byte("m2"), 3), func(h *host) error {
			return h.books.Read(t.Context(), func(r ledger.Reader) error {
				for _, err := range r.Records(t.Context(), "merchant", "", "") {
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
		{"entries under a short key", "journal", file(be(1), []byte{0}), func(h *host) error {
			return h.books.Read(t.Context(), func(r ledger.Reader) error {
				for _, err := range ledger.Entries(t.Context(), r) {
					if err != nil {
						return err
					}
				}
				return nil
			})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := damaged(t)
			h.plant(t, test.bucket, test.damage)
			h = h.again(t) // what is in memory hides some of it
			before := h.dump(t)
			if err := test.call(h); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("error is %v, want ErrCorrupt", err)
			}
			wantDiff(t, "file", before, h.dump(t))
		})
	}
}

// So is damage in the runs, for whoever comes across it once the file is opened
// again. Nobody is given what another one did.
func TestDamagedRunsMet(t *testing.T) {
	t.Parallel()
	retry := func(h *host) error {
		_, err := h.books.Post(t.Context(), sale("m7", 1))
		return err
	}
	lookUp := func(h *host) error {
		_, _, err := h.books.Entry(t.Context(), "m7")
		return err
	}
	statement := func(h *host) error {
		for _, err := range h.books.Lines(t.Context(), available, inr(), ledger.Span{}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	valued := func(h *host) error {
		for _, err := range h.books.Lines(t.Context(), available, inr(), ledger.ValuedIn(march(1), march(3))) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	ofReference := func(h *host) error {
		for _, err := range h.books.Entries(t.Context(), ledger.EntryQuery{Reference: "order-1"}) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	balance := func(h *host) error {
		_, _, err := h.books.Account(t.Context(), available, inr())
		return err
	}
	balanceOn := func(h *host) error {
		_, err := h.books.BalanceOn(t.Context(), available, inr(), march(1))
		return err
	}
	post := func(h *host) error {
		_, err := h.books.Post(t.Context(), payout("new", 1))
		return err
	}
	plain, last, backdated := marked(false), movement(2, 121), dated(2, "2026-03-01", 106)
	gone := func(d *damagedRuns) {
		d.file(func(root *bbolt.Bucket) error { return root.Bucket([]byte("runs")).DeleteBucket(be(d.list[0].ID)) })
	}
	cut := func(f uint8) func(*damagedRuns) {
		return onPage(f, func(b *bbolt.Bucket, key, value []byte) error {
			if f == bolt.Keys {
				return b.Put(key, append(value, 0x80))
			}
			value[0] = 7 // a note or none
			return b.Put(key, value)
		})
	}
	for name, test := range map[string]struct {
		damage func(*damagedRuns)
		call   func(*host) error
	}{
		"a retry of a key that points astray":         {func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 11)) }, retry},
		"a retry of a key that points behind the end": {func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 9999)) }, retry},
		"a retry of a key that points nowhere":        {func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 0)) }, retry},
		"a key that points astray":                    {func(d *damagedRuns) { d.replace(keyPair("m7", 10), keyPair("m7", 11)) }, lookUp},
		"a retry, in a run that is gone":              {gone, retry},
		"a key in a run that is gone":                 {gone, lookUp},
		"a key behind a list that is damaged": {func(d *damagedRuns) {
			d.file(func(root *bbolt.Bucket) error { return root.Bucket([]byte("meta")).Put([]byte("runs"), []byte("x")) })
		}, lookUp},
		"a retry in a damaged page":                   {cut(bolt.Keys), retry},
		"a reference that points astray":              {func(d *damagedRuns) { d.replace(referencePair("order-1", 1), referencePair("order-1", 2)) }, ofReference},
		"a reference in a damaged page":               {cut(bolt.References), ofReference},
		"a statement of a movement of no item":        {func(d *damagedRuns) { d.replace(plain, movement(2, 9999)) }, statement},
		"a statement of a damaged page":               {cut(bolt.Movements), statement},
		"a statement in a run that is gone":           {gone, statement},
		"a statement by date of a damaged page":       {cut(bolt.Dated), valued},
		"a statement by date of no item":              {func(d *damagedRuns) { d.replace(backdated, dated(2, "2026-03-01", 9999)) }, valued},
		"a balance without totals":                    {func(d *damagedRuns) { d.note(last, text) }, balance},
		"a balance in a damaged page":                 {cut(bolt.Movements), balance},
		"a balance in a run that is gone":             {gone, balance},
		"a balance of somebody else's movement":       {func(d *damagedRuns) { d.note(last, noNote); d.replace(last, movement(2, 119)) }, balance},
		"posting on an account without totals":        {func(d *damagedRuns) { d.note(last, text) }, post},
		"posting on an account in a run that is gone": {gone, post},
		"a balance on a day without sum":              {func(d *damagedRuns) { d.note(sum(2, "2026-03-01"), noNote) }, balanceOn},
		"a balance on a day in a damaged page":        {cut(bolt.Sums), balanceOn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := flushed(t)
			d := readRuns(t, h)
			test.damage(d)
			d.write(t, h)
			h = h.again(t)
			before := h.dump(t)
			if err := test.call(h); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("error is %v, want ErrCorrupt", err)
			}
			wantDiff(t, "file", before, h.dump(t))
		})
	}
}

// A run that cannot be merged stops what is booked: nothing of that is there, not
// even when the host commits, and Verify says which run it is.
func TestDamagedRunIsNotMerged(t *testing.T) {
	t.Parallel()
	h := flushed(t)
	d := readRuns(t, h)
	d.run = len(d.list) - 1
	d.file(func(root *bbolt.Bucket) error {
		bucket, keys := runKeys(root, d.list[d.run])
		last := keys[len(keys)-1] // of the sums, which are merged at the end
		return bucket.Put(last, []byte{7})
	})
	d.write(t, h)
	h = h.again(t)
	var stopped error
	booked := 0
	for ; booked < 500 && stopped == nil; booked++ {
		before := h.dump(t)
		if _, stopped = h.books.Post(t.Context(), sale(fmt.Sprint("more-", booked), 1)); stopped != nil {
			wantDiff(t, "file", before, h.dump(t))
		}
	}
	if !errors.Is(stopped, ledger.ErrCorrupt) || !strings.Contains(stopped.Error(), fmt.Sprint("run ", d.list[d.run].ID)) {
		t.Fatalf("after %d entries the error is %v, want ErrCorrupt and the run", booked, stopped)
	}
	if err := h.inHost(sale("host", 1)); !errors.Is(err, ledger.ErrCorrupt) {
		t.Errorf("a host's transaction gives %v, want ErrCorrupt", err)
	}
	wantFinding(t, findings(t, h), fmt.Sprint("run ", d.list[d.run].ID), "page of day sums is damaged")
}
