package settlex_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/event"
)

// Whoever goes on from a cursor is told everything once, in order, and finds each event again by its id.
func TestEvents(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	var cursor event.Cursor
	var ids []string
	sequences := make(map[event.Object]uint64)
	follow := func() (read int) {
		for e, err := range h.Events(t.Context(), cursor) {
			if err != nil {
				t.Fatal(err)
			}
			if want := sequences[e.Object] + 1; e.Sequence != want {
				t.Errorf("%s of %s has sequence %d, want %d", e.ID(), e.Object, e.Sequence, want)
			}
			sequences[e.Object] = e.Sequence
			ids, cursor = append(ids, e.ID()), cursor.Read(e.Lane, e.No)
			if read++; read%5 == 0 { // and goes on from there
				break
			}
		}
		return read
	}
	if n := follow(); n != 0 {
		t.Errorf("%d events before anything happened", n)
	}
	events := week()
	for _, part := range [][2]int{{0, len(events) / 2}, {0, len(events)}} {
		h.take(events[part[0]:part[1]]...)
		for follow() > 0 {
		}
	}
	if err := h.WaitEvents(t.Context(), event.Cursor{}); err != nil {
		t.Error(err)
	}
	if len(ids) < 10 {
		t.Fatalf("%d events of a week", len(ids))
	}
	again := 0
	for e, err := range h.Events(t.Context(), event.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		found, err := h.Event(t.Context(), e.ID())
		if diff := cmp.Diff(e, found); err != nil || diff != "" {
			t.Errorf("%s: %v (-listed +found):\n%s", e.ID(), err, diff)
		}
		again++
	}
	if again != len(ids) {
		t.Errorf("%d events were followed, %d are listed", len(ids), again)
	}
	for _, ahead := range []event.Cursor{cursor.Read(0, cursor.After(0)+1), cursor.Read(5, 1)} {
		for e, err := range h.Events(t.Context(), ahead) {
			if !errors.Is(err, event.ErrAhead) || e != nil {
				t.Errorf("behind %s: %v, %v, want %v", ahead, e, err, event.ErrAhead)
			}
		}
	}
	for id, want := range map[string]error{"evt_000_00000000ffff": settlex.ErrNoEvent, "evt_3ff_000000000001": settlex.ErrNoEvent, "evt_1": event.ErrBadID} {
		if e, err := h.Event(t.Context(), id); !errors.Is(err, want) || e != nil {
			t.Errorf("event %s: %v, %v, want %v", id, e, err, want)
		}
	}
}
