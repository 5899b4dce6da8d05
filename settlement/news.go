package settlement

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Object is what events call a batch.
const Object = "settlement"

// Payload is what an event about a batch says: how it stands after what happened.
type Payload struct {
	ID             string         `json:"id"`
	Object         string         `json:"object"`
	Status         Status         `json:"status"`
	Merchant       string         `json:"merchant_id"`
	Currency       money.Currency `json:"currency"`
	BusinessDate   calendar.Date  `json:"business_date"`
	SettlementDate calendar.Date  `json:"settlement_date"`
	Window         string         `json:"window,omitempty"`   // its name, where a day has several
	CutoffAt       time.Time      `json:"cutoff_at"`          // at which its window closed, UTC
	Timezone       string         `json:"timezone,omitempty"` // of its schedule; empty of batches of before it was kept
	Lines          int            `json:"lines"`              // carry lines included
	Net            string         `json:"net"`                // major units, the shortest form: "400", "400.5"
	NetMinor       money.Amount   `json:"net_minor"`          // minor units
	CarryOut       money.Amount   `json:"carry_out_minor"`    // minor units; what is carried forward has the other sign
	FX             *PayloadFX     `json:"fx,omitempty"`       // its net is paid in another currency
	Rail           string         `json:"rail,omitempty"`
	RailRef        string         `json:"rail_reference,omitempty"`
	ReasonCode     string         `json:"reason_code,omitempty"`
	HoldReason     HoldReason     `json:"hold_reason,omitempty"` // of one that is held
	Actor          string         `json:"actor,omitempty"`       // who held, released, approved or tried it again
	Part           int            `json:"part,omitzero"`         // that it happened to; 0: to all of it
	OccurredAt     time.Time      `json:"occurred_at"`           // of what happened, UTC
}

// PayloadFX is what an event says about a batch that was turned into another currency.
type PayloadFX struct {
	Currency  money.Currency `json:"currency"`   // that is paid
	Pays      string         `json:"pays"`       // major units, the shortest form
	PaysMinor money.Amount   `json:"pays_minor"` // minor units
	Rate      money.Rate     `json:"rate"`       // what the merchant got for one of the batch's currency, in major units
	RateID    string         `json:"rate_id"`    // of the quote
	QuotedAt  time.Time      `json:"quoted_at"`  // UTC
}

// payload is what an event says about it; nil: nothing was turned into anything yet.
func (f *Conversion) payload() *PayloadFX {
	if !f.made() {
		return nil
	}
	return &PayloadFX{
		Currency: f.Target, Pays: f.Target.FormatShort(f.Got), PaysMinor: f.Got, Rate: f.Quote.Client, RateID: f.Quote.ID, QuotedAt: f.Quote.QuotedAt,
	}
}

// PayloadOf reads the payload of an event about a batch. Errors: those of encoding/json.
func PayloadOf(e *event.Event) (*Payload, error) {
	p := new(Payload)
	if err := json.Unmarshal(e.Data, p); err != nil {
		return nil, fmt.Errorf("event %s, %s: %w", e.ID(), e.Type, err)
	}
	return p, nil
}

// tell has an event leave about the batch, which counts it.
func (b *Batch) tell(s *ledger.State, t event.Type, step *Step) error {
	data, err := json.Marshal(&Payload{
		ID: b.ID, Object: Object, Status: b.Status, Merchant: b.Merchant, Currency: b.Currency,
		BusinessDate: b.Window.BusinessDate, SettlementDate: b.Window.SettlementDate, Window: b.Window.Label,
		CutoffAt: b.Window.Closes, Timezone: b.Timezone,
		Lines: b.Lines, Net: b.Currency.FormatShort(b.Net), NetMinor: b.Net, CarryOut: b.CarryOut,
		FX:   b.FX.payload(),
		Rail: step.Rail, RailRef: step.Ref, ReasonCode: step.Reason, HoldReason: step.Hold, Actor: step.decider(), Part: step.Part,
		OccurredAt: step.At,
	})
	if err != nil {
		return fmt.Errorf("payload of %s of batch %s: %w", t, b.ID, err)
	}
	b.Told++
	s.Tell(event.Event{Type: t, Object: event.Object{Kind: Object, ID: b.ID}, Sequence: b.Told, Merchant: b.Merchant, Data: data})
	return nil
}

// decider is who decided a step that only a person takes.
func (s *Step) decider() string {
	switch s.Kind {
	case payment.BatchHeld, payment.BatchReleased, payment.BatchApproved, payment.BatchRetried:
		return s.Actor
	}
	return ""
}
