package sample_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestCounts(t *testing.T) {
	t.Parallel()
	type counts struct{ IN, PK, BD int }
	got, total := map[string]counts{}, 0
	for _, r := range readBook(t).rows {
		c := got[r.kind]
		switch region(r.id) {
		case "in":
			c.IN++
		case "pk":
			c.PK++
		case "bd":
			c.BD++
		}
		got[r.kind] = c
		total++
	}
	want := map[string]counts{
		"deposit":          {IN: 2028, PK: 1245, BD: 967},
		"deposit_failed":   {IN: 1, PK: 1, BD: 1},
		"refund":           {IN: 70, PK: 51, BD: 31},
		"refund_confirmed": {IN: 65, PK: 49, BD: 29},
		"refund_failed":    {IN: 1, BD: 1},
		"dispute":          {IN: 17, PK: 9, BD: 5},
		"dispute_won":      {IN: 7, PK: 2, BD: 1},
		"dispute_lost":     {IN: 8, PK: 3, BD: 3},
		"payout":           {IN: 27, PK: 26, BD: 23},
		"payout_sent":      {IN: 27, PK: 25, BD: 23},
		"payout_completed": {IN: 26, PK: 25, BD: 22},
		"payout_failed":    {PK: 1},
		"payout_returned":  {IN: 1},
		"rail_settlement":  {IN: 82, PK: 59, BD: 51},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events by kind and region (-want +got):\n%s", diff)
	}
	if total < 4_900 || total > 5_100 {
		t.Errorf("%d events, want about 5,000", total)
	}
}

func TestMethods(t *testing.T) {
	t.Parallel()
	got := map[string]map[string]bool{}
	for _, r := range readBook(t).rows {
		if r.kind != "deposit" {
			continue
		}
		if got[r.currency] == nil {
			got[r.currency] = map[string]bool{}
		}
		got[r.currency][r.method] = true
		if card := r.method == "CARD"; card != (r.brand != "") || card != (r.funding != "") {
			t.Errorf("line %d: %s with brand %q, funding %q", r.line, r.method, r.brand, r.funding)
		}
	}
	want := map[string]map[string]bool{
		"INR": {"UPI": true, "CARD": true, "WALLET": true, "BANK_TRANSFER": true},
		"PKR": {"CARD": true, "WALLET": true, "BANK_TRANSFER": true},
		"BDT": {"CARD": true, "WALLET": true, "BANK_TRANSFER": true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("methods by currency (-want +got):\n%s", diff)
	}
}

// People pay on every day, closed ones included, more by day than in the small
// hours, and in Ramadan after sunset.
func TestRhythm(t *testing.T) {
	t.Parallel()
	days := map[string]map[int]int{"in": {}, "pk": {}, "bd": {}}
	var night, noon int
	karahi := map[bool]int{} // by whether the sun is up, while the fast lasts
	for _, r := range readBook(t).rows {
		if r.kind != "deposit" {
			continue
		}
		days[region(r.id)][r.day]++
		hour := r.at.Hour()
		switch {
		case hour < 5:
			night++
		case hour >= 11 && hour < 16:
			noon++
		}
		if r.merchant == "m_pk_karahi" && r.day <= 19 {
			karahi[hour >= 6 && hour < 18]++
		}
	}
	for in, byDay := range days {
		for day := 1; day <= 31; day++ {
			if byDay[day] == 0 {
				t.Errorf("%s: no deposit on %d March", in, day)
			}
		}
	}
	if night*4 > noon {
		t.Errorf("%d deposits from 0 to 5 h, %d from 11 to 16 h", night, noon)
	}
	if karahi[true] > karahi[false] {
		t.Errorf("m_pk_karahi in Ramadan: %d deposits by day, %d at night", karahi[true], karahi[false])
	}
	if eve, feast := days["pk"][19], days["pk"][20]; eve < 2*feast {
		t.Errorf("Pakistan: %d deposits on the eve of Eid, %d on Eid", eve, feast)
	}
	if holi, after := days["in"][4], days["in"][7]; holi >= after {
		t.Errorf("India: %d deposits on Holi, %d on the Saturday after", holi, after)
	}
}

// One failure comes within minutes and one days later.
func TestLateFailures(t *testing.T) {
	t.Parallel()
	b := readBook(t)
	var soon, late int
	for id, failure := range b.failed {
		d, ok := b.deposits[id]
		if !ok || !failure.at.After(d.at) || failure.reason == "" {
			t.Errorf("line %d: failure of %s", failure.line, id)
		}
		switch gap := failure.at.Sub(d.at); {
		case gap < 30*time.Minute && failure.at.Minute()/30 == d.at.Minute()/30:
			soon++ // no cut-off on the hour or half-hour lies between
		case gap > 3*24*time.Hour:
			late++
		}
	}
	if soon < 1 || late < 1 {
		t.Errorf("%d failures within the half-hour, %d after days; want one of each at least", soon, late)
	}
}
