package history_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/money"
)

// beside is what may stand beside the journal of a row.
func beside() map[string]string {
	return map[string]string{
		"sub/a.journal": "2026-01-01 in another file\n    assets:a  1 INR\n    assets:b  -2 INR\n",
		"loop.journal":  "include j\n",
	}
}

// hledgerRefusals are a line or a few, and every fault of them.
func hledgerRefusals() map[string][2]string {
	t := func(lines ...string) string { return strings.Join(lines, "\n") + "\n" }
	pair := "    assets:a  1 INR\n    assets:b  -1 INR\n"
	return map[string][2]string{
		"no date":            {t("20x6-01-01 a"), "j:1:1: 20 is no date"},
		"there is no day":    {t("2026-02-30 a"), "j:1:1: 2026-02-30 is no date"},
		"no year":            {t("02-01 a"), "j:1:1: 02-01 has no year, and no Y directive says which is meant"},
		"mixed marks":        {t("2026-02/01 a"), "j:1:1: 2026-02/01 is no date"},
		"behind the date":    {t("2026-02-01x a"), "j:1:11: x a behind the date"},
		"second date":        {t("2026-02-01=13-01 a"), "j:1:11: secondary date: 13-01 is no date"},
		"code without end":   {t("2026-02-01 (x a"), "j:1:12: a code without its closing parenthesis: x a"},
		"unbalanced":         {t("2026-02-01 a", "    assets:a  1 INR", "    assets:b  -0.99 INR"), "j:1:1: transaction does not balance: INR is 0.01 too much"},
		"two currencies":     {t("2026-02-01 a", "    assets:a  1 INR", "    assets:b  -1 EUR"), "j:1:1: transaction does not balance: INR is 1.00 too much\nj:1:1: transaction does not balance: EUR is -1.00 too much"},
		"converted by price": {t("2026-02-01 a", "    assets:a  1 EUR @ 90 INR", "    assets:b  -90 INR"), "j:1:1: transaction does not balance: EUR is 1.00 too much; each currency balances by itself here, a price converts nothing: use accounts of conversion\nj:1:1: transaction does not balance: INR is -90.00 too much; each currency balances by itself here, a price converts nothing: use accounts of conversion"},
		"price and left out": {t("2026-02-01 a", "    assets:a  1 EUR @ 90 INR", "    assets:b"), "j:3:5: a posting without an amount in a transaction with prices: write the amount"},
		"two left out":       {t("2026-02-01 a", "    assets:a  1 INR", "    assets:b", "    assets:c"), "j:4:5: a second posting without an amount; the first is in line 3"},
		"virtual":            {t("2026-02-01 a", "    (assets:a)  1 INR"), "j:2:5: a virtual posting that need not balance: (assets:a)"},
		"virtual group":      {t("2026-02-01 a", "    assets:a  1 INR", "    [assets:b]  -1 INR"), "j:1:1: transaction does not balance: INR is 1.00 too much\nj:1:1: transaction does not balance: INR is -1.00 too much"},
		"assignment":         {t("2026-02-01 a", "    assets:a  = 1 INR", "    assets:b"), "j:2:15: a balance assignment: = 1 INR; write the amount"},
		"lot":                {t("2026-02-01 a", "    assets:a  1 EUR {90 INR}", "    assets:b"), "j:2:21: a lot: {90 INR}; lots and their costs are not kept"},
		"posting date":       {t("2026-02-01 a", "    assets:a  1 INR  ; date:2026-02-03", "    assets:b"), "j:2:24: a posting with a date of its own: 2026-02-03; an entry has one value date"},
		"posting date in brackets": {t("2026-02-01 a", "    assets:a  1 INR", "    ; [02-03]", "    assets:b"),
			"j:3:7: a posting with a date of its own: [02-03]; an entry has one value date"},
		"no amount":       {t("2026-02-01 a", "    assets:a  one INR"), "j:2:15: one INR is no amount"},
		"two signs":       {t("2026-02-01 a", "    assets:a  -INR -1"), "j:2:15: -INR -1 is no amount"},
		"scientific":      {t("2026-02-01 a", "    assets:a  1E3 INR"), "j:2:17: 3 INR behind the posting"},
		"no commodity":    {t("2026-02-01 a", "    assets:a  1", "    assets:b"), "j:2:15: 1 has no commodity, and no D directive says which is meant"},
		"ambiguous":       {t("2026-02-01 a", "    assets:a  1,000 INR", "    assets:b"), "j:2:15: 1,000 may be 1000 or 1.000: a decimal-mark or commodity directive says which"},
		"too many marks":  {t("2026-02-01 a", "    assets:a  1,000.00.00 INR"), "j:2:15: 1,000.00.00 mixes the marks . and ,"},
		"decimals":        {t("2026-02-01 a", "    assets:a  1.001 EUR", "    assets:b  -0,0001 EUR"), "j:2:15: 1.001 may be 1001 or 1.001: a decimal-mark or commodity directive says which"},
		"more decimals":   {t("2026-02-01 a", "    assets:a  10.0010 EUR", "    assets:b  -10.0000 EUR", "    assets:c"), "j:2:15: 10.001 has 3 decimals, EUR has 2"},
		"decimals of yen": {t("2026-02-01 a", "    assets:a  1.5 JPY", "    assets:b"), "j:2:15: 1.5 has 1 decimals, JPY has 0"},
		"too large": {t("2026-02-01 a", "    assets:a  "+strings.Repeat("9", 37)+" INR", "    assets:b"),
			"j:2:15: amount overflow: INR \"" + strings.Repeat("9", 37) + "\" has 37 digits before the point, at most 36 fit"},
		"unknown commodities": {t("2026-02-01 a", "    assets:a  1 GOLD", "    assets:b  -1 GOLD", "    assets:a  $1", "    assets:b"),
			"j:2:15: commodity \"GOLD\" is no ISO 4217 currency, and nothing says which it stands for; amounts in it: 2\nj:4:15: commodity \"$\" is no ISO 4217 currency, and nothing says which it stands for; amounts in it: 1"},
		"assertion":           {t("2026-02-01 a", "    assets:a  1 INR = 2 INR", "    assets:b"), "j:2:21: balance of assets:a is INR 1.00, not 2.00; the difference is -1.00"},
		"assertion by date":   {t("2026-02-02 a", "    assets:a  1 INR = 1 INR", "    assets:b", "2026-02-01 b", "    assets:a  1 INR", "    assets:b"), "j:2:21: balance of assets:a is INR 2.00, not 1.00; the difference is 1.00"},
		"assertion of all":    {t("2026-02-01 a", "    assets:a  1 EUR", "    assets:a  1 INR == 1 INR", "    assets:b"), "j:3:21: balance of assets:a has EUR 1.00 too, where INR alone is asserted"},
		"assertion below":     {t("2026-02-01 a", "    assets:a  1 INR =* 1 INR", "    assets:a:b  1 INR =* 3 INR", "    assets:b", "    assets:a  0 INR =* 1 INR"), "j:3:23: balance of assets:a:b is INR 1.00, not 3.00; the difference is -2.00\nj:5:21: balance of assets:a is INR 2.00, not 1.00; the difference is 1.00"},
		"assertion of what":   {t("2026-02-01 a", "    assets:a  1 INR = 0", "    assets:b"), "j:2:21: the balance asserted of assets:a has no commodity"},
		"no type":             {t("2026-02-01 a", "    savings  1 INR", "    assets:b"), "j:2:5: account \"savings\" has no type: neither its root nor a directive says one"},
		"type":                {t("account savings  ; type:Q"), "j:1:20: type Q is none of A, L, E, R, X, C, V"},
		"two types":           {t("account savings  ; type:A", "account savings  ; type:L"), "j:2:9: account savings was of type asset"},
		"old type":            {t("account savings  A"), "j:1:18: A behind the account; a type is a tag, ; type:A"},
		"paths collide":       {t("2026-02-01 a", "    assets:a b  1 INR", "    assets:a_b"), "j:3:5: accounts \"assets:a b\" and \"assets:a_b\" would both be assets/a_b"},
		"empty segment":       {t("2026-02-01 a", "    assets::b  1 INR"), "j:2:5: \"assets::b\" is no account"},
		"long path":           {t("2026-02-01 a", "    assets:"+strings.Repeat("é", 50)+"  1 INR", "    assets:b"), "j:2:5: account \"assets:éééééééééééééééé…\" would have a path of 307 bytes, at most 255 are allowed"},
		"long code":           {t("2026-02-01 ("+strings.Repeat("x", 256)+") a") + pair, "j:1:1: reference has 256 bytes, at most 255 are allowed"},
		"long tag":            {t("2026-02-01 a ; x:"+strings.Repeat("y", 2001)) + pair, "j:1:1: metadata \"x\": metadata value has 2001 bytes, at most 2000 are allowed"},
		"periodic":            {t("~ monthly", "    assets:a  1 INR", "    assets:b"), "j:1:1: a periodic or automatic transaction: ~ monthly; write out what it makes"},
		"automatic":           {t("= expenses", "    (assets:a)  *1"), "j:1:1: a periodic or automatic transaction: = expenses; write out what it makes"},
		"directive":           {t("define x = 1"), "j:1:1: define x = 1 is not understood"},
		"time clock":          {t("i 2026/02/01 09:00:00 work"), "j:1:1: i 2026/02/01 09:00:00 work is not understood"},
		"belongs to nothing":  {t("", "    assets:a  1 INR"), "j:2:5: an indented line that belongs to nothing: assets:a  1 INR"},
		"behind a blank line": {t("2026-02-01 a", "    assets:a  1 INR", "    assets:b", "", "    assets:c"), "j:5:5: an indented line that belongs to nothing: assets:c"},
		"regular expression":  {t("alias /a/ = b"), "j:1:7: an alias by a regular expression: /a/ = b"},
		"alias":               {t("alias a"), "j:1:7: a is no alias, OLD = NEW"},
		"end of nothing":      {t("end apply account"), "j:1:1: end apply account is not understood"},
		"decimal mark":        {t("decimal-mark x"), "j:1:14: decimal-mark x: it is . or ,"},
		"year":                {t("Y 20260"), "j:1:3: 20260 is no year"},
		"sample":              {t("commodity 1000"), "j:1:11: 1000 is no sample of an amount"},
		"format":              {t("commodity X", "  format 1.00 Y"), "j:2:10: a format of \"Y\" below commodity \"X\""},
		"commodity below":     {t("commodity X", "  nomarket"), "j:2:3: nomarket below a commodity directive is not understood"},
		"currency":            {t("commodity 1.00 X ; currency:QQQ"), "j:1:20: commodity \"X\": unknown currency: \"QQQ\" is no active ISO 4217 code with a minor unit"},
		"comment block":       {t("comment", "a"), "j:1:1: a comment block without its end"},
		"missing file":        {t("include nowhere.journal"), "j:1:9: include: nowhere.journal: file does not exist"},
		"pattern":             {t("include *.journal"), "j:1:9: include of \"*.journal\": one file, by its path, is understood; patterns and ~ are not"},
		"other reader":        {t("include timedot:x.md"), "j:1:9: include of timedot:x.md: journals are understood, nothing else"},
		"csv":                 {t("include x.csv"), "j:1:9: include of x.csv: journals are understood, nothing else"},
		"in another file":     {t("include sub/a.journal"), "sub/a.journal:1:1: transaction does not balance: INR is -1.00 too much"},
		"cycle":               {t("include loop.journal"), "loop.journal:1:9: j is included a second time"},
		"not UTF-8":           {"2026-02-01 a\xff", "j:1:13: the byte 0xff is not UTF-8"},
		"control character":   {"2026-02-01 é\x00", "j:1:13: a control character, U+0000"},
		"newer form":          {"; SettleX journal for hledger, form 9\n", "j:1:1: an export of form 9; forms 2 and 3 are known"},
		"own, no key":         {own("2026-02-01 * k", "    ; kind:k"), "j:2:1: a transaction without a key in an export"},
		"own, key twice":      {own("2026-02-01 * k", "    ; key:x", "    ; kind:k") + own("2026-02-01 * k", "    ; key:x", "    ; kind:k"), "j:9:1: key \"x\" stands twice, first in line 2 of j"},
		"own, field":          {own("2026-02-01 * k", "    ; key:x", "    ; kind:k", "    ; mood:good"), "j:5:7: mood good is no field of an export"},
		"own, comment":        {own("2026-02-01 * k", "    ; key:x", "    ; kind:k", "    ; by hand"), "j:5:7: comment by hand is no field of an export"},
		"own, escape":         {own("2026-02-01 * k", "    ; key:x%4", "    ; kind:k"), "j:3:7: key: not a name in the form of an export: \"x%4\" has '%' without two hexadecimal digits at byte 1"},
		"own, no kind":        {own("2026-02-01 *", "    ; key:x"), "j:2:1: kind is missing"},
		"own, text":           {own("2026-02-01 * other", "    ; key:x", "    ; kind:k"), "j:2:1: \"other\" stands where an export has the kind, \"k\""},
		"own, account":        {own("2026-02-01 * k", "    ; key:x", "    ; kind:k", "    a b  0 INR"), "j:5:5: not a name in the form of an export: account \"a b\""},
	}
}

// own is a transaction of an export.
func own(lines ...string) string {
	return "; SettleX journal for hledger, form 3\n" + strings.Join(lines, "\n") + "\n    assets:a  1 INR\n    assets:b  -1 INR\n\n"
}

func beancountRefusals() map[string][2]string {
	t := func(lines ...string) string {
		return "2026-01-01 open Assets:A\n2026-01-01 open Assets:B INR,EUR\n" + strings.Join(lines, "\n") + "\n"
	}
	txn := func(posting string) string { return t(`2026-02-01 * "x"`, posting, "  Assets:B") }
	return map[string][2]string{
		"not understood":     {t("hello"), "j:3:1: hello is not understood"},
		"no day":             {t("2026-02-30 close Assets:A"), "j:3:1: 2026-02-30 is no date"},
		"directive":          {t("2026-02-01 buy Assets:A"), "j:3:12: buy is not understood"},
		"pad":                {t("2026-02-01 pad Assets:A Assets:B"), "j:3:12: a pad directive: write the transaction that it makes"},
		"character":          {t("2026-02-01 $"), "j:3:12: \"$\" is not understood"},
		"cost":               {txn("  Assets:A  1 EUR {90 INR}"), "j:4:19: a cost: lots and their costs are not kept"},
		"price":              {t(`2026-02-01 * "x"`, "  Assets:A  1 EUR @ 90 INR", "  Assets:B  -90 INR"), "j:3:1: transaction does not balance: EUR is 1.00 too much; each currency balances by itself here, a price converts nothing: use accounts of conversion\nj:3:1: transaction does not balance: INR is -90.00 too much; each currency balances by itself here, a price converts nothing: use accounts of conversion"},
		"price and left out": {txn("  Assets:A  1 EUR @ 90 INR"), "j:5:3: a posting without an amount in a transaction with prices: write the amount"},
		"no price":           {txn("  Assets:A  1 EUR @"), "j:4:20: the end of the line where a number is needed"},
		"no currency":        {txn("  Assets:A  1"), "j:4:14: the end of the line where a currency is needed"},
		"no number":          {txn("  Assets:A  EUR"), "j:4:13: EUR where a number is needed"},
		"division":           {txn("  Assets:A  1 / 0 EUR"), "j:4:15: division by zero"},
		"no end":             {txn("  Assets:A  10 / 3 EUR"), "j:4:13: 10/3 has no end as a decimal number, or too many digits"},
		"decimals":           {txn("  Assets:A  0.005 + 0.001 EUR"), "j:4:13: 0.006 has 3 decimals, EUR has 2"},
		"parenthesis":        {txn("  Assets:A  (1 + 2 EUR"), "j:4:20: EUR where ) is needed"},
		"too long":           {txn("  Assets:A  " + strings.Repeat("1+", 200) + "1 EUR"), "j:4:413: a calculation of more than 200 terms"},
		"digits":             {txn("  Assets:A  1" + strings.Repeat("0", 100) + " EUR"), "j:4:13: 1000000000000000000000000000000000000000… has 101 digits, at most 100 are allowed"},
		"behind the end":     {txn("  Assets:A  1 EUR USD"), "j:4:19: USD behind the end"},
		"unbalanced":         {t(`2026-02-01 * "x"`, "  Assets:A  1 EUR", "  Assets:B  -1.01 EUR"), "j:3:1: transaction does not balance: EUR is -0.01 too much"},
		"balance":            {txn("  Assets:A  1 EUR") + "2026-02-02 balance Assets:A 1.01 EUR\n2026-02-01 balance Assets:A 0 EUR\n", "j:6:12: balance of Assets:A is EUR 1.00, not 1.01; the difference is -0.01"},
		"tolerance":          {txn("  Assets:A  1 EUR") + "2026-02-02 balance Assets:A 1.02 ~ 0.019 EUR\n", "j:6:12: balance of Assets:A is EUR 1.00, not 1.02; the difference is -0.02"},
		"not open":           {t(`2026-02-01 * "x"`, "  Assets:C  1 EUR", "  Assets:B"), "j:4:3: account Assets:C is not opened"},
		"not open, asserted": {t("2026-02-01 balance Assets:C 0 EUR"), "j:3:12: account Assets:C is not opened"},
		"not yet open":       {t(`2025-12-31 * "x"`, "  Assets:A  1 EUR", "  Assets:B"), "j:4:3: account Assets:A is opened on 2026-01-01, after 2025-12-31\nj:5:3: account Assets:B is opened on 2026-01-01, after 2025-12-31"},
		"closed":             {t("2026-01-31 close Assets:A") + txn("  Assets:A  1 EUR")[len(t())-1:], "j:5:3: account Assets:A was closed on 2026-01-31, before 2026-02-01"},
		"opened twice":       {t("2026-01-31 open Assets:A"), "j:3:17: account Assets:A is opened a second time"},
		"currencies":         {t(`2026-02-01 * "x"`, "  Assets:B  1 USD", "  Assets:A"), "j:4:13: account Assets:B is opened for INR, EUR, not for USD"},
		"root":               {t("2026-01-01 open Savings:A", `2026-02-01 * "x"`, "  Savings:A  1 INR", "  Assets:A"), "j:3:17: account \"Savings:A\" has no type: neither its root nor a directive says one"},
		"account":            {t("2026-01-01 open Assets:a"), "j:3:17: \"Assets:a\" is no account"},
		"option":             {t(`option "use_precision" "1"`), "j:3:8: option \"use_precision\" is not understood"},
		"plugin":             {t(`plugin "mine"`), "j:3:8: plugin \"mine\" may change what is booked"},
		"include":            {t(`include "nowhere"`), "j:3:9: include: nowhere: file does not exist"},
		"poptag":             {t("poptag #x"), "j:3:8: poptag #x without its pushtag"},
		"pushtag":            {t("pushtag #x"), "j:4:1: pushtag #x without its poptag"},
		"popmeta":            {t("popmeta x-y:"), "j:3:9: popmeta x-y without its pushmeta"},
		"string":             {t(`2026-02-01 * "x`), "j:3:14: a string without its closing quote"},
		"pair twice":         {t(`2026-02-01 * "x"`, "  aa: 1", "  aa: 2", "  Assets:A  1 EUR", "  Assets:B"), "j:5:3: aa stands twice"},
		"below nothing":      {t("", "  Assets:A  1 EUR"), "j:4:3: an indented line that belongs to nothing: Assets:A"},
		"below a directive":  {t("2026-01-02 commodity INR", "  Assets:A  1 EUR"), "j:4:3: Assets:A below a directive"},
	}
}

// TestRefusals is the gallery of everything that keeps a journal out.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, f := range formats() {
		rows := hledgerRefusals()
		if f == plaintext.Beancount {
			rows = beancountRefusals()
		}
		for name, row := range rows {
			t.Run(fmt.Sprintf("%s, %s", f, name), func(t *testing.T) {
				t.Parallel()
				texts := beside()
				texts["j"] = row[0]
				_, err := history.Open(t.Context(), "j", history.Options{Format: f, Open: files(texts)})
				if !errors.Is(err, history.ErrJournal) {
					t.Fatalf("%v, want faults", err)
				}
				faults, _ := errors.AsType[*history.FaultsError](err)
				var got []string
				for _, fault := range faults.Faults {
					got = append(got, fault.String())
				}
				if diff := cmp.Diff(strings.Split(row[1], "\n"), got); diff != "" {
					t.Errorf("faults (-want +got):\n%s\nof:\n%s", diff, row[0])
				}
			})
		}
	}
}

// Every fault is looked for, and no more of them kept than can be read.
func TestFaultsAreBounded(t *testing.T) {
	t.Parallel()
	_, err := openText(t.Context(), plaintext.HLedger, strings.Repeat("nonsense\n", 1234))
	faults, ok := errors.AsType[*history.FaultsError](err)
	if !ok || len(faults.Faults) != 1000 || faults.More != 234 {
		t.Fatalf("%v", err)
	}
	text := err.Error()
	if lines := strings.Count(text, "\n"); lines != 21 || !strings.HasSuffix(text, "... and 1214 more") || !strings.HasPrefix(text, "journal cannot be booked: 1234 faults\nj:1:1: ") {
		t.Errorf("%d lines:\n%s", lines, text)
	}
}

// What the options say comes before what the journal says, and a chart that is
// given decides which accounts may be.
func TestOptions(t *testing.T) {
	t.Parallel()
	text := "account savings  ; type:L\n2026-02-01 a\n    savings:x  $1\n    Budget  -1 GOLD\n    Budget  $-1\n    savings:x  1 GOLD\n"
	options := history.Options{
		Format: plaintext.HLedger, Open: files(map[string]string{"j": text}), Kind: "history",
		Commodities: map[string]money.Currency{"$": money.MustCurrency("USD"), "GOLD": money.MustCurrency("INR")},
		Types:       map[string]ledger.Type{"savings": ledger.Asset, "Budget": ledger.Equity},
	}
	j, err := history.Open(t.Context(), "j", options)
	if err != nil {
		t.Fatal(err)
	}
	usd, inr := money.MustCurrency("USD"), money.MustCurrency("INR")
	got := entriesOf(t, j)
	want := []ledger.Posting{
		ledger.Dr("savings/x", money.Minor(100), usd), ledger.Cr("Budget", money.Minor(100), inr),
		ledger.Cr("Budget", money.Minor(100), usd), ledger.Dr("savings/x", money.Minor(100), inr),
	}
	if len(got) != 1 || got[0].Kind != "history" {
		t.Fatalf("%v", got)
	}
	if diff := cmp.Diff(want, got[0].Postings); diff != "" {
		t.Errorf("postings (-want +got):\n%s", diff)
	}
	if p, _ := j.Chart().Match("savings/x"); p.Type != ledger.Asset {
		t.Errorf("savings/x is of type %s", p.Type)
	}
	if options.Chart, err = ledger.NewChart(ledger.Pattern{Path: "savings/{x}", Type: ledger.Expense}); err != nil {
		t.Fatal(err)
	}
	_, err = history.Open(t.Context(), "j", options)
	wantText := "journal cannot be booked: 2 faults\nj:3:5: account savings/x is of type asset, the chart says expense\nj:4:5: account Budget is not in the chart"
	if err == nil || err.Error() != wantText {
		t.Errorf("%v", err)
	}
}
