package payment

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
)

var (
	// ErrInactive marks a new deposit, payout or exchange of a merchant who is suspended,
	// is being closed or is closed. What happens to older ones is booked all the same.
	ErrInactive = errors.New("takes no new payments")
	// ErrRegionFixed marks a change of the region of a merchant who has been paid.
	ErrRegionFixed = errors.New("has been paid and stays in its region")
	// ErrOwed marks a merchant who cannot be closed yet.
	ErrOwed = errors.New("is not settled up")
)

// Statuses of merchants.
const (
	Active    Status = "active"
	Suspended Status = "suspended" // takes no new deposits, requests no payouts and exchanges nothing, until resumed; payouts that wait go on waiting
	Closing   Status = "closing"   // for good; what is owed either way follows its dates
	Closed    Status = "closed"    // nothing was owed either way
)

// Configuration is the actor of what a configuration file decides.
const Configuration = "configuration"

// MerchantAct is what somebody decides about a merchant.
type MerchantAct string

// The acts, in the order of a merchant's life.
const (
	MerchantCreate  MerchantAct = "create"
	MerchantChange  MerchantAct = "change" // of its terms
	MerchantSuspend MerchantAct = "suspend"
	MerchantResume  MerchantAct = "resume"
	MerchantClose   MerchantAct = "close"
	MerchantFinish  MerchantAct = "finish" // closing is over: nothing is owed any more; Engine.CloseOut finds that out
)

// MerchantMove is one row of the table of what may happen to a merchant.
type MerchantMove struct {
	On    MerchantAct
	From  Status // empty: the merchant comes into being
	To    Status
	Tells event.Type
}

// MerchantMoves lists them in the order of a merchant's life. What it lacks is
// ErrTransition and writes nothing: no merchant who is closing is opened again.
func MerchantMoves() []MerchantMove {
	return []MerchantMove{
		{MerchantCreate, "", Active, event.MerchantCreated},
		{MerchantChange, Active, Active, event.MerchantUpdated},
		{MerchantChange, Suspended, Suspended, event.MerchantUpdated},
		{MerchantChange, Closing, Closing, event.MerchantUpdated},
		{MerchantSuspend, Active, Suspended, event.MerchantUpdated},
		{MerchantResume, Suspended, Active, event.MerchantUpdated},
		{MerchantClose, Active, Closing, event.MerchantUpdated},
		{MerchantClose, Suspended, Closing, event.MerchantUpdated},
		{MerchantFinish, Closing, Closed, event.MerchantClosed},
	}
}

// Merchant is a merchant as stored: the terms that were decided last, and how it
// came to stand where it does.
type Merchant struct {
	merchant.Merchant
	Status     Status             `json:"status,omitempty"`     // empty: active
	Configured bool               `json:"configured,omitempty"` // its terms are the configuration's, which alone changes them
	Versions   []merchant.Version `json:"versions,omitempty"`   // of its terms, by decision; none: created before there were any
	Steps      []MerchantStep     `json:"steps,omitempty"`
	Told       uint64             `json:"told,omitzero"` // how many events have left about it
}

// MerchantStep is one decision about a merchant.
type MerchantStep struct {
	Act    MerchantAct `json:"act"`
	At     time.Time   `json:"at"`     // UTC
	Status Status      `json:"status"` // afterwards
	Actor  string      `json:"actor"`
	Reason string      `json:"reason,omitempty"`
}

// Ref makes Merchant a ledger.Record.
func (m *Merchant) Ref() ledger.Ref { return MerchantRef(m.ID) }

// MerchantRef names a merchant's record.
func MerchantRef(id string) ledger.Ref { return ledger.Ref{Kind: MerchantRecord, ID: id} }

// Stands is the merchant's status now.
func (m *Merchant) Stands() Status {
	if m.Status == "" {
		return Active
	}
	return m.Status
}

// StoodAt is the merchant's status at an instant, and since when it had it; before
// its first step it was active.
func (m *Merchant) StoodAt(at time.Time) (status Status, since time.Time) {
	status, since = Active, m.Created
	for _, step := range m.Steps {
		if !step.At.After(at) && step.Status != status {
			status, since = step.Status, step.At
		}
	}
	return status, since
}

// TermsAt gives the terms that govern at an instant.
func (m *Merchant) TermsAt(at time.Time) merchant.Terms {
	if v := merchant.InForce(m.Versions, at); v != nil {
		return v.Terms
	}
	return m.Terms()
}

// takesNew refuses a new deposit or payout of a merchant who took none at its
// instant. A merchant who is closing or closed may still be paid out what no batch
// pays.
func (p *plan) takesNew() error {
	m, status, since := p.stood()
	if m == nil || status == Active || p.event.Kind == PayoutRequested && leaving(status) && p.anyByHand() {
		return nil
	}
	return inactive(m, status, since)
}

// inactive refuses what is new of a merchant.
func inactive(m *Merchant, status Status, since time.Time) error {
	return &FieldError{FieldMerchant, fmt.Errorf("%s %w: it is %s since %s", m.ID, ErrInactive, status, since.Format(timeFormat))}
}

// stood gives the event's merchant and how it stood at its instant; nil: it comes into
// being.
func (p *plan) stood() (*Merchant, Status, time.Time) {
	m, ok := p.state.Record(MerchantRef(p.merchant.ID)).(*Merchant)
	if !ok {
		return nil, "", time.Time{}
	}
	status, since := m.StoodAt(p.event.OccurredAt)
	return m, status, since
}

// leaving tells whether batches pay everything to a merchant of a status.
func leaving(s Status) bool { return s == Closing || s == Closed }

// stays refuses what is only for a merchant who is not leaving.
func (p *plan) stays() error {
	if m, status, since := p.stood(); m != nil && leaving(status) {
		return &FieldError{FieldMerchant, fmt.Errorf("%s %w: %s is %s since %s", p.event.Kind, ErrTransition, m.ID, status, since.Format(timeFormat))}
	}
	return nil
}

// gone tells whether the merchant has been closed.
func (p *plan) gone() bool {
	m, ok := p.state.Record(MerchantRef(p.merchant.ID)).(*Merchant)
	return ok && m.Status == Closed
}

// MerchantDecision is the command that creates a merchant, changes its terms, or
// moves it through its life. After it was applied without an error, Merchant is the
// merchant afterwards, and Repeated tells that there was nothing to do: it had been
// created, or changed, with the same terms before.
//
// Its errors are *FieldError wrapping ErrUnknownMerchant, ErrConflict (created with
// other terms), ErrTransition, ErrRegionFixed, ErrCardNumber or what merchant
// reports.
type MerchantDecision struct {
	Rules  *Rules
	Act    MerchantAct
	ID     string
	Terms  merchant.Terms // create, change: all of them
	From   time.Time      // change: first instant the terms govern, not before the decision; zero: at once
	Actor  string         // who decided it; Configuration: the terms are the configuration's from now on
	Reason string         // why; needed for everything but create
	// Instant is when it was decided, UTC; zero: now.
	Instant  time.Time
	Merchant Merchant
	Repeated bool
}

// At implements ledger.Command.
func (d *MerchantDecision) At() time.Time { return d.Instant }

// Need implements ledger.Command.
func (d *MerchantDecision) Need(_ *ledger.State, n *ledger.Need) { n.Record(MerchantRef(d.ID)) }

// Apply implements ledger.Command.
func (d *MerchantDecision) Apply(s *ledger.State) error {
	if err := d.validate(); err != nil {
		return err
	}
	stored, _ := s.Record(MerchantRef(d.ID)).(*Merchant)
	changed, err := d.change(s, stored)
	if err != nil {
		return err
	}
	if d.Repeated = changed == nil; d.Repeated {
		d.Merchant = *stored
		return nil
	}
	news, err := changed.news(stored)
	if err != nil {
		return err
	}
	s.Tell(news)
	s.Put(changed)
	d.Merchant = *changed
	return nil
}

// validate reports the first fault the decision has by itself.
func (d *MerchantDecision) validate() error {
	if err := checkID(d.ID); err != nil {
		return &FieldError{FieldMerchant, err}
	}
	if d.Actor == "" {
		return &FieldError{FieldActor, errors.New("is missing; somebody decides about a merchant")}
	}
	if d.Reason == "" && d.Act != MerchantCreate {
		return &FieldError{FieldReasonCode, fmt.Errorf("is missing; to %s a merchant needs it", d.Act)}
	}
	if err := checkActor(d.Actor); err != nil {
		return &FieldError{FieldActor, err}
	}
	if err := checkText(d.Reason); err != nil {
		return &FieldError{FieldReasonCode, err}
	}
	if err := checkText(d.Terms.Name); err != nil {
		return &FieldError{FieldMerchant, fmt.Errorf("name: %w", err)}
	}
	if !slices.ContainsFunc(MerchantMoves(), func(m MerchantMove) bool { return m.On == d.Act }) {
		return &FieldError{FieldKind, fmt.Errorf("%q is nothing to decide about a merchant", d.Act)}
	}
	return nil
}

// change gives the merchant afterwards; nil: it stands so already.
func (d *MerchantDecision) change(s *ledger.State, stored *Merchant) (*Merchant, error) {
	if d.Act == MerchantCreate {
		return d.create(s, stored)
	}
	if stored == nil {
		return nil, &FieldError{FieldMerchant, fmt.Errorf("%q: %w", d.ID, ErrUnknownMerchant)}
	}
	move := merchantMove(d.Act, stored)
	if move == nil {
		return nil, &FieldError{FieldMerchant, fmt.Errorf("to %s %s %w: it is %s", d.Act, d.ID, ErrTransition, stored.Stands())}
	}
	changed := *stored
	if d.Act == MerchantChange {
		if same, err := d.amend(s, &changed); same || err != nil {
			return nil, err
		}
	}
	changed.step(move, d, s.Now())
	return &changed, nil
}

// create makes the merchant.
func (d *MerchantDecision) create(s *ledger.State, stored *Merchant) (*Merchant, error) {
	if stored != nil {
		if was := stored.Terms(); was != d.Terms {
			return nil, &FieldError{FieldMerchant, fmt.Errorf("%s %w: it is there with %s", d.ID, ErrConflict, was)}
		}
		return nil, nil
	}
	if err := d.checkRegion(); err != nil {
		return nil, err
	}
	m := NewMerchant(d.ID, d.Terms, d.Actor, s.Now())
	m.Steps[0].Reason, m.Versions[0].Reason = d.Reason, d.Reason
	return m, nil
}

// NewMerchant is a merchant that comes into being at an instant.
func NewMerchant(id string, terms merchant.Terms, actor string, at time.Time) *Merchant {
	return &Merchant{
		Merchant: merchant.Merchant{ID: id, Name: terms.Name, Region: terms.Region, Currency: terms.Currency, Created: at},
		Status:   Active, Configured: actor == Configuration,
		Versions: merchant.With(nil, merchant.Version{From: at, At: at, Actor: actor, Terms: terms}),
		Steps:    []MerchantStep{{Act: MerchantCreate, At: at, Status: Active, Actor: actor}},
	}
}

// amend changes the terms; same: they are these already.
func (d *MerchantDecision) amend(s *ledger.State, m *Merchant) (same bool, err error) {
	if m.Configured && d.Actor != Configuration {
		return false, &FieldError{FieldMerchant, fmt.Errorf("the terms of %s are the configuration's: change them there", d.ID)}
	}
	from := d.From.UTC().Truncate(time.Microsecond)
	switch now := s.Now(); {
	case d.From.IsZero():
		from = now
	case from.Before(now):
		return false, &FieldError{FieldOccurredAt, fmt.Errorf("terms from %s on are decided too late, at %s", from.Format(timeFormat), now.Format(timeFormat))}
	}
	if d.Terms == m.Terms() && d.From.IsZero() && m.Configured == (d.Actor == Configuration) {
		return true, nil
	}
	if d.Terms.Region != m.Region {
		if from.After(s.Now()) {
			return false, &FieldError{FieldMerchant, fmt.Errorf("%s changes its region at once or not at all", d.ID)}
		}
		if err := d.checkRegion(); err != nil {
			return false, err
		}
	}
	if len(m.Versions) == 0 { // what was in force until now
		m.Versions = merchant.With(nil, merchant.Version{From: m.Created, At: m.Created, Actor: Configuration, Terms: m.Terms()})
	}
	m.Versions = merchant.With(m.Versions, merchant.Version{From: from, At: s.Now(), Actor: d.Actor, Reason: d.Reason, Terms: d.Terms})
	m.Name, m.Region, m.Currency, m.Configured = d.Terms.Name, d.Terms.Region, d.Terms.Currency, d.Actor == Configuration
	return false, nil
}

// checkRegion looks for the region of the terms.
func (d *MerchantDecision) checkRegion() error {
	known := func(r merchant.Region) bool { return r.ID == d.Terms.Region }
	if d.Terms.Region != "" && !slices.ContainsFunc(d.Rules.Book.Regions, known) {
		return &FieldError{FieldMerchant, fmt.Errorf("%w %q is configured", merchant.ErrNoRegion, d.Terms.Region)}
	}
	return nil
}

// merchantMove finds the row of an act that finds a merchant; nil: there is none.
func merchantMove(act MerchantAct, before *Merchant) *MerchantMove {
	var from Status
	if before != nil {
		from = before.Stands()
	}
	moves := MerchantMoves()
	i := slices.IndexFunc(moves, func(move MerchantMove) bool { return move.On == act && move.From == from })
	if i < 0 {
		return nil
	}
	return &moves[i]
}

// step adds a decision without touching the slice of the merchant before.
func (m *Merchant) step(move *MerchantMove, d *MerchantDecision, at time.Time) {
	m.Status = move.To
	m.Steps = append(slices.Clone(m.Steps), MerchantStep{Act: d.Act, At: at, Status: move.To, Actor: d.Actor, Reason: d.Reason})
}

// MerchantPayload is what an event about a merchant says.
type MerchantPayload struct {
	ID         string      `json:"id"`
	Object     string      `json:"object"` // merchant
	Status     Status      `json:"status"`
	Name       string      `json:"name,omitempty"`
	Region     string      `json:"region,omitempty"`
	Act        MerchantAct `json:"act"`
	Actor      string      `json:"actor"`
	Reason     string      `json:"reason,omitempty"`
	OccurredAt time.Time   `json:"occurred_at"` // when it was decided, UTC
}

// MerchantPayloadOf reads the payload of an event about a merchant. Errors: those of encoding/json.
func MerchantPayloadOf(e *event.Event) (*MerchantPayload, error) {
	p := new(MerchantPayload)
	if err := json.Unmarshal(e.Data, p); err != nil {
		return nil, fmt.Errorf("event %s, %s: %w", e.ID(), e.Type, err)
	}
	return p, nil
}

// news is the event about the last step of a merchant, which it counts.
func (m *Merchant) news(before *Merchant) (event.Event, error) {
	step := &m.Steps[len(m.Steps)-1]
	data, err := json.Marshal(&MerchantPayload{
		ID: m.ID, Object: MerchantRecord, Status: m.Status, Name: m.Name, Region: m.Region,
		Act: step.Act, Actor: step.Actor, Reason: step.Reason, OccurredAt: step.At,
	})
	if err != nil {
		return event.Event{}, fmt.Errorf("payload of merchant %s: %w", m.ID, err)
	}
	m.Told++
	return event.Event{
		Type: merchantMove(step.Act, before).Tells, Object: event.Object{Kind: MerchantRecord, ID: m.ID},
		Sequence: m.Told, Merchant: m.ID, Data: data,
	}, nil
}
