package storetest

import (
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
)

// room posts entries under business keys, as rooms above the ledger do: a
// refused one burns nothing.
type room struct {
	at       time.Time
	requests []ledger.Request
	outcomes []ledger.Outcome
}

func (r *room) At() time.Time { return r.at }

func (r *room) Need(_ *ledger.State, n *ledger.Need) {
	for _, request := range r.requests {
		n.Request(request)
	}
}

func (r *room) Apply(s *ledger.State) error {
	r.outcomes = nil
	for _, request := range r.requests {
		result, err := s.Execute(request)
		if err != nil {
			return err
		}
		r.outcomes = append(r.outcomes, ledger.Outcome{Result: result})
	}
	return nil
}

// rooms lets some of them work in one transaction; one that is rejected does
// not touch its neighbours.
func (d *desk) rooms(t *rapid.T) {
	after := d.notebook.copy()
	var rooms []*room
	var commands []ledger.Command
	var all [][]verdict
	for range draw(t, "rooms", 1, 2, 3) {
		r := &room{}
		if len(after.pages) > 0 && rarely(t, "a fact of the same instant", 5) {
			r.at = after.last().when
		}
		ahead, verdicts := d.work(t, after, r)
		if ahead != nil {
			after = ahead
		}
		rooms, commands, all = append(rooms, r), append(commands, r), append(all, verdicts)
	}
	if len(after.pages) > len(d.notebook.pages) {
		after.sittings++
	}
	errs, err := d.books.DoAll(t.Context(), commands...)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rooms {
		verdicts := all[i]
		if last := len(verdicts) - 1; verdicts[last].reason != nil {
			r.outcomes, verdicts = []ledger.Outcome{{Err: errs[i]}}, verdicts[last:]
		}
		d.compare(t, call{requests: r.requests}, verdicts, after, r.outcomes)
	}
	d.notebook = after
}

// work writes what a room asks for, up to what is refused. After is nil when
// something is.
func (d *desk) work(t *rapid.T, n *notebook, r *room) (after *notebook, verdicts []verdict) {
	now := n.next(d.clock)
	if !r.at.IsZero() {
		now = r.at
	}
	after = n.copy()
	for range draw(t, "requests of a room", 1, 2) {
		s := d.scribe(t, after)
		var request ledger.Request = s.entry()
		if rarely(t, "anything", 3) {
			request = s.request()
		}
		r.requests = append(r.requests, request)
		v := after.answer(readLetter(request), now)
		verdicts = append(verdicts, v)
		if v.reason != nil {
			return nil, verdicts
		}
	}
	return after, verdicts
}
