package payment_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

var update = flag.Bool("update", false, "write docs/STATES.md anew")

// docs/STATES.md draws the transition tables.
func TestStates(t *testing.T) {
	t.Parallel()
	const path = "../docs/STATES.md"
	want := drawStates()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/STATES.md is not what the tables say: run go test ./payment -run TestStates -update (-tables +page):\n%s", diff)
	}
}

// stateNotes say what a table does not.
var stateNotes = map[string]string{
	payment.DepositRecord: "Once it has succeeded, a deposit is *partially_refunded* or *refunded* by what stands refunded of it. What fails or expires before it\n" +
		"is captured has booked nothing. What succeeds late is accepted or refunded by itself, by the rules. It is captured once only. What failed or expired before the capture and is told\n" +
		"after it books nothing.\n",
}

func drawStates() string {
	var out strings.Builder
	out.WriteString("# States\n\nWhat may happen to each kind of resource, drawn from the transition tables in `payment` and `settlement` (`payment.Moves`, `payment.MerchantMoves`, `settlement.Moves`).\n" +
		"[ACCOUNTING.md](ACCOUNTING.md#life-cycles) has the same as a table, and what each move books.\n" +
		"`go test ./payment -run TestStates -update` draws this page anew.\n")
	var done []string
	for _, resource := range payment.Resources() {
		moves := payment.Moves(resource)
		if resource == settlement.BatchRecord {
			moves = settlement.Moves()
		}
		if !slices.ContainsFunc(moves, func(m payment.Move) bool { return m.From != "" }) {
			for _, m := range moves {
				done = append(done, fmt.Sprintf("| %s | %#q | %s |\n", resource, m.On, m.To))
			}
			continue
		}
		fmt.Fprintf(&out, "\n## %s\n\n", resource)
		if note := stateNotes[resource]; note != "" {
			out.WriteString(note + "\n")
		}
		out.WriteString(diagram(moves))
	}
	var decisions []payment.Move
	for _, m := range payment.MerchantMoves() {
		decisions = append(decisions, payment.Move{On: payment.Kind(m.On), From: m.From, To: m.To})
	}
	out.WriteString("\n## merchant\n\nBy decisions, not by events.\n\n" + diagram(decisions))
	out.WriteString("\n## Done at once\n\nThese are booked by the event that brings them into being, and nothing follows.\n\n| resource | event | status |\n|---|---|---|\n")
	out.WriteString(strings.Join(done, ""))
	return out.String()
}

// diagram draws one table for Mermaid. Moves between the same two statuses are one arrow.
func diagram(moves []payment.Move) string {
	var out strings.Builder
	out.WriteString("```mermaid\nstateDiagram-v2\n")
	type arrow struct{ from, to payment.Status }
	events := make(map[arrow][]string)
	var order []arrow
	left := make(map[payment.Status]bool)
	for _, m := range moves {
		a := arrow{m.From, m.To}
		if len(events[a]) == 0 {
			order = append(order, a)
		}
		events[a] = append(events[a], string(m.On))
		left[m.From] = true
	}
	for _, a := range order {
		from := string(a.from)
		if from == "" {
			from = "[*]"
		}
		fmt.Fprintf(&out, "    %s --> %s: %s\n", from, a.to, strings.Join(events[a], ", "))
	}
	for _, a := range order {
		if !left[a.to] {
			fmt.Fprintf(&out, "    %s --> [*]\n", a.to)
			left[a.to] = true
		}
	}
	return out.String() + "```\n"
}
