package postgres_test

import (
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
)

// fullLife is of a resource that asha asked for and ben decided about.
func fullLife(asked, decided payment.Kind, status payment.Status) payment.Life {
	return payment.Life{Status: status, Steps: []payment.Step{
		{Kind: asked, At: noon, Status: payment.Requested, Amount: money.Minor(11), Reason: "r1", RailRef: "rail-1", BankRef: "bank-1", Actor: "asha"},
		{Kind: decided, At: noon.Add(time.Hour), Status: status, Actor: "ben", Follows: true},
	}}
}

// paymentRecords has one record or more of every kind of decisions, of the platform's own money and of what was handed to rails, with all
// fields set.
func paymentRecords() []ledger.Record {
	january := payment.Month{Year: 2026, Month: time.January}
	party := payment.Party{Name: "One Ltd", Account: "IN00", Agent: "BANK"}
	submission := payment.Submission{
		Rail: "file", Message: "M1", At: noon, Count: 3, Sender: "us", Digest: "ab", Instructions: []string{"E1"}, Delivered: true, Open: 2,
	}
	over := submission
	over.Message, over.Open = "M0", 0
	return []ledger.Record{
		&payment.Adjustment{Facts: paymentFacts("a1", 900), Life: fullLife(payment.AdjustmentDebit, payment.AdjustmentApproved, payment.Approved), Debit: true},
		&payment.Debt{
			Facts: paymentFacts("n1", 800), Life: fullLife(payment.DebtReclassified, payment.DebtRestored, payment.Restored),
			Paid: money.Minor(100), WrittenOff: money.Minor(50), Recovered: money.Minor(25),
		},
		&payment.TopUp{Facts: paymentFacts("t1", 700), Life: paymentLife(payment.Received), ToDebt: money.Minor(100), ToFees: money.Minor(30)},
		&payment.WriteOff{
			Facts: paymentFacts("w1", 600), Life: fullLife(payment.WriteOffRequested, payment.WriteOffApproved, payment.Approved), OfDebt: money.Minor(50),
			OfFees: money.Minor(20),
		},
		&payment.Billing{
			Merchant: "m1", Currency: inr, Charged: money.Minor(1000), Credited: money.Minor(300), PaidBack: money.Minor(40), Paid: money.Minor(200),
			WrittenOff: money.Minor(10), Issued: january,
		},
		&payment.Invoice{
			Merchant: "m1", Currency: inr, Month: january, Region: "IN", Zone: "Asia/Kolkata", Ends: noon.Add(6*time.Hour + 30*time.Minute), Lines: 2,
			Charged: money.Minor(1000), Credited: money.Minor(300), PaidBack: money.Minor(40), Fee: money.Minor(593), IssuedAt: noon.Add(7 * time.Hour),
			Number: "INV-1", CreditNote: "CN-1",
		},
		&payment.InvoiceLine{
			Merchant: "m1", Currency: inr, Month: january, Seq: 17, Entry: "refund/r1/fee.credited", BookedAt: noon, OccurredAt: noon.Add(-time.Hour),
			Type: payment.RefundCreated, SourceID: "r1", Deposit: "d1", Charge: "processing_fee", Fee: money.Minor(-254), Total: money.Minor(-300),
			PaidBack: money.Minor(40),
		},
		&payment.FeeDeduction{Facts: paymentFacts("x1", 500), Life: fullLife(payment.FeesDeducted, "", payment.Booked)},
		&payment.RailCost{Facts: paymentFacts("k1", 90), Life: paymentLife(payment.Accrued)},
		&payment.RailInvoice{Facts: paymentFacts("k2", 80), Life: paymentLife(payment.Paid), CostTax: money.Minor(14)},
		&payment.BankLine{Facts: paymentFacts("l1", 70), Life: paymentLife(payment.Unexplained), Bank: "main", Debit: true},
		&payment.FeeTransfer{Facts: paymentFacts("f1", 60), Life: paymentLife(payment.Booked)},
		&payment.Opening{Facts: paymentFacts("o1", 50), Life: paymentLife(payment.Booked)},
		&payment.Exchanged{
			ID: "x1", At: noon, Merchant: "m1", Sold: inr, Bought: money.MustCurrency("JPY"), Amount: money.Minor(100000), Worth: money.Minor(1800),
			Got: money.Minor(1782), Spread: money.Minor(18), Actor: "asha",
			Quote: payment.Quote{
				ID: "q1", Source: "desk", Mid: money.MustRate("1.8"), Client: money.MustRate("1.782"), QuotedAt: noon.Add(-time.Minute), ValidUntil: noon.Add(time.Minute),
			},
		},
		&payment.Pool{
			Merchant: "m1", Currency: inr, Kind: reserve.KindFixed, Plan: reserve.Pin{ID: "security", Version: "v1"}, Built: money.Minor(5000),
			Released: money.Minor(1200), Changed: today, Reason: "asked for",
		},
		&payment.ReserveDecision{Facts: paymentFacts("rd1", 0), Life: fullLife(payment.ReserveRelease, "", payment.Completed), Moved: money.Minor(120)},
		&payment.PayoutBatch{
			ID: "b1", Mode: payment.PayoutsAll, Hash: "cd", Created: noon, Count: 9, Status: payment.Completed, Decided: 8, Booked: 4, Queued: 2, Refused: 1, NotTaken: 1,
		},
		&payment.PayoutResults{Batch: "b1", Results: []payment.PayoutResult{
			{No: 3, ID: "p3", Outcome: payment.PayoutWasRefused, Field: payment.FieldAmount, Reason: "is too much"},
		}},
		&payment.PayoutPlace{Merchant: "m1", Currency: inr, At: noon, No: 7, Payout: "p7"},
		&payment.Customer{Deposit: "d1", Since: noon, Erased: &payment.Erasure{At: noon.Add(time.Hour), Actor: "ben", Reason: "asked for"}},
		&submission, &over,
		&payment.Instruction{
			ID: "E1", Object: payment.PayoutRecord, Source: "p1", Merchant: "m1", Method: "bank", Bank: "main", Beneficiary: "m1-account", OrderID: "o1", Currency: inr,
			Amount: money.Minor(5000), Due: today, Sent: noon, Debtor: party, Creditor: party, Submission: "file/M1", No: 1, Final: true,
		},
		&payment.Answered{Rail: "file", Answer: "A1", Name: "pain002.xml", Message: "M1", At: noon, Events: 5},
	}
}

func TestPaymentViews(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		keep(t, conn, sampleRecords()...)
		const facts = "merchant, status, occurred_at, currency, amount, amount_major"
		for _, tc := range []struct{ query, want string }{
			{"SELECT adjustment, " + facts + ", debit, reason_code, actor, decided_by FROM v_adjustments",
				"a1 | m1 | approved | 2026-01-31 12:00:00+00 | INR | 900 | 9.00 | t | r1 | asha | ben"},
			{"SELECT debt, " + facts + ", paid, written_off, recovered, left_over, left_over_major, actor FROM v_debts",
				"n1 | m1 | restored | 2026-01-31 12:00:00+00 | INR | 800 | 8.00 | 100 | 50 | 25 | 625 | 6.25 | asha"},
			{"SELECT top_up, " + facts + ", to_debt, to_fees, rail, rail_reference, bank_reference FROM v_top_ups",
				"t1 | m1 | received | 2026-01-31 12:00:00+00 | INR | 700 | 7.00 | 100 | 30 | visa | rail-1 | bank-1"},
			{"SELECT write_off, " + facts + ", of_debt, of_fees, dispute, reason_code, actor, decided_by FROM v_write_offs",
				"w1 | m1 | approved | 2026-01-31 12:00:00+00 | INR | 600 | 6.00 | 50 | 20 | d1 | r1 | asha | ben"},
			{"SELECT merchant, currency, charged, credited, paid_back, paid, written_off, owed, owed_major, issued_through FROM v_billings",
				"m1 | INR | 1000 | 300 | 40 | 200 | 10 | 530 | 5.30 | 2026-01"},
			{"SELECT merchant, currency, invoice_month, region, invoice_number, credit_note, issued_at, ends_at, line_count FROM v_invoices",
				"m1 | INR | 2026-01 | IN | INV-1 | CN-1 | 2026-01-31 19:00:00+00 | 2026-01-31 18:30:00+00 | 2"},
			{"SELECT charged, credited, paid_back, fee, total, total_major FROM v_invoices", "1000 | 300 | 40 | 593 | 700 | 7.00"},
			{"SELECT merchant, currency, invoice_month, lane, seq, entry, booked_at, occurred_at FROM v_invoice_lines",
				"m1 | INR | 2026-01 | 0 | 17 | refund/r1/fee.credited | 2026-01-31 12:00:00+00 | 2026-01-31 11:00:00+00"},
			{"SELECT event, source_id, deposit, charge, fee, total, total_major, paid_back FROM v_invoice_lines",
				"refund | r1 | d1 | processing_fee | -254 | -300 | -3.00 | 40"},
			{"SELECT fee_deduction, " + facts + ", actor FROM v_fee_deductions", "x1 | m1 | booked | 2026-01-31 12:00:00+00 | INR | 500 | 5.00 | asha"},
			{"SELECT merchant, currency, kind, plan, plan_version, built, released, left_over, left_over_major, changed_on, reason FROM v_reserve_pools",
				"m1 | INR | fixed | security | v1 | 5000 | 1200 | 3800 | 38.00 | 2026-01-31 | asked for"},
			{"SELECT decision, event, merchant, status, moved, moved_major, decided_on, reason_code, actor FROM v_reserve_decisions",
				"rd1 | reserve_release | m1 | completed | 120 | 1.20 | d1 | r1 | asha"},
			{"SELECT payout_batch, mode, status, created_at, items, decided, booked, queued, refused, not_taken, hash FROM v_payout_batches",
				"b1 | all | completed | 2026-01-31 12:00:00+00 | 9 | 8 | 4 | 2 | 1 | 1 | cd"},
			{"SELECT payout_batch, no, payout, outcome, field, reason FROM v_payout_results", "b1 | 3 | p3 | refused | amount | is too much"},
			{"SELECT merchant, currency, requested_at, no, payout FROM v_payout_queue", "m1 | INR | 2026-01-31 12:00:00+00 | 7 | p7"},
			{"SELECT deposit, known_since, erased_at, erased_by, erased_for FROM v_customers",
				"d1 | 2026-01-31 12:00:00+00 | 2026-01-31 13:00:00+00 | ben | asked for"},
			{"SELECT kind, id, no, event, happened_at, status, amount, reason, rail_reference, bank_reference, actor, follows FROM v_steps " +
				"WHERE kind IN ('adjustment', 'batch', 'merchant') ORDER BY kind, id, no", `
adjustment | a1 | 1 | adjustment_debit | 2026-01-31 12:00:00+00 | requested | 11 | r1 | rail-1 | bank-1 | asha | f
adjustment | a1 | 2 | adjustment_approved | 2026-01-31 13:00:00+00 | approved | - | - | - | - | ben | t
batch | set_1 | 1 | - | 2026-01-31 12:00:00+00 | closed | - | - | - | - | - | f
batch | set_1 | 2 | settlement_paid | 2026-01-31 12:01:00+00 | paid | - | r2 | rail-2 | bank-2 | ben | f
merchant | m1 | 1 | suspend | 2026-01-31 12:00:00+00 | suspended | - | r3 | - | - | ben | f`},
		} {
			wantRows(t, conn, tc.query, tc.want)
		}
	})
}

func TestRailViews(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		keep(t, conn, sampleRecords()...)
		const facts = "status, occurred_at, currency, amount, amount_major"
		for _, tc := range []struct{ query, want string }{
			{"SELECT rail_cost, " + facts + ", rail, rail_reference FROM v_rail_costs", "k1 | accrued | 2026-01-31 12:00:00+00 | INR | 90 | 0.90 | visa | rail-1"},
			{"SELECT rail_invoice, " + facts + ", cost_tax, rail, rail_reference, bank_reference FROM v_rail_invoices",
				"k2 | paid | 2026-01-31 12:00:00+00 | INR | 80 | 0.80 | 14 | visa | rail-1 | bank-1"},
			{"SELECT bank_line, " + facts + ", bank, debit, reason_code, bank_reference FROM v_bank_lines",
				"l1 | unexplained | 2026-01-31 12:00:00+00 | INR | 70 | 0.70 | main | t | r1 | bank-1"},
			{"SELECT fee_transfer, " + facts + ", bank_reference FROM v_fee_transfers", "f1 | booked | 2026-01-31 12:00:00+00 | INR | 60 | 0.60 | bank-1"},
			{"SELECT opening, " + facts + ", bank_reference FROM v_openings", "o1 | booked | 2026-01-31 12:00:00+00 | INR | 50 | 0.50 | bank-1"},
			{"SELECT exchange, merchant, exchanged_at, sold, bought, amount, amount_major, worth, got, got_major, spread, spread_major FROM v_exchanges",
				"x1 | m1 | 2026-01-31 12:00:00+00 | INR | JPY | 100000 | 1000.00 | 1800 | 1782 | 1782 | 18 | 18"},
			{"SELECT source, quote, mid_rate, client_rate, quoted_at, valid_until, actor FROM v_exchanges",
				"desk | q1 | 1.8 | 1.782 | 2026-01-31 11:59:00+00 | 2026-01-31 12:01:00+00 | asha"},
			{"SELECT rail, message, submitted_at, instructions, open, delivered, sender, digest FROM v_rail_submissions ORDER BY message", `
file | M0 | 2026-01-31 12:00:00+00 | 3 | 0 | t | us | ab
file | M1 | 2026-01-31 12:00:00+00 | 3 | 2 | t | us | ab`},
			{"SELECT instruction, submission, no, object, source_id, merchant, method, bank, beneficiary, order_id FROM v_rail_instructions",
				"E1 | file/M1 | 1 | payout | p1 | m1 | bank | main | m1-account | o1"},
			{"SELECT currency, amount, amount_major, due, sent_at, final FROM v_rail_instructions", "INR | 5000 | 50.00 | 2026-01-31 | 2026-01-31 12:00:00+00 | t"},
			{"SELECT rail, answer, name, message, taken_at, events FROM v_rail_answers", "file | A1 | pain002.xml | M1 | 2026-01-31 12:00:00+00 | 5"},
		} {
			wantRows(t, conn, tc.query, tc.want)
		}
	})
}

// No view shows what is known of a payer, or the name and account of who is paid.
func TestViewsKeepPeopleToThemselves(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		party := payment.Party{Name: "secret-1", Account: "secret-2", Agent: "secret-3"}
		keep(
			t, conn,
			&payment.Customer{Deposit: "d1", Since: noon, CustomerData: payment.CustomerData{
				Name: "secret-4", Phone: "secret-5", Email: "secret-6", Address: "secret-7", Account: "secret-8",
			}},
			&payment.Instruction{ID: "E1", Currency: inr, Amount: money.Minor(1), Due: calendar.MustDate("2026-02-01"), Sent: noon, Debtor: party, Creditor: party},
		)
		for _, view := range firstColumn(t, conn, `SELECT table_name::text FROM information_schema.views WHERE table_schema = 'public' ORDER BY 1`) {
			text := strings.Join(firstColumn(t, conn, "SELECT v::text FROM "+view+" v"), "\n")
			if shows := strings.Contains(text, "secret-"); shows != (view == "v_records") {
				t.Errorf("%s shows %s", view, text)
			}
		}
		wantRows(t, conn, "SELECT deposit, known_since, erased_at FROM v_customers", "d1 | 2026-01-31 12:00:00+00 | -")
	})
}
