package sample_test

import (
	"slices"
	"testing"
)

func byHand() []string { return []string{"m_in_freelance", "m_pk_gigwork", "m_bd_riders"} }

// Only merchants settled by hand pay out, and nothing ever takes from what
// they have: no refund, dispute or failure.
func TestPayoutsAreOfMerchantsSettledByHand(t *testing.T) {
	t.Parallel()
	b := readBook(t)
	payouts := map[string]int{}
	for _, r := range b.rows {
		merchant := b.merchantOf(r)
		hand := slices.Contains(byHand(), merchant)
		switch r.kind {
		case "payout":
			payouts[merchant]++
			if !hand {
				t.Errorf("line %d: payout of %s", r.line, merchant)
			}
		case "refund", "dispute", "deposit_failed":
			if hand {
				t.Errorf("line %d: %s at %s", r.line, r.kind, merchant)
			}
		}
	}
	for _, merchant := range byHand() {
		if payouts[merchant] < 10 {
			t.Errorf("%s: %d payouts, want ten at least", merchant, payouts[merchant])
		}
	}
}

// A payout and 10.00 for its fee are at most half of what is available for
// certain: 97 % of the deposits captured so long ago that two business days
// after the day after their capture have passed, less all earlier payouts, the
// failed and returned ones too.
func TestPayoutsAreAffordable(t *testing.T) {
	t.Parallel()
	const fee = 10_00
	b := readBook(t)
	spent := map[string]int64{}
	for i, r := range b.rows {
		if r.kind != "payout" {
			continue
		}
		var available int64
		for _, d := range b.rows[:i] {
			if d.kind == "deposit" && d.merchant == r.merchant && businessDays(region(d.id), d.day+1, 2) < r.day {
				available += d.amount * 97 / 100
			}
		}
		available -= spent[r.merchant]
		if 2*(r.amount+fee) > available {
			t.Errorf("line %d: %s pays %d of %d", r.line, r.merchant, r.amount, available)
		}
		spent[r.merchant] += r.amount + fee
	}
}

func TestPayoutOutcomes(t *testing.T) {
	t.Parallel()
	got := map[string]int{}
	for _, r := range readBook(t).rows {
		got[r.kind]++
		if slices.Contains([]string{"payout_failed", "payout_returned"}, r.kind) && r.reason == "" {
			t.Errorf("line %d: %s without a reason", r.line, r.kind)
		}
	}
	if got["payout_failed"] != 1 || got["payout_returned"] != 1 {
		t.Errorf("%d payouts failed, %d returned, want one of each", got["payout_failed"], got["payout_returned"])
	}
	if got["payout_sent"] != got["payout"]-1 {
		t.Errorf("%d of %d payouts sent, want all but the failed one", got["payout_sent"], got["payout"])
	}
	if under := got["payout_sent"] - got["payout_completed"]; under < 1 || under > 5 {
		t.Errorf("%d payouts on their way at the end, want a few", under)
	}
}
