package payment_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Before it is captured a deposit books nothing; its fee, window and reserve are
// those of the capture.
func TestBeforeCapture(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	first := begun("d1", "1000.00", "2026-03-02 10:00")
	d.book(
		first, later(payment.DepositAction, "d1", "2026-03-02 10:01"), later(payment.DepositAuthorized, "d1", "2026-03-02 10:02"),
	)
	if got := d.entries(0); got != "" {
		t.Errorf("before it is captured it books\n%s", got)
	}
	capture := deposit("d1", "1000.00", "2026-03-03 10:00")
	capture.Brand, capture.Funding, capture.OrderID, capture.RailRef = "visa", "credit", "order-1", "RR1"
	d.book(capture)
	d.stands(m, "pending 876.40", "reserve/rolling 100.00")
	got := record[*payment.Deposit](d, payment.DepositRecord, "d1")
	if got.PricedOn != date("2026-03-03") || !got.OccurredAt.Equal(first.OccurredAt) || !got.CapturedAt().Equal(capture.OccurredAt) {
		t.Errorf("priced on %s, began at %s, captured at %s", got.PricedOn, got.OccurredAt, got.CapturedAt())
	}
	item := records[*payment.Item](d, payment.ItemRecord)[0]
	if item.Window.BusinessDate != date("2026-03-03") || item.OrderID != "order-1" || item.RailRef != "RR1" || got.Brand != "visa" {
		t.Errorf("window %s, order %q, reference %q, brand %q", item.Window.BusinessDate, item.OrderID, item.RailRef, got.Brand)
	}
	d.again(first)
	d.again(capture)
	other := capture
	other.Brand = "rupay"
	d.refuse(other, `brand: was reported before with other content: was "visa", is now "rupay"`)
	other = capture
	other.RailRef = "RR2"
	d.refuse(other, `rail_reference: was reported before with other content: was "RR1", is now "RR2"`)
}

// What the capture says must agree with what began.
func TestCaptureOfAnotherDeposit(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(begun("d1", "1000.00", "2026-03-02 10:00"))
	d.refuse(deposit("d1", "999.99", "2026-03-02 11:00"), `amount: was reported before with other content: was "1000.00", is now "999.99"`)
	d.refuse(of(hand, deposit("d1", "1000.00", "2026-03-02 11:00")), `merchant_id: was reported before with other content: was "m", is now "hand"`)
	d.refuse(by("CARD", deposit("d1", "1000.00", "2026-03-02 11:00")), `method: was reported before with other content: was "UPI", is now "CARD"`)
	d.refuse(deposit("d1", "1000.00", "2026-03-02 09:59"),
		`occurred_at: 2026-03-02T04:29:00Z is before deposit d1 came into being at 2026-03-02T04:30:00Z`)
	d.book(deposit("d1", "1000.00", "2026-03-02 10:00"))
}

// Nothing is refunded or disputed of what was never captured.
func TestNothingBackBeforeCapture(t *testing.T) {
	t.Parallel()
	for status, kind := range map[payment.Status]payment.Kind{
		payment.Pending: "", payment.RequiresAction: payment.DepositAction, payment.Authorized: payment.DepositAuthorized,
		payment.Failed: payment.DepositFailed, payment.Expired: payment.DepositExpired, payment.Canceled: payment.DepositCanceled,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			d := open(t, terms())
			d.book(begun("d1", "1000.00", "2026-03-02 10:00"))
			if kind != "" {
				d.book(later(kind, "d1", "2026-03-02 10:01"))
			}
			d.refuse(refund("r1", "d1", "1.00", "2026-03-02 11:00"), "parent_id: refund is not possible now: deposit d1 is "+string(status))
			d.refuse(dispute("c1", "d1", "1.00", "2026-03-02 11:00"), "parent_id: dispute is not possible now: deposit d1 is "+string(status))
		})
	}
	t.Run("before the instant of the capture", func(t *testing.T) {
		t.Parallel()
		d := open(t, terms())
		d.book(begun("d1", "1000.00", "2026-03-02 10:00"), deposit("d1", "1000.00", "2026-03-02 11:00"))
		d.refuse(refund("r1", "d1", "1.00", "2026-03-02 10:59"),
			"occurred_at: 2026-03-02T05:29:00Z is before deposit d1 was captured at 2026-03-02T05:30:00Z")
	})
}

// What succeeds late is the merchant's, or goes back by itself: the narrowest
// rule says which.
func TestLateSuccess(t *testing.T) {
	t.Parallel()
	rule := func(policy payment.LatePolicy, scope merchant.Scope) payment.LateRule {
		return payment.LateRule{Policy: policy, For: []merchant.Scope{scope}}
	}
	for _, test := range []struct {
		name   string
		rules  []payment.LateRule
		failed bool
		want   payment.Status
	}{
		{"no rule", nil, false, payment.Succeeded},
		{"accepted", []payment.LateRule{rule(payment.LateAccept, merchant.Scope{})}, false, payment.Succeeded},
		{"refunded", []payment.LateRule{rule(payment.LateRefund, merchant.Scope{})}, false, payment.Refunded},
		{"refunded after it failed", []payment.LateRule{rule(payment.LateRefund, merchant.Scope{})}, true, payment.Refunded},
		{
			"refunded in the region, accepted for the merchant",
			[]payment.LateRule{rule(payment.LateRefund, merchant.Scope{Region: "IN"}), rule(payment.LateAccept, merchant.Scope{Merchant: m})},
			false, payment.Succeeded,
		},
		{
			"accepted for another merchant",
			[]payment.LateRule{rule(payment.LateAccept, merchant.Scope{Merchant: hand}), rule(payment.LateRefund, merchant.Scope{Region: "IN"})},
			false, payment.Refunded,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			rules := terms()
			rules.LateSuccess = test.rules
			d := open(t, rules)
			events := late()
			if test.failed {
				events[1].Kind = payment.DepositFailed
			}
			d.book(events...)
			d.again(events[2])
			if got := record[*payment.Deposit](d, payment.DepositRecord, "d1").Status; got != test.want {
				t.Errorf("deposit is %s, want %s", got, test.want)
			}
			refunds := records[*payment.Refund](d, payment.RefundRecord)
			if test.want == payment.Succeeded {
				if len(refunds) != 0 {
					t.Errorf("%d refunds", len(refunds))
				}
				return
			}
			if len(refunds) != 1 || refunds[0].ID != "late-d1" || refunds[0].ReasonCode != payment.ReasonLateSuccess ||
				refunds[0].Amount != rs("1000.00") || refunds[0].Status != payment.Pending {
				t.Fatalf("refunds %+v", refunds)
			}
			d.book(later(payment.RefundConfirmed, "late-d1", "2026-03-02 13:00")) // it goes on like any other
			d.account("rails/upi/refunds", "0.00")
		})
	}
}

// The refund that follows is told after its deposit.
func TestLateSuccessIsTold(t *testing.T) {
	t.Parallel()
	d := open(t, returning())
	begins := []payment.Event{
		late()[0], later(payment.DepositAction, "d1", "2026-03-02 09:10"), later(payment.DepositAuthorized, "d1", "2026-03-02 09:20"), late()[1], late()[2],
		begun("d2", "5.00", "2026-03-02 11:00"), later(payment.DepositCanceled, "d2", "2026-03-02 11:01"),
		begun("d3", "5.00", "2026-03-02 11:00"), later(payment.DepositFailed, "d3", "2026-03-02 11:01"),
	}
	var got []string
	for _, e := range announced(d, begins...) {
		got = append(got, string(e.Type)+" "+e.Object.String())
	}
	want := []string{
		string(event.DepositCreated) + " deposit/d1", string(event.DepositRequiresAction) + " deposit/d1", string(event.DepositPending) + " deposit/d1",
		string(event.DepositExpired) + " deposit/d1", string(event.DepositSucceeded) + " deposit/d1",
		string(event.ReserveHeld) + " hold/d1", string(event.RefundCreated) + " refund/late-d1",
		string(event.BalanceNegative) + " position/m/INR", // by fee, tax and reserve
		string(event.DepositCreated) + " deposit/d2", string(event.DepositCanceled) + " deposit/d2",
		string(event.DepositCreated) + " deposit/d3", string(event.DepositFailed) + " deposit/d3",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("news (-want +got):\n%s", diff)
	}
}

// A deposit that failed and succeeded late may fail once more; each failure is
// told apart by its instant.
func TestFailureAfterLateSuccess(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	first, second := later(payment.DepositFailed, "d1", "2026-03-02 09:30"), later(payment.DepositFailed, "d1", "2026-03-02 12:00")
	d.book(begun("d1", "1000.00", "2026-03-02 09:00"), first, captured())
	d.refuse(later(payment.DepositFailed, "d1", "2026-03-02 09:45"),
		`occurred_at: was reported before with other content: was "2026-03-02T04:00:00Z", is now "2026-03-02T04:15:00Z"`)
	d.again(first)
	d.book(second)
	d.again(first)
	d.again(second)
	d.again(captured())
	d.account("rails/upi/receivable", "0.00")
	d.stands(m, "available 0.00", "pending 0.00", "reserve/rolling 0.00")
}

func TestLateRefundID(t *testing.T) {
	t.Parallel()
	if got := payment.LateRefundID("d1"); got != "late-d1" {
		t.Errorf("of d1: %s", got)
	}
	long := strings.Repeat("x", 64)
	got := payment.LateRefundID(long)
	if err := merchant.CheckID(got); err != nil || len(got) != 37 || got == payment.LateRefundID(long[:63]+"y") {
		t.Errorf("of 64 letters: %s, %v", got, err)
	}
	d := open(t, returning())
	events := late()
	for i := range events {
		events[i].ID = long
	}
	d.book(events...)
	if refunds := records[*payment.Refund](d, payment.RefundRecord); len(refunds) != 1 || refunds[0].ID != got {
		t.Errorf("refunds %+v", refunds)
	}
}

// Nobody else's refund is in the way of the one that follows, whichever is told first.
// The latter is a repetition where somebody tells it too.
func TestLateRefundIDIsKept(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"d1", strings.Repeat("x", 64)} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			d := open(t, returning())
			follows := payment.LateRefundID(id)
			named := func(e payment.Event) payment.Event {
				e.ID = id
				return e
			}
			d.book(named(late()[0]), named(late()[1]), deposit("d2", "5.00", "2026-03-02 09:40"))
			own := refund(follows, "d2", "5.00", "2026-03-02 09:41")
			d.refuse(own, `id: "`+follows+`" begins with "late-", as ids of refunds that follow from a late success do: call the refund something else`)
			d.book(named(late()[2]))
			d.refuse(own, `occurred_at: was reported before with other content: was "2026-03-02T04:30:00Z", is now "2026-03-02T04:11:00Z"`)
			told := refund(follows, id, "1000.00", "2026-03-02 10:00")
			told.ReasonCode = payment.ReasonLateSuccess
			d.again(told)
			own.ID = "later"
			d.book(own)
		})
	}
}

// A failure or expiry that preceded the capture and is told after it books nothing, and
// nobody is told: the deposit stands as if it had been told in time.
func TestFailureBeforeTheCapture(t *testing.T) {
	t.Parallel()
	for _, kind := range []payment.Kind{payment.DepositFailed, payment.DepositExpired} {
		for name, first := range map[string][]payment.Event{
			"of a deposit that began": {begun("d1", "1000.00", "2026-03-02 09:00")}, "of one that did not": nil,
		} {
			t.Run(string(kind)+" "+name, func(t *testing.T) {
				t.Parallel()
				d := open(t, terms())
				early := later(kind, "d1", "2026-03-02 09:30")
				d.book(append(first, captured(), refund("r1", "d1", "1.00", "2026-03-02 11:00"))...)
				if news := announced(d, early); len(news) != 0 {
					t.Errorf("told %v", news)
				}
				d.book(early)
				d.again(early)
				d.account("rails/upi/receivable", "1000.00")
				if got := record[*payment.Deposit](d, payment.DepositRecord, "d1"); got.Status != payment.PartiallyRefunded {
					t.Errorf("deposit is %s", got.Status)
				}
				d.book(later(payment.DepositFailed, "d1", "2026-03-02 12:00")) // a late failure
				d.account("rails/upi/receivable", "0.00")
			})
		}
	}
}
