package fees_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// inr reads an amount of rupees.
func inr(t testing.TB, s string) money.Amount {
	t.Helper()
	a, err := money.MustCurrency("INR").Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// percent is a schedule of one rate, half-even, without tax.
func percent(rate string) fees.Schedule {
	return fees.Schedule{
		ID: "percent", Version: "1",
		Match:      fees.Match{Currency: money.MustCurrency("INR")},
		Components: []fees.Component{{Kind: "commission", Rate: money.MustRate(rate)}},
	}
}

// gst is an 18 % tax on top.
func gst() fees.Tax { return fees.Tax{Code: "gst", Rate: money.MustRate("18%")} }

// compute validates s and returns its fee of amount.
func compute(t testing.TB, s fees.Schedule, amount money.Amount) fees.Fee {
	t.Helper()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	fee, err := s.Compute(amount)
	if err != nil {
		t.Fatal(err)
	}
	return fee
}

// diff fails the test where got is not want.
func diff(t testing.TB, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	s := full()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	fee := compute(t, s, inr(t, "2500.01"))
	query := fees.Query{
		Merchant: "m", Method: "CARD", Brand: "visa", Funding: "debit", Region: "IN", Currency: money.MustCurrency("INR"),
		Event: fees.EventCapture, On: calendar.MustDate("2026-01-05"), Domestic: new(false),
	}
	t.Run("schedule", func(t *testing.T) { t.Parallel(); roundTrip(t, s, wantSchedule) })
	t.Run("fee", func(t *testing.T) { t.Parallel(); roundTrip(t, fee, wantFee) })
	t.Run("query", func(t *testing.T) { t.Parallel(); roundTrip(t, query, wantQuery) })
	t.Run("zero schedule", func(t *testing.T) {
		t.Parallel()
		roundTrip(t, fees.Schedule{}, `{"id":"","version":"","components":null}`)
	})
}

// roundTrip checks that v becomes exactly text, and text becomes exactly v.
func roundTrip[T any](t *testing.T, v T, text string) {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, text, string(b))
	var back T
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	diff(t, v, back)
}

// full uses every field of a schedule.
func full() fees.Schedule {
	return fees.Schedule{
		ID: "in-card", Version: "2026-01",
		EffectiveFrom: calendar.MustDate("2026-01-01"), EffectiveTo: calendar.MustDate("2026-12-31"), Priority: 3,
		Match: fees.Match{
			Merchant: "m", Method: "CARD", Brand: "visa", Funding: "debit", Region: "IN", Currency: money.MustCurrency("INR"),
			Event: fees.EventCapture, Domestic: new(false),
		},
		Components: []fees.Component{
			{Kind: "commission", Rate: money.MustRate("1.85%"), Fixed: new(money.Minor(300)), Min: new(money.Minor(100)),
				Max: new(money.Minor(5000))},
			{Kind: "markup", Rate: money.MustRate("0.1%"), Band: fees.Band{Over: money.Minor(200000), UpTo: money.Minor(900000)}},
		},
		Min: new(money.Minor(200)), Max: new(money.Minor(5100)),
		Tax: fees.Tax{
			Code: "gst", Rate: money.MustRate("18%"), Inclusive: true,
			Split: []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 1}},
		},
		Rounding: fees.Rounding{Mode: money.HalfUp, Per: fees.PerComponent},
		Refund:   fees.RefundReturnProRata, Dispute: fees.DisputeKeep, Charge: fees.ChargeNet,
	}
}

// The bytes that configuration and stores hold: changing one is changing a format.
const (
	wantSchedule = `{"id":"in-card","version":"2026-01","effective_from":"2026-01-01","effective_to":"2026-12-31","priority":3,` +
		`"match":{"currency":"INR","merchant":"m","method":"CARD","brand":"visa","funding":"debit","region":"IN","event":"capture","domestic":false},` +
		`"components":[{"kind":"commission","rate":"0.0185","fixed":"300","min":"100","max":"5000"},` +
		`{"kind":"markup","rate":"0.001","band":{"over":"200000","up_to":"900000"}}],` +
		`"min":"200","max":"5100",` +
		`"tax":{"code":"gst","rate":"0.18","inclusive":true,"split":[{"code":"cgst","weight":1},{"code":"sgst","weight":1}]},` +
		`"rounding":{"mode":"half_up","per":"component"},` +
		`"refund_policy":"return_pro_rata","dispute_policy":"keep","charge":"net"}`
	wantFee = `{"schedule_id":"in-card","version":"2026-01","base":"250001","fee":"4322","tax":"778",` +
		`"taxes":[{"code":"cgst","amount":"389"},{"code":"sgst","amount":"389"}],` +
		`"parts":[{"kind":"commission","raw":"4925.0185","amount":"4925","rounding":"-0.0185"},` +
		`{"kind":"markup","raw":"250.001","amount":"250","rounding":"-0.001"},` +
		`{"kind":"schedule_max","raw":"-75","amount":"-75","rounding":"0"},` +
		`{"kind":"included_tax","raw":"-778","amount":"-778","rounding":"0"}]}`
	wantQuery = `{"merchant":"m","method":"CARD","brand":"visa","funding":"debit","region":"IN","currency":"INR","event":"capture",` +
		`"on":"2026-01-05","domestic":false}`
)
