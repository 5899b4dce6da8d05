package sample_test

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/internal/sample"
)

// The checks of this package read the file as a stranger would: nothing here
// knows how the events were made.

// A row is one line of the file. Amounts are minor units; all three
// currencies have two decimals.
type row struct {
	line                                 int
	kind, id, merchant, currency         string
	method, rail, brand, funding         string
	order, parent, reason, railRef, bank string
	hasAmount, hasCost, hasCostTax       bool
	amount, cost, costTax                int64
	at                                   time.Time // with the offset the file writes
	day                                  int       // local day of March
}

// A book is the file and what can be looked up in it.
type book struct {
	rows     []row
	deposits map[string]row
	failed   map[string]row // deposit_failed by deposit
	refunds  map[string]row
	disputes map[string]row
	payouts  map[string]row
}

func readBook(t *testing.T) book {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(sample.PaymentsCSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	b := book{
		deposits: map[string]row{}, failed: map[string]row{}, refunds: map[string]row{},
		disputes: map[string]row{}, payouts: map[string]row{},
	}
	index := map[string]map[string]row{
		"deposit": b.deposits, "deposit_failed": b.failed, "refund": b.refunds, "dispute": b.disputes, "payout": b.payouts,
	}
	for i, record := range records[1:] {
		r := parseRow(t, i+2, records[0], record)
		b.rows = append(b.rows, r)
		if of, ok := index[r.kind]; ok {
			of[r.id] = r
		}
	}
	return b
}

func parseRow(t *testing.T, line int, header, record []string) row {
	t.Helper()
	cell := func(name string) string { return record[slices.Index(header, name)] }
	r := row{
		line: line, kind: cell("kind"), id: cell("id"), merchant: cell("merchant_id"), currency: cell("currency"),
		method: cell("method"), rail: cell("rail"), brand: cell("brand"), funding: cell("funding"),
		order: cell("order_id"), parent: cell("parent_id"), reason: cell("reason_code"),
		railRef: cell("rail_reference"), bank: cell("bank_reference"),
	}
	r.amount, r.hasAmount = parseAmount(t, line, cell("amount"))
	r.cost, r.hasCost = parseAmount(t, line, cell("cost"))
	r.costTax, r.hasCostTax = parseAmount(t, line, cell("cost_tax"))
	at, err := time.Parse(time.RFC3339, cell("occurred_at"))
	if err != nil {
		t.Fatalf("line %d: %v", line, err)
	}
	if y, m, _ := at.Date(); y != 2026 || m != time.March {
		t.Errorf("line %d: %s is not in March 2026", line, cell("occurred_at"))
	}
	r.at, r.day = at, at.Day()
	return r
}

func parseAmount(t *testing.T, line int, s string) (minor int64, present bool) {
	t.Helper()
	if s == "" {
		return 0, false
	}
	whole, fraction, _ := strings.Cut(s, ".")
	minor, err := strconv.ParseInt(whole+fraction, 10, 64)
	if err != nil || len(fraction) != 2 || minor <= 0 {
		t.Errorf("line %d: amount %q is not positive with two decimals", line, s)
	}
	return minor, true
}

// region is the part of an id that names it: dep_in_000001, m_in_kirana.
func region(id string) string {
	parts := strings.Split(id, "_")
	return parts[1]
}

// merchantOf finds the merchant a row is about, through its parents.
func (b book) merchantOf(r row) string {
	switch r.kind {
	case "deposit", "payout":
		return r.merchant
	case "deposit_failed":
		return b.deposits[r.id].merchant
	case "refund", "dispute":
		return b.deposits[r.parent].merchant
	case "refund_confirmed", "refund_failed":
		return b.merchantOf(b.refunds[r.id])
	case "dispute_won", "dispute_lost":
		return b.merchantOf(b.disputes[r.id])
	case "payout_sent", "payout_completed", "payout_failed", "payout_returned":
		return b.payouts[r.id].merchant
	default:
		return ""
	}
}

// closedDays are the days of March 2026 on which a region does not settle,
// copied from the public lists by hand: weekends first, then holidays.
func closedDays(region string) []int {
	switch region {
	case "in": // Sundays, 2nd and 4th Saturday; Holi, Ram Navami, Mahavir Jayanti
		return []int{1, 8, 15, 22, 29, 14, 28, 4, 26, 31}
	case "pk": // Saturdays, Sundays; Eid al-Fitr, Pakistan Day
		return []int{1, 7, 8, 14, 15, 21, 22, 28, 29, 20, 23}
	default: // Fridays, Saturdays; Laylat al-Qadr, Eid al-Fitr, Independence Day
		return []int{6, 7, 13, 14, 20, 21, 27, 28, 17, 22, 23, 26}
	}
}

// businessDays returns the n-th open day after day, or 99 when the month ends
// before it.
func businessDays(region string, day, n int) int {
	for d := day + 1; d <= 31; d++ {
		if slices.Contains(closedDays(region), d) {
			continue
		}
		if n--; n == 0 {
			return d
		}
	}
	return 99
}
