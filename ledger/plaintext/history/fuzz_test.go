package history_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
)

func FuzzHLedger(f *testing.F) {
	for _, row := range hledgerRefusals() {
		f.Add(row[0])
	}
	fuzz(f, plaintext.HLedger, "household.journal", "../../testdata/story.journal", "../../testdata/captured.journal")
}

func FuzzBeancount(f *testing.F) {
	for _, row := range beancountRefusals() {
		f.Add(row[0])
	}
	fuzz(f, plaintext.Beancount, "club.beancount", "../../testdata/story.beancount", "../../testdata/captured.beancount")
}

// fuzz wants every text to be refused with places that are in it, or to be
// read; what is read comes back from an export in either format.
func fuzz(f *testing.F, format plaintext.Format, seeds ...string) {
	f.Helper()
	for _, name := range seeds {
		text, err := os.ReadFile(filepath.Join("testdata", filepath.FromSlash(name)))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		j, err := openText(t.Context(), format, text)
		if err != nil {
			faults, ok := errors.AsType[*history.FaultsError](err)
			if !ok {
				if strings.Contains(err.Error(), "a line of more than") {
					return
				}
				t.Fatalf("%v", err)
			}
			for _, fault := range faults.Faults {
				if fault.Line < 1 || fault.Line > 1+strings.Count(text, "\n") || fault.Column < 1 || fault.Text == "" {
					t.Errorf("%+v", fault)
				}
			}
			return
		}
		want := withoutKept(entriesOf(t, j))
		for _, to := range formats() {
			again(t, to, want, j.Chart())
		}
	})
}

func again(t *testing.T, f plaintext.Format, want []ledger.Entry, c *ledger.Chart) {
	t.Helper()
	text, ok := write(t, f, cannedOf(t, c, want), c)
	if !ok {
		return
	}
	j, err := openText(t.Context(), f, text)
	if err != nil {
		t.Fatalf("%s: %v\n%s", f, err, text)
	}
	if diff := cmp.Diff(want, withoutKept(entriesOf(t, j))); diff != "" {
		t.Errorf("%s: entries (-read +read back):\n%s", f, diff)
	}
}
