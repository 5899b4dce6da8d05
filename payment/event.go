package payment

import (
	"fmt"
	"time"

	"github.com/settlex/settlex/money"
)

// Kind names what happened outside. A row of an event file carries one.
type Kind string

// The kinds of event. The comment says what the event's ID is the id of.
const (
	DepositCreated    Kind = "deposit_created"     // deposit: a payer begins to pay
	DepositAction     Kind = "deposit_action"      // deposit: the payer has something to do, such as to confirm it
	DepositAuthorized Kind = "deposit_authorized"  // deposit: the payer's side agreed, the outcome is still open
	DepositCaptured   Kind = "deposit"             // deposit: the payer's money is captured
	DepositFailed     Kind = "deposit_failed"      // deposit: it failed, before or after it was captured
	DepositExpired    Kind = "deposit_expired"     // deposit: nobody paid in time
	DepositCanceled   Kind = "deposit_canceled"    // deposit: taken back before it was captured
	RefundCreated     Kind = "refund"              // refund: money goes back to the payer of Parent
	RefundConfirmed   Kind = "refund_confirmed"    // refund: the rail paid it
	RefundFailed      Kind = "refund_failed"       // refund: the rail could not pay it
	RefundCanceled    Kind = "refund_canceled"     // refund: called back before the rail had it
	RefundUnknown     Kind = "refund_unknown"      // refund: nobody knows whether the rail paid it; an inquiry will tell
	DisputeOpened     Kind = "dispute"             // dispute: the scheme withdrew the money of Parent
	DisputeEvidence   Kind = "dispute_evidence"    // dispute: the merchant's evidence is in, the scheme looks at it
	DisputeWon        Kind = "dispute_won"         // dispute: decided for the merchant, wholly or in part
	DisputeLost       Kind = "dispute_lost"        // dispute: decided for the payer
	DisputeDebited    Kind = "dispute_debited"     // dispute: the scheme took its money from us
	DisputeCredited   Kind = "dispute_credited"    // dispute: the scheme gave back what was won
	PayoutRequested   Kind = "payout"              // payout: the merchant sends available money to a third party
	PayoutQueued      Kind = "payout_queued"       // payout: it waits for money; nobody reports it
	PayoutReleased    Kind = "payout_released"     // payout: there is money for it now; nobody reports it
	PayoutApproved    Kind = "payout_approved"     // payout: somebody else than who asked for it agrees
	PayoutRejected    Kind = "payout_rejected"     // payout: somebody does not agree
	PayoutCanceled    Kind = "payout_canceled"     // payout: taken back before it was sent
	PayoutSent        Kind = "payout_sent"         // payout: handed to the rail
	PayoutUnknown     Kind = "payout_unknown"      // payout: the rail does not say what became of it
	PayoutCompleted   Kind = "payout_completed"    // payout: it reached its destination
	PayoutFailed      Kind = "payout_failed"       // payout: it did not leave
	PayoutReturned    Kind = "payout_returned"     // payout: it came back after it had completed
	RailSettled       Kind = "rail_settlement"     // rail settlement: the rail paid us what it had captured
	RailCharged       Kind = "rail_cost"           // rail cost: what the rail will charge for its work
	RailInvoiced      Kind = "rail_invoice"        // rail invoice: what it charged is paid from the bank
	RailInvoiceNetted Kind = "rail_invoice_netted" // rail invoice: what it charged is taken off what it owes us
	BankCredit        Kind = "bank_credit"         // bank line: money came in that nothing explains
	BankDebit         Kind = "bank_debit"          // bank line: money went out that nothing explains
	BankExplained     Kind = "bank_explained"      // bank line: another event explains it, and books the bank itself
	BankKept          Kind = "bank_kept"           // bank line: what a merchant who has been closed is owed; nobody reports it
	BankOwnerPaid     Kind = "bank_owner_paid"     // bank line: what was kept for its owner is paid to it
	BankCharged       Kind = "bank_charged"        // bank line: what went out is the bank's own charge
	FeesMoved         Kind = "fee_transfer"        // fee transfer: the platform's income goes to its own account
	Opened            Kind = "opening"             // opening: money that was there before the books, or a sandbox was funded with

	AdjustmentCredit   Kind = "adjustment_credit"   // adjustment: somebody gives money to the merchant
	AdjustmentDebit    Kind = "adjustment_debit"    // adjustment: somebody takes money from it
	AdjustmentApproved Kind = "adjustment_approved" // adjustment: somebody else agreed
	AdjustmentRejected Kind = "adjustment_rejected" // adjustment: somebody refused it, or took it back
	DebtReclassified   Kind = "debt_reclassified"   // debt: a negative balance becomes a receivable
	DebtRestored       Kind = "debt_restored"       // debt: it goes back into the balance
	ToppedUp           Kind = "top_up"              // top-up: the merchant paid in
	FeesDeducted       Kind = "fee_deduction"       // fee deduction: invoiced fees are taken out of the merchant's money
	WriteOffRequested  Kind = "write_off"           // write-off: somebody asks to give a debt up; Parent: the lost dispute it comes from
	WriteOffApproved   Kind = "write_off_approved"  // write-off: somebody else agreed
	WriteOffRejected   Kind = "write_off_rejected"  // write-off: somebody refused it, or took it back

	ReserveRelease Kind = "reserve_release" // decision: the reserve of Parent, a deposit, is given back before its date
	ReserveBuild   Kind = "reserve_build"   // decision: available money goes into the reserve that Parent, a plan, builds
	ReserveReturn  Kind = "reserve_return"  // decision: the reserve that Parent, a plan, has built is given back

	BatchSent Kind = "settlement_sent" // settlement batch: handed to the rail
	BatchPaid Kind = "settlement_paid" // settlement batch: it reached the merchant

	BatchUnknown  Kind = "settlement_unknown"  // settlement batch: nobody knows yet what became of it
	BatchRefused  Kind = "settlement_refused"  // settlement batch: the rail did not take it, no money left
	BatchCanceled Kind = "settlement_canceled" // settlement batch: given up before it was sent, or after it was refused
	BatchReturned Kind = "settlement_returned" // settlement batch: it came back after it had been paid

	BatchHeld      Kind = "settlement_held"       // settlement batch: somebody keeps it from leaving
	BatchReleased  Kind = "settlement_released"   // settlement batch: it is held no longer
	BatchApproved  Kind = "settlement_approved"   // settlement batch: somebody else than its maker agrees that it leaves
	BatchInTransit Kind = "settlement_in_transit" // settlement batch: the rail has taken it on and works on it
	BatchRetried   Kind = "settlement_retried"    // settlement batch: what was refused may leave once more
)

// An Event is a fact about a payment, as a rail, a bank or a merchant's own
// system reports it. Which fields are required depends on the kind; Validate
// knows. An event is told apart by (Kind, ID): the same pair with the same
// content is a repetition, with other content a conflict.
type Event struct {
	Kind       Kind           // what happened
	ID         string         // the resource it happened to
	OccurredAt time.Time      // when, by the clock of whoever reports it; kept in microseconds, UTC
	Merchant   string         // deposits and payouts: the merchant's id
	Currency   money.Currency // currency of Amount, Cost and CostTax
	Amount     money.Amount   // minor units, positive
	Method     string         // how the payer pays: UPI, CARD, WALLET, BANK_TRANSFER, ...
	Rail       string         // the rail that carries it; empty: the method in lower case
	Brand      string         // card brand, where a fee depends on it
	Funding    string         // credit, debit, prepaid, where a fee depends on it
	Border     string         // BorderDomestic or BorderCross, where a fee depends on it; empty: nobody knows
	OrderID    string         // the merchant's own reference
	Parent     string         // refunds, disputes and releases of a reserve: the deposit's id; reserves built and returned: the plan's
	ReasonCode string         // refunds and disputes: why, a code of [a-z0-9_], at most 64 bytes; failures and decisions: any text
	RailRef    string         // the rail's reference
	BankRef    string         // the bank's reference
	Actor      string         // who decided it, where somebody did: an operator, an API key
	Cost       money.Amount   // rail settlements: cost the rail kept, minor units; captures: cost the rail will ask for, where a fee passes it on
	CostTax    money.Amount   // rail settlements and invoices, captures: tax on the cost, minor units
	CostKnown  bool           // captures: Cost and CostTax are known, even if they are 0
	FromRail   bool           // a rail that the engine drives tells it, or was handed it: nobody reports it
}

// Whether the payer's side is in the merchant's country, as whoever reports a payment knows it.
const (
	BorderDomestic = "domestic"
	BorderCross    = "cross_border"
)

// OfBatch tells an event of a settlement batch, which package settlement books.
func (k Kind) OfBatch() bool { return tableOf(k) == &batchTable }

// A Field names a field of Event as event files write it.
type Field string

// The fields of an event, in the order files list them.
const (
	FieldKind       Field = "kind"
	FieldID         Field = "id"
	FieldOccurredAt Field = "occurred_at"
	FieldMerchant   Field = "merchant_id"
	FieldCurrency   Field = "currency"
	FieldAmount     Field = "amount"
	FieldMethod     Field = "method"
	FieldRail       Field = "rail"
	FieldBrand      Field = "brand"
	FieldFunding    Field = "funding"
	FieldBorder     Field = "border"
	FieldOrderID    Field = "order_id"
	FieldParent     Field = "parent_id"
	FieldReasonCode Field = "reason_code"
	FieldRailRef    Field = "rail_reference"
	FieldBankRef    Field = "bank_reference"
	FieldActor      Field = "actor"
	FieldCost       Field = "cost"
	FieldCostTax    Field = "cost_tax"
)

// A FieldError says which field of an event is wrong and why.
type FieldError struct {
	Field Field
	Err   error
}

// Error names the field first.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %v", e.Field, e.Err) }

// Unwrap gives the fault itself.
func (e *FieldError) Unwrap() error { return e.Err }
