package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/settlex/settlex/internal/wire"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// hurried is a store that does not wait long.
func hurried() postgres.Options {
	const moment = 300 * time.Millisecond
	return postgres.Options{AnswerWait: moment, IdleWait: moment}
}

// within ends the test when something takes far longer than a hurried store waits.
func within(t *testing.T, what string, fn func()) {
	t.Helper()
	began := time.Now()
	fn()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("%s took %v", what, took)
	}
}

// A network that hangs does not hang the ledger. Before the COMMIT nothing was written; behind it nobody knows, and the key settles it.
func TestHangs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		// hang freezes the network while an entry is being posted.
		hang func(proxy *wire.Proxy, l *ledger.Ledger, e ledger.Entry) error
		want error
	}{
		{"before it begins", func(proxy *wire.Proxy, l *ledger.Ledger, e ledger.Entry) error {
			proxy.Freeze()
			_, err := l.Post(t.Context(), e)
			return err
		}, postgres.ErrSilent},
		{"between two questions", func(proxy *wire.Proxy, l *ledger.Ledger, e ledger.Entry) error {
			return l.Write(t.Context(), func(tx ledger.Tx) error {
				if _, err := l.PostTx(t.Context(), tx, e); err != nil {
					return err
				}
				proxy.Freeze()
				_, err := l.PostTx(t.Context(), tx, transfer("more", bank, sales, 1))
				return err
			})
		}, postgres.ErrSilent},
		{"at its commit", func(proxy *wire.Proxy, l *ledger.Ledger, e ledger.Entry) error {
			return l.Write(t.Context(), func(tx ledger.Tx) error {
				_, err := l.PostTx(t.Context(), tx, e)
				proxy.Freeze()
				return err
			})
		}, ledger.ErrIndefinite},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, 1)
			proxy, behind := pgtest.Proxy(t, dsn, wire.Options{})
			l, sound := keepBooks(t, openStore(t, behind, hurried())), keepBooks(t, openStore(t, dsn, postgres.Options{}))
			mustPost(t, l, transfer("warm", bank, available, 1000))
			e := transfer("k", available, pending, 10)
			var err error
			within(t, "posting", func() { err = row.hang(proxy, l, e) })
			if definite := !errors.Is(err, ledger.ErrIndefinite); !errors.Is(err, row.want) || definite && !errors.Is(err, postgres.ErrSilent) {
				t.Errorf("posting gives %v, want %v", err, row.want)
			}
			// There is one lane, and the server may hold it for the one that hangs.
			within(t, "posting beside it", func() { mustPost(t, sound, transfer("beside", bank, sales, 1)) })
			proxy.Thaw()
			again := mustPost(t, l, e)
			if row.want != ledger.ErrIndefinite && again[0].Replayed { //nolint:errorlint // a row names it itself
				t.Errorf("posting gave %v, and it was booked", err)
			}
			wantPosted(t, sound, pending, 10)
		})
	}
}

// Who reads from a network that hangs waits for as long as the context lasts; who opens a store, for as long as the URL says.
func TestHangsReading(t *testing.T) {
	t.Parallel()
	proxy, behind := pgtest.Proxy(t, emptyLedger(t, 1), wire.Options{})
	l := keepBooks(t, openStore(t, behind, hurried()))
	mustPost(t, l, transfer("k", bank, available, 1000))
	wantPosted(t, l, available, 1000)
	proxy.Freeze()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	within(t, "reading", func() {
		if _, _, err := l.Account(ctx, available, rupee()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("reading gives %v", err)
		}
	})
	within(t, "opening", func() {
		if store, err := postgres.Open(t.Context(), behind+"&connect_timeout=1", hurried()); err == nil {
			t.Errorf("opening works: %v", store.Close())
		}
	})
	proxy.Thaw()
	wantPosted(t, l, available, 1000)
}
