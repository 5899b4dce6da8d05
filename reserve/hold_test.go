package reserve_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reserve"
)

// held is 100.00 of a deposit, untouched.
func held() reserve.Hold {
	p := rolling()
	return reserve.Hold{
		ID: "dep-1", Merchant: "m", Currency: money.MustCurrency("INR"), Plan: p.Pin(), Amount: money.Minor(10000),
		HeldOn: calendar.MustDate("2026-01-04"), ReleaseOn: calendar.MustDate("2026-04-04"),
	}
}

func TestHoldRelease(t *testing.T) {
	t.Parallel()
	h := held()
	part, err := h.Release(money.Minor(2500), calendar.MustDate("2026-02-01"), reserve.ReasonEarly)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := part.Release(money.Minor(7500), calendar.MustDate("2026-04-06"), reserve.ReasonDue)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, held(), h) // a value: releasing made new ones
	for _, tc := range []struct {
		name          string
		hold          reserve.Hold
		left          int64
		dueOn, notDue string
		releasedOn    string
		reason        string
	}{
		{"untouched", h, 10000, "2026-04-04", "2026-04-03", "", ""},
		{"in part", part, 7500, "2026-04-04", "2026-04-03", "2026-02-01", "early"},
		{"all", rest, 0, "", "2026-12-31", "2026-04-06", "due"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if err := tc.hold.Validate(); err != nil {
				t.Error(err)
			}
			left, err := tc.hold.Left()
			if err != nil {
				t.Fatal(err)
			}
			diff(t, money.Minor(tc.left), left)
			diff(t, calendar.MustDate("2026-04-04"), tc.hold.ReleaseOn)
			diff(t, tc.releasedOn, tc.hold.ReleasedOn.String())
			diff(t, tc.reason, tc.hold.Reason)
			if tc.dueOn != "" && !tc.hold.Due(calendar.MustDate(tc.dueOn)) {
				t.Errorf("not due on %s", tc.dueOn)
			}
			if tc.hold.Due(calendar.MustDate(tc.notDue)) {
				t.Errorf("due on %s", tc.notDue)
			}
		})
	}
}

func TestHoldReleaseErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name        string
		amount      int64
		day, reason string
		want        string
	}{
		{"nothing", 0, "2026-02-01", "early", `bad release: hold "dep-1": 0 of 10000 left`},
		{"negative", -1, "2026-02-01", "early", `bad release: hold "dep-1": -1 of 10000 left`},
		{"more than is left", 10001, "2026-02-01", "early", `bad release: hold "dep-1": 10001 of 10000 left`},
		{"before it was held", 1, "2026-01-03", "early", `bad release: hold "dep-1": released on "2026-01-03", held on 2026-01-04`},
		{"no date", 1, "", "early", `bad release: hold "dep-1": released on "", held on 2026-01-04`},
		{"no reason", 1, "2026-02-01", "", `bad release: hold "dep-1": no reason`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var day calendar.Date
			if err := day.UnmarshalText([]byte(tc.day)); err != nil {
				t.Fatal(err)
			}
			h := held()
			_, err := h.Release(money.Minor(tc.amount), day, tc.reason)
			if !errors.Is(err, reserve.ErrBadRelease) {
				t.Fatalf("error %v, want %v", err, reserve.ErrBadRelease)
			}
			diff(t, tc.want, err.Error())
		})
	}
}

func TestHoldValidate(t *testing.T) {
	t.Parallel()
	bad := held()
	bad.Plan, bad.Currency = reserve.Pin{}, money.Currency{}
	bad.Released = money.Minor(10001)
	bad.ReleaseOn = bad.HeldOn
	for _, tc := range []struct {
		name string
		hold reserve.Hold
		want []string
	}{
		{"sound", held(), nil},
		{"nothing", reserve.Hold{}, []string{
			`hold "": id: is required`,
			`hold "": merchant: is required`,
			`hold "": plan.id: is required`,
			`hold "": plan.version: is required`,
			`hold "": currency: is required`,
			`hold "": amount: 0 is not above 0`,
			`hold "": release_on: "" is not after held_on ""`,
		}},
		{"damaged", bad, []string{
			`hold "dep-1": plan.id: is required`,
			`hold "dep-1": plan.version: is required`,
			`hold "dep-1": currency: is required`,
			`hold "dep-1": released: 10001 is not within 0 to the amount 10000`,
			`hold "dep-1": release_on: "2026-01-04" is not after held_on "2026-01-04"`,
			`hold "dep-1": released_on: released 10001, released_on "" and reason "" do not go together`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			diff(t, strings.Join(tc.want, "\n"), text(tc.hold.Validate()))
		})
	}
}

// A hold is drawn on down to nothing, and takes back what stands drawn and no more.
func TestHoldDraw(t *testing.T) {
	t.Parallel()
	h := held()
	for _, step := range []struct {
		draw, restore  int64
		want           string // the error, if any
		left, out      int64
		drawn, putBack int64
	}{
		{draw: 0, want: `bad draw: hold "dep-1": 0 of 10000 left`, left: 10000},
		{draw: 10001, want: `bad draw: hold "dep-1": 10001 of 10000 left`, left: 10000},
		{draw: 7000, left: 3000, out: 7000, drawn: 7000},
		{restore: 7001, want: `bad draw: hold "dep-1": 7001 put back of 7000 drawn`, left: 3000, out: 7000, drawn: 7000},
		{restore: 2000, left: 5000, out: 5000, drawn: 7000, putBack: 2000},
		{draw: 5000, left: 0, out: 10000, drawn: 12000, putBack: 2000},
		{draw: 1, want: `bad draw: hold "dep-1": 1 of 0 left`, left: 0, out: 10000, drawn: 12000, putBack: 2000},
	} {
		next, err := h.Draw(money.Minor(step.draw))
		if step.restore > 0 {
			next, err = h.Restore(money.Minor(step.restore))
		}
		diff(t, step.want, text(err))
		if err == nil {
			h = next
		} else if !errors.Is(err, reserve.ErrBadDraw) {
			t.Errorf("error %v, want %v", err, reserve.ErrBadDraw)
		}
		left, err := h.Left()
		if err != nil {
			t.Fatal(err)
		}
		out, err := h.Out()
		if err != nil {
			t.Fatal(err)
		}
		diff(t, []money.Amount{money.Minor(step.left), money.Minor(step.out), money.Minor(step.drawn), money.Minor(step.putBack)},
			[]money.Amount{left, out, h.Drawn, h.Restored})
		diff(t, "", text(h.Validate()))
		diff(t, step.left == 0, h.Empty())
	}
	damaged := held()
	damaged.Drawn, damaged.Restored = money.Minor(1), money.Minor(2)
	diff(t, `hold "dep-1": restored: 2 is not within 0 to what was drawn, 1`, text(damaged.Validate()))
	damaged.Drawn, damaged.Restored = money.Minor(10001), money.Amount{}
	diff(t, `hold "dep-1": drawn: 10001, with 0 released and 0 restored, is more than the amount 10000`, text(damaged.Validate()))
}
