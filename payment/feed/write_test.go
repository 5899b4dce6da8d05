package feed_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	least := payment.Event{Kind: payment.BatchPaid, ID: "b-1", OccurredAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.FixedZone("", 3600))}
	tests := []struct {
		format feed.Format
		want   string
	}{
		{feed.CSV, fullHeader +
			`refund,ref-1,2026-02-01T04:00:00.25Z,m-1,INR,1000.50,CARD,card-in,VISA,credit,"5"" nails, boxed",dep-1,damaged,R-9,B-9,5.00,0.90,ops-1,cross_border` + "\n" +
			"settlement_paid,b-1,2026-01-31T23:00:00Z,,,,,,,,,,,,,,,,\n"},
		{feed.NDJSON, `{"kind":"refund","id":"ref-1","occurred_at":"2026-02-01T04:00:00.25Z","merchant_id":"m-1","currency":"INR",` +
			`"amount":"1000.50","method":"CARD","rail":"card-in","brand":"VISA","funding":"credit","order_id":"5\" nails, boxed",` +
			`"parent_id":"dep-1","reason_code":"damaged","rail_reference":"R-9","bank_reference":"B-9","cost":"5.00","cost_tax":"0.90","actor":"ops-1","border":"cross_border"}` + "\n" +
			`{"kind":"settlement_paid","id":"b-1","occurred_at":"2026-01-31T23:00:00Z"}` + "\n"},
	}
	for _, test := range tests {
		t.Run(string(test.format), func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			if err := feed.Write(&got, test.format, slices.Values([]payment.Event{full(), least})); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWriteNothing(t *testing.T) {
	t.Parallel()
	for format, want := range map[feed.Format]string{feed.CSV: fullHeader, feed.NDJSON: ""} {
		var got bytes.Buffer
		if err := feed.Write(&got, format, slices.Values([]payment.Event(nil))); err != nil || got.String() != want {
			t.Errorf("%s: %q, %v; want %q", format, got.String(), err, want)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*payment.Event)
		want   string
	}{
		{"no kind", func(e *payment.Event) { e.Kind = "" }, "writing event 2 ( ref-1): kind: missing"},
		{"unknown kind", func(e *payment.Event) { e.Kind = "sale" }, `writing event 2 (sale ref-1): kind: unknown kind "sale"`},
		{"no id", func(e *payment.Event) { e.ID = "" }, "writing event 2 (refund ): id: missing"},
		{"no time", func(e *payment.Event) { e.OccurredAt = time.Time{} }, "writing event 2 (refund ref-1): occurred_at: missing"},
		{"nanoseconds", func(e *payment.Event) { e.OccurredAt = e.OccurredAt.Add(1) },
			`writing event 2 (refund ref-1): occurred_at: bad time "2026-02-01T04:00:00.250000001Z": finer than a microsecond`},
		{"before 1970", func(e *payment.Event) { e.OccurredAt = time.Unix(-1, 0) },
			`writing event 2 (refund ref-1): occurred_at: bad time "1969-12-31T23:59:59Z": year 1969 is outside 1970 to 9999`},
		{"no currency", func(e *payment.Event) { e.Currency = money.Currency{} }, "writing event 2 (refund ref-1): amount: no currency"},
		{"negative amount", func(e *payment.Event) { e.Amount = money.Minor(-5) }, "writing event 2 (refund ref-1): amount: -0.05 is negative"},
		{"negative cost", func(e *payment.Event) { e.Cost = money.Minor(-500) }, "writing event 2 (refund ref-1): cost: -5.00 is negative"},
		{"line break", func(e *payment.Event) { e.OrderID = "a\nb" },
			`writing event 2 (refund ref-1): order_id: bad text: control character U+000A in "a\nb"`},
		{"card number", func(e *payment.Event) { e.RailRef = "4111111111111111" },
			"writing event 2 (refund ref-1): rail_reference: looks like a card number: 16 digits, the last four 1111"},
		{"too long", func(e *payment.Event) { e.OrderID = strings.Repeat("x", feed.MaxRow) },
			"writing event 2 (refund ref-1): row too long: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, format := range []feed.Format{feed.CSV, feed.NDJSON} {
				bad := full()
				test.change(&bad)
				var out bytes.Buffer
				err := feed.Write(&out, format, slices.Values([]payment.Event{full(), bad, full()}))
				if err == nil || !strings.HasPrefix(err.Error(), test.want) {
					t.Errorf("%s: %v, want %s", format, err, test.want)
				}
				if events, faults := read(t, "out."+string(format), out.String(), feed.Mapping{}); len(events) != 1 || len(faults) > 0 {
					t.Errorf("%s: %d events written before it, want 1; %q", format, len(events), faults)
				}
			}
		})
	}
}

// A full disk: the writer's error comes back, at the latest with the last bytes.
func TestWriteFails(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	event := payment.Event{Kind: payment.DepositCaptured, ID: "a", OccurredAt: time.Unix(0, 0)}
	for _, rows := range []int{0, 1, 10000} {
		err := feed.Write(failing{full}, feed.CSV, slices.Values(slices.Repeat([]payment.Event{event}, rows)))
		if !errors.Is(err, full) {
			t.Errorf("%d rows: %v", rows, err)
		}
	}
	if err := feed.Write(io.Discard, "xml", nil); err == nil ||
		err.Error() != `writing events: format: "xml" is none of ["csv" "ndjson"]` {
		t.Errorf("xml: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// What is written is read back, whatever it is, or refused with a reason.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, format := range []feed.Format{feed.CSV, feed.NDJSON} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				want := rapid.SliceOfN(rapid.Custom(drawEvent), 1, 20).Draw(rt, "events")
				checkRoundTrip(rt, format, want)
			})
		})
	}
}

// checker is what testing and rapid have in common.
type checker interface {
	Context() context.Context
	Helper()
	Fatalf(format string, args ...any)
}

// checkRoundTrip writes events and reads them back. An event that cannot be
// written ends it.
func checkRoundTrip(t checker, format feed.Format, want []payment.Event) {
	t.Helper()
	var file bytes.Buffer
	if err := feed.Write(&file, format, slices.Values(want)); err != nil {
		if !errors.Is(err, feed.ErrCardNumber) && !errors.Is(err, feed.ErrBadText) {
			t.Fatalf("write: %v", err)
		}
		return
	}
	var got []payment.Event
	for row, err := range feed.Read(t.Context(), "x."+string(format), &file, feed.Mapping{}) {
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		got = append(got, row.Event)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}

// drawEvent draws an event that can be written, most of the time.
func drawEvent(t *rapid.T) payment.Event {
	text := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z0-9_.:/+=@-]{0,12}`),
		rapid.StringMatching(`(["',;\\{}|<>& é漢🙂]|\x{2028})?[a"',;\\ ]{0,3}[a-z"]?`),
		rapid.StringMatching(`[0-9 -]{0,19}`),
	).Filter(func(s string) bool { return strings.TrimSpace(s) == s })
	id := text.Filter(func(s string) bool { return s != "" })
	currency := rapid.SampledFrom(slices.Collect(money.Currencies())).Draw(t, "currency")
	amount := func(name string) money.Amount {
		a, err := money.ParseMinor(rapid.StringMatching(`0|[1-9][0-9]{0,37}`).Draw(t, name))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	micros := rapid.Int64Range(0, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).UnixMicro())
	e := payment.Event{
		Kind:       rapid.SampledFrom(payment.Kinds()).Draw(t, "kind"),
		ID:         id.Draw(t, "id"),
		OccurredAt: time.UnixMicro(micros.Draw(t, "occurred_at")).UTC(),
		Merchant:   text.Draw(t, "merchant_id"),
		Currency:   currency,
		Amount:     amount("amount"),
		Method:     text.Draw(t, "method"),
		Rail:       text.Draw(t, "rail"),
		Brand:      text.Draw(t, "brand"),
		Funding:    text.Draw(t, "funding"),
		Border:     text.Draw(t, "border"),
		OrderID:    text.Draw(t, "order_id"),
		Parent:     text.Draw(t, "parent_id"),
		ReasonCode: text.Draw(t, "reason_code"),
		RailRef:    text.Draw(t, "rail_reference"),
		BankRef:    text.Draw(t, "bank_reference"),
		Actor:      text.Draw(t, "actor"),
		Cost:       amount("cost"),
		CostTax:    amount("cost_tax"),
	}
	e.CostKnown = e.Kind == payment.DepositCaptured && (!e.Cost.IsZero() || rapid.Bool().Draw(t, "cost_known"))
	return e
}
