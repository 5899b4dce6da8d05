package event

import "slices"

// Type says what became true.
type Type string

// All types of event there are. They are part of the API: a type keeps its name and
// the meaning of its payload for ever. Nothing tells settlement.reconciled, report.ready, those of breaks, api_key.rolled,
// webhook_endpoint.disabled and ping yet: what they are about is not built.
const (
	DepositCreated        Type = "deposit.created"
	DepositRequiresAction Type = "deposit.requires_action"
	DepositPending        Type = "deposit.pending" // authorized: the outcome is still open
	DepositSucceeded      Type = "deposit.succeeded"
	DepositFailed         Type = "deposit.failed"
	DepositExpired        Type = "deposit.expired"
	DepositCanceled       Type = "deposit.canceled"

	RefundCreated   Type = "refund.created"
	RefundSucceeded Type = "refund.succeeded"
	RefundFailed    Type = "refund.failed"
	RefundCanceled  Type = "refund.canceled"
	RefundUnknown   Type = "refund.unknown"

	DisputeOpened  Type = "dispute.opened"
	DisputeUpdated Type = "dispute.updated"
	DisputeWon     Type = "dispute.won"
	DisputeLost    Type = "dispute.lost"

	PayoutCreated   Type = "payout.created"
	PayoutQueued    Type = "payout.queued"
	PayoutReleased  Type = "payout.released" // there is money for it now; it was queued
	PayoutApproved  Type = "payout.approved"
	PayoutRejected  Type = "payout.rejected"
	PayoutCanceled  Type = "payout.canceled"
	PayoutSent      Type = "payout.sent"
	PayoutUnknown   Type = "payout.unknown"
	PayoutCompleted Type = "payout.completed"
	PayoutFailed    Type = "payout.failed"
	PayoutReturned  Type = "payout.returned"

	SettlementCreated        Type = "settlement.created"
	SettlementHeld           Type = "settlement.held"
	SettlementReleased       Type = "settlement.released"
	SettlementApproved       Type = "settlement.approved" // by somebody; nothing tells it of one that no one has to approve
	SettlementRetried        Type = "settlement.retried"  // what was refused may leave once more
	SettlementSubmitted      Type = "settlement.submitted"
	SettlementUnknown        Type = "settlement.unknown" // nobody knows yet what became of it
	SettlementInTransit      Type = "settlement.in_transit"
	SettlementPaid           Type = "settlement.paid"
	SettlementFailed         Type = "settlement.failed"
	SettlementReturned       Type = "settlement.returned"
	SettlementCanceled       Type = "settlement.canceled"
	SettlementCarriedForward Type = "settlement.carried_forward"
	SettlementReconciled     Type = "settlement.reconciled"

	BalanceNegative Type = "balance.negative"
	ReserveHeld     Type = "reserve.held"
	ReserveDrawn    Type = "reserve.drawn"
	ReserveReleased Type = "reserve.released"

	MerchantCreated Type = "merchant.created"
	MerchantUpdated Type = "merchant.updated"
	MerchantClosed  Type = "merchant.closed"

	AdjustmentCreated  Type = "adjustment.created"
	AdjustmentApproved Type = "adjustment.approved"
	AdjustmentRejected Type = "adjustment.rejected"

	ReportReady             Type = "report.ready"
	BreakOpened             Type = "break.opened"
	BreakResolved           Type = "break.resolved"
	APIKeyRolled            Type = "api_key.rolled"
	WebhookEndpointDisabled Type = "webhook_endpoint.disabled"
	Ping                    Type = "ping"
)

var types = []Type{
	DepositCreated, DepositRequiresAction, DepositPending, DepositSucceeded, DepositFailed, DepositExpired, DepositCanceled,
	RefundCreated, RefundSucceeded, RefundFailed, RefundCanceled, RefundUnknown,
	DisputeOpened, DisputeUpdated, DisputeWon, DisputeLost,
	PayoutCreated, PayoutQueued, PayoutReleased, PayoutApproved, PayoutRejected, PayoutCanceled, PayoutSent, PayoutUnknown, PayoutCompleted, PayoutFailed, PayoutReturned,
	SettlementCreated, SettlementHeld, SettlementReleased, SettlementApproved, SettlementRetried, SettlementSubmitted, SettlementUnknown, SettlementInTransit, SettlementPaid, SettlementFailed,
	SettlementReturned, SettlementCanceled, SettlementCarriedForward, SettlementReconciled,
	BalanceNegative, ReserveHeld, ReserveDrawn, ReserveReleased,
	MerchantCreated, MerchantUpdated, MerchantClosed,
	AdjustmentCreated, AdjustmentApproved, AdjustmentRejected,
	ReportReady, BreakOpened, BreakResolved, APIKeyRolled, WebhookEndpointDisabled, Ping,
}

// Types lists all types, those of one object together.
func Types() []Type { return slices.Clone(types) }
