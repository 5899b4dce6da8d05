package payment

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/money"
)

// Payload is what an event about a deposit, a refund, a dispute or a payout says: how it stands
// after what happened, as who asks for the resource in that moment is told.
type Payload struct {
	ID          string         `json:"id"`
	Object      string         `json:"object"` // kind of resource
	Status      Status         `json:"status"`
	Merchant    string         `json:"merchant_id"`
	Currency    money.Currency `json:"currency"`
	Amount      string         `json:"amount"`       // major units, the shortest form: "400", "400.5"
	AmountMinor money.Amount   `json:"amount_minor"` // minor units
	Method      string         `json:"method,omitempty"`
	OrderID     string         `json:"order_id,omitempty"`
	Deposit     string         `json:"deposit_id,omitempty"` // refunds and disputes: what they are about
	ReasonCode  string         `json:"reason_code,omitempty"`
	OccurredAt  time.Time      `json:"occurred_at"` // of what happened, UTC

	Recovered      string       `json:"recovered,omitempty"`      // disputes that are won: what came back of Amount, major units
	RecoveredMinor money.Amount `json:"recovered_minor,omitzero"` // minor units
	Direction      string       `json:"direction,omitempty"`      // adjustments: credit, given to the merchant, or debit
}

// detailed is a resource that has more to say than all have.
type detailed interface{ detail(p *Payload) }

func (d *Dispute) detail(p *Payload) {
	if p.Status == Won {
		p.Recovered, p.RecoveredMinor = d.Currency.FormatShort(d.Recovered), d.Recovered
	}
}

func (a *Adjustment) detail(p *Payload) {
	if p.Direction = "credit"; a.Debit {
		p.Direction = "debit"
	}
}

// PayloadOf reads the payload of an event about a payment. Errors: those of encoding/json.
func PayloadOf(e *event.Event) (*Payload, error) {
	p := new(Payload)
	if err := json.Unmarshal(e.Data, p); err != nil {
		return nil, fmt.Errorf("event %s, %s: %w", e.ID(), e.Type, err)
	}
	return p, nil
}

// announce has the events leave that the moves of the plan's resources tell, and
// then those about its reserves.
func (p *plan) announce() error {
	for _, r := range p.records {
		changed, ok := r.(resource)
		if !ok {
			continue
		}
		var before Status
		steps := 0
		if stored, ok := p.state.Record(r.Ref()).(resource); ok {
			before, steps = stored.lived().Status, len(stored.lived().Steps)
		}
		life := changed.lived()
		for i := steps; i < len(life.Steps); i++ { // none: only its figures changed
			if err := p.announceStep(changed, before, &life.Steps[i]); err != nil {
				return err
			}
			before = life.Steps[i].Status
		}
	}
	return p.announceHolds()
}

// announceStep tells one step of a resource that was in a status before it.
func (p *plan) announceStep(r resource, before Status, step *Step) error {
	table := tableOf(step.Kind)
	move := table.find(step.Kind, before)
	early := slices.ContainsFunc(table.early, func(m Move) bool { return m.On == step.Kind && m.To == step.Status })
	if move == nil || early || move.Tells == "" {
		return nil
	}
	facts, object := r.known(), event.Object{Kind: r.Ref().Kind, ID: r.known().ID}
	payload := &Payload{
		ID: facts.ID, Object: object.Kind, Status: step.Status, Merchant: facts.Merchant, Currency: facts.Currency,
		Amount: facts.Currency.FormatShort(facts.Amount), AmountMinor: facts.Amount, Method: facts.Method, OrderID: facts.OrderID,
		Deposit: facts.Parent, ReasonCode: step.Reason, OccurredAt: step.At,
	}
	if more, ok := r.(detailed); ok {
		more.detail(payload)
	}
	return p.tell(move.Tells, object, &r.lived().Told, facts.Merchant, payload)
}

// tell has an event leave about an object, whose record counts its events.
func (p *plan) tell(t event.Type, about event.Object, told *uint64, merchant string, payload any) error {
	data, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("payload of %s of %s: %w", t, about, err)
	}
	*told++
	p.news = append(p.news, event.Event{Type: t, Object: about, Sequence: *told, Merchant: merchant, Data: data})
	return nil
}
