package sandbox_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/sandbox"
)

var _ payment.Rail = (*sandbox.Rail)(nil)

// at is the instant of every request.
func at() time.Time { return time.Date(2026, time.March, 2, 10, 0, 0, 0, time.UTC) }

func rail(t testing.TB) *sandbox.Rail {
	t.Helper()
	r, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// books are what the rail was handed: one submission.
type books struct {
	s    *payment.Submission
	list []payment.Instruction
}

func (b *books) Submission(context.Context, string) (*payment.Submission, error) { return b.s, nil }

func (b *books) Instructions(context.Context, *payment.Submission) ([]payment.Instruction, error) {
	return b.list, nil
}

func (b *books) Open(context.Context) iter.Seq2[*payment.Submission, error] {
	return func(yield func(*payment.Submission, error) bool) { yield(b.s, nil) }
}

// hand hands instructions over.
func hand(t testing.TB, r *sandbox.Rail, list ...payment.Instruction) *books {
	t.Helper()
	s, err := payment.NewSubmission(r.Name(), 1, at(), list)
	if err == nil {
		err = r.Prepare(s, list)
	}
	for range 2 {
		if err == nil {
			err = r.Submit(t.Context(), s, list)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	s.Delivered = true
	return &books{s, list}
}

func payout(id, order string, minor int64) payment.Instruction {
	return payment.Instruction{
		ID: id, Object: payment.PayoutRecord, Source: id, Merchant: "m", OrderID: order, Currency: money.MustCurrency("INR"), Amount: money.Minor(minor),
	}
}

// told is all that the rail tells by an instant.
func told(t testing.TB, r *sandbox.Rail, h *books, now time.Time) (lines []string) {
	t.Helper()
	for a, err := range r.Answers(t.Context(), now, h) {
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Taken(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		for _, o := range a.Reports {
			lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s +%s final=%t %s", a.ID, o.Outcome, o.At.Sub(at()), o.Final, o.ReasonCode)))
		}
	}
	return lines
}

// What is told follows from the instruction and the instant: nothing before its time,
// everything in order of time, and the same again to whoever asks again.
func TestAnswers(t *testing.T) {
	t.Parallel()
	r := rail(t)
	h := hand(t, r,
		payout("plain", "", 123456), payout("returned", "sandbox-return", 100), payout("unknown", "", 9014), payout("refused", "", 9012),
		payout("word", "sandbox-succeed", 9012), payout("unheard-of", "sandbox-whatever", 9013),
		payment.Instruction{ID: "SET-1", Object: payment.BatchObject, Source: "set_1", Merchant: "sandbox-late-failure", Amount: money.Minor(5)},
	)
	want := []string{
		"plain/1 completed +1m0s final=true", "returned/1 completed +1m0s final=false", "unknown/1 unknown +1m0s final=false",
		"refused/1 failed +1m0s final=true AC04", "word/1 completed +1m0s final=true", "unheard-of/1 pending +1m0s final=false",
		"unknown/2 completed +1h0m0s final=true",
		"unheard-of/2 completed +24h0m0s final=true", "SET-1/1 failed +24h0m0s final=true AC06",
		"returned/2 returned +48h0m0s final=true AC04",
	}
	for _, until := range []struct {
		after time.Duration
		lines int
	}{{59 * time.Second, 0}, {time.Minute, 6}, {time.Hour, 7}, {time.Hour, 7}, {24 * time.Hour, 9}, {1000 * time.Hour, 10}} {
		if diff := cmp.Diff(want[:until.lines], append([]string{}, told(t, r, h, at().Add(until.after))...)); diff != "" {
			t.Errorf("after %s (-want +got)\n%s", until.after, diff)
		}
	}
	for i := range h.list {
		h.list[i].Final = h.list[i].ID != "returned"
	}
	if diff := cmp.Diff([]string{want[1], want[9]}, told(t, r, h, at().Add(1000*time.Hour))); diff != "" {
		t.Errorf("what is final is told again (-want +got)\n%s", diff)
	}
}

// Something else under the same message is not taken.
func TestSubmitOther(t *testing.T) {
	t.Parallel()
	r := rail(t)
	h := hand(t, r, payout("p", "", 100))
	h.list[0].Amount = money.Minor(101)
	if err := r.Submit(t.Context(), h.s, h.list); err == nil || !strings.Contains(err.Error(), "comes to SHA-256") {
		t.Errorf("error %v", err)
	}
}

// What has not been handed over is not answered.
func TestNotDelivered(t *testing.T) {
	t.Parallel()
	r := rail(t)
	h := hand(t, r, payout("p", "", 100))
	h.s.Delivered = false
	if got := told(t, r, h, at().Add(time.Hour)); got != nil {
		t.Errorf("told %q", got)
	}
}

// Follow gives a deposit's whole course, and what comes of a payment that was sent.
func TestFollow(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		event payment.Event
		want  []string
	}{
		{"deposit", deposit("", 100), []string{"deposit d +0s 100"}},
		{"declined", deposit("", 9002), []string{"deposit_created d +0s 9002", "deposit_failed d +1m0s 0 declined"}},
		{"pending", deposit("sandbox-pending", 1), []string{"deposit_created d +0s 1", "deposit_authorized d +1m0s 0", "deposit d +10m0s 1"}},
		{"late success", deposit("", 9021), []string{"deposit_created d +0s 9021", "deposit_failed d +1m0s 0 timeout", "deposit d +24h0m0s 9021"}},
		{"late failure", deposit("", 9004), []string{"deposit d +0s 9004", "deposit_failed d +24h0m0s 0 late_failure"}},
		{"dispute won", deposit("sandbox-dispute-won", 5), []string{"deposit d +0s 5", "dispute d-dispute +24h0m0s 5 fraudulent", "dispute_won d-dispute +72h0m0s 0"}},
		{"refund", payment.Event{Kind: payment.RefundCreated, ID: "r", Amount: money.Minor(9012)}, []string{"refund_failed r +1m0s 0 AC04"}},
		{"refund comes back", payment.Event{Kind: payment.RefundCreated, ID: "r", Amount: money.Minor(9017)},
			[]string{"refund_confirmed r +1m0s 0", "refund_failed r +48h0m0s 0 AC04"}},
		{"payout", payment.Event{Kind: payment.PayoutSent, ID: "p", OrderID: "sandbox-return"},
			[]string{"payout_completed p +1m0s 0", "payout_returned p +48h0m0s 0 AC04"}},
		{"batch", payment.Event{Kind: payment.BatchSent, ID: "set_1", Amount: money.Minor(77)}, []string{"settlement_paid set_1 +1m0s 0"}},
		{"batch that nobody knows of", payment.Event{Kind: payment.BatchSent, ID: "set_1", Amount: money.Minor(9015)},
			[]string{"settlement_unknown set_1 +1m0s 0", "settlement_refused set_1 +1h0m0s 0 AM04"}},
		{"nothing follows", payment.Event{Kind: payment.DisputeWon, ID: "x"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.event.OccurredAt = at()
			var got []string
			for _, e := range sandbox.Follow(test.event) {
				got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s +%s %s %s", e.Kind, e.ID, e.OccurredAt.Sub(at()), e.Amount, e.ReasonCode)))
				if err := e.Validate(); err != nil {
					t.Errorf("%s: %v", e.Kind, err)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func deposit(order string, minor int64) payment.Event {
	return payment.Event{
		Kind: payment.DepositCaptured, ID: "d", Merchant: "m", Currency: money.MustCurrency("INR"), Amount: money.Minor(minor), Method: "UPI", OrderID: order,
	}
}

// The id of a dispute is an id, however long the deposit's is.
func TestLongDisputeID(t *testing.T) {
	t.Parallel()
	e := deposit("sandbox-dispute-lost", 5)
	e.ID, e.OccurredAt = strings.Repeat("d", 64), at()
	events := sandbox.Follow(e)
	if len(events) != 3 || events[1].ID != events[2].ID || len(events[1].ID) > 64 || events[1].Parent != e.ID {
		t.Errorf("events %+v", events)
	}
}
