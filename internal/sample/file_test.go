package sample_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/sample"
)

func TestHeader(t *testing.T) {
	t.Parallel()
	want := "kind,id,occurred_at,merchant_id,currency,amount,method,rail,brand,funding," +
		"order_id,parent_id,reason_code,rail_reference,bank_reference,cost,cost_tax,actor,border"
	got, _, _ := bytes.Cut(sample.PaymentsCSV(), []byte("\n"))
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
}

func TestPaymentsCSVIsACopy(t *testing.T) {
	t.Parallel()
	mine := sample.PaymentsCSV()
	clear(mine)
	if len(mine) == 0 || sample.PaymentsCSV()[0] == 0 {
		t.Error("the caller can change the sample")
	}
}

func TestRowsAreInOrderOfTime(t *testing.T) {
	t.Parallel()
	rows := readBook(t).rows
	for i := 1; i < len(rows); i++ {
		if !rows[i].at.After(rows[i-1].at) {
			t.Errorf("line %d: %s is not after the line before", rows[i].line, rows[i].at)
		}
	}
}

func TestTimesCarryTheirLocalOffset(t *testing.T) {
	t.Parallel()
	want := map[string]string{"in": "+05:30", "pk": "+05:00", "bd": "+06:00"}
	for _, r := range readBook(t).rows {
		if got := r.at.Format("-07:00"); got != want[region(r.id)] {
			t.Errorf("line %d: offset %s, want %s", r.line, got, want[region(r.id)])
		}
	}
}

// An event is told apart by kind and id; a created resource by its id alone.
func TestIDsAreUnique(t *testing.T) {
	t.Parallel()
	events, created := map[string]int{}, map[string]int{}
	form := regexp.MustCompile(`^((dep|ref|dsp|po)_(in|pk|bd)_\d+|rs_(in|pk|bd)_[a-z_]+_202603\d\d)$`)
	for _, r := range readBook(t).rows {
		if first, seen := events[r.kind+" "+r.id]; seen {
			t.Errorf("line %d: %s %s is on line %d too", r.line, r.kind, r.id, first)
		}
		events[r.kind+" "+r.id] = r.line
		if !form.MatchString(r.id) {
			t.Errorf("line %d: id %q", r.line, r.id)
		}
		if slices.Contains([]string{"deposit", "refund", "dispute", "payout", "rail_settlement"}, r.kind) {
			if first, seen := created[r.id]; seen {
				t.Errorf("line %d: id %s is on line %d too", r.line, r.id, first)
			}
			created[r.id] = r.line
		}
	}
}

// Amounts stand where the kind has one, and nowhere else.
func TestAmounts(t *testing.T) {
	t.Parallel()
	for _, r := range readBook(t).rows {
		want := slices.Contains([]string{"deposit", "refund", "dispute", "payout", "rail_settlement"}, r.kind)
		if r.hasAmount != want || (r.currency != "") != want {
			t.Errorf("line %d: %s with amount %d %s", r.line, r.kind, r.amount, r.currency)
		}
	}
}

func TestReferencesAreUnique(t *testing.T) {
	t.Parallel()
	orders, rails, banks := map[string]int{}, map[string]int{}, map[string]int{}
	once := func(seen map[string]int, r row, reference string) {
		if first, ok := seen[reference]; ok {
			t.Errorf("line %d: reference %q is on line %d too", r.line, reference, first)
		}
		seen[reference] = r.line
	}
	for _, r := range readBook(t).rows {
		switch r.kind {
		case "deposit":
			once(orders, r, r.order)
			once(rails, r, r.railRef)
		case "payout":
			once(orders, r, r.order)
		case "rail_settlement":
			once(rails, r, r.railRef)
			once(banks, r, r.bank)
		}
	}
}

func TestMerchants(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^m_(in|pk|bd)_[a-z0-9]+$`)
	got := map[string][]string{}
	for _, r := range readBook(t).rows {
		if r.kind != "deposit" {
			continue
		}
		if !form.MatchString(r.merchant) || region(r.merchant) != region(r.id) {
			t.Errorf("line %d: merchant %q of deposit %s", r.line, r.merchant, r.id)
		}
		if !slices.Contains(got[r.currency], r.merchant) {
			got[r.currency] = append(got[r.currency], r.merchant)
		}
	}
	for _, merchants := range got {
		slices.Sort(merchants)
	}
	want := map[string][]string{
		"INR": {"m_in_booknest", "m_in_chaiwala", "m_in_freelance", "m_in_kirana", "m_in_sareeshop", "m_in_yatra"},
		"PKR": {"m_pk_chappal", "m_pk_cricketgear", "m_pk_gigwork", "m_pk_karahi", "m_pk_mobilemart"},
		"BDT": {"m_bd_boighor", "m_bd_jamdani", "m_bd_mishti", "m_bd_riders"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merchants by currency (-want +got):\n%s", diff)
	}
}

// Text that a reader of payments could take for a card number is refused
// there, so none may be here.
func TestNothingLooksLikeACardNumber(t *testing.T) {
	t.Parallel()
	digits := regexp.MustCompile(`[0-9][0-9 -]{11,}[0-9]`)
	for _, r := range readBook(t).rows {
		for _, text := range []string{r.order, r.railRef, r.bank, r.reason} {
			if r.kind != "rail_settlement" && digits.MatchString(text) {
				t.Errorf("line %d: %q could be a card number", r.line, text)
			}
			if strings.ContainsAny(text, "=@\t") || strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-") {
				t.Errorf("line %d: %q could be a formula", r.line, text)
			}
		}
	}
}
