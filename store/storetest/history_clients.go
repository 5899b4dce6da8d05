package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/settlex/settlex/ledger"
)

// The size of a history.
const (
	historyGroupCount = 4
	historyClients    = 6
	historyRounds     = 40 // of each client
	historySweeper    = 99 // the client that books expiries
	historyTwin       = 50 // the client + this one asks for the same at the same time
)

// historyRun is a history that is being made.
type historyRun struct {
	books  *ledger.Ledger
	clock  *edgeClock
	ticks  atomic.Int64 // real time, as far as it counts: what came before what
	wake   chan struct{}
	swept  map[uint16]uint64 // sequence up to which the sweeper knows each lane
	mu     sync.Mutex
	ops    []porcupine.Operation
	wished [historyGroupCount][]historyWish // whatever was asked for
}

// historyClient is one of several clients at once.
type historyClient struct {
	*historyRun
	id     int
	chance *rand.Rand
	serial int
}

// RecordHistory lets several clients loose on a ledger on the store, and keeps
// what they asked for and were told.
func RecordHistory(t testing.TB, store ledger.Store, seed uint64) *History {
	t.Helper()
	r := &historyRun{clock: &edgeClock{}, wake: make(chan struct{}, 1), swept: make(map[uint16]uint64)}
	r.clock.set(noon())
	lossy := &historyFaults{Store: store, chance: rand.New(rand.NewPCG(seed, 1000))}
	r.books = books(t, lossy, ledger.Config{Chart: edgeChart(t), Clock: r.clock.now})
	var clients, sweeper sync.WaitGroup
	sweeper.Go(func() { r.sweep(t.Context()) })
	for id := range historyClients {
		clients.Go(func() {
			c := &historyClient{historyRun: r, id: id, chance: rand.New(rand.NewPCG(seed, uint64(id)))}
			c.work(t.Context())
		})
	}
	clients.Wait()
	close(r.wake)
	sweeper.Wait()
	for group := range historyGroupCount { // when everybody is done
		r.does(t.Context(), 0, historyInput{group: group, how: historyReads})
		for _, w := range r.wished[group] {
			if w.verb == historyHold {
				r.does(t.Context(), 0, historyInput{group: group, how: historyReadsHold, key: w.key})
			}
		}
	}
	if err := r.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &History{operations: r.ops}
}

func (c *historyClient) work(ctx context.Context) {
	for range historyRounds {
		c.clock.pass(time.Millisecond)
		in := c.next()
		var twin sync.WaitGroup
		if in.how == historyExecutes && c.chance.IntN(12) == 0 {
			twin.Go(func() { c.does(ctx, c.id+historyTwin, in) })
		}
		for c.does(ctx, c.id, in).unknown && c.chance.IntN(2) == 0 {
			// It asks again, with the same keys. Or it never gets to know.
		}
		twin.Wait()
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
}

// does runs an operation and records it.
func (r *historyRun) does(ctx context.Context, client int, in historyInput) historyOutput {
	call := r.ticks.Add(1)
	out := r.perform(ctx, in)
	r.record(client, call, in, out)
	return out
}

func (r *historyRun) record(client int, call int64, in historyInput, out historyOutput) {
	answered := r.ticks.Add(1)
	if out.unknown {
		answered = math.MaxInt64
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ops = append(r.ops, porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: answered})
}

func (r *historyRun) perform(ctx context.Context, in historyInput) historyOutput {
	var out historyOutput
	var err error
	switch in.how {
	case historyReads:
		out.purses, err = r.purses(ctx, in.group)
	case historyReadsHold:
		out.hold, err = r.hold(ctx, in.key)
	case historyReadsKey:
		out.verdicts, err = r.key(ctx, in.key)
	default:
		out.verdicts, err = r.batch(ctx, in)
	}
	switch {
	case errors.Is(err, ledger.ErrIndefinite):
		out.unknown = true
	case err != nil:
		out.fault = err.Error()
	}
	return out
}

var errHistoryGivesUp = errors.New("the host gives up")

func (r *historyRun) batch(ctx context.Context, in historyInput) ([]historyVerdict, error) {
	requests := make([]ledger.Request, len(in.wishes))
	for i, w := range in.wishes {
		requests[i] = w.request()
	}
	if in.how == historyExecutes {
		outcomes, err := r.books.Execute(ctx, in.mode, requests...)
		return historyVerdicts(outcomes), err
	}
	var verdicts []historyVerdict
	err := r.books.Write(ctx, func(tx ledger.Tx) error {
		outcomes, err := r.books.ExecuteTx(ctx, tx, in.mode, requests...)
		if err != nil {
			return err
		}
		verdicts = historyVerdicts(outcomes)
		if in.how != historyGivesUp {
			return nil
		}
		filed, err := historyFiled(ctx, tx) // nobody will be able to look it up afterwards
		for i := range verdicts {
			if verdicts[i].what == "refused" {
				verdicts[i].at = filed[in.wishes[i].key].at
			}
		}
		return errors.Join(err, errHistoryGivesUp)
	})
	if in.how == historyGivesUp && errors.Is(err, errHistoryGivesUp) {
		err = nil
	}
	return verdicts, err
}

func historyVerdicts(outcomes []ledger.Outcome) []historyVerdict {
	var out []historyVerdict
	for _, o := range outcomes {
		out = append(out, historyVerdictOf(o))
	}
	return out
}

func (r *historyRun) purses(ctx context.Context, group int) (map[string]historyPurse, error) {
	out := make(map[string]historyPurse)
	err := r.books.Read(ctx, func(reader ledger.Reader) error {
		for a, err := range reader.Accounts(ctx, historyPath(group, "")) {
			if err != nil {
				return err
			}
			out[a.Path] = historyPurse{
				in: historyMinor(a.Credits), out: historyMinor(a.Debits), inHeld: historyMinor(a.HeldCredits), outHeld: historyMinor(a.HeldDebits),
				holds: a.Holds, status: a.Status,
			}
		}
		return nil
	})
	return out, err
}

func (r *historyRun) hold(ctx context.Context, key string) (out historyReserve, err error) {
	h, ok, err := r.books.HoldState(ctx, key)
	if !ok || err != nil {
		return out, err
	}
	out = historyReserve{
		from: h.Legs[0].Account, to: h.Legs[1].Account, amount: historyMinor(h.Legs[0].Amount), captured: historyMinor(h.Legs[0].Captured), status: h.Status,
	}
	if !h.Expires.IsZero() {
		out.expires = h.Expires.UnixMicro()
	}
	return out, nil
}

func (r *historyRun) key(ctx context.Context, key string) ([]historyVerdict, error) {
	item, ok, err := r.books.Entry(ctx, key)
	v := historyVerdict{what: "free"}
	switch {
	case ok && item.Act == ledger.Refused:
		v = historyVerdict{what: "refused", lane: item.Lane, seq: item.Seq}
	case ok:
		v = historyVerdict{what: "booked", lane: item.Lane, seq: item.Seq}
	}
	return []historyVerdict{v}, err
}

// sweep books expiries until nobody wakes it any more.
func (r *historyRun) sweep(ctx context.Context) {
	for range r.wake {
		call := r.ticks.Add(1)
		n, err := r.books.Expire(ctx, 3)
		expired, feedErr := r.expired(ctx)
		total := 0
		for group := range historyGroupCount {
			if total += len(expired[group]); len(expired[group]) > 0 {
				r.record(historySweeper, call, historyInput{group: group, how: historySweeps}, historyOutput{expired: expired[group]})
			}
		}
		lost := errors.Is(err, ledger.ErrIndefinite) // the feed says what happened: nobody else books expiries
		if err = errors.Join(err, feedErr); err == nil && n != total {
			err = fmt.Errorf("%d holds expired, the journal says %d", n, total)
		}
		if err != nil && !lost {
			r.record(historySweeper, call, historyInput{how: historySweeps}, historyOutput{fault: err.Error()})
		}
	}
}

// expired gives, by group, the expiries that the journal has had since the last
// time.
func (r *historyRun) expired(ctx context.Context) (out [historyGroupCount][]historyExpired, err error) {
	err = r.books.Read(ctx, func(reader ledger.Reader) error {
		return historyItems(ctx, reader, r.swept, func(item *ledger.Booked) error {
			if r.swept[item.Lane] = item.Seq; item.Act != ledger.Expired {
				return nil
			}
			var group int
			if _, err := fmt.Sscanf(item.Of, "g%d/", &group); err != nil {
				return fmt.Errorf("hold %q: %w", item.Of, err)
			}
			out[group] = append(out[group], historyExpired{hold: item.Of, lane: item.Lane, seq: item.Seq, at: item.At.UnixMicro()})
			return nil
		})
	})
	return out, err
}

// historyItems hands out the items of each lane behind a sequence.
func historyItems(ctx context.Context, reader ledger.Reader, behind map[uint16]uint64, fn func(*ledger.Booked) error) error {
	heads, err := reader.Heads(ctx)
	if err != nil {
		return err
	}
	for _, head := range heads {
		for item, err := range reader.Items(ctx, head.Lane, behind[head.Lane]+1) {
			if err != nil {
				return err
			}
			if err := fn(item); err != nil {
				return err
			}
		}
	}
	return nil
}

// historyFiled is the whole journal by key.
func historyFiled(ctx context.Context, reader ledger.Reader) (filed map[string]historyVerdict, err error) {
	filed = make(map[string]historyVerdict)
	return filed, historyItems(ctx, reader, nil, func(item *ledger.Booked) error {
		filed[item.Key] = historyVerdict{what: item.Act.String(), lane: item.Lane, seq: item.Seq, at: item.At.UnixMicro()}
		return nil
	})
}

// settle looks up in the journal what the answers did not say: which item burnt
// a key, and what became of a request whose answer was lost.
func (r *historyRun) settle(ctx context.Context) error {
	var filed map[string]historyVerdict
	err := r.books.Read(ctx, func(reader ledger.Reader) (err error) {
		filed, err = historyFiled(ctx, reader)
		return err
	})
	for i := range r.ops {
		in, out := r.ops[i].Input.(historyInput), r.ops[i].Output.(historyOutput) //nolint:errcheck,forcetypeassert // recorded above
		if out.unknown {
			out.verdicts = nil
			for _, w := range in.wishes {
				out.verdicts = append(out.verdicts, filed[w.key])
			}
			r.ops[i].Output = out
			continue
		}
		for j, v := range out.verdicts {
			if v.what == "refused" && in.how <= historyJoins {
				f := filed[in.wishes[j].key]
				out.verdicts[j].lane, out.verdicts[j].seq, out.verdicts[j].at = f.lane, f.seq, f.at
			}
		}
	}
	return err
}

func historyPath(group int, account string) string {
	return strings.Join([]string{"merchants", fmt.Sprint("g", group), account}, "/")
}
