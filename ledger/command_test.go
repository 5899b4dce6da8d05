package ledger_test

import (
	"context"
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
	return ledger.NewState(chart(t), from.head)
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

func TestRecords(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustDo := func(commands ...ledger.Command) {
		t.Helper()
		errs, err := books.DoAll(t.Context(), commands...)
		if err := errors.Join(append(errs, err)...); err != nil {
			t.Fatal(err)
		}
	}
	texts := func() (out []string) {
		err := books.Read(t.Context(), func(r ledger.Reader) error {
			for record, err := range r.Records(t.Context(), "note", "", "") {
				if err != nil {
					return err
				}
				n, ok := record.(*note)
				if !ok {
					return fmt.Errorf("record is a %T", record)
				}
				out = append(out, n.ID+" "+n.Text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}

	mustDo(put("b", "1"), put("a", "1"), put("b", "2"))
	if err := books.Do(t.Context(), refused(put("c", "0"))); !errors.Is(err, errRefused) {
		t.Fatal(err)
	}
	wantDiff(t, "records", []string{"a 1", "b 2"}, texts())
	mustDo(del("a"), put("c", "1"))
	wantDiff(t, "records", []string{"b 2", "c 1"}, texts())

	// A change of records alone is no part of the journal.
	wantDiff(t, "head", ledger.Head{}, store.snapshot().head)
	var seen string
	mustDo(&work{apply: func(s *ledger.State) error {
		n, ok := s.Record(noteRef("c")).(*note)
		if !ok || s.Record(noteRef("a")) != nil {
			return errors.New("records are not as they were saved")
		}
		seen = n.Text
		return nil
	}})
	if seen != "1" {
		t.Errorf("the command read %q", seen)
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

// What a command forgets to declare is loaded when it turns out to be touched,
// and the command is decided afresh.
func TestUndeclaredNeeds(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	if err := books.Do(t.Context(), put("n1", drawer)); err != nil {
		t.Fatal(err)
	}
	lazy := func(w *work) *work { return &work{apply: w.apply} }
	tests := []struct {
		name string
		work *work
		want error
	}{
		{"booking", lazy(book(sale("s", 1), transfer("p", "payout", available, "drawers/new", 101))), nil},
		{"booking what is taken", lazy(book(sale("float", 100))), nil},
		{"booking what is rejected", lazy(book(sale("s", 1), transfer("p", "payout", available, bank, 103))), ledger.ErrInsufficientFunds},
		{"an account named by a record", &work{apply: func(s *ledger.State) error {
			n, ok := s.Record(noteRef("n1")).(*note)
			if !ok {
				return errors.New("no note")
			}
			if _, ok := s.Account(ledger.AccountID{Path: n.Text, Currency: inr()}); ok {
				return errors.New("the account should not exist")
			}
			_, err := s.Book(transfer("d", "sale", n.Text, sales, 5))
			return err
		}}, nil},
		{"a record without a name", &work{apply: func(s *ledger.State) error {
			if s.Record(ledger.Ref{}) != nil {
				return errors.New("there is one")
			}
			return nil
		}}, nil},
		{"an account without a name", &work{apply: func(s *ledger.State) error {
			if _, ok := s.Account(ledger.AccountID{}); ok {
				return errors.New("there is one")
			}
			return nil
		}}, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			neighbours := []ledger.Command{book(sale("before", 1)), test.work, book(sale("after", 1))}
			errs, changes := applyTo(t, store.snapshot(), neighbours...)
			if !errors.Is(errs[1], test.want) || errs[0] != nil || errs[2] != nil {
				t.Errorf("errors are %v, want %v for the second", errs, test.want)
			}
			if n := len(changes.Block.Entries); changes.Block.Entries[n-1].Key != "after" {
				t.Errorf("last entry is %q", changes.Block.Entries[n-1].Key)
			}
		})
	}
	t.Run("through the ledger", func(t *testing.T) {
		t.Parallel()
		books := open(t, newMemory())
		errs, err := books.DoAll(t.Context(),
			book(sale("s", 1)),
			lazy(book(ledger.Entry{})),
			lazy(book(transfer("p", "payout", available, bank, 1))),
			lazy(book(transfer("q", "payout", available, bank, 1))),
			book(sale("t", 1)))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []error{nil, ledger.ErrInvalid, nil, ledger.ErrInsufficientFunds, nil} {
			if !errors.Is(errs[i], want) {
				t.Errorf("command %d: %v, want %v", i, errs[i], want)
			}
		}
		wantPosted(t, books, available, "0.01")
	})
}

// What a command writes without having read it is not known any better when
// the command is rejected.
func TestRejectedBlindWrite(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	if err := books.Do(t.Context(), put("n", "saved")); err != nil {
		t.Fatal(err)
	}
	err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		if _, err := apply(refused(put("n", "refused"))); err != nil {
			return err
		}
		errs, err := apply(&work{apply: func(s *ledger.State) error {
			if n, ok := s.Record(noteRef("n")).(*note); !ok || n.Text != "saved" {
				return fmt.Errorf("the record reads %+v", n)
			}
			return nil
		}})
		return errors.Join(append(errs, err)...)
	})
	if err != nil {
		t.Error(err)
	}
}

// Each account and record that changed is saved once, in order.
func TestChangesAreOrdered(t *testing.T) {
	t.Parallel()
	_, changes := applyTo(t, newMemory().snapshot(),
		book(sale("a", 1), sale("b", 1)), put("n2", "x"), put("n1", "x"),
		book(transfer("c", "sale", bank, "merchants/m0/pending", 1)), put("n2", "y"), del("n3"))
	var accounts, records []string
	for _, a := range changes.Accounts {
		accounts = append(accounts, a.AccountID.String())
	}
	for _, r := range changes.Records {
		records = append(records, fmt.Sprint(r.Ref, " removed: ", r.Record == nil))
	}
	wantDiff(t, "accounts", []string{"bank INR", "merchants/m0/pending INR", "merchants/m1/available INR"}, accounts)
	wantDiff(t, "records", []string{"note/n1 removed: false", "note/n2 removed: false", "note/n3 removed: true"}, records)
}

// Needs may depend on what earlier loads brought, as often as it takes.
func TestNeedsInRounds(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	const links = 30 // more than the loads made ahead of Apply
	for i := range links {
		if err := books.Do(t.Context(), put(fmt.Sprint("n", i), fmt.Sprint("n", i+1))); err != nil {
			t.Fatal(err)
		}
	}
	walk := func(s *ledger.State) (last string) {
		for id := "n0"; ; {
			n, ok := s.Record(noteRef(id)).(*note)
			if !ok {
				return id
			}
			id = n.Text
		}
	}
	for name, need := range map[string]func(*ledger.State, *ledger.Need){
		"peeking": func(s *ledger.State, n *ledger.Need) {
			id := "n0"
			for {
				r, loaded := s.Peek(noteRef(id))
				if !loaded {
					n.Record(noteRef(id))
					return
				}
				found, ok := r.(*note)
				if !ok {
					return
				}
				id = found.Text
			}
		},
		"exploring":         func(s *ledger.State, n *ledger.Need) { n.Explore(func() { walk(s) }) },
		"declaring nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			last := ""
			err := books.Do(t.Context(), &work{need: need, apply: func(s *ledger.State) error { last = walk(s); return nil }})
			if err != nil || last != fmt.Sprint("n", links) {
				t.Errorf("the command came to %q, %v", last, err)
			}
		})
	}
}

// Looking ahead is no doing: what an exploration changes is put back.
func TestExploreChangesNothing(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	applied := 0
	w := book(sale("a", 1))
	err := books.Do(t.Context(), &work{
		need: func(s *ledger.State, n *ledger.Need) {
			n.Explore(func() {
				if _, err := s.Book(sale("a", 1)); err != nil {
					t.Error(err)
				}
				s.Put(&note{ID: "explored"})
			})
		},
		apply: func(s *ledger.State) error {
			applied++
			if s.NextSeq() != 1 || s.Lane() != 0 {
				t.Errorf("next sequence is %d of lane %d", s.NextSeq(), s.Lane())
			}
			return w.apply(s)
		},
	})
	if err != nil || applied != 1 {
		t.Errorf("applied %d times: %v", applied, err)
	}
	if n := len(store.snapshot().records); n != 0 {
		t.Errorf("%d records were saved", n)
	}
}

// A panic in a command is a bug of its room and goes on to its caller.
func TestPanicsGoOn(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]*work{
		"in apply":   {apply: func(*ledger.State) error { panic("a bug") }},
		"in need":    {need: func(*ledger.State, *ledger.Need) { panic("a bug") }},
		"in explore": {need: func(_ *ledger.State, n *ledger.Need) { n.Explore(func() { panic("a bug") }) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := open(t, newMemory())
			defer func() {
				if r := recover(); r != "a bug" {
					t.Errorf("recovered %v", r)
				}
				mustPost(t, books, sale("next", 1)) // nobody is stuck
			}()
			_ = books.Do(t.Context(), w)
		})
	}
}

// A dry run is the real path without its Save.
func TestDryRun(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	before, writes := store.snapshot(), store.writes

	err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		errs, err := apply(book(sale("a", 50)), put("n", "x"), book(transfer("b", "payout", available, bank, 151)))
		if err != nil {
			return err
		}
		if errs[0] != nil || errs[1] != nil || !errors.Is(errs[2], ledger.ErrInsufficientFunds) {
			t.Errorf("errors are %v", errs)
		}
		errs, err = apply(
			book(transfer("b", "payout", available, bank, 150)), // sees what came before
			book(sale("a", 51)), // and its keys
			&work{apply: func(s *ledger.State) error { // and its records
				if n, ok := s.Record(noteRef("n")).(*note); !ok || n.Text != "x" {
					return errors.New("the record is not there")
				}
				return nil
			}})
		if err != nil {
			return err
		}
		if errs[0] != nil || !errors.Is(errs[1], ledger.ErrKeyConflict) || errs[2] != nil {
			t.Errorf("errors are %v", errs)
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) {
		t.Errorf("error is %v, want the function's own", err)
	}
	if store.snapshot() != before || store.writes != writes {
		t.Error("the dry run wrote")
	}
}

// PostTx takes part in a transaction of several calls, each of which sees
// those before it.
func TestWrite(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	err := books.Write(t.Context(), func(tx ledger.Tx) error {
		if _, err := books.PostTx(t.Context(), tx, sale("a", 100)); err != nil {
			return err
		}
		results, err := books.PostTx(t.Context(), tx, transfer("b", "payout", available, bank, 101))
		if !errors.Is(err, ledger.ErrInsufficientFunds) || results != nil {
			t.Errorf("second call gives %v, %v", results, err)
		}
		results, err = books.PostTx(t.Context(), tx, transfer("b", "payout", available, bank, 100), sale("a", 100))
		if err != nil {
			return err
		}
		if results[0].Seq != 2 || results[0].Replayed || !results[1].Replayed {
			t.Errorf("third call gives %+v", results)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	wantPosted(t, books, available, "0.00")
	if n := len(store.snapshot().blocks); n != 2 {
		t.Errorf("%d blocks, want one for each call that booked", n)
	}

	before := store.snapshot()
	err = books.Write(t.Context(), func(tx ledger.Tx) error {
		if _, err := books.PostTx(t.Context(), tx, sale("c", 100)); err != nil {
			return err
		}
		return errRefused
	})
	if !errors.Is(err, errRefused) || store.snapshot() != before {
		t.Errorf("a transaction that was given up wrote, or says %v", err)
	}
}

// A context that is over ends a call before it begins.
func TestContextIsOver(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := books.Post(ctx, sale("a", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Post says %v", err)
	}
	if store.writes != 0 {
		t.Error("a transaction was begun")
	}
	err := books.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := books.PostTx(ctx, tx, sale("a", 1))
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("PostTx says %v", err)
	}
}
