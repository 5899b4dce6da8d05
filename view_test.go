package settlex_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// viewedWeek is the week, a payout that arrived and one that is on its way,
// and what people did, settled.
func viewedWeek(t *testing.T) *house {
	t.Helper()
	h := open(t, threeRegions())
	h.take(append(week(),
		payment.Event{Kind: payment.PayoutSent, ID: "o1", OccurredAt: ist("2026-03-08 20:10"), Rail: "imps", RailRef: "u1"},
		payment.Event{Kind: payment.PayoutCompleted, ID: "o1", OccurredAt: ist("2026-03-08 20:20"), Rail: "imps", RailRef: "u1"},
		payment.Event{Kind: payment.PayoutRequested, ID: "o2", Merchant: "m9", OccurredAt: ist("2026-03-08 20:30"), Currency: inr(), Amount: minor("50.00"), Method: "IMPS"},
		payment.Event{Kind: payment.AdjustmentCredit, ID: "g1", Merchant: "m9", OccurredAt: ist("2026-03-08 20:40"), Currency: inr(), Amount: minor("5.00"), ReasonCode: "goodwill", Actor: "asha"},
		payment.Event{Kind: payment.AdjustmentApproved, ID: "g1", OccurredAt: ist("2026-03-08 20:50"), Actor: "ravi"},
	)...)
	h.settle(ist("2026-03-09 12:00"))
	return h
}

func view(t *testing.T, h *house, q settlex.ViewQuery) *settlex.View {
	t.Helper()
	v, err := h.View(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// What a merchant has, and what moved it, with all digits.
func TestView(t *testing.T) {
	t.Parallel()
	h := viewedWeek(t)
	v := view(t, h, settlex.ViewQuery{Merchant: "m1", Currency: inr(), From: date("2026-03-01"), To: date("2026-03-31")})
	got := make(map[payment.Figure]string)
	for _, f := range append(v.Figures, v.Held, v.Released, v.Started, v.Ended) {
		if f.Entries > 0 {
			got[f.Figure] = inr().Format(f.Amount)
		}
	}
	want := map[payment.Figure]string{
		payment.FigurePayments: "1000.00", payment.FigureRefunds: "-250.00", payment.FigureDisputes: "0.00",
		payment.FigureFees: "-45.00", payment.FigureTaxes: "-8.10", payment.FigureSettlements: "-1314.60",
		settlex.FigureHeld: "150.00", settlex.FigureReleased: "-150.00", settlex.FigureTransitStarted: "1314.60",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(settlex.Standing{}, v.Opening); diff != "" {
		t.Errorf("opening (-want +got):\n%s", diff)
	}
	v = view(t, h, settlex.ViewQuery{Merchant: "m9", Currency: inr(), From: date("2026-03-07"), To: date("2026-03-31")})
	for _, f := range v.Figures {
		want := map[payment.Figure]string{
			payment.FigurePayouts: "-100.00", payment.FigureFees: "-5.00", payment.FigureTaxes: "-0.90", payment.FigureAdjustments: "5.00",
		}[f.Figure]
		if want == "" {
			want = "0.00"
		}
		if have := inr().Format(f.Amount); have != want {
			t.Errorf("m9: %s are %s, want %s", f.Figure, have, want)
		}
	}
}

// A figure is the sum of what its entries have in the journal, every entry that
// moves the merchant's money is in the list, and the balance at the end is that
// at the start and all movements, for every merchant and any period.
func TestViewIsTheJournal(t *testing.T) {
	t.Parallel()
	h := viewedWeek(t)
	journal := h.journal()
	balances, err := h.Balances(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	periods := [][2]string{{"2026-03-01", "2026-03-31"}, {"2026-03-01", "2026-03-03"}, {"2026-03-04", "2026-03-31"}, {"2026-03-05", "2026-03-05"}}
	for _, b := range balances {
		var views []*settlex.View
		for _, p := range periods {
			q := settlex.ViewQuery{Merchant: b.Merchant, Currency: b.Currency, From: date(p[0]), To: date(p[1])}
			v := view(t, h, q)
			views = append(views, v)
			sums, entries := make(map[payment.Figure]money.Amount), make(map[payment.Figure]int)
			for m, err := range h.Movements(t.Context(), q) {
				if err != nil {
					t.Fatal(err)
				}
				sums[m.Figure], err = sums[m.Figure].Add(m.Amount)
				if err != nil {
					t.Fatal(err)
				}
				entries[m.Figure]++
			}
			for _, f := range append(v.Figures, v.Held, v.Released, v.Started, v.Ended) {
				if sums[f.Figure].Cmp(f.Amount) != 0 || entries[f.Figure] != f.Entries {
					t.Errorf("%s %s: %s are %s in %d entries, the list has %s in %d", b.Merchant, p, f.Figure, f.Amount, f.Entries, sums[f.Figure], entries[f.Figure])
				}
			}
			checkChange(t, v, journal)
			checkAccounts(t, h, v)
			if diff := cmp.Diff(b, v.Now); diff != "" {
				t.Errorf("now (-balances +view):\n%s", diff)
			}
		}
		if diff := cmp.Diff(views[1].Closing, views[2].Opening); diff != "" {
			t.Errorf("%s (-closing +opening of the next):\n%s", b.Merchant, diff)
		}
		last := views[0].Closing
		have := []money.Amount{last.Available, last.Pending, last.Reserved, last.Total, last.InTransit}
		if diff := cmp.Diff([]money.Amount{b.Available, b.Pending, b.Reserved, b.Total, b.InTransit}, have); diff != "" {
			t.Errorf("%s (-balance +closing):\n%s", b.Merchant, diff)
		}
	}
}

// checkAccounts holds the entries behind the balances themselves against what they moved by.
func checkAccounts(t *testing.T, h *house, v *settlex.View) {
	t.Helper()
	sums := make(map[payment.Figure]money.Amount)
	for m, err := range h.Movements(t.Context(), v.ViewQuery, settlex.AccountFigures()...) {
		if err == nil {
			sums[m.Figure], err = sums[m.Figure].Add(m.Amount)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for figure, of := range map[payment.Figure]func(*settlex.Standing) money.Amount{
		settlex.FigureAvailable: func(s *settlex.Standing) money.Amount { return s.Available },
		settlex.FigurePending:   func(s *settlex.Standing) money.Amount { return s.Pending },
		settlex.FigureReserved:  func(s *settlex.Standing) money.Amount { return s.Reserved },
		settlex.FigureTotal:     func(s *settlex.Standing) money.Amount { return s.Total },
		settlex.FigureInTransit: func(s *settlex.Standing) money.Amount { return s.InTransit },
	} {
		want, err := of(&v.Closing).Sub(of(&v.Opening))
		if err != nil || sums[figure] != want {
			t.Errorf("%s, %s to %s: entries behind %s come to %s, want %s, %v", v.Merchant, v.From, v.To, figure, sums[figure], want, err)
		}
	}
}

// checkChange sums the merchant's own postings in the journal.
func checkChange(t *testing.T, v *settlex.View, journal []ledger.Booked) {
	t.Helper()
	var change, reserved money.Amount
	for _, entry := range journal {
		if entry.ValueDate.Before(v.From) || entry.ValueDate.After(v.To) {
			continue
		}
		for _, p := range entry.Postings {
			part, own := strings.CutPrefix(p.Account, "merchants/"+v.Merchant+"/")
			if !own || p.Currency != v.Currency {
				continue
			}
			amount := p.Amount
			if p.Side == ledger.Debit {
				amount = amount.Neg()
			}
			change, _ = change.Add(amount)
			if strings.HasPrefix(part, "reserve/") {
				reserved, _ = reserved.Add(amount)
			}
		}
	}
	if change.Cmp(v.Change) != 0 {
		t.Errorf("%s: the journal moves %s, the view %s", v.Merchant, change, v.Change)
	}
	if have, err := v.Held.Amount.Add(v.Released.Amount); err != nil || have.Cmp(reserved) != 0 {
		t.Errorf("%s: the journal moves the reserve by %s, the view by %s, %v", v.Merchant, reserved, have, err)
	}
}

// The entries of one figure alone, and no more than are asked for.
func TestMovementsOfAFigure(t *testing.T) {
	t.Parallel()
	h := viewedWeek(t)
	q := settlex.ViewQuery{Merchant: "m1", Currency: inr(), From: date("2026-03-01"), To: date("2026-03-31")}
	var got []string
	for m, err := range h.Movements(t.Context(), q, payment.FigureFees) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, m.ValueDate.String()+" "+m.Entry+" "+inr().Format(m.Amount))
		if len(got) == 2 {
			break
		}
	}
	want := []string{"2026-03-02 deposit/a1/fee -20.00", "2026-03-02 deposit/a2/fee -10.00"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestViewRefuses(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	for _, q := range []settlex.ViewQuery{
		{Currency: inr(), From: date("2026-03-01"), To: date("2026-03-31")},
		{Merchant: "m1", From: date("2026-03-01"), To: date("2026-03-31")},
		{Merchant: "m1", Currency: inr(), To: date("2026-03-31")},
		{Merchant: "m1", Currency: inr(), From: date("2026-03-31"), To: date("2026-03-30")},
	} {
		if _, err := h.View(t.Context(), q); err == nil || errors.Is(err, settlex.ErrView) {
			t.Errorf("%+v: error %v", q, err)
		}
		for _, err := range h.Movements(t.Context(), q) {
			if err == nil {
				t.Errorf("%+v has movements", q)
			}
		}
	}
	v := view(t, h, settlex.ViewQuery{Merchant: "nobody", Currency: inr(), From: date("2026-03-01"), To: date("2026-03-31")})
	if diff := cmp.Diff(settlex.Standing{}, v.Closing); diff != "" || !v.Change.IsZero() {
		t.Errorf("%s", diff)
	}
}
