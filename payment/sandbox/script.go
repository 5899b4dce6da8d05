package sandbox

import (
	"strings"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Prefix begins an order id, or the id of a batch's merchant, that names a script.
const Prefix = "sandbox-"

// A Step is something the sandbox tells, so long after the instant of the request.
type Step struct {
	After   time.Duration
	Outcome payment.Outcome // of refunds, payouts and batches
	Kind    payment.Kind    // of deposits
	Reason  string
}

// A Script is a course of events that an amount or an order id asks for.
type Script struct {
	Word    string // order id without Prefix
	Amount  int64  // minor units of any currency
	Deposit bool   // it is of deposits; else of refunds, payouts and batches
	Steps   []Step
}

const day = 24 * time.Hour

// scripts are in the order of the documentation. The first of each sort is what happens
// when nothing was asked for.
var scripts = []Script{
	{"succeed", 9001, true, []Step{{Kind: payment.DepositCaptured}}},
	{"decline", 9002, true, []Step{{Kind: payment.DepositCreated}, {After: time.Minute, Kind: payment.DepositFailed, Reason: "declined"}}},
	{"pending", 9003, true, []Step{
		{Kind: payment.DepositCreated}, {After: time.Minute, Kind: payment.DepositAuthorized}, {After: 10 * time.Minute, Kind: payment.DepositCaptured},
	}},
	{"late-failure", 9004, true, []Step{{Kind: payment.DepositCaptured}, {After: day, Kind: payment.DepositFailed, Reason: "late_failure"}}},
	{"dispute", 9005, true, []Step{{Kind: payment.DepositCaptured}, {After: day, Kind: payment.DisputeOpened, Reason: "fraudulent"}}},
	{"dispute-won", 9006, true, []Step{
		{Kind: payment.DepositCaptured}, {After: day, Kind: payment.DisputeOpened, Reason: "fraudulent"}, {After: 3 * day, Kind: payment.DisputeWon},
	}},
	{"dispute-lost", 9007, true, []Step{
		{Kind: payment.DepositCaptured}, {After: day, Kind: payment.DisputeOpened, Reason: "fraudulent"}, {After: 3 * day, Kind: payment.DisputeLost},
	}},
	{"requires-action", 9008, true, []Step{
		{Kind: payment.DepositCreated}, {After: time.Minute, Kind: payment.DepositAction}, {After: 5 * time.Minute, Kind: payment.DepositCaptured},
	}},
	{"expire", 9009, true, []Step{{Kind: payment.DepositCreated}, {After: 15 * time.Minute, Kind: payment.DepositExpired}}},
	{"cancel", 9010, true, []Step{{Kind: payment.DepositCreated}, {After: 5 * time.Minute, Kind: payment.DepositCanceled}}},
	{"late-success", 9021, true, []Step{
		{Kind: payment.DepositCreated}, {After: time.Minute, Kind: payment.DepositFailed, Reason: "timeout"}, {After: day, Kind: payment.DepositCaptured},
	}},
	{"paid-after-expiry", 9022, true, []Step{
		{Kind: payment.DepositCreated}, {After: 15 * time.Minute, Kind: payment.DepositExpired}, {After: day, Kind: payment.DepositCaptured},
	}},

	{"succeed", 9011, false, []Step{{After: time.Minute, Outcome: payment.OutcomeCompleted}}},
	{"refuse", 9012, false, []Step{{After: time.Minute, Outcome: payment.OutcomeFailed, Reason: "AC04"}}},
	{"pending", 9013, false, []Step{{After: time.Minute, Outcome: payment.OutcomePending}, {After: day, Outcome: payment.OutcomeCompleted}}},
	{"unknown-then-paid", 9014, false, []Step{{After: time.Minute, Outcome: payment.OutcomeUnknown}, {After: time.Hour, Outcome: payment.OutcomeCompleted}}},
	{"unknown-then-failed", 9015, false, []Step{
		{After: time.Minute, Outcome: payment.OutcomeUnknown}, {After: time.Hour, Outcome: payment.OutcomeFailed, Reason: "AM04"},
	}},
	{"late-failure", 9016, false, []Step{{After: day, Outcome: payment.OutcomeFailed, Reason: "AC06"}}},
	{"return", 9017, false, []Step{{After: time.Minute, Outcome: payment.OutcomeCompleted}, {After: 2 * day, Outcome: payment.OutcomeReturned, Reason: "AC04"}}},
}

// Scripts lists all there are, those of deposits first.
func Scripts() []Script {
	out := make([]Script, len(scripts))
	for i, s := range scripts {
		s.Steps = append([]Step(nil), s.Steps...)
		out[i] = s
	}
	return out
}

// choose finds the script of a request: what the order id asks for, else the amount, else
// the first of its sort.
func choose(deposit bool, order string, amount money.Amount) *Script {
	word, named := strings.CutPrefix(order, Prefix)
	var first, byAmount *Script
	for i := range scripts {
		s := &scripts[i]
		if s.Deposit != deposit {
			continue
		}
		if named && s.Word == word {
			return s
		}
		if first == nil {
			first = s
		}
		if amount == money.Minor(s.Amount) {
			byAmount = s
		}
	}
	if byAmount != nil {
		return byAmount
	}
	return first
}
