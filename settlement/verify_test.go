package settlement_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// bucket runs fn on the bucket of a kind of record, behind the ledger's back.
func (h *house) bucket(kind string, fn func(*bbolt.Bucket) error) {
	h.t.Helper()
	err := h.db.Update(func(tx *bbolt.Tx) error {
		return fn(tx.Bucket([]byte("settlex")).Bucket([]byte("records")).Bucket([]byte(kind)))
	})
	if err != nil {
		h.t.Fatalf("damage %s: %v", kind, err)
	}
}

// plant writes a record behind the ledger's back, with a checksum that fits.
func (h *house) plant(r ledger.Record) {
	h.t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		h.t.Fatalf("%v", err)
	}
	text = binary.BigEndian.AppendUint32(text, crc32.Checksum(text, crc32.MakeTable(crc32.Castagnoli)))
	h.bucket(r.Ref().Kind, func(b *bbolt.Bucket) error { return b.Put([]byte(r.Ref().ID), text) })
}

// steal removes a record behind the ledger's back.
func (h *house) steal(r ledger.Record) {
	h.t.Helper()
	h.bucket(r.Ref().Kind, func(b *bbolt.Bucket) error { return b.Delete([]byte(r.Ref().ID)) })
}

// Verify finds whatever was changed in the records, and names it. The house has
// two batches of m1, FIRST and SECOND, of which the second is carried forward;
// a reserve of d1; and d3 in no batch.
func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	more := money.Minor(1)
	tests := []struct {
		name   string
		damage func(h *house, first, second *settlement.Batch)
		want   []string // places
	}{
		{"a line's net", func(h *house, first, _ *settlement.Batch) {
			line := h.lines(first.ID)[1]
			line.Net = must(line.Net.Add(more))
			h.plant(line)
		}, []string{"batch FIRST line 2", "batch FIRST"}},
		{"a line's fee, made up for in its tax", func(h *house, first, _ *settlement.Batch) {
			line := h.lines(first.ID)[1]
			line.Fee, line.Tax = must(line.Fee.Add(more)), must(line.Tax.Sub(more))
			h.plant(line)
		}, []string{"batch FIRST"}},
		{"a line's running balance", func(h *house, first, _ *settlement.Batch) {
			line := h.lines(first.ID)[0]
			line.Running = must(line.Running.Add(more))
			h.plant(line)
		}, []string{"batch FIRST line 1"}},
		{"a line's merchant", func(h *house, first, _ *settlement.Batch) {
			line := h.lines(first.ID)[0]
			line.Merchant = "m2"
			h.plant(line)
		}, []string{"batch FIRST line 1"}},
		{"a line's entry", func(h *house, first, _ *settlement.Batch) {
			line := h.lines(first.ID)[0]
			line.Seq = 999
			h.plant(line)
		}, []string{"batch FIRST line 1", "movement deposit/d1/captured"}},
		{"the last line gone", func(h *house, first, _ *settlement.Batch) {
			h.steal(h.lines(first.ID)[1])
		}, []string{"batch FIRST", "movement deposit/d2/captured"}},
		{"the first line gone", func(h *house, first, _ *settlement.Batch) {
			h.steal(h.lines(first.ID)[0])
		}, []string{"batch FIRST line 2", "batch FIRST", "movement deposit/d1/captured"}},
		{"a carry line gone", func(h *house, _, second *settlement.Batch) {
			h.steal(h.lines(second.ID)[1])
		}, []string{"batch SECOND"}},
		{"a line twice", func(h *house, first, _ *settlement.Batch) {
			line := h.lines(first.ID)[1]
			line.No, line.Running = 3, must(line.Running.Add(line.Net))
			h.plant(line)
		}, []string{"batch FIRST line 3", "batch FIRST"}},
		{"an item twice", func(h *house, _, _ *settlement.Batch) {
			item := records[*payment.Item](h, payment.ItemRecord)[0]
			item.Window.BusinessDate = item.Window.BusinessDate.AddDays(1)
			h.plant(item)
		}, []string{"movement deposit/d3/captured", "position m1/INR", "position m1/INR", "account merchants/m1/pending INR"}},
		{"an item of a line", func(h *house, first, _ *settlement.Batch) {
			h.plant(&h.lines(first.ID)[1].Item)
		}, []string{"batch FIRST line 2", "position m1/INR", "position m1/INR", "account merchants/m1/pending INR"}},
		{"an item gone", func(h *house, _, _ *settlement.Batch) {
			h.steal(records[*payment.Item](h, payment.ItemRecord)[0])
		}, []string{"position m1/INR", "position m1/INR", "movement deposit/d3/captured", "account merchants/m1/pending INR"}},
		{"an item's pending part", func(h *house, _, _ *settlement.Batch) {
			item := records[*payment.Item](h, payment.ItemRecord)[0]
			item.Pending = must(item.Pending.Add(more))
			h.plant(item)
		}, []string{"position m1/INR", "account merchants/m1/pending INR", "account merchants/m1/available INR"}},
		{"a position's sum", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Unassigned = must(p.Unassigned.Add(more))
			h.plant(p)
		}, []string{"position m1/INR"}},
		{"a position's carry", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Carry = must(p.Carry.Add(more))
			h.plant(p)
		}, []string{"position m1/INR", "account merchants/m1/available INR"}},
		{"what a position withholds", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Held[0].On = p.Held[0].On.AddDays(1)
			h.plant(p)
		}, []string{"position m1/INR"}},
		{"what a position has behind", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Behind = must(p.Behind.Add(more))
			h.plant(p)
		}, []string{"position m1/INR"}},
		{"a window that a position has open", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Open[0].Available = must(p.Open[0].Available.Add(more))
			h.plant(p)
		}, []string{"position m1/INR"}},
		{"a window that a position has folded, and what is behind", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Folded, p.Behind, p.Low, p.Open = p.Open[0].WindowMark, more, &more, nil
			h.plant(p)
		}, []string{"position m1/INR", "position m1/INR", "position m1/INR"}},
		{"what stands in available of a position until windows behind are closed", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Low = &more
			h.plant(p)
		}, []string{"position m1/INR"}},
		{"a window that is kept as behind, and is not", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			h.plant(&payment.FoldedWindow{Merchant: p.Merchant, Currency: p.Currency, WindowSum: p.Open[0]})
		}, []string{"position m1/INR"}},
		{"what a position has of what is settled by hand", func(h *house, _, _ *settlement.Batch) {
			p := records[*payment.Position](h, payment.PositionRecord)[0]
			p.Manual = must(p.Manual.Add(more))
			h.plant(p)
		}, []string{"position m1/INR"}},
		{"a position gone, and all that waits", func(h *house, _, _ *settlement.Batch) {
			h.steal(records[*payment.Position](h, payment.PositionRecord)[0])
			h.steal(records[*payment.Item](h, payment.ItemRecord)[0])
		}, []string{"movement deposit/d3/captured", "account merchants/m1/pending INR", "account merchants/m1/available INR"}},
		{"a batch's net", func(h *house, first, _ *settlement.Batch) {
			first.Net = must(first.Net.Add(more))
			h.plant(first)
		}, []string{"batch FIRST", "batch FIRST", "account settlements/FIRST INR"}},
		{"a batch's totals, the equation kept", func(h *house, first, _ *settlement.Batch) {
			first.Net, first.Totals.Net, first.Totals.Gross = must(first.Net.Add(more)), must(first.Totals.Net.Add(more)), must(first.Totals.Gross.Add(more))
			h.plant(first)
		}, []string{"batch FIRST", "account settlements/FIRST INR"}},
		{"a batch's categories", func(h *house, first, _ *settlement.Batch) {
			first.Categories.Payments = must(first.Categories.Payments.Add(more))
			h.plant(first)
		}, []string{"batch FIRST"}},
		{"a batch's lines", func(h *house, first, _ *settlement.Batch) {
			first.Lines++
			h.plant(first)
		}, []string{"batch FIRST"}},
		{"a batch paid that nobody paid", func(h *house, first, _ *settlement.Batch) {
			first.Status = settlement.Paid
			h.plant(first)
		}, []string{"account settlements/FIRST INR"}},
		{"a batch of another window", func(h *house, first, _ *settlement.Batch) {
			first.Window.Ordinal++
			h.plant(first)
		}, []string{"batch FIRST"}},
		{"a batch that says it is being closed", func(h *house, first, _ *settlement.Batch) {
			first.Status = settlement.Closing
			h.plant(first)
		}, []string{"batch FIRST"}},
		{"a batch gone", func(h *house, first, _ *settlement.Batch) {
			h.steal(first)
		}, []string{
			"account settlements/FIRST INR", "batch_day/INR/2026-03-02/20260302T123000Z/m1/FIRST",
			"movement deposit/d1/captured", "movement deposit/d2/captured",
		}},
		{"a batch that no report shows", func(h *house, _, _ *settlement.Batch) {
			h.steal(records[*settlement.Day](h, settlement.DayRecord)[0])
		}, []string{"batch FIRST"}},
		{"a batch that reports show twice", func(h *house, _, _ *settlement.Batch) {
			day := records[*settlement.Day](h, settlement.DayRecord)[0]
			day.Date = day.Date.AddDays(1)
			h.plant(day)
		}, []string{"batch_day/INR/2026-03-03/20260302T123000Z/m1/FIRST"}},
		{"a hold's amount", func(h *house, _, _ *settlement.Batch) {
			hold := records[*payment.Hold](h, payment.HoldRecord)[0]
			hold.Amount = must(hold.Amount.Add(more))
			h.plant(hold)
		}, []string{"position m1/INR", "account merchants/m1/reserve/rolling INR"}},
		{"a hold gone", func(h *house, _, _ *settlement.Batch) {
			h.steal(records[*payment.Hold](h, payment.HoldRecord)[0])
		}, []string{"position m1/INR", "account merchants/m1/reserve/rolling INR"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), reserving(priced(rulesWith(india())), 30, "IN"))
			defer h.db.Close()
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"),
				deposit("d2", "m1", ist("2026-03-02 12:01"), "200.00"),
				later(payment.DepositFailed, "d2", ist("2026-03-03 12:01")),
				deposit("d3", "m1", ist("2026-03-04 12:01"), "300.00"),
			)
			batches := h.settle(ist("2026-03-03 18:00"))
			h.sound()
			tt.damage(h, batches[0], batches[1])
			name := strings.NewReplacer(batches[0].ID, "FIRST", batches[1].ID, "SECOND")
			var got []string
			for _, f := range h.settlementFindings() {
				place, _, _ := strings.Cut(name.Replace(f), ": ")
				got = append(got, place)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("places (-want +got)\n%s\n%s", diff, strings.Join(h.settlementFindings(), "\n"))
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Whatever is wrong with an invoice is found.
func TestVerifyFindsInvoices(t *testing.T) {
	t.Parallel()
	more := minor("0.01")
	invoice := func(h *house) *payment.Invoice { return records[*payment.Invoice](h, payment.InvoiceRecord)[0] }
	for _, tt := range []struct {
		name   string
		damage func(*house)
		want   []string
	}{
		{"a line gone", func(h *house) { h.steal(records[*payment.InvoiceLine](h, payment.InvoiceLineRecord)[0]) }, []string{"invoice/m1/INR/2026-03"}},
		{"a line's total", func(h *house) {
			line := records[*payment.InvoiceLine](h, payment.InvoiceLineRecord)[0]
			line.Total = must(line.Total.Add(more))
			h.plant(line)
		}, []string{"invoice/m1/INR/2026-03"}},
		{"its fee", func(h *house) {
			i := invoice(h)
			i.Fee = must(i.Fee.Add(more))
			h.plant(i)
		}, []string{"invoice/m1/INR/2026-03"}},
		{"its number", func(h *house) {
			i := invoice(h)
			i.Number = ""
			h.plant(i)
		}, []string{"invoice/m1/INR/2026-03", "invoice_series/IN/2026-03"}},
		{"an invoice gone", func(h *house) { h.steal(invoice(h)) }, []string{"invoice/m1/INR/2026-03", "invoice_series/IN/2026-03", "billing/m1/INR"}},
		{"a series gone", func(h *house) {
			h.steal(records[*payment.InvoiceSeries](h, payment.InvoiceSeriesRecord)[0])
		}, []string{"invoice_series/IN/2026-03"}},
		{"what is billed", func(h *house) {
			b := records[*payment.Billing](h, payment.BillingRecord)[0]
			b.Charged = must(b.Charged.Add(more))
			h.plant(b)
		}, []string{"billing/m1/INR", "account merchants/m1/receivable INR"}},
		{"more paid than is owed", func(h *house) {
			b := records[*payment.Billing](h, payment.BillingRecord)[0]
			b.Paid = minor("1000.00")
			h.plant(b)
		}, []string{"billing/m1/INR", "account merchants/m1/receivable INR"}},
		{"the billing gone", func(h *house) { h.steal(records[*payment.Billing](h, payment.BillingRecord)[0]) },
			[]string{"billing/m1/INR", "account merchants/m1/receivable INR"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rules := priced(rulesWith(india()))
			for i := range rules.Fees {
				if s := &rules.Fees[i]; s.Match.Event == fees.EventCapture {
					s.Charge, s.Refund = fees.ChargeGross, fees.RefundReturnProRata
				}
			}
			h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rules)
			defer h.db.Close()
			h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), later(payment.DepositFailed, "d1", ist("2026-03-02 13:00")),
				deposit("d2", "m1", ist("2026-03-04 12:01"), "300.00"))
			issue := &payment.IssueInvoice{Merchant: "m1", Currency: inr(), Month: payment.MonthOf(calendar.MustDate("2026-03-01")), Instant: ist("2026-04-01 00:00")}
			if err := h.books.Do(t.Context(), issue); err != nil {
				t.Fatal(err)
			}
			h.sound()
			tt.damage(h)
			var got []string
			for _, f := range h.settlementFindings() {
				place, _, _ := strings.Cut(f, ": ")
				got = append(got, place)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("places (-want +got)\n%s\n%s", diff, strings.Join(h.settlementFindings(), "\n"))
			}
		})
	}
}

// A finding gives both figures.
func TestFindingGivesFigures(t *testing.T) {
	t.Parallel()
	h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rulesWith(india()))
	defer h.db.Close()
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	p := records[*payment.Position](h, payment.PositionRecord)[0]
	p.Unassigned, p.Manual = minor("99.99"), minor("0.01")
	h.plant(p)
	want := []string{
		"position m1/INR: want movements in no batch 10000, have 9999",
		"position m1/INR: want movements that no job settles 0, have 1",
	}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got)\n%s", diff)
	}
}

// Closing refuses a merchant whose position is not what the accounts hold.
func TestCloseProvesThePosition(t *testing.T) {
	t.Parallel()
	h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rulesWith(india()))
	defer h.db.Close()
	h.take(deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"))
	p := records[*payment.Position](h, payment.PositionRecord)[0]
	p.Carry = minor("1.00")
	h.plant(p)
	_, err := h.trySettle(settlement.Ready{Horizon: ist("2026-03-03 00:00")})
	if !errors.Is(err, settlement.ErrEquation) || !strings.Contains(err.Error(), "carry 1.00 + movements in no batch 100.00 = 101.00") {
		t.Errorf("closed with %v", err)
	}
	if n := len(h.batches()); n != 0 {
		t.Errorf("%d batches were closed", n)
	}
}

// A batch equation that does not hold is refused, with all its figures.
func TestCheck(t *testing.T) {
	t.Parallel()
	good := settlement.Batch{
		ID: "set_1", Currency: inr(), OpeningCarry: minor("-10.00"), Net: minor("87.64"),
		Totals: settlement.Totals{Gross: minor("100.00"), Fee: minor("-2.00"), Tax: minor("-0.36"), Net: minor("97.64")},
	}
	tests := []struct {
		name   string
		change func(*settlement.Batch)
		want   string
	}{
		{"it holds", func(*settlement.Batch) {}, ""},
		{"net", func(b *settlement.Batch) { b.Net = minor("87.65") },
			"batch equation does not hold: batch set_1: opening carry -10.00 + lines 97.64 + carry out 0.00 = 87.64, net is 87.65"},
		{"carry", func(b *settlement.Batch) { b.OpeningCarry = minor("0.00") },
			"batch equation does not hold: batch set_1: opening carry 0.00 + lines 97.64 + carry out 0.00 = 97.64, net is 87.64"},
		{"parts", func(b *settlement.Batch) { b.Totals.Reserve = minor("-10.00") },
			"batch equation does not hold: batch set_1: gross, fee, tax, withholding and reserve sum to 87.64, line nets to 97.64"},
		{"negative net", func(b *settlement.Batch) { b.OpeningCarry, b.Net = minor("-100.00"), minor("-2.36") },
			"batch equation does not hold: batch set_1: opening carry -100.00 + lines 97.64 + carry out 0.00 = -2.36, net is -2.36"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := good
			tt.change(&b)
			got := ""
			if err := b.Check(); err != nil {
				got = err.Error()
				if !errors.Is(err, settlement.ErrEquation) {
					t.Errorf("error does not wrap ErrEquation: %v", err)
				}
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// lacking is a house of which two windows of m1 are behind and not closed, with 1.00 less in available than the
// first one leaves.
func lacking(t *testing.T) *house {
	t.Helper()
	h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rulesWith(india()))
	t.Cleanup(func() { h.db.Close() })
	h.take(deposit("d1", "m1", ist("2026-03-02 11:00"), "5.00"), about(payment.ToppedUp, "t1", "2026-03-02 12:00", "83.00"))
	h.take(deposit("d2", "m1", ist("2026-03-03 11:00"), "3.00"), refund("r1", "d1", ist("2026-03-03 12:00"), "1.00"))
	h.take(about(payment.ToppedUp, "t2", "2026-03-03 19:00", "0.50"))
	h.sound()
	return h
}

// Positions of before there was Low say nothing of what stands in available while windows are behind: verify takes
// them, also where more windows come to be behind, until those are closed.
func TestVerifyPositionOfBefore(t *testing.T) {
	t.Parallel()
	h := lacking(t)
	text, err := json.Marshal(records[*payment.Position](h, payment.PositionRecord)[0])
	if err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]any)
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	delete(fields, "low")
	if text, err = json.Marshal(fields); err != nil {
		t.Fatal(err)
	}
	before := new(payment.Position)
	if err := json.Unmarshal(text, before); err != nil {
		t.Fatal(err)
	}
	h.plant(before)
	found := h.settlementFindings()
	h.take(refund("r2", "d1", ist("2026-03-05 12:00"), "1.00")) // the window of the last top-up is behind, too, from now on
	found = append(found, h.settlementFindings()...)
	for _, day := range []string{"2026-03-02", "2026-03-03", "2026-03-05"} {
		h.settle(ist(day + " 18:00"))
		found = append(found, h.settlementFindings()...)
	}
	if len(found) > 0 {
		t.Errorf("findings:\n%s", strings.Join(found, "\n"))
	}
}

// And it finds one that says too much.
func TestVerifyFindsLow(t *testing.T) {
	t.Parallel()
	h := lacking(t)
	p := *records[*payment.Position](h, payment.PositionRecord)[0]
	p.Low = new(must(p.Low.Add(money.Minor(1))))
	h.plant(&p)
	want := []string{"position m1/INR: want available until windows behind are closed, at least -100, have -99"}
	if diff := cmp.Diff(want, h.settlementFindings()); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
