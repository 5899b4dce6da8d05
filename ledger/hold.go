package ledger

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Hold sets a balanced set of postings aside: the money that leaves an account
// is no longer available, the money that comes is not yet. It is captured,
// released or expires as a whole, however many legs it has. Its limits are
// checked when it is placed, so no capture can break them. Refused with
// ErrHoldExpired, ErrAccountStatus, ErrInsufficientFunds, ErrCeiling and
// ErrVelocity, looked for in this order.
type Hold struct {
	Key       string      // as an Entry's; names the hold from then on
	Kind      string      // 1 to 64 bytes
	Reference string      // free, at most 255 bytes
	Expires   time.Time   // from this instant on it can no longer be captured or released; zero: never
	Metadata  []Attribute // as an Entry's
	Owner     string      // as an Entry's
	Postings  []Posting   // as an Entry's
}

// HoldStatus says whether a hold is open, and if not, how it ended.
type HoldStatus uint8

// The statuses of a hold.
const (
	HoldOpen     HoldStatus = iota + 1
	HoldCaptured            // completely, or finally
	HoldReleased
	HoldExpired // its expiry was booked
)

// String is the status in lower case.
func (h HoldStatus) String() string { return name(h, "open", "captured", "released", "expired") }

// HoldState is a hold as it stands. It is stored as a record. One that is past
// its Expires is open until its expiry is booked.
type HoldState struct {
	Key      string // of the hold
	Lane     uint16 `json:",omitempty"` // lane and sequence of the item that placed it
	Seq      uint64
	At       time.Time // when it was placed, UTC
	Expires  time.Time // zero: never
	Status   HoldStatus
	EndLane  uint16 `json:",omitempty"` // lane and sequence of the item that ended it; 0: open
	Ended    uint64
	Owner    string    // as an Entry's
	Breached bool      // placing it breached a limit, as the chart allows; its captures say so too
	Legs     []HoldLeg // one for each account, in order of first use
}

// HoldLeg is what a hold has set aside of one account, in minor units.
type HoldLeg struct {
	Account  string
	Currency money.Currency
	Side     Side
	Amount   money.Amount // held at first
	Captured money.Amount // of it, so far
}

// ID is the leg's account.
func (l HoldLeg) ID() AccountID { return AccountID{Path: l.Account, Currency: l.Currency} }

// Left is what can still be captured while the hold is open.
func (l HoldLeg) Left() money.Amount {
	left, err := l.Amount.Sub(l.Captured)
	if err != nil {
		panic(fmt.Sprintf("ledger: captured %s of %s held: %v", l.Captured, l.Amount, err)) // Captured lies between 0 and Amount
	}
	return left
}

// Kinds of the records the ledger itself stores.
const (
	HoldRecord     = "ledger_hold"     // HoldState, by key
	ExpiryRecord   = "ledger_expiry"   // Expiry, by instant and key
	ReversalRecord = "ledger_reversal" // TakenBack, by key of the original
)

// Ref implements Record.
func (h *HoldState) Ref() Ref { return holdRef(h.Key) }

func holdRef(key string) Ref { return Ref{Kind: HoldRecord, ID: key} }

// Expiry lists an open hold under the instant at which it expires.
type Expiry struct {
	Hold    string
	Expires time.Time
}

// Ref implements Record. Ids are in order of time.
func (e *Expiry) Ref() Ref {
	return Ref{Kind: ExpiryRecord, ID: fmt.Sprintf("%016x/%s", uint64(e.Expires.UnixMicro())^1<<63, e.Hold)}
}

func (h Hold) draft(d *Booked) {
	d.Entry = Entry{Key: h.Key, Kind: h.Kind, Reference: h.Reference, Metadata: sorted(h.Metadata), Owner: h.Owner, Postings: h.Postings}
	d.Act = Held
	if !h.Expires.IsZero() {
		d.Terms = &Terms{Expires: h.Expires.UTC().Truncate(time.Microsecond)}
	}
}

func (h Hold) faults(d *Booked) []error {
	faults := d.Entry.check()
	if year := h.Expires.UTC().Year(); year < 1 || year > 9999 { // it could be written and never be read again
		faults = append(faults, fmt.Errorf("expires %s, outside the years 1 to 9999", h.Expires.Format(time.RFC3339)))
	}
	return faults
}

func (h Hold) need(_ *State, n *Need) {
	n.postings(h.Key, h.Postings)
}

func (h Hold) apply(s *State, d *Booked) error {
	if expires := d.terms().Expires; !expires.IsZero() && !expires.After(s.now) {
		return &Failure{Reason: ErrHoldExpired, Key: d.Key, Of: expires.Format(time.RFC3339Nano)}
	}
	return s.admit(d)
}

func (s *State) foldHold(b *Booked, t *Terms) error {
	h := &HoldState{Key: b.Key, Lane: b.Lane, Seq: b.Seq, At: b.At, Expires: t.Expires, Status: HoldOpen, Owner: b.Owner, Breached: b.Breached}
	effects, err := s.effectsOf(b)
	if err != nil {
		return err
	}
	for i := range effects {
		f := &effects[i]
		h.Legs = append(h.Legs, HoldLeg{Account: f.place.id.Path, Currency: f.place.id.Currency, Side: f.side, Amount: f.amount})
		account, err := s.edit(f.place, b)
		if err != nil {
			return err
		}
		if err := account.setAside(f, b); err != nil {
			return fmt.Errorf("%s: %w", account.AccountID, err)
		}
		if err := s.bound(f.place, money.Max(account.HeldDebits, account.HeldCredits)); err != nil {
			return err
		}
	}
	s.Put(h)
	if !h.Expires.IsZero() {
		s.Put(&Expiry{Hold: h.Key, Expires: h.Expires})
	}
	return nil
}

// setAside holds what a leg of a hold takes, and counts it.
func (a *Account) setAside(f *effect, b *Booked) error {
	a.Holds++
	if err := a.hold(f.side, f.amount, f.place.share); err != nil {
		return err
	}
	return a.count(flowOf(a.Type, f.side), f.amount, money.Minor(1), b.Place(), b.At)
}

// Capture posts a hold, or a part of it, as an entry. A hold may be captured
// several times, until nothing is left or a capture is final. Refused with
// ErrNotFound, ErrHoldCaptured, ErrHoldReleased, ErrHoldExpired, ErrPeriodClosed,
// ErrExceedsHold and, if an account is frozen or closed, ErrAccountStatus, looked
// for in this order.
type Capture struct {
	Key       string        // as an Entry's
	Hold      string        // key of the hold
	Kind      string        // of the entry, as are the following; its Owner is the hold's
	Reference string        //
	Metadata  []Attribute   //
	ValueDate calendar.Date // zero: the UTC date of the booking instant

	All      bool      // everything that is left; then there are no Postings
	Postings []Posting // balanced; for each account at most what is left of its leg, on its side
	Final    bool      // what is left afterwards is released
}

func (c Capture) draft(d *Booked) {
	d.Entry = Entry{Key: c.Key, Kind: c.Kind, Reference: c.Reference, Metadata: sorted(c.Metadata), ValueDate: c.ValueDate, Postings: c.Postings}
	d.Act, d.Terms = Captured, &Terms{Of: c.Hold, All: c.All, Final: c.Final}
}

func (c Capture) faults(d *Booked) []error {
	return append(checkPart("hold", c.Hold, c.All, d), d.checkPartly(c.All)...)
}

// checkPart looks for the faults of a request that names what it is a part of.
func checkPart(what, of string, all bool, d *Booked) []error {
	var faults []error
	if err := checkText(what, of, 1, maxKey); err != nil {
		faults = append(faults, err)
	}
	if all && len(d.Postings) > 0 {
		faults = append(faults, fmt.Errorf("asks for all that is left and names %d postings", len(d.Postings)))
	}
	if !all && len(d.Postings) == 0 {
		faults = append(faults, errors.New("names no postings; ask for all that is left explicitly"))
	}
	return faults
}

// checkPartly looks for an entry's faults, but for its postings if they are
// still to be found.
func (b *Booked) checkPartly(all bool) []error {
	if all || len(b.Postings) == 0 {
		return b.checkTexts(1)
	}
	return b.Entry.check()
}

func (c Capture) need(s *State, n *Need) {
	n.Key(c.Key)
	n.hold(s, c.Hold)
}

// hold asks for a hold and, once it is known, for its accounts.
func (n *Need) hold(s *State, key string) {
	n.Record(holdRef(key))
	stored, _ := s.Peek(holdRef(key))
	if h, ok := stored.(*HoldState); ok {
		for _, leg := range h.Legs {
			n.move(leg.ID())
		}
	}
}

func (c Capture) apply(s *State, d *Booked) error {
	h, err := s.openHold(d.Key, c.Hold)
	if err != nil {
		return err
	}
	if err := s.dates(d, false); err != nil {
		return err
	}
	d.Owner, d.Breached = h.Owner, h.Breached
	if c.All {
		d.Postings = h.left()
	} else if err := h.admits(d); err != nil {
		return err
	}
	return s.usable(d, h)
}

// openHold finds a hold that can still be captured or released.
func (s *State) openHold(key, hold string) (*HoldState, error) {
	stored, ok := s.Record(holdRef(hold)).(*HoldState)
	if !ok {
		return nil, &Failure{Reason: ErrNotFound, Key: key, Of: fmt.Sprintf("hold %q", hold)}
	}
	reason := [...]error{HoldCaptured: ErrHoldCaptured, HoldReleased: ErrHoldReleased, HoldExpired: ErrHoldExpired}[stored.Status]
	if stored.Status == HoldOpen && stored.due(s.now) {
		reason = ErrHoldExpired
	}
	if reason != nil {
		return nil, &Failure{Reason: reason, Key: key, Of: hold}
	}
	return stored, nil
}

// place is where the item stands that placed the hold.
func (h *HoldState) place() Place { return Place{At: h.At, Lane: h.Lane, Seq: h.Seq} }

// due tells whether the hold's time is over, booked or not.
func (h *HoldState) due(now time.Time) bool { return !h.Expires.IsZero() && !h.Expires.After(now) }

// left gives postings of everything that is left.
func (h *HoldState) left() []Posting {
	var out []Posting
	for _, leg := range h.Legs {
		if left := leg.Left(); left.Sign() > 0 {
			out = append(out, Posting{Account: leg.Account, Side: leg.Side, Amount: left, Currency: leg.Currency})
		}
	}
	return out
}

// admits checks that every posting is a part of what is left of its leg.
func (h *HoldState) admits(d *Booked) error {
	asked, err := sums(d.Postings)
	if err != nil {
		return &EntryError{Key: d.Key, Faults: []error{err}}
	}
	for _, sum := range asked {
		at := slices.IndexFunc(h.Legs, func(l HoldLeg) bool { return l.ID() == sum.AccountID && l.Side == sum.Side })
		var left money.Amount
		if at >= 0 {
			left = h.Legs[at].Left()
		}
		if sum.Amount.Cmp(left) > 0 {
			return &Failure{Reason: ErrExceedsHold, Key: d.Key, Account: sum.AccountID, Of: h.Key, Has: left, Change: sum.Amount}
		}
	}
	return nil
}

// usable checks that no account of a hold that is captured is frozen or closed.
func (s *State) usable(d *Booked, h *HoldState) error {
	for _, leg := range h.Legs {
		account := s.place(leg.ID()).now
		if account == nil {
			return neverOpened(leg.ID())
		}
		if account.Status == Frozen || account.Status == AccountClosed {
			return &Failure{Reason: ErrAccountStatus, Key: d.Key, Account: account.AccountID, Of: account.Status.String()}
		}
	}
	return nil
}

func (s *State) foldCapture(b *Booked, t *Terms) error {
	h, err := s.editHold(t.Of)
	if err != nil {
		return err
	}
	captured, err := sums(b.Postings)
	if err != nil {
		return err
	}
	for _, sum := range captured {
		place := s.place(sum.AccountID)
		account, err := s.edit(place, b)
		if err != nil {
			return err
		}
		if err := account.total(sum); err != nil {
			return err
		}
		if err := s.bound(place, money.Max(account.Debits, account.Credits)); err != nil {
			return err
		}
		if err := account.hold(sum.Side, sum.Amount.Neg(), place.share); err != nil {
			return err
		}
		if err := h.take(sum); err != nil {
			return err
		}
	}
	s.Put(h)
	if t.Final || len(h.left()) == 0 {
		return s.endHold(h, b, HoldCaptured)
	}
	return nil
}

// take counts what is captured of a leg.
func (h *HoldState) take(s sum) error {
	for i := range h.Legs {
		leg := &h.Legs[i]
		if leg.ID() != s.AccountID || leg.Side != s.Side {
			continue
		}
		captured, err := leg.Captured.Add(s.Amount)
		if err != nil || captured.Cmp(leg.Amount) > 0 {
			return fmt.Errorf("%w: hold %q: %s of %s captured, held were %s", ErrCorrupt, h.Key, captured, leg.ID(), leg.Amount)
		}
		leg.Captured = captured
		return nil
	}
	return fmt.Errorf("%w: hold %q has no leg on %s", ErrCorrupt, h.Key, s.AccountID)
}

// editHold gives a copy of a hold, to be changed by an item.
func (s *State) editHold(key string) (*HoldState, error) {
	stored, ok := s.Record(holdRef(key)).(*HoldState)
	if !ok || stored.Status != HoldOpen {
		return nil, fmt.Errorf("%w: hold %q is not open", ErrCorrupt, key)
	}
	h := *stored
	h.Legs = slices.Clone(stored.Legs)
	return &h, nil
}

// endHold gives back what is left of a hold and says how it ended.
func (s *State) endHold(h *HoldState, b *Booked, status HoldStatus) error {
	untouched := money.Minor(-1) // what to give back of a count
	for _, leg := range h.Legs {
		if !leg.Captured.IsZero() {
			untouched = money.Minor(0)
		}
	}
	for _, leg := range h.Legs {
		place := s.place(leg.ID())
		account, err := s.edit(place, b)
		if err != nil {
			return err
		}
		if account.Holds == 0 && !place.share {
			return fmt.Errorf("%w: hold %q is open, %s counts no holds", ErrCorrupt, h.Key, leg.ID())
		}
		account.Holds--
		back := leg.Left().Neg()
		if err := account.hold(leg.Side, back, place.share); err != nil {
			return err
		}
		if err := account.count(flowOf(account.Type, leg.Side), back, untouched, h.place(), b.At); err != nil {
			return err
		}
	}
	h.Status, h.EndLane, h.Ended = status, b.Lane, b.Seq
	s.Put(h)
	if !h.Expires.IsZero() {
		s.Delete((&Expiry{Hold: h.Key, Expires: h.Expires}).Ref())
	}
	return nil
}

// Release gives back what is left of a hold, and ends it. Refused with
// ErrNotFound, ErrHoldCaptured, ErrHoldReleased and ErrHoldExpired.
type Release struct {
	Key       string      // as an Entry's
	Hold      string      // key of the hold
	Kind      string      // free, at most 64 bytes
	Reference string      // free, at most 255 bytes
	Metadata  []Attribute // as an Entry's
}

func (r Release) draft(d *Booked) {
	d.Entry = Entry{Key: r.Key, Kind: r.Kind, Reference: r.Reference, Metadata: sorted(r.Metadata)}
	d.Act, d.Terms = Released, &Terms{Of: r.Hold}
}

func (r Release) faults(d *Booked) []error {
	faults := d.checkTexts(0)
	if err := checkText("hold", r.Hold, 1, maxKey); err != nil {
		faults = append(faults, err)
	}
	return faults
}

func (r Release) need(s *State, n *Need) {
	n.Key(r.Key)
	n.hold(s, r.Hold)
}

func (r Release) apply(s *State, d *Booked) error {
	_, err := s.openHold(d.Key, r.Hold)
	return err
}

func (s *State) foldEnd(b *Booked, t *Terms) error {
	h, err := s.editHold(t.Of)
	if err != nil {
		return err
	}
	status := HoldReleased
	if b.Act == Expired {
		status = HoldExpired
	}
	return s.endHold(h, b, status)
}

// expiry books that a hold's time is over; nothing if it has ended otherwise.
type expiry struct {
	hold   string
	booked bool
}

func (e *expiry) At() time.Time { return time.Time{} }

func (e *expiry) Need(s *State, n *Need) { n.hold(s, e.hold) }

func (e *expiry) Apply(s *State) error {
	e.booked = false
	h, ok := s.Record(holdRef(e.hold)).(*HoldState)
	if !ok || h.Status != HoldOpen || !h.due(s.now) {
		return nil
	}
	e.booked = true
	d := s.blank()
	d.Act, d.Terms = Expired, &Terms{Of: e.hold}
	return s.append(d, nil)
}
