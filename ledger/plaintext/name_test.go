package plaintext_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
)

func TestAccountName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		t         ledger.Type
		path      string
		hledger   string
		beancount string
	}{
		{"usual", ledger.Liability, "merchants/m_1/available", "merchants:m_1:available", "Liabilities:Merchants:M-1:Available"},
		{"one segment", ledger.Asset, "bank", "bank", "Assets:Bank"},
		{"equity", ledger.Equity, "capital", "capital", "Equity:Capital"},
		{"income", ledger.Income, "income/processing_fee", "income:processing_fee", "Income:Income:Processing-fee"},
		{"expense", ledger.Expense, "expense/rail_cost", "expense:rail_cost", "Expenses:Expense:Rail-cost"},
		{"capitals", ledger.Liability, "tax/GST", "tax:GST", "Liabilities:Tax:GST"},
		{"one capital", ledger.Liability, "tax/Gst", "tax:Gst", "Liabilities:Tax:X47st"},
		{"small before capital", ledger.Asset, "iOS", "iOS", "Assets:X69OS"},
		{"single letters", ledger.Asset, "a/A", "a:A", "Assets:A:X41"},
		{"capital before digit", ledger.Asset, "M4", "M4", "Assets:X4D4"},
		{"begins with x", ledger.Asset, "xyz/XYZ", "xyz:XYZ", "Assets:X78yz:X58YZ"},
		{"digits and hyphens", ledger.Liability, "settlements/0190b5e2-7e1c", "settlements:0190b5e2-7e1c", "Liabilities:Settlements:0190b5e2--7e1c"},
		{"dots", ledger.Asset, "a.b", "a.b", "Assets:A-X2Eb"},
		{"underscores", ledger.Asset, "a_b/a__b/a_/_a/a_X", "a_b:a__b:a_:_a:a_X", "Assets:A-b:A-X5F-b:A-X5F:X5Fa:A-X5FX"},
		{"hyphen and underscore", ledger.Asset, "a-_b/a_-b", "a-_b:a_-b", "Assets:A---b:A-X5F--b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for f, want := range map[plaintext.Format]string{plaintext.HLedger: test.hledger, plaintext.Beancount: test.beancount} {
				got, err := plaintext.AccountName(f, test.t, test.path)
				if err != nil || got != want {
					t.Errorf("%s: %q, %v, want %q", f, got, err, want)
				}
				checkAccountName(t, f, test.t, test.path)
			}
		})
	}
}

func TestAccountNameRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		f    plaintext.Format
		t    ledger.Type
		path string
		want error
	}{
		{"no format", "", ledger.Asset, "bank", plaintext.ErrUnknownFormat},
		{"no path", plaintext.HLedger, ledger.Asset, "", plaintext.ErrBadName},
		{"empty segment", plaintext.Beancount, ledger.Asset, "a//b", plaintext.ErrBadName},
		{"empty end", plaintext.Beancount, ledger.Asset, "a/", plaintext.ErrBadName},
		{"colon", plaintext.HLedger, ledger.Asset, "a:b", plaintext.ErrBadName},
		{"no type", plaintext.Beancount, 0, "bank", plaintext.ErrBadName},
		{"type beyond", plaintext.Beancount, 6, "bank", plaintext.ErrBadName},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got, err := plaintext.AccountName(test.f, test.t, test.path); !errors.Is(err, test.want) {
				t.Errorf("%q, %v, want %v", got, err, test.want)
			}
		})
	}
}

func TestParseAccountNameRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		f    plaintext.Format
		in   string
		want error
	}{
		{"no format", "ledger", "bank", plaintext.ErrUnknownFormat},
		{"empty", plaintext.HLedger, "", plaintext.ErrBadName},
		{"slash", plaintext.HLedger, "a/b", plaintext.ErrBadName},
		{"empty component", plaintext.HLedger, "a::b", plaintext.ErrBadName},
		{"no root", plaintext.Beancount, "Bank:Main", plaintext.ErrBadName},
		{"only a root", plaintext.Beancount, "Assets", plaintext.ErrBadName},
		{"empty after root", plaintext.Beancount, "Assets:", plaintext.ErrBadName},
		{"nameless root", plaintext.Beancount, ":Bank", plaintext.ErrBadName},
		{"small letter", plaintext.Beancount, "Assets:bank", plaintext.ErrBadName},
		{"half a byte", plaintext.Beancount, "Assets:X4", plaintext.ErrBadName},
		{"half a byte inside", plaintext.Beancount, "Assets:A-X2", plaintext.ErrBadName},
		{"small digits", plaintext.Beancount, "Assets:A-X2eb", plaintext.ErrBadName},
		{"needless escape", plaintext.Beancount, "Assets:X62ank", plaintext.ErrBadName},
		{"needless escape inside", plaintext.Beancount, "Assets:B-X61nk", plaintext.ErrBadName},
		{"slash in disguise", plaintext.Beancount, "Assets:A-X2FB", plaintext.ErrBadName},
		{"underscore that had to be escaped", plaintext.Beancount, "Assets:A-", plaintext.ErrBadName},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, path, err := plaintext.ParseAccountName(test.f, test.in); !errors.Is(err, test.want) {
				t.Errorf("%q, %v, want %v", path, err, test.want)
			}
		})
	}
}

// beancountAccount is the rule of beancount's own lexer, ASCII only.
var beancountAccount = regexp.MustCompile(`^(Assets|Liabilities|Equity|Income|Expenses)(:[A-Z0-9][A-Za-z0-9-]*)+$`)

// checkAccountName proves that a name has the form its program wants and comes
// back.
func checkAccountName(t rapid.TB, f plaintext.Format, accountType ledger.Type, path string) string {
	t.Helper()
	name, err := plaintext.AccountName(f, accountType, path)
	if err != nil {
		t.Fatalf("%s: %v", f, err)
	}
	wantType := accountType
	if f == plaintext.HLedger {
		wantType = 0
	}
	gotType, got, err := plaintext.ParseAccountName(f, name)
	if err != nil || got != path || gotType != wantType {
		t.Fatalf("%s: %q came back from %q as %q, %s, %v", f, path, name, got, gotType, err)
	}
	if f == plaintext.Beancount && !beancountAccount.MatchString(name) {
		t.Fatalf("beancount would not read %q for %q", name, path)
	}
	return name
}

// paths draws account paths that are close to one another, so that those which
// an escaping could confuse meet.
func paths() *rapid.Generator[string] {
	segment := rapid.OneOf(
		rapid.StringMatching(`[xXaA_.2E-]{1,6}`),
		rapid.StringMatching(`[A-Za-z0-9._-]{1,12}`),
		rapid.SampledFrom(hostileSegments()),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(segment, 1, 4).Draw(t, "segments"), "/")
	})
}

func TestAccountNamesDiffer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		accountType := ledger.Type(rapid.IntRange(1, 5).Draw(t, "type"))
		a, b := paths().Draw(t, "a"), paths().Draw(t, "b")
		for _, f := range formats() {
			if (checkAccountName(t, f, accountType, a) == checkAccountName(t, f, accountType, b)) != (a == b) {
				t.Fatalf("%s: %q and %q have one name", f, a, b)
			}
		}
	})
}

// Every segment of up to four of the bytes that matter, each against all others.
func TestShortNamesDiffer(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	var try func(segment string)
	try = func(segment string) {
		if segment != "" {
			name := checkAccountName(t, plaintext.Beancount, ledger.Asset, segment)
			if other, taken := seen[name]; taken {
				t.Fatalf("%q and %q are both %q", other, segment, name)
			}
			seen[name] = segment
		}
		if len(segment) < 4 {
			for _, c := range "xXaB2E_-." {
				try(segment + string(c))
			}
		}
	}
	try("")
}

func FuzzAccountName(f *testing.F) {
	for _, segment := range hostileSegments() {
		f.Add("merchants/" + segment)
		f.Add("Assets:Bank:" + segment)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, format := range formats() {
			if _, err := plaintext.AccountName(format, ledger.Asset, in); err == nil {
				checkAccountName(t, format, ledger.Asset, in)
			}
			accountType, path, err := plaintext.ParseAccountName(format, in)
			if err != nil {
				continue
			}
			if again, err := plaintext.AccountName(format, accountType, path); err != nil || again != in {
				t.Errorf("%s: %q was read as %q, which is written %q, %v", format, in, path, again, err)
			}
		}
	})
}
