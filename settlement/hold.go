package settlement

import (
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
)

// HoldReason says what keeps a batch from leaving.
type HoldReason string

// What a batch is held for. Waiting for an approval is no hold: such a batch is closed.
const (
	HoldSchedule   HoldReason = "schedule_hold"    // its schedule says so, until a date
	HoldMerchant   HoldReason = "merchant_hold"    // somebody holds all of its merchant's
	HoldManual     HoldReason = "manual"           // somebody holds this one
	HoldNoQuote    HoldReason = "fx_quote_missing" // there is no rate to convert it at
	HoldStaleQuote HoldReason = "fx_quote_stale"   // the rate there is was too old
	HoldNegative   HoldReason = "negative_balance" // its merchant owes in another currency, and its schedule blocks
)

// HoldReasons lists them.
func HoldReasons() []HoldReason {
	return []HoldReason{HoldSchedule, HoldMerchant, HoldManual, HoldNoQuote, HoldStaleQuote, HoldNegative}
}

// Hold is why a batch does not leave, and since when.
type Hold struct {
	Reason HoldReason `json:"reason"`
	Detail string     `json:"detail,omitempty"` // for people
	Since  time.Time  `json:"since"`            // UTC
	Until  time.Time  `json:"until,omitzero"`   // it is released by itself then, UTC; zero: by somebody, or by what it waits for
	By     string     `json:"by,omitempty"`     // who holds it; empty: the rules do
}

// hold holds a batch that is being closed, where something wants it held.
func (c *closing) hold(s *ledger.State) {
	b := &c.batch
	if b.AtClose != Closed {
		return
	}
	at := s.Now()
	if until, held := c.schedule.HeldUntil(at); held {
		b.born(Hold{Reason: HoldSchedule, Detail: c.schedule.Hold.Reason, Since: at, Until: until})
	}
}

// born holds a batch from its close on.
func (b *Batch) born(h Hold) {
	b.Steps = b.Steps[:1]
	b.take(Held, Step{Kind: payment.BatchHeld, At: h.Since, Hold: h.Reason, Reason: h.Detail, Actor: h.By})
	b.Hold.Until = h.Until
}
