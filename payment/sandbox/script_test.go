package sandbox_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/sandbox"
)

// docs/SANDBOX.md says what the scripts do, and nothing else.
func TestDocumentedScripts(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/SANDBOX.md")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, s := range sandbox.Scripts() {
		want = append(want, row(&s))
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		if strings.HasPrefix(line, "| `"+sandbox.Prefix) {
			got = append(got, line)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-code +documentation)\n%s", diff)
	}
}

// row is how the documentation writes a script.
func row(s *sandbox.Script) string {
	var steps []string
	for _, step := range s.Steps {
		what := string(step.Outcome)
		if s.Deposit {
			what = string(step.Kind)
		}
		if step.Reason != "" {
			what += " (" + step.Reason + ")"
		}
		steps = append(steps, strings.TrimSpace(what+" "+after(step.After)))
	}
	return fmt.Sprintf("| `%s%s` | %d | %s |", sandbox.Prefix, s.Word, s.Amount, strings.Join(steps, ", "))
}

func after(d time.Duration) string {
	switch {
	case d == 0:
		return "at once"
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("after %d d", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("after %d h", d/time.Hour)
	}
	return fmt.Sprintf("after %d min", d/time.Minute)
}

// Words and amounts are each there once in their sort, steps go forward, and every
// outcome there is can be asked for.
func TestScripts(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	outcomes, kinds := make(map[payment.Outcome]bool), make(map[payment.Kind]bool)
	for _, s := range sandbox.Scripts() {
		for _, key := range []string{fmt.Sprint(s.Deposit, s.Word), fmt.Sprint(s.Amount)} {
			if seen[key] {
				t.Errorf("%s is there twice", key)
			}
			seen[key] = true
		}
		last := time.Duration(-1)
		for _, step := range s.Steps {
			if step.After <= last || s.Deposit != (step.Kind != "") || s.Deposit == (step.Outcome != "") {
				t.Errorf("%s: step %+v", s.Word, step)
			}
			last = step.After
			outcomes[step.Outcome], kinds[step.Kind] = true, true
		}
	}
	for _, o := range []payment.Outcome{
		payment.OutcomePending, payment.OutcomeUnknown, payment.OutcomeCompleted, payment.OutcomeFailed, payment.OutcomeReturned,
	} {
		if !outcomes[o] {
			t.Errorf("no script tells %s", o)
		}
	}
	for _, m := range payment.Moves(payment.DepositRecord) {
		if !kinds[m.On] {
			t.Errorf("no script tells %s", m.On)
		}
	}
}
