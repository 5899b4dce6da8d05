package payment

import (
	"slices"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
)

// Part says what a kind of record is in a replay of history.
type Part uint8

const (
	// NoPart is the zero value: nobody has said so.
	NoPart Part = iota
	// Told records hold what was told or decided: it is told again.
	Told
	// Derived records follow from what is told again.
	Derived
	// Beside records decide nothing about merchants' money.
	Beside
)

// parts are those of all kinds of record of this room. Who adds a kind says here what it
// is in a replay; where it is Told, Past has to know it.
var parts = map[string]Part{
	DepositRecord: Told, RefundRecord: Told, DisputeRecord: Told, PayoutRecord: Told, RailRecord: Told, RailCostRecord: Told, RailInvoiceRecord: Told,
	BankLineRecord: Told, FeeTransferRecord: Told, OpeningRecord: Told, ExchangeRecord: Told, AdjustmentRecord: Told, DebtRecord: Told,
	TopUpRecord: Told, WriteOffRecord: Told, FeeDeductionRecord: Told, DecisionRecord: Told, MerchantRecord: Told,

	QueueRecord: Derived, PlaceRecord: Derived, ItemRecord: Derived, PositionRecord: Derived, HoldRecord: Derived, ReleasedRecord: Derived,
	FoldedRecord: Derived, FeeCounterRecord: Derived, FeeMonthRecord: Derived, FeeMonthDoneRecord: Derived,
	BillingRecord: Derived, InvoiceRecord: Derived, InvoiceLineRecord: Derived, InvoiceSeriesRecord: Derived, PoolRecord: Derived,
	ScheduleRecord: Derived, // by the rules that a replay is given

	ConfiguredRecord: Beside, PayoutBatchRecord: Beside, PayoutResultsRecord: Beside, CustomerRecord: Beside, RefusedRecord: Beside,
	// Of what left and came by rails, the events that were told of it are replayed.
	InstructionRecord: Beside, SubmissionRecord: Beside, SubmissionEndRecord: Beside, AnswerRecord: Beside, AnswerRefusedRecord: Beside,
	DepartureRecord: Beside, DispatchRecord: Beside,
}

// PartOf says what a kind of record of this room is in a replay; NoPart: it is not known.
func PartOf(kind string) Part { return parts[kind] }

// ToldRecords lists the kinds of record that hold what was told or decided.
func ToldRecords() (kinds []string) {
	for kind, part := range parts {
		if part == Told {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// marks are the entries by which an event is found in the journal, by kind, with the events
// that may have booked them. Others stand beside one of these, or are of no event.
var marks = map[string][]Kind{
	EntryCaptured: {DepositCaptured}, EntryDepositFailed: {DepositFailed},
	EntryRefund: {RefundCreated}, EntryRefundPaid: {RefundConfirmed}, EntryRefundFailed: {RefundFailed}, EntryRefundCanceled: {RefundCanceled},
	EntryDispute: {DisputeOpened}, EntryDisputeWon: {DisputeWon}, EntryDisputeDebit: {DisputeDebited}, EntryDisputeCredit: {DisputeCredited},
	EntryPayout: {PayoutRequested, PayoutReleased}, EntryPayoutRejected: {PayoutRejected}, EntryPayoutCanceled: {PayoutCanceled},
	EntryPayoutSent: {PayoutSent}, EntryPayoutDone: {PayoutCompleted}, EntryPayoutRevived: {PayoutCompleted},
	EntryPayoutFailed: {PayoutFailed}, EntryPayoutReturned: {PayoutReturned},
	EntryRailSettled: {RailSettled}, EntryRailCost: {RailCharged}, EntryRailInvoice: {RailInvoiced, RailInvoiceNetted},
	EntryBankLine: {BankCredit, BankDebit}, EntryBankExplained: {BankExplained}, EntryBankCharged: {BankCharged}, EntryOwnerPaid: {BankOwnerPaid},
	EntryFeesMoved: {FeesMoved}, EntryOpening: {Opened},
	EntryAdjusted: {AdjustmentCredit, AdjustmentApproved}, EntryAdjustedDown: {AdjustmentDebit, AdjustmentApproved},
	EntryDebtReclassified: {DebtReclassified}, EntryDebtRestored: {DebtRestored}, EntryToppedUp: {ToppedUp}, EntryFeesDeducted: {FeesDeducted},
	EntryWrittenOff: {WriteOffApproved}, EntryReserveFreed: {ReserveRelease, ReserveReturn}, EntryReserveFunded: {ReserveBuild},
}

// Marks gives the events that may have booked an entry that hangs on no other one, by the
// entry's kind; none: it is of no event, or another entry is the event's.
func Marks(entry string) []Kind { return marks[entry] }

// silent are the kinds of event of payments that book nothing by themselves.
var silent = []Kind{
	DepositCreated, DepositAction, DepositAuthorized, DepositExpired, DepositCanceled, RefundUnknown, DisputeEvidence, DisputeLost,
	PayoutApproved, PayoutUnknown, AdjustmentRejected, WriteOffRequested, WriteOffRejected,
}

// Replayable tells whether a replay of history knows a kind of event. Those of batches
// package settlement knows.
func Replayable(k Kind) bool {
	if slices.Contains(silent, k) {
		return true
	}
	for _, kinds := range marks {
		if slices.Contains(kinds, k) {
			return true
		}
	}
	return false
}

// Refusable tells events of what people ask for and what becomes of that, which the books may
// refuse for lack of money or of what it is about. Everything else is a fact, and under
// rules that cannot book it nothing can be said.
func Refusable(k Kind) bool {
	switch sourceKind(k) {
	case PayoutRecord, DecisionRecord, DebtRecord, WriteOffRecord, FeeDeductionRecord:
		return true
	}
	return k == BankOwnerPaid
}

// A Fact is one step of a resource's life, as it is told again.
type Fact struct {
	Event Event     // PayoutReleased: nobody told it, its queue is looked at again
	Batch string    // payouts: the batch it came in
	Noted time.Time // where nothing was booked of it: when it came, by the journal's time
}

// Past gives what was told of a resource of a Told kind, in that order, as the commands
// take it: what follows from it by itself is left out. ok is false for a record that events
// do not happen to.
func Past(r ledger.Record) (all []Fact, ok bool) {
	of, ok := r.(resource)
	if !ok {
		return nil, false
	}
	known, life := of.known(), of.lived()
	for i := range life.Steps {
		step := &life.Steps[i]
		if followed(r, step) {
			continue
		}
		fact := Fact{Event: retell(known, step, i == 0), Noted: step.Noted}
		if fact.Noted.IsZero() {
			fact.Noted = step.At
		}
		switch r := r.(type) {
		case *RailSettlement:
			fact.Event.Cost, fact.Event.CostTax = r.Cost, r.CostTax
		case *RailInvoice:
			fact.Event.CostTax = r.CostTax
		case *Payout:
			fact.Batch = r.Batch
		}
		all = append(all, fact)
	}
	return all, true
}

// followed tells steps that nobody told.
func followed(r ledger.Record, step *Step) bool {
	switch r := r.(type) {
	case *Refund:
		return step.Kind == RefundCreated && r.ID == LateRefundID(r.Parent)
	case *BankLine:
		return step.Kind == BankKept
	case *Debt: // a batch made it
		return step.Kind == DebtReclassified && r.Collected
	}
	return step.Follows && step.Kind != PayoutReleased
}

// retell makes an event of a step. One that opened its resource says all that is known of
// it, a later one what it needs.
func retell(f *Facts, s *Step, opens bool) Event {
	e := Event{
		Kind: s.Kind, ID: f.ID, OccurredAt: s.At, Currency: f.Currency, Amount: s.Amount, ReasonCode: s.Reason,
		RailRef: s.RailRef, BankRef: s.BankRef, Actor: s.Actor, FromRail: s.FromRail,
	}
	if !opens && s.Kind != DepositCaptured {
		return e
	}
	e.Merchant, e.Method, e.Rail, e.Brand, e.Funding, e.OrderID, e.Parent = f.Merchant, f.Method, f.Rail, f.Brand, f.Funding, f.OrderID, f.Parent
	e.Border = f.Border
	if s.Kind == DepositCaptured && f.Cost != nil {
		e.Cost, e.CostTax, e.CostKnown = *f.Cost, f.CostTax, true
	}
	if opens {
		e.ReasonCode, e.Actor = f.ReasonCode, f.Actor
	}
	return e
}

// Ask is the exchange as it was asked for.
func (x *Exchanged) Ask() Exchange {
	return Exchange{
		ID: x.ID, Merchant: x.Merchant, Sold: x.Sold, Bought: x.Bought, Amount: x.Amount, Quote: x.Quote, Actor: x.Actor, Instant: x.At,
	}
}

// Decisions are what was decided about the merchant, in that order; MerchantFinish is
// found out, and by whoever closes merchants out.
func (m *Merchant) Decisions() (all []MerchantDecision) {
	if len(m.Steps) == 0 { // created before there were any
		return []MerchantDecision{{Act: MerchantCreate, ID: m.ID, Terms: m.TermsAt(m.Created), Actor: Configuration, Instant: m.Created}}
	}
	for _, step := range m.Steps {
		d := MerchantDecision{Act: step.Act, ID: m.ID, Actor: step.Actor, Reason: step.Reason, Instant: step.At}
		if step.Act == MerchantCreate || step.Act == MerchantChange {
			i := slices.IndexFunc(m.Versions, func(v merchant.Version) bool { return v.At.Equal(step.At) && v.Actor == step.Actor })
			if i < 0 { // it was decided before versions were kept
				continue
			}
			d.Terms, d.From = m.Versions[i].Terms, m.Versions[i].From
		}
		all = append(all, d)
	}
	return all
}
