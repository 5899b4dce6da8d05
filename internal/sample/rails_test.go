package sample_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// railDays is after how many business days a rail pays.
func railDays(currency, rail string) int {
	if rail == "card" || (rail == "wallet" && currency == "BDT") {
		return 2
	}
	return 1
}

// Every rail pays exactly what it captured and what did not fail, day after
// day without a gap, as soon as it is due and never on a closed day.
func TestRailSettlements(t *testing.T) {
	t.Parallel()
	b := readBook(t)
	paidTo := map[string]int{} // last day of capture paid for, by rail and currency
	for _, r := range b.rows {
		if r.kind != "rail_settlement" {
			continue
		}
		from, to := captureDays(t, r)
		key, in := r.rail+" "+r.currency, region(r.id)
		if from != paidTo[key]+1 || to < from {
			t.Errorf("line %d: %s pays for %d to %d March, paid before up to %d", r.line, key, from, to, paidTo[key])
		}
		if due := businessDays(in, to, railDays(r.currency, r.rail)); businessDays(in, r.day-1, 1) != r.day || due > r.day {
			t.Errorf("line %d: %s pays on %d March what is due on %d March", r.line, key, r.day, due)
		}
		if next := businessDays(in, to+1, railDays(r.currency, r.rail)); next <= r.day {
			t.Errorf("line %d: %s leaves %d March, due on %d March, unpaid on %d March", r.line, key, to+1, next, r.day)
		}
		if want := b.captured(r.rail, r.currency, from, to); r.amount != want {
			t.Errorf("line %d: %s pays %d for %d to %d March, captured %d", r.line, key, r.amount, from, to, want)
		}
		checkCost(t, r)
		paidTo[key] = to
	}
	for _, d := range b.deposits {
		due := businessDays(region(d.id), d.day, railDays(d.currency, d.rail))
		if _, failed := b.failed[d.id]; !failed && due <= 31 && d.day > paidTo[d.rail+" "+d.currency] {
			t.Errorf("line %d: %s, due on %d March, is never paid", d.line, d.id, due)
		}
	}
	if len(paidTo) != 10 {
		t.Errorf("%d rails pay, want 4 in India, 3 in Pakistan, 3 in Bangladesh: %v", len(paidTo), paidTo)
	}
}

func captureDays(t *testing.T, r row) (from, to int) {
	t.Helper()
	prefix := fmt.Sprintf("%s-%s-", r.rail, strings.ToLower(r.currency))
	first, last, _ := strings.Cut(strings.TrimPrefix(r.railRef, prefix), "-")
	a, err := time.Parse("20060102", first)
	if err != nil {
		t.Fatalf("line %d: %v", r.line, err)
	}
	z, err := time.Parse("20060102", last)
	if err != nil {
		t.Fatalf("line %d: %v", r.line, err)
	}
	if r.bank == "" {
		t.Errorf("line %d: no bank reference", r.line)
	}
	return a.Day(), z.Day()
}

func (b book) captured(rail, currency string, from, to int) int64 {
	var sum int64
	for _, d := range b.deposits {
		if _, failed := b.failed[d.id]; failed || d.rail != rail || d.currency != currency || d.day < from || d.day > to {
			continue
		}
		sum += d.amount
	}
	return sum
}

// Only cards keep their cost and tax on it; together they are a few per cent.
func checkCost(t *testing.T, r row) {
	t.Helper()
	if card := r.rail == "card"; card != r.hasCost || card != r.hasCostTax {
		t.Errorf("line %d: %s keeps cost %d, tax %d", r.line, r.rail, r.cost, r.costTax)
	}
	if kept := r.cost + r.costTax; r.hasCost && (kept*100 < r.amount || kept*100 > 3*r.amount || r.costTax >= r.cost) {
		t.Errorf("line %d: cost %d and tax %d of %d", r.line, r.cost, r.costTax, r.amount)
	}
}
