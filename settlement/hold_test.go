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

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// steps writes the life of a batch: what happened, when and by whom.
func steps(b *settlement.Batch) string {
	var all []string
	for _, s := range b.Steps {
		at := ""
		if s.Kind != "" {
			at = s.At.In(place("Asia/Kolkata")).Format(" 01-02 15:04")
		}
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s%s %s%s", s.Status, at, s.Actor, s.Hold), " "))
	}
	return strings.Join(all, "; ")
}

// follow has batches follow holds at an instant.
func (h *house) follow(now time.Time) int {
	h.t.Helper()
	n, err := settlement.FollowHolds(context.Background(), h.books, now)
	if err != nil {
		h.t.Fatalf("%v", err)
	}
	return n
}

// holds decides about a merchant.
func (h *house) holds(m string, release bool, by string, at time.Time) error {
	return h.books.Do(context.Background(), &settlement.HoldDecision{Merchant: m, Release: release, By: by, Reason: "looked at", When: at})
}

// decided is a decision of somebody about a batch.
func decided(kind payment.Kind, batch, by string, at time.Time) payment.Event {
	return payment.Event{Kind: kind, ID: batch, OccurredAt: at, Actor: by, ReasonCode: "looked at"}
}

func holding(until, reason string) merchant.Schedule {
	s := india()
	s.Hold = &merchant.ScheduleHold{Reason: reason}
	if until != "" {
		s.Hold.Until = date(until)
	}
	return s
}

// A schedule holds what is closed before local midnight of its date, and that is when it
// is released, whenever the job looks.
func TestScheduleHold(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(holding("2026-03-04", "first month")))
	spy := h.hearing()
	for i, day := range []string{"2026-03-02", "2026-03-03", "2026-03-04"} {
		h.take(deposit(fmt.Sprintf("d%d", i), "m1", ist(day+" 12:00"), "100.00"))
	}
	h.settle(ist("2026-03-02 18:00"))
	if n := h.follow(ist("2026-03-03 23:59")); n != 0 {
		t.Errorf("%d batches were released early", n)
	}
	if err := h.try(sent(h.batches()[0].ID, ist("2026-03-03 12:00"))); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("a batch that is held was sent: %v", err)
	}
	h.settle(ist("2026-03-09 10:00"))
	h.follow(ist("2026-03-09 10:00"))
	var got []string
	for _, b := range h.batches() {
		got = append(got, steps(b))
	}
	want := []string{
		"closed; held 03-02 18:00 schedule_hold; closed 03-04 00:00; approved 03-04 00:00",
		"closed; held 03-03 18:00 schedule_hold; closed 03-04 00:00; approved 03-04 00:00",
		"closed; approved",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lives (-want +got)\n%s", diff)
	}
	if n := len(records[*settlement.HeldBatch](h, settlement.HeldRecord)); n != 0 {
		t.Errorf("%d are listed as held", n)
	}
	told := strings.Join(spy.batches(h), "\n")
	for _, event := range []string{"m1 2026-03-02 settlement.held 2: held", "m1 2026-03-02 settlement.released 3: approved", "m1 2026-03-04 settlement.created 1: approved"} {
		if !strings.Contains(told, event) {
			t.Errorf("%q was not told:\n%s", event, told)
		}
	}
	h.sound()
}

// Without a date somebody releases each batch.
func TestScheduleHoldWithoutEnd(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(holding("", "looked at by hand")))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	if n := h.follow(ist("2027-03-02 18:00")); n != 0 {
		t.Errorf("%d followed", n)
	}
	h.take(decided(payment.BatchReleased, id, "anna", ist("2026-03-03 09:00")), sent(id, ist("2026-03-03 10:00")))
	if got, want := steps(h.batches()[0]), "closed; held 03-02 18:00 schedule_hold; closed 03-03 09:00 anna; approved 03-03 09:00; submitted 03-03 10:00"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A hold of a merchant takes what is not sent and what is closed later; released, all of
// it goes on. Days of catching up come to the same.
func TestMerchantHold(t *testing.T) {
	t.Parallel()
	live := func(h *house, late bool) []string {
		for i, day := range []string{"2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"} {
			h.take(deposit(fmt.Sprintf("d%d", i), "m1", ist(day+" 12:00"), "100.00"), deposit(fmt.Sprintf("e%d", i), "m2", ist(day+" 12:00"), "7.00"))
			if at := ist(day + " 18:00"); !late {
				h.settle(at)
			}
			for _, d := range []struct {
				day     string
				release bool
			}{{"2026-03-02", false}, {"2026-03-04", true}} {
				if at := ist(day + " 20:00"); day == d.day {
					if err := h.holds("m1", d.release, "anna", at); err != nil {
						h.t.Fatalf("%v", err)
					}
					if !late {
						h.follow(at)
					}
				}
			}
		}
		h.settle(ist("2026-03-06 10:00"))
		h.follow(ist("2026-03-06 10:00"))
		h.sound()
		var got []string
		for _, b := range h.batches() {
			if b.Merchant == "m1" {
				got = append(got, steps(b))
			} else if steps(b) != "closed; approved" {
				h.t.Errorf("batch of %s: %s", b.Merchant, steps(b))
			}
		}
		return got
	}
	held := "held 03-02 20:00 annamerchant_hold; closed 03-04 20:00 anna; approved 03-04 20:00"
	want := []string{
		"closed; approved; " + held,
		strings.ReplaceAll("closed; approved; "+held, "03-02 20:00", "03-03 18:00"),
		strings.ReplaceAll("closed; approved; "+held, "03-02 20:00", "03-04 18:00"),
		"closed; approved",
	}
	for _, late := range []bool{false, true} {
		if diff := cmp.Diff(want, live(open(t, rulesWith(india())), late)); diff != "" {
			t.Errorf("late %t (-want +got)\n%s", late, diff)
		}
	}
}

// Holding twice is holding once; what is held by a person is released by one, and stays
// held while its merchant is.
func TestHeldTwice(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(holding("2026-03-04", "first month")))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	hold := decided(payment.BatchHeld, id, "anna", ist("2026-03-02 19:00"))
	h.take(hold, hold, decided(payment.BatchHeld, id, "ben", ist("2026-03-02 20:00")))
	if n := h.follow(ist("2026-03-05 10:00")); n != 0 {
		t.Errorf("what somebody holds was released by its date")
	}
	if err := h.holds("m1", false, "carl", ist("2026-03-05 11:00")); err != nil {
		t.Fatal(err)
	}
	again := &settlement.HoldDecision{Merchant: "m1", By: "dora", Reason: "x", When: ist("2026-03-05 11:30")}
	if err := h.books.Do(t.Context(), again); err != nil || !again.Repeated {
		t.Errorf("held again: repeated %t, %v", again.Repeated, err)
	}
	h.follow(ist("2026-03-05 12:00"))
	h.take(decided(payment.BatchReleased, id, "ben", ist("2026-03-05 13:00")))
	if b := h.batches()[0]; b.Status != settlement.Held || b.Hold.Reason != settlement.HoldMerchant || b.Hold.By != "carl" {
		t.Errorf("released while its merchant is held: %s, %+v", b.Status, b.Hold)
	}
	if err := h.try(decided(payment.BatchReleased, id, "ben", ist("2026-03-05 14:00"))); !errors.Is(err, settlement.ErrHeld) {
		t.Errorf("released by itself: %v", err)
	}
	if err := h.holds("m1", true, "dora", ist("2026-03-05 15:00")); err != nil {
		t.Fatal(err)
	}
	h.follow(ist("2026-03-05 16:00"))
	if b := h.batches()[0]; b.Status != settlement.Approved || !slices.Equal(b.Makers(), []string{"dora"}) {
		t.Errorf("%s, made by %q: %s", b.Status, b.Makers(), steps(b))
	}
	for _, bad := range []struct {
		release bool
		m       string
		at      time.Time
		want    error
	}{
		{true, "m1", ist("2026-03-05 17:00"), settlement.ErrNotHeld}, {false, "nobody", ist("2026-03-05 17:00"), payment.ErrUnknownMerchant},
	} {
		if err := h.holds(bad.m, bad.release, "x", bad.at); !errors.Is(err, bad.want) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	h.sound()
}

// What somebody holds that its schedule holds, or a block, and lets go again, is held by
// that still.
func TestHeldOnTopOfARule(t *testing.T) {
	t.Parallel()
	h := open(t, rulesWith(holding("2026-03-04", "first month")))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	h.take(decided(payment.BatchHeld, id, "anna", ist("2026-03-02 19:00")), decided(payment.BatchReleased, id, "anna", ist("2026-03-02 20:00")))
	if err := h.try(sent(id, ist("2026-03-03 09:00"))); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("sent before its date: %v", err)
	}
	h.sound()
	h.follow(ist("2026-03-09 10:00"))
	want := "closed; held 03-02 18:00 schedule_hold; held 03-02 19:00 annamanual; closed 03-02 20:00 anna; approved 03-02 20:00; " +
		"held 03-02 20:00 schedule_hold; closed 03-04 00:00; approved 03-04 00:00"
	if got := steps(h.batches()[0]); got != want {
		t.Errorf("by its schedule\n%s, want\n%s", got, want)
	}

	h = open(t, rulesWith(holding("2026-03-04", "first month")))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
	id = h.settle(ist("2026-03-02 18:00"))[0].ID
	h.take(decided(payment.BatchReleased, id, "ben", ist("2026-03-02 19:00")), // this ends it
		decided(payment.BatchHeld, id, "anna", ist("2026-03-02 20:00")), decided(payment.BatchReleased, id, "anna", ist("2026-03-02 21:00")))
	if b := h.batches()[0]; b.Status != settlement.Approved {
		t.Errorf("somebody let it go: %s", steps(b))
	}

	h = open(t, rulesWith(negatively(merchant.NegativeBlock)))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"), deposit("d2", "m1", ist("2026-03-04 12:00"), "150.00"))
	id = h.settle(ist("2026-03-04 18:00"))[2].ID
	h.take(decided(payment.BatchHeld, id, "anna", ist("2026-03-04 19:00")), decided(payment.BatchReleased, id, "anna", ist("2026-03-04 20:00")))
	if b := h.batches()[2]; b.Status != settlement.Held || b.Hold.Reason != settlement.HoldNegative {
		t.Errorf("by a block: %s", steps(b))
	}
	h.take(decided(payment.BatchReleased, id, "ben", ist("2026-03-04 21:00")))
	if b := h.batches()[2]; b.Status != settlement.Approved {
		t.Errorf("the block was ended: %s", steps(b))
	}
	h.sound()
}

// A part is held alone only where nothing holds all of its batch, and let go alone only
// where nothing else does; one that is tried again stays with a batch that is held.
func TestPartsHeld(t *testing.T) {
	t.Parallel()
	s := splitting("100.00")
	s.Hold = &merchant.ScheduleHold{Until: date("2026-03-05"), Reason: "first month"}
	h := open(t, rulesWith(s))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "250.00"))
	id := h.settle(ist("2026-03-02 18:00"))[0].ID
	two := settlement.PartID(id, 2)
	if err := h.try(happensAt(payment.BatchHeld, two, 0)); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("a part of a batch that its schedule holds: %v", err)
	}
	h.take(happensAt(payment.BatchHeld, id, 1))
	if err := h.try(happensAt(payment.BatchReleased, two, 2)); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("a part let go under its schedule's hold: %v", err)
	}
	h.take(happensAt(payment.BatchReleased, id, 3))
	if n := h.follow(ist("2026-03-05 10:00")); n != 1 {
		t.Errorf("%d batches were released on the date, want 1", n)
	}
	if got, want := partsOf(h.batches()[0]), "approved: 100.00 approved 100.00 approved 50.00 approved"; got != want {
		t.Errorf("%s, want %s", got, want)
	}

	h, id = splitBatch(t)
	one := settlement.PartID(id, 1)
	for _, step := range []struct {
		event payment.Event
		want  string
	}{
		{happensAt(payment.BatchSent, one, 0), "submitted: 100.00 submitted 100.00 approved 50.00 approved"},
		{happensAt(payment.BatchRefused, one, 1), "approved: 100.00 failed 100.00 approved 50.00 approved"},
		{happensAt(payment.BatchHeld, settlement.PartID(id, 3), 2), "held: 100.00 failed 100.00 approved 50.00 held"},
		{happensAt(payment.BatchRetried, one, 3), "held: 100.00 approved 100.00 approved 50.00 held"}, // the other one is held alone
		{happensAt(payment.BatchSent, one, 4), "held: 100.00 submitted 100.00 approved 50.00 held"},
		{happensAt(payment.BatchRefused, one, 5), "held: 100.00 failed 100.00 approved 50.00 held"},
		{happensAt(payment.BatchReleased, id, 6), "approved: 100.00 failed 100.00 approved 50.00 approved"},
		{happensAt(payment.BatchHeld, id, 7), "held: 100.00 failed 100.00 held 50.00 held"},
		{happensAt(payment.BatchRetried, one, 8), "held: 100.00 held 100.00 held 50.00 held"},
		{happensAt(payment.BatchReleased, id, 9), "approved: 100.00 approved 100.00 approved 50.00 approved"},
	} {
		h.take(step.event)
		if got := partsOf(h.batches()[0]); got != step.want {
			t.Errorf("%s: %s, want %s", step.event.Kind, got, step.want)
		}
		h.sound()
	}
}

// After a crash between the decision and what follows from it, nothing of the merchant
// leaves, and the next run of the job does the rest.
func TestMerchantHoldBeforeItsBatchesFollow(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	if err := h.holds("m1", false, "anna", ist("2026-03-02 20:00")); err != nil {
		t.Fatal(err)
	}
	dispatched := sent(id, ist("2026-03-03 09:00"))
	dispatched.FromRail = true
	if err := h.try(dispatched); !errors.Is(err, settlement.ErrHeld) {
		t.Errorf("sent while the merchant is held: %v", err)
	}
	if n := h.follow(ist("2026-03-03 09:00")); n != 1 || h.batches()[0].Status != settlement.Held {
		t.Errorf("%d followed, %s", n, h.batches()[0].Status)
	}
}

// A merchant that is held, or released, between two chunks of a batch's lines holds it as if
// it had been closed in one.
func TestMerchantHoldWhileClosing(t *testing.T) {
	t.Parallel()
	live := func(release, cut bool) string {
		h := open(t, rulesWith(india()))
		h.take(deposit("d0", "m1", ist("2026-03-01 12:00"), "100.00"))
		h.settle(ist("2026-03-01 18:00"))
		if release {
			if err := h.holds("m1", false, "dora", ist("2026-03-02 09:00")); err != nil {
				t.Fatal(err)
			}
		}
		h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), deposit("d2", "m1", ist("2026-03-02 12:00"), "100.00"))
		if sound := h.store; cut {
			h.chunk = 1
			h.on(&faulty{Store: sound, fail: 2})
			if _, err := h.trySettle(settlement.Ready{Horizon: ist("2026-03-02 18:00")}); !errors.Is(err, errPulled) {
				t.Fatalf("settle: %v", err)
			}
			h.on(sound)
		} else {
			h.settle(ist("2026-03-02 18:00"))
		}
		if n := len(records[*settlement.Unfinished](h, settlement.ClosingRecord)); cut != (n == 1) {
			t.Fatalf("%d batches are unfinished", n)
		}
		if err := h.holds("m1", release, "carl", ist("2026-03-02 19:00")); err != nil {
			t.Fatal(err)
		}
		h.follow(ist("2026-03-02 19:01"))
		h.settle(ist("2026-03-02 20:00"))
		h.follow(ist("2026-03-02 20:01"))
		h.sound()
		b := h.batches()[1]
		return fmt.Sprintf("%s, told %d: %s", b.Status, b.Told, steps(b))
	}
	for release, want := range map[bool]string{
		false: "held, told 2: closed; approved; held 03-02 19:00 carlmerchant_hold",
		true:  "approved, told 3: closed; approved; held 03-02 18:00 doramerchant_hold; closed 03-02 19:00 carl; approved 03-02 19:00",
	} {
		for _, cut := range []bool{false, true} {
			if got := live(release, cut); got != want {
				t.Errorf("release %t, cut off %t: %s, want %s", release, cut, got, want)
			}
		}
	}
}

// approving has schedules of which each net above an amount waits to be approved.
func approving(above string) *payment.Rules {
	s := india()
	s.ApproveAbove = new(minor(above))
	return rulesWith(s)
}

// A batch above the amount waits for somebody who is not its maker; below it goes.
func TestApproval(t *testing.T) {
	t.Parallel()
	h := open(t, approving("100.00"))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), deposit("d2", "m2", ist("2026-03-02 12:00"), "100.01"))
	ids := map[string]string{}
	for _, b := range h.settle(ist("2026-03-02 18:00")) {
		ids[b.Merchant] = b.ID
	}
	if got := steps(h.batches()[0]) + " | " + steps(h.batches()[1]); got != "closed; approved | closed" {
		t.Errorf("closed as %s", got)
	}
	id, at := ids["m2"], ist("2026-03-03 09:00")
	if err := h.try(sent(id, at)); !errors.Is(err, payment.ErrTransition) {
		t.Errorf("sent before it was approved: %v", err)
	}
	h.take(decided(payment.BatchApproved, id, "anna", at)) // the schedule made it
	h.take(decided(payment.BatchHeld, id, "ben", at.Add(time.Hour)), decided(payment.BatchReleased, id, "Carla  Roy", at.Add(2*time.Hour)))
	err := h.try(decided(payment.BatchApproved, id, "carla roy", at.Add(3*time.Hour)))
	if want := `settlement_approved ` + id + `: actor: "carla roy" is the maker of the batch and cannot approve it: "Carla  Roy" let it go on`; !errors.Is(err, settlement.ErrOwnBatch) || err.Error() != want {
		t.Errorf("approved by its maker: %v, want %s", err, want)
	}
	if err := h.try(payment.Event{Kind: payment.BatchApproved, ID: id, OccurredAt: at.Add(3 * time.Hour)}); err == nil {
		t.Error("nobody approved it, and it is")
	}
	h.take(decided(payment.BatchApproved, id, "anna", at.Add(4*time.Hour)), sent(id, at.Add(5*time.Hour)))
	h.take(happens(payment.BatchRefused, id, at.Add(6*time.Hour)), decided(payment.BatchRetried, id, "anna", at.Add(7*time.Hour)))
	if err := h.try(decided(payment.BatchApproved, id, "anna", at.Add(8*time.Hour))); !errors.Is(err, settlement.ErrOwnBatch) {
		t.Errorf("approved by who tried it again: %v", err)
	}
	h.take(decided(payment.BatchApproved, id, "ben", at.Add(9*time.Hour)))
	want := "closed; approved 03-03 09:00 anna; held 03-03 10:00 benmanual; closed 03-03 11:00 Carla  Roy; approved 03-03 13:00 anna; " +
		"submitted 03-03 14:00; failed 03-03 15:00; closed 03-03 16:00 anna; approved 03-03 18:00 ben"
	for _, b := range h.batches() {
		if b.ID == id && steps(b) != want {
			t.Errorf("life\n%s, want\n%s", steps(b), want)
		}
	}
	h.sound()
}

// A batch that waits, is held, or was refused is given up, and its money is a line of the
// next one.
func TestCanceledFromAnywhereBeforeItLeft(t *testing.T) {
	t.Parallel()
	for status, road := range map[settlement.Status][]payment.Kind{
		settlement.Closed: {}, settlement.Held: {payment.BatchHeld}, settlement.Approved: {payment.BatchApproved},
		settlement.Failed: {payment.BatchApproved, payment.BatchSent, payment.BatchRefused},
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			h := open(t, approving("0.00"))
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
			id := h.settle(ist("2026-03-02 18:00"))[0].ID
			for i, kind := range road {
				h.take(happens(kind, id, ist("2026-03-03 09:00").Add(time.Duration(i)*time.Minute)))
			}
			if b := h.batches()[0]; b.Status != status {
				t.Fatalf("it is %s", b.Status)
			}
			h.take(happens(payment.BatchCanceled, id, ist("2026-03-03 12:00")))
			h.settle(ist("2026-03-03 18:00"))
			if got := tell(h.batches()[1]); got != "m1 INR 2026-03-03 closed, due 2026-03-04: 0.00 + 100.00 + 0.00 = 100.00" {
				t.Error(got)
			}
			if n := len(records[*settlement.HeldBatch](h, settlement.HeldRecord)); n != 0 {
				t.Errorf("%d are listed as held", n)
			}
			h.sound()
		})
	}
}

// What is listed as held is held.
func TestVerifyFindsForgedHolds(t *testing.T) {
	t.Parallel()
	h, id := closedBatch(t)
	h.puts(&settlement.HeldBatch{Batch: id, Merchant: "m1", Reason: settlement.HoldManual})
	want := []string{"batch_held/" + id + ": want a batch that is held for it, have it is approved"}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
	h.take(decided(payment.BatchHeld, id, "anna", ist("2026-03-03 09:00"))) // now it is
}

// puts writes a record without a rule.
func (h *house) puts(r ledger.Record) {
	h.t.Helper()
	if err := h.books.Do(context.Background(), &writing{r}); err != nil {
		h.t.Fatalf("%v", err)
	}
}

type writing struct{ record ledger.Record }

func (*writing) At() time.Time                          { return time.Time{} }
func (w *writing) Need(_ *ledger.State, n *ledger.Need) { n.Record(w.record.Ref()) }
func (w *writing) Apply(s *ledger.State) error          { s.Put(w.record); return nil }

// Whatever schedules hold, ask somebody to approve and split, and whenever somebody holds
// a merchant: batches stand the same, step by step, whenever the job runs, and all of
// them, wherever it was cut off.
func TestHoldsWheneverTheJobRuns(t *testing.T) {
	t.Parallel()
	tries := tries{t}
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		if runs++; runs > 40 || testing.Short() && runs > 10 {
			return
		}
		history := histories(false).Draw(t, "history")
		history.wishes = nil // what is asked for closes windows, and nobody has decided anything by then
		for i := range history.rules.Book.Schedules {
			drawLettingGo(t, &history.rules.Book.Schedules[i])
		}
		decisions := drawRuns(t, history)
		decisions = decisions[:len(decisions)-1]
		decide := func(h *house, i int) {
			if err := h.holds("m1", i%2 == 1, "anna", decisions[i].Add(time.Duration(i)*time.Microsecond)); err != nil && !errors.Is(err, payment.ErrUnknownMerchant) {
				t.Fatalf("decision %d: %v", i, err)
			}
		}
		var want string
		tries.with(t, history.rules, func(h *house) {
			h.liveWith(&history, h.grant)
			for i := range decisions {
				decide(h, i)
			}
			h.settle(history.end)
			h.follow(history.end)
			want = h.outcome()
		})
		tries.with(t, history.rules, func(h *house) {
			h.chunk = rapid.IntRange(1, 12).Draw(t, "chunk")
			h.liveWith(&history, h.grant)
			done := 0
			for _, now := range drawRuns(t, history) {
				for ; done < len(decisions) && !decisions[done].After(now); done++ {
					decide(h, done)
					h.follow(decisions[done].Add(time.Duration(done) * time.Microsecond))
				}
				h.settleThroughCrashes(t, now)
				h.follow(now)
			}
			if diff := cmp.Diff(want, h.outcome()); diff != "" {
				t.Errorf("in runs (-at once +so)\n%s", diff)
			}
		})
	})
}

// drawLettingGo draws what lets the batches of a schedule go.
func drawLettingGo(t *rapid.T, s *merchant.Schedule) {
	if rapid.Bool().Draw(t, "held") {
		s.Hold = &merchant.ScheduleHold{Until: date("2026-03-01").AddDays(rapid.IntRange(0, 25).Draw(t, "until")), Reason: "x"}
	}
	if rapid.Bool().Draw(t, "approved") {
		s.ApproveAbove = new(minor("50.00"))
	}
	if rapid.Bool().Draw(t, "split") {
		s.MaxPayout = minor("30.00")
	}
}

// Whoever asked for a batch is its maker; one that is asked for while its merchant is held
// is held.
func TestWhoAskedCannotApprove(t *testing.T) {
	t.Parallel()
	h := open(t, charging(approving("0.00"), fees.EventInstant))
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), deposit("d2", "m1", ist("2026-03-02 15:00"), "50.00"))
	b := h.asks("r1", settlement.Instant, ist("2026-03-02 16:00"))
	if err := h.try(decided(payment.BatchApproved, b.ID, "anna", ist("2026-03-02 17:00"))); !errors.Is(err, settlement.ErrOwnBatch) {
		t.Errorf("approved by who asked for it: %v", err)
	}
	h.take(decided(payment.BatchApproved, b.ID, "ben", ist("2026-03-02 17:00")))
	if err := h.holds("m1", false, "ben", ist("2026-03-02 17:10")); err != nil {
		t.Fatal(err)
	}
	h.take(deposit("d3", "m1", ist("2026-03-02 17:20"), "10.00"))
	if b := h.asks("r2", settlement.Instant, ist("2026-03-02 17:30")); b.Status != settlement.Held || b.Hold.By != "ben" {
		t.Errorf("asked for while its merchant is held: %s", steps(b))
	}
	h.follow(ist("2026-03-02 17:40"))
	h.sound()
}
