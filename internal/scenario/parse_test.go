package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/scenario"
)

// preamble is enough for a merchant to trade by.
const preamble = `times are those of Asia/Kolkata
region IN trades in INR, keeps its money in bank escrow_in
region IN settles at 18:00, T+1, calendar IN
fee of 2% on deposits in INR
merchant m_1 trades
`

// Every line that cannot be read is named, with the reason.
func TestParseFaults(t *testing.T) {
	t.Parallel()
	const ten = "2026-03-02 10:00 "
	for _, test := range []struct {
		name, line string
		want       string // without the place
	}{
		{"nonsense", "pay everybody", `nothing is known about a line that begins with "pay"`},
		{"nonsense at a time", ten + "pay everybody", `nothing is known to happen at a time that begins with "pay"`},
		{"no time", "deposit d1 of 1.00 INR by UPI for m_1", `when?`},
		{"a day that is none", "2026-02-30 10:00 deposit d1 failed", `parsing time "2026-02-30 10:00": day out of range`},
		{"unknown verb", ten + "deposit d1 won", `a deposit knows no "won"`},
		{"no currency", ten + "deposit d1 of 1.00", `the line ends where a currency should be`},
		{"unknown currency", ten + "deposit d1 of 1.00 XXZ by UPI for m_1", `unknown currency: "XXZ" is no active ISO 4217 code with a minor unit`},
		{"bad amount", ten + "deposit d1 of 1,00 INR by UPI for m_1", `bad amount: "1,00" is not a decimal number of INR, such as 400.00`},
		{"more than is understood", ten + "deposit d1 failed without warning", `nothing is known to do with "without warning"`},
		{"no reason", ten + "deposit d1 failed, because", `the line ends where a reason should be`},
		{"a rail that does not pay", ten + "rail upi gives s1 of 1.00 INR", `"gives s1 of 1.00 INR" should be "pays"`},
		{"batch without a date", ten + "batch of m_1 sent via neft", `"sent via neft" should be "on"`},
		{"batch that neither is sent nor paid", ten + "batch of m_1 on 2026-03-02 noon lost", `a batch is sent via a rail, in transit, paid, unknown, refused, canceled or returned, or held, released, approved or retried by somebody, not "lost"`},
		{"settle whenever", "settle", `settle at a time, or through a date`},
		{"settle at a time and through a date", ten + "settle through 2026-03-02", `settle at a time, or through a date`},
		{"expect nothing", "expect", `the line ends where an account or a resource should be`},
		{"expect an account without an amount", "expect merchants/m_1/available INR", `the line ends where an amount should be`},
		{"expect of a batch what it does not do", "expect batch of m_1 on 2026-03-02 grows 1.00", `"1.00" should be "pays"`},
		{"terms below a step", "settle through 2026-03-02\nmerchant m_2 trades", `terms stand above the first step`},
		{"a zone that is none", "times are those of Asia/Atlantis", `"Asia/Atlantis" is not a zone`},
		{"a calendar nobody ships", "region IN settles at 18:00, T+1, calendar XX", `no calendar "XX" is shipped`},
		{"a day of the week that is none", "region IN settles weekly on doomsday at 18:00, T+1", `"doomsday" is not a weekday`},
		{"no delay", "region IN settles at 18:00, calendar IN", `after the cut-offs T+n should come`},
		{"a fee on nothing known", "fee of 2% on smiles in INR", `a fee is on deposits, disputes or payouts, not on "smiles"`},
		{"a reserve for no number of days", "reserve of 10% for ever in region IN", `invalid syntax`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := scenario.Parse("try.txt", preamble+test.line+"\n")
			last := strings.Count(preamble+test.line, "\n") + 1
			want := fmt.Sprintf("try.txt:%d: %s", last, test.want)
			if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("all of them", func(t *testing.T) {
		t.Parallel()
		_, err := scenario.Parse("try.txt", "dance\n# sing\n  and be merry\nrest")
		want := "try.txt:1: nothing is known about a line that begins with \"dance\"\ntry.txt:4: nothing is known about a line that begins with \"rest\""
		if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	})
	t.Run("terms that do not go together", func(t *testing.T) {
		t.Parallel()
		_, err := scenario.Parse("try.txt", "region IN settles at 18:00, T+1\nreserve of 10% for 1 days in region IN")
		if err == nil || !strings.Contains(err.Error(), `no region "IN"`) || !strings.Contains(err.Error(), "days") {
			t.Errorf("error %v", err)
		}
	})
}

// recorder keeps what a test would have failed with.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

// What goes otherwise than it should fails the test, and says where.
func TestPlayFaults(t *testing.T) {
	t.Parallel()
	const text = preamble + `
2026-03-02 10:00 deposit d1 of 1000.00 INR by UPI for m_1
2026-03-02 10:00 deposit d1 of 1000.00 INR by UPI for m_1
2026-03-02 11:00 refund r1 of 1000.01 INR from d1, because item_returned
2026-03-02 11:00 refund r1 of 1000.00 INR from d1, because item_returned, which is refused
expect merchants/m_1/pending INR 980.01
expect deposit d1 succeeded
expect deposit d2 succeeded
expect batch of m_1 on 2026-03-02 pays 1.00
settle through 2026-03-02
expect no batch of m_1 on 2026-03-02
expect batch of m_1 on 2026-03-02 pays 980.00
expect batch of m_1 on 2026-03-02 carries -20.01
`
	notebook, err := scenario.Parse("try.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{TB: t}
	notebook.Play(r)
	want := []string{
		`try.txt:8: 2026-03-02 10:00 deposit d1 of 1000.00 INR by UPI for m_1: it was booked before`,
		`try.txt:9: 2026-03-02 11:00 refund r1 of 1000.01 INR from d1, because item_returned: amount: INR 1000.01 is more than is left of the deposit: ` +
			`of deposit d1, 1000.00 was captured, 0.00 is refunded and 0.00 disputed`,
		`try.txt:10: 2026-03-02 11:00 refund r1 of 1000.00 INR from d1, because item_returned, which is refused: it is not refused`,
		`try.txt:11: expect merchants/m_1/pending INR 980.01: merchants/m_1/pending INR stands at 0.00`,
		`try.txt:12: expect deposit d1 succeeded: deposit d1 is refunded`,
		`try.txt:13: expect deposit d2 succeeded: there is no deposit d2`,
		`try.txt:14: expect batch of m_1 on 2026-03-02 pays 1.00: there is no batch of m_1 on 2026-03-02`,
		`try.txt:16: expect no batch of m_1 on 2026-03-02: there is a batch of m_1 on 2026-03-02: set_8e4aeecd784d4a9c6496`,
		`try.txt:17: expect batch of m_1 on 2026-03-02 pays 980.00: batch of m_1 on 2026-03-02 is carried_forward: it pays 0.00 and carries -20.00`,
		`try.txt:18: expect batch of m_1 on 2026-03-02 carries -20.01: batch of m_1 on 2026-03-02 is carried_forward: it pays 0.00 and carries -20.00`,
	}
	if diff := cmp.Diff(want, r.failures); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}

// The notebook in the package's own page can be read.
func TestDocumentedLines(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var notebook strings.Builder
	for line := range strings.Lines(string(page)) {
		if code, ok := strings.CutPrefix(line, "//\t"); ok {
			notebook.WriteString(code)
		}
	}
	if _, err := scenario.Parse("doc.go", notebook.String()); err != nil {
		t.Error(err)
	}
}

// Whatever a file says, reading it ends, and says which line is wrong.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(preamble + "settle through 9999-12-31")
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := scenario.Parse("fuzz.txt", text); err != nil && !strings.HasPrefix(err.Error(), "fuzz.txt:") {
			t.Errorf("no place: %v", err)
		}
	})
}
