package payment_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// The worked chain of docs/ACCOUNTING.md, from capture to the release of the
// reserve: every entry of it, and at its end 161.80 that the merchant owes.
func TestWorkedChain(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	d.stands(m, "pending 876.40", "available 0.00", "reserve/rolling 100.00")

	batch := d.settle("2026-03-02")
	d.wantBatches(batch, "2026-03-02 closed 876.40, due 2026-03-03")
	id := batch[0].ID
	d.move(payment.BatchSent, id, "2026-03-03 09:00", "neft")
	d.account("rails/neft/payouts", "876.40")
	d.move(payment.BatchPaid, id, "2026-03-03 15:00", "")
	d.stands(m, "pending 0.00", "available 0.00", "reserve/rolling 100.00")

	d.book(refund("r1", "d1", "250.00", "2026-03-05 10:00"))
	d.stands(m, "available -244.10")
	d.book(dispute("c1", "d1", "750.00", "2026-03-06 10:00"))
	d.stands(m, "available -1011.80")
	d.book(later(payment.DisputeWon, "c1", "2026-03-20 10:00"))
	d.stands(m, "available -261.80")
	batches := d.settle("2026-05-31") // 90 days after 2 March
	d.wantBatches(batches,
		"2026-03-05 carried_forward 0.00, due 2026-03-06",
		"2026-03-06 carried_forward 0.00, due 2026-03-07",
		"2026-03-20 carried_forward 0.00, due 2026-03-21",
		"2026-05-31 carried_forward 0.00, due 2026-06-01",
	)
	d.stands(m, "pending 0.00", "available -161.80", "reserve/rolling 0.00")
	if last := batches[len(batches)-1]; last.CarryOut != rs("161.80") {
		t.Errorf("%s is carried out of the last batch", inr().Format(last.CarryOut))
	}
	if diff := cmp.Diff(chain(id), d.entries(0)); diff != "" {
		t.Errorf("journal (-want +got):\n%s", diff)
	}
}

func (d *desk) wantBatches(batches []*settlement.Batch, want ...string) {
	d.Helper()
	var got []string
	for _, b := range batches {
		got = append(got, b.Window.BusinessDate.String()+" "+string(b.AtClose)+" "+inr().Format(b.Net)+", due "+b.Window.SettlementDate.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		d.Errorf("batches (-want +got):\n%s", diff)
	}
}

func chain(batch string) string {
	return `deposit.captured deposit/d1/captured
  Dr rails/upi/receivable 1000.00
  Cr merchants/m/pending 1000.00
deposit.fee deposit/d1/fee < deposit/d1/captured
  Dr merchants/m/pending 20.00
  Cr income/processing_fee 20.00
  Dr merchants/m/pending 3.60
  Cr tax/gst 3.60
reserve.held deposit/d1/reserve < deposit/d1/captured
  Dr merchants/m/pending 100.00
  Cr merchants/m/reserve/rolling 100.00
funds.available settlement/` + batch + `/available
  Dr merchants/m/pending 876.40
  Cr merchants/m/available 876.40
settlement.closed settlement/` + batch + `/closed
  Dr merchants/m/available 876.40
  Cr settlements/` + batch + ` 876.40
settlement.sent settlement/` + batch + `/sent
  Dr settlements/` + batch + ` 876.40
  Cr rails/neft/payouts 876.40
settlement.paid settlement/` + batch + `/paid
  Dr rails/neft/payouts 876.40
  Cr bank/escrow_in 876.40
refund.created refund/r1/created
  Dr merchants/m/available 250.00
  Cr rails/upi/refunds 250.00
fee.returned refund/r1/fee < refund/r1/created
  Dr income/processing_fee 5.00
  Dr tax/gst 0.90
  Cr merchants/m/available 5.90
dispute.opened dispute/c1/opened
  Dr merchants/m/available 750.00
  Cr disputes/upi/clearing 750.00
dispute.fee dispute/c1/fee < dispute/c1/opened
  Dr merchants/m/available 15.00
  Cr income/dispute_fee 15.00
  Dr merchants/m/available 2.70
  Cr tax/gst 2.70
dispute.won dispute/c1/won
  Dr disputes/upi/clearing 750.00
  Cr merchants/m/available 750.00
reserve.released deposit/d1/reserve.released
  Dr merchants/m/reserve/rolling 100.00
  Cr merchants/m/available 100.00
`
}
