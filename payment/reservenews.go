package payment

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/money"
)

// ReservePayload is what an event about a reserve says: what moved (Amount), and how the hold
// stands afterwards. Status is held while something is left; then drawn, if all of it went to refunds
// and disputes, else released.
type ReservePayload struct {
	Payload
	Left      string        `json:"left"`                // major units, the shortest form
	LeftMinor money.Amount  `json:"left_minor"`          // minor units
	Plan      string        `json:"plan"`                // the version that decided, as "id@version"
	ReleaseOn calendar.Date `json:"release_on,omitzero"` // of a hold: when what is left is given back
}

// ReservePayloadOf reads the payload of an event about a reserve. Errors: those of encoding/json.
func ReservePayloadOf(e *event.Event) (*ReservePayload, error) {
	p := new(ReservePayload)
	if err := json.Unmarshal(e.Data, p); err != nil {
		return nil, fmt.Errorf("event %s, %s: %w", e.ID(), e.Type, err)
	}
	return p, nil
}

// News makes the event about what a hold has become, and counts it. Before is the hold as it was, nil
// when it came into being; reason says what for, at when it happened. Errors: money.ErrOverflow.
func (h *Hold) News(before *Hold, reason string, at time.Time) (event.Event, error) {
	t, amount, err := h.moved(before)
	if err != nil {
		return event.Event{}, fmt.Errorf("hold %s: %w", h.ID, err)
	}
	left, err := h.Left()
	if err != nil {
		return event.Event{}, fmt.Errorf("hold %s: %w", h.ID, err)
	}
	data, err := json.Marshal(&ReservePayload{
		Payload: Payload{
			ID: h.ID, Object: HoldRecord, Status: h.status(), Merchant: h.Merchant, Currency: h.Currency,
			Amount: h.Currency.FormatShort(amount), AmountMinor: amount, Deposit: h.ID, ReasonCode: reason, OccurredAt: at,
		},
		Left: h.Currency.FormatShort(left), LeftMinor: left, Plan: h.Plan.String(), ReleaseOn: h.ReleaseOn,
	})
	if err != nil {
		return event.Event{}, fmt.Errorf("payload of %s of hold %s: %w", t, h.ID, err)
	}
	if h.Told = 1; before != nil {
		h.Told = before.Told + 1
	}
	return event.Event{Type: t, Object: event.Object{Kind: HoldRecord, ID: h.ID}, Sequence: h.Told, Merchant: h.Merchant, Data: data}, nil
}

// moved tells what became of a hold: the type of its event and the amount.
func (h *Hold) moved(before *Hold) (t event.Type, amount money.Amount, err error) {
	if before == nil {
		return event.ReserveHeld, h.Amount, nil
	}
	switch {
	case h.Released != before.Released:
		amount, err = h.Released.Sub(before.Released)
		return event.ReserveReleased, amount, err
	case h.Drawn != before.Drawn:
		amount, err = h.Drawn.Sub(before.Drawn)
		return event.ReserveDrawn, amount, err
	}
	amount, err = h.Restored.Sub(before.Restored)
	return event.ReserveHeld, amount, err
}

// status derives how a hold stands.
func (h *Hold) status() Status {
	switch {
	case !h.Empty():
		return Held
	case h.Released.IsZero():
		return Drawn
	}
	return Released
}

// holdChange is what a plan makes of a hold; before is nil when it comes into being.
type holdChange struct {
	before, after *Hold
	reason        string
}

// announceHolds has the events leave about what becomes of holds.
func (p *plan) announceHolds() error {
	for _, c := range p.holds {
		news, err := c.after.News(c.before, c.reason, p.event.OccurredAt)
		if err != nil {
			return err
		}
		p.news = append(p.news, news)
	}
	return nil
}
