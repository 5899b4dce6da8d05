package move_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/bolt/bolttest"
	"github.com/settlex/settlex/store/move"
)

// Every record of the bundled month is written and read as encoding/json does it, byte for
// byte and field for field.
func TestRecordsAreJSON(t *testing.T) {
	t.Parallel()
	store := bolttest.Open(t)
	days(t, store, "2026-03-06")
	seen := make(map[string]int)
	err := store.Read(t.Context(), func(r ledger.Reader) error {
		for _, kind := range move.Kinds() {
			for record, err := range r.Records(t.Context(), kind, "", "") {
				if err != nil {
					return err
				}
				seen[kind]++
				alike(t, record)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{payment.DepositRecord, payment.ItemRecord, payment.PositionRecord, payment.HoldRecord, settlement.BatchRecord, settlement.LineRecord} {
		if seen[kind] == 0 {
			t.Errorf("no record of kind %q was looked at", kind)
		}
	}
}

// So is any text, and any figure.
func TestAnyTextIsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"<&>", "\u2028\u2029", "a\x00\x1f\x7f\"\\/", "\xff\xfe", "é\xc3", "\U0001F600", "\ud7ff"}))
		at := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 999_999).Draw(t, "micros")*1000).UTC()
		amount := money.Minor(rapid.Int64().Draw(t, "amount"))
		alike(t, &payment.Item{
			Merchant: text.Draw(t, "merchant"), Currency: money.MustCurrency("INR"), Lane: rapid.Uint16().Draw(t, "lane"), Seq: rapid.Uint64().Draw(t, "seq"),
			Entry: text.Draw(t, "entry"), BookedAt: at, OccurredAt: at.Add(time.Second), Manual: rapid.Bool().Draw(t, "manual"),
			OrderID: text.Draw(t, "order"), Gross: amount, Net: amount.Neg(),
		})
	})
}

// alike holds a record's text against what encoding/json writes, and what is read from it
// against what encoding/json reads.
func alike(t interface {
	Helper()
	Errorf(string, ...any)
	Fatal(...any)
}, record ledger.Record,
) {
	t.Helper()
	want, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	have, err := ledger.EncodeRecord(record)
	if err != nil || !bytes.Equal(want, have) {
		t.Errorf("%v\nwant %s\nhave %s", err, want, have)
	}
	one, other := reflect.New(reflect.TypeOf(record).Elem()), reflect.New(reflect.TypeOf(record).Elem())
	if err := json.Unmarshal(want, one.Interface()); err != nil {
		t.Fatal(err)
	}
	into, ok := other.Interface().(ledger.Record)
	if !ok {
		t.Fatal(record.Ref(), " is no record")
	}
	if err := ledger.DecodeRecord(bytes.Clone(want), into); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(one.Interface(), other.Interface()) {
		t.Errorf("(-want +got)\n%s", cmp.Diff(one.Interface(), other.Interface()))
	}
}

// What is no JSON, and what is not all of it, is refused.
func TestBadRecords(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"merchant":"m"`, `{"merchant":"m"} x`, `{"lane":70000}`, `{"lane":-1}`, `{"gross":"1.5"}`, `{"gross":5}`, `[]`, `{"merchant":"m\u12"}`, "{\"merchant\":\"a\nb\"}"} {
		if err := ledger.DecodeRecord([]byte(text), new(payment.Item)); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}
