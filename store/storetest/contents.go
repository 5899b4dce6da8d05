package storetest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// Contents is everything that can be read of a store, fact by fact, as lines of text: the ends of the lanes, blocks by the hash of their
// canonical bytes, the Merkle logs, events, accounts, what a statement needs of each, references, and the records of every room. Two stores that hold
// the same journal give the same lines, whatever keeps the bytes.
func Contents(ctx context.Context, store ledger.Store) (lines []string, err error) {
	var c contents
	err = store.Read(ctx, func(r ledger.Reader) error {
		c = contents{reader: r, references: make(map[string]bool)}
		return c.read(ctx)
	})
	return c.lines, err
}

// contents is being read.
type contents struct {
	reader     ledger.Reader
	lines      []string
	references map[string]bool // listed already
}

func (c *contents) say(format string, args ...any) {
	c.lines = append(c.lines, fmt.Sprintf(format, args...))
}

func (c *contents) read(ctx context.Context) error {
	heads, err := c.reader.Heads(ctx)
	if err != nil {
		return err
	}
	for i := range heads {
		c.say("head %+v", heads[i])
		if err := c.lane(ctx, &heads[i]); err != nil {
			return fmt.Errorf("lane %d: %w", heads[i].Lane, err)
		}
	}
	for account, err := range c.reader.Accounts(ctx, "") {
		if err != nil {
			return err
		}
		if err := c.account(ctx, &account); err != nil {
			return fmt.Errorf("account %s: %w", account.AccountID, err)
		}
	}
	return c.records(ctx)
}

// lane reads blocks, items and the log.
func (c *contents) lane(ctx context.Context, head *ledger.Head) error {
	for block, err := range c.reader.Blocks(ctx, head.Lane, 1) {
		if err != nil {
			return err
		}
		sealed := block.Seal()
		c.say("block %d of lane %d: items %d to %d, leaf %s, bytes %x", block.First(), block.Lane, block.First(), block.Last(), sealed.Leaf, sha256.Sum256(sealed.Bytes))
		for _, item := range block.Items {
			if err := c.referenced(ctx, item.Reference); err != nil {
				return err
			}
		}
	}
	items := sha256.New()
	for item, err := range c.reader.Items(ctx, head.Lane, 1) {
		if err != nil {
			return err
		}
		alone := ledger.Block{Lane: item.Lane, Items: []*ledger.Booked{item}}
		items.Write(alone.Seal().Bytes)
	}
	c.say("items of lane %d: %x", head.Lane, items.Sum(nil))
	indexes := make([]int64, ledger.LogSize(head.Blocks))
	for i := range indexes {
		indexes[i] = int64(i)
	}
	for e, err := range c.reader.Events(ctx, head.Lane, 1) {
		if err != nil {
			return err
		}
		c.say("event %s of %s: %s of %s %d, merchant %q, data %q", e.ID(), e.At, e.Type, e.Object, e.Sequence, e.Merchant, e.Data)
	}
	hashes, err := c.reader.Hashes(ctx, head.Lane, indexes)
	c.say("hashes of lane %d: %v", head.Lane, hashes)
	return err
}

// referenced lists the items that bear a reference, once.
func (c *contents) referenced(ctx context.Context, reference string) error {
	if reference == "" || c.references[reference] {
		return nil
	}
	c.references[reference] = true
	places, err := placesOf(c.reader.Referenced(ctx, reference, ledger.Place{}))
	c.say("reference %q: %v", reference, places)
	return err
}

func placesOf(items iter.Seq2[*ledger.Booked, error]) (places []ledger.Place, err error) {
	for item, err := range items {
		if err != nil {
			return places, err
		}
		places = append(places, item.Place())
	}
	return places, nil
}

// account reads an account, and what there is on it on both axes of time.
func (c *contents) account(ctx context.Context, a *ledger.Account) error {
	counters := a.Counters
	a.Counters = nil // their instants follow from their places, so not every store has them
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	c.say("account %s, counted %v", text, counters)
	var places []ledger.Place
	for item, err := range c.reader.Movements(ctx, a.AccountID, ledger.Place{}) {
		if err != nil {
			return err
		}
		places = append(places, item.Place())
		if n := len(places); n&(n-1) != 0 { // the more there are the fewer are asked for
			continue
		}
		if err := c.stood(ctx, a.AccountID, item); err != nil {
			return err
		}
	}
	dated, err := placesOf(c.reader.Dated(ctx, a.AccountID, ledger.DatedPlace{}))
	c.say("%s: booked %v, dated %v", a.AccountID, places, dated)
	return err
}

// stood reads how an account stood before and behind an item, and on its day.
func (c *contents) stood(ctx context.Context, id ledger.AccountID, item *ledger.Booked) error {
	place := item.Place()
	for _, place := range []ledger.Place{place, {At: place.At.Add(time.Microsecond)}} {
		balance, err := c.reader.BalanceBefore(ctx, id, place)
		if err != nil {
			return err
		}
		c.say("%s before %+v: %+v", id, place, balance)
	}
	balance, err := c.reader.BalanceOn(ctx, id, item.ValueDate)
	c.say("%s on %s: %+v", id, item.ValueDate, balance)
	return err
}

// kinds are those of all records there are.
func kinds() []string {
	return []string{
		ledger.HoldRecord, ledger.ExpiryRecord, ledger.ReversalRecord,
		payment.ScheduleRecord, payment.ConfiguredRecord, payment.MerchantRecord, payment.DepositRecord, payment.RefundRecord, payment.DisputeRecord, payment.PayoutRecord,
		payment.QueueRecord, payment.PlaceRecord, payment.PayoutBatchRecord, payment.PayoutResultsRecord,
		payment.RailRecord,
		payment.RailCostRecord, payment.RailInvoiceRecord, payment.BankLineRecord, payment.FeeTransferRecord, payment.OpeningRecord, payment.ExchangeRecord,
		payment.AdjustmentRecord, payment.DebtRecord, payment.TopUpRecord, payment.WriteOffRecord, payment.CustomerRecord,
		payment.FeeDeductionRecord, payment.BillingRecord, payment.InvoiceRecord, payment.InvoiceLineRecord, payment.InvoiceSeriesRecord,
		payment.ItemRecord, payment.PositionRecord, payment.FoldedRecord, payment.HoldRecord, payment.ReleasedRecord, payment.PoolRecord, payment.DecisionRecord, payment.RefusedRecord,
		payment.InstructionRecord, payment.SubmissionRecord, payment.SubmissionEndRecord, payment.AnswerRecord,
		payment.AnswerRefusedRecord, payment.DepartureRecord, payment.DispatchRecord,
		settlement.BatchRecord, settlement.LineRecord, settlement.DayRecord, settlement.ClosingRecord, settlement.ReportedRecord, settlement.RequestRecord,
		settlement.HeldRecord, settlement.UnconvertedRecord, settlement.MerchantHoldRecord, settlement.BlockRecord,
	}
}

// records reads the records of the rooms.
func (c *contents) records(ctx context.Context) error {
	for _, kind := range kinds() {
		for record, err := range c.reader.Records(ctx, kind, "", "") {
			if err != nil {
				return fmt.Errorf("records of kind %s: %w", kind, err)
			}
			text, err := json.Marshal(record)
			if err != nil {
				return err
			}
			c.say("%s %q: %s", kind, record.Ref().ID, text)
		}
	}
	return nil
}
