package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/settlex/settlex/payment/feed"
)

// A file of bad rows that was cut short anywhere is completed; one that holds
// anything else is left as it is.
func TestAside(t *testing.T) {
	t.Parallel()
	rows := []feed.Row{{Header: "kind,id", Raw: "deposit,1"}, {Header: "kind,id", Raw: "refund,22"}}
	const whole = "kind,id\ndeposit,1\nrefund,22\n"
	type test struct {
		name, before, want string
		fails              bool
	}
	tests := []test{
		{name: "longer", before: whole + "more\n", want: whole + "more\n"},
		{name: "other header", before: "id,kind\n", want: "id,kind\n", fails: true},
		{name: "other row", before: "kind,id\ndeposit,1\nrefund,23\n", want: "kind,id\ndeposit,1\nrefund,23\n", fails: true},
	}
	for i := range len(whole) + 1 {
		tests = append(tests, test{name: "cut at " + whole[:i], before: whole[:i], want: whole})
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.name, "\n", "|"), func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), "bad.csv")
			if err := os.WriteFile(name, []byte(test.before), 0o600); err != nil {
				t.Fatal(err)
			}
			a, err := openAside(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if err = a.add(row); err != nil {
					break
				}
			}
			if test.fails != (err != nil) {
				t.Errorf("got error %v, want one: %t", err, test.fails)
			}
			if err := a.close(); err != nil {
				t.Error(err)
			}
			got, err := os.ReadFile(name)
			if err != nil || string(got) != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}
