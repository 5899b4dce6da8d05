package payment

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// PayoutMode says what becomes of a batch of payouts when one of them is refused.
type PayoutMode string

// The modes.
const (
	PayoutsIndependent PayoutMode = "independent" // each payout for itself
	PayoutsAll         PayoutMode = "all"         // all of them or none, in one transaction
)

// MaxPayoutsAll is how many payouts a batch may have at most that is taken whole or
// not at all: one transaction books them, and keeps others waiting.
const MaxPayoutsAll = 100_000

// ErrBatchChanged marks a batch whose id was used for one of other content, or that
// somebody else is taking at the same time.
var ErrBatchChanged = errors.New("batch of payouts is another one")

// PayoutBatch is a batch of payouts and how far it has come. Its status is pending
// until every item has a result, then completed; rejected, when it was to be taken
// whole and an item was refused.
type PayoutBatch struct {
	ID       string        `json:"id"`
	Mode     PayoutMode    `json:"mode"`
	Hash     string        `json:"hash"` // SHA-256 of what its items say, in hexadecimal
	Created  time.Time     `json:"created"`
	Count    int           `json:"count"`
	Totals   []PayoutTotal `json:"totals"` // of what is asked for, by currency
	Status   Status        `json:"status"`
	Decided  int           `json:"decided"` // items that have a result: the first ones
	Booked   int           `json:"booked"`
	Queued   int           `json:"queued"`
	Refused  int           `json:"refused"`
	NotTaken int           `json:"not_taken,omitzero"`
}

// PayoutTotal is what the payouts of a batch in one currency add up to, without
// fees and without those of an amount that no payout can have, in minor units.
type PayoutTotal struct {
	Currency money.Currency `json:"currency"`
	Amount   money.Amount   `json:"amount"`
}

// Ref makes PayoutBatch a ledger.Record.
func (b *PayoutBatch) Ref() ledger.Ref { return PayoutBatchRef(b.ID) }

// PayoutBatchRef names the record of a batch of payouts.
func PayoutBatchRef(id string) ledger.Ref { return ledger.Ref{Kind: PayoutBatchRecord, ID: id} }

// PayoutOutcome is what became of one payout of a batch.
type PayoutOutcome string

// The outcomes.
const (
	PayoutWasBooked   PayoutOutcome = "booked"
	PayoutWasQueued   PayoutOutcome = "queued"
	PayoutWasRefused  PayoutOutcome = "refused"
	PayoutWasNotTaken PayoutOutcome = "not_taken" // another one of a batch that is taken whole was refused
)

// PayoutResult is what became of one payout of a batch, when the batch was taken.
type PayoutResult struct {
	No      int           `json:"no"`           // in the batch, from 1
	ID      string        `json:"id,omitempty"` // of the payout; empty: it could not be read
	Outcome PayoutOutcome `json:"outcome"`
	Field   Field         `json:"field,omitempty"`  // refused: which is wrong; empty: none by itself
	Reason  string        `json:"reason,omitempty"` // refused: why
}

// refuse is the result of an item that an error keeps out.
func (r PayoutResult) refuse(err error) PayoutResult {
	r.ID, r.Outcome, r.Field, r.Reason = MaskCards(r.ID), PayoutWasRefused, "", err.Error()
	if at, ok := errors.AsType[*FieldError](err); ok && err.Error() == at.Error() {
		r.Field, r.Reason = at.Field, at.Err.Error()
	}
	return r
}

// PayoutResults are the results of some items of a batch that follow each other,
// as stored.
type PayoutResults struct {
	Batch   string         `json:"batch"`
	Results []PayoutResult `json:"results"`
}

// Ref makes PayoutResults a ledger.Record: those of a batch order by their items.
func (r *PayoutResults) Ref() ledger.Ref {
	return ledger.Ref{Kind: PayoutResultsRecord, ID: fmt.Sprintf("%s/%09d", r.Batch, r.Results[0].No)}
}

// PayoutItem is the command that requests one payout of a batch. A payout that is
// refused leaves its reason in Result. One with a Fault was never read well.
type PayoutItem struct {
	Handle Handle // Event is normalized, Batch is set
	Fault  error
	Result PayoutResult // No and ID are set
	err    error        // of the last Apply
}

// At implements ledger.Command.
func (i *PayoutItem) At() time.Time {
	if i.Fault != nil {
		return time.Time{}
	}
	return i.Handle.At()
}

// Need implements ledger.Command.
func (i *PayoutItem) Need(s *ledger.State, n *ledger.Need) {
	if i.Fault == nil {
		i.Handle.Need(s, n)
	}
}

// Apply implements ledger.Command.
func (i *PayoutItem) Apply(s *ledger.State) error {
	err := i.Fault
	if err == nil && i.Handle.Event.Kind != PayoutRequested {
		err = &FieldError{FieldKind, fmt.Errorf("%q is not a %s", i.Handle.Event.Kind, PayoutRequested)}
	}
	if err == nil {
		err = i.Handle.Apply(s)
	}
	if err == nil && i.Handle.Repeated {
		err = &FieldError{FieldID, fmt.Errorf("payout %q was requested before", i.Handle.Event.ID)}
	}
	if i.err = err; err != nil {
		i.Result = i.Result.refuse(err)
		return err
	}
	i.Result.Outcome, i.Result.Field, i.Result.Reason = PayoutWasBooked, "", ""
	if p := take[Payout](s, PayoutRecord, i.Handle.Event.ID); p != nil && p.Status == Queued {
		i.Result.Outcome = PayoutWasQueued
	}
	return nil
}

// PayoutGroup is the command that notes the results of items that were decided by
// the commands before it in the same transaction.
type PayoutGroup struct {
	Before   PayoutBatch // as it was read; Decided of it are over
	New      bool        // it is not stored yet
	Items    []*PayoutItem
	Rejected bool        // the batch is not taken: the results say why
	After    PayoutBatch // once it was applied
}

// At implements ledger.Command.
func (g *PayoutGroup) At() time.Time { return time.Time{} }

// Need implements ledger.Command.
func (g *PayoutGroup) Need(_ *ledger.State, n *ledger.Need) { n.Record(g.Before.Ref()) }

// Apply implements ledger.Command. Errors: ErrBatchChanged, ledger.ErrCorrupt. Then
// nothing of the transaction may be committed, for the items are booked before.
func (g *PayoutGroup) Apply(s *ledger.State) error {
	stored := take[PayoutBatch](s, PayoutBatchRecord, g.Before.ID)
	if g.New != (stored == nil) || stored != nil && (stored.Hash != g.Before.Hash || stored.Decided != g.Before.Decided) {
		return fmt.Errorf("%w: %s", ErrBatchChanged, g.Before.ID)
	}
	g.After = g.Before
	results := make([]PayoutResult, 0, len(g.Items))
	for _, item := range g.Items {
		if errors.Is(item.err, ledger.ErrCorrupt) { // no fault of the item's
			return item.err
		}
		results = append(results, item.Result)
		g.After.count(&item.Result)
	}
	switch {
	case g.Rejected:
		g.After.Status = Rejected
	case g.After.Decided == g.After.Count:
		g.After.Status = Completed
	}
	for chunk := range slices.Chunk(results, resultsChunk) {
		s.Put(&PayoutResults{Batch: g.Before.ID, Results: chunk})
	}
	s.Put(new(g.After))
	return nil
}

// resultsChunk is how many results one record holds.
const resultsChunk = 512

// count takes one more result into the batch.
func (b *PayoutBatch) count(r *PayoutResult) {
	b.Decided++
	switch r.Outcome {
	case PayoutWasBooked:
		b.Booked++
	case PayoutWasQueued:
		b.Queued++
	case PayoutWasRefused:
		b.Refused++
	case PayoutWasNotTaken:
		b.NotTaken++
	}
}

// PayoutSums reads through the items of a batch and says what they come to.
type PayoutSums struct {
	hash   hash.Hash
	count  int
	totals map[money.Currency]money.Amount
}

// NewPayoutSums has seen no item yet.
func NewPayoutSums() *PayoutSums {
	return &PayoutSums{hash: sha256.New(), totals: make(map[money.Currency]money.Amount)}
}

// Add takes one more item: its event as it was read, or what was wrong with it.
func (s *PayoutSums) Add(e *Event, fault error) error {
	if fault != nil {
		_, _ = fmt.Fprintf(s.hash, "%q\n", fault.Error()) // a hash takes everything
	} else {
		text, err := json.Marshal(facts(e))
		if err != nil {
			return fmt.Errorf("payout %s: %w", e.ID, err)
		}
		_, _ = fmt.Fprintf(s.hash, "%s %s\n", e.Kind, text)
		asked := e.Amount
		if checkAmount(e.Currency, asked) != nil { // it will be refused
			asked = money.Amount{}
		}
		sum, err := s.totals[e.Currency].Add(asked)
		if err != nil {
			return &FieldError{FieldAmount, err}
		}
		s.totals[e.Currency] = sum
	}
	s.count++
	return nil
}

// Sum is the hash of the items so far, in hexadecimal.
func (s *PayoutSums) Sum() string { return hex.EncodeToString(s.hash.Sum(nil)) }

// Batch is a batch of those items of which none is decided.
func (s *PayoutSums) Batch(id string, mode PayoutMode, created time.Time) PayoutBatch {
	b := PayoutBatch{ID: id, Mode: mode, Hash: s.Sum(), Created: created, Count: s.count, Status: Pending}
	for currency, amount := range s.totals {
		b.Totals = append(b.Totals, PayoutTotal{Currency: currency, Amount: amount})
	}
	slices.SortFunc(b.Totals, func(x, y PayoutTotal) int { return cmp.Compare(x.Currency.String(), y.Currency.String()) })
	return b
}
