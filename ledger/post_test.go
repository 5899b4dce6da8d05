package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

func TestPost(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	e := sale("order-1/paid", 40000)
	e.Reference = "order-1"
	e.Metadata = []ledger.Attribute{{Name: "order", Value: "1"}, {Name: "channel", Value: "web"}}

	got := mustPost(t, books, e, transfer("order-1/fee", "fee", available, sales, 740))
	want := e
	want.ValueDate = date("2026-03-02")
	want.Metadata = []ledger.Attribute{{Name: "channel", Value: "web"}, {Name: "order", Value: "1"}}
	wantDiff(t, "first result", ledger.Result{Booked: ledger.Booked{Entry: want, Act: ledger.Posted, Seq: 1, At: noon(), Terms: &ledger.Terms{Opened: []ledger.Opening{
		{AccountID: ledger.AccountID{Path: bank, Currency: inr()}, Type: ledger.Asset},
		{AccountID: ledger.AccountID{Path: available, Currency: inr()}, Type: ledger.Liability, Limits: ledger.Limits{Limited: true}},
	}}}}, got[0])
	if e.Metadata[0].Name != "order" {
		t.Error("the caller's metadata was sorted in place")
	}
	if got[1].Seq != 2 || !got[1].At.Equal(noon()) {
		t.Errorf("second result has seq %d at %s, want 2 at the same instant", got[1].Seq, got[1].At)
	}

	account, ok, err := books.Account(t.Context(), available, inr())
	if err != nil || !ok {
		t.Fatalf("account is there: %t, %v", ok, err)
	}
	wantDiff(t, "account", ledger.Account{
		AccountID: ledger.AccountID{Path: available, Currency: inr()},
		No:        2, Type: ledger.Liability, Opened: noon(), Status: ledger.Open,
		Limits: ledger.Limits{Limited: true}, LimitsSeq: 1,
		Balance: ledger.Balance{Debits: money.Minor(740), Credits: money.Minor(40000), Seq: 2},
	}, account, cmpopts.EquateEmpty())
	wantPosted(t, books, available, "392.60")
	wantPosted(t, books, bank, "400.00")
	wantPosted(t, books, sales, "7.40")
	wantPosted(t, books, pending, "none")

	entry, ok, err := books.Entry(t.Context(), "order-1/paid")
	if err != nil || !ok {
		t.Fatalf("entry is there: %t, %v", ok, err)
	}
	wantDiff(t, "entry", got[0].Booked, entry)
	if _, ok, err := books.Entry(t.Context(), "order-2/paid"); ok || err != nil {
		t.Errorf("a key nobody used is taken: %t, %v", ok, err)
	}
}

func TestPostNothing(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	if results := mustPost(t, books); len(results) != 0 {
		t.Errorf("results are %v", results)
	}
	wantDiff(t, "head", ledger.Head{}, store.snapshot().head)
}

func TestReplay(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	e := sale("k", 100)
	e.Metadata = []ledger.Attribute{{Name: "a"}, {Name: "b"}}
	first := mustPost(t, books, e)[0]
	mustPost(t, books, sale("later", 5))
	before := store.snapshot()

	again := func(change func(*ledger.Entry)) ledger.Entry {
		e := sale("k", 100)
		e.Metadata = []ledger.Attribute{{Name: "a"}, {Name: "b"}}
		change(&e)
		return e
	}
	tests := []struct {
		name  string
		entry ledger.Entry
	}{
		{"the same", again(func(*ledger.Entry) {})},
		{"with the value date it got", again(func(e *ledger.Entry) { e.ValueDate = date("2026-03-02") })},
		{"metadata in another order", again(func(e *ledger.Entry) { e.Metadata = []ledger.Attribute{{Name: "b"}, {Name: "a"}} })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := mustPost(t, books, test.entry)[0]
			wantDiff(t, "result", ledger.Result{Booked: first.Booked, Replayed: true}, got)
			if store.snapshot().head != before.head {
				t.Errorf("the replay moved the head to %+v", store.snapshot().head)
			}
		})
	}
}

// An entry that was booked with a date keeps it in a retry that gives none.
func TestReplayKeepsValueDate(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	e := sale("k", 100)
	e.ValueDate = date("2026-02-27")
	mustPost(t, books, e)
	got := mustPost(t, books, sale("k", 100))[0]
	if !got.Replayed || got.ValueDate != e.ValueDate {
		t.Errorf("replayed %t with value date %s, want the one it was booked with", got.Replayed, got.ValueDate)
	}
}

func TestReplayWithinOneBatch(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	got := mustPost(t, books, sale("k", 100), sale("k", 100))
	if got[0].Replayed || !got[1].Replayed || got[1].Seq != 1 {
		t.Errorf("results are %+v, want the second to replay the first", got)
	}
	wantPosted(t, books, available, "1.00")
}

func TestConflict(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	base := func() ledger.Entry {
		e := sale("k", 40000)
		e.Reference, e.PartOf, e.ValueDate = "ref", "whole", date("2026-03-01")
		e.Metadata = []ledger.Attribute{{Name: "a", Value: "1"}}
		return e
	}
	mustPost(t, books, sale("earlier", 1), base())

	tests := []struct {
		name   string
		change func(*ledger.Entry)
		field  string
		was    string
		now    string
	}{
		{"kind", func(e *ledger.Entry) { e.Kind = "gift" }, "kind", "sale", "gift"},
		{"reference", func(e *ledger.Entry) { e.Reference = "" }, "reference", "ref", ""},
		{"value date", func(e *ledger.Entry) { e.ValueDate = date("2026-03-02") }, "value date", "2026-03-01", "2026-03-02"},
		{"part of", func(e *ledger.Entry) { e.PartOf = "half" }, "part of", "whole", "half"},
		{"metadata value", func(e *ledger.Entry) { e.Metadata[0].Value = "2" }, "metadata", "[{a 1}]", "[{a 2}]"},
		{"metadata more", func(e *ledger.Entry) { e.Metadata = append(e.Metadata, ledger.Attribute{Name: "b"}) }, "metadata", "[{a 1}]", "[{a 1} {b }]"},
		{"more postings", func(e *ledger.Entry) {
			e.Postings = append(e.Postings, ledger.Dr(bank, money.Minor(1), pkr()), ledger.Cr(sales, money.Minor(1), pkr()))
		}, "number of postings", "2", "4"},
		{"amount", func(e *ledger.Entry) {
			e.Postings[0].Amount, e.Postings[1].Amount = money.Minor(40001), money.Minor(40001)
		},
			"posting 0", "debit bank INR 400.00", "debit bank INR 400.01"},
		{"account", func(e *ledger.Entry) { e.Postings[1].Account = pending },
			"posting 1", "credit merchants/m1/available INR 400.00", "credit merchants/m1/pending INR 400.00"},
		{"sides", func(e *ledger.Entry) { e.Postings[0].Side, e.Postings[1].Side = ledger.Credit, ledger.Debit },
			"posting 0", "debit bank INR 400.00", "credit bank INR 400.00"},
		{"order of postings", func(e *ledger.Entry) { e.Postings[0], e.Postings[1] = e.Postings[1], e.Postings[0] },
			"posting 0", "debit bank INR 400.00", "credit merchants/m1/available INR 400.00"},
		{"currency", func(e *ledger.Entry) { e.Postings[0].Currency, e.Postings[1].Currency = pkr(), pkr() },
			"posting 0", "debit bank INR 400.00", "debit bank PKR 400.00"},
		{"the first of several", func(e *ledger.Entry) { e.Reference, e.PartOf, e.Metadata = "r", "", nil }, "reference", "ref", "r"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := base()
			test.change(&e)
			_, err := books.Post(t.Context(), e)
			if !errors.Is(err, ledger.ErrKeyConflict) {
				t.Fatalf("error is %v, want ErrKeyConflict", err)
			}
			var conflict *ledger.ConflictError
			if !errors.As(err, &conflict) {
				t.Fatalf("error is a %T", err)
			}
			wantDiff(t, "conflict", &ledger.ConflictError{Key: "k", Field: test.field, Seq: 2, Was: test.was, Now: test.now}, conflict)
		})
	}
	t.Run("text", func(t *testing.T) {
		t.Parallel()
		e := base()
		e.Kind = "gift"
		_, err := books.Post(t.Context(), e)
		wantText(t, err, `key "k" was used for another entry (seq 2): kind was "sale", is now "gift"`)
	})
}

// The order of checks decides which error a caller sees: the entry itself, its
// key, its accounts, its limits.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	books := open(t, newMemory())
	mustPost(t, books, sale("taken", 100))
	tests := []struct {
		name  string
		entry ledger.Entry
		want  error
	}{
		{"invalid before conflict", func() ledger.Entry {
			e := sale("taken", 200)
			e.Postings = e.Postings[:1]
			return e
		}(), ledger.ErrInvalid},
		{"conflict before unknown account", transfer("taken", "sale", bank, "nowhere", 100), ledger.ErrKeyConflict},
		{"unknown account before funds", transfer("newer", "payout", available, "nowhere", 101), ledger.ErrUnknownAccount},
		{"funds", transfer("new", "payout", available, bank, 101), ledger.ErrInsufficientFunds},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := books.Post(t.Context(), test.entry); !errors.Is(err, test.want) {
				t.Errorf("error is %v, want %v", err, test.want)
			}
		})
	}
}

func TestUnknownAccounts(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	e := sale("k", 100)
	e.Postings = append(e.Postings, ledger.Dr("nowhere", money.Minor(5), inr()), ledger.Cr("merchants/m1", money.Minor(5), inr()))
	_, err := books.Post(t.Context(), e)
	wantText(t, err, `entry "k": posting 2: account is not in the chart: nowhere
posting 3: account is not in the chart: merchants/m1`)
	if n := store.snapshot().head.Accounts; n != 0 {
		t.Errorf("%d accounts were opened", n)
	}
}

// A batch is booked whole or not at all, and each of its entries sees those
// before it.
func TestBatch(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustPost(t, books, sale("float", 100))
	before := store.snapshot()

	_, err := books.Post(t.Context(),
		sale("one", 50),
		transfer("two", "payout", available, bank, 150),
		transfer("three", "payout", available, bank, 1),
		sale("four", 500))
	wantText(t, err, `item 2: "three": insufficient funds: merchants/m1/available has INR 0.00 available, 0.01 is asked for, the floor is 0.00`)
	wantOnlyBurnt(t, before, store.snapshot(), "three")
	for _, key := range []string{"one", "two", "four"} {
		if _, ok, err := books.Entry(t.Context(), key); ok || err != nil {
			t.Errorf("key %q is taken: %t, %v", key, ok, err)
		}
	}

	// The other keys of a rejected batch are free for other content.
	mustPost(t, books, sale("two", 50), transfer("one", "payout", available, bank, 150))
	wantPosted(t, books, available, "0.00")
}

// Amounts stay within their range in every sum that is kept.
func TestOverflow(t *testing.T) {
	t.Parallel()
	most := limit(t)
	whole := func(key, debit, credit string) ledger.Entry {
		return ledger.Entry{Key: key, Kind: "sale", Postings: []ledger.Posting{ledger.Dr(debit, most, inr()), ledger.Cr(credit, most, inr())}}
	}
	tests := []struct {
		name   string
		first  ledger.Entry
		second ledger.Entry
		want   string
	}{
		{"debits", whole("1", bank, sales), transfer("2", "sale", bank, pending, 1),
			`"2": bank INR: amount overflow: 99999999999999999999999999999999999999 + 1`},
		{"credits", whole("1", bank, sales), transfer("2", "sale", "drawers/d2", sales, 1),
			`"2": sales INR: amount overflow: 99999999999999999999999999999999999999 + 1`},
		{"below a floor", ledger.Entry{Key: "1", Kind: "refund", Postings: []ledger.Posting{
			ledger.Dr(available, most, inr()), ledger.Cr(sales, most, inr()),
		}}, transfer("2", "refund", available, bank, 1),
			`"2": available of merchants/m1/available INR: amount overflow: -99999999999999999999999999999999999999 - 1`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			store := newMemory()
			books := open(t, store)
			mustPost(t, books, test.first)
			before := store.snapshot()
			_, err := books.Post(t.Context(), test.second)
			wantText(t, err, test.want)
			if !errors.Is(err, money.ErrOverflow) {
				t.Error("the error is not ErrOverflow")
			}
			if store.snapshot() != before {
				t.Error("the rejected entry wrote")
			}
		})
	}
}

// Instants strictly increase from command to command, whatever the clock does.
func TestInstants(t *testing.T) {
	t.Parallel()
	now := noon()
	config := stopped(t)
	config.Clock = func() time.Time { return now }
	store := newMemory()
	books, err := ledger.New(store, config)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		clock time.Time
		want  time.Time
	}{
		{"the clock's microsecond", noon().Add(1999 * time.Nanosecond), noon().Add(time.Microsecond)},
		{"the clock stands", noon().Add(1999 * time.Nanosecond), noon().Add(2 * time.Microsecond)},
		{"the clock goes back", noon().Add(-time.Hour), noon().Add(3 * time.Microsecond)},
		{"the clock goes on, elsewhere", noon().Add(time.Hour).In(time.FixedZone("", 19800)), noon().Add(time.Hour)},
	}
	for _, test := range tests { // one after the other: each goes on from the one before
		now = test.clock
		if got := mustPost(t, books, sale(test.name, 1))[0].At; got != test.want {
			t.Errorf("%s: booked at %s, want %s", test.name, got, test.want)
		}
	}
	if got := books.Clock(); got != noon().Add(time.Hour) {
		t.Errorf("the ledger's clock says %s", got)
	}
}

// The value date of an entry that gives none is the UTC date of its instant.
func TestValueDateAcrossMidnight(t *testing.T) {
	t.Parallel()
	config := stopped(t)
	config.Clock = func() time.Time {
		return time.Date(2026, time.March, 3, 1, 0, 0, 0, time.FixedZone("", 19800)) // 2026-03-02T19:30Z
	}
	books, err := ledger.New(newMemory(), config)
	if err != nil {
		t.Fatal(err)
	}
	if got := mustPost(t, books, sale("k", 1))[0].ValueDate; got != date("2026-03-02") {
		t.Errorf("value date is %s", got)
	}
}

// A clock beyond all dates would write what nobody can read.
func TestClockOutOfRange(t *testing.T) {
	t.Parallel()
	config := stopped(t)
	config.Clock = func() time.Time { return time.Date(10000, time.January, 1, 0, 0, 0, 0, time.UTC) }
	books, err := ledger.New(newMemory(), config)
	if err != nil {
		t.Fatal(err)
	}
	e := sale("k", 1)
	e.ValueDate = date("2026-03-02")
	_, err = books.Post(t.Context(), e)
	wantText(t, err, `"k": the clock says 10000-01-01T00:00:00Z, outside the years 1 to 9999`)
}

func TestNew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		store  ledger.Store
		config ledger.Config
	}{
		"no store": {nil, stopped(t)},
		"no chart": {newMemory(), ledger.Config{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ledger.New(test.store, test.config)
			wantText(t, err, "ledger: a store and a chart of accounts are needed")
		})
	}
	books, err := ledger.New(newMemory(), ledger.Config{Chart: chart(t)})
	if err != nil {
		t.Fatal(err)
	}
	if at := mustPost(t, books, sale("k", 1))[0].At; time.Since(at) > time.Minute || time.Since(at) < 0 {
		t.Errorf("without a clock of its own the ledger booked at %s", at)
	}
}
