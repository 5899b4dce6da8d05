package settlement_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// splitting has schedules of which no instruction is more than an amount.
func splitting(most string) merchant.Schedule {
	s := india()
	s.MaxPayout = minor(most)
	return s
}

// splitBatch is a house with one batch of 250.00, in three parts.
func splitBatch(t *testing.T) (*house, string) {
	t.Helper()
	h := open(t, rulesWith(splitting("100.00")))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
	return h, h.settle(ist("2026-03-02 18:00"))[0].ID
}

// partsOf writes how the parts of a batch stand.
func partsOf(b *settlement.Batch) string {
	out := string(b.Status) + ":"
	for _, p := range b.Parts {
		out += fmt.Sprintf(" %s %s", inr().Format(p.Amount), p.Status)
	}
	return out
}

// happensAt is something that happens to a part at a minute of the morning.
func happensAt(kind payment.Kind, id string, minute int) payment.Event {
	return happens(kind, id, ist("2026-03-03 09:00").Add(time.Duration(minute)*time.Minute))
}

// matches wants accounts to be what the records of payments and batches say.
func (h *house) matches() {
	h.t.Helper()
	x := make(payment.Expected)
	h.read(func(ctx context.Context, r ledger.Reader) error {
		if err := x.Expect(ctx, r); err != nil {
			return err
		}
		if err := settlement.Expect(ctx, r, x, make(map[ledger.AccountID]bool)); err != nil {
			return err
		}
		for _, prefix := range []string{"settlements/", "rails/", "bank/", "merchants/"} {
			for a, err := range r.Accounts(ctx, prefix) {
				if err != nil {
					return err
				}
				have, err := a.Posted()
				want, known := x[a.AccountID]
				if err != nil || strings.HasPrefix(a.Path, "bank/") || !known && have.IsZero() {
					continue
				}
				if have != want {
					h.t.Errorf("%s stands at %s, records say %s", a.AccountID, have, want)
				}
			}
		}
		return nil
	})
}

// What is above the maximum leaves in full parts and a rest; each has its own outcome,
// and what comes of them is how the batch stands.
func TestMaxPayout(t *testing.T) {
	t.Parallel()
	h, id := splitBatch(t)
	one, two, three := settlement.PartID(id, 1), settlement.PartID(id, 2), settlement.PartID(id, 3)
	for i, step := range []struct {
		event payment.Event
		want  string
	}{
		{happensAt(payment.BatchHeld, id, 0), "held: 100.00 held 100.00 held 50.00 held"},
		{happensAt(payment.BatchReleased, id, 1), "approved: 100.00 approved 100.00 approved 50.00 approved"},
		{happensAt(payment.BatchSent, one, 2), "submitted: 100.00 submitted 100.00 approved 50.00 approved"},
		{happensAt(payment.BatchSent, id, 3), "submitted: 100.00 submitted 100.00 submitted 50.00 submitted"},
		{happensAt(payment.BatchPaid, one, 4), "submitted: 100.00 paid 100.00 submitted 50.00 submitted"},
		{happensAt(payment.BatchPaid, one, 4), "submitted: 100.00 paid 100.00 submitted 50.00 submitted"},
		{happensAt(payment.BatchInTransit, two, 5), "submitted: 100.00 paid 100.00 in_transit 50.00 submitted"},
		{happensAt(payment.BatchRefused, three, 6), "in_transit: 100.00 paid 100.00 in_transit 50.00 failed"},
		{happensAt(payment.BatchRefused, two, 7), "partially_paid: 100.00 paid 100.00 failed 50.00 failed"},
		{happensAt(payment.BatchRetried, two, 8), "approved: 100.00 paid 100.00 approved 50.00 failed"},
		{happensAt(payment.BatchSent, two, 9), "submitted: 100.00 paid 100.00 submitted 50.00 failed"},
		{happensAt(payment.BatchPaid, two, 10), "partially_paid: 100.00 paid 100.00 paid 50.00 failed"},
		{happensAt(payment.BatchReturned, one, 11), "partially_paid: 100.00 returned 100.00 paid 50.00 failed"},
		{happensAt(payment.BatchCanceled, id, 12), "partially_paid: 100.00 returned 100.00 paid 50.00 canceled"},
		{happensAt(payment.BatchPaid, three, 13), "partially_paid: 100.00 returned 100.00 paid 50.00 paid"}, // after all
		{happensAt(payment.BatchReturned, two, 14), "partially_paid: 100.00 returned 100.00 returned 50.00 paid"},
		{happensAt(payment.BatchReturned, three, 15), "returned: 100.00 returned 100.00 returned 50.00 returned"},
	} {
		h.take(step.event)
		if diff := cmp.Diff(step.want, partsOf(h.batches()[0])); diff != "" {
			t.Errorf("step %d, %s (-want +got)\n%s", i, step.event.Kind, diff)
		}
		h.sound()
		h.matches()
	}
	if err := h.try(happensAt(payment.BatchPaid, settlement.PartID(id, 4), 16)); !errors.Is(err, settlement.ErrUnknownBatch) {
		t.Errorf("a part that is not there: %v", err)
	}
	h.settle(ist("2026-03-03 18:00"))
	h.wants("m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 250.00 + 0.00 = 250.00\n  1 deposit d1 250.00\n" +
		"m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 250.00 + 0.00 = 250.00\n" +
		"  1 settlement_returned " + one + " 100.00\n  2 settlement_canceled " + three + " 50.00\n  3 settlement_paid " + three + " -50.00\n" +
		"  4 settlement_returned " + two + " 100.00\n  5 settlement_returned " + three + " 50.00\n")
}

// What is reported of a batch without a part is about all of it.
func TestMaxPayoutReportedWhole(t *testing.T) {
	t.Parallel()
	h, id := splitBatch(t)
	h.take(happensAt(payment.BatchSent, id, 0), happensAt(payment.BatchSent, id, 0))
	h.take(happensAt(payment.BatchRefused, id, 1), happensAt(payment.BatchSent, id, 2), happensAt(payment.BatchPaid, id, 3), happensAt(payment.BatchPaid, id, 3))
	if got, want := partsOf(h.batches()[0]), "paid: 100.00 paid 100.00 paid 50.00 paid"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if n := len(entriesOf(h, payment.EntryBatchSent)); n != 6 {
		t.Errorf("%d entries of sending, want 6", n)
	}
	if err := h.try(happensAt(payment.BatchPaid, id, 4)); !errors.Is(err, payment.ErrConflict) {
		t.Errorf("paid at another instant: %v", err)
	}
	h.matches()
}

// A report that the whole batch was paid is about what is on its way: neither what never
// left, nor what is held, nor what was given up and is paid by another batch.
func TestMaxPayoutPaidWhole(t *testing.T) {
	t.Parallel()
	part := func(kind payment.Kind, no int) func(string, int) payment.Event {
		return func(id string, minute int) payment.Event { return happensAt(kind, settlement.PartID(id, no), minute) }
	}
	type road []func(string, int) payment.Event
	const all = 0
	for name, tt := range map[string]struct {
		road road
		paid string // what was, by the report
		want string
	}{
		"one sent":                  {road{part(payment.BatchSent, 1)}, "100.00", "approved: 100.00 paid 100.00 approved 50.00 approved"},
		"one held":                  {road{part(payment.BatchHeld, 2), part(payment.BatchSent, 1)}, "100.00", "held: 100.00 paid 100.00 held 50.00 approved"},
		"one held, the others sent": {road{part(payment.BatchHeld, 2), part(payment.BatchSent, all)}, "150.00", "held: 100.00 paid 100.00 held 50.00 paid"},
		"one canceled": {
			road{part(payment.BatchSent, all), part(payment.BatchRefused, 2), part(payment.BatchCanceled, 2)},
			"150.00", "partially_paid: 100.00 paid 100.00 canceled 50.00 paid",
		},
		"one canceled before the others left": {
			road{part(payment.BatchCanceled, 3), part(payment.BatchSent, all), part(payment.BatchRefused, all)}, "200.00", "partially_paid: 100.00 paid 100.00 paid 50.00 canceled",
		},
		"one in transit": {road{part(payment.BatchSent, all), part(payment.BatchInTransit, 1)}, "250.00", "paid: 100.00 paid 100.00 paid 50.00 paid"},
		"all refused":    {road{part(payment.BatchSent, all), part(payment.BatchRefused, all)}, "250.00", "paid: 100.00 paid 100.00 paid 50.00 paid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, id := splitBatch(t)
			for i, event := range tt.road {
				h.take(event(id, i))
			}
			paid := happensAt(payment.BatchPaid, id, 10)
			for _, amount := range []string{"250.00", "100.00", "150.00", "200.00"} {
				if paid.Amount, paid.Currency = minor(amount), inr(); amount != tt.paid && h.try(paid) == nil {
					t.Errorf("paid %s was booked", amount)
				}
			}
			paid.Amount = minor(tt.paid)
			h.take(paid, paid)
			paid.Amount, paid.Currency = money.Amount{}, money.Currency{}
			h.take(paid)
			if got := partsOf(h.batches()[0]); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			if got := h.balance("bank/in-escrow", inr()); got != "-"+tt.paid {
				t.Errorf("bank %s, want -%s", got, tt.paid)
			}
			paid.OccurredAt = paid.OccurredAt.Add(time.Minute)
			if err := h.try(paid); !errors.Is(err, payment.ErrConflict) {
				t.Errorf("paid again at another instant: %v", err)
			}
			h.sound()
			h.matches()
		})
	}
}

// What happens to those parts of a batch that stand so that it may has not happened to the
// others: a part that was held when the rest was sent cannot be paid.
func TestMaxPayoutSentWithoutAPart(t *testing.T) {
	t.Parallel()
	h, id := splitBatch(t)
	two := settlement.PartID(id, 2)
	h.take(happensAt(payment.BatchHeld, two, 0), happensAt(payment.BatchSent, id, 1))
	if err := h.try(happensAt(payment.BatchPaid, two, 2)); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("paid what never left: %v", err)
	}
	b := h.batches()[0]
	if got := b.Attempt(b.Parts[1]); got != 1 {
		t.Errorf("attempt %d of what never left, want 1", got)
	}
}

// Who holds a batch of which a part is held already holds the others.
func TestHoldAfterAPart(t *testing.T) {
	t.Parallel()
	for no := 1; no <= 3; no++ {
		h, id := splitBatch(t)
		h.take(happensAt(payment.BatchHeld, settlement.PartID(id, no), 0), happensAt(payment.BatchHeld, id, 1))
		if got, want := partsOf(h.batches()[0]), "held: 100.00 held 100.00 held 50.00 held"; got != want {
			t.Errorf("part %d first: %s, want %s", no, got, want)
		}
		h.take(happensAt(payment.BatchHeld, id, 2)) // once more is not more
		if b := h.batches()[0]; len(b.Steps) != 4 {
			t.Errorf("part %d first: %s", no, steps(b))
		}
		h.sound()
	}
}

// Whoever lets a part go on is the maker of that part, whatever is decided about others.
func TestMakersOfParts(t *testing.T) {
	t.Parallel()
	s := splitting("100.00")
	s.ApproveAbove = new(minor("0.00"))
	h := open(t, rulesWith(s))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	one, two := settlement.PartID(id, 1), settlement.PartID(id, 2)
	h.take(happensAt(payment.BatchApproved, id, 0), happensAt(payment.BatchSent, one, 1), happensAt(payment.BatchSent, two, 1))
	h.take(happensAt(payment.BatchRefused, one, 2), happensAt(payment.BatchRefused, two, 2))
	at := ist("2026-03-03 10:00")
	h.take(decided(payment.BatchRetried, one, "anna", at), decided(payment.BatchRetried, id, "ben", at.Add(time.Second))) // ben: what is left, two
	if b, want := h.batches()[0], []string{"anna", "ben"}; !slices.Equal(b.Makers(), want) {
		t.Errorf("made by %q, want %q: %s", b.Makers(), want, partsOf(b))
	}
	for _, own := range []payment.Event{
		decided(payment.BatchApproved, one, "anna", at.Add(2*time.Second)), decided(payment.BatchApproved, two, "ben", at.Add(2*time.Second)),
		decided(payment.BatchApproved, id, "anna", at.Add(2*time.Second)), decided(payment.BatchApproved, id, "ben", at.Add(2*time.Second)),
	} {
		if err := h.try(own); !errors.Is(err, settlement.ErrOwnBatch) {
			t.Errorf("%s approves %s: %v", own.Actor, own.ID, err)
		}
	}
	h.take(decided(payment.BatchApproved, one, "ben", at.Add(3*time.Second)), decided(payment.BatchApproved, two, "anna", at.Add(3*time.Second)))
	if got, want := partsOf(h.batches()[0]), "approved: 100.00 approved 100.00 approved 50.00 approved"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Parts are full ones and a rest, above 0, and add up.
func TestMaxPayoutParts(t *testing.T) {
	t.Parallel()
	for net, want := range map[string]string{
		"99.99": "approved:", "100.00": "approved:", "100.01": "approved: 100.00 approved 0.01 approved", "200.00": "approved: 100.00 approved 100.00 approved",
	} {
		h := open(t, rulesWith(splitting("100.00")))
		h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), net))
		if got := partsOf(h.settle(ist("2026-03-02 18:00"))[0]); got != want {
			t.Errorf("%s: %s, want %s", net, got, want)
		}
	}
	for id, want := range map[string]int{"set_1": 0, "set_1.1": 1, "set_1.12": 12, "set_1.0": 0, "set_1.01": 0, "set_1.-1": 0, "a.b": 0, ".1": 0} {
		if batch, no := settlement.BatchOf(id); no != want || settlement.PartID(batch, no) != id {
			t.Errorf("%s: batch %s, part %d", id, batch, no)
		}
	}
}

// A limit that makes no sense makes no batch that nobody can move.
func TestMaxPayoutTooManyParts(t *testing.T) {
	t.Parallel()
	for net, want := range map[string]string{"100.00": "10000 of 0.01 to 0.01", "100.01": "10000 of 0.01 to 0.02", "1234.56": "10000 of 0.12 to 0.13"} {
		h := open(t, rulesWith(splitting("0.01")))
		h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), net))
		b := h.settle(ist("2026-03-02 18:00"))[0]
		least, most, sum := b.Net, money.Amount{}, money.Amount{}
		for i, p := range b.Parts {
			if least, most = money.Min(least, p.Amount), money.Max(most, p.Amount); p.No != i+1 {
				t.Errorf("part %d is number %d", i+1, p.No)
			}
			sum, _ = sum.Add(p.Amount)
		}
		if got := fmt.Sprintf("%d of %s to %s", len(b.Parts), inr().Format(least), inr().Format(most)); got != want || sum != b.Net {
			t.Errorf("%s: %s, which come to %s, want %s", net, got, inr().Format(sum), want)
		}
	}
}

// Whatever happens to a batch and its parts, in whatever order: what is refused writes
// nothing, and no money is lost: what waits, is on its way and is paid, with what was put
// back, is the net.
func TestBatchLives(t *testing.T) {
	t.Parallel()
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > 40 || testing.Short() && runs > 10 {
			return
		}
		s := india()
		if rapid.Bool().Draw(rt, "split") {
			s.MaxPayout = minor("100.00")
		}
		if rapid.Bool().Draw(rt, "approved") {
			s.ApproveAbove = new(minor("200.00"))
		}
		if rapid.Bool().Draw(rt, "held") {
			s.Hold = &merchant.ScheduleHold{Until: date("2026-03-03"), Reason: "x"}
		}
		h := openOn(t, rt, rulesWith(s))
		h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
		id := h.settle(ist("2026-03-02 18:00"))[0].ID
		at := ist("2026-03-03 00:00")
		for range rapid.IntRange(1, 25).Draw(rt, "events") {
			at = at.Add(time.Minute)
			switch what := rapid.SampledFrom(append(kinds(), "hold", "release", "follow")).Draw(rt, "what"); what {
			case "hold", "release":
				_ = h.holds("m1", what == "release", "dora", at) // it may be held already
			case "follow":
				h.follow(at)
			default:
				e := happens(what, settlement.PartID(id, rapid.IntRange(0, len(h.batches()[0].Parts)).Draw(rt, "part")), at)
				if e.Actor != "" {
					e.Actor = rapid.SampledFrom([]string{"anna", "ben"}).Draw(rt, "actor")
				}
				before := h.batches()[0]
				err := h.try(e)
				if err != nil {
					if diff := cmp.Diff(before, h.batches()[0], amounts()); diff != "" {
						rt.Fatalf("%s was refused (%v) and changed the batch\n%s", what, err, diff)
					}
				}
			}
			h.lives(rt)
		}
	})
}

// kinds are all that may happen to a batch.
func kinds() []payment.Kind {
	return []payment.Kind{
		payment.BatchHeld, payment.BatchReleased, payment.BatchApproved, payment.BatchSent, payment.BatchSent, payment.BatchInTransit, payment.BatchUnknown,
		payment.BatchRefused, payment.BatchRetried, payment.BatchPaid, payment.BatchPaid, payment.BatchCanceled, payment.BatchReturned,
	}
}

// lives wants the one batch of a house to be sound.
func (h *house) lives(rt *rapid.T) {
	h.sound()
	h.matches()
	b := h.batches()[0]
	back := money.Amount{}
	for _, i := range records[*payment.Item](h, payment.ItemRecord) {
		back, _ = back.Add(i.Net)
	}
	if total, err := money.Sum(b.Owed(), b.Sent(), b.PaidOut(), back); err != nil || total != b.Net {
		rt.Fatalf("%s: waits %s, on its way %s, paid %s, put back %s: not %s", partsOf(b), b.Owed(), b.Sent(), b.PaidOut(), back, b.Net)
	}
	if (b.Status == settlement.Held) != (b.Hold != nil) {
		rt.Fatalf("%s, hold %+v", partsOf(b), b.Hold)
	}
	start := settlement.Closed
	if len(b.Steps) > 1 && b.Steps[1].Kind == "" {
		start = settlement.Approved
	}
	for no := range max(1, len(b.Parts)) {
		status, left := start, false
		for _, s := range b.Steps {
			if len(b.Parts) > 0 && (s.Part != 0 && s.Part != no+1 || len(s.Parts) > 0 && !slices.Contains(s.Parts, no+1)) || s.Kind == "" {
				continue
			}
			allowed := false
			for _, m := range settlement.Moves() {
				allowed = allowed || m.On == s.Kind && m.From == payment.Status(status) && m.To == payment.Status(s.Status)
			}
			if !allowed {
				rt.Fatalf("%s leads from %s to %s, which the table does not have: %s", s.Kind, status, s.Status, steps(b))
			}
			left = left || s.Kind == payment.BatchSent
			if s.Kind == payment.BatchPaid && !left {
				rt.Fatalf("piece %d is paid, and never left: %s", no+1, steps(b))
			}
			status = s.Status
		}
		if have := b.Pieces()[no].Status; have != status {
			rt.Fatalf("piece %d is %s, its steps lead to %s: %s", no+1, have, status, steps(b))
		}
	}
}

// The verifier finds parts that are not what a batch pays.
func TestVerifyFindsForgedParts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		forge func(*settlement.Batch)
		want  string
	}{
		"part":   {func(b *settlement.Batch) { b.Parts[0].Amount = minor("1.00") }, "its parts sum to 151.00, it pays 250.00"},
		"number": {func(b *settlement.Batch) { b.Parts[0].No = 2 }, "part 2 of 100.00 is in the place of part 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, rulesWith(splitting("100.00")))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
			h.settle(ist("2026-03-02 18:00"))
			sound := *h.batches()[0]
			forged := sound
			forged.Parts = slices.Clone(sound.Parts)
			tt.forge(&forged)
			h.puts(&forged)
			if got := strings.Join(h.settlementFindings(), "\n"); !strings.Contains(got, tt.want) {
				t.Errorf("findings %q, want %q", got, tt.want)
			}
			h.puts(&sound)
		})
	}
}
