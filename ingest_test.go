package settlex_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

const header = "kind,id,occurred_at,merchant_id,currency,amount,method,parent_id,reason_code"

// A file is booked in order of instants, and where they are equal in its own.
func TestIngestOrder(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	done, err := h.Ingest(t.Context(), text(t, header+`
		deposit,c,2026-03-02T12:00:00Z,m1,PKR,1.00,UPI,,
		refund,r,2026-03-02T10:00:01Z,,PKR,0.50,,a,return
		deposit,b,2026-03-02T12:00:00Z,m1,PKR,1.00,UPI,,
		deposit,a,2026-03-02T10:00:00Z,m1,PKR,1.00,UPI,,
	`), settlex.IngestOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(settlex.Ingested{Rows: 4, Booked: 4}, done); diff != "" {
		t.Errorf("result (-want +got)\n%s", diff)
	}
	var got []string
	for _, e := range h.journal() {
		if e.PartOf == "" {
			got = append(got, e.Key+" at "+e.At.Format("15:04:05.999999"))
		}
	}
	want := []string{
		"deposit/a/captured at 10:00:00", "refund/r/created at 10:00:01",
		"deposit/c/captured at 12:00:00", "deposit/b/captured at 12:00:00",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("journal (-want +got)\n%s", diff)
	}
}

// badFile has faults of every kind: in the text, in the event, against the
// file itself, against the books, and because of another bad row.
const badFile = header + `
	deposit,known,2026-03-01T10:00:00Z,m1,INR,10.00,UPI,,
	deposit,d1,2026-03-02T10:00:00Z,m1,INR,100.00,UPI,,
	deposit,d2,2026-03-02T10:01:00Z,m1,INR,1oo.00,UPI,,
	deposit,d3,2026-03-02T10:02:00Z,m1,XXQ,100.00,UPI,,
	deposit,d4,2026-03-02T10:03:00Z,m1,INR,100.00,,,
	deposit,d1,2026-03-02T10:00:00Z,m1,INR,100.01,UPI,,
	refund,r1,2026-03-02T10:05:00Z,,INR,60.00,,d1,return
	refund,r2,2026-03-02T10:06:00Z,,INR,60.00,,d1,return
	refund,r3,2026-03-02T10:07:00Z,,INR,1.00,,nobody,return
	refund,r4,2026-03-02T10:08:00Z,,INR,1.00,,d2,return
	refund_failed,r4,2026-03-02T10:09:00Z,,,,,,
	deposit,d1,2026-03-02T10:00:00Z,m1,INR,100.00,UPI,,
	settlement_sent,set_0,2026-03-02T10:10:00Z,,,,,,
	deposit,known,2026-03-01T10:00:00Z,m2,INR,10.00,UPI,,
`

var badRows = []string{
	`march.csv:4:40: amount: bad amount: "1oo.00" is not a decimal number of INR, such as 400.00`,
	`march.csv:5:36: currency: unknown currency: "XXQ" is no active ISO 4217 code with a minor unit`,
	`march.csv:6:47: method: is missing; a deposit needs it`,
	`march.csv:7:40: amount: was reported before with other content: was "100.00", is now "100.01"`,
	`march.csv:9:37: amount: INR 60.00 is more than is left of the deposit: of deposit d1, 100.00 was captured, 60.00 is refunded and 0.00 disputed`,
	`march.csv:10:43: parent_id: deposit "nobody" is not known`,
	`march.csv:11:43: parent_id: deposit "d2" is not known`,
	`march.csv:12:15: id: refund "r4" is not known`,
	`march.csv:14:17: id: batch is not known: set_0`,
	`march.csv:15:36: merchant_id: was reported before with other content: was "m1", is now "m2"`,
}

// One bad row keeps the whole file out, and all of them are named at once.
func TestIngestRejects(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(deposit("known", "m1", "2026-03-01 15:30", "10.00"))
	before := h.journal()
	h.store.writes = 0
	done, err := h.Ingest(t.Context(), text(t, badFile), settlex.IngestOptions{})
	var rejected *settlex.RejectedError
	if !errors.As(err, &rejected) {
		t.Fatalf("got %v, want a RejectedError", err)
	}
	if diff := cmp.Diff(badRows, faults(rejected.Faults)); diff != "" {
		t.Errorf("faults (-want +got)\n%s", diff)
	}
	want := settlex.Ingested{Rows: 14, Repeated: 2, Bad: len(badRows)}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("result (-want +got)\n%s", diff)
	}
	if h.store.writes != 0 || len(h.journal()) != len(before) {
		t.Errorf("%d transactions were written", h.store.writes)
	}
	if !errors.Is(err, payment.ErrTooMuch) || !errors.Is(err, money.ErrUnknownCurrency) {
		t.Error("the error does not wrap its faults")
	}
	if want := "nothing was taken: 10 bad rows, the first: " + badRows[0]; err.Error() != want {
		t.Errorf("error:\ngot  %s\nwant %s", err, want)
	}
}

// A file that does not fit into memory gets the same answers as one that does.
func TestIngestOutOfMemory(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 4} {
		h := open(t, threeRegions())
		h.take(deposit("known", "m1", "2026-03-01 15:30", "10.00"))
		options := settlex.IngestOptions{Dir: t.TempDir(), Rows: most}
		_, err := h.Ingest(t.Context(), text(t, badFile), options)
		rejected, ok := errors.AsType[*settlex.RejectedError](err)
		if !ok || rejected.Bad != len(badRows) {
			t.Fatalf("got %v, want a RejectedError of %d rows", err, len(badRows))
		}
		if diff := cmp.Diff(badRows, faults(rejected.Faults)); diff != "" {
			t.Errorf("faults (-want +got)\n%s", diff)
		}
		var aside []string
		options.BadRow = func(_ feed.Row, fault *feed.Error) error {
			aside = append(aside, fault.Error())
			return nil
		}
		for _, want := range []settlex.Ingested{
			{Rows: 14, Booked: 2, Repeated: 2, Bad: len(badRows)},
			{Rows: 14, Repeated: 4, Bad: len(badRows)},
		} {
			aside = nil
			done, err := h.Ingest(t.Context(), text(t, badFile), options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, done); diff != "" {
				t.Errorf("result (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(badRows, aside); diff != "" {
				t.Errorf("faults (-want +got)\n%s", diff)
			}
		}
		if left, err := os.ReadDir(options.Dir); err != nil || len(left) > 0 {
			t.Errorf("%d files are left, %v", len(left), err)
		}
	}
}

// Of very many bad rows the first are listed, and all are counted.
func TestIngestRejectsVeryMany(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	_, err := h.Ingest(t.Context(), text(t, header+strings.Repeat("\ndeposit", 1500)), settlex.IngestOptions{})
	rejected, ok := errors.AsType[*settlex.RejectedError](err)
	if !ok || rejected.Bad != 1500 || len(rejected.Faults) != 1000 || rejected.Faults[999].Line != 1001 {
		t.Errorf("got %v", err)
	}
}

// A directory that cannot be written is an error, and nothing is booked.
func TestIngestNowhereToSpill(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	_, err := h.Ingest(t.Context(), rows(t, month()...), settlex.IngestOptions{Dir: "/nowhere/at/all", Rows: 100})
	if !errors.Is(err, os.ErrNotExist) || h.store.writes != 0 {
		t.Errorf("got %v, %d transactions were written", err, h.store.writes)
	}
}

func faults(all []*feed.Error) (texts []string) {
	for _, f := range all {
		texts = append(texts, f.Error())
	}
	return texts
}

// Bad rows set aside come in the order of the file, as they stand in it; the
// others are taken.
func TestIngestSetsAside(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(deposit("known", "m1", "2026-03-01 15:30", "10.00"))
	var aside, raw []string
	done, err := h.Ingest(t.Context(), text(t, badFile), settlex.IngestOptions{BadRow: func(row feed.Row, fault *feed.Error) error {
		aside, raw = append(aside, fault.Error()), append(raw, row.Raw)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(badRows, aside); diff != "" {
		t.Errorf("faults (-want +got)\n%s", diff)
	}
	if want := "deposit,d2,2026-03-02T10:01:00Z,m1,INR,1oo.00,UPI,,"; raw[0] != want {
		t.Errorf("raw row %q, want %q", raw[0], want)
	}
	want := settlex.Ingested{Rows: 14, Booked: 2, Repeated: 2, Bad: len(badRows)}
	if diff := cmp.Diff(want, done); diff != "" {
		t.Errorf("result (-want +got)\n%s", diff)
	}
	var booked []string
	for _, e := range h.journal() {
		if e.PartOf == "" {
			booked = append(booked, e.Key)
		}
	}
	if diff := cmp.Diff([]string{"deposit/known/captured", "deposit/d1/captured", "refund/r1/created"}, booked); diff != "" {
		t.Errorf("booked (-want +got)\n%s", diff)
	}
}

// A row that was refused stays refused when its file comes again, also once it
// could be taken, and is a repetition once it is booked from elsewhere.
func TestIngestRefusedBefore(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	const file = header + `
		deposit,d1,2026-03-02T10:00:00Z,m1,INR,1.00,UPI,,
		refund,r1,2026-03-02T10:05:00Z,,INR,0.50,,d0,return
		refund,r2,2026-03-02T10:05:00Z,,INR,0.50,,d9,return
	`
	skip := func(feed.Row, *feed.Error) error { return nil }
	again := func(badRow func(feed.Row, *feed.Error) error) (settlex.Ingested, error) {
		return h.Ingest(t.Context(), text(t, file), settlex.IngestOptions{BadRow: badRow})
	}
	if _, err := again(skip); err != nil {
		t.Fatal(err)
	}
	h.take(deposit("d0", "m1", "2026-03-02 09:00", "1.00"))
	_, err := again(nil)
	var rejected *settlex.RejectedError
	if !errors.As(err, &rejected) || rejected.Bad != 2 {
		t.Fatalf("error %v, want two bad rows", err)
	}
	want := []string{
		`march.csv:3:43: parent_id: deposit "d0" is not known; so it was when the file came before, and now the row can be taken in a file of its own`,
		`march.csv:4:43: parent_id: deposit "d9" is not known`,
	}
	got := []string{rejected.Faults[0].Error(), rejected.Faults[1].Error()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got)\n%s", diff)
	}
	if _, err := h.Ingest(t.Context(), text(t, header+"\nrefund,r1,2026-03-02T10:05:00Z,,INR,0.50,,d0,return\n"), settlex.IngestOptions{}); err != nil {
		t.Fatal(err)
	}
	done, err := again(skip)
	if diff := cmp.Diff(settlex.Ingested{Rows: 3, Repeated: 2, Bad: 1}, done); err != nil || diff != "" {
		t.Errorf("error %v; result (-want +got)\n%s", err, diff)
	}
}

// Where a bad row cannot be set aside, nothing is booked.
func TestIngestCannotSetAside(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	full := errors.New("disk is full")
	_, err := h.Ingest(t.Context(), text(t, badFile), settlex.IngestOptions{BadRow: func(feed.Row, *feed.Error) error { return full }})
	if !errors.Is(err, full) || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("got %v", err)
	}
	if h.store.writes != 0 {
		t.Errorf("%d transactions were written", h.store.writes)
	}
}

// The same event twice in one file is one event.
func TestIngestDuplicateInOneFile(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	d := deposit("d1", "m1", "2026-03-02 10:00", "1.00")
	r := refund("r1", "d1", "2026-03-02 11:00", "0.50")
	if diff := cmp.Diff(settlex.Ingested{Rows: 5, Booked: 2, Repeated: 3}, h.take(d, r, d, r, d)); diff != "" {
		t.Errorf("result (-want +got)\n%s", diff)
	}
}

// A file whose header does not fit, or whose reader fails, is no list of bad
// rows: it is an error of the file, and nothing is taken.
func TestIngestUnreadable(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	for name, rows := range map[string]string{
		"header": "kind,id,colour\ndeposit,d1,blue\n",
		"empty":  "",
	} {
		skip := func(feed.Row, *feed.Error) error { return nil }
		_, err := h.Ingest(t.Context(), text(t, rows), settlex.IngestOptions{BadRow: skip})
		var file *feed.FileError
		if !errors.As(err, &file) {
			t.Errorf("%s: got %v, want a FileError", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rows := feed.Read(ctx, "a.csv", strings.NewReader(header+"\ndeposit,d1,2026-03-02T10:00:00Z,m1,INR,1.00,UPI,,\n"), feed.Mapping{})
	if _, err := h.Ingest(ctx, rows, settlex.IngestOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
	if h.store.writes != 0 {
		t.Errorf("%d transactions were written", h.store.writes)
	}
}

// A file without rows is nothing.
func TestIngestNothing(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	done, err := h.Ingest(t.Context(), text(t, header+"\n"), settlex.IngestOptions{})
	if diff := cmp.Diff(settlex.Ingested{}, done); err != nil || diff != "" {
		t.Errorf("%v, result (-want +got)\n%s", err, diff)
	}
}

// month is 1,500 deposits and what became of some of them: three groups.
func month() (events []payment.Event) {
	for i := range 1500 {
		at := fmt.Sprintf("2026-03-%02d %02d:%02d", 1+i/60, 8+i%12, i%60)
		d := deposit(fmt.Sprint("d", i), fmt.Sprint("m", i%7), at, fmt.Sprintf("%d.%02d", 1+i%400, i%100))
		events = append(events, d)
		if i%9 == 0 {
			events = append(events, refund(fmt.Sprint("r", i), d.ID, at+":30", "1.00"))
		}
	}
	return events
}

// Ingesting again, after a store that failed at any write or after all went
// well, books what is missing and leaves the journal that an undisturbed run
// leaves, instants included.
func TestIngestResumes(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	events := month()
	whole := open(t, threeRegions())
	whole.take(events...)
	want := whole.journal()
	for fail := 1; fail <= 5; fail++ {
		t.Run(fmt.Sprint("write ", fail, " fails"), func(t *testing.T) {
			t.Parallel()
			h := open(t, threeRegions())
			h.store.fail = fail
			cut, err := h.Ingest(t.Context(), rows(t, events...), settlex.IngestOptions{Dir: t.TempDir(), Rows: 200 * fail})
			if fail <= 4 && !errors.Is(err, errPulled) || fail > 4 && err != nil {
				t.Fatalf("got %v", err)
			}
			h.store.fail = 0
			rest := h.take(events...)
			if rest.Repeated != cut.Booked || rest.Booked+rest.Repeated != len(events) {
				t.Errorf("booked %d, and then %d with %d repeated, of %d", cut.Booked, rest.Booked, rest.Repeated, len(events))
			}
			if diff := cmp.Diff(len(want), len(h.journal())); diff != "" {
				t.Fatalf("entries (-want +got)\n%s", diff)
			}
			for i, e := range h.journal() {
				if a, b := want[i].AppendCanonical(nil), e.AppendCanonical(nil); !slices.Equal(a, b) {
					t.Fatalf("entry %d is %s at %s, want %s at %s", i+1, e.Key, e.At, want[i].Key, want[i].At)
				}
			}
		})
	}
}

// A file that is booked already opens no write transaction at all.
func TestIngestAgainWritesNothing(t *testing.T) {
	t.Parallel()
	events := month()
	h := open(t, threeRegions())
	h.take(events...)
	for _, again := range [][]payment.Event{events, events[:10], slices.Clone(events[len(events)-3:])} {
		h := h.reopen(threeRegions())
		done := h.take(again...)
		if diff := cmp.Diff(settlex.Ingested{Rows: len(again), Repeated: len(again)}, done); diff != "" {
			t.Errorf("result (-want +got)\n%s", diff)
		}
		if h.store.writes != 0 {
			t.Errorf("%d transactions were written", h.store.writes)
		}
	}
}

// Progress goes forward, and comes to its end when every row is new.
func TestIngestProgress(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	events := month()
	last := 0
	_, err := h.Ingest(t.Context(), rows(t, events...), settlex.IngestOptions{Progress: func(done, total int) {
		if done < last || done > total || total != 2*len(events) {
			t.Errorf("%d of %d after %d", done, total, last)
		}
		last = done
	}})
	if err != nil || last != 2*len(events) {
		t.Errorf("%v, progress ended at %d of %d", err, last, 2*len(events))
	}
}

// What a rail says about a batch is ingested like everything else.
func TestIngestBatchMoves(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	h.take(deposit("d1", "m1", "2026-03-02 10:00", "100.00"))
	h.settle(ist("2026-03-02 12:00"))
	var id string
	for _, b := range h.batches() {
		id = b.ID
	}
	moves := []payment.Event{
		{Kind: payment.BatchSent, ID: id, OccurredAt: ist("2026-03-02 15:00"), Rail: "imps", RailRef: "UTR1"},
		{Kind: payment.BatchPaid, ID: id, OccurredAt: ist("2026-03-02 15:01")},
	}
	if diff := cmp.Diff(settlex.Ingested{Rows: 2, Booked: 2}, h.take(moves...)); diff != "" {
		t.Errorf("result (-want +got)\n%s", diff)
	}
	if b := h.batches()[0]; b.Status != settlement.Paid {
		t.Errorf("batch is %s", b.Status)
	}
	if diff := cmp.Diff(settlex.Ingested{Rows: 2, Repeated: 2}, h.take(moves...)); diff != "" {
		t.Errorf("again (-want +got)\n%s", diff)
	}
}

// A merchant nobody set up is refused, unless the rules let deposits make one.
func TestIngestUnknownMerchant(t *testing.T) {
	t.Parallel()
	rules := threeRegions()
	rules.CreateMerchants = false
	h := open(t, rules)
	_, err := h.Ingest(t.Context(), text(t, header+"\ndeposit,d1,2026-03-02T10:00:00Z,m1,INR,1.00,UPI,,\n"), settlex.IngestOptions{})
	if want := `march.csv:2:33: merchant_id: "m1": merchant is not known`; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if !errors.Is(err, payment.ErrUnknownMerchant) {
		t.Error("the error does not wrap ErrUnknownMerchant")
	}
}

// An engine cannot be made without a store, rules, and a book in them.
func TestNewNeedsRules(t *testing.T) {
	t.Parallel()
	store := bolttest.OpenFile(t, filepath.Join(t.TempDir(), "ledger.db"))
	for _, c := range []settlex.Config{{}, {Store: store}, {Rules: threeRegions()}, {Store: store, Rules: &payment.Rules{}}} {
		if _, err := settlex.New(t.Context(), c); err == nil {
			t.Errorf("an engine was made of %+v", c)
		}
	}
}

// What has not happened yet is refused, but for the little that clocks differ:
// it would make everything after it late.
func TestIngestTheFuture(t *testing.T) {
	t.Parallel()
	h := open(t, threeRegions())
	*h.clock = ist("2026-03-02 10:00")
	h.take(deposit("d1", "m1", "2026-03-02 10:05", "1.00"))
	_, err := h.Ingest(t.Context(), rows(t, deposit("d2", "m1", "2026-03-02 10:05:01", "1.00")), settlex.IngestOptions{})
	if want := "occurred_at: 2026-03-02T04:35:01Z is in the future; it is 2026-03-02T04:30:00Z"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
