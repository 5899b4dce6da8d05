package settlement

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// The kinds of record this room keeps.
const (
	BatchRecord    = "batch"
	LineRecord     = "line"
	DayRecord      = "batch_day"
	ClosingRecord  = "closing"
	ReportedRecord = "reported"

	HeldRecord         = "batch_held"
	MerchantHoldRecord = "merchant_hold"
	RequestRecord      = "settlement_request"
	BlockRecord        = "negative_block"
	UnconvertedRecord  = "unconverted"
)

// Owner marks the entries of this room: only it may reverse them.
const Owner = "settlement"

// Status is where a batch stands in its life.
type Status string

// Statuses. Closing is invisible to reports: lines are still being written.
const (
	Closing        Status = "closing"
	Closed         Status = "closed" // and waits to be approved
	CarriedForward Status = "carried_forward"
	Held           Status = "held"     // it does not leave until it is released
	Approved       Status = "approved" // and waits to leave
	Submitted      Status = "submitted"
	InTransit      Status = "in_transit" // the rail has taken it on
	Unknown        Status = "unknown"    // sent, and nobody knows yet what became of it
	PartiallyPaid  Status = "partially_paid"
	Paid           Status = "paid"
	Failed         Status = "failed"   // it did not leave: it is tried again, or canceled
	Returned       Status = "returned" // it came back: its net is a line of a later batch
	Canceled       Status = "canceled" // it was never paid: its net is a line of a later batch
)

// Statuses lists those of batches that are closed, in the order of their lives.
func Statuses() []Status {
	return []Status{Closed, CarriedForward, Held, Approved, Submitted, InTransit, Unknown, PartiallyPaid, Paid, Failed, Returned, Canceled}
}

// ErrEquation marks a batch whose figures do not add up. It is never saved.
var ErrEquation = errors.New("batch equation does not hold")

// Totals are the sums of a batch's lines in minor units, signed, positive in
// the merchant's favour.
type Totals struct {
	Gross       money.Amount `json:"gross"`
	Fee         money.Amount `json:"fee"`
	Tax         money.Amount `json:"tax"`
	Withholding money.Amount `json:"withholding"`
	Reserve     money.Amount `json:"reserve"`
	Net         money.Amount `json:"net"` // of all movements, without carry
}

// Categories are the nets of a batch's lines by category, in minor units.
type Categories struct {
	Payments    money.Amount `json:"payments"`
	Refunds     money.Amount `json:"refunds"`
	Disputes    money.Amount `json:"disputes"`
	Reserve     money.Amount `json:"reserve"` // released; what was withheld is in Totals.Reserve
	Payouts     money.Amount `json:"payouts"`
	Batches     money.Amount `json:"batches,omitzero"` // put back by batches that were canceled or returned
	Adjustments money.Amount `json:"adjustments,omitzero"`
	Exchanges   money.Amount `json:"exchanges,omitzero"`
	Fees        money.Amount `json:"fees,omitzero"` // of batches themselves, with their taxes
}

// Watermark bounds what a batch may contain: entries booked before Before,
// of which Through was the last in each lane when the batch was closed. In a lane
// that was idle, entries of other merchants may still come before it.
type Watermark struct {
	Through ledger.Position `json:"through"`
	Before  time.Time       `json:"before"`
}

// Batch is what one merchant earned in one currency and one window, and what
// became of it. Money is in minor units.
type Batch struct {
	ID           string            `json:"id"`
	Merchant     string            `json:"merchant"`
	Region       string            `json:"region"`
	Bank         string            `json:"bank"` // name of the account it is paid from
	Currency     money.Currency    `json:"currency"`
	Window       payment.WindowPin `json:"window"`
	Status       Status            `json:"status"`
	AtClose      Status            `json:"at_close"` // closed or carried_forward: what files show
	Watermark    Watermark         `json:"watermark"`
	Lines        int               `json:"lines"` // carry lines included
	OpeningCarry money.Amount      `json:"opening_carry"`
	Totals       Totals            `json:"totals"`
	Categories   Categories        `json:"categories"`
	CarryOut     money.Amount      `json:"carry_out"`
	Kept         money.Amount      `json:"kept,omitzero"` // of what is carried out, the minimum balance the schedule keeps back; 0 or above
	Net          money.Amount      `json:"net"`           // what is paid, or turned into what is; 0 when carried forward
	Written      Progress          `json:"written"`
	Steps        []Step            `json:"steps"`
	Told         uint64            `json:"told,omitzero"` // how many events have left about it
	// ZoneData is the release of the time-zone data that its window was found with;
	// empty in batches of before it was kept. Schedule and calendars are in Window's pin.
	ZoneData string `json:"zone_data,omitempty"`
	// Timezone is the zone of its schedule, whose clock its window went by; empty likewise. What is told of the batch names it.
	Timezone string `json:"timezone,omitempty"`
	// FX is what becomes of a net that is paid in another currency; nil: it is paid in its own.
	FX *Conversion `json:"fx,omitempty"`

	Parts         []Part `json:"parts,omitempty"`          // by which it is paid; none: by one instruction
	Hold          *Hold  `json:"hold,omitempty"`           // why it is held; nil: it is not
	NeedsApproval bool   `json:"needs_approval,omitempty"` // its net is above what its schedule lets go unseen
	RequestedBy   string `json:"requested_by,omitempty"`   // who asked for it; empty: its schedule did

	Kind        Kind          `json:"kind,omitempty"`        // empty: it is its window's
	Number      uint64        `json:"number,omitzero"`       // among those of its merchant and currency that were asked for, from 1
	AvailableBy calendar.Date `json:"available_by,omitzero"` // on demand: the date by which its members had to be available

	BlockedBy string `json:"blocked_by,omitempty"` // the batch that came to less than nothing before, and blocks it

	Charges []Charge `json:"charges,omitempty"` // what it cost, with the explanation; each that is not 0 is a line
}

// Progress is how far the lines of a batch have been written.
type Progress struct {
	Lines   int          `json:"lines"`
	Running money.Amount `json:"running"` // running balance after the last line
	Items   money.Amount `json:"items"`   // sum of the nets of items that became lines
}

// Step is one event of a batch's life.
type Step struct {
	Kind    payment.Kind `json:"kind,omitempty"` // what was reported; empty: the closing itself
	Status  Status       `json:"status"`         // afterwards
	At      time.Time    `json:"at"`
	Rail    string       `json:"rail,omitempty"`
	Ref     string       `json:"reference,omitempty"`
	BankRef string       `json:"bank_reference,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	Actor   string       `json:"actor,omitempty"`
	Part    int          `json:"part,omitzero"`  // that it happened to; 0: to all that stood so
	Hold    HoldReason   `json:"hold,omitempty"` // held: what for
	Until   time.Time    `json:"until,omitzero"` // held: it is released by itself then
	// Parts are those it happened to, in order, where Part is 0 and it was not all of them.
	Parts []int `json:"parts,omitempty"`

	// FromRail says that a rail which the engine drives told it, or was handed it.
	FromRail bool `json:"from_rail,omitempty"`
}

// of tells whether a step happened to a part of its batch.
func (s *Step) of(no int) bool {
	if s.Part != 0 {
		return s.Part == no
	}
	return len(s.Parts) == 0 || slices.Contains(s.Parts, no)
}

// kind is what was reported; steps of before it was kept say so by their status.
func (s *Step) kind() payment.Kind {
	switch {
	case s.Kind != "":
		return s.Kind
	case s.Status == Submitted:
		return payment.BatchSent
	case s.Status == Paid:
		return payment.BatchPaid
	}
	return ""
}

// Owed is what stands on the batch's own account: what of its net waits to be sent, for
// the first time or after it was refused. In minor units of PaidIn, like Sent and PaidOut.
func (b *Batch) Owed() money.Amount {
	if b.Status == Closing {
		return b.Pays()
	}
	return b.sum(Closed, Held, Approved, Failed)
}

// Sent is what of the batch is on its way by rails, not confirmed.
func (b *Batch) Sent() money.Amount { return b.sum(Submitted, InTransit, Unknown) }

// InTransit is what of the batch is closed, and neither paid nor put back.
func (b *Batch) InTransit() (money.Amount, error) { return b.Owed().Add(b.Sent()) }

// TransitKeys names the entries by which what the batch pays came to be in transit, became another currency, and
// was paid or put back.
func (b *Batch) TransitKeys() []string {
	if b.Net.IsZero() {
		return nil
	}
	keys := []string{b.key("closed")}
	if b.Converted() {
		keys = append(keys, b.key("sold"), b.key("bought"))
	}
	for _, p := range b.Pieces() {
		switch {
		case p.Status != Paid && p.Status != Returned && p.Status != Canceled:
		case p.Status == Canceled || b.canceled(p.No): // that it was paid after all comes out of the merchant's money
			keys = append(keys, b.key(stepOf(p.No, "canceled")))
		default:
			keys = append(keys, b.key(stepOf(p.No, "paid")))
		}
	}
	return keys
}

// canceled tells whether a piece ever was, whatever became of it.
func (b *Batch) canceled(no int) bool {
	return slices.ContainsFunc(b.Steps, func(s Step) bool { return s.kind() == payment.BatchCanceled && s.of(no) })
}

// PaidOut is what of the batch has left the bank, and has not come back.
func (b *Batch) PaidOut() money.Amount { return b.sum(Paid) }

// Rail is the rail a batch was last sent by; empty: it was not sent.
func (b *Batch) Rail() string {
	for _, step := range slices.Backward(b.Steps) {
		if step.kind() == payment.BatchSent {
			return step.Rail
		}
	}
	return ""
}

// Ref makes Batch a ledger.Record.
func (b *Batch) Ref() ledger.Ref { return BatchRef(b.ID) }

// BatchRef names a batch's record.
func BatchRef(id string) ledger.Ref { return ledger.Ref{Kind: BatchRecord, ID: id} }

// Check proves the batch equation, and that net is what is left of the lines. While lines
// are still being written, what they are made up of is not known yet.
func (b *Batch) Check() error {
	if err := b.equation(); err != nil || b.Status == Closing {
		return err
	}
	parts, err := money.Sum(b.Totals.Gross, b.Totals.Fee, b.Totals.Tax, b.Totals.Withholding, b.Totals.Reserve)
	if err != nil {
		return err
	}
	if c := b.Currency; parts != b.Totals.Net {
		return fmt.Errorf("%w: batch %s: gross, fee, tax, withholding and reserve sum to %s, line nets to %s", ErrEquation, b.ID,
			c.Format(parts), c.Format(b.Totals.Net))
	}
	return errors.Join(b.checkFX(), b.checkParts())
}

// equation proves what carry and lines come to, and what the batch cost.
func (b *Batch) equation() error {
	have, err := money.Sum(b.OpeningCarry, b.Totals.Net, b.CarryOut)
	if err != nil {
		return err
	}
	if c := b.Currency; have != b.Net || b.Net.Sign() < 0 {
		return fmt.Errorf("%w: batch %s: opening carry %s + lines %s + carry out %s = %s, net is %s", ErrEquation, b.ID,
			c.Format(b.OpeningCarry), c.Format(b.Totals.Net), c.Format(b.CarryOut), c.Format(have), c.Format(b.Net))
	}
	if rest, err := b.carriedOn(); err != nil || b.Kept.Sign() < 0 || b.Kept.Sign() > 0 && rest.Sign() > 0 {
		return fmt.Errorf("%w: batch %s: keeps %s of what it carries out, %s", ErrEquation, b.ID, b.Currency.Format(b.Kept), b.Currency.Format(b.CarryOut.Neg()))
	}
	return b.checkCharges()
}

// carriedOn is what the batch carries out besides the minimum balance it keeps, signed as
// CarryOut.
func (b *Batch) carriedOn() (money.Amount, error) { return b.CarryOut.Add(b.Kept) }

// batchID derives a batch's id from what makes it the only one of its kind.
func batchID(t *Target) string {
	kind, number := "window", uint64(0)
	if t.asked != nil {
		kind, number = string(t.asked.kind), t.asked.number
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{
		t.Merchant, t.Currency.String(), t.Window.Schedule.String(), t.Window.BusinessDate.String(), strconv.Itoa(t.Window.Ordinal), kind, strconv.FormatUint(number, 10),
	}, "\x00")))
	return "set_" + hex.EncodeToString(sum[:10])
}

// Line is one movement in a batch. Lines are numbered from 1; the first may
// bring a carry in, the last may take one out.
type Line struct {
	Batch   string       `json:"batch"`
	No      int          `json:"no"`
	Late    bool         `json:"late,omitempty"` // its own window had closed already
	Running money.Amount `json:"running"`        // sum of the nets up to and including this line
	payment.Item
}

// Ref makes Line a ledger.Record: lines order by batch and number.
func (l *Line) Ref() ledger.Ref {
	const width = 9
	id := append(make([]byte, 0, 48), l.Batch...)
	no := strconv.Itoa(l.No)
	id = append(id, "/00000000"[:max(1, 1+width-len(no))]...)
	return ledger.Ref{Kind: LineRecord, ID: string(append(id, no...))}
}

// Day lists a batch under its currency and business date.
type Day struct {
	Currency money.Currency `json:"currency"`
	Date     calendar.Date  `json:"date"`
	Closes   time.Time      `json:"closes"`
	Merchant string         `json:"merchant"`
	Batch    string         `json:"batch"`
}

// Ref makes Day a ledger.Record: days order by currency, date, cut-off and
// merchant, which is the order of reports.
func (d *Day) Ref() ledger.Ref {
	return ledger.Ref{Kind: DayRecord, ID: fmt.Sprintf("%s%s/%s/%s", DayPrefix(d.Currency, d.Date), d.Closes.UTC().Format("20060102T150405Z"), d.Merchant, d.Batch)}
}

// day is the entry under which reports find the batch.
func (b *Batch) day() *Day {
	return &Day{Currency: b.Currency, Date: b.Window.BusinessDate, Closes: b.Window.Closes, Merchant: b.Merchant, Batch: b.ID}
}

// DayPrefix is the prefix of the ids of a day's batches.
func DayPrefix(currency money.Currency, date calendar.Date) string {
	return currency.String() + "/" + date.String() + "/"
}

// Unfinished names a batch whose lines are still being written.
type Unfinished struct {
	Batch string `json:"batch"`
}

// Ref makes Unfinished a ledger.Record.
func (u *Unfinished) Ref() ledger.Ref { return ledger.Ref{Kind: ClosingRecord, ID: u.Batch} }
