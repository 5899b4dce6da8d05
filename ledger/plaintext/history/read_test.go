package history_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
)

// brief is an entry on one line.
func brief(e ledger.Entry) string {
	out := []string{e.ValueDate.String()}
	for _, p := range e.Postings {
		out = append(out, fmt.Sprintf("%s %s %s %s", p.Side, p.Account, p.Currency.Format(p.Amount), p.Currency))
	}
	for _, a := range e.Metadata {
		out = append(out, a.Name+"="+a.Value)
	}
	return strings.Join(out, "; ")
}

// TestRead has what the golden journals have not.
func TestRead(t *testing.T) {
	t.Parallel()
	accounts := "2026-01-01 open Assets:A\n2026-01-01 open Assets:B\n"
	tests := []struct {
		name string
		f    plaintext.Format
		text string
		want []string
	}{
		{
			"left out, virtual first", plaintext.HLedger,
			"2026-02-01\n    [assets:v]\n    assets:a\n    [assets:w]  2 INR\n    assets:b  1 INR\n",
			[]string{"2026-02-01; credit assets/v 2.00 INR; credit assets/a 1.00 INR; debit assets/w 2.00 INR; debit assets/b 1.00 INR; posting:1:virtual=balanced; posting:3:virtual=balanced"},
		},
		{
			"left out, real first", plaintext.HLedger,
			"2026-02-01\n    assets:a\n    [assets:v]\n    [assets:w]  2 INR\n    assets:b  1 INR\n    assets:c  3 EUR\n",
			[]string{"2026-02-01; credit assets/a 1.00 INR; credit assets/a 3.00 EUR; credit assets/v 2.00 INR; debit assets/w 2.00 INR; debit assets/b 1.00 INR; debit assets/c 3.00 EUR; posting:3:virtual=balanced; posting:4:virtual=balanced"},
		},
		{
			"tags of our names, and twice", plaintext.HLedger,
			"2026-02-01 a  ; payee:me\n    ; x:1, x:2\n    assets:a  1 INR  ; comment:yes\n    assets:b\n",
			[]string{"2026-02-01; debit assets/a 1.00 INR; credit assets/b 1.00 INR; description=a; posting:1:tag:comment=yes; tag:payee=me; x=1,2"},
		},
		{
			"signs and marks", plaintext.HLedger,
			"2026-02-01\n    assets:a  -INR 1 234,50\n    assets:b  INR +1,234.50\n2026-02-02\n    assets:a  - 1.234.567 JPY\n    assets:b  1,234,567JPY\n2026-02-03\n    assets:a  .5 INR\n    assets:b  INR-0,50\n",
			[]string{
				"2026-02-01; credit assets/a 1234.50 INR; debit assets/b 1234.50 INR", "2026-02-02; credit assets/a 1234567 JPY; debit assets/b 1234567 JPY",
				"2026-02-03; debit assets/a 0.50 INR; credit assets/b 0.50 INR",
			},
		},
		{
			"aliases, the latest first", plaintext.HLedger,
			"alias a = assets:x\nalias b = a\n2026-02-01\n    b:c  1 INR\n    ab  -1 INR\nend aliases\naccount b  ; type:A\n2026-02-02\n    b  1 INR\n    ab  -1 INR\naccount ab  ; type:A\n",
			[]string{"2026-02-01; debit assets/x/c 1.00 INR; credit ab 1.00 INR", "2026-02-02; debit b 1.00 INR; credit ab 1.00 INR"},
		},
		{
			"a mark in front of the file, and its lines' ends", plaintext.HLedger,
			"\ufeff2026-02-01\r\n    assets:a  1 INR\r\n    assets:b\r\n",
			[]string{"2026-02-01; debit assets/a 1.00 INR; credit assets/b 1.00 INR"},
		},
		{
			"calculations", plaintext.Beancount,
			accounts + "2026-02-01 * \"\"\n  Assets:A  -(7 - 2 * 3) - -3.5 / 2 + +1,000 INR\n  Assets:B\n2026-02-02 *\n  Assets:A  -1 - 1 INR\n  Assets:B\n2026-02-03 *\n  Assets:A  -1. INR\n  Assets:B\n",
			[]string{
				"2026-02-01; debit Assets/A 1000.75 INR; credit Assets/B 1000.75 INR; flag=*", "2026-02-02; credit Assets/A 2.00 INR; debit Assets/B 2.00 INR; flag=*",
				"2026-02-03; credit Assets/A 1.00 INR; debit Assets/B 1.00 INR; flag=*",
			},
		},
		{
			"roots of other names, and accounts that nobody opened", plaintext.Beancount,
			"option \"name_assets\" \"Vermögen\"\nplugin \"beancount.plugins.auto_accounts\"\n2026-02-01 *\n  Vermögen:Bank  1 INR\n  Equity:Opening\n",
			[]string{"2026-02-01; debit Verm-C3-B6gen/Bank 1.00 INR; credit Equity/Opening 1.00 INR; flag=*"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			j, err := openText(t.Context(), test.f, test.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range entriesOf(t, j) {
				got = append(got, brief(e))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A fault behind a line break in a string stands where it stands.
func TestPlacesBehindLineBreaks(t *testing.T) {
	t.Parallel()
	_, err := openText(t.Context(), plaintext.Beancount, "2026-02-01 * \"two\nlines\" Assets:A\n")
	if want := "journal cannot be booked: 1 fault\nj:2:8: Assets:A behind the end"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

// An entry of an export that has as much metadata as one may have is not
// refused for what an import would add.
func TestMetadataWithoutRoom(t *testing.T) {
	t.Parallel()
	var fields strings.Builder
	for i := range 49 {
		fmt.Fprintf(&fields, "\n    ; meta-m%d:x", i)
	}
	text := own("2026-02-01 * k", "    ; key:x", "    ; kind:k", "    ; breached:TRUE", "    ; booked_at:2026-02-01T00:00:00.000000Z"+fields.String())
	j, err := openText(t.Context(), plaintext.HLedger, text)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(entriesOf(t, j)[0].Metadata); n != 50 {
		t.Errorf("%d pairs", n)
	}
	want := []history.Count{{What: "facts of an export for which metadata had no room (imported:booked_at)", Times: 1}}
	if diff := cmp.Diff(want, j.Summary.Passed); diff != "" {
		t.Errorf("passed (-want +got):\n%s", diff)
	}
}

// A chart has few patterns where many accounts are alike.
func TestChartIsShort(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range 300 {
		fmt.Fprintf(&b, "account shop:m%d:available  ; type:L\naccount shop:m%d:costs  ; type:X\naccount bank:b%d  ; type:A\n", i, i, i)
	}
	b.WriteString("account bank  ; type:A\n")
	j, err := openText(t.Context(), plaintext.HLedger, b.String())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range j.Chart().Patterns() {
		got = append(got, p.Path+" "+p.Type.String())
	}
	want := []string{"bank asset", "bank/{2} asset", "shop/{2}/available liability", "shop/{2}/costs expense"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
