package payment_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// page is docs/ACCOUNTING.md, whose tables must say what the code does.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/ACCOUNTING.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// section gives the rows of the tables below a heading, without their heads.
func section(t *testing.T, heading string) (rows []string) {
	t.Helper()
	_, below, ok := strings.Cut(page(t), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/ACCOUNTING.md has no section %q", heading)
	}
	below, _, _ = strings.Cut(below, "\n## ")
	lines := strings.Split(below, "\n")
	for i, line := range lines {
		head := i+1 < len(lines) && strings.HasPrefix(lines[i+1], "|--")
		if strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|--") && !head {
			rows = append(rows, line)
		}
	}
	return rows
}

// Every recipe that is tested is a row of the page, with its figures, and every
// row of the page is tested.
func TestAccountingRecipes(t *testing.T) {
	t.Parallel()
	var want []string
	for _, r := range recipes() {
		if r.want != "" {
			want = append(want, r.row())
		}
	}
	if diff := cmp.Diff(want, section(t, "Recipes")); diff != "" {
		t.Errorf("rows (-as tested +as written):\n%s", diff)
	}
}

// row writes a recipe as the page has it. Postings of one account stand
// together.
func (r *recipe) row() string {
	lines := strings.Split(strings.Trim(r.want, "\n"), "\n")
	kind, _, _ := strings.Cut(lines[0], " ")
	sides := map[string][]string{}
	for _, line := range lines[1:] {
		side, posting, _ := strings.Cut(strings.TrimSpace(line), " ")
		account, amount, _ := strings.Cut(posting, " ")
		account = "`" + account + "` "
		at := slices.IndexFunc(sides[side], func(s string) bool { return strings.HasPrefix(s, account) })
		if at >= 0 {
			sides[side][at] += " + " + amount
			continue
		}
		sides[side] = append(sides[side], account+amount)
	}
	return fmt.Sprintf("| %s | %#q | %s | %s |", r.name, kind, strings.Join(sides["Dr"], "; "), strings.Join(sides["Cr"], "; "))
}

// The page names every kind of entry there is.
func TestAccountingKinds(t *testing.T) {
	t.Parallel()
	found := make(map[string]bool)
	for _, row := range section(t, "Recipes") {
		found[regexp.MustCompile("^\\|[^|]*\\| `([a-z_.]+)`").FindStringSubmatch(row)[1]] = true
	}
	want := []string{
		payment.EntryCaptured, payment.EntryDepositFee, payment.EntryReserveHeld, payment.EntryReserveFreed, payment.EntryDepositFailed,
		payment.EntryFeeReturned, payment.EntryFeeRecharged, payment.EntryRefund, payment.EntryRefundPaid, payment.EntryRefundRevived, payment.EntryPayoutRevived, payment.EntryRefundBounced,
		payment.EntryRefundFailed, payment.EntryRefundCanceled, payment.EntryReserveDrawn, payment.EntryReserveBack,
		payment.EntryDispute, payment.EntryDisputeFee, payment.EntryDisputeWon, payment.EntryDisputeDebit, payment.EntryDisputeCredit, payment.EntryPayout,
		payment.EntryPayoutRejected, payment.EntryPayoutCanceled, payment.EntryPayoutSent, payment.EntryPayoutDone, payment.EntryPayoutFailed, payment.EntryPayoutReturned, payment.EntryRailSettled,
		payment.EntryRailCost, payment.EntryRailInvoice, payment.EntryBankLine, payment.EntryBankExplained, payment.EntryBankCharged, payment.EntryOwnerPaid,
		payment.EntryFeesMoved, payment.EntryOpening, payment.EntrySold, payment.EntryBought,
		payment.EntryAvailable, payment.EntryBatchClosed, payment.EntryBatchFee, payment.EntryBatchSold, payment.EntryBatchBought, payment.EntryBatchSent, payment.EntryBatchPaid,
		payment.EntryBatchRefused, payment.EntryBatchRevived, payment.EntryBatchCanceled, payment.EntryBatchReturned, payment.EntryBatchCredited,
		payment.EntryAdjusted, payment.EntryAdjustedDown, payment.EntryDebtReclassified, payment.EntryDebtRestored, payment.EntryToppedUp,
		payment.EntryWrittenOff,
		payment.EntryReserveBuilt, payment.EntryReserveFunded, payment.EntryWithheld, payment.EntryWithheldBack, payment.EntryRewithheld,
		payment.EntryFeeInvoiced, payment.EntryFeeCredited, payment.EntryFeeMinimum, payment.EntryRefundFee, payment.EntryFeesDeducted,
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("kinds of entry (-in the code +on the page):\n%s", diff)
	}
}

// The page lists the chart: each path with its type, and the kinds of entry
// that may take it below zero.
func TestAccountingChart(t *testing.T) {
	t.Parallel()
	chart, err := payment.Chart()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, p := range chart.Patterns() {
		floor := "none"
		if p.Limited {
			floor = p.Floor.String()
		}
		if len(p.MayBreach) > 0 {
			kinds := slices.Sorted(slices.Values(p.MayBreach))
			floor += ", but for `" + strings.Join(kinds, "` `") + "`"
		}
		want = append(want, fmt.Sprintf("| %#q | %s | %s |", p.Path, p.Type, floor))
	}
	var got []string
	for _, row := range section(t, "Chart of accounts") {
		cells := strings.Split(row, "|")
		got = append(got, "|"+strings.Join(cells[1:4], "|")+"|")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("chart (-in the code +on the page):\n%s", diff)
	}
}

// The page has every move of every resource, and no other.
func TestAccountingTransitions(t *testing.T) {
	t.Parallel()
	var want []string
	for _, l := range lives() {
		for _, table := range []map[payment.Status]map[payment.Kind]payment.Status{l.moves, l.follow} {
			for from, moves := range table {
				for kind, to := range moves {
					want = append(want, fmt.Sprintf("| %s | %s | %#q | %s |", l.record, from, kind, to))
				}
			}
		}
	}
	for _, move := range settlement.Moves() {
		want = append(want, fmt.Sprintf("| batch | %s | %#q | %s |", move.From, move.On, move.To))
	}
	got := section(t, "Life-cycles")
	got = slices.DeleteFunc(got, func(row string) bool { return strings.Contains(row, "| - |") }) // births, and what follows from others
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("moves (-as tested +as written):\n%s", diff)
	}
}

// A whole story books only on accounts of the page, each in its own type.
func TestStoryStaysOnTheChart(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(story()...)
	for _, account := range d.everything().Accounts {
		pattern, ok := d.Books().Chart().Match(account.Path)
		if !ok || pattern.Type != account.Type || account.Type < ledger.Asset {
			t.Errorf("%s is %s", account.Path, account.Type)
		}
	}
}
