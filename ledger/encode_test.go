package ledger_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// The bytes on disk and under every hash. They must never change.
func TestCanonicalGolden(t *testing.T) {
	t.Parallel()
	most := limit(t)
	items := samples()
	items["the least"] = &ledger.Booked{
		Entry: ledger.Entry{Key: "k", Kind: "x", ValueDate: date("1970-01-01"), Postings: []ledger.Posting{
			ledger.Dr("a", money.Minor(1), inr()), ledger.Cr("b", money.Minor(1), inr()),
		}},
		Act: ledger.Posted, Seq: 1, At: time.Unix(0, 0).UTC(),
	}
	items["before 1970, and the largest amount"] = &ledger.Booked{
		Entry: ledger.Entry{Key: "k", Kind: "x", ValueDate: date("0001-01-01"), Postings: []ledger.Posting{
			ledger.Dr("a", most, pkr()), ledger.Cr("b", most, pkr()),
		}},
		Act: ledger.Posted, Seq: 1, At: time.Unix(-1, 0).UTC(),
	}
	want := vectors(t)
	for name, item := range items {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden, ok := want[name]
			if !ok {
				t.Fatal("testdata/canonical.txt has no such item")
			}
			got := item.AppendCanonical([]byte("x"))
			if want := append([]byte("x"), golden.data...); !bytes.Equal(want, got) {
				t.Errorf("canonical bytes are\n%x, want\n%x", got, want)
			}
			if sum := item.Hash(); hex.EncodeToString(sum[:]) != golden.hash {
				t.Errorf("hash is %x, want %s", sum, golden.hash)
			}
			decoded, err := ledger.DecodeItem(golden.data)
			if err != nil {
				t.Fatal(err)
			}
			wantDiff(t, "decoded", item, decoded, sentinels())
		})
	}
	if len(want) != len(items) {
		t.Errorf("%d items stand in testdata/canonical.txt, %d were compared", len(want), len(items))
	}
}

type vector struct {
	data []byte
	hash string
}

// vectors reads testdata/canonical.txt.
func vectors(t testing.TB) map[string]vector {
	t.Helper()
	text, err := os.ReadFile("testdata/canonical.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]vector)
	for section := range strings.SplitSeq(string(text), "\n== ") {
		if strings.HasPrefix(section, "#") {
			continue // the title
		}
		name, rest, _ := strings.Cut(section, "\n")
		fields, hash, ok := strings.Cut(rest, "\n## ")
		if !ok {
			t.Fatalf("%q has no hash", name)
		}
		out[name] = vector{unhex(t, fields), strings.TrimSpace(hash)}
	}
	return out
}

// unhex reads hexadecimal digits in groups, up to two blanks and a comment in
// each line.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	var digits strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		line, _, _ = strings.Cut(line, "  ")
		digits.WriteString(strings.ReplaceAll(line, " ", ""))
	}
	out, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Every field is under the hash: changing any of them changes it.
func TestHashCoversEveryField(t *testing.T) {
	t.Parallel()
	for name := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			item := samples()[name]
			seen := map[[32]byte]string{item.Hash(): "nothing"}
			each(reflect.ValueOf(item).Elem(), "", func(field string) {
				if other, taken := seen[item.Hash()]; taken {
					t.Errorf("changing %s gives the hash of changing %s", field, other)
				}
				seen[item.Hash()] = field
			})
			if len(seen) < 12 {
				t.Errorf("only %d fields were changed", len(seen))
			}
		})
	}
}

// each changes every field below v, one at a time, and calls changed for each.
func each(v reflect.Value, at string, changed func(field string)) {
	if fresh, ok := another(v); ok {
		was := reflect.ValueOf(v.Interface())
		v.Set(fresh)
		changed(at)
		v.Set(was)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if name := at + "." + v.Type().Field(i).Name; !uncovered(name) {
				each(v.Field(i), name, changed)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			each(v.Elem(), at, changed)
			without(v, at, changed)
		}
	case reflect.Slice:
		for i := range v.Len() {
			each(v.Index(i), fmt.Sprint(at, "[", i, "]"), changed)
		}
		if v.Len() > 0 {
			without(v, at, changed)
		}
	default:
		panic(fmt.Sprintf("%s is a %s: say how to change one", at, v.Type()))
	}
}

func without(v reflect.Value, at string, changed func(field string)) {
	was := reflect.ValueOf(v.Interface())
	v.SetZero()
	changed("all of " + at)
	v.Set(was)
}

// uncovered tells which fields are said by others: a draft's wish is no part
// of the item, and a failure has the key of what was asked for.
func uncovered(field string) bool {
	return strings.HasSuffix(field, ".OrFirstOpen") || strings.HasSuffix(field, ".Failure.Key") || strings.HasSuffix(field, ".Failure.Frozen")
}

// another gives another value of a type that has no parts.
func another(v reflect.Value) (fresh reflect.Value, ok bool) {
	switch was := v.Interface().(type) {
	case time.Time:
		return reflect.ValueOf(was.Add(time.Microsecond)), true
	case calendar.Date:
		if was.IsZero() {
			return reflect.ValueOf(date("1969-12-31")), true
		}
		return reflect.ValueOf(was.AddDays(1)), true
	case money.Amount:
		more, err := was.Add(money.Minor(1))
		if err != nil {
			panic(err)
		}
		return reflect.ValueOf(more), true
	case money.Currency:
		return reflect.ValueOf(pkr()), true
	case string:
		return reflect.ValueOf(was + "x"), true
	case bool:
		return reflect.ValueOf(!was), true
	case error:
		return reflect.ValueOf(ledger.ErrVelocity), true
	}
	if v.CanUint() {
		return reflect.ValueOf(v.Uint() + 1).Convert(v.Type()), true
	}
	return v, false
}

// Text that moves from one field to the next is not the same.
func TestHashKeepsFieldsApart(t *testing.T) {
	t.Parallel()
	moved, exchanged := full(), full()
	moved.Key, moved.Kind = "order-1/pai", "dsale"
	exchanged.Postings[1], exchanged.Postings[2] = exchanged.Postings[2], exchanged.Postings[1]
	if full().Hash() == moved.Hash() || full().Hash() == exchanged.Hash() {
		t.Error("the hash is the same")
	}
}

// Bytes that are nearly an entry are refused: each entry has one form.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const head = "02 01 00 01 00 00 01 6b 01 78 00 00 00 "
	const posting = "01 494e52 01 01 01 61"
	tests := []struct {
		name string
		data string
		want string
	}{
		{"nothing", "", "stored data is corrupt: cut short: 1 bytes wanted, 0 left"},
		{"another version", "03", "stored data is corrupt: item version 3, this program knows 2"},
		{"version 0", "00", "stored data is corrupt: item version 0, this program knows 2"},
		{"only a version", "02", "stored data is corrupt: cut short: 1 bytes wanted, 0 left"},
		{"lane too large", "02 01 808004", "stored data is corrupt: lane 65536"},
		{"padded lane", "02 01 8000 01 00 00 01 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded sequence", "02 01 00 8100 00 00 01 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded instant", "02 01 00 01 8000 00 01 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded length", "02 01 00 01 00 00 8100 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded date", head + "8000 00 00", "stored data is corrupt: bad number"},
		{"padded count", head + "00 8000 00", "stored data is corrupt: bad number"},
		{"endless sequence", "02 01 00 ffffffffffffffffffff01", "stored data is corrupt: bad number"},
		{"unknown flag", "02 01 00 01 00 04", "stored data is corrupt: flags 4"},
		{"text longer than the rest", "02 01 00 01 00 00 05 6b", "stored data is corrupt: cut short: 5 bytes wanted, 1 left"},
		{"text of 2^63 bytes", "02 01 00 01 00 00 80808080808080808001", "stored data is corrupt: cut short: 9223372036854775808 bytes wanted, 0 left"},
		{"a date before all", head + "f7e457 00 00", "stored data is corrupt: date -719164 days from 1970"},
		{"no date", head + "f5e457 00 00", "stored data is corrupt: date -719163 days from 1970"},
		{"a date after all", head + "c482e602 00 00", "stored data is corrupt: date 2932897 days from 1970"},
		{"a date far off", head + "ffffffffffffffffff01 00 00", "stored data is corrupt: date -9223372036854775808 days from 1970"},
		{"more metadata than bytes", head + "00 7f 00", "stored data is corrupt: count 127 with 1 bytes left"},
		{"more postings than bytes", head + "00 00 05 01", "stored data is corrupt: count 5 with 1 bytes left"},
		{"an unknown currency", head + "00 00 01 01 585858 01 01 01 61", "stored data is corrupt\nunknown currency: \"XXX\" is no active ISO 4217 code with a minor unit"},
		{"an amount with a zero in front", head + "00 00 01 01 494e52 02 0001 01 61", "stored data is corrupt: amount of 2 bytes: 0001"},
		{"an amount too long", head + "00 00 01 01 494e52 11 0102030405060708090a0b0c0d0e0f1011 01 61", "stored data is corrupt: amount of 17 bytes: 0102030405060708090a0b0c0d0e0f1011"},
		{"an amount too large", head + "00 00 01 01 494e52 10 4b3b4ca85a86c47a098a224000000000 01 61", "stored data is corrupt\namount overflow: bytes 4b3b4ca85a86c47a098a224000000000"},
		{"bytes behind the end", head + "00 00 01" + posting + "00", "stored data is corrupt: 1 bytes too many"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := ledger.DecodeItem(unhex(t, test.data))
			if err == nil || !errors.Is(err, ledger.ErrCorrupt) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}

// Bits, acts and reasons nobody has given a meaning are refused, and items
// without what their act is about.
func TestDecodeRefusesTerms(t *testing.T) {
	t.Parallel()
	head := func(act string) string { return "02 " + act + " 00 01 00 02 00 00 00 00 00 00 00 00 " }
	const none = " 00 00 00 00 " // of, asked, through, opened
	tests := []struct {
		name string
		data string
		want string
	}{
		{"act 0", "02 00 00 01 00 00", "act 0"},
		{"act 11", "02 0b 00 01 00 00", "act 11"},
		{"flags", "02 01 00 01 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00", "1 bytes too many"},
		{"an unknown flag beside known ones", "02 01 00 01 00 07", "flags 7"},
		{"an unknown bit of terms", head("04") + "20" + none, "item 1 is not in canonical form"},
		{"an expiry that is none", head("02") + "04" + none + "ffffddf2dfffdfdc01", "item 1 is not in canonical form"},
		{"more accounts than bytes", head("01") + "00 00 00 00 7f", "count 127 with 0 bytes left"},
		{"limits with an unknown bit", head("01") + "00 00 00 00 01 01 61 494e52 01 04 00 00 00", "limits {"},
		{"a floor that does not limit", head("01") + "00 00 00 00 01 01 61 494e52 01 00 01 05 00 00", "limits {"},
		{"an unknown window", head("01") + "00 00 00 00 01 01 61 494e52 01 00 00 00 01 04 01 01 00", "limits {"},
		{"a change with an unknown bit", head("07") + "08" + none + "09 00 01 61 494e52 00 00 00 00 00", "item 1 is not in canonical form"},
		{"a change of nothing", head("07") + "00" + none, "item 1 is changed, and its terms are not"},
		{"a change without terms", "02 07 00 01 00 00 00 00 00 00 00 00 00 00", "item 1 is changed, and its terms are not"},
		{"a refusal of nothing", head("0a") + "00" + none, "item 1 is refused, and its terms are not"},
		{"a refusal without terms", "02 0a 00 01 00 00 00 00 00 00 00 00 00 00", "item 1 is refused, and its terms are not"},
		{"an entry with a change", head("01") + "08" + none + "02 00 01 61 494e52 00", "item 1 is posted, and its terms are not"},
		{"a refusal of another version", head("0a") + "10" + none + "01 01", "item version 1, this program knows 2"},
		{"a refusal cut short", head("0a") + "10" + none + "05 02", "cut short: 5 bytes wanted, 1 left"},
		{"a refusal with bytes behind what was asked", head("0a") + "10" + none + "0f 02 04 00 01 00 00 00 00 00 00 00 00 00 00 00 08 000000 00 00 00 00 00 00", "1 bytes too many"},
		{"a refusal without a reason", head("0a") + "10" + none + "0e 02 04 00 01 00 00 00 00 00 00 00 00 00 00 00 000000 00 00 00 00 00 00", "reason 0"},
		{"a refusal for an unknown reason", head("0a") + "10" + none + "0e 02 04 00 01 00 00 00 00 00 00 00 00 00 00 11 00 000000 00 00 00 00 00 00", "reason 17"},
		{"a refusal of a refusal", head("0a") + "10" + none + "2b " + "02 0a 00 01 00 02 00 00 00 00 00 00 00 00 10 00 00 00 00 " +
			"0e 02 04 00 01 00 00 00 00 00 00 00 00 00 00 08 00 000000 00 00 00 00 00 00", "refusal in a refusal"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b, err := ledger.DecodeItem(unhex(t, test.data))
			if b != nil || !errors.Is(err, ledger.ErrCorrupt) || !strings.HasPrefix(err.Error(), "stored data is corrupt: "+test.want) {
				t.Errorf("read as %+v, error %v, want %q", b, err, test.want)
			}
		})
	}
}

// Every cut of an item's bytes is noticed, every byte behind its end, and a
// changed byte makes another item or none.
func TestDecodeDamaged(t *testing.T) {
	t.Parallel()
	for name, vector := range vectors(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range vector.data {
				if b, err := ledger.DecodeItem(vector.data[:n]); !errors.Is(err, ledger.ErrCorrupt) {
					t.Errorf("the first %d bytes are read as %+v, %v", n, b, err)
				}
			}
			if b, err := ledger.DecodeItem(append(vector.data[:len(vector.data):len(vector.data)], 0)); !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("a byte too many is read as %+v, %v", b, err)
			}
			for at := range vector.data {
				for bit := range 8 {
					data := bytes.Clone(vector.data)
					data[at] ^= 1 << bit
					if b, err := ledger.DecodeItem(data); err == nil && !bytes.Equal(b.AppendCanonical(nil), data) {
						t.Errorf("byte %d flipped to %x is read as another form of %+v", at, data[at], b)
					}
				}
			}
		})
	}
}

func TestDecodeIsInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anyBooked().Draw(t, "item")
		data := want.AppendCanonical(nil)
		got, err := ledger.DecodeItem(data)
		if err != nil {
			t.Fatal(err)
		}
		wantDiff(t, "decoded", want, got, sentinels())
		if again := got.AppendCanonical(nil); !bytes.Equal(data, again) {
			t.Errorf("encoded again:\n%x, want\n%x", again, data)
		}
	})
}

// FuzzDecodeItem: whatever is read is written again as it was, and nothing
// makes the reader panic.
func FuzzDecodeItem(f *testing.F) {
	for _, vector := range vectors(f) {
		f.Add(vector.data)
	}
	f.Add([]byte{})
	f.Add([]byte{2, 1, 0x80, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ledger.DecodeItem(data)
		if err != nil {
			if b != nil || !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("%v with error %v", b, err)
			}
			return
		}
		if again := b.AppendCanonical(nil); !bytes.Equal(data, again) {
			t.Errorf("%x is read as %+v and written as %x", data, b, again)
		}
		if _ = fmt.Sprintf("%+v", b); b.Terms != nil && b.Refusal != nil && b.Refusal.Failure.Error() == "" {
			t.Error("the refusal says nothing")
		}
	})
}
