package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// Whatever is booked, by whom and in which transaction, all reads of the head
// and of older snapshots say what their journals say.
func TestReadsModel(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		n++
		m := &readsModel{ctx: t.Context(), path: filepath.Join(dir, fmt.Sprint(n, ".db")), config: config(t)}
		m.open(r)
		defer func() { m.close() }()
		r.Repeat(m.actions())
		v, err := m.books[0].Verify(m.ctx)
		if err != nil || len(v.Findings) > 0 {
			r.Fatalf("%+v, %v", v, err)
		}
	})
}

type readsModel struct {
	ctx       context.Context //nolint:containedctx // of the one test
	path      string
	config    ledger.Config
	db        *bbolt.DB
	books     []*ledger.Ledger // of two stores on one file
	snapshots []*heldSnapshot
	keys      int
}

// heldSnapshot is a reader that stays open.
type heldSnapshot struct {
	tx   *bbolt.Tx
	used *bolt.Tx // it has looked already
	says *naive
}

func (m *readsModel) open(r *rapid.T) {
	var err error
	if m.db, err = bbolt.Open(m.path, 0o600, &bbolt.Options{NoSync: true, InitialMmapSize: 1 << 28}); err != nil {
		r.Fatal(err)
	}
	options := bolt.Options{RunItems: rapid.SampledFrom([]int{1, 2, 3, 5, 8, 20, 0}).Draw(r, "items of a run")}
	if rapid.Bool().Draw(r, "little memory") {
		options.KeyMemory = 1 // no part of the filter has room
	}
	m.books = nil
	for range 2 {
		store, err := bolt.Attach(m.db, options)
		if err != nil {
			r.Fatal(err)
		}
		books, err := ledger.New(store, m.config)
		if err != nil {
			r.Fatal(err)
		}
		m.books = append(m.books, books)
	}
}

func (m *readsModel) close() {
	for _, s := range m.snapshots {
		_ = s.tx.Rollback()
	}
	m.snapshots = nil
	_ = m.db.Close()
}

func (m *readsModel) one(r *rapid.T) *ledger.Ledger {
	return m.books[rapid.IntRange(0, 1).Draw(r, "ledger")]
}

// entry draws one: back-dated, with several postings on an account, with a
// reference that others bear, or one with the same hash.
func (m *readsModel) entry(r *rapid.T) ledger.Entry {
	m.keys++
	merchant := func() string {
		return fmt.Sprintf("merchants/m%d/available", rapid.IntRange(0, 70).Draw(r, "merchant")*rapid.IntRange(0, 1).Draw(r, "rare"))
	}
	e := sale(fmt.Sprint("k", m.keys), 0)
	if i := rapid.IntRange(-40, 3).Draw(r, "key"); i >= 0 {
		e.Key = keyCollides[i]
	}
	amount := rapid.Int64Range(1, 1<<40).Draw(r, "minor")
	e.Postings = []ledger.Posting{ledger.Dr(bank, money.Minor(amount), inr()), ledger.Cr(merchant(), money.Minor(amount), inr())}
	for range rapid.IntRange(0, 3).Draw(r, "more postings") {
		e.Postings = append(e.Postings, ledger.Dr(bank, money.Minor(7), inr()), ledger.Cr(merchant(), money.Minor(7), inr()))
	}
	e.ValueDate = calendar.MustDate("2026-03-02").AddDays(-rapid.IntRange(0, 12).Draw(r, "days ago") * rapid.IntRange(0, 1).Draw(r, "back-dated"))
	if i := rapid.IntRange(-3, 5).Draw(r, "reference"); i >= 0 {
		e.Reference = append(keyCollides, "r1", "r2")[i]
	}
	return e
}

func (m *readsModel) entries(r *rapid.T, most int) []ledger.Entry {
	out := make([]ledger.Entry, rapid.IntRange(1, most).Draw(r, "entries"))
	used := make(map[string]bool)
	for i := range out {
		for out[i] = m.entry(r); used[out[i].Key]; out[i] = m.entry(r) {
			continue
		}
		used[out[i].Key] = true
	}
	return out
}

// post books entries; a key that was taken for another one is refused.
func post(r rapid.TB, err error) {
	if err != nil && !errors.Is(err, ledger.ErrKeyConflict) {
		r.Fatal(err)
	}
}

func (m *readsModel) look(r *rapid.T, tx *bolt.Tx) {
	says, err := newNaive(m.ctx, tx)
	if err == nil {
		err = says.check(m.ctx, tx, closely(r))
	}
	if err != nil {
		r.Fatal(err)
	}
}

// closely chooses a few accounts to look at closely.
func closely(r *rapid.T) func(int) bool {
	which := rapid.IntRange(0, 9).Draw(r, "account")
	return func(i int) bool { return i == 0 || i == 1 || i%10 == which }
}

// inside posts in a transaction several times, through Wraps of their own and
// through one that stays, and looks at it in between.
func (m *readsModel) inside(r *rapid.T, tx *bbolt.Tx) {
	stays := bolt.Wrap(tx)
	for range rapid.IntRange(0, 3).Draw(r, "calls") {
		by := stays
		if rapid.Bool().Draw(r, "another Wrap") {
			by = bolt.Wrap(tx)
		}
		_, err := m.one(r).PostTx(m.ctx, by, m.entries(r, 6)...)
		post(r, err)
		if rapid.Bool().Draw(r, "look") {
			m.look(r, by)
		}
	}
	m.look(r, stays)
	m.look(r, bolt.Wrap(tx))
}

func (m *readsModel) actions() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"": func(r *rapid.T) { // after each
			err := m.db.View(func(tx *bbolt.Tx) error { m.look(r, bolt.Wrap(tx)); return nil })
			if err != nil {
				r.Fatal(err)
			}
		},
		"post": func(r *rapid.T) {
			_, err := m.one(r).Post(m.ctx, m.entries(r, 8)...)
			post(r, err)
		},
		"post one by one": func(r *rapid.T) {
			for range 12 {
				_, err := m.one(r).Post(m.ctx, m.entry(r))
				post(r, err)
			}
		},
		"post many": func(r *rapid.T) {
			_, err := m.one(r).Post(m.ctx, m.entries(r, 60)...)
			post(r, err)
		},
		"a refusal": func(r *rapid.T) {
			m.keys++
			_, err := m.one(r).Release(m.ctx, ledger.Release{Key: fmt.Sprint("k", m.keys), Hold: "none"})
			if !errors.Is(err, ledger.ErrNotFound) {
				r.Fatal(err)
			}
		},
		"a host": func(r *rapid.T) {
			err := m.db.Update(func(tx *bbolt.Tx) error { m.inside(r, tx); return nil })
			if err != nil {
				r.Fatal(err)
			}
		},
		"a host that gives up": func(r *rapid.T) {
			err := m.db.Update(func(tx *bbolt.Tx) error { m.inside(r, tx); return errHost })
			if !errors.Is(err, errHost) {
				r.Fatal(err)
			}
		},
		"ours, given up": func(r *rapid.T) {
			err := m.one(r).Write(m.ctx, func(tx ledger.Tx) error {
				for range 2 {
					_, err := m.one(r).PostTx(m.ctx, tx, m.entries(r, 6)...)
					post(r, err)
				}
				return errHost
			})
			if !errors.Is(err, errHost) {
				r.Fatal(err)
			}
		},
		"ours, in a panic": func(r *rapid.T) {
			defer func() {
				if got := recover(); got != nil && got != errHost { //nolint:errorlint // the very value
					panic(got)
				}
			}()
			_ = m.one(r).Write(m.ctx, func(tx ledger.Tx) error {
				_, err := m.one(r).PostTx(m.ctx, tx, m.entries(r, 6)...)
				post(r, err)
				panic(errHost)
			})
		},
		"no room": func(r *rapid.T) {
			m.db.MaxSize = 1
			defer func() { m.db.MaxSize = 0 }()
			_, err := m.one(r).Post(m.ctx, m.entries(r, 60)...)
			if err != nil && !errors.Is(err, bolt.ErrFull) && !errors.Is(err, ledger.ErrKeyConflict) {
				r.Fatal(err)
			}
		},
		"open a snapshot": func(r *rapid.T) {
			if len(m.snapshots) > 3 {
				return
			}
			tx, err := m.db.Begin(false)
			if err != nil {
				r.Fatal(err)
			}
			s := &heldSnapshot{tx: tx, used: bolt.Wrap(tx)}
			if s.says, err = newNaive(m.ctx, s.used); err != nil {
				r.Fatal(err)
			}
			m.snapshots = append(m.snapshots, s)
		},
		"look at a snapshot": func(r *rapid.T) {
			if len(m.snapshots) == 0 {
				return
			}
			s := m.snapshots[rapid.IntRange(0, len(m.snapshots)-1).Draw(r, "snapshot")]
			for _, tx := range []*bolt.Tx{s.used, bolt.Wrap(s.tx)} {
				if err := s.says.check(m.ctx, tx, closely(r)); err != nil {
					r.Fatal(err)
				}
			}
		},
		"close a snapshot": func(r *rapid.T) {
			if len(m.snapshots) == 0 {
				return
			}
			if err := m.snapshots[0].tx.Rollback(); err != nil {
				r.Fatal(err)
			}
			m.snapshots = m.snapshots[1:]
		},
		"open again": func(r *rapid.T) {
			m.close()
			m.open(r)
		},
	}
}
