package payment

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// Owner marks the entries of this room: only it may reverse them, so that the
// books and the states of payments never part.
const Owner = "payment"

// The kinds of record this room keeps.
const (
	DepositRecord       = "deposit"
	RefundRecord        = "refund"
	DisputeRecord       = "dispute"
	PayoutRecord        = "payout"
	QueueRecord         = "payout_queue"
	PlaceRecord         = "payout_place"
	PayoutBatchRecord   = "payout_batch"
	PayoutResultsRecord = "payout_results"
	RailRecord          = "rail_settlement"
	RailCostRecord      = "rail_cost"
	RailInvoiceRecord   = "rail_invoice"
	BankLineRecord      = "bank_line"
	FeeTransferRecord   = "fee_transfer"
	OpeningRecord       = "opening"
	ExchangeRecord      = "exchange"
	ItemRecord          = "item"
	PositionRecord      = "position"
	FoldedRecord        = "folded_window"
	HoldRecord          = "hold"
	ReleasedRecord      = "released_hold"
	AdjustmentRecord    = "adjustment"
	DebtRecord          = "debt"
	TopUpRecord         = "top_up"
	WriteOffRecord      = "write_off"
	FeeDeductionRecord  = "fee_deduction"
	BillingRecord       = "billing"
	InvoiceRecord       = "invoice"
	InvoiceLineRecord   = "invoice_line"
	InvoiceSeriesRecord = "invoice_series"
	FeeCounterRecord    = "fee_counter"
	FeeMonthRecord      = "fee_month"
	FeeMonthDoneRecord  = "fee_month_done"
	CustomerRecord      = "customer"
	PoolRecord          = "reserve"
	DecisionRecord      = "reserve_decision"
	MerchantRecord      = "merchant"
	ScheduleRecord      = "schedule"
	ConfiguredRecord    = "configured"
	RefusedRecord       = "refused"
)

// NewRecord makes an empty record of a kind of this room, for a store to decode
// into; nil: it has no such kind.
func NewRecord(kind string) ledger.Record {
	switch kind {
	case DepositRecord:
		return new(Deposit)
	case RefundRecord:
		return new(Refund)
	case DisputeRecord:
		return new(Dispute)
	case PayoutRecord:
		return new(Payout)
	case QueueRecord:
		return new(PayoutQueue)
	case PlaceRecord:
		return new(PayoutPlace)
	case PayoutBatchRecord:
		return new(PayoutBatch)
	case PayoutResultsRecord:
		return new(PayoutResults)
	case RailRecord:
		return new(RailSettlement)
	case RailCostRecord:
		return new(RailCost)
	case RailInvoiceRecord:
		return new(RailInvoice)
	case BankLineRecord:
		return new(BankLine)
	case FeeTransferRecord:
		return new(FeeTransfer)
	case OpeningRecord:
		return new(Opening)
	case ExchangeRecord:
		return new(Exchanged)
	case ItemRecord:
		return new(Item)
	case PositionRecord:
		return new(Position)
	case FoldedRecord:
		return new(FoldedWindow)
	case HoldRecord, ReleasedRecord:
		return new(Hold)
	case AdjustmentRecord:
		return new(Adjustment)
	case DebtRecord:
		return new(Debt)
	case TopUpRecord:
		return new(TopUp)
	case WriteOffRecord:
		return new(WriteOff)
	case FeeDeductionRecord:
		return new(FeeDeduction)
	case BillingRecord:
		return new(Billing)
	case InvoiceRecord:
		return new(Invoice)
	case InvoiceLineRecord:
		return new(InvoiceLine)
	case InvoiceSeriesRecord:
		return new(InvoiceSeries)
	case FeeCounterRecord:
		return new(FeeCounter)
	case FeeMonthRecord, FeeMonthDoneRecord:
		return new(FeeMonth)
	case CustomerRecord:
		return new(Customer)
	case PoolRecord:
		return new(Pool)
	case DecisionRecord:
		return new(ReserveDecision)
	case MerchantRecord:
		return new(Merchant)
	case ScheduleRecord:
		return new(Schedule)
	case ConfiguredRecord:
		return new(Configured)
	case RefusedRecord:
		return new(Refused)
	case InstructionRecord:
		return new(Instruction)
	case SubmissionRecord, SubmissionEndRecord:
		return new(Submission)
	case AnswerRecord, AnswerRefusedRecord:
		return new(Answered)
	case DepartureRecord:
		return new(Departure)
	case DispatchRecord:
		return new(Dispatch)
	}
	return nil
}

// Schedule is one version of a settlement schedule as stored: all versions
// that ever governed a movement are kept.
type Schedule struct{ merchant.Schedule }

// Ref makes Schedule a ledger.Record.
func (s *Schedule) Ref() ledger.Ref { return ScheduleRef(s.Pin()) }

// ScheduleRef names the record of a version of a schedule.
func ScheduleRef(pin merchant.Pin) ledger.Ref {
	return ledger.Ref{Kind: ScheduleRecord, ID: pin.String()}
}

// Refused remembers the rows of a file that were refused for what was booked
// when the rest of it was taken, so that the same file gets the same answer when
// it comes again, however far it got the first time.
type Refused struct {
	File string       `json:"file"` // SHA-256 of the file's rows and of how they were read, in hexadecimal
	Rows []RefusedRow `json:"rows"` // by line
}

// RefusedRow is one of them, with its fault.
type RefusedRow struct {
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Field  Field  `json:"field,omitempty"`
	Fault  string `json:"fault"`
}

// Ref makes Refused a ledger.Record.
func (r *Refused) Ref() ledger.Ref { return ledger.Ref{Kind: RefusedRecord, ID: r.File} }

// Facts are what the event that opened a resource said about it.
type Facts struct {
	ID         string         `json:"id"`
	OccurredAt time.Time      `json:"occurred_at"`
	Merchant   string         `json:"merchant,omitempty"`
	Currency   money.Currency `json:"currency"`
	Amount     money.Amount   `json:"amount"` // minor units
	Method     string         `json:"method,omitempty"`
	Rail       string         `json:"rail"`
	Brand      string         `json:"brand,omitempty"`
	Funding    string         `json:"funding,omitempty"`
	Border     string         `json:"border,omitempty"`
	OrderID    string         `json:"order_id,omitempty"`
	Parent     string         `json:"parent,omitempty"` // the deposit
	ReasonCode string         `json:"reason_code,omitempty"`
	RailRef    string         `json:"rail_reference,omitempty"`
	BankRef    string         `json:"bank_reference,omitempty"`
	Actor      string         `json:"actor,omitempty"`
	Cost       *money.Amount  `json:"cost,omitempty"` // captures: what the rail will ask for, minor units; nil: nobody knows
	CostTax    money.Amount   `json:"cost_tax,omitzero"`
}

func facts(e *Event) Facts {
	return Facts{
		ID: e.ID, OccurredAt: e.OccurredAt, Merchant: e.Merchant, Currency: e.Currency, Amount: e.Amount, Method: e.Method,
		Rail: e.Rail, Brand: e.Brand, Funding: e.Funding, Border: e.Border, Cost: e.cost(), CostTax: e.costTax(),
		OrderID: e.OrderID, Parent: e.Parent, ReasonCode: e.ReasonCode,
		RailRef: e.RailRef, BankRef: e.BankRef, Actor: e.Actor,
	}
}

// cost is what a capture says of what its rail will ask for; nil: it does not.
func (e *Event) cost() *money.Amount {
	if e.Kind != DepositCaptured || !e.CostKnown {
		return nil
	}
	return new(e.Cost)
}

func (e *Event) costTax() money.Amount {
	if e.Kind != DepositCaptured {
		return money.Amount{}
	}
	return e.CostTax
}

// costs writes what is known of the cost; empty: nothing is.
func (f *Facts) costs() (cost, tax string) {
	if f.Cost == nil {
		return "", ""
	}
	return f.Currency.Format(*f.Cost), f.Currency.Format(f.CostTax)
}

// sameCost tells whether a capture says the same of its cost. Nothing and a cost of 0 are the same where nothing was known
// before: no fee went by it.
func (f *Facts) sameCost(e *Event) error {
	now := facts(e)
	if f.Cost == nil && now.Cost != nil && now.Cost.IsZero() && now.CostTax.IsZero() {
		return nil
	}
	cost, tax := f.costs()
	costNow, taxNow := now.costs()
	if cost != costNow {
		return differs(FieldCost, cost, costNow)
	}
	if tax != taxNow {
		return differs(FieldCostTax, tax, taxNow)
	}
	return nil
}

// same tells whether an event repeats the facts; else the error names the
// first field that differs.
func (f *Facts) same(e *Event) error {
	now := facts(e)
	if f.Parent != "" { // what a refund or dispute leaves out it took from its deposit
		now.Merchant = cmp.Or(now.Merchant, f.Merchant)
		now.Method = cmp.Or(now.Method, f.Method)
		if now.Rail == strings.ToLower(e.Method) { // by Normalize, where the event names no rail
			now.Rail = f.Rail
		}
		now.Brand, now.Funding, now.Border = cmp.Or(now.Brand, f.Brand), cmp.Or(now.Funding, f.Funding), cmp.Or(now.Border, f.Border)
	}
	if !f.OccurredAt.Equal(now.OccurredAt) {
		return differs(FieldOccurredAt, f.OccurredAt.Format(time.RFC3339Nano), now.OccurredAt.Format(time.RFC3339Nano))
	}
	for _, c := range []struct {
		field    Field
		was, now string
	}{
		{FieldMerchant, f.Merchant, now.Merchant}, {FieldCurrency, f.Currency.String(), now.Currency.String()},
		{FieldAmount, f.Currency.Format(f.Amount), now.Currency.Format(now.Amount)}, {FieldMethod, f.Method, now.Method},
		{FieldRail, f.Rail, now.Rail}, {FieldBrand, f.Brand, now.Brand}, {FieldFunding, f.Funding, now.Funding}, {FieldBorder, f.Border, now.Border},
		{FieldOrderID, f.OrderID, now.OrderID}, {FieldParent, f.Parent, now.Parent}, {FieldReasonCode, f.ReasonCode, now.ReasonCode},
		{FieldRailRef, f.RailRef, now.RailRef}, {FieldBankRef, f.BankRef, now.BankRef}, {FieldActor, f.Actor, now.Actor},
	} {
		if c.was != c.now {
			return differs(c.field, c.was, c.now)
		}
	}
	return f.sameCost(e)
}

// Deposit is money a payer paid to a merchant.
type Deposit struct {
	Facts
	Life
	Fee      fees.Fee          `json:"fee"`                     // as charged at capture, with its explanation
	Invoiced bool              `json:"invoiced,omitempty"`      // the fee was not taken out of the deposit: it stands on an invoice
	Policy   fees.RefundPolicy `json:"refund_policy,omitempty"` // pinned at capture
	Rounding money.Rounding    `json:"rounding"`                // pinned at capture
	PricedOn calendar.Date     `json:"priced_on,omitzero"`      // local date of the capture: the fee versions of that date stay in force for it
	Refunded money.Amount      `json:"refunded"`                // sum of refunds that have not failed
	Disputed money.Amount      `json:"disputed"`                // sum of disputes that are open or lost
	Twice    bool              `json:"twice,omitempty"`         // the rules let the same money be refunded and disputed
	Over     money.Amount      `json:"over,omitzero"`           // what refunds that succeeded late went beyond Amount at most
	FeeBack  money.Amount      `json:"fee_back"`                // of the fee, what stands given back
	TaxBack  []fees.TaxLine    `json:"tax_back,omitempty"`      // the same of each tax
	Withheld []Withholding     `json:"withheld,omitempty"`      // tax that was withheld at capture, by code
	Hold     string            `json:"hold,omitempty"`          // id of the reserve hold's record
	Settles  WindowPin         `json:"settles,omitzero"`        // the window its own money is settled in: a later one than that of its instant, where it came too late
	Asked    uint64            `json:"asked,omitzero"`          // how many settlements had been asked for when it was booked: a later one may have taken it
	Undrawn  money.Amount      `json:"undrawn,omitzero"`        // what it put into pending, less what refunds and disputes stand drawn from there
}

// Refund is money that goes back to the payer of a deposit.
type Refund struct {
	Facts
	Life
	Fee         fees.Fee          `json:"fee,omitzero"`            // what the refund itself costs
	Invoiced    bool              `json:"invoiced,omitempty"`      // Fee stands on an invoice
	Policy      fees.RefundPolicy `json:"refund_policy,omitempty"` // of Fee, when the refund fails; pinned when it was created
	FeeReturned money.Amount      `json:"fee_returned"`            // of the deposit's fee
	TaxReturned []fees.TaxLine    `json:"tax_returned,omitempty"`
	Drawn       Sources           `json:"drawn,omitzero"`    // where its amount came from
	Restored    Sources           `json:"restored,omitzero"` // where it went back to, when the refund failed or was canceled
	Netted      bool              `json:"netted,omitempty"`  // the rail took it off what it owes us, and did not take it from the bank
}

// Dispute is money a payer's bank took back (a chargeback).
type Dispute struct {
	Facts
	Life
	Fee       fees.Fee           `json:"fee"`
	Invoiced  bool               `json:"invoiced,omitempty"` // the fee stands on an invoice
	Policy    fees.DisputePolicy `json:"dispute_policy"`
	Recovered money.Amount       `json:"recovered"`         // of its amount, what was won
	Debited   Passed             `json:"debited,omitzero"`  // what the scheme has taken from us
	Credited  Passed             `json:"credited,omitzero"` // what of it the scheme has given back
	Drawn     Sources            `json:"drawn,omitzero"`    // where its amount came from
	Restored  Sources            `json:"restored,omitzero"` // where what was recovered went
}

// Passed is money that a scheme took or gave. Minor units.
type Passed struct {
	Amount money.Amount `json:"amount"`
	Netted bool         `json:"netted,omitempty"` // with what it owes us, not through the bank
}

// Payout is money a merchant sends from its available balance.
type Payout struct {
	Facts
	Life
	Fee           fees.Fee `json:"fee"`                      // as charged when it was requested
	Invoiced      bool     `json:"invoiced,omitempty"`       // the fee is not taken out of the money: once the payout completes, it stands on an invoice
	NeedsApproval bool     `json:"needs_approval,omitempty"` // somebody else than who asked for it has to approve it
	Place         uint64   `json:"place,omitzero"`           // its number in the queue it has waited in; 0: it never waited
	Batch         string   `json:"batch,omitempty"`          // of the batch of payouts it came in
}

// RailSettlement is what a rail paid us for what it had captured.
type RailSettlement struct {
	Facts
	Life
	Cost    money.Amount `json:"cost"`
	CostTax money.Amount `json:"cost_tax"`
}

// Position is what a merchant's movements in one currency add up to.
type Position struct {
	Merchant   string         `json:"merchant"`
	Currency   money.Currency `json:"currency"`
	Carry      money.Amount   `json:"carry"`              // left in available by the last batch: negative, or too small to pay
	Unassigned money.Amount   `json:"unassigned"`         // sum of the nets of items in no batch
	Manual     money.Amount   `json:"manual,omitzero"`    // of those, what no job settles; only payouts take it out
	Matured    money.Amount   `json:"matured,omitzero"`   // of those, what was pending and is available (settled by hand)
	Matures    int            `json:"matures,omitzero"`   // how often money has matured; part of the entries' keys
	Maturing   []Maturity     `json:"maturing,omitempty"` // of those, what is still pending, by date (settled by hand)
	ByHand     merchant.Pin   `json:"by_hand,omitzero"`   // schedule of what is maturing
	Held       []Withheld     `json:"held,omitempty"`     // what is withheld, by release date, plan and schedule; a plan's cap is measured against it
	Debt       string         `json:"debt,omitempty"`     // id of the debt that stands as a receivable
	Told       uint64         `json:"told,omitzero"`      // how many events have left about it
	Closed     time.Time      `json:"closed,omitzero"`    // watermark of the last batch that was closed: what comes now counts as booked no earlier
	ClosedBy   merchant.Pin   `json:"closed_by,omitzero"` // schedule of that batch: those of one watermark close in this order; zero: it was asked for
	Open       []WindowSum    `json:"open,omitempty"`     // of Unassigned, what is settled by a job, by window, in the order in which batches close
	Behind     money.Amount   `json:"behind,omitzero"`    // what the windows before Open leave to it at least; below 0: what they lack
	Folded     WindowMark     `json:"folded,omitzero"`    // the last window that is in Behind and not closed; zero: all are
	Sure       bool           `json:"sure,omitempty"`     // those leave exactly Behind
	Asked      Asked          `json:"asked,omitzero"`     // what was settled because somebody asked for it
	// Debited is what of the debt that stands batches have made of it: what is paid in goes there
	// first. Collected says that they have made all of it, and take it back out of nothing else.
	Debited   money.Amount `json:"debited,omitzero"`
	Collected bool         `json:"collected,omitempty"`
	// Lacks is Debited as the batches of the windows in Behind leave it, at most.
	Lacks money.Amount `json:"lacks,omitzero"`
	// Low is what stands in available, at least, of what the windows in Behind were left and of their
	// own, however many of them are closed. nil: none are behind, or the first of them was of before there
	// was this field.
	Low *money.Amount `json:"low,omitempty"`
	// Unpayable is what the last batch of a merchant who is leaving could pay by nothing, of
	// what it carries on: no batch is made for it again.
	Unpayable money.Amount `json:"unpayable,omitzero"`
}

// Maturity is an amount that becomes available on a date.
type Maturity struct {
	On     calendar.Date `json:"on"`
	Amount money.Amount  `json:"amount"`
}

// Withheld is what holds of one plan withhold until a date.
type Withheld struct {
	On       calendar.Date `json:"on"`
	Plan     string        `json:"plan"`
	Schedule merchant.Pin  `json:"schedule,omitzero"` // by whose windows they are released; zero: by hand
	From     time.Time     `json:"from,omitzero"`     // Hold.From
	Amount   money.Amount  `json:"amount"`
}

// Compare orders what is withheld by release date, plan, schedule and the watermark before which
// it is not given back.
func (w Withheld) Compare(o Withheld) int {
	return cmp.Or(w.On.Compare(o.On), cmp.Compare(w.Plan, o.Plan), w.Schedule.Compare(o.Schedule), w.From.Compare(o.From))
}

// Withholds is what the hold adds to what a position withholds: what is left of it, in minor
// units. Errors: reserve.ErrInvalid.
func (h *Hold) Withholds() (Withheld, error) {
	w := h.withheld()
	var err error
	w.Amount, err = h.Left()
	return w, err
}

// withheld names where a position counts what the hold withholds.
func (h *Hold) withheld() Withheld {
	w := Withheld{On: h.ReleaseOn, Plan: h.Plan.ID, From: h.From}
	if !h.Manual {
		w.Schedule = h.Window.Schedule
	}
	return w
}

// Hold is a reserve hold as stored: in order of release for each merchant. A
// hold of which nothing is left is kept under a kind of its own.
type Hold struct {
	reserve.Hold
	Window    WindowPin `json:"window"`           // of the deposit
	Manual    bool      `json:"manual,omitempty"` // the merchant is settled by hand
	ReleaseAt time.Time `json:"release_at"`       // start of the release date in the schedule's zone, UTC
	Zone      string    `json:"zone,omitempty"`   // of the schedule: where ReleaseAt is a midnight
	Told      uint64    `json:"told,omitzero"`    // how many events have left about it
	// Settles is the window its deposit is settled in, where that came too late for its
	// own: the hold is not released before. nil: Window.
	Settles *calendar.Window `json:"settles,omitempty"`
	// From is the watermark of the window its deposit is settled in: by it the position counts the hold
	// apart. Zero: Manual, or a record of before, whose position counts it by its date alone.
	From time.Time `json:"from,omitzero"`
}

// Ref makes Deposit a ledger.Record.
func (d *Deposit) Ref() ledger.Ref { return ledger.Ref{Kind: DepositRecord, ID: d.ID} }

// Ref makes Refund a ledger.Record.
func (r *Refund) Ref() ledger.Ref { return ledger.Ref{Kind: RefundRecord, ID: r.ID} }

// Ref makes Dispute a ledger.Record.
func (d *Dispute) Ref() ledger.Ref { return ledger.Ref{Kind: DisputeRecord, ID: d.ID} }

// Ref makes Payout a ledger.Record.
func (p *Payout) Ref() ledger.Ref { return ledger.Ref{Kind: PayoutRecord, ID: p.ID} }

// Ref makes RailSettlement a ledger.Record.
func (r *RailSettlement) Ref() ledger.Ref { return ledger.Ref{Kind: RailRecord, ID: r.ID} }

// Ref makes Position a ledger.Record.
func (p *Position) Ref() ledger.Ref { return PositionRef(p.Merchant, p.Currency) }

// PositionRef names a merchant's position in one currency.
func PositionRef(merchantID string, currency money.Currency) ledger.Ref {
	return ledger.Ref{Kind: PositionRecord, ID: merchantID + "/" + currency.String()}
}

// Ref makes Hold a ledger.Record.
func (h *Hold) Ref() ledger.Ref {
	kind := HoldRecord
	if h.Empty() {
		kind = ReleasedRecord
	}
	return ledger.Ref{Kind: kind, ID: fmt.Sprintf("%s%s/%s", ItemPrefix(h.Merchant, h.Currency), h.ReleaseOn, h.ID)}
}

// WindowPin is the window a movement was booked into, and the version of the
// schedule that said so.
type WindowPin struct {
	Schedule merchant.Pin `json:"schedule"`
	calendar.Window
}

// Category groups movements in reports.
type Category string

// Categories of movements.
const (
	CategoryPayment    Category = "payment"
	CategoryRefund     Category = "refund"
	CategoryDispute    Category = "dispute"
	CategoryReserve    Category = "reserve"
	CategoryPayout     Category = "payout"
	CategoryAdjustment Category = "adjustment" // what people decide: adjustments, and what becomes of debts
	CategoryExchange   Category = "exchange"
	CategoryCarry      Category = "carry"
	CategoryBatch      Category = "settlement" // what batches that were canceled or returned put back
	CategoryFee        Category = "fee"        // what batches cost
)

// TypeFXOut is the type of the line by which a batch that is paid in another currency
// takes its net out of its own.
const TypeFXOut = "fx_out"

// OfBatch tells whether a line is made by its batch and is no movement: what is carried
// in or out, or turned into another currency.
func (i *Item) OfBatch() bool {
	return i.Category == CategoryCarry || i.Category == CategoryExchange && i.Type == TypeFXOut
}

// Item is a movement of a merchant's money that is in no batch yet, with
// everything a settlement line says about it. All amounts are signed minor
// units, positive in the merchant's favour, and
// Net = Gross + Fee + Tax + Withholding + Reserve.
type Item struct {
	Merchant    string         `json:"merchant"`
	Currency    money.Currency `json:"currency"`
	Lane        uint16         `json:"lane"`
	Seq         uint64         `json:"seq"`   // of Entry
	Entry       string         `json:"entry"` // key of the entry that moved the money
	BookedAt    time.Time      `json:"booked_at"`
	OccurredAt  time.Time      `json:"occurred_at"`
	Window      WindowPin      `json:"window"`           // of OccurredAt
	Manual      bool           `json:"manual,omitempty"` // no job settles it
	Category    Category       `json:"category"`
	Type        string         `json:"type"` // what moved it: deposit, refund_failed, ...
	SourceID    string         `json:"source_id"`
	ParentID    string         `json:"parent_id,omitempty"`
	OrderID     string         `json:"order_id,omitempty"`
	Method      string         `json:"method,omitempty"`
	Rail        string         `json:"rail,omitempty"`
	RailRef     string         `json:"rail_reference,omitempty"`
	BankRef     string         `json:"bank_reference,omitempty"`
	ReasonCode  string         `json:"reason_code,omitempty"`
	Gross       money.Amount   `json:"gross"`
	Fee         money.Amount   `json:"fee"`
	Tax         money.Amount   `json:"tax"`
	TaxCode     string         `json:"tax_code,omitempty"`
	Withholding money.Amount   `json:"withholding"`
	Reserve     money.Amount   `json:"reserve"`
	Net         money.Amount   `json:"net"`
	Pending     money.Amount   `json:"pending"`             // the part of Net that was booked on the pending account; the rest is in available
	ToDebt      money.Amount   `json:"to_debt,omitzero"`    // paid in by the merchant, and no part of Net: what of it paid the debt that stood when it came
	Original    calendar.Date  `json:"original,omitzero"`   // reserves of deposits that are released: the business date on which it was held
	MaturesOn   calendar.Date  `json:"matures_on,omitzero"` // settled by hand: when Pending becomes available, if not on the window's settlement date
}

// Ref makes Item a ledger.Record: items of a merchant and currency order by
// business date, lane and sequence, which is the order of a batch's lines.
func (i *Item) Ref() ledger.Ref {
	id := make([]byte, 0, 64) // many are named while a batch closes
	id = append(append(append(append(id, i.Merchant...), '/'), i.Currency.String()...), '/')
	id = append(append(id, i.Window.BusinessDate.String()...), '/')
	id = append(appendPadded(id, uint64(i.Lane), 5), '/')
	return ledger.Ref{Kind: ItemRecord, ID: string(appendPadded(id, i.Seq, 20))}
}

// appendPadded appends a number with zeros before it, so many digits at least.
func appendPadded(b []byte, n uint64, width int) []byte {
	digits := strconv.AppendUint(make([]byte, 0, 20), n, 10)
	for range width - len(digits) {
		b = append(b, '0')
	}
	return append(b, digits...)
}

// ItemPrefix is the prefix of the ids of a merchant's items in one currency.
func ItemPrefix(merchantID string, currency money.Currency) string {
	return merchantID + "/" + currency.String() + "/"
}
