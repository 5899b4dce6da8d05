package fees

import (
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Event is what a fee is charged for.
type Event string

// The events a schedule can price.
const (
	EventCapture    Event = "capture"    // a deposit was captured
	EventRefund     Event = "refund"     // a refund was created
	EventDispute    Event = "dispute"    // a dispute was opened
	EventPayout     Event = "payout"     // a payout was requested
	EventSettlement Event = "settlement" // a batch was closed that pays
	EventInstant    Event = "instant"    // a batch was asked for that pays at once
	EventFX         Event = "fx"         // a batch was changed into another currency
)

// Events lists the events that a schedule can price.
func Events() []Event {
	return []Event{EventCapture, EventRefund, EventDispute, EventPayout, EventSettlement, EventInstant, EventFX}
}

// known reports whether e is one of the events above.
func (e Event) known() bool { return slices.Contains(Events(), e) }

// Optional reports whether a movement of the event costs nothing unless a schedule names the event, so that a schedule for any
// event is not for it, see [Table.SelectNamed].
func (e Event) Optional() bool {
	switch e {
	case EventRefund, EventSettlement, EventInstant, EventFX:
		return true
	}
	return false
}

// counted reports whether e is an event of a payment: what is charged for it can be counted, and invoiced.
func (e Event) counted() bool {
	switch e {
	case EventCapture, EventRefund, EventDispute, EventPayout:
		return true
	}
	return false
}

// Match says which movements a schedule prices. Every field is one dimension: empty means any value, anything else must equal
// the query's value to the letter (case included), so a bound dimension never matches a query that does not know it. The zero
// Match matches everything.
type Match struct {
	Currency money.Currency `json:"currency,omitzero"`  // required where the schedule names amounts of money
	Merchant string         `json:"merchant,omitempty"` // merchant id
	Method   string         `json:"method,omitempty"`   // payment method: UPI, CARD, WALLET, BANK_TRANSFER ...
	Brand    string         `json:"brand,omitempty"`    // card scheme or wallet brand
	Funding  string         `json:"funding,omitempty"`  // credit, debit, prepaid ...
	Region   string         `json:"region,omitempty"`   // region id
	Event    Event          `json:"event,omitempty"`    // one of Events
	Domestic *bool          `json:"domestic,omitempty"` // true domestic, false cross-border, nil either
}

// Bound returns the number of dimensions that m binds, from 0 to 8. The schedule with the most wins the selection.
func (m *Match) Bound() int {
	n := 0
	for _, bound := range [...]bool{
		m.Merchant != "", m.Method != "", m.Brand != "", m.Funding != "", m.Region != "",
		!m.Currency.IsZero(), m.Event != "", m.Domestic != nil,
	} {
		if bound {
			n++
		}
	}
	return n
}

// matches reports whether every bound dimension of m equals that of q. What is cheap to compare or likeliest to differ comes first.
func (m *Match) matches(q *Query) bool {
	return (m.Currency == q.Currency || m.Currency.IsZero()) &&
		anyOr(m.Merchant, q.Merchant) &&
		anyOr(m.Method, q.Method) &&
		(m.Event == "" || m.Event == q.Event) &&
		anyOr(m.Brand, q.Brand) &&
		anyOr(m.Funding, q.Funding) &&
		anyOr(m.Region, q.Region) &&
		(m.Domestic == nil || q.Domestic != nil && *m.Domestic == *q.Domestic)
}

// anyOr reports whether a dimension is unbound or equals the value asked for.
func anyOr(bound, value string) bool { return bound == "" || bound == value }

// Query describes one movement whose fee is wanted. Event, Currency and On are required; an empty field elsewhere means that
// the fact is not known, and matches only schedules that leave that dimension unbound.
type Query struct {
	Merchant string         `json:"merchant,omitempty"`
	Method   string         `json:"method,omitempty"`
	Brand    string         `json:"brand,omitempty"`
	Funding  string         `json:"funding,omitempty"`
	Region   string         `json:"region,omitempty"`
	Currency money.Currency `json:"currency,omitzero"`
	Event    Event          `json:"event,omitempty"`
	On       calendar.Date  `json:"on,omitzero"` // the day that decides which version is in force: local date of the capture, or of the request of a payout
	Domestic *bool          `json:"domestic,omitempty"`
}

// String names every known fact of q, for error texts: "event capture, merchant m-1, method UPI, currency INR, on 2026-01-05".
func (q Query) String() string {
	var b strings.Builder
	b.WriteString("event " + orNone(string(q.Event)))
	for _, d := range [...]struct{ name, value string }{
		{"merchant", q.Merchant}, {"method", q.Method}, {"brand", q.Brand}, {"funding", q.Funding}, {"region", q.Region},
	} {
		if d.value != "" {
			b.WriteString(", " + d.name + " " + d.value)
		}
	}
	switch {
	case q.Domestic == nil:
	case *q.Domestic:
		b.WriteString(", domestic")
	default:
		b.WriteString(", cross-border")
	}
	b.WriteString(", currency " + orNone(q.Currency.String()))
	b.WriteString(", on " + orNone(q.On.String()))
	return b.String()
}

// orNone spells out an absent value.
func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
