package ledger_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// full is an entry that uses every field an entry has by itself.
func full() *ledger.Booked {
	return &ledger.Booked{
		Entry: ledger.Entry{
			Key: "order-1/paid", Kind: "sale", Reference: "order-1", PartOf: "order-1", Owner: "payment",
			ValueDate: date("2026-03-01"),
			Metadata:  []ledger.Attribute{{Name: "channel", Value: "web"}, {Name: "né", Value: ""}},
			Postings: []ledger.Posting{
				ledger.Dr(bank, money.Minor(40000), inr()),
				ledger.Cr(available, money.Minor(39260), inr()),
				ledger.Cr(sales, money.Minor(740), inr()),
			},
		},
		Act: ledger.Posted, Lane: 300, Seq: 70000, At: noon().Add(5 * time.Microsecond), Breached: true,
	}
}

// wideLimits bound everything that can be bounded.
func wideLimits() ledger.Limits {
	ceiling, err := money.ParseMinor("18446744073709551616") // 2^64
	if err != nil {
		panic(err)
	}
	return ledger.Limits{Limited: true, Floor: money.Minor(-5000), Capped: true, Ceiling: ceiling, Velocity: []ledger.Velocity{
		{Per: ledger.Day, Flow: ledger.Out, Measure: ledger.Sum, Max: money.Minor(100)},
		{Per: ledger.Days30, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(7)},
	}}
}

// samples are items of every act, by name: those of testdata/canonical.txt.
func samples() map[string]*ledger.Booked {
	item := func(act ledger.Act, seq uint64, e ledger.Entry, terms *ledger.Terms) *ledger.Booked {
		return &ledger.Booked{Entry: e, Act: act, Seq: seq, At: noon(), Terms: terms}
	}
	bankID, availableID := ledger.AccountID{Path: bank, Currency: inr()}, ledger.AccountID{Path: available, Currency: inr()}
	entry := func(key, kind, on string, postings ...ledger.Posting) ledger.Entry {
		e := ledger.Entry{Key: key, Kind: kind, Postings: postings}
		if on != "" {
			e.ValueDate = date(on)
		}
		return e
	}
	in := func(minor int64) []ledger.Posting { return transfer("", "", bank, available, minor).Postings }
	exchanged := func(minor int64) []ledger.Posting {
		return []ledger.Posting{ledger.Cr(bank, money.Minor(minor), inr()), ledger.Dr(available, money.Minor(minor), inr())}
	}
	out := map[string]*ledger.Booked{
		"posted, every field of an entry": full(),
		"posted, opening accounts, on the first open date": item(ledger.Posted, 3, entry("k", "sale", "2026-02-01", in(5)...), &ledger.Terms{
			Asked: date("2026-01-31"),
			Opened: []ledger.Opening{
				{AccountID: bankID, Type: ledger.Asset},
				{AccountID: availableID, Type: ledger.Liability, Limits: wideLimits()},
			},
		}),
		"held":     item(ledger.Held, 1, entry("h", "auth", "", in(500)...), &ledger.Terms{Expires: noon().Add(time.Hour)}),
		"captured": item(ledger.Captured, 2, entry("c", "capture", "2026-03-02", in(300)...), &ledger.Terms{Of: "h", Final: true}),
		"released": item(ledger.Released, 2, ledger.Entry{Key: "r", Reference: "customer asked"}, &ledger.Terms{Of: "h"}),
		"expired":  item(ledger.Expired, 2, ledger.Entry{}, &ledger.Terms{Of: "h"}),
		"reversed": item(ledger.Reversed, 2, entry("back", "refund", "2026-03-02", exchanged(300)...), &ledger.Terms{Of: "k", All: true}),
		"changed": item(ledger.Changed, 2, entry("ch", "credit line", ""), &ledger.Terms{
			Opened: []ledger.Opening{{AccountID: availableID, Type: ledger.Liability, Limits: ledger.Limits{Limited: true}}},
			Change: &ledger.Change{
				AccountID: availableID, Status: ledger.AccountClosed, Force: true, HasMetadata: true, Metadata: []ledger.Attribute{{Name: "tier", Value: "gold"}},
				Limits: &ledger.Limits{Limited: true, Floor: money.Minor(-5000), Velocity: []ledger.Velocity{
					{Per: ledger.Hour, Flow: ledger.In, Measure: ledger.Count, Max: money.Minor(3)},
				}},
			},
		}),
		"changed, metadata taken away": item(ledger.Changed, 2, entry("ch", "", ""), &ledger.Terms{Change: &ledger.Change{AccountID: availableID, HasMetadata: true}}),
		"closed":                       item(ledger.Closed, 1, ledger.Entry{Key: "p", Reference: "January"}, &ledger.Terms{Through: date("2026-01-31")}),
		"reopened, all":                item(ledger.Reopened, 2, ledger.Entry{Key: "p2"}, &ledger.Terms{}),
		"refused for its figures": item(ledger.Refused, 2, ledger.Entry{Key: "out"}, &ledger.Terms{Refusal: &ledger.Refusal{
			Asked: ledger.Booked{Entry: entry("out", "payout", "", exchanged(501)...), Act: ledger.Posted},
			Failure: ledger.Failure{
				Reason: ledger.ErrInsufficientFunds, Key: "out", Account: availableID, Has: money.Minor(500), Change: money.Minor(-501),
			},
		}}),
		"refused for its date": item(ledger.Refused, 2, ledger.Entry{Key: "late"}, &ledger.Terms{Refusal: &ledger.Refusal{
			Asked:   ledger.Booked{Entry: entry("late", "capture", "2026-01-31"), Act: ledger.Captured, Terms: &ledger.Terms{Of: "h", All: true}},
			Failure: ledger.Failure{Reason: ledger.ErrPeriodClosed, Key: "late", Date: date("2026-01-31"), Closed: date("2026-02-28")},
		}}),
	}
	out["held"].Owner, out["reversed"].Breached = "cards", true
	return out
}

// anyBooked draws items of every act and shape the journal may hold.
func anyBooked() *rapid.Generator[*ledger.Booked] {
	return rapid.Custom(func(t *rapid.T) *ledger.Booked {
		b := anyItem(t, rapid.SampledFrom([]ledger.Act{
			ledger.Posted, ledger.Held, ledger.Captured, ledger.Released, ledger.Expired, ledger.Reversed, ledger.Changed, ledger.Closed, ledger.Reopened,
		}).Draw(t, "act"))
		b.Lane, b.Seq = rapid.Uint16().Draw(t, "lane"), rapid.Uint64().Draw(t, "seq")
		b.At = time.UnixMicro(rapid.Int64().Draw(t, "micros")).UTC()
		if rapid.IntRange(0, 4).Draw(t, "refused") > 0 {
			return b
		}
		asked := *b
		asked.Lane, asked.Seq, asked.At = 0, 0, time.Time{}
		b.Entry, b.Act, b.Breached = ledger.Entry{Key: asked.Key}, ledger.Refused, false
		b.Terms = &ledger.Terms{Refusal: &ledger.Refusal{Asked: asked, Failure: ledger.Failure{
			Reason: rapid.SampledFrom([]error{ledger.ErrInsufficientFunds, ledger.ErrAssertion}).Draw(t, "reason"), Key: asked.Key,
			Account: anyID(t), Of: rapid.String().Draw(t, "of what"), Has: anyAmount(t), Change: anyAmount(t), Bound: anyAmount(t),
			Date: anyDate(t), Closed: anyDate(t),
		}}}
		return b
	})
}

func anyItem(t *rapid.T, act ledger.Act) *ledger.Booked {
	text := rapid.String()
	b := &ledger.Booked{
		Entry: ledger.Entry{
			Key: text.Draw(t, "key"), Kind: text.Draw(t, "kind"), Reference: text.Draw(t, "reference"), PartOf: text.Draw(t, "part of"),
			Owner: text.Draw(t, "owner"), ValueDate: anyDate(t), Metadata: anyAttributes(t),
		},
		Act: act, Breached: rapid.Bool().Draw(t, "breached"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "postings") {
		id := anyID(t)
		b.Postings = append(b.Postings, ledger.Posting{
			Account: id.Path, Side: rapid.SampledFrom([]ledger.Side{ledger.Debit, ledger.Credit}).Draw(t, "side"), Amount: anyAmount(t), Currency: id.Currency,
		})
	}
	if act != ledger.Posted || rapid.Bool().Draw(t, "terms") {
		b.Terms = anyTerms(t, act)
	}
	return b
}

func anyTerms(t *rapid.T, act ledger.Act) *ledger.Terms {
	terms := &ledger.Terms{
		Of: rapid.String().Draw(t, "of"), All: rapid.Bool().Draw(t, "all"), Final: rapid.Bool().Draw(t, "final"),
		Asked: anyDate(t), Through: anyDate(t),
	}
	if rapid.Bool().Draw(t, "expires") {
		terms.Expires = time.UnixMicro(rapid.Int64().Draw(t, "expiry")).UTC()
	}
	for range rapid.IntRange(0, 2).Draw(t, "opened") {
		terms.Opened = append(terms.Opened, ledger.Opening{
			AccountID: anyID(t), Type: rapid.SampledFrom([]ledger.Type{ledger.Asset, ledger.Expense}).Draw(t, "type"), Limits: anyLimits(t),
		})
	}
	if act == ledger.Changed {
		terms.Change = &ledger.Change{
			AccountID: anyID(t), Status: rapid.SampledFrom([]ledger.Status{0, ledger.Open, ledger.Frozen}).Draw(t, "status"),
			HasMetadata: rapid.Bool().Draw(t, "has metadata"), Metadata: anyAttributes(t), Force: rapid.Bool().Draw(t, "force"),
		}
		if rapid.Bool().Draw(t, "limits") {
			limits := anyLimits(t)
			terms.Change.Limits = &limits
		}
	}
	return terms
}

func anyLimits(t *rapid.T) ledger.Limits {
	if rapid.Bool().Draw(t, "bounded") {
		return wideLimits()
	}
	return ledger.Limits{}
}

func anyID(t *rapid.T) ledger.AccountID {
	return ledger.AccountID{
		Path:     rapid.String().Draw(t, "path"),
		Currency: rapid.SampledFrom([]money.Currency{inr(), pkr(), money.MustCurrency("JPY"), money.MustCurrency("KWD")}).Draw(t, "currency"),
	}
}

func anyAmount(t *rapid.T) money.Amount {
	wide, err := money.ParseMinor(rapid.StringMatching(`-?[0-9]{1,38}`).Draw(t, "amount"))
	if err != nil {
		t.Fatal(err)
	}
	return wide
}

// anyDate draws dates and, now and then, none.
func anyDate(t *rapid.T) calendar.Date {
	if rapid.IntRange(0, 5).Draw(t, "no date") == 0 {
		return calendar.Date{}
	}
	return calendar.MustDate("0001-01-01").AddDays(rapid.IntRange(0, 3_652_058).Draw(t, "day"))
}

func anyAttributes(t *rapid.T) (out []ledger.Attribute) {
	for i := range rapid.IntRange(0, 3).Draw(t, "pairs") {
		out = append(out, ledger.Attribute{Name: fmt.Sprint(i, rapid.String().Draw(t, "name")), Value: rapid.String().Draw(t, "value")})
	}
	return out
}
