package ledger_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// wideAccount uses every field of an account.
func wideAccount() *ledger.Account {
	return &ledger.Account{
		AccountID: idOf(available), No: 300, Type: ledger.Liability, Opened: noon(), Status: ledger.NoDebit,
		Metadata: []ledger.Attribute{{Name: "tier", Value: "gold"}}, Limits: wideLimits(), LimitsSeq: 7,
		Balance: ledger.Balance{Debits: money.Minor(1), Credits: money.Minor(40000), HeldDebits: money.Minor(500), HeldCredits: money.Minor(0), Seq: 70000},
		Holds:   2,
		Counters: []ledger.Counter{
			{Since: 7, Slots: []ledger.Slot{{No: -1, Total: money.Minor(60)}, {No: 29540130, Total: money.Minor(40)}}},
			{Since: 9},
		},
	}
}

// An account's bytes as stores keep them.
func TestAccountGolden(t *testing.T) {
	t.Parallel()
	want := unhex(t, `
ac02                                  number 300
02 02                                 type, status
80c0b3b8aa82a606                      opened
f0a204                                last seq
01 01                                 debits
02 9c40                               credits
02 01f4                               held debits
00                                    held credits
02                                    holds
03                                    limits: bits
10 ffffffffffffffffffffffffffffec78   floor
09 010000000000000000                 ceiling
02                                    velocity limits
02 01 01 01 64
03 02 02 01 07
07                                    limits of seq 7
07 02                                 first counter: since, sixtieths
01 01 3c
c4fc951c 01 28
09 00                                 second counter
01 04 74696572 04 676f6c64            metadata`)
	if got := wideAccount().AppendBinary(nil); !bytes.Equal(got, want) {
		t.Errorf("bytes are\n%s, want\n%s", hex.EncodeToString(got), hex.EncodeToString(want))
	}
	decoded, err := ledger.DecodeAccount(idOf(available), want)
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "decoded", wideAccount(), decoded)
}

func TestDecodeAccountRefuses(t *testing.T) {
	t.Parallel()
	whole := wideAccount().AppendBinary(nil)
	for n := range whole {
		if a, err := ledger.DecodeAccount(idOf(available), whole[:n]); a != nil || !errors.Is(err, ledger.ErrCorrupt) {
			t.Errorf("the first %d bytes are read as %+v, %v", n, a, err)
		}
	}
	changed := func(fn func(*ledger.Account)) []byte {
		a := wideAccount()
		fn(a)
		return a.AppendBinary(nil)
	}
	for want, data := range map[string][]byte{
		"1 bytes too many":                  append(bytes.Clone(whole), 0),
		"type none, status no_debit":        changed(func(a *ledger.Account) { a.Type = 0 }),
		"type type(6), status no_debit":     changed(func(a *ledger.Account) { a.Type = 6 }),
		"type liability, status unknown(0)": changed(func(a *ledger.Account) { a.Status = 0 }),
		"type liability, status unknown(5)": changed(func(a *ledger.Account) { a.Status = 5 }),
		"limits {":                          changed(func(a *ledger.Account) { a.Limited = false }),
	} {
		_, err := ledger.DecodeAccount(idOf(available), data)
		if !errors.Is(err, ledger.ErrCorrupt) || !strings.HasPrefix(err.Error(), "account merchants/m1/available INR: stored data is corrupt: "+want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}

func TestDecodeAccountIsInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := &ledger.Account{
			AccountID: idOf(available), No: rapid.Uint64().Draw(t, "no"), Opened: noon(), LimitsSeq: rapid.Uint64().Draw(t, "limits seq"),
			Type:   rapid.SampledFrom([]ledger.Type{ledger.Asset, ledger.Liability, ledger.Equity, ledger.Income, ledger.Expense}).Draw(t, "type"),
			Status: rapid.SampledFrom([]ledger.Status{ledger.Open, ledger.NoDebit, ledger.Frozen, ledger.AccountClosed}).Draw(t, "status"),
			Balance: ledger.Balance{
				Debits: anyAmount(t), Credits: anyAmount(t), HeldDebits: anyAmount(t), HeldCredits: anyAmount(t), Seq: rapid.Uint64().Draw(t, "seq"),
			},
			Holds: rapid.Uint64().Draw(t, "holds"), Limits: anyLimits(t), Metadata: anyAttributes(t),
		}
		for range want.Velocity {
			c := ledger.Counter{Since: rapid.Uint64().Draw(t, "since")}
			for range rapid.IntRange(0, 3).Draw(t, "sixtieths") {
				c.Slots = append(c.Slots, ledger.Slot{No: rapid.Int64().Draw(t, "no"), Total: anyAmount(t)})
			}
			want.Counters = append(want.Counters, c)
		}
		data := want.AppendBinary(nil)
		got, err := ledger.DecodeAccount(want.AccountID, data)
		if err != nil {
			t.Fatal(err)
		}
		wantDiff(t, "decoded", want, got, cmpopts.EquateEmpty())
		if again := got.AppendBinary(nil); !bytes.Equal(data, again) {
			t.Errorf("encoded again:\n%x, want\n%x", again, data)
		}
	})
}
