package payment_test

import (
	"errors"
	"testing"

	"github.com/settlex/settlex/payment"
)

// Who asked for something is the same person however the name is typed, and does not
// approve it.
func TestNobodyApprovesUnderAnotherSpelling(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asks, approves string
		same           bool
	}{
		{"ann", "Ann", true},
		{"ann lee", "ANN  LEE", true},
		{"jos\u00e9", "JOS\u00c9", true},
		{"Straße", "STRA\u1e9eE", true},
		{"ann", "anne", false},
		{"ann lee", "annlee", false},
		{"jos\u00e9", "jose", false},
	} {
		d := open(t, trusting())
		ask := asked(payment.AdjustmentDebit, "a1", "500.00", "2026-03-02 10:00")
		ask.Actor = test.asks
		agree := answered(payment.AdjustmentApproved, "a1", "2026-03-02 11:00")
		agree.Actor = test.approves
		d.book(ask)
		if _, err := d.report(agree); errors.Is(err, payment.ErrSelfApproval) != test.same || err != nil != test.same {
			t.Errorf("%q approves what %q asked for: error %v, the same person: %t", test.approves, test.asks, err, test.same)
		}

		d = open(t, cautious())
		request := payout("p1", "600.00", "2026-03-05 10:00")
		request.Actor = test.asks
		d.book(saved(), request)
		if _, err := d.report(decided(test.approves, later(payment.PayoutApproved, "p1", "2026-03-05 11:00"))); errors.Is(err, payment.ErrOwnApproval) != test.same {
			t.Errorf("%q approves the payout of %q: error %v, the same person: %t", test.approves, test.asks, err, test.same)
		}
	}
}

// A name that could be taken for another one is refused wherever somebody decides.
func TestActorsAreSeen(t *testing.T) {
	t.Parallel()
	for actor, want := range map[string]string{
		"ann ":                           `"ann " has white space around it`,
		"\tann":                          `"\tann" has white space around it`,
		"\u00a0ann":                      "\"\\u00a0ann\" has white space around it",
		"an\u200bn":                      `"an\u200bn" has U+200B, which nobody sees`,
		"ann\u00a0lee":                   `"ann\u00a0lee" has U+00A0, which nobody sees`,
		"ann\nlee":                       `"ann\nlee" has U+000A, which nobody sees`,
		"\u202eann":                      `"\u202eann" has U+202E, which nobody sees`,
		"jose\u0301":                     `"jose\u0301" has the accent U+0301 apart from its letter`,
		"\uff41nn":                       "\"\uff41nn\" has '\uff41' of full width; plain letters say the same",
		"Jos\u00e9 (IT)":                 "",
		"key_7f3a":                       "",
		"\u0930\u093e\u091c\u0940\u0935": "", // its vowels are marks
	} {
		e := asked(payment.AdjustmentDebit, "a1", "500.00", "2026-03-02 10:00")
		e.Actor = actor
		e = e.Normalize()
		if want != "" {
			want = "actor: " + want
		}
		if got := text(e.Validate()); got != want {
			t.Errorf("event: %s, want %s", got, want)
		}
		if want == "" {
			continue
		}
		d := open(t, bothSides())
		act := decision(payment.MerchantCreate, "2026-03-02 08:00")
		act.Actor = actor
		d.undecided(act, "create merchant: "+want)
		x := trade("x1")
		x.Rules, x.Actor = d.rules, actor
		if got := text(d.Books().Do(t.Context(), x)); got != "exchange x1: "+want {
			t.Errorf("exchange: %s, want %s", got, want)
		}
		if got := text(d.Books().Do(t.Context(), &payment.EraseCustomer{Deposit: "d1", Actor: actor, Reason: "asked"})); got != want {
			t.Errorf("erasure: %s, want %s", got, want)
		}
	}
}
