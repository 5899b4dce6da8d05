package feed_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

// read gives the good rows' events and the text of every error, in order.
func read(t *testing.T, name, text string, m feed.Mapping) (events []payment.Event, faults []string) {
	t.Helper()
	for row, err := range feed.Read(t.Context(), name, strings.NewReader(text), m) {
		if err != nil {
			faults = append(faults, err.Error())
			continue
		}
		events = append(events, row.Event)
	}
	return events, faults
}

// full is an event with every field, and the same event in both formats.
func full() payment.Event {
	inr := money.MustCurrency("INR")
	return payment.Event{
		Kind: payment.RefundCreated, ID: "ref-1", OccurredAt: time.Date(2026, 2, 1, 4, 0, 0, 250000000, time.UTC),
		Merchant: "m-1", Currency: inr, Amount: money.Minor(100050), Method: "CARD", Rail: "card-in",
		Brand: "VISA", Funding: "credit", OrderID: `5" nails, boxed`, Parent: "dep-1", ReasonCode: "damaged",
		RailRef: "R-9", BankRef: "B-9", Cost: money.Minor(500), CostTax: money.Minor(90), Actor: "ops-1", Border: payment.BorderCross,
	}
}

const fullHeader = "kind,id,occurred_at,merchant_id,currency,amount,method,rail,brand,funding,order_id,parent_id," +
	"reason_code,rail_reference,bank_reference,cost,cost_tax,actor,border\n"

const fullCSV = fullHeader +
	`refund,ref-1,2026-02-01T09:30:00.25+05:30,m-1,INR,1000.5,CARD,card-in,VISA,credit,"5"" nails, boxed",dep-1,` +
	"damaged,R-9,B-9,5.00,0.9,ops-1,cross_border\n"

const fullObject = `{"kind":"refund","id":"ref-1","occurred_at":"2026-02-01T09:30:00.25+05:30","merchant_id":"m-1",` +
	`"currency":"INR","amount":"1000.5","method":"CARD","rail":"card-in","brand":"VISA","funding":"credit",` +
	`"order_id":"5\" nails, boxed","parent_id":"dep-1","reason_code":"damaged","rail_reference":"R-9",` +
	`"bank_reference":"B-9","cost":"5.00","cost_tax":"0.9","actor":"ops-1","border":"cross_border"}` + "\n"

func TestReadFullEvent(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"full.csv": fullCSV, "full.ndjson": fullObject, "FULL.JSONL": fullObject} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, faults := read(t, name, text, feed.Mapping{})
			if diff := cmp.Diff([]payment.Event{full()}, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if len(faults) > 0 {
				t.Errorf("faults: %q", faults)
			}
		})
	}
}

// Files that differ only in dress read the same: three deposits, a1 to a3.
func TestReadDress(t *testing.T) {
	t.Parallel()
	const (
		head = "kind,id,occurred_at"
		a1   = "deposit,a1,2026-02-01T00:00:00Z"
		a2   = "deposit,a2,2026-02-01T00:00:00Z"
		a3   = "deposit,a3,2026-02-01T00:00:00Z"
		j1   = `{"kind":"deposit","id":"a1","occurred_at":"2026-02-01T00:00:00Z"}`
		j2   = `{"kind":"deposit","id":"a2","occurred_at":"2026-02-01T00:00:00Z"}`
		j3   = `{"kind":"deposit","id":"a3","occurred_at":"2026-02-01T00:00:00Z"}`
	)
	tests := []struct {
		name, file, text string
		mapping          feed.Mapping
	}{
		{name: "line feeds", file: "a.csv", text: head + "\n" + a1 + "\n" + a2 + "\n" + a3 + "\n"},
		{name: "CR LF", file: "a.csv", text: head + "\r\n" + a1 + "\r\n" + a2 + "\r\n" + a3 + "\r\n"},
		{name: "mixed line breaks", file: "a.csv", text: head + "\r\n" + a1 + "\n" + a2 + "\r\n" + a3 + "\n"},
		{name: "no final line break", file: "a.csv", text: head + "\n" + a1 + "\n" + a2 + "\n" + a3},
		{name: "lone CR at the end", file: "a.csv", text: head + "\n" + a1 + "\n" + a2 + "\n" + a3 + "\r"},
		{name: "byte order mark", file: "a.csv", text: "\ufeff" + head + "\n" + a1 + "\n" + a2 + "\n" + a3 + "\n"},
		{name: "blank lines", file: "a.csv", text: "\n \t\n" + head + "\n\n" + a1 + "\r\n\r\n" + a2 + "\n  \n" + a3 + "\n\n"},
		{name: "quoted", file: "a.csv", text: `"kind","id","occurred_at"` + "\n" + `"deposit","a1","2026-02-01T00:00:00Z"` + "\n" + a2 + "\n" + a3},
		{name: "semicolons", file: "a.csv", text: strings.ReplaceAll(head+"\n"+a1+"\n"+a2+"\n"+a3+"\n", ",", ";"), mapping: feed.Mapping{Delimiter: ";"}},
		{name: "format by mapping", file: "stdin", text: head + "\n" + a1 + "\n" + a2 + "\n" + a3 + "\n", mapping: feed.Mapping{Format: feed.CSV}},
		{name: "columns reordered", file: "a.csv", text: "occurred_at,kind,id\n2026-02-01T00:00:00Z,deposit,a1\n2026-02-01T00:00:00Z,deposit,a2\n2026-02-01T00:00:00Z,deposit,a3\n"},
		{name: "column without name", file: "a.csv", text: head + ",\n" + a1 + ",\n" + a2 + ",x\n" + a3 + ",\n", mapping: feed.Mapping{Ignore: []string{""}}},
		{name: "lines of JSON", file: "a.ndjson", text: j1 + "\n" + j2 + "\n" + j3 + "\n"},
		{name: "JSON, dressed up", file: "a.ndjson", text: "\ufeff\r\n " + j1 + " \r\n\r\n" + strings.ReplaceAll(strings.ReplaceAll(j2, ",", "\t,\t"), ":\"", " : \"") + "\n" + j3},
		{name: "JSON, escapes", file: "a.ndjson", text: strings.ReplaceAll(j1, "kind", `k\u0069nd`) + "\n" + strings.ReplaceAll(j2, "a2", `\u00612`) + "\n" + j3},
		{name: "JSON, null", file: "a.ndjson", text: strings.ReplaceAll(j1, "{", `{"amount":null,"order_id":"",`) + "\n" + j2 + "\n" + j3},
		{name: "JSON, ignored values", file: "a.ndjson", mapping: feed.Mapping{Ignore: []string{"x", "y"}},
			text: strings.ReplaceAll(j1, "{", `{"x":{"a":[1,{"b":"}]\""}]},"y":-1.5e3,"x": true , `) + "\n" + strings.ReplaceAll(j2, "}", `,"x":[]}`) + "\n" + j3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			events, faults := read(t, test.file, test.text, test.mapping)
			var want []payment.Event
			for _, id := range []string{"a1", "a2", "a3"} {
				want = append(want, payment.Event{
					Kind: payment.DepositCaptured, ID: id, OccurredAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)})
			}
			if diff := cmp.Diff(want, events); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if len(faults) > 0 {
				t.Errorf("faults: %q", faults)
			}
		})
	}
}

func TestReadThroughMapping(t *testing.T) {
	t.Parallel()
	m := feed.Mapping{
		Format: feed.CSV,
		Columns: map[payment.Field]string{
			payment.FieldID: "Txn", payment.FieldOrderID: "Txn", payment.FieldOccurredAt: "When",
			payment.FieldAmount: "Value", payment.FieldKind: "Type",
		},
		Ignore:         []string{"Note", "amount"},
		Constants:      map[payment.Field]string{payment.FieldCurrency: "PKR", payment.FieldMerchant: "m-7"},
		Kinds:          map[string]payment.Kind{"SALE": payment.DepositCaptured},
		Timezone:       "Asia/Karachi",
		TimezoneColumn: "Zone",
	}
	text := "Note,Note,Txn,When,Zone,Value,amount,Type\n" +
		"a,b,t-1,2026-02-01 10:00:00,,12.50,junk,SALE\n" +
		"\"a,\"\"b\",,t-2,2026-02-01 10:00:00,Asia/Dhaka,7,,refund\n" +
		",,t-3,2026-02-01T10:00:00+01:00,Asia/Dhaka,8,,SALE\n"
	pkr := money.MustCurrency("PKR")
	at := func(hour int) time.Time { return time.Date(2026, 2, 1, hour, 0, 0, 0, time.UTC) }
	want := []payment.Event{
		{Kind: payment.DepositCaptured, ID: "t-1", OrderID: "t-1", OccurredAt: at(5), Merchant: "m-7", Currency: pkr, Amount: money.Minor(1250)},
		{Kind: payment.RefundCreated, ID: "t-2", OrderID: "t-2", OccurredAt: at(4), Merchant: "m-7", Currency: pkr, Amount: money.Minor(700)},
		{Kind: payment.DepositCaptured, ID: "t-3", OrderID: "t-3", OccurredAt: at(9), Merchant: "m-7", Currency: pkr, Amount: money.Minor(800)},
	}
	events, faults := read(t, "export.txt", text, m)
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if len(faults) > 0 {
		t.Errorf("faults: %q", faults)
	}
}

// A column that the mapping names feeds what the mapping says and nothing else,
// though it has the name of another field.
func TestReadColumnOfAnotherName(t *testing.T) {
	t.Parallel()
	m := feed.Mapping{Columns: map[payment.Field]string{payment.FieldAmount: "cost", payment.FieldParent: "order_id"}}
	text := "kind,id,occurred_at,currency,cost,order_id\nrefund,r,2026-02-01T00:00:00Z,INR,5,d\n"
	want := []payment.Event{{
		Kind: payment.RefundCreated, ID: "r", OccurredAt: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
		Currency: money.MustCurrency("INR"), Amount: money.Minor(500), Parent: "d",
	}}
	events, faults := read(t, "a.csv", text, m)
	if diff := cmp.Diff(want, events); diff != "" || len(faults) > 0 {
		t.Errorf("%q (-want +got):\n%s", faults, diff)
	}
}

// The tests read and write every field there is: one that payment.Event gains
// must be added to the files.
func TestFullEventIsFull(t *testing.T) {
	t.Parallel()
	event := reflect.ValueOf(full())
	for i := range event.NumField() {
		if name := event.Type().Field(i).Name; event.Field(i).IsZero() && name != "FromRail" && name != "CostKnown" { // what files have is reported; of captures a cost says so
			t.Errorf("files do not have %s", event.Type().Field(i).Name)
		}
	}
}

func TestRowPlaces(t *testing.T) {
	t.Parallel()
	const header = "id,order_id,kind,occurred_at"
	const line = `a1,"x, y",deposit,2026-02-01T00:00:00Z`
	m := feed.Mapping{Constants: map[payment.Field]string{payment.FieldMethod: "UPI"}}
	for row, err := range feed.Read(t.Context(), "p.csv", strings.NewReader(header+"\n\n"+line+"\n"), m) {
		if err != nil {
			t.Fatal(err)
		}
		got := map[payment.Field][2]int{}
		for _, f := range []payment.Field{"id", "order_id", "kind", "occurred_at", "method", "amount", "nonsense"} {
			at, column := row.Place(f)
			got[f] = [2]int{at, column}
		}
		want := map[payment.Field][2]int{
			"id": {3, 1}, "order_id": {3, 4}, "kind": {3, 11}, "occurred_at": {3, 19},
			"method": {3, 1}, "amount": {3, 1}, "nonsense": {3, 1},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("places (-want +got):\n%s", diff)
		}
		if row.Raw != line || row.Header != header || row.File != "p.csv" || row.Line != 3 {
			t.Errorf("row %s:%d %q under %q", row.File, row.Line, row.Raw, row.Header)
		}
	}
}

func TestRowFault(t *testing.T) {
	t.Parallel()
	cause := errors.New("deposit d-9 is unknown")
	field := &payment.FieldError{Field: payment.FieldParent, Err: cause}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"of a field", field, "r.ndjson:1:17: parent_id: deposit d-9 is unknown"},
		{"of a field, wrapped", errors.Join(field), "r.ndjson:1:17: parent_id: deposit d-9 is unknown"},
		{"of the row", cause, "r.ndjson:1:1: deposit d-9 is unknown"},
	}
	line := ` { "parent_id": "d-9", "kind":"refund","id":"r","occurred_at":"2026-02-01T00:00:00Z"}`
	for row, err := range feed.Read(t.Context(), "r.ndjson", strings.NewReader(line), feed.Mapping{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, test := range tests {
			got := row.Fault(test.err)
			if got.Error() != test.want || !errors.Is(got, cause) {
				t.Errorf("%s: %q, want %q", test.name, got, test.want)
			}
		}
	}
}

func TestReadStops(t *testing.T) {
	t.Parallel()
	text := "kind,id,occurred_at\ndeposit,a1,x\ndeposit,a2,x\ndeposit,a3,x\n"
	rows := 0
	for _, err := range feed.Read(t.Context(), "a.csv", strings.NewReader(text), feed.Mapping{}) {
		if err == nil {
			t.Error("x is a time")
		}
		if rows++; rows == 2 {
			break
		}
	}
	if rows != 2 {
		t.Errorf("%d rows, want 2", rows)
	}
}

func TestReadCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	text := "kind,id,occurred_at\ndeposit,a1,2026-02-01T00:00:00Z\ndeposit,a2,2026-02-01T00:00:00Z\n"
	var faults []string
	for _, err := range feed.Read(ctx, "a.csv", strings.NewReader(text), feed.Mapping{}) {
		if err != nil {
			faults = append(faults, err.Error())
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%v is not context.Canceled", err)
			}
		}
		cancel()
	}
	if diff := cmp.Diff([]string{"a.csv:2: context canceled"}, faults); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// A line that breaks off because its reader fails is no row.
func TestReadFailingReader(t *testing.T) {
	t.Parallel()
	const good = "kind,id,occurred_at\ndeposit,a1,2026-02-01T00:00:00Z\n"
	tests := []struct {
		name string
		r    io.Reader
		want string
	}{
		{"at once", iotest.ErrReader(errors.New("disk on fire")), "a.csv: reading: disk on fire"},
		{"in a row", io.MultiReader(strings.NewReader(good+"deposit,a2"), iotest.ErrReader(errors.New("disk on fire"))),
			"a.csv:3: reading: disk on fire"},
		{"between rows", io.MultiReader(strings.NewReader(good), iotest.ErrReader(io.ErrUnexpectedEOF)),
			"a.csv:2: reading: unexpected EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var faults []string
			for row, err := range feed.Read(t.Context(), "a.csv", test.r, feed.Mapping{}) {
				if err == nil {
					if row.ID != "a1" {
						t.Errorf("row %q", row.Raw)
					}
					continue
				}
				faults = append(faults, err.Error())
				if _, ok := errors.AsType[*feed.FileError](err); !ok {
					t.Errorf("%T, want *feed.FileError", err)
				}
			}
			if diff := cmp.Diff([]string{test.want}, faults); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

// Readers may give as little as one byte at a time.
func TestReadByteByByte(t *testing.T) {
	t.Parallel()
	text := "\ufeff" + strings.ReplaceAll(fullCSV, "\n", "\r\n")
	for row, err := range feed.Read(t.Context(), "a.csv", iotest.OneByteReader(strings.NewReader(text)), feed.Mapping{}) {
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(full(), row.Event); diff != "" {
			t.Errorf("event (-want +got):\n%s", diff)
		}
	}
}
