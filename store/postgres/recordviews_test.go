package postgres_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// keep writes records as the store does.
func keep(t *testing.T, conn *pgx.Conn, records ...ledger.Record) {
	t.Helper()
	for _, r := range records {
		body, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		ref := r.Ref()
		const add = "INSERT INTO records (kind, id, body, changed_at) VALUES ($1, $2, $3, $4)"
		if _, err := conn.Exec(t.Context(), add, ref.Kind, []byte(ref.ID), string(body), noon); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	noon  = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	today = calendar.MustDate("2026-01-31")
	inr   = money.MustCurrency("INR")
)

// paymentFacts have a value in every field.
func paymentFacts(id string, amount int64) payment.Facts {
	return payment.Facts{
		ID: id, OccurredAt: noon, Merchant: "m1", Currency: inr, Amount: money.Minor(amount), Method: "card", Rail: "visa", Brand: "Visa", Funding: "credit",
		OrderID: "o1", Parent: "d1", ReasonCode: "r1", RailRef: "rail-1", BankRef: "bank-1", Actor: "asha",
	}
}

func paymentLife(s payment.Status) payment.Life { return payment.Life{Status: s} }

func windowPin() payment.WindowPin {
	return payment.WindowPin{
		Schedule: merchant.Pin{ID: "in", Version: "v1"},
		Window:   calendar.Window{BusinessDate: today, Label: "evening", Opens: noon.Add(-24 * time.Hour), Closes: noon, SettlementDate: today.AddDays(1)},
	}
}

// movement has a value in every field.
func movement(source string, net int64) payment.Item {
	return payment.Item{
		Merchant: "m1", Currency: inr, Lane: 3, Seq: 9, Entry: "entry-1", BookedAt: noon, OccurredAt: noon, Window: windowPin(), Manual: true,
		Category: payment.CategoryPayment, Type: "deposit", SourceID: source, ParentID: "d1", OrderID: "o1", Method: "card", Rail: "visa", RailRef: "rail-1",
		BankRef: "bank-1", ReasonCode: "r1", Gross: money.Minor(net + 300), Fee: money.Minor(-200), Tax: money.Minor(-36), TaxCode: "GST18",
		Withholding: money.Minor(-14), Reserve: money.Minor(-50), Net: money.Minor(net), Pending: money.Minor(net),
	}
}

func batchRecord(id string, status settlement.Status) *settlement.Batch {
	return &settlement.Batch{
		ID: id, Merchant: "m1", Region: "in", Bank: "main", Currency: inr, Window: windowPin(), Status: status, AtClose: settlement.Closed, Lines: 2,
		OpeningCarry: money.Minor(-100),
		Steps: []settlement.Step{{Status: settlement.Closed, At: noon}, {
			Kind: payment.BatchPaid, Status: settlement.Paid, At: noon.Add(time.Minute), Rail: "imps", Ref: "rail-2", BankRef: "bank-2", Reason: "r2", Actor: "ben",
		}},
		Totals: settlement.Totals{
			Gross: money.Minor(10000), Fee: money.Minor(-200), Tax: money.Minor(-36), Withholding: money.Minor(-14), Reserve: money.Minor(-50), Net: money.Minor(9700),
		},
		Categories: settlement.Categories{
			Payments: money.Minor(9000), Refunds: money.Minor(-100), Disputes: money.Minor(-200), Reserve: money.Minor(1100), Payouts: money.Minor(-100),
			Batches: money.Minor(7), Adjustments: money.Minor(8), Exchanges: money.Minor(9),
		},
		CarryOut: money.Minor(0), Net: money.Minor(9600),
	}
}

// sampleRecords has one record or more of every kind that has a view, with all fields set.
func sampleRecords() []ledger.Record {
	fee := fees.Fee{ScheduleID: "s", Version: "v", Fee: money.Minor(200), Tax: money.Minor(36)}
	hold := reserve.Hold{
		ID: "d1", Merchant: "m1", Currency: inr, Amount: money.Minor(500), Released: money.Minor(120), Drawn: money.Minor(30), Restored: money.Minor(10), HeldOn: today, ReleaseOn: today.AddDays(90),
		ReleasedOn: today.AddDays(1), Reason: "asked for", Plan: reserve.Pin{ID: "rolling", Version: "v2"},
	}
	gone := hold
	gone.ID, gone.Released, gone.Drawn, gone.Restored = "d2", gone.Amount, money.Amount{}, money.Amount{}
	return append(paymentRecords(),
		&payment.Merchant{
			Merchant: merchant.Merchant{ID: "m1", Name: "One", Region: "in", Created: noon}, Status: payment.Suspended, Configured: true,
			Versions: merchant.With(nil, merchant.Version{
				From: noon, Actor: "asha", Reason: "contract 7", At: noon.Add(time.Second), Terms: merchant.Terms{Name: "One", Region: "in"},
			}),
			Steps: []payment.MerchantStep{{Act: payment.MerchantSuspend, At: noon, Status: payment.Suspended, Actor: "ben", Reason: "r3"}},
		},
		&payment.Deposit{
			Facts: paymentFacts("d1", 10000), Life: paymentLife(payment.Succeeded), Fee: fee, PricedOn: today,
			Refunded: money.Minor(300), Disputed: money.Minor(400), FeeBack: money.Minor(5),
			Withheld: []payment.Withholding{{
				Code: "194O", Rate: money.MustRate("1%"), Base: money.Minor(10000), Amount: money.Minor(100), Back: money.Minor(3),
			}},
		},
		&payment.Refund{
			Facts: paymentFacts("r1", 300), Life: paymentLife(payment.Pending), FeeReturned: money.Minor(5), Drawn: sources(1), Restored: sources(4), Netted: true,
		},
		&payment.Dispute{
			Facts: paymentFacts("c1", 400), Life: paymentLife(payment.Won), Fee: fee, Recovered: money.Minor(399), Drawn: sources(1), Restored: sources(4),
			Debited: payment.Passed{Amount: money.Minor(400)}, Credited: payment.Passed{Amount: money.Minor(398)},
		},
		&payment.Payout{Facts: paymentFacts("p1", 5000), Life: paymentLife(payment.Sent), Fee: fee, NeedsApproval: true, Batch: "b1"},
		&payment.RailSettlement{Facts: paymentFacts("s1", 9000), Life: paymentLife(payment.Received), Cost: money.Minor(90), CostTax: money.Minor(16)},
		&payment.Hold{Hold: hold, Window: windowPin(), ReleaseAt: noon}, &payment.Hold{Hold: gone, Window: windowPin(), ReleaseAt: noon},
		batchRecord("set_1", settlement.Paid), batchRecord("set_2", settlement.Closing),
		&settlement.Line{Batch: "set_1", No: 1, Late: true, Running: money.Minor(9700), Item: movement("d1", 9700)},
		&settlement.Line{Batch: "set_2", No: 1, Running: money.Minor(9700), Item: movement("d8", 9700)},
		ptr(movement("d9", 700)),
		&ledger.HoldState{Key: "h1", At: noon, Expires: noon.Add(time.Hour), Status: ledger.HoldCaptured, Owner: "payment",
			Legs: []ledger.HoldLeg{{Account: "bank", Currency: inr, Side: ledger.Debit, Amount: money.Minor(7)}}},
	)
}

// sources are three amounts that follow each other.
func sources(from int64) payment.Sources {
	return payment.Sources{Pending: money.Minor(from), Reserve: money.Minor(from + 1), Available: money.Minor(from + 2)}
}

func ptr[T any](v T) *T { return &v }

func TestRecordViews(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		keep(t, conn, sampleRecords()...)
		for _, tc := range []struct{ query, want string }{
			{"SELECT merchant, name, region, created_at, status, configured FROM v_merchants", "m1 | One | in | 2026-01-31 12:00:00+00 | suspended | t"},
			{"SELECT merchant, no, governs_from, name, region, decided_at, actor, reason FROM v_merchant_terms",
				"m1 | 1 | 2026-01-31 12:00:00+00 | One | in | 2026-01-31 12:00:01+00 | asha | contract 7"},
			{"SELECT deposit, merchant, status, occurred_at, currency, amount, amount_major, fee, fee_tax, refunded, disputed, fee_back, priced_on FROM v_deposits",
				"d1 | m1 | succeeded | 2026-01-31 12:00:00+00 | INR | 10000 | 100.00 | 200 | 36 | 300 | 400 | 5 | 2026-01-31"},
			{"SELECT method, rail, brand, funding, order_id, reason_code, rail_reference, bank_reference FROM v_deposits",
				"card | visa | Visa | credit | o1 | r1 | rail-1 | bank-1"},
			{"SELECT deposit, merchant, currency, code, rate, base, amount, back, left_over, left_over_major FROM v_withholdings",
				"d1 | m1 | INR | 194O | 0.01 | 10000 | 100 | 3 | 97 | 0.97"},
			{"SELECT refund, deposit, status, amount_major, fee_returned, actor, netted FROM v_refunds", "r1 | d1 | pending | 3.00 | 5 | asha | t"},
			{"SELECT drawn_pending, drawn_reserve, drawn_available, restored_pending, restored_reserve, restored_available FROM v_refunds", "1 | 2 | 3 | 4 | 5 | 6"},
			{"SELECT dispute, deposit, status, amount_major, fee, fee_tax, recovered, scheme_debited, scheme_credited FROM v_disputes",
				"c1 | d1 | won | 4.00 | 200 | 36 | 399 | 400 | 398"},
			{"SELECT drawn_pending, drawn_reserve, drawn_available, restored_pending, restored_reserve, restored_available FROM v_disputes", "1 | 2 | 3 | 4 | 5 | 6"},
			{"SELECT payout, status, amount_major, fee, fee_tax, actor, needs_approval, payout_batch FROM v_payouts", "p1 | sent | 50.00 | 200 | 36 | asha | t | b1"},
			{"SELECT rail_settlement, status, amount_major, cost, cost_tax, rail FROM v_rail_settlements", "s1 | received | 90.00 | 90 | 16 | visa"},
			{"SELECT deposit, held_on, release_on, released_on, amount, released, left_over, left_over_major, reason, drawn, restored, plan, plan_version FROM v_reserves ORDER BY deposit", `
d1 | 2026-01-31 | 2026-05-01 | 2026-02-01 | 500 | 120 | 360 | 3.60 | asked for | 30 | 10 | rolling | v2
d2 | 2026-01-31 | 2026-05-01 | 2026-02-01 | 500 | 500 | 0 | 0.00 | asked for | 0 | 0 | rolling | v2`},
			{"SELECT batch, merchant, region, bank, currency, status, at_close, schedule, schedule_version, business_date, window_label, opens_at, closes_at, settlement_date FROM v_batches",
				"set_1 | m1 | in | main | INR | paid | closed | in | v1 | 2026-01-31 | evening | 2026-01-30 12:00:00+00 | 2026-01-31 12:00:00+00 | 2026-02-01"},
			{"SELECT lines, opening_carry, gross, fee, tax, withholding, reserve, lines_net, carry_out, net, net_major, payments, refunds, disputes, payouts, reserve_released, put_back, adjustments, exchanges FROM v_batches",
				"2 | -100 | 10000 | -200 | -36 | -14 | -50 | 9700 | 0 | 9600 | 96.00 | 9000 | -100 | -200 | -100 | 1100 | 7 | 8 | 9"},
			{"SELECT batch, no, source_id, late, category, type, entry_key, lane, seq, gross, fee, tax, withholding, reserve, net, running, net_major, tax_code FROM v_lines",
				"set_1 | 1 | d1 | t | payment | deposit | entry-1 | 3 | 9 | 10000 | -200 | -36 | -14 | -50 | 9700 | 9700 | 97.00 | GST18"},
			{"SELECT merchant, business_date, by_hand, source_id, net, pending, net_major FROM v_unsettled", "m1 | 2026-01-31 | t | d9 | 700 | 700 | 7.00"},
			{"SELECT key, placed_at, expires_at, status, owner, legs->0->>'Amount' FROM v_holds",
				"h1 | 2026-01-31 12:00:00+00 | 2026-01-31 13:00:00+00 | captured | payment | 7"},
			{"SELECT kind, id, body->>'status' FROM v_records WHERE kind = 'batch' ORDER BY id", "batch | set_1 | paid\nbatch | set_2 | closing"},
		} {
			wantRows(t, conn, tc.query, tc.want)
		}
	})
}

// A column that is NULL although its field is set reads another name than the room writes.
func TestRecordViewsReadEveryField(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		keep(t, conn, sampleRecords()...)
		execute(t, conn, soundRows()["events"].with(literals{"merchant": "'m1'"}).insert("events"))
		views := firstColumn(t, conn, `SELECT table_name::text FROM information_schema.views WHERE table_schema = 'public' ORDER BY 1`)
		ofLedger := []string{"v_accounts", "v_journal", "v_statement", "v_trial_balance", "v_trial_totals"}
		ofMany := []string{"v_steps"} // no kind fills every column
		for _, view := range views {
			if slices.Contains(ofLedger, view) {
				continue
			}
			columns := firstColumn(t, conn, "SELECT column_name::text FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position", view)
			rows := oneValue[int](t, conn, "SELECT count(*) FROM "+view)
			if rows == 0 {
				t.Errorf("%s is empty", view)
			}
			allowed := 0
			if slices.Contains(ofMany, view) {
				allowed = rows - 1
			}
			for _, column := range columns {
				if missing := oneValue[int](t, conn, "SELECT count(*) FROM "+view+" WHERE "+column+" IS NULL"); missing > allowed {
					t.Errorf("%s.%s is NULL in %d of %d rows", view, column, missing, rows)
				}
			}
		}
	})
}

// What a resource does not have is NULL, and no error.
func TestRecordViewsOfBareResources(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		bare := func(id string) payment.Facts {
			return payment.Facts{ID: id, OccurredAt: noon, Currency: inr, Amount: money.Minor(1)}
		}
		keep(
			t, conn,
			&payment.Merchant{Merchant: merchant.Merchant{ID: "m1", Created: noon}},
			&payment.Deposit{Facts: bare("d1"), Life: paymentLife(payment.Succeeded), PricedOn: today},
			&payment.Refund{Facts: bare("r1"), Life: paymentLife(payment.Pending)},
			&payment.Dispute{Facts: bare("c1"), Life: paymentLife(payment.NeedsResponse)},
			&payment.Payout{Facts: bare("p1"), Life: paymentLife(payment.Requested)},
			&payment.Hold{Hold: reserve.Hold{ID: "d1", Merchant: "m1", Currency: inr, Amount: money.Minor(5), HeldOn: today, ReleaseOn: today}},
			&payment.Adjustment{Facts: bare("a1"), Life: paymentLife(payment.Requested)},
			&payment.Debt{Facts: bare("n1"), Life: paymentLife(payment.Reclassified)},
			&payment.Pool{Merchant: "m1", Currency: inr, Kind: reserve.KindMinimum},
			&payment.Instruction{ID: "E1", Currency: inr, Amount: money.Minor(1)},
			&ledger.HoldState{Key: "h", At: noon, Status: ledger.HoldOpen},
		)
		wantRows(t, conn, "SELECT debit, actor, decided_by FROM v_adjustments", "f | - | -")
		wantRows(t, conn, "SELECT paid, recovered, left_over FROM v_debts", "0 | 0 | 1")
		wantRows(t, conn, "SELECT built, left_over, changed_on, reason FROM v_reserve_pools", "0 | 0 | - | -")
		wantRows(t, conn, "SELECT due, order_id, final FROM v_rail_instructions", "- | - | f")
		wantRows(t, conn, "SELECT name, region, status, configured FROM v_merchants", "- | - | active | f")
		wantRows(t, conn, "SELECT merchant, method, order_id, fee FROM v_deposits", "- | - | - | 0")
		wantRows(t, conn, "SELECT deposit, fee_returned, netted, drawn_reserve, restored_available FROM v_refunds", "- | 0 | f | 0 | 0")
		wantRows(t, conn, "SELECT reason_code, recovered, scheme_debited FROM v_disputes", "- | 0 | 0")
		wantRows(t, conn, "SELECT rail_reference, needs_approval, payout_batch FROM v_payouts", "- | f | -")
		wantRows(t, conn, "SELECT kind FROM v_steps", "")
		wantRows(t, conn, "SELECT released_on, reason, left_over FROM v_reserves", "- | - | 5")
		wantRows(t, conn, "SELECT status, expires_at FROM v_holds", "open | -")
	})
}

// Each kind of record that has columns of its own is read by a view. The others
// say how far the engine has come, or have nothing that fits in columns.
func TestViewsCoverTheKinds(t *testing.T) {
	t.Parallel()
	read := strings.Join(named(t, `kind (?:=|IN) (\(?'[^)\n]+)`), " ")
	for _, kind := range []string{
		payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord, payment.RailRecord, payment.ItemRecord, payment.HoldRecord,
		payment.ReleasedRecord, payment.MerchantRecord, payment.PlaceRecord, payment.PayoutBatchRecord, payment.PayoutResultsRecord,
		payment.RailCostRecord, payment.RailInvoiceRecord, payment.BankLineRecord, payment.FeeTransferRecord, payment.OpeningRecord, payment.ExchangeRecord,
		payment.AdjustmentRecord, payment.DebtRecord, payment.TopUpRecord, payment.WriteOffRecord, payment.CustomerRecord, payment.PoolRecord, payment.DecisionRecord,
		payment.InstructionRecord, payment.SubmissionRecord, payment.SubmissionEndRecord, payment.AnswerRecord,
		settlement.BatchRecord, settlement.LineRecord, ledger.HoldRecord,
	} {
		if !strings.Contains(read, "'"+kind+"'") {
			t.Errorf("no view reads records of kind %s", kind)
		}
	}
}
