package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reserve"
)

// least is a configuration of what must be there and nothing else.
const least = `
regions:
  - {id: IN, currencies: [INR], bank: in_escrow}
schedules:
  - {id: in, for: [platform], timezone: Asia/Kolkata, cutoffs: [{at: 18:00}], delay: {n: 1}, calendars: [IN]}
fees:
  - {id: capture, match: {event: capture, currency: INR}, components: [{kind: c, rate: 1%, fixed: 3.00}]}
  - {id: dispute, match: {event: dispute, currency: INR}, components: [{kind: c, fixed: 15.00}]}
  - {id: payout, match: {event: payout, currency: INR}, components: [{kind: c, fixed: 5.00}]}
`

func parse(t testing.TB, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("settlex.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// replace gives least with one piece of it replaced.
func replace(t testing.TB, piece, with string) string {
	t.Helper()
	if strings.Count(least, piece) != 1 {
		t.Fatalf("%q is in the text %d times", piece, strings.Count(least, piece))
	}
	return strings.Replace(least, piece, with, 1)
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func diff(t testing.TB, want, got any) {
	t.Helper()
	zones := cmp.Comparer(func(a, b *time.Location) bool { return a.String() == b.String() })
	if d := cmp.Diff(want, got, zones); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	got := parse(t, least)
	diff(t, "settlex.db", got.Data)
	diff(t, "reports", got.Reports)
	diff(t, []string{"csv", "json", "parquet"}, got.Formats)
	diff(t, config.Run{Wake: "* * * * *"}, got.Run)
	diff(t, false, got.Rules.CreateMerchants)
	diff(t, []merchant.Merchant(nil), got.Merchants)
	diff(t, []feed.Mapping(nil), got.Feeds)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	absolute := filepath.ToSlash(filepath.Join(t.TempDir(), "b"))
	c, err := config.Parse("conf/prod/settlex.yaml", []byte("data: ../books.db\nreports: "+absolute+"\n"+least))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, filepath.Join("conf", "books.db"), c.Data)
	diff(t, filepath.FromSlash(absolute), c.Reports)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "settlex.yaml")
	if err := os.WriteFile(path, []byte("data: a.db\n"+least), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, filepath.Join(filepath.Dir(path), "a.db"), c.Data)
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	if _, err := config.Load(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want %v", err, fs.ErrNotExist)
	}
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte("a: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := config.Load(path)
	faults, ok := errors.AsType[config.Faults](err)
	if !ok {
		t.Fatalf("error %v is not Faults", err)
	}
	diff(t, path, faults[0].File)
}

func TestFeedByName(t *testing.T) {
	t.Parallel()
	c := parse(t, least+"feeds: [{name: a}, {name: b, delimiter: \"\\t\"}]\n")
	got, ok := c.Feed("b")
	diff(t, true, ok)
	diff(t, feed.Mapping{Name: "b", Delimiter: "\t", UnknownMerchants: "reject"}, got)
	_, ok = c.Feed("c")
	diff(t, false, ok)
}

// Everything that a file can say, said once.
func TestEveryKey(t *testing.T) {
	t.Parallel()
	c := parse(t, readFile(t, "testdata/every-key.yaml"))
	inr := money.MustCurrency("INR")
	diff(t, []merchant.Region{
		{ID: "IN", Name: "India", Countries: []string{"IN"}, Currencies: []money.Currency{inr}, Bank: "in_escrow", InputTax: "gst"},
	}, c.Rules.Book.Regions)
	diff(t, []merchant.Merchant{{ID: "m-1", Name: "First", Region: "IN", Currency: money.MustCurrency("INR")}, {ID: "m-2"}}, c.Merchants)
	diff(t, true, c.Rules.CreateMerchants)
	diff(t, map[money.Currency]money.Amount{inr: money.Minor(50000)}, c.Rules.ApproveAbove)
	diff(t, []string{"jsonl", "csv"}, c.Formats)
	diff(t, config.Run{Wake: "*/5 * * * *"}, c.Run)
	checkSchedules(t, c.Rules.Book.Schedules)
	diff(t, fees.Table{{
		ID: "every", Version: c.Rules.Fees[0].Version,
		EffectiveFrom: calendar.MustDate("2026-01-01"), EffectiveTo: calendar.MustDate("2026-12-31"), Priority: 2,
		Match: fees.Match{
			Event: fees.EventCapture, Region: "IN", Currency: inr, Merchant: "m-1", Method: "CARD", Brand: "rupay", Funding: "debit",
			Domestic: new(true),
		},
		Components: []fees.Component{
			{
				Kind: "commission", Rate: money.MustRate("0.0185"), Fixed: new(money.Minor(300)), Min: new(money.Minor(500)), Max: new(money.Minor(10000)),
				Band: fees.Band{UpTo: money.Minor(200000)},
			},
			{Kind: "large", Rate: money.MustRate("2%"), Band: fees.Band{Over: money.Minor(200000)}},
		},
		Min: new(money.Minor(100)), Max: new(money.Minor(20000)),
		Tax:      fees.Tax{Code: "gst", Rate: money.MustRate("18%"), Inclusive: true, Split: []fees.TaxPart{{Code: "cgst", Weight: 1}, {Code: "sgst", Weight: 2}}},
		Rounding: fees.Rounding{Mode: money.HalfUp, Per: fees.PerComponent},
		Refund:   fees.RefundReturnProRata, Dispute: fees.DisputeKeep, Charge: fees.ChargeNet,
	}}, c.Rules.Fees[:1])
	diff(t, []reserve.Plan{{
		ID: "rolling", Version: c.Rules.Plans[0].Version,
		EffectiveFrom: calendar.MustDate("2026-01-01"), EffectiveTo: calendar.MustDate("2026-12-31"),
		Kind: reserve.KindRolling, Rate: money.MustRate("10%"), Days: 7, Cap: new(money.Minor(5000000)), AtEnd: reserve.EndRelease,
	}}, c.Rules.Plans)
	diff(t, []merchant.PlanScope{{Plan: "rolling", For: []merchant.Scope{{Merchant: "m-1"}, {Region: "IN", Method: "CARD"}}}}, c.Rules.Book.Plans)
	diff(t, []payment.LateRule{
		{Policy: payment.LateRefund, For: []merchant.Scope{{Region: "IN", Method: "UPI"}}},
		{Policy: payment.LateAccept, For: []merchant.Scope{{Merchant: "m-1"}}},
	}, c.Rules.LateSuccess)
	diff(t, []payment.WithholdingRule{
		{
			Code: "tds_194o", Rate: money.MustRate("0.1%"), Base: payment.BaseGross, EffectiveFrom: calendar.MustDate("2024-10-01"),
			EffectiveTo: calendar.MustDate("2027-03-31"), For: []merchant.Scope{{Region: "IN"}},
		},
		{Code: "levy", Rate: money.MustRate("2%"), Base: payment.BaseNetOfFee, Rounding: money.HalfUp, Kept: true, For: []merchant.Scope{{}}},
	}, c.Rules.Withholding)
	diff(t, []payment.PayoutRule{
		{
			For:          []merchant.Scope{{Region: "IN"}, {Merchant: "m-1", Currency: money.MustCurrency("INR")}},
			ApproveAbove: map[money.Currency]money.Amount{money.MustCurrency("INR"): money.Minor(5000000)}, Queue: true,
		},
		{For: []merchant.Scope{{}}},
	}, c.Rules.Payouts)
	diff(t, map[string]payment.RailTerms{"upi": {NetsRefunds: true, NetsDisputes: true}, "card": {}, "bank": {}, "sandbox": {}}, c.Rules.Rails)
	diff(t, []merchant.Scope{{Merchant: "m-1"}}, c.Rules.DrawReserve)
	diff(t, []merchant.Scope{{}}, c.Rules.PayTwice)
	diff(t, [][]merchant.Scope{{{Region: "IN"}, {Merchant: "m-1"}}, {{}}}, [][]merchant.Scope{c.Rails[0].For, c.Rails[1].For})
	diff(t, []string{"bank", "sandbox"}, []string{c.Rails[0].Rail.Name(), c.Rails[1].Rail.Name()})
	diff(t, []feed.Mapping{{
		Name: "shop", Format: feed.CSV, Delimiter: ";",
		Columns:   map[payment.Field]string{payment.FieldOccurredAt: "Paid at", payment.FieldParent: "Refund of"},
		Ignore:    []string{"Comment", ""},
		Constants: map[payment.Field]string{payment.FieldCurrency: "INR"},
		Kinds:     map[string]payment.Kind{"SALE": payment.DepositCaptured},
		Timezone:  "Asia/Kolkata", TimezoneColumn: "Zone", UnknownMerchants: feed.CreateMerchant,
	}}, c.Feeds)
}

func checkSchedules(t *testing.T, got []merchant.Schedule) {
	t.Helper()
	diff(t, 3, len(got))
	s := got[0]
	diff(t, "Asia/Kolkata", s.Timing.Zone.String())
	diff(t, "BANK", s.Timing.Calendars[0].ID)
	diff(t, merchant.Schedule{
		ID: "in", Version: s.Version, EffectiveFrom: calendar.MustDate("2026-01-01"),
		For: []merchant.Scope{
			{Merchant: "m-1", Currency: money.MustCurrency("INR"), Method: "UPI"},
			{Merchant: "m-1", Currency: money.MustCurrency("INR")},
			{Region: "IN", Method: "UPI"},
			{},
		},
		Timing: calendar.Schedule{
			Zone:            s.Timing.Zone,
			Cutoffs:         []calendar.WindowCutoff{{At: calendar.MustClock("11:00"), Label: "morning"}, {At: calendar.MustClock("19:00"), Label: "evening"}},
			CutoffInclusive: true, Grace: 15 * time.Minute,
			Anchor:    calendar.Anchor{Kind: calendar.Weekly, Weekdays: []time.Weekday{time.Monday, time.Thursday}, Roll: calendar.RollModifiedFollowing},
			Delay:     calendar.Delay{N: 2, Unit: calendar.CalendarDays},
			Calendars: s.Timing.Calendars,
		},
		MinPayout: money.Minor(50000), MinBalance: money.Minor(10000), Negative: merchant.NegativeDebit,
		MaxPayout: money.Minor(20_000_000), ApproveAbove: new(money.Minor(100_000_000)),
		Hold: &merchant.ScheduleHold{Until: calendar.MustDate("2026-04-01"), Reason: "first month"},
	}, s)
	diff(t, calendar.Anchor{Kind: calendar.Monthly, MonthDays: []int{15, 31}}, got[1].Timing.Anchor)
	diff(t, calendar.Anchor{Kind: calendar.Cron, Cron: calendar.MustCron("30 11,17 * * mon-fri"), Roll: calendar.RollFollowing}, got[2].Timing.Anchor)
	diff(t, calendar.Delay{N: 4, Unit: calendar.Hours}, got[2].Timing.Delay)
	diff(t, 0, len(got[2].Timing.Cutoffs))
}

// Rails may name merchants that the file does not have: they were made by other means.
func TestRailsOfOtherMerchants(t *testing.T) {
	t.Parallel()
	c := parse(t, least+`
rails:
  - id: bank
    kind: file
    for: [{merchant: m-2}, {merchant: m-3, currency: INR}]
    outbox: out
    inbox: in
    sender: Example Pay
    timezone: Asia/Kolkata
    accounts: [{bank: in_escrow, name: Example Pay, account: "1", agent: HDFC0000001}]
    beneficiaries: [{merchant: m-2, name: Second, account: "2", agent: ICIC0000002}]
`)
	diff(t, []merchant.Scope{{Merchant: "m-2"}, {Merchant: "m-3", Currency: money.MustCurrency("INR")}}, c.Rails[0].For)
	s, err := payment.NewSubmission("bank", 1, time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC), nil)
	if err != nil {
		t.Fatal(err)
	}
	one := payment.Instruction{
		ID: "p1", Object: payment.PayoutRecord, Source: "p1", Merchant: "m-2", Beneficiary: "m-2", Bank: "in_escrow", Currency: money.MustCurrency("INR"), Amount: money.Minor(100),
	}
	list := []payment.Instruction{one}
	if err := c.Rails[0].Rail.Prepare(s, list); err != nil || list[0].Creditor.Name != "Second" {
		t.Errorf("%+v, %v", list[0].Creditor, err)
	}
}
