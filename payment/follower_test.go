package payment_test

import (
	"fmt"
	"maps"
	"strings"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/event"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// standing is how an object stands, as far as events tell.
type standing struct {
	Sequence  uint64
	Status    string
	Merchant  string
	Currency  money.Currency
	Amount    money.Amount // of a batch: its net; of a reserve: what is left
	About     string       // what the object's own kind has besides
	Refunded  money.Amount // of a deposit
	Disputed  money.Amount // of a deposit: in disputes that are open or lost
	Recovered money.Amount // of a dispute
}

type standings map[event.Object]standing

// A follower knows nothing but what the events say.
type follower struct {
	cursor string                  // as it was written down
	knows  standings               // from the events up to there
	polled map[string]standings    // what polling gave when the events ended there
	told   map[event.Object]string // types, for who looks for a fault
	read   int                     // how many events there were
}

func newFollower() *follower {
	return &follower{knows: make(standings), polled: make(map[string]standings), told: make(map[event.Object]string)}
}

// follow polls everything, and has the follower read on, a random number of pages of
// random sizes from where it stood. Where the events ended once when everything was
// polled, it must know the same.
func (v *town) follow(rt *rapid.T) {
	f := v.follower
	f.polled[v.end(rt)] = poll(rt, v.reader)
	for range anyOf([]int{0, 1, 3}).Draw(rt, "pages") {
		f.page(rt, v.Engine, anyOf([]int{1, 2, 7, 1000}).Draw(rt, "events on the page"))
	}
}

// end is a cursor behind all events.
func (v *town) end(rt *rapid.T) string {
	heads, err := v.reader.Heads(rt.Context())
	must(rt, err)
	var c event.Cursor
	for _, h := range heads {
		if h.Events > 0 {
			c = c.Read(h.Lane, h.Events)
		}
	}
	return c.String()
}

// page reads on from where the follower has written down that it stands.
func (f *follower) page(rt failer, from *settlex.Engine, size int) (read int) {
	cursor, err := event.ParseCursor(f.cursor)
	must(rt, err)
	for e, err := range from.Events(rt.Context(), cursor) {
		must(rt, err)
		f.learn(rt, e)
		cursor = cursor.Read(e.Lane, e.No)
		f.cursor = cursor.String()
		f.compare(rt)
		if read++; read == size {
			break
		}
	}
	return read
}

// compare holds what the follower knows against what polling gave at that point.
func (f *follower) compare(rt failer) {
	polled, ok := f.polled[f.cursor]
	if !ok {
		return
	}
	if !maps.Equal(polled, f.knows) {
		diff := cmp.Diff(polled, f.knows)
		var about strings.Builder
		for object, knows := range f.knows {
			if polled[object] != knows {
				fmt.Fprintf(&about, "%s:%s\n", object, f.told[object])
			}
		}
		rt.Fatalf("at %s (-polled +told):\n%s%s", f.cursor, diff, about.String())
	}
}

// learn takes one event.
func (f *follower) learn(rt failer, e *event.Event) {
	before := f.knows[e.Object]
	if e.Sequence != before.Sequence+1 {
		rt.Fatalf("%s of %s has sequence %d behind %d", e.Type, e.Object, e.Sequence, before.Sequence)
	}
	f.read++
	f.told[e.Object] += " " + string(e.Type)
	var now standing
	switch e.Object.Kind {
	case settlement.Object:
		now = ofBatch(rt, e)
	case payment.MerchantRecord:
		p, err := payment.MerchantPayloadOf(e)
		must(rt, err)
		now = standing{Status: string(p.Status), Merchant: p.ID, About: p.Name + "," + p.Region}
	case payment.PositionRecord:
		p, err := payment.BalancePayloadOf(e)
		must(rt, err)
		now = standing{Merchant: p.Merchant, Currency: p.Currency}
		if p.AvailableMinor.Sign() >= 0 {
			rt.Fatalf("%s of %s: %s is available", e.Type, e.Object, p.Available)
		}
	case payment.HoldRecord, payment.PoolRecord:
		p, err := payment.ReservePayloadOf(e)
		must(rt, err)
		now = standing{
			Status: string(p.Status), Merchant: p.Merchant, Currency: p.Currency, Amount: p.LeftMinor, About: p.Plan + "," + p.ReleaseOn.String(),
		}
	default:
		now = f.ofPayment(rt, e)
	}
	if now.Merchant != e.Merchant {
		rt.Fatalf("%s of %s concerns %q and says %q", e.Type, e.Object, e.Merchant, now.Merchant)
	}
	now.Sequence = e.Sequence
	f.knows[e.Object] = now
}

func ofBatch(rt failer, e *event.Event) standing {
	p, err := settlement.PayloadOf(e)
	must(rt, err)
	return standing{
		Status: string(p.Status), Merchant: p.Merchant, Currency: p.Currency, Amount: p.NetMinor,
		About: fmt.Sprint(p.BusinessDate, p.SettlementDate, p.Lines, p.CarryOut),
	}
}

// ofPayment takes an event about a payment. One about a refund or a dispute says
// something about its deposit as well.
func (f *follower) ofPayment(rt failer, e *event.Event) standing {
	p, err := payment.PayloadOf(e)
	must(rt, err)
	if p.Object != e.Object.Kind || p.ID != e.Object.ID || p.Amount != p.Currency.FormatShort(p.AmountMinor) {
		rt.Fatalf("%s of %s is about %s %s of %s, %s", e.Type, e.Object, p.Object, p.ID, p.Amount, p.AmountMinor)
	}
	now := standing{Status: string(p.Status), Merchant: p.Merchant, Currency: p.Currency, Amount: p.AmountMinor, About: p.Method + "," + p.Deposit}
	before := f.knows[e.Object]
	of := event.Object{Kind: payment.DepositRecord, ID: p.Deposit}
	deposit := f.knows[of]
	switch {
	case p.Object == payment.DepositRecord:
		now.Refunded, now.Disputed = before.Refunded, before.Disputed
		return now
	case p.Object == payment.RefundRecord:
		deposit.Refunded = plus(rt, deposit.Refunded, stands(before).Neg(), stands(now))
		switch {
		case deposit.Status == string(payment.Failed): // late, and it stays so
		case deposit.Refunded.IsZero():
			deposit.Status = string(payment.Succeeded)
		case deposit.Refunded.Cmp(deposit.Amount) >= 0:
			deposit.Status = string(payment.Refunded)
		default:
			deposit.Status = string(payment.PartiallyRefunded)
		}
	case p.Object == payment.DisputeRecord:
		now.Recovered = p.RecoveredMinor
		deposit.Disputed = plus(rt, deposit.Disputed, stands(before).Neg(), stands(now))
	case p.Object == payment.AdjustmentRecord:
		now.About += "," + p.Direction
		return now
	default:
		return now
	}
	f.knows[of] = deposit
	return now
}

// stands is what a refund or a dispute has taken from its deposit.
func stands(s standing) money.Amount {
	switch payment.Status(s.Status) {
	case payment.Failed, payment.Canceled:
		return money.Amount{}
	}
	left, err := s.Amount.Sub(s.Recovered)
	if err != nil {
		panic(err)
	}
	return left
}

// poll asks for everything that events tell of.
func poll(rt failer, r ledger.Reader) standings {
	s := make(standings)
	for d := range all[*payment.Deposit](rt, r, payment.DepositRecord) {
		now := s.payment(&d.Facts, &d.Life, payment.DepositRecord)
		now.Refunded, now.Disputed = d.Refunded, d.Disputed
		s[event.Object{Kind: payment.DepositRecord, ID: d.ID}] = now
	}
	for f := range all[*payment.Refund](rt, r, payment.RefundRecord) {
		s.payment(&f.Facts, &f.Life, payment.RefundRecord)
	}
	for d := range all[*payment.Dispute](rt, r, payment.DisputeRecord) {
		now := s.payment(&d.Facts, &d.Life, payment.DisputeRecord)
		now.Recovered = d.Recovered
		s[event.Object{Kind: payment.DisputeRecord, ID: d.ID}] = now
	}
	for p := range all[*payment.Payout](rt, r, payment.PayoutRecord) {
		s.payment(&p.Facts, &p.Life, payment.PayoutRecord)
	}
	for a := range all[*payment.Adjustment](rt, r, payment.AdjustmentRecord) {
		now := s.payment(&a.Facts, &a.Life, payment.AdjustmentRecord)
		now.About += ",credit"
		if a.Debit {
			now.About = strings.TrimSuffix(now.About, "credit") + "debit"
		}
		s[event.Object{Kind: payment.AdjustmentRecord, ID: a.ID}] = now
	}
	s.reserves(rt, r)
	for b := range all[*settlement.Batch](rt, r, settlement.BatchRecord) {
		s[event.Object{Kind: settlement.Object, ID: b.ID}] = standing{
			Sequence: b.Told, Status: string(b.Status), Merchant: b.Merchant, Currency: b.Currency, Amount: b.Net,
			About: fmt.Sprint(b.Window.BusinessDate, b.Window.SettlementDate, b.Lines, b.CarryOut),
		}
	}
	for shop := range all[*payment.Merchant](rt, r, payment.MerchantRecord) {
		s[event.Object{Kind: payment.MerchantRecord, ID: shop.ID}] = standing{
			Sequence: shop.Told, Status: string(shop.Stands()), Merchant: shop.ID, About: shop.Name + "," + shop.Region,
		}
	}
	for p := range all[*payment.Position](rt, r, payment.PositionRecord) {
		if p.Told > 0 { // it was below zero
			s[event.Object{Kind: payment.PositionRecord, ID: p.Ref().ID}] = standing{Sequence: p.Told, Merchant: p.Merchant, Currency: p.Currency}
		}
	}
	return s
}

func (s standings) payment(f *payment.Facts, l *payment.Life, kind string) standing {
	now := standing{
		Sequence: l.Told, Status: string(l.Status), Merchant: f.Merchant, Currency: f.Currency, Amount: f.Amount, About: f.Method + "," + f.Parent,
	}
	s[event.Object{Kind: kind, ID: f.ID}] = now
	return now
}

// reserves polls holds and pools.
func (s standings) reserves(rt failer, r ledger.Reader) {
	for _, kind := range []string{payment.HoldRecord, payment.ReleasedRecord} {
		for h := range all[*payment.Hold](rt, r, kind) {
			left, err := h.Left()
			must(rt, err)
			status := payment.Held
			if left.IsZero() {
				if status = payment.Released; h.Released.IsZero() {
					status = payment.Drawn
				}
			}
			s[event.Object{Kind: payment.HoldRecord, ID: h.ID}] = standing{
				Sequence: h.Told, Status: string(status), Merchant: h.Merchant, Currency: h.Currency, Amount: left,
				About: h.Plan.String() + "," + h.ReleaseOn.String(),
			}
		}
	}
	for p := range all[*payment.Pool](rt, r, payment.PoolRecord) {
		left, err := p.Balance()
		must(rt, err)
		status := payment.Held
		if left.IsZero() {
			status = payment.Released
		}
		s[event.Object{Kind: payment.PoolRecord, ID: p.Ref().ID}] = standing{
			Sequence: p.Told, Status: string(status), Merchant: p.Merchant, Currency: p.Currency, Amount: left, About: p.Plan.String() + ",",
		}
	}
}
