package payment

import (
	"context"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// PayoutQueue counts the payouts of a merchant in one currency that wait for
// money. Nothing is booked of them. Who wants to know whether a queue has changed
// compares both counts.
type PayoutQueue struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	Came     uint64         `json:"came"` // ever
	Left     uint64         `json:"left"` // of them: released, canceled or rejected
}

// Waiting is how many payouts wait.
func (q *PayoutQueue) Waiting() uint64 { return q.Came - q.Left }

// Ref makes PayoutQueue a ledger.Record.
func (q *PayoutQueue) Ref() ledger.Ref { return QueueRef(q.Merchant, q.Currency) }

// QueueRef names the record of a merchant's queue in one currency.
func QueueRef(merchantID string, currency money.Currency) ledger.Ref {
	return ledger.Ref{Kind: QueueRecord, ID: merchantID + "/" + currency.String()}
}

// PayoutPlace is the place of a payout in its queue: by the instant of its
// request, and where that is the same, by its number.
type PayoutPlace struct {
	Merchant string         `json:"merchant"`
	Currency money.Currency `json:"currency"`
	At       time.Time      `json:"at"` // when the payout was requested, UTC
	No       uint64         `json:"no"` // from 1, in the order in which payouts came
	Payout   string         `json:"payout"`
}

// placeFormat has one length for all instants, so that ids order by them.
const placeFormat = "2006-01-02T15:04:05.000000Z"

// Ref makes PayoutPlace a ledger.Record: the places of a queue order as they are
// released. ItemPrefix is the prefix of their ids.
func (l *PayoutPlace) Ref() ledger.Ref {
	return ledger.Ref{Kind: PlaceRecord, ID: fmt.Sprintf("%s%s/%020d", ItemPrefix(l.Merchant, l.Currency), l.At.UTC().Format(placeFormat), l.No)}
}

// place is where a payout waits, or has waited.
func (p *Payout) place() *PayoutPlace {
	return &PayoutPlace{Merchant: p.Merchant, Currency: p.Currency, At: p.OccurredAt, No: p.Place, Payout: p.ID}
}

// PayoutQueues lists the queues in which payouts wait, by merchant and currency.
func PayoutQueues(ctx context.Context, r ledger.Reader) (queues []PayoutQueue, err error) {
	for q, err := range ledger.RecordsOf[*PayoutQueue](ctx, r, QueueRecord, "") {
		if err != nil {
			return nil, err
		}
		if q.Waiting() > 0 {
			queues = append(queues, *q)
		}
	}
	return queues, nil
}

// FindPayoutQueue gives the queue of a merchant in one currency; one in which
// nothing has ever waited is empty.
func FindPayoutQueue(ctx context.Context, r ledger.Reader, merchantID string, currency money.Currency) (PayoutQueue, error) {
	for q, err := range ledger.RecordsOf[*PayoutQueue](ctx, r, QueueRecord, QueueRef(merchantID, currency).ID) {
		if err != nil {
			return PayoutQueue{}, err
		}
		return *q, nil // a currency's code is no other's beginning
	}
	return PayoutQueue{Merchant: merchantID, Currency: currency}, nil
}

// PayoutPlaces lists the places of a queue in the order in which they are released,
// at most limit of them.
func PayoutPlaces(ctx context.Context, r ledger.Reader, merchantID string, currency money.Currency, limit int) (places []PayoutPlace, err error) {
	for place, err := range ledger.RecordsOf[*PayoutPlace](ctx, r, PlaceRecord, ItemPrefix(merchantID, currency)) {
		if err != nil {
			return nil, err
		}
		if len(places) == limit {
			break
		}
		places = append(places, *place)
	}
	return places, nil
}

// line is the queue that the event's payout belongs to.
func (p *plan) line(currency money.Currency) PayoutQueue {
	if stored := take[PayoutQueue](p.state, QueueRecord, QueueRef(p.merchant.ID, currency).ID); stored != nil {
		return *stored
	}
	return PayoutQueue{Merchant: p.merchant.ID, Currency: currency}
}

// waits tells whether a payout has to wait: behind those that do, even if there
// is money for it, or by its rule because there is none.
func (p *plan) waits(payout *Payout, rule *PayoutRule, schedule *merchant.Schedule) (bool, error) {
	if queue := p.line(payout.Currency); queue.Waiting() > 0 || !rule.Queue {
		return queue.Waiting() > 0, nil
	}
	enough, err := p.suffices(payout, schedule)
	return !enough, err
}

// suffices tells whether what is available, and what has matured, pays for a
// payout.
func (p *plan) suffices(payout *Payout, schedule *merchant.Schedule) (bool, error) {
	total, _, err := payout.total()
	if err != nil {
		return false, err
	}
	position := p.position()
	_, after, err := position.matureBy(calendar.DateOf(p.event.OccurredAt, schedule.Timing.Zone))
	if err != nil {
		return false, err
	}
	var matures money.Amount
	if after != nil {
		if matures, err = after.Matured.Sub(position.Matured); err != nil {
			return false, err
		}
		position = after
	}
	lack, err := p.lack(position, total, matures, "")
	return lack == nil, err
}

// queue has a payout wait. Nothing is booked.
func (p *plan) queue(payout *Payout) (err error) {
	if payout.Life, err = payout.follows(PayoutQueued, p.event); err != nil {
		return err
	}
	line := p.line(payout.Currency)
	line.Came++
	payout.Place = line.Came
	p.records = append(p.records, payout, &line, payout.place())
	return nil
}

// leave takes a payout out of its queue.
func (p *plan) leave(payout *Payout) error {
	line := p.line(payout.Currency)
	line.Left++
	p.records = append(p.records, &line)
	p.deletes = append(p.deletes, payout.place().Ref())
	return nil
}

// Release is the command that books the first payout of a queue, by the recipe of
// a request, if what is available pays for it by then. Otherwise it does nothing,
// and so it does while the merchant is suspended, and when the queue is not as it was
// read any more: then Place may not be the first. What it decides depends on the journal, the rules and its instant.
type Release struct {
	Rules    *Rules
	Queue    PayoutQueue // as it was read
	Place    PayoutPlace // the first of it
	Instant  time.Time   // to book under, UTC
	Released bool
}

// At implements ledger.Command.
func (r *Release) At() time.Time { return r.Instant }

// Need implements ledger.Command.
func (r *Release) Need(s *ledger.State, n *ledger.Need) {
	n.Record(r.Queue.Ref())
	n.Record(r.Place.Ref())
	n.Record(ledger.Ref{Kind: PayoutRecord, ID: r.Place.Payout})
	n.Record(MerchantRef(r.Queue.Merchant))
	n.Record(PositionRef(r.Queue.Merchant, r.Queue.Currency))
	n.Account(ledger.AccountID{Path: AvailablePath(r.Queue.Merchant), Currency: r.Queue.Currency})
	n.Explore(func() {
		if p, err := r.plan(s); err == nil && p != nil {
			p.need(n)
		}
	})
}

// Apply implements ledger.Command.
func (r *Release) Apply(s *ledger.State) error {
	r.Released = false
	p, err := r.plan(s)
	if err != nil || p == nil {
		return err
	}
	_, err = p.carryOut(s)
	r.Released = err == nil
	return err
}

// plan is what a release does; nil: nothing.
func (r *Release) plan(s *ledger.State) (*plan, error) {
	stored := take[PayoutQueue](s, QueueRecord, r.Queue.Ref().ID)
	if stored == nil || *stored != r.Queue || s.Record(r.Place.Ref()) == nil {
		return nil, nil
	}
	before := take[Payout](s, PayoutRecord, r.Place.Payout)
	if before == nil {
		return nil, fmt.Errorf("%w: payout %s waits and is not known", ledger.ErrCorrupt, r.Place.Payout)
	}
	payout := *before
	p := &plan{state: s, rules: r.Rules, event: &Event{
		Kind: PayoutReleased, ID: payout.ID, OccurredAt: r.Instant, Merchant: payout.Merchant, Currency: payout.Currency, Amount: payout.Amount,
		Method: payout.Method, Rail: payout.Rail, RailRef: payout.RailRef,
	}}
	if err := p.locate(payout.Merchant, false); err != nil {
		return nil, err
	}
	if m, status, _ := p.stood(); m != nil && status == Suspended {
		return nil, nil
	}
	_, schedule, err := p.rules.pin(p.scope, p.event)
	if err != nil {
		return nil, err
	}
	if enough, err := p.suffices(&payout, schedule); err != nil || !enough {
		return nil, err
	}
	if payout.Life, err = payout.follows(PayoutReleased, p.event); err != nil {
		return nil, err
	}
	if err := p.leave(&payout); err != nil {
		return nil, err
	}
	err = p.fund(&payout, schedule)
	return p, err
}
