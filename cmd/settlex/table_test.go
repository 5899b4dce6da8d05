package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	t.Parallel()
	table := table{left: 1}
	table.add("a heading that is wider than its column")
	table.add("", "first", "second")
	table.add("größe", "1.00", "-1,234.00")
	table.add("", rule, rule)
	table.add("sum", "1.00")
	want := `a heading that is wider than its column
       first     second
größe   1.00  -1,234.00
       -----  ---------
sum     1.00
`
	if diff := cmp.Diff(want, table.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}
