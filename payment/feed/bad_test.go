package feed_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

const (
	head = "kind,id,occurred_at,currency,amount,order_id"
	good = "deposit,ok,2026-02-01T00:00:00Z,INR,1,"
)

// Every bad row stands between two good ones, which must be read all the same.
func TestBadCSVRow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, row, want string
		is              error
	}{
		{"no kind", ",a,2026-02-01T00:00:00Z,INR,1,", "p.csv:3:1: kind: missing", feed.ErrMissing},
		{"quoted nothing", `deposit,"",2026-02-01T00:00:00Z,INR,1,`, "p.csv:3:9: id: missing", feed.ErrMissing},
		{"no time", "deposit,a,,INR,1,", "p.csv:3:11: occurred_at: missing", feed.ErrMissing},
		{"unknown kind", "deposti,a,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:1: kind: unknown kind "deposti"`, feed.ErrUnknownKind},
		{"kind in capitals", "DEPOSIT,a,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:1: kind: unknown kind "DEPOSIT"`, feed.ErrUnknownKind},
		{"the first fault in field order", "x,a,y,XXX,-1,", `p.csv:3:1: kind: unknown kind "x"`, feed.ErrUnknownKind},

		{"unknown currency", "deposit,a,2026-02-01T00:00:00Z,INX,1,", `p.csv:3:32: currency: unknown currency: "INX" is no active ISO 4217 code with a minor unit`, money.ErrUnknownCurrency},
		{"currency in small letters", "deposit,a,2026-02-01T00:00:00Z,inr,1,", `p.csv:3:32: currency: unknown currency: "inr" is no active ISO 4217 code with a minor unit`, money.ErrUnknownCurrency},
		{"amount without currency", "deposit,a,2026-02-01T00:00:00Z,,1,", "p.csv:3:32: currency: missing, and there is an amount", feed.ErrMissing},

		{"amount with sign", "deposit,a,2026-02-01T00:00:00Z,INR,-1,", `p.csv:3:36: amount: bad amount: "-1" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"amount with plus", "deposit,a,2026-02-01T00:00:00Z,INR,+1,", `p.csv:3:36: amount: bad amount: "+1" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"amount with exponent", "deposit,a,2026-02-01T00:00:00Z,INR,1e3,", `p.csv:3:36: amount: bad amount: "1e3" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"amount with separator", `deposit,a,2026-02-01T00:00:00Z,INR,"1,000.00",`, `p.csv:3:36: amount: bad amount: "1,000.00" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"amount with comma", `deposit,a,2026-02-01T00:00:00Z,INR,"1,5",`, `p.csv:3:36: amount: bad amount: "1,5" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"amount with space", "deposit,a,2026-02-01T00:00:00Z,INR, 1,", `p.csv:3:36: amount: bad text: white space around " 1"`, feed.ErrBadText},
		{"amount with symbol", "deposit,a,2026-02-01T00:00:00Z,INR,₹1,", `p.csv:3:36: amount: bad amount: "₹1" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"amount with too many digits", "deposit,a,2026-02-01T00:00:00Z,INR,1.005,", `p.csv:3:36: amount: bad amount: "1.005" has 3 fraction digits, INR takes at most 2`, money.ErrBadAmount},
		{"amount with none", "deposit,a,2026-02-01T00:00:00Z,JPY,1.0,", `p.csv:3:36: amount: bad amount: "1.0" has 1 fraction digits, JPY takes at most 0`, money.ErrBadAmount},
		{"amount too large", "deposit,a,2026-02-01T00:00:00Z,INR,1000000000000000000000000000000000000,", `p.csv:3:36: amount: amount overflow: INR "1000000000000000000000000000000000000" has 37 digits before the point, at most 36 fit`, money.ErrOverflow},

		{"time without offset", "deposit,a,2026-02-01T00:00:00,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T00:00:00": no offset, and no time zone is given`, feed.ErrBadTime},
		{"date only", "deposit,a,2026-02-01,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01": want 2006-01-02T15:04:05 and an offset`, feed.ErrBadTime},
		{"day first", "deposit,a,01.02.2026 00:00:00,INR,1,", `p.csv:3:11: occurred_at: bad time "01.02.2026 00:00:00": want 2006-01-02T15:04:05 and an offset`, feed.ErrBadTime},
		{"a letter in the year", "deposit,a,2O26-02-01T00:00:00Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2O26-02-01T00:00:00Z": want 2006-01-02T15:04:05 and an offset`, feed.ErrBadTime},
		{"no such date", "deposit,a,2026-02-29T00:00:00Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-29T00:00:00Z": no such date`, feed.ErrBadTime},
		{"no such month", "deposit,a,2026-13-01T00:00:00Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-13-01T00:00:00Z": no such date`, feed.ErrBadTime},
		{"no such hour", "deposit,a,2026-02-01T24:00:00Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T24:00:00Z": no such time of day`, feed.ErrBadTime},
		{"leap second", "deposit,a,2026-02-01T23:59:60Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T23:59:60Z": no such time of day`, feed.ErrBadTime},
		{"bad offset", "deposit,a,2026-02-01T00:00:00+0530,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T00:00:00+0530": offset "+0530", want Z or +05:30`, feed.ErrBadTime},
		{"offset out of range", "deposit,a,2026-02-01T00:00:00+24:00,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T00:00:00+24:00": offset "+24:00", want Z or +05:30`, feed.ErrBadTime},
		{"fraction without digits", "deposit,a,2026-02-01T00:00:00.Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T00:00:00.Z": 0 fraction digits, want 1 to 9`, feed.ErrBadTime},
		{"fraction too fine", "deposit,a,2026-02-01T00:00:00.0000000001Z,INR,1,", `p.csv:3:11: occurred_at: bad time "2026-02-01T00:00:00.0000000001Z": 10 fraction digits, want 1 to 9`, feed.ErrBadTime},
		{"two digits of a year", "deposit,a,0026-02-01T00:00:00Z,INR,1,", `p.csv:3:11: occurred_at: bad time "0026-02-01T00:00:00Z": year 26 is outside 1970 to 9999`, feed.ErrBadTime},
		{"year 10000 in UTC", "deposit,a,9999-12-31T23:59:59-00:01,INR,1,", `p.csv:3:11: occurred_at: bad time "9999-12-31T23:59:59-00:01": year 10000 is outside 1970 to 9999`, feed.ErrBadTime},

		{"space behind an id", "deposit,a ,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:9: id: bad text: white space around "a "`, feed.ErrBadText},
		{"no-break space", "deposit,\u00a0a,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:9: id: bad text: white space around "\u00a0a"`, feed.ErrBadText},
		{"tab inside", "deposit,a\tb,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:9: id: bad text: control character U+0009 in "a\tb"`, feed.ErrBadText},
		{"lone CR inside", "deposit,a\rb,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:9: id: bad text: control character U+000D in "a\rb"`, feed.ErrBadText},
		{"control character beyond ASCII", "deposit,a\u0085b,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:9: id: bad text: control character U+0085 in "a\u0085b"`, feed.ErrBadText},
		{"Latin-1", "deposit,caf\xe9,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:9: id: bad text: "caf\xe9" is not UTF-8`, feed.ErrBadText},
		{"columns count bytes", "deposit,ééé,2026-02-01T00:00:00Z,INR,x,", `p.csv:3:41: amount: bad amount: "x" is not a decimal number of INR, such as 400.00`, money.ErrBadAmount},
		{"card number", "deposit,a,2026-02-01T00:00:00Z,INR,1,4111 1111 1111 1111", "p.csv:3:38: order_id: looks like a card number: 16 digits, the last four 1111", feed.ErrCardNumber},
		{"card number in the wrong place", "4111111111111111,a,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:1: kind: unknown kind "************1111"`, feed.ErrUnknownKind},
		{"a long value is cut", strings.Repeat("x", 50) + ",a,2026-02-01T00:00:00Z,INR,1,", `p.csv:3:1: kind: unknown kind "` + strings.Repeat("x", 40) + `"...`, feed.ErrUnknownKind},

		{"NUL byte", "deposit,a\x00,2026-02-01T00:00:00Z,INR,1,", "p.csv:3:10: malformed row: NUL byte", feed.ErrMalformed},
		{"too few cells", "deposit,a,2026-02-01T00:00:00Z,INR,1", "p.csv:3:37: malformed row: 5 cells, the header has 6", feed.ErrMalformed},
		{"too many cells", good + ",", "p.csv:3:40: malformed row: 7 cells, the header has 6", feed.ErrMalformed},
		{"one cell", "-- end of report --", "p.csv:3:20: malformed row: 1 cells, the header has 6", feed.ErrMalformed},
		{"nothing but commas", ",,,,,", "p.csv:3:1: kind: missing", feed.ErrMissing},
		{"quote inside", `deposit,a"b,2026-02-01T00:00:00Z,INR,1,`, "p.csv:3:10: malformed row: quote inside a cell that does not begin with one", feed.ErrMalformed},
		{"text behind a quote", `deposit,"a"b,2026-02-01T00:00:00Z,INR,1,`, `p.csv:3:12: malformed row: "b" behind a closing quote`, feed.ErrMalformed},
		{"quote not closed", `deposit,"a,2026-02-01T00:00:00Z,INR,1,`, "p.csv:3:9: malformed row: the quote is not closed on this line", feed.ErrMalformed},
		{"quote not closed, doubled at the end", `deposit,"a""`, "p.csv:3:9: malformed row: the quote is not closed on this line", feed.ErrMalformed},
		{"too long", good + strings.Repeat("x", feed.MaxRow), "p.csv:3:1: row too long: more than 1048576 bytes", feed.ErrTooLong},
		{"too long by one", good + strings.Repeat("x", feed.MaxRow-len(good)+1), "p.csv:3:1: row too long: more than 1048576 bytes", feed.ErrTooLong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkBadRow(t, "p.csv", head+"\n"+good+"\n"+test.row+"\n"+good+"\n", test.want, test.is)
		})
	}
}

func TestBadObject(t *testing.T) {
	t.Parallel()
	const ok = `{"kind":"deposit","id":"ok","occurred_at":"2026-02-01T00:00:00Z"}`
	tests := []struct {
		name, row, want string
		is              error
	}{
		{"no kind", ` {"id":"a","occurred_at":"2026-02-01T00:00:00Z"}`, "p.ndjson:2:2: kind: missing", feed.ErrMissing},
		{"empty id", `{"kind":"deposit","id":"","occurred_at":"2026-02-01T00:00:00Z"}`, "p.ndjson:2:24: id: missing", feed.ErrMissing},
		{"null id", `{"kind":"deposit","id":null,"occurred_at":"2026-02-01T00:00:00Z"}`, "p.ndjson:2:24: id: missing", feed.ErrMissing},
		{"empty object", `{}`, "p.ndjson:2:1: kind: missing", feed.ErrMissing},
		{"amount before its currency", `{"amount":"1.234","currency":"INR","kind":"deposit","id":"a","occurred_at":"2026-02-01T00:00:00Z"}`, `p.ndjson:2:11: amount: bad amount: "1.234" has 3 fraction digits, INR takes at most 2`, money.ErrBadAmount},
		{"amount without currency", `{"amount":"1","kind":"deposit","id":"a","occurred_at":"2026-02-01T00:00:00Z"}`, "p.ndjson:2:1: currency: missing, and there is an amount", feed.ErrMissing},
		{"number", `{"amount":10.50,"kind":"deposit"}`, `p.ndjson:2:11: malformed row: want a string or null for amount, not "1"`, feed.ErrMalformed},
		{"boolean", `{"kind":true}`, `p.ndjson:2:9: malformed row: want a string or null for kind, not "t"`, feed.ErrMalformed},
		{"object", `{"kind":{}}`, `p.ndjson:2:9: malformed row: want a string or null for kind, not "{"`, feed.ErrMalformed},
		{"not quite null", `{"kind":nullable}`, `p.ndjson:2:13: malformed row: want a comma or a closing brace, not "a"`, feed.ErrMalformed},
		{"unknown key", `{"kind":"deposit", "fee":"1"}`, `p.ndjson:2:20: unknown key "fee": map it to a field or ignore it`, feed.ErrUnknownColumn},
		{"key twice", `{"kind":"deposit", "kind":"deposit"}`, `p.ndjson:2:20: malformed row: key "kind" comes twice`, feed.ErrMalformed},
		{"key twice, written otherwise", `{"id":"a", "\u0069d":"b"}`, `p.ndjson:2:12: malformed row: key "id" comes twice`, feed.ErrMalformed},
		{"array", `[{"kind":"deposit"}]`, `p.ndjson:2:1: malformed row: want a JSON object, not "["`, feed.ErrMalformed},
		{"CSV", "deposit,a", `p.ndjson:2:1: malformed row: want a JSON object, not "d"`, feed.ErrMalformed},
		{"two objects", ok + ok, `p.ndjson:2:66: malformed row: want one JSON object per line, not "{"`, feed.ErrMalformed},
		{"comma behind", ok + ",", `p.ndjson:2:66: malformed row: want one JSON object per line, not ","`, feed.ErrMalformed},
		{"one object on several lines", "{", "p.ndjson:2:2: malformed row: want a key in quotes, the line ends", feed.ErrMalformed},
		{"comma before the brace", `{"kind":"deposit",}`, `p.ndjson:2:19: malformed row: want a key in quotes, not "}"`, feed.ErrMalformed},
		{"no comma", `{"kind":"deposit" "id":"a"}`, `p.ndjson:2:19: malformed row: want a comma or a closing brace, not "\""`, feed.ErrMalformed},
		{"no colon", `{"kind" "deposit"}`, `p.ndjson:2:9: malformed row: want a colon, not "\""`, feed.ErrMalformed},
		{"no value", `{"kind":`, "p.ndjson:2:9: malformed row: want a string or null for kind, the line ends", feed.ErrMalformed},
		{"no brace", `{"kind":"deposit"`, "p.ndjson:2:18: malformed row: want a comma or a closing brace, the line ends", feed.ErrMalformed},
		{"no quote", `{"kind":"deposit`, "p.ndjson:2:9: malformed row: the quote is not closed on this line", feed.ErrMalformed},
		{"control character behind an escape", "{\"kind\":\"\\u0070\t\"}", `p.ndjson:2:16: malformed row: control character in a string`, feed.ErrMalformed},
		{"no quote behind an escape", `{"kind":"de\u0070osit`, "p.ndjson:2:9: malformed row: the quote is not closed on this line", feed.ErrMalformed},
		{"single quotes", `{'kind':'deposit'}`, `p.ndjson:2:2: malformed row: want a key in quotes, not "'"`, feed.ErrMalformed},
		{"curly quotes", `{“kind”:"deposit"}`, `p.ndjson:2:2: malformed row: want a key in quotes, not "“"`, feed.ErrMalformed},
		{"bad escape", `{"kind":"\q"}`, `p.ndjson:2:10: malformed row: bad escape in a string`, feed.ErrMalformed},
		{"short escape", `{"kind":"\u12"}`, `p.ndjson:2:10: malformed row: bad escape in a string`, feed.ErrMalformed},
		{"signed escape", `{"kind":"\u+123"}`, `p.ndjson:2:10: malformed row: bad escape in a string`, feed.ErrMalformed},
		{"half a surrogate pair", `{"kind":"\ud83dx"}`, `p.ndjson:2:10: malformed row: bad escape in a string`, feed.ErrMalformed},
		{"half a pair before an escape", `{"kind":"\ud83d\u0041"}`, `p.ndjson:2:10: malformed row: bad escape in a string`, feed.ErrMalformed},
		{"backslash at the end", `{"kind":"\`, `p.ndjson:2:10: malformed row: bad escape in a string`, feed.ErrMalformed},
		{"tab in a string", "{\"kind\":\"a\tb\"}", `p.ndjson:2:11: malformed row: control character in a string`, feed.ErrMalformed},
		{"escaped control character", `{"kind":"deposit","id":"a\u0000","occurred_at":"2026-02-01T00:00:00Z"}`, `p.ndjson:2:24: id: bad text: control character U+0000 in "a\x00"`, feed.ErrBadText},
		{"not UTF-8", "{\"kind\":\"deposit\",\"id\":\"\xff\",\"occurred_at\":\"2026-02-01T00:00:00Z\"}", `p.ndjson:2:24: id: bad text: "\xff" is not UTF-8`, feed.ErrBadText},
		{"NUL byte", "{\"kind\":\x00}", "p.ndjson:2:9: malformed row: NUL byte", feed.ErrMalformed},
		{"ignored nonsense", `{"note": nonsense}`, "p.ndjson:2:10: malformed row: no JSON value", feed.ErrMalformed},
		{"ignored bracket too many", `{"note": ]}`, "p.ndjson:2:10: malformed row: no JSON value", feed.ErrMalformed},
		{"ignored array not closed", `{"note": [1}`, "p.ndjson:2:10: malformed row: no JSON value", feed.ErrMalformed},
		{"ignored nothing", `{"note": }`, "p.ndjson:2:10: malformed row: no JSON value", feed.ErrMalformed},
		{"ignored, deeply nested", `{"note":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + `}`, "p.ndjson:2:9: malformed row: no JSON value", feed.ErrMalformed},
		{"too long", `{"note":"` + strings.Repeat("x", feed.MaxRow) + `"}`, "p.ndjson:2:1: row too long: more than 1048576 bytes", feed.ErrTooLong},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			checkBadRow(t, "p.ndjson", ok+"\n"+test.row+"\n"+ok+"\n", test.want, test.is)
		})
	}
}

// checkBadRow reads a file of two good rows with a bad one between them.
func checkBadRow(t *testing.T, name, text, want string, is error) {
	t.Helper()
	goodRows := 0
	for row, err := range feed.Read(t.Context(), name, strings.NewReader(text), feed.Mapping{Ignore: []string{"note"}}) {
		if err == nil {
			goodRows++
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
		bad, ok := errors.AsType[*feed.Error](err)
		if !ok || !errors.Is(err, is) {
			t.Fatalf("%T %v, want a *feed.Error that is %q", err, err, is)
		}
		if row.Event != (payment.Event{}) || row.Line != bad.Line {
			t.Errorf("bad row %d: %+v", row.Line, row.Event)
		}
	}
	if goodRows != 2 {
		t.Errorf("%d good rows, want 2", goodRows)
	}
}

// What ends the reading: one error, which is no *feed.Error.
func TestBadFile(t *testing.T) {
	t.Parallel()
	mapped := feed.Mapping{Columns: map[payment.Field]string{payment.FieldParent: "refund_of"}, TimezoneColumn: "tz"}
	tests := []struct {
		name, file, text string
		mapping          feed.Mapping
		want             string
	}{
		{"empty", "p.csv", "", feed.Mapping{}, "p.csv: no header: the file is empty"},
		{"blank", "p.csv", "\r\n \n", feed.Mapping{}, "p.csv:2: no header: the file is empty"},
		{"unknown column", "p.csv", "kind,id,occurred_at,fee\n", feed.Mapping{}, `p.csv:1:21: unknown column "fee": map it to a field or ignore it`},
		{"column in capitals", "p.csv", "kind,id,occurred_at,Amount\n", feed.Mapping{}, `p.csv:1:21: unknown column "Amount": map it to a field or ignore it`},
		{"column of a constant", "p.csv", "kind,id,occurred_at,method\n", feed.Mapping{Constants: map[payment.Field]string{payment.FieldMethod: "UPI"}}, `p.csv:1:21: unknown column "method": map it to a field or ignore it`},
		{"column twice", "p.csv", "kind,id,occurred_at,\"kind\"\n", feed.Mapping{}, `p.csv:1:21: column "kind" comes twice`},
		{"column without name", "p.csv", "kind,id,occurred_at,\n", feed.Mapping{}, `p.csv:1:21: unknown column "": map it to a field or ignore it`},
		{"all faults", "p.csv", "\ufeffkind,kind,fee\n", mapped, "p.csv:1:6: column \"kind\" comes twice\n" +
			"p.csv:1:11: unknown column \"fee\": map it to a field or ignore it\n" +
			"p.csv:1:14: column \"refund_of\", which the mapping names, is missing\n" +
			"p.csv:1:14: column \"tz\", which the mapping names, is missing\n" +
			"p.csv:1:14: no column for id\n" +
			"p.csv:1:14: no column for occurred_at"},
		{"required column ignored", "p.csv", "kind,id,occurred_at\n", feed.Mapping{Ignore: []string{"id"}}, "p.csv:1:20: no column for id"},
		{"required column used for another field", "p.csv", "kind,id,occurred_at\n", feed.Mapping{Columns: map[payment.Field]string{payment.FieldOrderID: "id"}}, "p.csv:1:20: no column for id"},
		{"no header", "p.csv", "deposit,a,2026-02-01T00:00:00Z\n", feed.Mapping{}, `p.csv:1:1: unknown column "deposit": map it to a field or ignore it` + "\n" +
			`p.csv:1:9: unknown column "a": map it to a field or ignore it` + "\n" +
			`p.csv:1:11: unknown column "2026-02-01T00:00:00Z": map it to a field or ignore it` + "\n" +
			"p.csv:1:31: no column for kind\np.csv:1:31: no column for id\np.csv:1:31: no column for occurred_at"},
		{"quote in the header", "p.csv", "kind,i\"d\n", feed.Mapping{}, "p.csv:1:7: malformed row: quote inside a cell that does not begin with one"},
		{"NUL in the header", "p.csv", "kind,\x00id\n", feed.Mapping{}, "p.csv:1:6: malformed row: NUL byte"},
		{"header too long", "p.csv", strings.Repeat("x", feed.MaxRow+1), feed.Mapping{}, "p.csv:1: row too long: more than 1048576 bytes"},
		{"UTF-16, small end first", "p.csv", "\xff\xfek\x00i\x00n\x00d\x00", feed.Mapping{}, "p.csv: the file is UTF-16: save it as UTF-8"},
		{"UTF-16, big end first", "p.ndjson", "\xfe\xff\x00{", feed.Mapping{}, "p.ndjson: the file is UTF-16: save it as UTF-8"},
		{"no format", "p.xlsx", "PK", feed.Mapping{}, "p.xlsx: the name does not tell the format (.csv, .ndjson, .jsonl): set it to csv or ndjson"},
		{"no name", "", "x", feed.Mapping{Format: feed.CSV, Ignore: []string{"x"}}, "input:1:2: no column for kind\ninput:1:2: no column for id\ninput:1:2: no column for occurred_at"},
		{"bad mapping", "p.csv", "kind,id,occurred_at\n", feed.Mapping{Name: "bank", Timezone: "Mars/Base"}, `p.csv: mapping bank: timezone: bad time: unknown time zone "Mars/Base"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			pairs := 0
			for _, err := range feed.Read(t.Context(), test.file, strings.NewReader(test.text), test.mapping) {
				pairs++
				if err == nil {
					t.Fatal("a row")
				}
				if diff := cmp.Diff(test.want, err.Error()); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if _, row := errors.AsType[*feed.Error](err); row {
					t.Errorf("%T, which is for rows", err)
				}
				if _, file := errors.AsType[*feed.FileError](err); !file {
					t.Errorf("%T, want a *feed.FileError in it", err)
				}
			}
			if pairs != 1 {
				t.Errorf("%d pairs, want 1", pairs)
			}
		})
	}
}

// A file without events is no fault, where it has the form of its format.
func TestNoEvents(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"a.csv": "kind,id,occurred_at", "a.ndjson": "", "b.ndjson": "\n\n"} {
		events, faults := read(t, name, text, feed.Mapping{})
		if len(events)+len(faults) > 0 {
			t.Errorf("%s: %v %q", name, events, faults)
		}
	}
}

// A row of exactly MaxRow bytes is read, whatever ends it.
func TestLongestRow(t *testing.T) {
	t.Parallel()
	row := good + strings.Repeat("x", feed.MaxRow-len(good))
	for _, end := range []string{"", "\n", "\r\n"} {
		events, faults := read(t, "p.csv", head+"\n"+row+end, feed.Mapping{})
		if len(events) != 1 || len(faults) > 0 {
			t.Errorf("ended by %q: %d events, %q", end, len(events), faults)
		}
	}
}

// A row that was too long is not kept; the others keep their text, but for card
// numbers.
func TestRawOfBadRows(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, text, want string
	}{
		{"bad amount", "p.csv", head + "\ndeposit,a,2026-02-01T00:00:00Z,INR,x,\"b\"\r\n", `deposit,a,2026-02-01T00:00:00Z,INR,x,"b"`},
		{"too long", "p.csv", head + "\n" + strings.Repeat("x", feed.MaxRow+1), ""},
		{"card number", "p.csv", head + "\ndeposit,a,2026-02-01T00:00:00Z,INR,1,4111 1111 1111 1111\n",
			"deposit,a,2026-02-01T00:00:00Z,INR,1,**** **** **** 1111"},
		{"card number in a row bad otherwise", "p.csv", head + "\nx,4111111111111111,2026-02-01T00:00:00Z,INR,1,378282246310005\n",
			"x,************1111,2026-02-01T00:00:00Z,INR,1,***********0005"},
		{"card number in disguise", "p.ndjson", `{"order_id":"\u00341\u00311111111111111"}`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for row, err := range feed.Read(t.Context(), test.file, strings.NewReader(test.text), feed.Mapping{}) {
				if err == nil || row.Raw != test.want {
					t.Errorf("raw %.100q, %v; want %q", row.Raw, err, test.want)
				}
			}
		})
	}
}
