package settlement

import (
	"context"
	"time"

	"github.com/settlex/settlex/ledger"
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
	HoldNegative   HoldReason = "negative_balance" // its merchant owes, and its schedule blocks what it would pay
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

// HeldBatch lists a batch that is held.
type HeldBatch struct {
	Batch    string     `json:"batch"`
	Merchant string     `json:"merchant"`
	Reason   HoldReason `json:"reason"`
	Until    time.Time  `json:"until,omitzero"`
}

// Ref makes HeldBatch a ledger.Record.
func (h *HeldBatch) Ref() ledger.Ref { return heldRef(h.Batch) }

func heldRef(batch string) ledger.Ref { return ledger.Ref{Kind: HeldRecord, ID: batch} }

// list has the batch stand among those that are held, or not.
func (b *Batch) list(s *ledger.State) {
	switch stored := s.Record(heldRef(b.ID)); {
	case b.Hold != nil:
		s.Put(&HeldBatch{Batch: b.ID, Merchant: b.Merchant, Reason: b.Hold.Reason, Until: b.Hold.Until})
	case stored != nil:
		s.Delete(heldRef(b.ID))
	}
}

// MerchantHold is when somebody held all batches of a merchant.
type MerchantHold struct {
	Merchant string       `json:"merchant"`
	Periods  []HoldPeriod `json:"periods"`         // in order; of the last one the end may be open
	Swept    bool         `json:"swept,omitempty"` // the batches that were there when it last changed have followed
}

// HoldPeriod is one hold of a merchant. What is released is held until the instant before.
type HoldPeriod struct {
	Since         time.Time `json:"since"` // UTC
	By            string    `json:"by"`
	Reason        string    `json:"reason"`
	Released      time.Time `json:"released,omitzero"` // UTC; zero: it is in force
	ReleasedBy    string    `json:"released_by,omitempty"`
	ReleaseReason string    `json:"release_reason,omitempty"`
}

// Ref makes MerchantHold a ledger.Record.
func (h *MerchantHold) Ref() ledger.Ref { return MerchantHoldRef(h.Merchant) }

// MerchantHoldRef names the holds of a merchant.
func MerchantHoldRef(merchant string) ledger.Ref {
	return ledger.Ref{Kind: MerchantHoldRecord, ID: merchant}
}

// InForce gives the hold that is; nil: none is.
func (h *MerchantHold) InForce() *HoldPeriod {
	if last := h.last(); last != nil && last.Released.IsZero() {
		return last
	}
	return nil
}

// last gives the last hold; nil: there was none.
func (h *MerchantHold) last() *HoldPeriod {
	if h == nil || len(h.Periods) == 0 {
		return nil
	}
	return &h.Periods[len(h.Periods)-1]
}

// from gives the first hold that was in force behind an instant; nil: none was.
func (h *MerchantHold) from(at time.Time) *HoldPeriod {
	if h == nil {
		return nil
	}
	for i := range h.Periods {
		if p := &h.Periods[i]; p.Released.IsZero() || p.Released.After(at) {
			return p
		}
	}
	return nil
}

func holdsOf(s *ledger.State, merchant string) *MerchantHold {
	holds, _ := s.Record(MerchantHoldRef(merchant)).(*MerchantHold)
	return holds
}

// FindMerchantHold reads the holds of a merchant; nil: there was none.
func FindMerchantHold(ctx context.Context, r ledger.Reader, merchant string) (*MerchantHold, error) {
	for h, err := range ledger.RecordsOf[*MerchantHold](ctx, r, MerchantHoldRecord, merchant) {
		if err != nil {
			return nil, err
		}
		if h.Merchant == merchant {
			return h, nil
		}
		break // the exact id is the first with this prefix
	}
	return nil, nil
}
