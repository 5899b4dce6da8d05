package feed_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func TestMappingValidate(t *testing.T) {
	t.Parallel()
	type columns = map[payment.Field]string
	type kinds = map[string]payment.Kind
	tests := []struct {
		name    string
		mapping feed.Mapping
		want    string
	}{
		{"zero", feed.Mapping{}, ""},
		{"marketplace", marketplace(), ""},
		{"everything", feed.Mapping{
			Name: "all", Format: feed.CSV, Columns: columns{"id": "Txn", "order_id": "Txn"}, Ignore: []string{"Note", "id"},
			Constants: columns{"currency": "PKR", "amount": "1.00", "kind": "SALE", "method": "CARD"},
			Kinds:     kinds{"SALE": payment.DepositCaptured}, Timezone: "Asia/Karachi", TimezoneColumn: "tz",
			UnknownMerchants: feed.CreateMerchant, Delimiter: "\t",
		}, ""},
		{"format", feed.Mapping{Format: "xml"}, `format: "xml" is none of ["csv" "ndjson"]`},
		{"delimiter", feed.Mapping{Delimiter: ", "}, `delimiter: ", " is none of ["," ";" "\t" "|"]`},
		{"delimiter of NDJSON", feed.Mapping{Format: feed.NDJSON, Delimiter: ","}, "delimiter: format ndjson has none"},
		{"unknown field", feed.Mapping{Columns: columns{"parent": "refund_of"}}, `columns: unknown field "parent"`},
		{"empty column", feed.Mapping{Columns: columns{"id": ""}}, "columns: id: no column name"},
		{"ignored twice", feed.Mapping{Ignore: []string{"a", "a", ""}}, `ignore: "a" is listed twice`},
		{"ignored and mapped", feed.Mapping{Ignore: []string{"a"}, Columns: columns{"id": "a"}}, `ignore: "a" is the column of id`},
		{"ignored zone", feed.Mapping{Ignore: []string{"tz"}, TimezoneColumn: "tz"}, `timezone_column: "tz" is ignored`},
		{"zone", feed.Mapping{Timezone: "IST+5:30"}, `timezone: bad time: unknown time zone "IST+5:30"`},
		{"the machine's zone", feed.Mapping{Timezone: "Local"}, `timezone: bad time: unknown time zone "Local"`},
		{"merchants", feed.Mapping{UnknownMerchants: "ask"}, `unknown_merchants: "ask" is none of ["reject" "create"]`},
		{"kinds", feed.Mapping{Kinds: kinds{"": payment.DepositCaptured, "x": "sale"}}, "kinds: an empty word\n" + `kinds: "x": unknown kind "sale"`},
		{"constants", feed.Mapping{
			Columns: columns{"method": "how"},
			Constants: columns{
				"id": "1", "occurred_at": "2026-02-01T00:00:00Z", "method": "UPI", "rail": "", "who": "x",
				"currency": "INX", "kind": "sale", "brand": " VISA", "order_id": "4111111111111111",
			}}, "constants: brand: bad text: white space around \" VISA\"\n" +
			"constants: currency: unknown currency: \"INX\" is no active ISO 4217 code with a minor unit\n" +
			"constants: id: every row would have the same id\n" +
			"constants: kind: unknown kind \"sale\"\n" +
			"constants: method: has a column too\n" +
			"constants: occurred_at: every row would have the same time\n" +
			"constants: order_id: looks like a card number: 16 digits, the last four 1111\n" +
			"constants: rail: no value\n" +
			"constants: who: unknown field"},
		{"amount of a constant currency", feed.Mapping{Constants: columns{"currency": "JPY", "amount": "1.5"}},
			`constants: amount: bad amount: "1.5" has 1 fraction digits, JPY takes at most 0`},
		{"all at once, in the order of the fields", feed.Mapping{Format: "xml", Columns: columns{"a": "b"}, Timezone: "X", Delimiter: "x"},
			"format: \"xml\" is none of [\"csv\" \"ndjson\"]\n" + "columns: unknown field \"a\"\n" +
				"timezone: bad time: unknown time zone \"X\"\n" + `delimiter: "x" is none of ["," ";" "\t" "|"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := test.mapping.Validate(); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Configuration keeps mappings; what it writes it reads.
func TestMappingJSON(t *testing.T) {
	t.Parallel()
	want := marketplace()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	const form = `{"name":"marketplace","columns":{"occurred_at":"occurred_at_local","parent_id":"refund_of"},` +
		`"timezone_column":"timezone"}`
	if diff := cmp.Diff(form, string(text)); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	var got feed.Mapping
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("mapping (-want +got):\n%s", diff)
	}
}

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]feed.Format{
		"a.csv": feed.CSV, "dir.ndjson/A.CSV": feed.CSV, "a.ndjson": feed.NDJSON, "a.b.jsonl": feed.NDJSON,
		"a.json": "", "csv": "", "": "", "a.csv.gz": "",
	} {
		got, err := feed.FormatOf(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", name, got, err, want)
		}
	}
}
