package ledger_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/settlex/settlex/ledger"
)

func TestRecords(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	mustDo := func(commands ...ledger.Command) {
		t.Helper()
		errs, err := books.DoAll(t.Context(), commands...)
		if err := errors.Join(append(errs, err)...); err != nil {
			t.Fatal(err)
		}
	}
	texts := func() (out []string) {
		err := books.Read(t.Context(), func(r ledger.Reader) error {
			for record, err := range r.Records(t.Context(), "note", "", "") {
				if err != nil {
					return err
				}
				n, ok := record.(*note)
				if !ok {
					return fmt.Errorf("record is a %T", record)
				}
				out = append(out, n.ID+" "+n.Text)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}

	mustDo(put("b", "1"), put("a", "1"), put("b", "2"))
	if err := books.Do(t.Context(), refused(put("c", "0"))); !errors.Is(err, errRefused) {
		t.Fatal(err)
	}
	wantDiff(t, "records", []string{"a 1", "b 2"}, texts())
	mustDo(del("a"), put("c", "1"))
	wantDiff(t, "records", []string{"b 2", "c 1"}, texts())

	// A change of records alone is no part of the journal.
	wantDiff(t, "head", ledger.Head{}, store.snapshot().head)
	var seen string
	mustDo(&work{apply: func(s *ledger.State) error {
		n, ok := s.Record(noteRef("c")).(*note)
		if !ok || s.Record(noteRef("a")) != nil {
			return errors.New("records are not as they were saved")
		}
		seen = n.Text
		return nil
	}})
	if seen != "1" {
		t.Errorf("the command read %q", seen)
	}
}

// Records come typed to who knows their type.
func TestRecordsOf(t *testing.T) {
	t.Parallel()
	store := newMemory()
	books := open(t, store)
	if _, err := books.DoAll(t.Context(), put("b", "2"), put("a", "1"), put("ab", "3"), &work{apply: func(s *ledger.State) error {
		s.Put(stray("x"))
		return nil
	}}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for n, err := range ledger.RecordsOf[*note](t.Context(), store.snapshot(), "note", "a") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n.Text)
		if len(got) == 2 {
			break
		}
	}
	wantDiff(t, "notes", []string{"1", "3"}, got)
	for n, err := range ledger.RecordsOf[*note](t.Context(), store.snapshot(), "stray", "") {
		wantText(t, err, `stored data is corrupt: record of kind "stray" is a ledger_test.stray`)
		if n != nil || !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("%v, %v", n, err)
		}
	}
}

// stray is a record of another type.
type stray string

func (s stray) Ref() ledger.Ref { return ledger.Ref{Kind: "stray", ID: string(s)} }

// Each account that changed is saved once, in order of first change, and each
// record once, ordered by kind and id.
func TestChangesAreOrdered(t *testing.T) {
	t.Parallel()
	_, changes := applyTo(t, newMemory().snapshot(),
		book(sale("a", 1), sale("b", 1)), put("n2", "x"), put("n1", "x"),
		book(transfer("c", "sale", bank, "merchants/m0/pending", 1)), put("n2", "y"), del("n3"))
	var accounts, records []string
	for _, a := range changes.Accounts {
		accounts = append(accounts, a.After.AccountID.String())
	}
	for _, r := range changes.Records {
		records = append(records, fmt.Sprint(r.Ref, " removed: ", r.Record == nil))
	}
	wantDiff(t, "accounts", []string{"bank INR", "merchants/m1/available INR", "merchants/m0/pending INR"}, accounts)
	wantDiff(t, "records", []string{"note/n1 removed: false", "note/n2 removed: false", "note/n3 removed: true"}, records)
}
