package settlement_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/reserve"
	"github.com/settlex/settlex/settlement"
)

// Verify finds what was changed of why batches wait, of what blocks them, and of who asked for
// them. The house has a batch of d1, FIRST, one that came to less than nothing, SECOND, one that
// SECOND blocks and that has to be approved, THIRD, and one that somebody asked for, FOURTH.
func TestVerifyFindsForgedDecisions(t *testing.T) {
	t.Parallel()
	request := func(h *house) settlement.Request {
		return *records[*settlement.Request](h, settlement.RequestRecord)[0]
	}
	blocks := func(h *house, change func(*settlement.Block)) {
		all := *records[*settlement.Blocks](h, settlement.BlockRecord)[0]
		change(&all.Periods[0])
		h.plant(&all)
	}
	for _, test := range []struct {
		name   string
		damage func(h *house, b []*settlement.Batch)
		want   []string
	}{
		{"needs no approval", func(h *house, b []*settlement.Batch) {
			b[2].NeedsApproval = false
			h.plant(b[2])
		}, []string{"batch THIRD: want needs approval true, by its net 13000 and its schedule, have false"}},
		{"needs an approval", func(h *house, b []*settlement.Batch) {
			b[0].NeedsApproval = true
			h.plant(b[0])
		}, []string{"batch FIRST: want needs approval false, by its net 10000 and its schedule, have true"}},
		{"another time zone", func(h *house, b []*settlement.Batch) {
			b[0].Timezone = "Asia/Karachi"
			h.plant(b[0])
		}, []string{"batch FIRST: want time zone Asia/Kolkata, of its schedule, have Asia/Karachi"}},
		{"blocked by none", func(h *house, b []*settlement.Batch) {
			b[2].BlockedBy = ""
			h.plant(b[2])
		}, []string{`batch THIRD: want blocked by "SECOND", have ""`}},
		{"blocked by another", func(h *house, b []*settlement.Batch) {
			b[2].BlockedBy = b[0].ID
			h.plant(b[2])
		}, []string{`batch THIRD: want blocked by "SECOND", have "FIRST"`}},
		{"blocked before", func(h *house, b []*settlement.Batch) {
			b[0].BlockedBy = b[1].ID
			h.plant(b[0])
		}, []string{`batch FIRST: want blocked by "", have "SECOND"`}},
		{"a block by another batch", func(h *house, b []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) { p.Batch = b[0].ID })
		}, []string{
			"negative_block/m1/INR/: want a batch of m1 INR that came to less than nothing, by a schedule that blocks, " +
				"have batch FIRST of m1 INR, which carries 0.00 out",
			"negative_block/m1/INR/: want since 2026-03-02T12:30:00Z, 0 or more, have since 2026-03-03T12:30:00Z, 7000",
			`batch FOURTH: want blocked by "FIRST", have "SECOND"`, `batch THIRD: want blocked by "FIRST", have "SECOND"`,
		}},
		{"a block of less", func(h *house, _ []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) { p.Lacks = minor("69.99") })
		}, []string{"negative_block/m1/INR/: want since 2026-03-03T12:30:00Z, 7000 or more, have since 2026-03-03T12:30:00Z, 6999"}},
		{"a block made good", func(h *house, _ []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) { p.Released = ist("2026-03-04 18:00") })
		}, []string{
			`batch FOURTH: want blocked by "", have "SECOND"`, `batch THIRD: want blocked by "", have "SECOND"`,
			"negative_block/m1/INR/: want paid in 0, by the lines since, have 5000",
			`negative_block/m1/INR/: want made good by a batch, with what was lacking, 7000, have by batch "", with 5000`,
		}},
		{"a block made good by too little", func(h *house, b []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) { p.Released, p.EndedBy = ist("2026-03-05 12:00"), b[3].ID })
		}, []string{
			`batch FOURTH: want blocked by "", have "SECOND"`,
			`negative_block/m1/INR/: want made good by a batch, with what was lacking, 7000, have by batch "FOURTH", with 5000`,
		}},
		{"a block for which more was paid in", func(h *house, _ []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) { p.PaidIn = minor("50.01") })
		}, []string{"negative_block/m1/INR/: want paid in 5000, by the lines since, have 5001"}},
		{"a block made good at another instant", func(h *house, b []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) {
				p.Released, p.EndedBy, p.Lacks = ist("2026-03-05 12:00:00.000001"), b[3].ID, p.PaidIn
			})
		}, []string{
			"negative_block/m1/INR/: want since 2026-03-03T12:30:00Z, 7000 or more, have since 2026-03-03T12:30:00Z, 5000",
			"negative_block/m1/INR/: want ended by a batch of m1 INR of 2026-03-05T06:30:00.000001Z, have by batch FOURTH of m1 INR of 2026-03-05T06:30:00Z",
		}},
		{"a block made good by no batch", func(h *house, _ []*settlement.Batch) {
			blocks(h, func(p *settlement.Block) { p.Released, p.EndedBy, p.PaidIn = ist("2026-03-06 18:00"), "set_0", p.Lacks })
		}, []string{
			"negative_block/m1/INR/: want a batch that has ended it, have batch is not known: set_0",
			"negative_block/m1/INR/: want paid in 5000, by the lines since, have 7000",
		}},
		{"a request by somebody else", func(h *house, _ []*settlement.Batch) {
			r := request(h)
			r.By, r.At = "bert", r.At.Add(time.Second)
			h.plant(&r)
		}, []string{
			`settlement_request/r1: want on_demand of m1 INR by "anna" at 2026-03-05T06:30:00Z, batch FOURTH, ` +
				`have on_demand of m1 INR by "bert" at 2026-03-05T06:30:01Z, batch FOURTH`,
		}},
		{"a request of another batch", func(h *house, b []*settlement.Batch) {
			r := request(h)
			r.Batch = b[0].ID
			h.plant(&r)
		}, []string{
			`settlement_request/r1: want window of m1 INR by "" at 2026-03-02T12:30:00Z, batch FIRST, have on_demand of m1 INR by "anna" at 2026-03-05T06:30:00Z, batch FIRST`,
			"batch FOURTH: want a request that asked for it, have none",
		}},
		{"a request of no batch", func(h *house, _ []*settlement.Batch) {
			r := request(h)
			r.Key, r.Batch = "r2", "set_0"
			h.plant(&r)
		}, []string{"settlement_request/r2: want a batch, have batch is not known: set_0"}},
		{"a request twice", func(h *house, _ []*settlement.Batch) {
			r := request(h)
			r.Key = "r2"
			h.plant(&r)
		}, []string{"settlement_request/r2: want a batch of its own, have that of settlement_request/r1"}},
		{"a request gone", func(h *house, _ []*settlement.Batch) {
			h.steal(records[*settlement.Request](h, settlement.RequestRecord)[0])
		},
			[]string{"batch FOURTH: want a request that asked for it, have none"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			schedule := negatively(merchant.NegativeBlock)
			schedule.ApproveAbove = new(minor("120.00"))
			h := openAt(t, filepath.Join(t.TempDir(), "ledger.db"), rulesWith(schedule))
			defer h.db.Close()
			h.take(
				deposit("d1", "m1", ist("2026-03-02 12:00"), "100.00"), refund("r1", "d1", ist("2026-03-03 13:00"), "70.00"),
				deposit("d2", "m1", ist("2026-03-04 12:00"), "200.00"), about(payment.ToppedUp, "t1", "2026-03-05 09:00", "50.00"),
			)
			h.settle(ist("2026-03-05 00:00"))
			h.asks("r1", settlement.OnDemand, ist("2026-03-05 12:00"))
			h.sound()
			var b []*settlement.Batch
			var names []string
			for i, batch := range h.batches() {
				b, names = append(b, batch), append(names, batch.ID, []string{"FIRST", "SECOND", "THIRD", "FOURTH"}[i])
			}
			test.damage(h, b)
			var got []string
			for _, f := range h.settlementFindings() {
				got = append(got, strings.NewReplacer(names...).Replace(f))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// No batch of a window is closed behind one that was asked for at its watermark: what comes back since
// a plan was ended goes into the next window, and a block that the one asked for has ended is over then.
func TestNoWindowBehindARequest(t *testing.T) {
	t.Parallel()
	rules := reserving(methods(merchant.NegativeCarry, map[string]merchant.Negative{"UPI": merchant.NegativeBlock}), 60, "IN")
	rules.Book.Schedules[0].Timing.Cutoffs = []calendar.WindowCutoff{{At: calendar.MustClock("21:00")}}
	u1 := deposit("u1", "m1", ist("2026-03-02 12:00"), "100.00")
	u1.Method = "UPI"
	h := open(t, rules)
	h.take(u1)
	h.settle(ist("2026-03-02 23:00"))
	h.take(refund("r1", "u1", ist("2026-03-03 12:00"), "70.00"))
	h.settle(ist("2026-03-03 23:00"))
	h.take(about(payment.ToppedUp, "t1", "2026-03-04 12:00", "100.00"))
	h.asks("q1", settlement.OnDemand, ist("2026-03-04 18:00")) // windows of UPI close then, and sort behind those of its schedule
	h.sound()
	rules.Plans[0].EffectiveTo, rules.Plans[0].AtEnd = date("2026-03-01"), reserve.EndRelease
	h.checkDue(t, ist("2026-03-04 20:00"))
	h.settle(ist("2026-03-05 23:00"))
	h.wants(`
		m1 INR 2026-03-02 closed, due 2026-03-03: 0.00 + 90.00 + 0.00 = 90.00
		  1 deposit u1 90.00
		m1 INR 2026-03-03 carried_forward, due 2026-03-04: 0.00 + -70.00 + 70.00 = 0.00
		  1 refund r1 -70.00
		  2 carry_out 70.00
		m1 INR 2026-03-04 on_demand closed, due 2026-03-04: -70.00 + 100.00 + 0.00 = 30.00
		  1 carry_in -70.00
		  2 top_up t1 100.00
		m1 INR 2026-03-05 closed, due 2026-03-06: 0.00 + 10.00 + 0.00 = 10.00
		  1 reserve_release u1 10.00
	`)
	h.sound()
}
