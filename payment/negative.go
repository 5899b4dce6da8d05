package payment

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// BalancePayload is what an event about a merchant's balance says.
type BalancePayload struct {
	ID             string         `json:"id"`     // of the position: merchant and currency
	Object         string         `json:"object"` // position
	Merchant       string         `json:"merchant_id"`
	Currency       money.Currency `json:"currency"`
	Available      string         `json:"available"`       // major units, the shortest form
	AvailableMinor money.Amount   `json:"available_minor"` // minor units
	OccurredAt     time.Time      `json:"occurred_at"`     // when it fell below zero, by the journal's time, UTC
}

// BalancePayloadOf reads the payload of an event about a balance. Errors: those of encoding/json.
func BalancePayloadOf(e *event.Event) (*BalancePayload, error) {
	p := new(BalancePayload)
	if err := json.Unmarshal(e.Data, p); err != nil {
		return nil, fmt.Errorf("event %s, %s: %w", e.ID(), e.Type, err)
	}
	return p, nil
}

// A Watch remembers how much was available to merchants before a command booked.
type Watch []watched

type watched struct {
	account ledger.AccountID
	before  money.Amount
}

// WatchAvailable begins to watch what is available to a merchant. The command must
// have declared to need that account and the merchant's position. Errors:
// money.ErrOverflow.
func WatchAvailable(s *ledger.State, merchantID string, c money.Currency) (Watch, error) {
	return Watch(nil).add(s, ledger.AccountID{Path: AvailablePath(merchantID), Currency: c})
}

// WatchEntries begins to watch what is available to the merchants whom entries are about to
// move money of. The command must have declared to need the entries and the merchants'
// positions. Errors: money.ErrOverflow.
func WatchEntries(s *ledger.State, entries []ledger.Entry) (Watch, error) {
	return watchEntries(s, entries)
}

// watchEntries watches the merchants whom entries are about to move money of.
func watchEntries(s *ledger.State, entries []ledger.Entry) (w Watch, err error) {
	for i := range entries {
		for _, p := range entries[i].Postings {
			if w, err = w.add(s, p.ID()); err != nil {
				return nil, err
			}
		}
	}
	return w, nil
}

// add watches an account, if it is one of what is available.
func (w Watch) add(s *ledger.State, id ledger.AccountID) (Watch, error) {
	if m, _, ok := MerchantOf(id.Path); !ok || id.Path != AvailablePath(m) {
		return w, nil
	}
	for _, known := range w {
		if known.account == id {
			return w, nil
		}
	}
	before, err := available(s, id)
	return append(w, watched{id, before}), err
}

func available(s *ledger.State, id ledger.AccountID) (money.Amount, error) {
	account, ok := s.Account(id)
	if !ok {
		return money.Amount{}, nil
	}
	return account.Posted()
}

// Tell has an event leave for each that has fallen below zero since, and counts it
// in the merchant's position as it stands then. Errors: money.ErrOverflow.
func (w Watch) Tell(s *ledger.State) error {
	for _, a := range w {
		now, err := available(s, a.account)
		if err != nil {
			return err
		}
		if a.before.Sign() < 0 || now.Sign() >= 0 {
			continue
		}
		merchantID, _, _ := MerchantOf(a.account.Path)
		position := Position{Merchant: merchantID, Currency: a.account.Currency}
		if stored, ok := s.Record(position.Ref()).(*Position); ok {
			position = *stored
		}
		id := position.Ref().ID
		data, err := json.Marshal(&BalancePayload{
			ID: id, Object: PositionRecord, Merchant: merchantID, Currency: position.Currency,
			Available: position.Currency.FormatShort(now), AvailableMinor: now, OccurredAt: s.Now(),
		})
		if err != nil {
			return fmt.Errorf("payload of %s of position %s: %w", event.BalanceNegative, id, err)
		}
		position.Told++
		s.Tell(event.Event{
			Type: event.BalanceNegative, Object: event.Object{Kind: PositionRecord, ID: id},
			Sequence: position.Told, Merchant: merchantID, Data: data,
		})
		s.Put(&position)
	}
	return nil
}
