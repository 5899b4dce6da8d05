package settlex

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/settlement"
)

// Deeds that are no events travel under kinds of their own; what they are stands beside
// the event.
const (
	deedExchange = payment.Kind(payment.ExchangeRecord)
	deedMerchant = payment.Kind(payment.MerchantRecord)
	deedFinish   = payment.Kind(payment.MerchantFinish)
	deedAccount  = payment.Kind("account")
	deedMature   = payment.Kind("mature")
	deedClose    = payment.Kind("close")
	deedHold     = payment.Kind(settlement.MerchantHoldRecord)
	deedRequest  = payment.Kind(settlement.RequestRecord)
)

// toldRecords are the kinds of record that hold what was told and decided, by what a key
// in the journal begins with.
func toldRecords() map[string]string {
	kinds := map[string]string{ofBatches: settlement.BatchRecord}
	for _, kind := range slices.Concat(payment.ToldRecords(), settlement.ToldRecords()) {
		kinds[kind] = kind
	}
	return kinds
}

// ofBatches begins the keys of what happens to batches.
const ofBatches = "settlement"

// spot is a place in history: what is booked later stands behind it.
type spot struct {
	at   time.Time
	lane uint16
	seq  uint64 // 0: before what was booked at the instant
	no   int    // among the steps of one resource
}

func (s spot) compare(o spot) int {
	return cmp.Or(s.at.Compare(o.at), cmp.Compare(s.lane, o.lane), cmp.Compare(s.seq, o.seq), cmp.Compare(s.no, o.no))
}

// past is the history of books as what was told and decided.
type past struct {
	keys  *feed.Sorter    // steps and what marks them in the journal, by resource
	told  *feed.Sorter    // steps, in the order in which they were booked
	count int             // of told, what was told or decided, and not what jobs did
	known map[string]bool // batches of which anything was reported
}

func newPast(s Simulation) *past {
	options := feed.SorterOptions{Dir: s.Dir, Rows: s.Rows}
	return &past{
		keys: feed.NewSorter(byResource, options), told: feed.NewSorter(bySpot, options), known: make(map[string]bool),
	}
}

func (p *past) close() error { return errors.Join(p.keys.Close(), p.told.Close()) }

// A row of the sorter holds a step, or what marks one: its event, the kind of resource it
// happened to as its file, its number as its line, and the rest as its text.

const spotBytes = 8 + 2 + 8

// What a row of keys is.
const (
	rowMark  = '1' // an entry, whose kind is the event's
	rowStep  = '2' // a step; its place is when it came, where nothing was booked of it
	rowFixed = '3' // a step that knows its place
)

func appendSpot(dst []byte, s spot) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(s.at.UnixMicro())^1<<63) // orders by its bytes, also before 1970
	dst = binary.BigEndian.AppendUint16(dst, s.lane)
	return binary.BigEndian.AppendUint64(dst, s.seq)
}

func spotOf(k *feed.Kept) spot {
	text := []byte(k.Raw[1 : 1+spotBytes])
	return spot{
		at:   time.UnixMicro(int64(binary.BigEndian.Uint64(text) ^ 1<<63)).UTC(),
		lane: binary.BigEndian.Uint16(text[8:]), seq: binary.BigEndian.Uint64(text[10:]), no: k.Line,
	}
}

// besides is what a row holds of a step that is in no event.
func besides(k *feed.Kept) string { return k.Raw[1+spotBytes:] }

func row(what byte, resource string, no int, at spot, e payment.Event, besides string) feed.Kept {
	raw := append(appendSpot([]byte{what}, at), besides...)
	return feed.Kept{Row: feed.Row{Event: e, File: resource, Line: no, Raw: string(raw)}}
}

func byResource(a, b *feed.Kept) int {
	return cmp.Or(strings.Compare(a.File, b.File), strings.Compare(idOf(a), idOf(b)), cmp.Compare(a.Raw[0], b.Raw[0]),
		cmp.Compare(a.Line, b.Line), spotOf(a).compare(spotOf(b)))
}

// idOf is what a step happened to: of a part of a batch the whole.
func idOf(k *feed.Kept) string {
	if k.File != settlement.BatchRecord {
		return k.ID
	}
	id, _ := settlement.BatchOf(k.ID)
	return id
}

func bySpot(a, b *feed.Kept) int {
	return cmp.Or(spotOf(a).compare(spotOf(b)), strings.Compare(a.File, b.File), strings.Compare(a.ID, b.ID))
}

// read reads the whole history on one snapshot, and puts it into its order.
func (p *past) read(ctx context.Context, e *Engine) error {
	err := e.books.Read(ctx, func(r ledger.Reader) error {
		if err := p.journal(ctx, r); err != nil {
			return err
		}
		if err := p.late(ctx, r, e); err != nil {
			return err
		}
		return p.records(ctx, r)
	})
	if err != nil {
		return err
	}
	if err := p.order(); err != nil {
		return err
	}
	return p.keys.Close()
}

// journal looks through the journal for what marks steps, and for what was decided about
// accounts.
func (p *past) journal(ctx context.Context, r ledger.Reader) error {
	kinds := toldRecords()
	matured := make(map[uint16]spot) // by lane: made something available, perhaps as the job did
	for item, err := range ledger.Journal(ctx, r, nil) {
		if err != nil {
			return err
		}
		at := spot{at: item.At, lane: item.Lane, seq: item.Seq}
		if by, ok := matured[item.Lane]; ok && !by.at.Equal(item.At) {
			if err := p.ran(by); err != nil {
				return err
			}
		}
		delete(matured, item.Lane)
		if item.Kind == payment.EntryAvailable && item.Owner == payment.Owner {
			matured[item.Lane] = at
		}
		switch item.Owner {
		case payment.Owner, settlement.Owner:
			if err := p.mark(item, kinds, at); err != nil {
				return err
			}
		default:
			if err := p.foreign(item, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// ran notes that the job made available what had matured, by itself: a payout does so
// under the instant of its own entry.
func (p *past) ran(at spot) error {
	return p.told.Add(row(rowFixed, string(deedMature), 0, at, payment.Event{Kind: deedMature, ID: "job", OccurredAt: at.at}, ""))
}

// late looks for movements that count as booked later than they were: a batch had been
// closed by then that booked nothing, so that the journal's time was before it.
func (p *past) late(ctx context.Context, r ledger.Reader, e *Engine) error {
	for line, err := range ledger.RecordsOf[*settlement.Line](ctx, r, settlement.LineRecord, "") {
		if err == nil && line.Late {
			err = p.behind(ctx, r, &line.Item)
		}
		if err != nil {
			return err
		}
	}
	for item, err := range ledger.RecordsOf[*payment.Item](ctx, r, payment.ItemRecord, "") {
		if err != nil {
			return err
		}
		s, err := e.schedule(item.Window.Schedule)
		if err == nil && !item.Manual && !item.BookedAt.Before(s.Watermark(item.Window.Window)) {
			err = p.behind(ctx, r, item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// behind notes that windows had been closed before a movement was booked.
func (p *past) behind(ctx context.Context, r ledger.Reader, i *payment.Item) error {
	for entry, err := range r.Items(ctx, i.Lane, i.Seq) {
		if err != nil || !entry.At.Before(i.BookedAt) {
			return err
		}
		e := payment.Event{Kind: deedClose, ID: i.Entry, OccurredAt: i.BookedAt}
		return p.told.Add(row(rowFixed, string(deedClose), 0, spot{at: entry.At, lane: i.Lane, seq: i.Seq - 1}, e, ""))
	}
	return nil
}

// mark keeps an entry that finds a step.
func (p *past) mark(item *ledger.Booked, kinds map[string]string, at spot) error {
	if item.PartOf != "" || !item.IsEntry() {
		return nil
	}
	prefix, rest, _ := strings.Cut(item.Key, "/")
	id, _, _ := strings.Cut(rest, "/")
	marks := payment.Marks
	if prefix == ofBatches {
		marks = settlement.Marks
	}
	of := marks(item.Kind)
	resource := kinds[prefix]
	exchange := item.Kind == payment.EntrySold
	if resource == "" || !exchange && !slices.ContainsFunc(of, func(k payment.Kind) bool { return payment.ResourceOf(k) == resource }) {
		return nil
	}
	return p.keys.Add(row(rowMark, resource, 0, at, payment.Event{Kind: payment.Kind(item.Kind), ID: id}, ""))
}

// foreign keeps what somebody decided about an account, and refuses what the host has
// booked on accounts of merchants: nothing here knows why.
func (p *past) foreign(item *ledger.Booked, at spot) error {
	if item.Act == ledger.Changed {
		text, err := json.Marshal(item.Change)
		if err != nil {
			return err
		}
		return p.told.Add(row(rowFixed, string(deedAccount), 0, at, payment.Event{Kind: deedAccount, ID: item.Key, OccurredAt: item.At, ReasonCode: item.Kind, RailRef: item.Reference}, string(text)))
	}
	for i := range item.Postings {
		if path := item.Postings[i].Account; strings.HasPrefix(path, "merchants/") || strings.HasPrefix(path, "settlements/") {
			return fmt.Errorf("%w: %s %s moves %s and is no payment's", ErrNotReplayable, item.Act, item.Key, path)
		}
	}
	return nil
}

// records reads what was told from the records that hold it.
func (p *past) records(ctx context.Context, r ledger.Reader) error {
	for _, kind := range toldRecords() { // in any order: they are sorted
		no := 0
		for record, err := range r.Records(ctx, kind, "", "") {
			if req, ok := record.(*settlement.Request); err == nil && ok {
				err = p.request(ctx, r, req)
			} else if err == nil {
				err = p.record(record, no)
			}
			if err != nil {
				return err
			}
			no++
		}
	}
	return nil
}

func (p *past) record(record ledger.Record, no int) error {
	switch record := record.(type) {
	case *payment.Merchant:
		return p.merchant(record, no)
	case *payment.Exchanged:
		ask, err := json.Marshal(record)
		if err != nil {
			return err
		}
		e := payment.Event{
			Kind: deedExchange, ID: record.ID, OccurredAt: record.At, Merchant: record.Merchant, Currency: record.Sold, Amount: record.Amount,
		}
		return p.keys.Add(row(rowStep, payment.ExchangeRecord, 0, spot{at: record.At}, e, string(ask)))
	case *settlement.MerchantHold:
		for i, d := range record.Past() {
			text, err := json.Marshal(d)
			if err != nil {
				return err
			}
			p.count++
			at := spot{at: d.When, lane: lastLane, no: i}
			e := payment.Event{Kind: deedHold, ID: d.Merchant, OccurredAt: d.When}
			if err := p.told.Add(row(rowFixed, settlement.MerchantHoldRecord, i, at, e, string(text))); err != nil {
				return err
			}
		}
		return nil
	case *settlement.Batch:
		for i, e := range record.Past() {
			p.known[record.ID] = true
			if err := p.keys.Add(row(rowStep, settlement.BatchRecord, i, spot{at: e.OccurredAt}, e, "")); err != nil {
				return err
			}
		}
		return nil
	}
	facts, ok := payment.Past(record)
	if !ok {
		return fmt.Errorf("%w: no replay knows %s", ErrNotReplayable, record.Ref())
	}
	for i, fact := range facts {
		if err := p.keys.Add(row(rowStep, record.Ref().Kind, i, spot{at: fact.Noted}, fact.Event, fact.Batch)); err != nil {
			return err
		}
	}
	return nil
}

// request tells what somebody asked for: several at one instant in the order of their batches.
func (p *past) request(ctx context.Context, r ledger.Reader, req *settlement.Request) error {
	text, err := json.Marshal(req)
	if err != nil {
		return err
	}
	b, err := settlement.Find(ctx, r, req.Batch)
	if err != nil {
		return err
	}
	p.count++
	e := payment.Event{Kind: deedRequest, ID: req.Key, OccurredAt: req.At, Merchant: req.Merchant, Currency: req.Currency}
	return p.told.Add(row(rowFixed, settlement.RequestRecord, int(b.Number), spot{at: req.At, lane: lastLane}, e, string(text))) // behind what its merchant had by then
}

// merchant tells what was decided about a merchant: the terms before everything else, for
// they change nothing for a merchant who has been paid, and what stops or lets it go on
// at its instant, behind or before everything that was booked at that.
func (p *past) merchant(m *payment.Merchant, no int) error {
	var last time.Time
	for i, d := range m.Decisions() {
		text, err := json.Marshal(d)
		if err != nil {
			return err
		}
		e, at := payment.Event{Kind: deedMerchant, ID: m.ID, OccurredAt: d.Instant}, spot{at: d.Instant, lane: lastLane, no: i}
		switch d.Act {
		case payment.MerchantCreate, payment.MerchantChange:
			at = spot{seq: uint64(no), no: i}
		case payment.MerchantResume:
			if last.Before(d.Instant) {
				at.lane = 0
			}
		case payment.MerchantFinish:
			e.Kind = deedFinish
		}
		last = d.Instant
		p.count++
		if err := p.told.Add(row(rowFixed, payment.MerchantRecord, i, at, e, string(text))); err != nil {
			return err
		}
	}
	return nil
}

// lastLane stands behind everything of its instant.
const lastLane = 1<<16 - 1

// order finds the place of each step, and puts them into the order in which they were
// booked.
func (p *past) order() error {
	var of []feed.Kept
	for kept, err := range p.keys.All() {
		if err != nil {
			return err
		}
		if len(of) > 0 && (of[0].File != kept.File || idOf(&of[0]) != idOf(&kept)) {
			if err := p.place(of); err != nil {
				return err
			}
			of = of[:0]
		}
		of = append(of, kept)
	}
	if len(of) == 0 {
		return nil
	}
	return p.place(of)
}

// place finds the places of one resource's steps. An entry belongs to the step of the one
// behind it, of the same instant, or to the last step before that which may have booked it. A step that
// booked nothing stands where it was told, but not before what came before it, nor behind
// what came after.
func (p *past) place(rows []feed.Kept) error {
	var marks, steps []feed.Kept
	for _, k := range rows {
		switch k.Raw[0] {
		case rowMark:
			marks = append(marks, k)
		default:
			steps = append(steps, k)
		}
	}
	spots := make([]spot, len(steps))
	left := len(steps)
	for _, mark := range slices.Backward(marks) {
		at := -1
		if left < len(steps) && booksAs(&steps[left], &mark) && spots[left].at.Equal(spotOf(&mark).at) {
			at = left
		}
		for i := left - 1; i >= 0 && at < 0; i-- {
			if booksAs(&steps[i], &mark) {
				at = i
			}
		}
		if at < 0 {
			if followsAlone(&mark, steps) {
				continue
			}
			return fmt.Errorf("%w: entry %s of %s %s is of no step of it", ErrNotReplayable, mark.Kind, mark.File, mark.ID)
		}
		spots[at], left = spotOf(&mark), at
	}
	between(steps, spots)
	for i := range steps {
		p.count++
		steps[i].Raw = string(appendSpot([]byte{rowFixed}, spots[i])) + besides(&steps[i])
		if err := p.told.Add(steps[i]); err != nil {
			return err
		}
	}
	return nil
}

// followsAlone tells whether what an entry books follows from something else, so that it is of
// no step that is told again: what opened a refund, or a batch that a late quote gave up.
func followsAlone(mark *feed.Kept, steps []feed.Kept) bool {
	switch mark.File {
	case payment.RefundRecord:
		return len(steps) == 0 || steps[0].Kind != payment.RefundCreated
	case settlement.BatchRecord:
		return mark.Kind == payment.EntryBatchCanceled
	}
	return false
}

// booksAs tells whether an entry may be a step's.
func booksAs(step, mark *feed.Kept) bool {
	if step.Kind == deedExchange {
		return true
	}
	marks := payment.Marks
	if step.File == settlement.BatchRecord {
		marks = settlement.Marks
	}
	return slices.Contains(marks(string(mark.Kind)), step.Kind)
}

// between gives the steps that booked nothing their places: behind what was booked at the
// instant at which they came, unless they came later than they happened, for then what was
// booked at that instant came behind them.
func between(steps []feed.Kept, spots []spot) {
	var next spot
	for i := len(steps) - 1; i >= 0; i-- {
		if !spots[i].at.IsZero() {
			next = spots[i]
			continue
		}
		own := spotOf(&steps[i])
		if own.at.Equal(steps[i].OccurredAt) {
			own.lane = lastLane
		}
		if !next.at.IsZero() && next.compare(own) < 0 {
			own = next
		}
		spots[i], next = own, own
	}
	for i := range spots {
		if i > 0 && spots[i].compare(spots[i-1]) < 0 {
			spots[i] = spots[i-1]
		}
		spots[i].no = i
	}
}
