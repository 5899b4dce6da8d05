package sample_test

import (
	"fmt"
	"testing"
	"time"
)

// The merchants that fall below zero do so whatever the windows, fees and
// reserves are: they are settled here at every cut-off worth trying, once as
// if nothing were withheld from deposits and a part of every refund and dispute
// came from a reserve, and once as if a quarter of every deposit were
// withheld and every dispute cost 5,000.00 more.

// terms are what a settlement takes and gives, in per cent.
type terms struct {
	deposits, debits int64
	disputeFee       int64
}

func generous() terms { return terms{deposits: 100, debits: 85} }
func strict() terms   { return terms{deposits: 75, debits: 100, disputeFee: 5_000_00} }

// settle closes a merchant's windows at the given instants. The result is the
// balance at each close: above zero it is paid, otherwise carried on.
func (b book) settle(merchant string, closes []time.Time, by terms) []int64 {
	var balances []int64
	var balance int64
	shut := func() {
		balances = append(balances, balance)
		balance = min(balance, 0)
	}
	for _, r := range b.rows {
		if b.merchantOf(r) != merchant {
			continue
		}
		for len(balances) < len(closes) && !r.at.Before(closes[len(balances)]) {
			shut()
		}
		switch r.kind {
		case "deposit":
			balance += r.amount * by.deposits / 100
		case "deposit_failed":
			balance -= b.deposits[r.id].amount
		case "refund":
			balance -= r.amount * by.debits / 100
		case "refund_failed":
			balance += b.refunds[r.id].amount * by.debits / 100
		case "dispute":
			balance -= r.amount*by.debits/100 + by.disputeFee
		case "dispute_won":
			balance += b.disputes[r.id].amount * by.debits / 100
		}
	}
	for len(balances) < len(closes) {
		shut()
	}
	return balances
}

func (b book) checkFall(t *testing.T, merchant string, closes []time.Time, fall time.Time, atLeast int) {
	t.Helper()
	run := func(by terms) (below int, recovered time.Time) {
		for i, balance := range b.settle(merchant, closes, by) {
			switch {
			case closes[i].Before(fall):
			case balance < 0 && recovered.IsZero():
				below++
			case balance > 0 && below > 0 && recovered.IsZero():
				recovered = closes[i]
			}
		}
		return below, recovered
	}
	if below, _ := run(generous()); below < atLeast {
		t.Errorf("%s: %d batches carried forward on generous terms, want %d at least", merchant, below, atLeast)
	}
	if _, recovered := run(strict()); recovered.IsZero() {
		t.Errorf("%s: never recovers on strict terms", merchant)
	}
}

func TestNegativeIndia(t *testing.T) {
	t.Parallel()
	b, zone := readBook(t), time.FixedZone("IST", 5*3600+1800)
	for _, hours := range [][]int{{8, 13, 18}, {9, 15, 23}, {10, 14, 18}, {11, 15, 19}, {11, 16, 21}, {12, 16, 20}, {12, 18, 23}} {
		t.Run(fmt.Sprint(hours), func(t *testing.T) {
			t.Parallel()
			var closes []time.Time
			for day := 1; day <= 31; day++ {
				for _, h := range hours {
					closes = append(closes, time.Date(2026, time.March, day, h, 0, 0, 0, zone))
				}
			}
			b.checkFall(t, "m_in_yatra", closes, time.Date(2026, time.March, 11, 10, 0, 0, 0, zone), 3)
		})
	}
}

func TestNegativePakistan(t *testing.T) {
	t.Parallel()
	b, zone := readBook(t), time.FixedZone("PKT", 5*3600)
	for hour := range 24 {
		t.Run(fmt.Sprint(hour), func(t *testing.T) {
			t.Parallel()
			var closes []time.Time
			for day := 1; day <= 31; day++ {
				closes = append(closes, time.Date(2026, time.March, day, hour, 0, 0, 0, zone))
			}
			b.checkFall(t, "m_pk_mobilemart", closes, time.Date(2026, time.March, 11, 10, 0, 0, 0, zone), 2)
		})
	}
}

func TestNegativeBangladesh(t *testing.T) {
	t.Parallel()
	b, zone := readBook(t), time.FixedZone("BST", 6*3600)
	for weekday := range 7 {
		for hour := range 24 {
			t.Run(fmt.Sprintf("%s %d", time.Weekday(weekday), hour), func(t *testing.T) {
				t.Parallel()
				var closes []time.Time
				for day := 1 + weekday; day <= 31; day += 7 { // 1 March is a Sunday
					closes = append(closes, time.Date(2026, time.March, day, hour, 0, 0, 0, zone))
				}
				b.checkFall(t, "m_bd_jamdani", closes, time.Date(2026, time.March, 10, 11, 0, 0, 0, zone), 2)
			})
		}
	}
}
