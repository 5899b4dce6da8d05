package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// work is a command made of functions; those that are nil do nothing.
type work struct {
	at    time.Time
	need  func(*ledger.State, *ledger.Need)
	apply func(*ledger.State) error
}

func (w *work) At() time.Time { return w.at }

func (w *work) Need(s *ledger.State, n *ledger.Need) {
	if w.need != nil {
		w.need(s, n)
	}
}

func (w *work) Apply(s *ledger.State) error {
	if w.apply == nil {
		return nil
	}
	return w.apply(s)
}

// book is a command that books entries.
func book(entries ...ledger.Entry) *work {
	return &work{
		need: func(_ *ledger.State, n *ledger.Need) {
			for i := range entries {
				n.Entry(&entries[i])
			}
		},
		apply: func(s *ledger.State) error {
			for _, e := range entries {
				if _, err := s.Book(e); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// note is a record of the tests.
type note struct{ ID, Text string }

func (n *note) Ref() ledger.Ref { return noteRef(n.ID) }

func noteRef(id string) ledger.Ref { return ledger.Ref{Kind: "note", ID: id} }

func put(id, text string) *work {
	return &work{apply: func(s *ledger.State) error { s.Put(&note{id, text}); return nil }}
}

func del(id string) *work {
	return &work{apply: func(s *ledger.State) error { s.Delete(noteRef(id)); return nil }}
}

var errRefused = errors.New("refused")

// refused does what w does and then says no.
func refused(w *work) *work {
	return &work{at: w.at, need: w.need, apply: func(s *ledger.State) error {
		if err := w.Apply(s); err != nil {
			return err
		}
		return errRefused
	}}
}

// stateOf loads what commands need from a snapshot.
func stateOf(t testing.TB, from *snapshot) *ledger.State {
	t.Helper()
	return stateAt(chart(t), from.head)
}

// stateAt begins where a journal ends.
func stateAt(c *ledger.Chart, head ledger.Head) *ledger.State {
	s := ledger.NewState(c)
	s.PutHead(head)
	return s
}

// applyTo decides commands on a snapshot as the ledger does, loading whatever
// turns out to be missing, and gives what they changed.
func applyTo(t testing.TB, from *snapshot, commands ...ledger.Command) ([]error, *ledger.Changes) {
	t.Helper()
	s := stateOf(t, from)
	var errs []error
	for {
		more, missing := ledger.Apply(s, noon(), commands[len(errs):])
		errs = append(errs, more...)
		if missing == nil {
			return errs, s.Changes()
		}
		if err := from.Load(t.Context(), missing, s); err != nil {
			t.Fatal(err)
		}
	}
}

// A rejected command leaves nothing behind: the changes of a group are, to the
// byte, those of the same group without it.
func TestRejectedMeansUnchanged(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 10000))
	if err := books.Do(t.Context(), put("n1", "as it was")); err != nil {
		t.Fatal(err)
	}
	group := func(rejected ...ledger.Command) []ledger.Command {
		out := []ledger.Command{book(sale("a", 1)), put("n2", "new")}
		out = append(out, rejected...)
		return append(out, book(sale("b", 2), transfer("c", "payout", available, bank, 3)), put("n3", "new"))
	}
	_, want := applyTo(t, store.snapshot(), group()...)
	tests := []struct {
		name     string
		rejected *work
	}{
		{"invalid entry", book(ledger.Entry{})},
		{"unknown account, others opened before it", book(ledger.Entry{Key: "x", Kind: "sale", Postings: []ledger.Posting{
			ledger.Dr(drawer, money.Minor(1), inr()), ledger.Cr("nowhere", money.Minor(1), inr()),
		}})},
		{"no funds, an account opened before", book(transfer("x", "payout", other, "drawers/new", 1))},
		{"conflict", book(sale("float", 9))},
		{"conflict with a neighbour", book(sale("a", 9))},
		{"refused after booking", refused(book(sale("x", 1), transfer("y", "payout", available, "drawers/new", 5)))},
		{"refused after a replay", refused(book(sale("float", 10000)))},
		{"refused after a new record", refused(put("n4", "x"))},
		{"refused after changing a record", refused(put("n1", "x"))},
		{"refused after changing a neighbour's record", refused(put("n2", "x"))},
		{"refused after removing a record", refused(del("n1"))},
		{"refused after removing a neighbour's record", refused(del("n2"))},
		{"refused after removing one that is not there", refused(del("n9"))},
		{"refused for ever later", &work{at: noon().AddDate(5, 0, 0), apply: func(*ledger.State) error { return errRefused }}},
		{"overflow in the last account", book(ledger.Entry{Key: "x", Kind: "sale", Postings: []ledger.Posting{
			ledger.Dr("drawers/new", limit(t), inr()), ledger.Cr(available, limit(t), inr()),
		}})},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			errs, got := applyTo(t, store.snapshot(), group(test.rejected)...)
			if len(errs) != 5 || errs[2] == nil {
				t.Fatalf("errors are %v, want one for the third command", errs)
			}
			for _, i := range []int{0, 1, 3, 4} {
				if errs[i] != nil {
					t.Errorf("neighbour %d was rejected: %v", i, errs[i])
				}
			}
			wantDiff(t, "changes", want, got)
		})
	}
}

// The same state, instant and commands give the same bytes.
func TestApplyIsDeterministic(t *testing.T) {
	t.Parallel()
	store := newMemory()
	mustPost(t, open(t, store), sale("float", 10000))
	commands := func() []ledger.Command {
		var out []ledger.Command
		for i := range 50 {
			out = append(out, book(sale(fmt.Sprint("s", i), int64(i+1)), transfer(fmt.Sprint("p", i), "payout", available, fmt.Sprint("drawers/", i%7), 300)),
				put(fmt.Sprint("n", i%9), "x"))
		}
		return out
	}
	_, want := applyTo(t, store.snapshot(), commands()...)
	for range 5 {
		_, got := applyTo(t, store.snapshot(), commands()...)
		wantDiff(t, "changes", want, got)
	}
}

// Commands of one call are independent of one another.
func TestDoAll(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	errs, err := books.DoAll(t.Context(),
		book(sale("a", 100)),
		book(transfer("b", "payout", available, bank, 101)),
		book(transfer("c", "payout", available, bank, 60)),
		book(transfer("d", "payout", available, bank, 60)))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{nil, ledger.ErrInsufficientFunds, nil, ledger.ErrInsufficientFunds} {
		if !errors.Is(errs[i], want) {
			t.Errorf("command %d: error is %v, want %v", i, errs[i], want)
		}
	}
	wantPosted(t, books, available, "0.40")
	if store.writes != 1 {
		t.Errorf("%d transactions, want 1", store.writes)
	}
	if errs, err := books.DoAll(t.Context()); errs != nil || err != nil {
		t.Errorf("no commands give %v, %v", errs, err)
	}
}

// A command bears the instant of its fact, unless the journal is further on.
// Only what is booked moves the journal's time.
func TestCommandInstants(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	var seen []string
	at := func(offset time.Duration, entries ...ledger.Entry) *work {
		w := book(entries...)
		if offset != 0 {
			w.at = noon().Add(offset)
		}
		return &work{at: w.at, need: w.need, apply: func(s *ledger.State) error {
			seen = append(seen, s.Now().Sub(noon()).String())
			return w.apply(s)
		}}
	}
	_, err := books.DoAll(t.Context(),
		at(-time.Hour, sale("a", 1)),
		at(-2*time.Hour, sale("b", 1), sale("c", 1)),
		at(-time.Minute),
		at(-time.Minute, sale("b", 1)),
		at(-time.Minute, sale("d", 1)),
		at(0, sale("e", 1)),
		at(1500*time.Nanosecond, sale("f", 1)),
		at(time.Minute, transfer("g", "payout", available, bank, 100)),
		at(0, sale("h", 1)))
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "instants after noon", []string{
		"-1h0m0s",
		"-59m59.999999s", // two entries, one instant
		"-1m0s",          // nothing booked
		"-1m0s",          // a replay
		"-1m0s",
		"0s",
		"1µs",
		"1m0s", // rejected
		"2µs",
	}, seen)
}
