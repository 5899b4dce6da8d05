package ledger

import (
	"fmt"
	"slices"
	"time"
)

// Request is what a caller can ask the ledger to do: an Entry, Hold, Capture,
// Release, Reversal, AccountChange or PeriodChange, each booked once for its
// key, or an Assertion, which is looked at and not booked. The doc comment of each
// lists what it is refused with by the state of the ledger.
type Request interface {
	// draft writes the request into a blank item, in the form the journal keeps,
	// as far as it can be said without looking at the ledger. An act of zero is
	// not booked.
	draft(d *Booked)
	// faults lists what makes it invalid whatever the state.
	faults(d *Booked) []error
	// need declares what apply looks at, and the key.
	need(s *State, n *Need)
	// apply decides: it completes the draft, or says why not. It changes
	// nothing.
	apply(s *State, d *Booked) error
}

// Request asks for everything that a request touches.
func (n *Need) Request(r Request) { r.need(n.state, n) }

// Execute decides a request and books it. The order of checks is fixed, so that
// every store gives the same first fault: the request itself (every fault), its
// key (replay, conflict, or burnt by an earlier attempt), and then the state of
// the ledger; for an entry: its value date, its accounts in the order of
// postings, their status, their limits. What the state refuses is a *Failure.
//
// Commands of rooms use it with business keys: a refused one burns nothing and
// may be tried again. Errors: *EntryError, *ConflictError, *Failure.
func (s *State) Execute(r Request) (Result, error) {
	item, replayed, err := s.execute(r, spot{})
	if item == nil {
		return Result{}, err
	}
	return Result{Booked: *item, Replayed: replayed}, nil
}

// execute gives the item a request was booked as, now or by an earlier call;
// nil for an Assertion and beside an error. at is where Need found what it asks
// for, if that was noted.
func (s *State) execute(r Request, at spot) (item *Booked, replayed bool, err error) {
	d := s.blank()
	s.spotted = at.places
	r.draft(d)
	if faults := r.faults(d); len(faults) > 0 {
		return nil, false, &EntryError{Key: d.Key, Faults: faults}
	}
	if d.Act == 0 {
		return nil, false, r.apply(s, d)
	}
	key := at.key
	if !s.known(key) {
		key = s.keyPlace(d.Key)
	}
	if key.by != nil {
		return replay(key.by, d)
	}
	if s.today.IsZero() { // it could be written and never be read again
		return nil, false, fmt.Errorf("%q: the clock says %s, outside the years 1 to 9999", d.Key, s.now.Format(time.RFC3339))
	}
	if err := r.apply(s, d); err != nil {
		return nil, false, err
	}
	if d.Terms != nil && d.All { // the postings come from what is stored
		if err := d.balanced(); err != nil {
			return nil, false, fmt.Errorf("%q: %w", d.Key, err)
		}
	}
	if err := s.append(d, key); err != nil {
		return nil, false, fmt.Errorf("%q: %w", d.Key, err)
	}
	return d, false, nil
}

// Book is Execute for an entry.
func (s *State) Book(e Entry) (Result, error) { return s.Execute(e) }

// append gives a blank that was filled in its place in the journal and does
// what it says, or nothing. A key it has is taken.
func (s *State) append(d *Booked, key *keyPlace) error {
	d.Lane, d.Seq, d.At = s.head.Lane, s.head.Seq+1, s.now
	if err := s.foldWhole(d); err != nil {
		return err
	}
	s.keepBlank()
	s.booked = append(s.booked, d)
	if key != nil {
		key.by = d
	}
	return nil
}

// burn books that a caller's key was refused, so that a retry gets the same
// failure.
func (s *State) burn(r Request, f *Failure) error {
	refusal := &Refusal{Failure: *f}
	r.draft(&refusal.Asked)
	d := s.blank()
	d.Key, d.Act, d.Terms = refusal.Asked.Key, Refused, &Terms{Refusal: refusal}
	return s.append(d, s.keyPlace(d.Key))
}

// replay holds a request against what took its key.
func replay(taken, now *Booked) (item *Booked, replayed bool, err error) {
	was := taken
	if taken.Act == Refused {
		was = &taken.Refusal.Asked
	}
	if field, a, b := difference(was, now); field != "" {
		return nil, false, &ConflictError{Key: now.Key, Field: field, Seq: taken.Seq, Was: a, Now: b}
	}
	if taken.Act == Refused {
		failure := taken.Refusal.Failure
		failure.Frozen = true
		return nil, false, &failure
	}
	return taken, true, nil
}

// difference names the first field in which a request differs from what took
// its key. A zero value date of the new one means "as booked".
func difference(was, now *Booked) (field, a, b string) {
	w, n := was.terms(), now.terms()
	dated := was.ValueDate
	if !w.Asked.IsZero() {
		dated = w.Asked
	}
	switch {
	case was.Act != now.Act:
		return "act", was.Act.String(), now.Act.String()
	case was.Kind != now.Kind:
		return "kind", was.Kind, now.Kind
	case was.Reference != now.Reference:
		return "reference", was.Reference, now.Reference
	case dated != now.ValueDate && !now.ValueDate.IsZero():
		return "value date", dated.String(), now.ValueDate.String()
	case was.PartOf != now.PartOf:
		return "part of", was.PartOf, now.PartOf
	case was.Owner != now.Owner && was.Act != Captured: // a capture's owner is its hold's
		return "owner", was.Owner, now.Owner
	case !slices.Equal(was.Metadata, now.Metadata):
		return "metadata", fmt.Sprint(was.Metadata), fmt.Sprint(now.Metadata)
	}
	if field, a, b = w.difference(&n); field != "" || n.All {
		return field, a, b
	}
	if len(was.Postings) != len(now.Postings) {
		return "number of postings", fmt.Sprint(len(was.Postings)), fmt.Sprint(len(now.Postings))
	}
	for i, p := range was.Postings {
		if q := now.Postings[i]; p != q {
			return fmt.Sprintf("posting %d", i), p.describe(), q.describe()
		}
	}
	return "", "", ""
}

func (t *Terms) difference(n *Terms) (field, a, b string) {
	switch {
	case t.Of != n.Of:
		return "of", t.Of, n.Of
	case t.All != n.All:
		return "all", fmt.Sprint(t.All), fmt.Sprint(n.All)
	case t.Final != n.Final:
		return "final", fmt.Sprint(t.Final), fmt.Sprint(n.Final)
	case !t.Expires.Equal(n.Expires):
		return "expires", t.Expires.Format(time.RFC3339Nano), n.Expires.Format(time.RFC3339Nano)
	case t.Through != n.Through:
		return "through", t.Through.String(), n.Through.String()
	case (t.Change == nil) != (n.Change == nil) || t.Change != nil && !t.Change.equal(n.Change):
		return "change", fmt.Sprint(t.Change), fmt.Sprint(n.Change)
	}
	return "", "", ""
}

func (p Posting) describe() string {
	return fmt.Sprintf("%s %s %s %s", p.Side, p.Account, p.Currency, p.Currency.Format(p.Amount))
}
