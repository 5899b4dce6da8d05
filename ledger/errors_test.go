package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/anystore"
	"github.com/settlex/settlex/store/bolt"
)

// everySentinel is all that callers may branch on, by the names they have in the
// source.
func everySentinel() map[string]error {
	return map[string]error{
		"ErrInvalid": ledger.ErrInvalid, "ErrUnbalanced": ledger.ErrUnbalanced, "ErrUnknownAccount": ledger.ErrUnknownAccount,
		"ErrKeyConflict": ledger.ErrKeyConflict, "ErrNotApplied": ledger.ErrNotApplied, "ErrIndefinite": ledger.ErrIndefinite,
		"ErrCorrupt": ledger.ErrCorrupt, "ErrCursor": ledger.ErrCursor,

		"ErrInsufficientFunds": ledger.ErrInsufficientFunds, "ErrCeiling": ledger.ErrCeiling, "ErrVelocity": ledger.ErrVelocity, "ErrUnsettled": ledger.ErrUnsettled,
		"ErrAccountStatus": ledger.ErrAccountStatus, "ErrNotEmpty": ledger.ErrNotEmpty, "ErrPeriodClosed": ledger.ErrPeriodClosed,
		"ErrPeriodOrder": ledger.ErrPeriodOrder, "ErrNotFound": ledger.ErrNotFound, "ErrHoldCaptured": ledger.ErrHoldCaptured,
		"ErrHoldReleased": ledger.ErrHoldReleased, "ErrHoldExpired": ledger.ErrHoldExpired, "ErrExceedsHold": ledger.ErrExceedsHold,
		"ErrExceedsEntry": ledger.ErrExceedsEntry, "ErrReversed": ledger.ErrReversed, "ErrNotReversible": ledger.ErrNotReversible,
		"ErrAssertion": ledger.ErrAssertion,

		"ErrInUse": bolt.ErrInUse, "ErrNewerFormat": bolt.ErrNewerFormat, "ErrOlderFormat": bolt.ErrOlderFormat,
		"ErrReadOnly": bolt.ErrReadOnly, "ErrFull": bolt.ErrFull,
	}
}

// wantIs says which sentinels an error is: exactly these.
func wantIs(t *testing.T, err error, names ...string) {
	t.Helper()
	var is []string
	for name, sentinel := range everySentinel() {
		if errors.Is(err, sentinel) {
			is = append(is, name)
		}
	}
	slices.Sort(is)
	slices.Sort(names)
	wantDiff(t, "sentinels of: "+fmt.Sprint(err), names, is)
}

// Every sentinel in the source is in the table above, and so looked for in
// every error below.
func TestSentinelsAreListed(t *testing.T) {
	t.Parallel()
	var declared []string
	for _, dir := range []string{".", "../store/bolt"} {
		sources, err := fs.Glob(os.DirFS(dir), "*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range sources {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, name), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, declaredSentinels(file)...)
		}
	}
	var listed []string
	for name := range everySentinel() {
		listed = append(listed, name)
	}
	slices.Sort(declared)
	slices.Sort(listed)
	wantDiff(t, "sentinels", declared, listed)
}

func declaredSentinels(file *ast.File) (names []string) {
	for _, decl := range file.Decls {
		vars, ok := decl.(*ast.GenDecl)
		if !ok || vars.Tok != token.VAR {
			continue
		}
		for _, spec := range vars.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names { //nolint:errcheck // a var declares values
				if strings.HasPrefix(name.Name, "Err") {
					names = append(names, name.Name)
				}
			}
		}
	}
	return names
}

// A request that can never be booked lists its faults; its key stays free.
func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	unbalanced := sale("k", 100)
	unbalanced.Postings[1].Amount = money.Minor(99)
	nowhere := transfer("k", "sale", bank, "nowhere", 1)
	nothing := sale("k", 100)
	nothing.Postings[1].Amount = money.Amount{}
	tooMuch := sale("k", 1)
	tooMuch.Postings = []ledger.Posting{
		ledger.Dr(bank, limit(t), inr()), ledger.Dr(other, limit(t), inr()), ledger.Cr(available, limit(t), inr()),
	}

	for _, tt := range []struct {
		name    string
		request ledger.Request
		is      []string
		faults  []string
		posting int // the first fault's; -1: it is about the whole
	}{
		{"unbalanced", unbalanced, []string{"ErrInvalid", "ErrUnbalanced"}, []string{"entry does not balance: INR debits 1.00, credits 0.99"}, -1},
		{"two faults", ledger.Entry{Key: "k", Kind: "sale", PartOf: "k"}, []string{"ErrInvalid"},
			[]string{"entry is part of itself", "entry has 0 postings, between 2 and 1000 are needed"}, -1},
		{"path that the chart does not have", nowhere, []string{"ErrInvalid", "ErrUnknownAccount"}, []string{"posting 1: account is not in the chart: nowhere"}, 1},
		{"amount of nothing", nothing, []string{"ErrInvalid"}, []string{"posting 1: amount INR 0.00 is not positive"}, 1},
		{"beyond every amount", tooMuch, []string{"ErrInvalid"}, []string{"sum of INR debits: amount overflow: 99999999999999999999999999999999999999 + 99999999999999999999999999999999999999"}, -1},
		{"hold without a kind", ledger.Hold{Key: "k", Postings: sale("k", 1).Postings}, []string{"ErrInvalid"}, []string{"kind is missing"}, -1},
		{"capture of nothing", ledger.Capture{Key: "k", Kind: "sale", Hold: "h1"}, []string{"ErrInvalid"},
			[]string{"names no postings; ask for all that is left explicitly"}, -1},
		{"release of nothing", ledger.Release{Key: "k"}, []string{"ErrInvalid"}, []string{"hold is missing"}, -1},
		{"reversal without a date", ledger.Reversal{Key: "k", Kind: "x", Of: "s1", All: true}, []string{"ErrInvalid"}, []string{"value date is missing"}, -1},
		{"change of nothing", ledger.AccountChange{Key: "k", Account: bank, Currency: inr()}, []string{"ErrInvalid"}, []string{"changes nothing"}, -1},
		{"close without a date", ledger.PeriodChange{Key: "k"}, []string{"ErrInvalid"}, []string{"the date to close through is missing"}, -1},
		{"assertion without a currency", ledger.Assertion{Account: bank}, []string{"ErrInvalid"}, []string{"assertion about bank has no currency"}, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			books := errorsAt(t, noon)
			err := booking(t, books, tt.request)
			wantIs(t, err, tt.is...)
			var invalid *ledger.EntryError
			if !errors.As(err, &invalid) {
				t.Fatalf("error is %v, want an *EntryError", err)
			}
			var faults []string
			for _, fault := range invalid.Faults {
				faults = append(faults, fault.Error())
			}
			wantDiff(t, "faults", tt.faults, faults)
			var posting *ledger.PostingError
			if at := -1; errors.As(err, &posting) != (tt.posting >= 0) || posting != nil && posting.Index != tt.posting {
				if posting != nil {
					at = posting.Index
				}
				t.Errorf("fault of posting %d, want %d", at, tt.posting)
			}
			if _, taken, err := books.Entry(t.Context(), "k"); taken || err != nil {
				t.Errorf("the key is taken (%t, %v), want it free", taken, err)
			}
		})
	}
}

// A key that was used for something else is a conflict, which says since when
// and in what.
func TestConflictError(t *testing.T) {
	t.Parallel()
	books := errorsAt(t, noon)
	_, err := books.Post(t.Context(), sale("s2", 1), sale("s1", 9999))
	wantIs(t, err, "ErrKeyConflict")
	var item *ledger.ItemError
	if !errors.As(err, &item) || item.Index != 1 {
		t.Errorf("error is %v, want an *ItemError of item 1", err)
	}
	var conflict *ledger.ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("error is %v, want a *ConflictError", err)
	}
	wantDiff(t, "conflict", ledger.ConflictError{
		Key: "s1", Field: "posting 0", Seq: 1, Was: "debit bank INR 100.00", Now: "debit bank INR 99.99",
	}, *conflict)
	if _, taken, err := books.Entry(t.Context(), "s2"); taken || err != nil {
		t.Errorf("the other item's key is taken (%t, %v)", taken, err)
	}
}

// Of an atomic batch one item carries the error; that of the others is not
// mistaken for it.
func TestNotApplied(t *testing.T) {
	t.Parallel()
	books := errorsAt(t, noon)
	outcomes, err := books.Execute(t.Context(), ledger.Atomic, sale("a", 1), transfer("b", "x", available, bank, 20000), sale("c", 1))
	if err != nil {
		t.Fatal(err)
	}
	for i, is := range []string{"ErrNotApplied", "ErrInsufficientFunds", "ErrNotApplied"} {
		wantIs(t, outcomes[i].Err, is)
	}
	err = ledger.Failed(outcomes)
	wantIs(t, err, "ErrInsufficientFunds")
	var item *ledger.ItemError
	if !errors.As(err, &item) || item.Index != 1 {
		t.Errorf("error is %v, want an *ItemError of item 1", err)
	}
	if err := ledger.Failed(nil); err != nil {
		t.Errorf("an empty batch failed: %v", err)
	}
}

// A batch of no mode, or with a hole, never begins.
func TestBatchIsMalformed(t *testing.T) {
	t.Parallel()
	books := errorsAt(t, noon)
	_, err := books.Execute(t.Context(), 0, sale("a", 1))
	wantIs(t, err, "ErrInvalid")
	_, err = books.Try(t.Context(), ledger.Atomic, sale("a", 1), nil)
	wantIs(t, err, "ErrInvalid")
	var item *ledger.ItemError
	if !errors.As(err, &item) || item.Index != 1 {
		t.Errorf("error is %v, want an *ItemError of item 1", err)
	}
}

// A cursor that no list gave is refused by every list.
func TestCursorIsNotValid(t *testing.T) {
	t.Parallel()
	books := errorsAt(t, noon)
	for _, cursor := range []ledger.Cursor{"x", "-1", "01", "2026-03-02:0", "2026-03-02"} {
		for _, err := range books.Changes(t.Context(), cursor) {
			wantIs(t, err, "ErrCursor")
		}
		for _, err := range books.Entries(t.Context(), ledger.EntryQuery{After: cursor}) {
			wantIs(t, err, "ErrCursor")
		}
		wantIs(t, books.Wait(t.Context(), cursor), "ErrCursor")
		_, err := books.Statement(t.Context(), ledger.StatementQuery{Account: bank, Currency: inr(), After: cursor})
		wantIs(t, err, "ErrCursor")
		_, err = books.Statement(t.Context(), ledger.StatementQuery{
			Account: bank, Currency: inr(), After: cursor, Span: ledger.ValuedIn(calendar.Date{}, calendar.Date{}),
		})
		wantIs(t, err, "ErrCursor")
	}
}

// Stored data that contradicts itself.
func TestCorrupt(t *testing.T) {
	t.Parallel()
	_, err := ledger.DecodeItem([]byte{2})
	wantIs(t, err, "ErrCorrupt")
	_, err = ledger.DecodeAccount(inINR(bank), nil)
	wantIs(t, err, "ErrCorrupt")
	wantIs(t, (&ledger.Verification{Findings: []ledger.Finding{{Place: "head"}}}).Err(), "ErrCorrupt")

	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := os.WriteFile(path, []byte("no ledger"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = bolt.Open(path, bolt.Options{})
	wantIs(t, err, "ErrCorrupt")
}

// lossy is a store whose commits' answers get lost.
type lossy struct{ ledger.Store }

func (l lossy) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	if err := l.Store.Write(ctx, fn); err != nil {
		return err
	}
	return fmt.Errorf("%w: the answer was lost", ledger.ErrIndefinite)
}

// Nobody knows whether it was booked: asking again with the same key tells.
// Before a transaction has begun, an error is definite.
func TestIndefinite(t *testing.T) {
	t.Parallel()
	store := anystore.Open(t)
	books := anystore.On(t, store, stopped(t))
	asking, err := ledger.New(lossy{store}, stopped(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = asking.Post(t.Context(), sale("s1", 1))
	wantIs(t, err, "ErrIndefinite")
	if again := mustPost(t, books, sale("s1", 1)); !again[0].Replayed {
		t.Error("the entry was not booked by the lost commit")
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = asking.Post(ctx, sale("s2", 1))
	wantIs(t, err)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
	if _, taken, err := books.Entry(t.Context(), "s2"); taken || err != nil {
		t.Errorf("the key is taken (%t, %v)", taken, err)
	}
}
