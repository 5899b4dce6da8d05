package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/internal/torture"
	"github.com/settlex/settlex/internal/wire"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
	"github.com/settlex/settlex/store/postgres/pgtest"
)

// A primary that is killed under load is followed by its synchronous standby, with everything that was acknowledged. The stores find it by
// their URL, whether the old address refuses them or does not answer at all.
func TestFailover(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		for _, row := range []struct {
			name   string
			silent bool // the primary's address does not answer afterwards
		}{{"the server is gone", false}, {"the machine is gone", true}} {
			t.Run(server.String()+" "+row.name, func(t *testing.T) {
				t.Parallel()
				primary := pgtest.NewCluster(t, server, hasty)
				standby := primary.Standby(t)
				proxy, behind := pgtest.Proxy(t, pgtest.MultiDSN(primary), wire.Options{})
				report, err := torture.Weather(t.Context(), torture.Storm{
					Dir: t.ArtifactDir(), Seed: seedOf(t), Rounds: 1, Log: t.Logf,
					Ground: ground{url: eitherOf(t, behind, standby), options: postgres.Options{Lanes: 4, AnswerWait: time.Second}, shakes: true},
					Shake: func(context.Context, int) error {
						if row.silent {
							proxy.Freeze()
						}
						primary.Kill()
						standby.Promote()
						return nil
					},
					Calm: proxy.Thaw, // a closed pool waits for what hangs
				})
				t.Log(report)
				if err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// eitherOf is a URL of two hosts, the first of them behind a network.
func eitherOf(t *testing.T, first string, second *pgtest.Cluster) string {
	t.Helper()
	u, err := url.Parse(first)
	if err != nil {
		t.Fatal(err)
	}
	u.Host += "," + second.Addr()
	return u.String() + "&connect_timeout=1"
}

// A commit that waits for the standby is not acknowledged before it has it. When the wait is broken off nobody knows; the key settles it.
func TestStandbyGone(t *testing.T) {
	t.Parallel()
	for _, server := range pgtest.Servers(t) {
		t.Run(server.String(), func(t *testing.T) {
			t.Parallel()
			primary := pgtest.NewCluster(t, server)
			standby := primary.Standby(t)
			if _, err := postgres.Migrate(t.Context(), primary.DSN(), postgres.MigrateOptions{Lanes: 2}); err != nil {
				t.Fatal(err)
			}
			w := &commitWaits{t, connect(t, primary.DSN()), standby}
			// What the URL says of durability is not enough for a ledger.
			careless := primary.DSN() + "&options=-c%20synchronous_commit%3Doff"
			patient := keepBooks(t, openStore(t, careless, postgres.Options{AnswerWait: time.Minute}))
			hurried := keepBooks(t, openStore(t, primary.DSN(), postgres.Options{AnswerWait: 300 * time.Millisecond}))
			w.post(patient, "it comes back", func(string) {}, nil)
			w.post(patient, "the wait is cancelled", w.tell("pg_cancel_backend"), ledger.ErrIndefinite)
			w.post(patient, "the session is ended", w.tell("pg_terminate_backend"), ledger.ErrIndefinite)
			w.post(hurried, "patience ends", nil, ledger.ErrIndefinite)
		})
	}
}

// commitWaits is a primary whose standby comes and goes.
type commitWaits struct {
	*testing.T

	look    *pgx.Conn
	standby *pgtest.Cluster
}

// post posts while the standby is gone. Meanwhile may break the wait off; nil: nobody does, but the answer comes all the same. Once the
// standby is back everything is settled.
func (w *commitWaits) post(l *ledger.Ledger, key string, meanwhile func(key string), want error) {
	w.Helper()
	w.standby.Stop()
	e := transfer(key, bank, available, 1)
	answer := make(chan error, 1)
	go func() {
		_, err := l.Post(w.Context(), e)
		answer <- err
	}()
	w.untilCommitWaits()
	var err error
	switch {
	case meanwhile == nil:
		err = <-answer
		w.staysAway(key)
	default:
		select {
		case err := <-answer:
			w.Fatalf("%s: the standby is gone, and the commit was answered: %v", key, err)
		default:
		}
		meanwhile(key)
		if want != nil {
			err = <-answer
		}
	}
	w.standby.Start()
	if meanwhile != nil && want == nil {
		err = <-answer
	}
	if !errors.Is(err, want) {
		w.Errorf("%s: posting gives %v, want %v", key, err, want)
	}
	w.settle(l, e)
}

// settle asks again. The transaction may still be on its way: its standby has just come back.
func (w *commitWaits) settle(l *ledger.Ledger, e ledger.Entry) {
	w.Helper()
	if again := mustPost(w, l, e); !again[0].Replayed {
		w.Errorf("%s: it was committed before, and is booked again", e.Key)
	}
	if n := oneValue[int](w.T, w.look, "SELECT count(*) FROM items WHERE key = $1", e.Key); n != 1 {
		w.Errorf("%s: there are %d items", e.Key, n)
	}
}

// staysAway: what the standby does not have is not visible, also when whoever asked for it is gone. The driver tells the server so by itself,
// a moment after we have our answer.
func (w *commitWaits) staysAway(key string) {
	w.Helper()
	tick, enough := time.NewTicker(5*time.Millisecond), time.NewTimer(500*time.Millisecond)
	defer tick.Stop()
	defer enough.Stop()
	for {
		if oneValue[bool](w.T, w.look, "SELECT EXISTS (SELECT FROM items WHERE key = $1)", key) {
			w.Errorf("%s: it is visible, and the standby does not have it", key)
			return
		}
		select {
		case <-tick.C:
		case <-enough.C:
			return
		}
	}
}

const commitWaitsSQL = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'settlex'"

// untilCommitWaits returns when a commit waits for the standby.
func (w *commitWaits) untilCommitWaits() {
	w.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for oneValue[int](w.T, w.look, commitWaitsSQL) == 0 {
		select {
		case <-tick.C:
		case <-w.Context().Done():
			w.Fatal(w.Context().Err())
		}
	}
}

// tell has the server tell whoever waits for the standby not to.
func (w *commitWaits) tell(what string) func(string) {
	return func(string) {
		execute(w.T, w.look, "SELECT "+what+"(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'settlex'")
	}
}
