package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

const refusal = ", which is refused"

// step reads a line that makes something happen.
func (t *terms) step(text string) (step, error) {
	text, refused := strings.CutSuffix(text, refusal)
	at, text, dated, err := t.clock(text)
	if err != nil {
		return nil, err
	}
	w := split(text)
	var s step
	switch e, isEvent := event(w, at); {
	case isEvent:
		s = &happening{event: e, refused: refused}
	case w.accept("batch of"):
		s = transfer(w, at, refused)
	case w.accept("quote"):
		s = quoted(w, at)
	case w.accept("settle"):
		return t.settling(w, at, dated)
	default:
		if dated || refused {
			return nil, fmt.Errorf("nothing is known to happen at a time that begins with %q", w.peek())
		}
		return question(w)
	}
	if !dated {
		w.fail("when?")
	}
	return s, w.end()
}

// clock takes the time off the front of a line.
func (t *terms) clock(text string) (at time.Time, rest string, dated bool, err error) {
	const layout = "2006-01-02 15:04"
	if len(text) <= len(layout) || text[4] != '-' || text[7] != '-' {
		return at, text, false, nil
	}
	local, err := time.Parse(layout, text[:len(layout)])
	if err != nil {
		return at, text, true, err
	}
	y, m, d := local.Date()
	date, err := calendar.NewDate(y, m, d)
	if err != nil {
		return at, text, true, err
	}
	clock, err := calendar.ParseClock(local.Format("15:04"))
	return calendar.Cutoff(date, clock, t.zone), text[len(layout):], true, err
}

// settling reads "settle" at a time and "settle through 2026-03-02".
func (t *terms) settling(w *words, at time.Time, dated bool) (step, error) {
	s := &closing{at: at}
	if w.accept("through") {
		s.through = w.date()
	}
	if !s.through.IsZero() {
		s.at = calendar.Cutoff(s.through.AddDays(2), calendar.Clock{}, t.zone) // every window of that date has closed
	}
	if dated == !s.through.IsZero() {
		w.fail("settle at a time, or through a date")
	}
	return s, w.end()
}

// transfer reads "m_1 on 2026-03-02 sent via neft", "... paid" and what else becomes
// of a batch.
func transfer(w *words, at time.Time, refused bool) step {
	s := &transferring{which: window(w), refused: refused}
	s.event.OccurredAt = at
	switch {
	case w.accept("sent via"):
		s.event.Kind, s.event.Rail = payment.BatchSent, w.next("a rail")
	case w.accept("paid"):
		s.event.Kind = payment.BatchPaid
	case w.accept("unknown"):
		s.event.Kind = payment.BatchUnknown
	case w.accept("refused"):
		s.event.Kind = payment.BatchRefused
	case w.accept("canceled"):
		s.event.Kind = payment.BatchCanceled
	case w.accept("returned"):
		s.event.Kind = payment.BatchReturned
	case w.accept("in transit"):
		s.event.Kind = payment.BatchInTransit
	default:
		if s.event.Kind = decision(w); s.event.Kind == "" {
			w.fail("a batch is sent via a rail, in transit, paid, unknown, refused, canceled or returned, or held, released, approved or retried by somebody, not %q", w.peek())
			break
		}
		s.event.Actor = w.next("somebody")
	}
	if w.accept("because") {
		s.event.ReasonCode = w.next("a reason")
	}
	return s
}

// quoted reads "q1 of 1 PKR is 0.30123 INR".
func quoted(w *words, at time.Time) step {
	q := settlement.Quote{ID: w.next("a quote"), Source: "notebook", At: at}
	w.expect("of 1")
	q.Base = w.currency()
	w.expect("is")
	q.Rate = w.rate()
	q.Currency = w.currency()
	return &quoting{q}
}

// decision reads what somebody decides about a batch; empty: nothing.
func decision(w *words) payment.Kind {
	for _, d := range []struct {
		says string
		kind payment.Kind
	}{
		{"held by", payment.BatchHeld}, {"released by", payment.BatchReleased}, {"approved by", payment.BatchApproved}, {"retried by", payment.BatchRetried},
	} {
		if w.accept(d.says) {
			return d.kind
		}
	}
	return ""
}

// which names a batch.
type which struct {
	merchant string
	date     calendar.Date
	label    string
}

func (b which) String() string {
	out := "batch of " + b.merchant + " on " + b.date.String()
	if b.label != "" {
		out += " " + b.label
	}
	return out
}

// window reads "m_1 on 2026-03-02 noon": the name of the window may be missing.
func window(w *words) (b which) {
	b.merchant = w.next("a merchant")
	w.expect("on")
	b.date = w.date()
	switch w.peek() {
	case "", "sent", "paid", "unknown", "refused", "canceled", "returned", "in", "held", "released", "approved", "retried", "pays", "carries", "is":
	default:
		b.label = w.next("a window")
	}
	return b
}

// question reads what asks or shows, and "again".
func question(w *words) (step, error) {
	var s step
	switch {
	case w.accept("again"):
		s = again{}
	case w.accept("show balances"):
		s = showBalances{}
	case w.accept("show trial balance"):
		s = showTrial{}
	case w.accept("expect no batch of"):
		s = &expectBatch{which: window(w), none: true}
	case w.accept("expect batch of"):
		e := &expectBatch{which: window(w)}
		if w.accept("is") {
			e.status = settlement.Status(w.next("a status"))
			return e, w.end()
		}
		if e.carries = w.accept("carries"); !e.carries {
			w.expect("pays")
		}
		e.amount = w.next("an amount")
		s = e
	case w.accept("expect"):
		s = expectation(w)
	default:
		w.fail("nothing is known about a line that begins with %q", w.peek())
	}
	return s, w.end()
}

// expectation reads "merchants/m_1/available INR -161.80" and "deposit d1
// partially_refunded".
func expectation(w *words) step {
	first := w.next("an account or a resource")
	if kinds := statusKinds(); kinds[first] {
		return &expectStatus{kind: first, id: w.next("an id"), status: payment.Status(w.next("a status"))}
	}
	e := &expectAccount{path: first, currency: w.currency()}
	if w.err == nil {
		e.amount = w.figure(e.currency)
	}
	return e
}

func statusKinds() map[string]bool {
	return map[string]bool{
		payment.DepositRecord: true, payment.RefundRecord: true, payment.DisputeRecord: true, payment.PayoutRecord: true,
	}
}
