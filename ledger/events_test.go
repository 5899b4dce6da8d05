package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
)

// says is a command that tells of objects, one event each; the sequence is what stands behind the colon.
func says(objects ...string) *work {
	return &work{apply: func(s *ledger.State) error {
		for _, text := range objects {
			e := eventOf(text)
			s.Tell(*e)
		}
		return nil
	}}
}

// eventOf reads "id:sequence".
func eventOf(text string) *event.Event {
	e := &event.Event{Type: event.Ping, Object: event.Object{Kind: "thing"}, Data: []byte(`{}`)}
	id, sequence, _ := strings.Cut(text, ":")
	e.Object.ID = id
	if _, err := fmt.Sscan(sequence, &e.Sequence); err != nil {
		panic(err)
	}
	return e
}

// toldBooks are sound books with events among their entries.
func toldBooks(t *testing.T) (*memory, *ledger.Ledger) {
	t.Helper()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("a", 1))
	for _, c := range []*work{says("x:1", "y:1"), says("x:2"), refused(says("x:3")), says("x:3", "z:1")} {
		if err := books.Do(t.Context(), c); err != nil && !errors.Is(err, errRefused) {
			t.Fatal(err)
		}
	}
	mustPost(t, books, sale("b", 1))
	return store, books
}

// Verify finds whatever is wrong with events.
func TestVerifyEvents(t *testing.T) {
	t.Parallel()
	change := func(no int, fn func(*event.Event)) func(*snapshot) {
		return func(s *snapshot) {
			other := *s.events[no-1]
			fn(&other)
			s.events[no-1] = &other
		}
	}
	for _, test := range []struct {
		name   string
		damage func(*snapshot)
		want   []string
	}{
		{"nothing", func(*snapshot) {}, nil},
		{"the last one is gone", func(s *snapshot) { s.events = s.events[:4] }, []string{"head: want lane 0 seq 2 at"}},
		{"the first is gone", func(s *snapshot) { s.events = s.events[1:] }, []string{
			"event evt_000_000000000002 (ping of thing/y): want number 1 of lane 0, have number 2 of lane 0",
			"events of thing/x: want 2 with the sequences 1 to 2, have other ones, the last 3",
		}},
		{"one is there twice", func(s *snapshot) { s.events = append(s.events[:5:5], s.events[4]) }, []string{
			"event evt_000_000000000005 (ping of thing/z): want number 6 of lane 0, have number 5 of lane 0",
			"events of thing/z: want 2 with the sequences 1 to 2, have other ones, the last 1",
		}},
		{"the head counts one more", func(s *snapshot) { s.head.Events++ }, []string{"head: want lane 0 seq 2 at"}},
		{"the head has another instant", func(s *snapshot) { s.head.Told = s.head.Told.Add(1) }, []string{"head: want lane 0 seq 2 at"}},
		{"a sequence twice", change(3, func(e *event.Event) { e.Sequence = 1 }), []string{
			"events of thing/x: want 3 with the sequences 1 to 3, have other ones, the last 3",
		}},
		{"a gap", change(4, func(e *event.Event) { e.Sequence = 4 }), []string{"events of thing/x: want 3 with the sequences 1 to 3, have other ones, the last 4"}},
		{"another object", change(1, func(e *event.Event) { e.Object.ID = "w" }), []string{"events of thing/x: want 2 with"}},
		{"another lane", change(1, func(e *event.Event) { e.Lane = 4 }), []string{"event evt_004_000000000001 (ping of thing/x): want number 1 of lane 0, have number 1 of lane 4"}},
		{"an earlier instant", change(3, func(e *event.Event) { e.At = noon().AddDate(-1, 0, 0) }), []string{"event evt_000_000000000003 (ping of thing/x): want told at or after 2026-03-02T12:00:00"}},
		{"no type", change(2, func(e *event.Event) { e.Type = "" }), []string{"event evt_000_000000000002 ( of thing/y): want one that can be told, have not an event that can be told"}},
		{"no JSON", change(2, func(e *event.Event) { e.Data = []byte("{") }), []string{"event evt_000_000000000002 (ping of thing/y): want one that can be told"}},
		{"one cannot be read", func(s *snapshot) {
			s.events, s.eventErr = s.events[:2], fmt.Errorf("%w: page is torn", ledger.ErrCorrupt)
		}, []string{
			"event behind number 2 of lane 0: want a readable event, have stored data is corrupt: page is torn",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store, books := toldBooks(t)
			store.damage = test.damage
			v, err := books.Verify(t.Context())
			store.damage = nil
			if err != nil {
				t.Fatal(err)
			}
			if len(v.Findings) != len(test.want) {
				t.Fatalf("findings %v, want %q", v.Findings, test.want)
			}
			for i, f := range v.Findings {
				if !strings.HasPrefix(f.String(), test.want[i]) {
					t.Errorf("finding %s, want %s", f, test.want[i])
				}
			}
			if test.want == nil && v.Events != 5 {
				t.Errorf("%d events were looked at, want 5", v.Events)
			}
		})
	}
}

// A store that fails is not a finding.
func TestVerifyEventsUnreadable(t *testing.T) {
	t.Parallel()
	store, books := toldBooks(t)
	store.damage = func(s *snapshot) { s.eventErr = errRefused }
	v, err := books.Verify(t.Context())
	store.damage = nil
	if !errors.Is(err, errRefused) {
		t.Errorf("verification %v, error %v, want the store's", v, err)
	}
}

// Whoever moves books writes events as they are.
func TestSaveEvents(t *testing.T) {
	t.Parallel()
	from, _ := toldBooks(t)
	store := newMemory()
	books := open(t, store)
	save := func(events ...*event.Event) error {
		return books.Write(t.Context(), func(tx ledger.Tx) error { return ledger.SaveEvents(t.Context(), tx, 0, events) })
	}
	all := from.snapshot().events
	other := func(change func(*event.Event)) *event.Event {
		e := *all[2]
		change(&e)
		return &e
	}
	if err := save(all[:2]...); err != nil {
		t.Fatal(err)
	}
	for want, e := range map[string]*event.Event{
		"evt_000_000000000002: number 3 is next":                       all[1],
		"evt_000_000000000004: number 3 is next":                       all[3],
		"evt_001_000000000003: it is of lane 1, the store books in 0":  other(func(e *event.Event) { e.Lane = 1 }),
		"evt_000_000000000003: not an event that can be told":          other(func(e *event.Event) { e.Sequence = 0 }),
		"evt_000_000000000003: it was told at 2025-03-02T12:00:00.000": other(func(e *event.Event) { e.At = e.At.AddDate(-1, 0, 0) }),
	} {
		if err := save(e); !errors.Is(err, ledger.ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if err := save(all[2:]...); err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "events", all, store.snapshot().events)
	if have, want := store.snapshot().head, from.snapshot().head; have.Events != want.Events || !have.Told.Equal(want.Told) {
		t.Errorf("head is %+v, want the events of %+v", have, want)
	}
}

// Who waits for events is woken by them, and not by entries.
func TestWaitEvents(t *testing.T) {
	t.Parallel()
	_, books := toldBooks(t)
	var read event.Cursor
	if err := books.WaitEvents(t.Context(), read.Read(0, 4)); err != nil {
		t.Error(err)
	}
	read = read.Read(0, 5)
	waited := make(chan error, 1)
	go func() { waited <- books.WaitEvents(t.Context(), read) }()
	mustPost(t, books, sale("c", 1))
	select {
	case err := <-waited:
		t.Fatalf("an entry ended it, with %v", err)
	default:
	}
	if err := books.Do(t.Context(), says("x:4")); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	if err := books.WaitEvents(ctx, read.Read(0, 6)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the context's", err)
	}
}

// The memory of a dry run does not grow with the events it would tell.
func TestDryRunKeepsNoEvents(t *testing.T) {
	t.Parallel()
	store, books := toldBooks(t)
	var last uint64
	err := books.DryRun(t.Context(), func(apply func(...ledger.Command) ([]error, error)) error {
		for range 3 {
			look := &work{apply: func(s *ledger.State) error {
				s.Tell(*eventOf("x:9"))
				changes := s.Changes()
				if last = changes.Head.Events; len(changes.Events) != 2 {
					return fmt.Errorf("%d events are kept, want the 2 of this group", len(changes.Events))
				}
				return nil
			}}
			if errs, err := apply(says("x:4"), look); err != nil || errors.Join(errs...) != nil {
				return errors.Join(append(errs, err)...)
			}
		}
		return nil
	})
	if err != nil || last != 11 || len(store.snapshot().events) != 5 {
		t.Errorf("error %v, the last event has number %d, want 11; %d are stored, want 5", err, last, len(store.snapshot().events))
	}
}
