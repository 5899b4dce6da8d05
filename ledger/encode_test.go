package ledger_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// full is an entry that uses every field.
func full() *ledger.Booked {
	return &ledger.Booked{
		Entry: ledger.Entry{
			Key: "order-1/paid", Kind: "sale", Reference: "order-1", PartOf: "order-1",
			ValueDate: date("2026-03-01"),
			Metadata:  []ledger.Attribute{{Name: "channel", Value: "web"}, {Name: "né", Value: ""}},
			Postings: []ledger.Posting{
				ledger.Dr(bank, money.Minor(40000), inr()),
				ledger.Cr(available, money.Minor(39260), inr()),
				ledger.Cr(sales, money.Minor(740), inr()),
			},
		},
		Lane: 300, Seq: 70000, At: noon().Add(5 * time.Microsecond), Breached: true,
	}
}

// The bytes on disk and under every hash, as another program computed them from
// docs/FORMAT.md. They must never change.
func TestCanonicalGolden(t *testing.T) {
	t.Parallel()
	most := limit(t)
	tests := []struct {
		name   string
		booked *ledger.Booked
		want   string // hexadecimal, one field a line
		hash   string
	}{
		{"every field", full(), `
01                                             version
ac02                                           lane 300
f0a204                                         seq 70000
8ac0b3b8aa82a606                               instant, microseconds since 1970, zigzag
01                                             breached
0c 6f726465722d312f70616964                    key
04 73616c65                                    kind
07 6f726465722d31                              reference
07 6f726465722d31                              part of
c2c002                                         value date, days since 1970, zigzag
02                                             pairs of metadata
07 6368616e6e656c 03 776562
03 6ec3a9 00
03                                             postings: side, currency, amount, account
01 494e52 02 9c40 04 62616e6b
02 494e52 02 995c 16 6d65726368616e74732f6d312f617661696c61626c65
02 494e52 02 02e4 05 73616c6573`, "0abb4327eee8b49ced2038270ead24fa795a49beb1c362cd2e44bd587ba53954"},
		{"the least", &ledger.Booked{
			Entry: ledger.Entry{Key: "k", Kind: "x", ValueDate: date("1970-01-01"), Postings: []ledger.Posting{
				ledger.Dr("a", money.Minor(1), inr()), ledger.Cr("b", money.Minor(1), inr()),
			}},
			Seq: 1, At: time.Unix(0, 0).UTC(),
		}, `
01 00 01 00 00
01 6b 01 78 00 00
00 00
02
01 494e52 01 01 01 61
02 494e52 01 01 01 62`, ""},
		{"before 1970, and the largest amount", &ledger.Booked{
			Entry: ledger.Entry{Key: "k", Kind: "x", ValueDate: date("0001-01-01"), Postings: []ledger.Posting{
				ledger.Dr("a", most, pkr()), ledger.Cr("b", most, pkr()),
			}},
			Seq: 1, At: time.Unix(-1, 0).UTC(),
		}, `
01 00 01 ff887a 00
01 6b 01 78 00 00
f3e457 00
02
01 504b52 10 4b3b4ca85a86c47a098a223fffffffff 01 61
02 504b52 10 4b3b4ca85a86c47a098a223fffffffff 01 62`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := test.booked.AppendCanonical([]byte("x"))
			if want := "x" + string(unhex(t, test.want)); want != string(got) {
				t.Errorf("canonical bytes are\n%x, want\n%x", got, want)
			}
			if sum := test.booked.Hash(); test.hash != "" && hex.EncodeToString(sum[:]) != test.hash {
				t.Errorf("hash is %x, want %s", sum, test.hash)
			}
			decoded, err := ledger.DecodeEntry(got[1:])
			if err != nil {
				t.Fatal(err)
			}
			wantDiff(t, "decoded", test.booked, decoded)
		})
	}
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

func TestBlockGolden(t *testing.T) {
	t.Parallel()
	second := full()
	second.Seq++
	b := &ledger.Block{Lane: 300, Accounts: 3, Entries: []*ledger.Booked{full(), second}}
	b.Prev[0] = 7
	first, last := b.First(), b.Last()
	if sum := b.Sum(); first != 70000 || last != 70001 || hex.EncodeToString(sum[:]) != "03d7e4e3e3eb68b797518d4c31694d9417444c41c7341828ba4bf31cde81e28a" {
		t.Errorf("block of %d to %d has hash %x", first, last, sum)
	}
}

// Every field is under the hash.
func TestHashCoversEveryField(t *testing.T) {
	t.Parallel()
	hashes := map[[32]byte]string{full().Hash(): "the original"}
	for name, change := range map[string]func(*ledger.Booked){
		"lane":            func(b *ledger.Booked) { b.Lane++ },
		"seq":             func(b *ledger.Booked) { b.Seq++ },
		"at":              func(b *ledger.Booked) { b.At = b.At.Add(time.Microsecond) },
		"breached":        func(b *ledger.Booked) { b.Breached = false },
		"key":             func(b *ledger.Booked) { b.Key += "x" },
		"kind":            func(b *ledger.Booked) { b.Kind += "x" },
		"reference":       func(b *ledger.Booked) { b.Reference += "x" },
		"part of":         func(b *ledger.Booked) { b.PartOf += "x" },
		"value date":      func(b *ledger.Booked) { b.ValueDate = b.ValueDate.AddDays(1) },
		"metadata name":   func(b *ledger.Booked) { b.Metadata[0].Name += "x" },
		"metadata value":  func(b *ledger.Booked) { b.Metadata[1].Value += "x" },
		"no metadata":     func(b *ledger.Booked) { b.Metadata = nil },
		"account":         func(b *ledger.Booked) { b.Postings[0].Account += "x" },
		"side":            func(b *ledger.Booked) { b.Postings[0].Side = ledger.Credit },
		"amount":          func(b *ledger.Booked) { b.Postings[0].Amount = money.Minor(40001) },
		"currency":        func(b *ledger.Booked) { b.Postings[0].Currency = pkr() },
		"order":           func(b *ledger.Booked) { b.Postings[1], b.Postings[2] = b.Postings[2], b.Postings[1] },
		"text moved over": func(b *ledger.Booked) { b.Key, b.Kind = "order-1/pai", "dsale" },
	} {
		b := full()
		change(b)
		if other, taken := hashes[b.Hash()]; taken {
			t.Errorf("changing %s gives the hash of %s", name, other)
		}
		hashes[b.Hash()] = name
	}

	blocks := map[[32]byte]string{}
	for name, change := range map[string]func(*ledger.Block){
		"the original":  func(*ledger.Block) {},
		"lane":          func(b *ledger.Block) { b.Lane++ },
		"accounts":      func(b *ledger.Block) { b.Accounts++ },
		"previous hash": func(b *ledger.Block) { b.Prev[31]++ },
		"an entry less": func(b *ledger.Block) { b.Entries = b.Entries[:1] },
	} {
		b := &ledger.Block{Accounts: 2, Entries: []*ledger.Booked{full(), full()}}
		change(b)
		if other, taken := blocks[b.Sum()]; taken {
			t.Errorf("changing %s of a block gives the hash of %s", name, other)
		}
		blocks[b.Sum()] = name
	}
}

// Bytes that are nearly an entry are refused: each entry has one form.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const head = "01 00 01 00 00 01 6b 01 78 00 00 "
	const posting = "01 494e52 01 01 01 61"
	tests := []struct {
		name string
		data string
		want string
	}{
		{"nothing", "", "stored data is corrupt: cut short: 1 bytes wanted, 0 left"},
		{"another version", "02", "stored data is corrupt: entry version 2, this program knows 1"},
		{"version 0", "00", "stored data is corrupt: entry version 0, this program knows 1"},
		{"only a version", "01", "stored data is corrupt: bad number"},
		{"lane too large", "01 808004", "stored data is corrupt: lane 65536"},
		{"padded lane", "01 8000 01 00 00 01 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded sequence", "01 00 8100 00 00 01 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded instant", "01 00 01 8000 00 01 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded length", "01 00 01 00 00 8100 6b 01 78 00 00 00 00 00", "stored data is corrupt: bad number"},
		{"padded date", head + "8000 00 00", "stored data is corrupt: bad number"},
		{"padded count", head + "00 8000 00", "stored data is corrupt: bad number"},
		{"endless sequence", "01 00 ffffffffffffffffffff01", "stored data is corrupt: bad number"},
		{"truth value 2", "01 00 01 00 02", "stored data is corrupt: truth value 2"},
		{"text longer than the rest", "01 00 01 00 00 05 6b", "stored data is corrupt: cut short: 5 bytes wanted, 1 left"},
		{"text of 2^63 bytes", "01 00 01 00 00 80808080808080808001", "stored data is corrupt: cut short: 9223372036854775808 bytes wanted, 0 left"},
		{"a date before all", head + "f7e457 00 00", "stored data is corrupt: value date -719164 days from 1970"},
		{"no date", head + "f5e457 00 00", "stored data is corrupt: value date -719163 days from 1970"},
		{"a date after all", head + "c282e602 00 00", "stored data is corrupt: value date 2932897 days from 1970"},
		{"a date far off", head + "ffffffffffffffffff01 00 00", "stored data is corrupt: value date -9223372036854775808 days from 1970"},
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
			_, err := ledger.DecodeEntry(unhex(t, test.data))
			if err == nil || !errors.Is(err, ledger.ErrCorrupt) || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}

// Every cut of an entry's bytes is noticed.
func TestDecodeCut(t *testing.T) {
	t.Parallel()
	whole := full().AppendCanonical(nil)
	for n := range whole {
		if b, err := ledger.DecodeEntry(whole[:n]); !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("the first %d bytes are read as %+v, %v", n, b, err)
		}
	}
}

// anyBooked draws entries of every shape the journal may hold.
func anyBooked() *rapid.Generator[*ledger.Booked] {
	return rapid.Custom(func(t *rapid.T) *ledger.Booked {
		text := rapid.String()
		currency := rapid.SampledFrom([]money.Currency{inr(), pkr(), money.MustCurrency("JPY"), money.MustCurrency("KWD")})
		b := &ledger.Booked{
			Entry: ledger.Entry{
				Key: text.Draw(t, "key"), Kind: text.Draw(t, "kind"), Reference: text.Draw(t, "reference"), PartOf: text.Draw(t, "part of"),
				ValueDate: calendar.MustDate("0001-01-01").AddDays(rapid.IntRange(0, 3_652_058).Draw(t, "day")),
			},
			Lane: rapid.Uint16().Draw(t, "lane"), Seq: rapid.Uint64().Draw(t, "seq"),
			At:       time.UnixMicro(rapid.Int64().Draw(t, "micros")).UTC(),
			Breached: rapid.Bool().Draw(t, "breached"),
		}
		for i := range rapid.IntRange(0, 4).Draw(t, "pairs") {
			b.Metadata = append(b.Metadata, ledger.Attribute{Name: fmt.Sprint(i, text.Draw(t, "name")), Value: text.Draw(t, "value")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "postings") {
			wide, err := money.ParseMinor(rapid.StringMatching(`-?[0-9]{1,38}`).Draw(t, "amount"))
			if err != nil {
				t.Fatal(err)
			}
			b.Postings = append(b.Postings, ledger.Posting{
				Account: text.Draw(t, "account"), Side: rapid.SampledFrom([]ledger.Side{ledger.Debit, ledger.Credit}).Draw(t, "side"),
				Amount: wide, Currency: currency.Draw(t, "currency"),
			})
		}
		return b
	})
}

func TestDecodeIsInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anyBooked().Draw(t, "entry")
		data := want.AppendCanonical(nil)
		got, err := ledger.DecodeEntry(data)
		if err != nil {
			t.Fatal(err)
		}
		wantDiff(t, "decoded", want, got)
		if again := got.AppendCanonical(nil); !bytes.Equal(data, again) {
			t.Errorf("encoded again:\n%x, want\n%x", again, data)
		}
	})
}

// FuzzDecodeEntry: whatever is read is written again as it was, and nothing
// makes the reader panic.
func FuzzDecodeEntry(f *testing.F) {
	f.Add(full().AppendCanonical(nil))
	f.Add((&ledger.Booked{Entry: sale("k", 1), Seq: 1, At: noon()}).AppendCanonical(nil))
	f.Add([]byte{})
	f.Add([]byte{1, 0x80, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ledger.DecodeEntry(data)
		if err != nil {
			if b != nil || !errors.Is(err, ledger.ErrCorrupt) {
				t.Errorf("%v with error %v", b, err)
			}
			return
		}
		if again := b.AppendCanonical(nil); !bytes.Equal(data, again) {
			t.Errorf("%x is read as %+v and written as %x", data, b, again)
		}
	})
}
