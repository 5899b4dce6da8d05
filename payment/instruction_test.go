package payment_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// An instruction has its payout's id where a bank takes it, and another one's never.
func TestEndToEndID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		object, id string
		attempt    int
		want       string
	}{
		{payment.PayoutRecord, "po-17.a", 1, "po-17.a"},
		{payment.PayoutRecord, strings.Repeat("x", 35), 1, strings.Repeat("x", 35)},
		{payment.BatchObject, "set_0123456789abcdef0123", 1, "SET-0123456789abcdef0123"},
		{payment.PayoutRecord, "SET-1", 1, ""},
		{payment.PayoutRecord, "po-17.a", 2, ""}, {payment.PayoutRecord, "po_17", 1, ""}, {payment.PayoutRecord, strings.Repeat("x", 36), 1, ""},
		{payment.BatchObject, "set_a_b", 1, ""}, {payment.RefundRecord, "r1", 1, ""}, {payment.PayoutRecord, "E2E-1", 1, ""},
	} {
		got := payment.EndToEndID(test.object, test.id, test.attempt)
		if test.want == "" {
			if !strings.HasPrefix(got, "E2E-") || len(got) != 32 {
				t.Errorf("%s %s, %d: %s, want a hash", test.object, test.id, test.attempt, got)
			}
		} else if got != test.want {
			t.Errorf("%s %s, %d: %s, want %s", test.object, test.id, test.attempt, got, test.want)
		}
	}
}

// No two payments share an id, and each is one that a bank takes.
func TestEndToEndIDs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type paid struct {
			object, id string
			attempt    int
		}
		seen := make(map[string]paid)
		for range 40 {
			p := paid{
				rapid.SampledFrom([]string{payment.PayoutRecord, payment.BatchObject, payment.RefundRecord}).Draw(t, "object"),
				rapid.StringMatching(`(set_|SET-|E2E-)?[ab_.-]{1,3}`).Draw(t, "id"), rapid.IntRange(1, 2).Draw(t, "attempt"),
			}
			id := payment.EndToEndID(p.object, p.id, p.attempt)
			if other, taken := seen[id]; taken && other != p {
				t.Fatalf("%+v and %+v are both %s", p, other, id)
			}
			seen[id] = p
			if merchant.CheckID(id) != nil && strings.Trim(p.id, ".") != "" || len(id) > 35 || strings.Contains(id, "_") {
				t.Fatalf("%+v is %s", p, id)
			}
		}
	})
}

// A submission numbers its instructions and adds them up by currency; it ends when it
// has been handed over and nothing of it is open.
func TestNewSubmission(t *testing.T) {
	t.Parallel()
	inr, jpy := money.MustCurrency("INR"), money.MustCurrency("JPY")
	at := time.Date(2026, time.March, 2, 21, 0, 0, 0, time.UTC)
	list := []payment.Instruction{
		{ID: "a", Currency: inr, Amount: money.Minor(100)}, {ID: "b", Currency: jpy, Amount: money.Minor(5)}, {ID: "c", Currency: inr, Amount: money.Minor(50)},
	}
	s, err := payment.NewSubmission("bank", 7, at, list)
	if err != nil {
		t.Fatal(err)
	}
	want := &payment.Submission{
		Rail: "bank", Message: "20260302T210000Z-000000007", At: at, Count: 3, Open: 3,
		Totals: []payment.Total{{Currency: inr, Amount: money.Minor(150)}, {Currency: jpy, Amount: money.Minor(5)}}, Instructions: []string{"a", "b", "c"},
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if last := list[2]; last.No != 3 || last.Submission != "bank/20260302T210000Z-000000007" || !last.Sent.Equal(at) {
		t.Errorf("instruction %+v", last)
	}
	if len(s.Message)+len("-9999") > 35 {
		t.Errorf("message %s leaves no room for the number of a block", s.Message)
	}
	s.Open = 0
	if got := s.Ref().Kind; got != payment.SubmissionRecord {
		t.Errorf("not handed over, it is a %s", got)
	}
	s.Delivered = true
	if diff := cmp.Diff(ledger.Ref{Kind: payment.SubmissionEndRecord, ID: "bank/20260302T210000Z-000000007"}, s.Ref()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Outcomes mean kinds of event, of a batch with the rail that it was sent by; an answer
// about another instruction is refused.
func TestAnswerEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 21, 0, 0, 0, time.UTC)
	list := []payment.Instruction{{ID: "A", Object: payment.PayoutRecord, Source: "a"}, {ID: "B", Object: payment.BatchObject, Source: "b", Submission: "bank/m"}}
	answer := payment.Answer{Name: "report", Message: "m", Reports: []payment.Report{
		{Instruction: "B", Outcome: payment.OutcomeCompleted, At: at, RailRef: "ref"}, {Instruction: "A", Outcome: payment.OutcomePending, At: at},
		{Instruction: "A", Outcome: payment.OutcomeFailed, At: at, ReasonCode: "AC04"}, {Instruction: "B", Outcome: payment.OutcomeUnknown, At: at},
	}}
	got, err := answer.Events(list)
	want := []payment.Event{
		{Kind: payment.BatchPaid, ID: "b", OccurredAt: at, Rail: "bank", RailRef: "ref", FromRail: true},
		{Kind: payment.PayoutFailed, ID: "a", OccurredAt: at, ReasonCode: "AC04", FromRail: true},
		{Kind: payment.BatchUnknown, ID: "b", OccurredAt: at, Rail: "bank", FromRail: true},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	answer.Reports[0].Instruction = "C"
	if _, err := answer.Events(list); err == nil || err.Error() != `report: instruction "C" of message "m" is not known` {
		t.Errorf("error %v", err)
	}
}
