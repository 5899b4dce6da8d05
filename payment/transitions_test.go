package payment_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// A stage is how a resource comes to stand where it does.
type stage struct {
	status payment.Status
	events []payment.Event
}

// A life is what may become of one kind of resource: everything that is not a
// move is refused and writes nothing. docs/ACCOUNTING.md has the same tables.
type life struct {
	record string
	id     string
	kinds  []payment.Kind // that happen to it after its birth
	stages []stage
	moves  map[payment.Status]map[payment.Kind]payment.Status
	follow map[payment.Status]map[payment.Kind]payment.Status // moves that nobody reports
	status func(d *desk, id string) payment.Status
	rules  func() *payment.Rules // nil: terms
	ready  func(*desk)           // what goes before all of it
	actor  string                // what happens to it is decided by somebody
}

func statusOf[T ledger.Record](kind string, status func(T) payment.Status) func(*desk, string) payment.Status {
	return func(d *desk, id string) payment.Status {
		d.Helper()
		return status(record[T](d, kind, id))
	}
}

func lives() []life {
	return []life{depositLife(), refundLife(), disputeLife(), payoutLife(), bankLineLife(), keptLineLife(), adjustmentLife(), debtLife(), writeOffLife()}
}

func depositLife() life {
	born, begins := captured(), begun("d1", "1000.00", "2026-03-02 09:00")
	then := func(kinds ...payment.Kind) []payment.Event {
		events := []payment.Event{begins}
		for i, kind := range kinds {
			events = append(events, told(kind, "d1", fmt.Sprintf("2026-03-02 09:%02d", 10*(i+1))))
		}
		return events
	}
	open := func(more map[payment.Kind]payment.Status) map[payment.Kind]payment.Status {
		moves := map[payment.Kind]payment.Status{
			payment.DepositCaptured: payment.Succeeded, payment.DepositFailed: payment.Failed,
			payment.DepositExpired: payment.Expired, payment.DepositCanceled: payment.Canceled,
		}
		maps.Copy(moves, more)
		return moves
	}
	part := []payment.Event{born, refund("r1", "d1", "999.99", "2026-03-02 11:00")}
	return life{
		record: payment.DepositRecord, id: "d1",
		kinds: []payment.Kind{
			payment.DepositCreated, payment.DepositAction, payment.DepositAuthorized, payment.DepositCaptured,
			payment.DepositFailed, payment.DepositExpired, payment.DepositCanceled,
		},
		stages: []stage{
			{payment.Pending, then()},
			{payment.RequiresAction, then(payment.DepositAction)},
			{payment.Authorized, then(payment.DepositAuthorized)},
			{payment.Authorized, then(payment.DepositAction, payment.DepositAuthorized)},
			{payment.Succeeded, []payment.Event{born}},
			{payment.Succeeded, then(payment.DepositCaptured)},
			{payment.Succeeded, then(payment.DepositAction, payment.DepositAuthorized, payment.DepositCaptured)},
			{payment.Succeeded, then(payment.DepositFailed, payment.DepositCaptured)},
			{payment.Succeeded, then(payment.DepositAuthorized, payment.DepositExpired, payment.DepositCaptured)},
			{payment.PartiallyRefunded, part},
			{payment.Refunded, append(part, refund("r2", "d1", "0.01", "2026-03-02 11:00"))},
			{payment.Failed, []payment.Event{born, later(payment.DepositFailed, "d1", "2026-03-02 11:00")}},
			{payment.Failed, then(payment.DepositAuthorized, payment.DepositFailed)},
			{payment.Failed, then(payment.DepositFailed, payment.DepositCaptured, payment.DepositFailed)},
			{payment.Expired, then(payment.DepositExpired)},
			{payment.Canceled, then(payment.DepositCanceled)},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Pending: open(map[payment.Kind]payment.Status{
				payment.DepositAction: payment.RequiresAction, payment.DepositAuthorized: payment.Authorized,
			}),
			payment.RequiresAction: open(map[payment.Kind]payment.Status{payment.DepositAuthorized: payment.Authorized}),
			payment.Authorized:     open(nil),

			payment.Succeeded:         {payment.DepositFailed: payment.Failed},
			payment.PartiallyRefunded: {payment.DepositFailed: payment.Failed},
			payment.Refunded:          {payment.DepositFailed: payment.Failed},
			payment.Failed:            {payment.DepositCaptured: payment.Succeeded},
			payment.Expired:           {payment.DepositCaptured: payment.Succeeded},
		},
		status: statusOf(payment.DepositRecord, func(d *payment.Deposit) payment.Status { return d.Status }),
	}
}

func bankLineLife() life {
	out := passing(payment.BankDebit, "b1", "10.00", "2026-03-02 10:00")
	return life{
		record: payment.BankLineRecord, id: "b1",
		kinds: []payment.Kind{payment.BankExplained, payment.BankCharged, payment.BankOwnerPaid},
		stages: []stage{
			{payment.Unexplained, []payment.Event{out}},
			{payment.Explained, []payment.Event{out, later(payment.BankExplained, "b1", "2026-03-02 11:00")}},
			{payment.Explained, []payment.Event{out, later(payment.BankCharged, "b1", "2026-03-02 11:00")}},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Unexplained: {payment.BankExplained: payment.Explained, payment.BankCharged: payment.Explained},
		},
		status: statusOf(payment.BankLineRecord, func(b *payment.BankLine) payment.Status { return b.Status }),
	}
}

func keptLineLife() life {
	repaid := toppedUp("t1", "117.70", "2026-03-06 10:00")
	repaid.Merchant = hand
	won := []payment.Event{dispute("c1", "d1", "100.00", "2026-03-06 09:00"), repaid, later(payment.DisputeWon, "c1", "2026-03-06 11:00")}
	return life{
		record: payment.BankLineRecord, id: "won-c1", rules: noReserve, ready: (*desk).leaves,
		kinds: []payment.Kind{payment.BankExplained, payment.BankCharged, payment.BankOwnerPaid},
		stages: []stage{
			{payment.Kept, won},
			{payment.Explained, append(slices.Clip(won), later(payment.BankOwnerPaid, "won-c1", "2026-03-06 12:00"))},
		},
		moves:  map[payment.Status]map[payment.Kind]payment.Status{payment.Kept: {payment.BankOwnerPaid: payment.Explained}},
		status: statusOf(payment.BankLineRecord, func(b *payment.BankLine) payment.Status { return b.Status }),
	}
}

func refundLife() life {
	born := []payment.Event{captured(), refund("r1", "d1", "250.00", "2026-03-02 11:00")}
	after := func(before []payment.Event, kind payment.Kind, when string) []payment.Event {
		return append(slices.Clip(before), later(kind, "r1", when))
	}
	unknown := after(born, payment.RefundUnknown, "2026-03-02 11:30")
	confirmed := after(born, payment.RefundConfirmed, "2026-03-02 12:00")
	found := after(unknown, payment.RefundConfirmed, "2026-03-02 12:00")
	return life{
		record: payment.RefundRecord, id: "r1",
		kinds: []payment.Kind{payment.RefundUnknown, payment.RefundConfirmed, payment.RefundFailed, payment.RefundCanceled},
		stages: []stage{
			{payment.Pending, born},
			{payment.Unknown, unknown},
			{payment.Succeeded, confirmed},
			{payment.Succeeded, found},
			{payment.Failed, after(born, payment.RefundFailed, "2026-03-02 12:00")},
			{payment.Failed, after(unknown, payment.RefundFailed, "2026-03-02 12:00")},
			{payment.Failed, after(confirmed, payment.RefundFailed, "2026-03-02 12:30")},
			{payment.Failed, after(found, payment.RefundFailed, "2026-03-02 12:30")},
			{payment.Canceled, after(born, payment.RefundCanceled, "2026-03-02 12:00")},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Pending: {
				payment.RefundUnknown: payment.Unknown, payment.RefundConfirmed: payment.Succeeded,
				payment.RefundFailed: payment.Failed, payment.RefundCanceled: payment.Canceled,
			},
			payment.Unknown:   {payment.RefundConfirmed: payment.Succeeded, payment.RefundFailed: payment.Failed},
			payment.Succeeded: {payment.RefundFailed: payment.Failed},
			payment.Failed:    {payment.RefundConfirmed: payment.Succeeded},
			payment.Canceled:  {payment.RefundConfirmed: payment.Succeeded},
		},
		status: statusOf(payment.RefundRecord, func(r *payment.Refund) payment.Status { return r.Status }),
	}
}

func disputeLife() life {
	born := []payment.Event{captured(), dispute("c1", "d1", "750.00", "2026-03-02 11:00")}
	after := func(before []payment.Event, e payment.Event) []payment.Event { return append(slices.Clip(before), e) }
	debited := after(born, later(payment.DisputeDebited, "c1", "2026-03-02 11:10"))
	review := after(born, later(payment.DisputeEvidence, "c1", "2026-03-02 11:30"))
	won := after(born, later(payment.DisputeWon, "c1", "2026-03-02 12:00"))
	lost := later(payment.DisputeLost, "c1", "2026-03-02 12:00")
	return life{
		record: payment.DisputeRecord, id: "c1",
		kinds: []payment.Kind{payment.DisputeEvidence, payment.DisputeWon, payment.DisputeLost, payment.DisputeDebited, payment.DisputeCredited},
		stages: []stage{
			{payment.NeedsResponse, born},
			{payment.NeedsResponse, debited},
			{payment.UnderReview, review},
			{payment.UnderReview, after(review, later(payment.DisputeDebited, "c1", "2026-03-02 11:40"))},
			{payment.Won, won},
			{payment.Won, after(born, withAmount("1.00", later(payment.DisputeWon, "c1", "2026-03-02 12:00")))},
			{payment.Won, after(review, later(payment.DisputeWon, "c1", "2026-03-02 12:00"))},
			{payment.Won, after(won, later(payment.DisputeCredited, "c1", "2026-03-02 12:30"))},
			{payment.Lost, after(born, lost)},
			{payment.Lost, after(review, lost)},
			{payment.Lost, after(debited, lost)},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.NeedsResponse: {
				payment.DisputeEvidence: payment.UnderReview, payment.DisputeWon: payment.Won, payment.DisputeLost: payment.Lost,
				payment.DisputeDebited: payment.NeedsResponse,
			},
			payment.UnderReview: {
				payment.DisputeWon: payment.Won, payment.DisputeLost: payment.Lost, payment.DisputeDebited: payment.UnderReview,
			},
			payment.Won:  {payment.DisputeDebited: payment.Won, payment.DisputeCredited: payment.Won},
			payment.Lost: {payment.DisputeDebited: payment.Lost},
		},
		status: statusOf(payment.DisputeRecord, func(c *payment.Dispute) payment.Status { return c.Status }),
	}
}

// cautious are the terms, and above 400.00 somebody else approves payouts, which
// wait for money.
func cautious() *payment.Rules {
	rules := terms()
	rules.Payouts = []payment.PayoutRule{{
		For: []merchant.Scope{{Region: "IN"}}, ApproveAbove: map[money.Currency]money.Amount{inr(): rs("400.00")}, Queue: true,
	}}
	return rules
}

func payoutLife() life {
	step := func(before []payment.Event, kind payment.Kind, when string) []payment.Event {
		return append(slices.Clip(before), decided("bert", later(kind, "p1", "2026-03-05 "+when)))
	}
	requested := []payment.Event{saved(), decided("anna", payout("p1", "500.00", "2026-03-05 10:00"))}
	queued := []payment.Event{saved(), decided("anna", payout("p1", "500.00", "2026-03-04 10:00"))}
	approved := step(requested, payment.PayoutApproved, "10:30")
	sent := step(approved, payment.PayoutSent, "11:00")
	unknown := step(sent, payment.PayoutUnknown, "11:30")
	completed := step(sent, payment.PayoutCompleted, "12:00")
	return life{
		record: payment.PayoutRecord, id: "p1", rules: cautious,
		kinds: []payment.Kind{
			payment.PayoutApproved, payment.PayoutRejected, payment.PayoutCanceled, payment.PayoutSent, payment.PayoutUnknown,
			payment.PayoutCompleted, payment.PayoutFailed, payment.PayoutReturned,
		},
		stages: []stage{
			{payment.Requested, requested},
			{payment.Queued, queued},
			{payment.Approved, approved},
			{payment.Approved, []payment.Event{saved(), payout("p1", "400.00", "2026-03-05 10:00")}},
			{payment.Rejected, step(requested, payment.PayoutRejected, "12:00")},
			{payment.Rejected, step(queued, payment.PayoutRejected, "12:00")},
			{payment.Canceled, step(requested, payment.PayoutCanceled, "12:00")},
			{payment.Canceled, step(queued, payment.PayoutCanceled, "12:00")},
			{payment.Canceled, step(approved, payment.PayoutCanceled, "12:00")},
			{payment.Sent, sent},
			{payment.Unknown, unknown},
			{payment.Completed, completed},
			{payment.Completed, step(unknown, payment.PayoutCompleted, "12:00")},
			{payment.Failed, step(requested, payment.PayoutFailed, "12:00")},
			{payment.Failed, step(approved, payment.PayoutFailed, "12:00")},
			{payment.Failed, step(sent, payment.PayoutFailed, "12:00")},
			{payment.Failed, step(unknown, payment.PayoutFailed, "12:00")},
			{payment.Returned, step(completed, payment.PayoutReturned, "13:00")},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Requested: {
				payment.PayoutApproved: payment.Approved, payment.PayoutRejected: payment.Rejected, payment.PayoutCanceled: payment.Canceled,
				payment.PayoutFailed: payment.Failed,
			},
			payment.Queued:    {payment.PayoutRejected: payment.Rejected, payment.PayoutCanceled: payment.Canceled},
			payment.Approved:  {payment.PayoutSent: payment.Sent, payment.PayoutCanceled: payment.Canceled, payment.PayoutFailed: payment.Failed},
			payment.Sent:      {payment.PayoutUnknown: payment.Unknown, payment.PayoutCompleted: payment.Completed, payment.PayoutFailed: payment.Failed},
			payment.Unknown:   {payment.PayoutCompleted: payment.Completed, payment.PayoutFailed: payment.Failed},
			payment.Completed: {payment.PayoutReturned: payment.Returned},
			payment.Failed:    {payment.PayoutCompleted: payment.Completed},
		},
		follow: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Requested: {payment.PayoutQueued: payment.Queued},
			payment.Queued:    {payment.PayoutReleased: payment.Requested},
		},
		status: statusOf(payment.PayoutRecord, func(p *payment.Payout) payment.Status { return p.Status }),
	}
}

func adjustmentLife() life {
	born := []payment.Event{asked(payment.AdjustmentDebit, "a1", "250.00", "2026-03-02 11:00")}
	return life{
		record: payment.AdjustmentRecord, id: "a1", actor: checker,
		kinds: []payment.Kind{payment.AdjustmentApproved, payment.AdjustmentRejected},
		stages: []stage{
			{payment.Requested, born},
			{payment.Approved, append(slices.Clip(born), answered(payment.AdjustmentApproved, "a1", "2026-03-02 12:00"))},
			{payment.Rejected, append(slices.Clip(born), answered(payment.AdjustmentRejected, "a1", "2026-03-02 12:00"))},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Requested: {payment.AdjustmentApproved: payment.Approved, payment.AdjustmentRejected: payment.Rejected},
		},
		status: statusOf(payment.AdjustmentRecord, func(a *payment.Adjustment) payment.Status { return a.Status }),
	}
}

func debtLife() life {
	born := append(owing(), reclassified("b1", "767.70", "2026-03-02 12:00"))
	return life{
		record: payment.DebtRecord, id: "b1",
		kinds: []payment.Kind{payment.DebtRestored},
		stages: []stage{
			{payment.Reclassified, born},
			{payment.Restored, append(slices.Clip(born), later(payment.DebtRestored, "b1", "2026-03-02 13:00"))},
		},
		moves:  map[payment.Status]map[payment.Kind]payment.Status{payment.Reclassified: {payment.DebtRestored: payment.Restored}},
		status: statusOf(payment.DebtRecord, func(b *payment.Debt) payment.Status { return b.Status }),
	}
}

func writeOffLife() life {
	born := append(owing(), asked(payment.WriteOffRequested, "w1", "250.00", "2026-03-02 11:00"))
	return life{
		record: payment.WriteOffRecord, id: "w1", actor: checker,
		kinds: []payment.Kind{payment.WriteOffApproved, payment.WriteOffRejected},
		stages: []stage{
			{payment.Requested, born},
			{payment.Approved, append(slices.Clip(born), answered(payment.WriteOffApproved, "w1", "2026-03-02 12:00"))},
			{payment.Rejected, append(slices.Clip(born), answered(payment.WriteOffRejected, "w1", "2026-03-02 12:00"))},
		},
		moves: map[payment.Status]map[payment.Kind]payment.Status{
			payment.Requested: {payment.WriteOffApproved: payment.Approved, payment.WriteOffRejected: payment.Rejected},
		},
		status: statusOf(payment.WriteOffRecord, func(w *payment.WriteOff) payment.Status { return w.Status }),
	}
}

// Every pair of a status and a kind of event, for every resource.
func TestTransitions(t *testing.T) {
	t.Parallel()
	for _, l := range lives() {
		for _, s := range l.stages {
			for _, kind := range l.kinds {
				t.Run(l.record+" "+string(s.status)+" "+string(kind), func(t *testing.T) {
					t.Parallel()
					rules := terms()
					if l.rules != nil {
						rules = l.rules()
					}
					l.try(open(t, rules), s, kind)
				})
			}
		}
	}
}

// try reports an event at a new instant, so that one of a kind that has
// happened already is no repetition.
func (l *life) try(d *desk, s stage, kind payment.Kind) {
	d.Helper()
	if l.ready != nil {
		l.ready(d)
	}
	d.book(s.events...)
	if got := l.status(d, l.id); got != s.status {
		d.Fatalf("%s is %s, want %s", l.id, got, s.status)
	}
	next := decided("carl", told(kind, l.id, "2026-03-09 09:00"))
	d.settleFor(next)
	before := d.everything()
	if l.actor != "" {
		next.Actor, next.ReasonCode = l.actor, "checked"
	}
	_, err := d.report(next)
	happened := l.happened(s, kind)
	if want, ok := l.moves[s.status][kind]; ok && !happened && !neverSent(s, kind) {
		if got := l.status(d, l.id); err != nil || got != want {
			d.Errorf("%s is %s, %v; want %s", l.id, got, err, want)
		}
		return
	}
	var at *payment.FieldError
	switch {
	case !errors.As(err, &at):
		d.Errorf("error %v, want a *FieldError", err)
	case happened && (at.Field != payment.FieldOccurredAt || !errors.Is(err, payment.ErrConflict)):
		d.Errorf("error %v, want a conflict of occurred_at", err)
	case !happened && !errors.Is(err, payment.ErrTransition):
		d.Errorf("error %v, want %v", err, payment.ErrTransition)
	}
	d.same(before, "a missing move")
}

// neverSent tells whether a payout is told to be completed that failed before it was sent.
func neverSent(s stage, kind payment.Kind) bool {
	return kind == payment.PayoutCompleted && s.status == payment.Failed &&
		!slices.ContainsFunc(s.events, func(e payment.Event) bool { return e.Kind == payment.PayoutSent })
}

// happened tells whether an event of a kind has happened already. What failed before it succeeded may fail once more.
func (l *life) happened(s stage, kind payment.Kind) bool {
	events := s.events
	if _, ok := l.moves[s.status][kind]; ok && l.record == payment.RefundRecord {
		return false
	}
	late := slices.IndexFunc(events, func(e payment.Event) bool { return e.Kind == payment.DepositCaptured && e.ID == l.id })
	if kind == payment.DepositFailed && late >= 0 {
		events = events[late:]
	}
	return slices.ContainsFunc(events, func(e payment.Event) bool { return e.Kind == kind && e.ID == l.id })
}

// told is a further event of a resource, with what its kind needs.
func told(kind payment.Kind, id, when string) payment.Event {
	if kind != payment.DepositCreated && kind != payment.DepositCaptured {
		return later(kind, id, when)
	}
	e := deposit(id, "1000.00", when)
	e.Kind = kind
	return e
}

// What happens to a resource that nobody knows, or to one of another kind, is
// refused; so is what opens one on a parent nobody knows.
func TestUnknownResources(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind payment.Kind
		want string
	}{
		{payment.DepositAction, `id: deposit "x" is not known`},
		{payment.DepositAuthorized, `id: deposit "x" is not known`},
		{payment.DepositFailed, `id: deposit "x" is not known`},
		{payment.DepositExpired, `id: deposit "x" is not known`},
		{payment.DepositCanceled, `id: deposit "x" is not known`},
		{payment.RefundConfirmed, `id: refund "x" is not known`},
		{payment.RefundFailed, `id: refund "x" is not known`},
		{payment.RefundCanceled, `id: refund "x" is not known`},
		{payment.RefundUnknown, `id: refund "x" is not known`},
		{payment.DisputeEvidence, `id: dispute "x" is not known`},
		{payment.DisputeDebited, `id: dispute "x" is not known`},
		{payment.DisputeCredited, `id: dispute "x" is not known`},
		{payment.DisputeWon, `id: dispute "x" is not known`},
		{payment.DisputeLost, `id: dispute "x" is not known`},
		{payment.PayoutApproved, `id: payout "x" is not known`},
		{payment.PayoutRejected, `id: payout "x" is not known`},
		{payment.PayoutCanceled, `id: payout "x" is not known`},
		{payment.PayoutSent, `id: payout "x" is not known`},
		{payment.PayoutUnknown, `id: payout "x" is not known`},
		{payment.PayoutQueued, `kind: "payout_queued" is not a kind of event`},
		{payment.PayoutReleased, `kind: "payout_released" is not a kind of event`},
		{payment.PayoutCompleted, `id: payout "x" is not known`},
		{payment.PayoutFailed, `id: payout "x" is not known`},
		{payment.PayoutReturned, `id: payout "x" is not known`},
		{payment.BankExplained, `id: bank_line "x" is not known`},
		{payment.BankCharged, `id: bank_line "x" is not known`},
		{payment.BatchSent, `kind: settlement_sent is not an event of a payment`},
		{payment.BatchPaid, `kind: settlement_paid is not an event of a payment`},
		{payment.BatchReturned, `kind: settlement_returned is not an event of a payment`},
	} {
		t.Run(string(test.kind), func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(captured(), deposit("x1", "5.00", "2026-03-02 10:00"))
			d.refuse(decided("anna", later(test.kind, "x", "2026-03-03 10:00")), test.want)
		})
	}
	for name, e := range map[string]payment.Event{
		"refund of an unknown deposit":     refund("r1", "x", "1.00", "2026-03-03 10:00"),
		"dispute about an unknown one":     dispute("c1", "x", "1.00", "2026-03-03 10:00"),
		"refund of a refund":               refund("r2", "r1", "1.00", "2026-03-03 10:00"),
		"refund of somebody's payout's id": refund("r2", "p1", "1.00", "2026-03-03 10:00"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(saved(), payout("p1", "500.00", "2026-03-05 10:00"), refund("r1", "d1", "1.00", "2026-03-05 10:00"))
			e.ID = "new"
			d.refuse(e, `parent_id: deposit "`+e.Parent+`" is not known`)
		})
	}
}

func TestUnknownMerchants(t *testing.T) {
	t.Parallel()
	stranger := of("stranger", captured())
	t.Run("reject", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.refuse(stranger, `merchant_id: "stranger": merchant is not known`)
		d.refuse(of("stranger", payout("p1", "1.00", "2026-03-05 10:00")), `merchant_id: "stranger": merchant is not known`)
	})
	t.Run("create", func(t *testing.T) {
		t.Parallel()
		rules := terms()
		rules.CreateMerchants = true
		d := open(t, rules)
		d.refuse(of("stranger", payout("p1", "1.00", "2026-03-05 10:00")), `merchant_id: "stranger": merchant is not known`)
		d.book(stranger)
		d.stands("stranger", "pending 876.40")
		if got := record[*payment.Merchant](d, payment.MerchantRecord, "stranger"); !got.Created.Equal(stranger.OccurredAt) || got.Region != "" {
			t.Errorf("created %s in region %q", got.Created, got.Region)
		}
	})
}

// Nothing happens to a resource before it came into being, but that a deposit may have
// failed before it was captured.
func TestEventsBeforeTheirParent(t *testing.T) {
	t.Parallel()
	const early = "2026-03-02 09:59"
	const before = " 2026-03-02T04:30:00Z"
	d := open(t, terms())
	d.book(captured(), of(hand, deposit("d2", "1000.00", "2026-03-02 10:00")))
	d.refuse(refund("r1", "d1", "1.00", early), "occurred_at: 2026-03-02T04:29:00Z is before deposit d1 was captured at"+before)
	d.refuse(dispute("c1", "d1", "1.00", early), "occurred_at: 2026-03-02T04:29:00Z is before deposit d1 was captured at"+before)
	d.book(refund("r1", "d1", "1.00", "2026-03-02 10:00"), dispute("c1", "d1", "1.00", "2026-03-02 10:00")) // the same instant is not before
	d.refuse(later(payment.RefundConfirmed, "r1", early), "occurred_at: 2026-03-02T04:29:00Z is before refund r1 came into being at"+before)
	d.refuse(later(payment.DisputeWon, "c1", early), "occurred_at: 2026-03-02T04:29:00Z is before dispute c1 came into being at"+before)
	d.book(payout("p1", "1.00", "2026-03-03 10:00"))
	d.refuse(later(payment.PayoutSent, "p1", early), "occurred_at: 2026-03-02T04:29:00Z is before payout p1 came into being at 2026-03-03T04:30:00Z")
}
