package sample_test

import (
	"testing"
	"time"
)

func TestEveryParentExistsEarlier(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{} // "kind id"
	parent := func(r row) (string, bool) {
		switch r.kind {
		case "deposit_failed":
			return "deposit " + r.id, true
		case "refund", "dispute":
			return "deposit " + r.parent, true
		case "refund_confirmed", "refund_failed":
			return "refund " + r.id, true
		case "dispute_won", "dispute_lost":
			return "dispute " + r.id, true
		case "payout_sent", "payout_failed":
			return "payout " + r.id, true
		case "payout_completed":
			return "payout_sent " + r.id, true
		case "payout_returned":
			return "payout_completed " + r.id, true
		default:
			return "", false
		}
	}
	for _, r := range readBook(t).rows {
		if p, needed := parent(r); needed && !seen[p] {
			t.Errorf("line %d: %s %s comes before its %s", r.line, r.kind, r.id, p)
		}
		seen[r.kind+" "+r.id] = true
	}
}

func TestOneOutcomeEach(t *testing.T) {
	t.Parallel()
	outcome := map[string]row{}
	for _, r := range readBook(t).rows {
		switch r.kind {
		case "refund_confirmed", "refund_failed", "dispute_won", "dispute_lost", "payout_sent", "payout_failed":
			if first, ok := outcome[r.id]; ok {
				t.Errorf("line %d: %s after %s", r.line, r.kind, first.kind)
			}
			outcome[r.id] = r
		}
	}
}

// What a deposit lost to refunds and disputes never exceeds it, not even when
// failed refunds and won disputes count.
func TestRefundsAndDisputesFitTheirDeposit(t *testing.T) {
	t.Parallel()
	b := readBook(t)
	taken := map[string]int64{}
	for _, r := range b.rows {
		if r.kind != "refund" && r.kind != "dispute" {
			continue
		}
		d := b.deposits[r.parent]
		taken[d.id] += r.amount
		if taken[d.id] > d.amount || r.currency != d.currency {
			t.Errorf("line %d: %d %s taken of %s, which is %d %s", r.line, taken[d.id], r.currency, d.id, d.amount, d.currency)
		}
		if failure, failed := b.failed[d.id]; failed {
			t.Errorf("line %d: %s of a deposit that fails on line %d", r.line, r.kind, failure.line)
		}
		if r.reason == "" {
			t.Errorf("line %d: %s without a reason", r.line, r.kind)
		}
		if r.kind == "dispute" && d.method != "CARD" {
			t.Errorf("line %d: dispute of a deposit by %s", r.line, d.method)
		}
	}
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	b := readBook(t)
	var full, partial int
	parts := map[string][]int64{}
	confirmed, failed := 0, 0
	for _, r := range b.rows {
		switch r.kind {
		case "refund":
			parts[r.parent] = append(parts[r.parent], r.amount)
			if r.amount == b.deposits[r.parent].amount {
				full++
			} else {
				partial++
			}
		case "refund_confirmed":
			confirmed++
		case "refund_failed":
			failed++
		}
	}
	several, twins := 0, 0
	for _, amounts := range parts {
		if len(amounts) > 2 {
			several++
		}
		for i, a := range amounts {
			for _, other := range amounts[i+1:] {
				if a == other {
					twins++
				}
			}
		}
	}
	if full < 40 || partial < 40 {
		t.Errorf("%d full and %d partial refunds", full, partial)
	}
	if several < 2 || twins < 2 {
		t.Errorf("%d deposits with more than two refunds, %d pairs of equal ones", several, twins)
	}
	if refunds := len(b.refunds); confirmed*10 < refunds*9 || confirmed+failed >= refunds {
		t.Errorf("%d of %d refunds confirmed, %d failed; want most, and some under way", confirmed, refunds, failed)
	}
	if failed < 1 || failed > 2 {
		t.Errorf("%d refunds failed, want one or two", failed)
	}
}

func TestDisputes(t *testing.T) {
	t.Parallel()
	b := readBook(t)
	got := map[string]map[string]int{"in": {}, "pk": {}, "bd": {}}
	decided := map[string]bool{}
	for _, r := range b.rows {
		switch r.kind {
		case "dispute":
			if gap := r.at.Sub(b.deposits[r.parent].at); gap < 24*time.Hour {
				t.Errorf("line %d: disputed %s after capture", r.line, gap)
			}
		case "dispute_won", "dispute_lost":
			got[region(r.id)][r.kind]++
			decided[r.id] = true
		}
	}
	for id := range b.disputes {
		if !decided[id] {
			got[region(id)]["open"]++
		}
	}
	for in, n := range got {
		if n["dispute_won"] == 0 || n["dispute_lost"] == 0 {
			t.Errorf("%s: disputes %v, want some won and some lost", in, n)
		}
	}
	if open := got["in"]["open"] + got["pk"]["open"] + got["bd"]["open"]; open < 3 {
		t.Errorf("%d disputes open at the end, want several", open)
	}
}
