package settlement_test

import "testing"

func TestZZ(t *testing.T) {
	for _, ran := range []bool{true, false} {
		h := open(t, byHand())
		h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "1000.00"))
		if ran {
			h.settle(ist("2026-03-07 00:00"))
		}
		t.Log(ran, h.try(payout("p1", "m1", "2026-03-07 10:00", "900.00")))
	}
	// late item beyond the calendar
	s := india()
	s.Timing.Calendars = shipped("IN")
	h := open(t, rulesWith(s, daily("PK", "Asia/Karachi", "18:00")))
	e := deposit("p1", "m2", ist("2027-03-02 12:00"), "1.00")
	e.Currency = pkr()
	h.take(e)
	t.Log(h.try(deposit("d1", "m1", ist("2026-03-02 12:00"), "1000.00")))
	_, err := h.trySettle(settlementReady())
	t.Log(err)
}
