package postgres_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/wire"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/store/postgres"
)

// proxied puts a network in front of a database's server.
func proxied(t *testing.T, dsn string) (through string, proxy *wire.Proxy) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if proxy, err = wire.Listen(t.Context(), u.Host, wire.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
	u.Host = proxy.Addr()
	return u.String(), proxy
}

// A group costs two round trips: one that begins, locks and reads, one that writes and commits.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			through, proxy := proxied(t, dsn)
			l := keepBooks(t, openStore(t, through, postgres.Options{Writers: 1}))
			hold := func(key string) error {
				_, err := l.Hold(t.Context(), ledger.Hold{Key: key, Kind: "hold", Postings: transfer("", available, pending, 1).Postings})
				return err
			}
			post := func(key, debit, credit string) error {
				_, err := l.Post(t.Context(), transfer(key, debit, credit, 5))
				return err
			}
			many := func(key string) error {
				var entries []ledger.Entry
				for n := range 1000 {
					entries = append(entries, transfer(fmt.Sprintf("%s/%d", key, n), bank, fmt.Sprintf("merchants/m%d/available", n%100), 5))
				}
				_, err := l.Post(t.Context(), entries...)
				return err
			}
			for _, test := range []struct {
				name string
				do   func(key string) error
				want int64
			}{
				{"an entry on accounts without limits", func(key string) error { return post(key, bank, pending) }, 2},
				{"one on an account with limits", func(key string) error { return post(key, bank, available) }, 2},
				{"1000 entries", many, 2},
				{"a hold", hold, 2},
				{"its capture, whose accounts it tells", func(key string) error {
					_, err := l.Capture(t.Context(), ledger.Capture{Key: "c" + key, Kind: "capture", Hold: "hold" + key[len(key)-1:], All: true})
					return err
				}, 3},
				{"what was booked before", func(string) error { return post("float", bank, available) }, 2},
				{"entries of a key", func(string) error {
					_, _, err := l.Entry(t.Context(), "float")
					return err
				}, 2},
				{"an account", func(string) error {
					_, _, err := l.Account(t.Context(), bank, rupee())
					return err
				}, 1},
			} {
				if test.name == "an entry on accounts without limits" { // what comes first prepares statements
					if err := errors.Join(post("float", bank, available), post("float2", bank, pending)); err != nil {
						t.Fatal(err)
					}
				}
				var got [4]int64
				for n := range got {
					key := fmt.Sprintf("%s %d", test.name, n)
					if test.name == "a hold" {
						key = fmt.Sprintf("hold%d", n)
					}
					before := proxy.RoundTrips()
					if err := test.do(key); err != nil {
						t.Fatalf("%s: %v", test.name, err)
					}
					got[n] = proxy.RoundTrips() - before
				}
				if got[3] != test.want {
					t.Errorf("%s: %v round trips, want %d once all is prepared", test.name, got, test.want)
				}
			}
		})
	}
}

// Whatever the point at which the connection breaks, an entry that was acknowledged is there, one that was refused is not, and of the others
// nobody says more than he knows.
func TestCutConnections(t *testing.T) {
	t.Parallel()
	for _, lanes := range lanesTried() {
		t.Run(fmt.Sprintf("%d lanes", lanes), func(t *testing.T) {
			t.Parallel()
			dsn := emptyLedger(t, lanes)
			through, proxy := proxied(t, dsn)
			l := keepBooks(t, openStore(t, through, postgres.Options{Writers: 1, Attempts: 3}))
			mustPost(t, l, transfer("float", bank, available, 1000), transfer("float2", bank, pending, 1000))
			mustPost(t, l, transfer("warm", bank, available, 1))
			type outcome struct{ Err, Booked bool }
			booked := int64(0)
			for _, test := range []struct {
				request int
				at      wire.Point
				want    outcome // unknown is an error; a retry is none
				sure    bool
			}{
				{1, wire.BeforeRequest, outcome{false, true}, true}, // before the COMMIT it is tried again
				{1, wire.BeforeAnswer, outcome{false, true}, true},
				{1, wire.MidAnswer, outcome{false, true}, true},
				{2, wire.BeforeRequest, outcome{true, false}, true},
				{2, wire.BeforeAnswer, outcome{true, true}, true},
				{2, wire.MidAnswer, outcome{true, true}, true},
			} {
				name := fmt.Sprintf("request %d %s", test.request, test.at)
				entry := transfer(name, bank, available, 10)
				cut := proxy.Cut(test.request, test.at)
				_, err := l.Post(t.Context(), entry)
				<-cut
				if err != nil && !errors.Is(err, ledger.ErrIndefinite) {
					t.Errorf("%s: %v", name, err)
				}
				_, there, readErr := l.Entry(t.Context(), name)
				if readErr != nil {
					t.Fatal(readErr)
				}
				if diff := cmp.Diff(test.want, outcome{err != nil, there}); diff != "" {
					t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
				}
				result := mustPost(t, l, entry)[0] // settles it
				if result.Replayed != there {
					t.Errorf("%s: replayed %t, booked %t before", name, result.Replayed, there)
				}
				booked++
				warm(t, l, &booked)
			}
			wantPosted(t, l, available, 1001+10*booked)
		})
	}
}

// warm has all statements prepared on the connection that is used next.
func warm(t *testing.T, l *ledger.Ledger, booked *int64) {
	t.Helper()
	for range 2 {
		*booked++
		mustPost(t, l, transfer(fmt.Sprintf("warm %d", *booked), bank, available, 10))
	}
}

// A transaction the server ends before its COMMIT is tried again on another connection.
func TestBackendTerminated(t *testing.T) {
	t.Parallel()
	dsn := emptyLedger(t, 16)
	l := keepBooks(t, openStore(t, dsn, postgres.Options{Writers: 1}))
	mustPost(t, l, transfer("float", bank, available, 1000))
	conn := hostConn(t, dsn)
	attempts := 0
	err := l.Write(t.Context(), func(tx ledger.Tx) error {
		if attempts++; attempts == 1 {
			if _, err := tx.Heads(t.Context()); err != nil {
				return err
			}
			if _, err := conn.Exec(t.Context(), terminateSQL); err != nil {
				return err
			}
		}
		_, err := l.PostTx(t.Context(), tx, transfer("k", bank, available, 1))
		return err
	})
	if err != nil || attempts != 2 {
		t.Errorf("%d attempts, %v", attempts, err)
	}
	wantPosted(t, l, available, 1001)
}

const terminateSQL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'settlex' AND state = 'idle in transaction'`
