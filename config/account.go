package config

import (
	"fmt"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// readAccounts reads the accounts of the host's own, and makes the chart.
func (b *book) readAccounts(n node) {
	paths := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		path := o.get("path").required()
		p := ledger.Pattern{
			Path:    path.text(),
			Type:    scan(o.get("type").required(), accountType),
			Limited: o.get("limited").boolean(),
			Floor:   scan(o.get("floor"), money.ParseMinor),
		}
		o.done()
		if p.Path == "" || !paths.add(path, pathShape(p.Path), p.Path) {
			continue
		}
		typed := p.Type != 0
		if !typed {
			p.Type = ledger.Liability // whatever it is, the path may be wrong by itself
		}
		err := payment.CheckAccount(&p)
		if err == nil {
			_, err = ledger.NewChart(p)
		}
		if err != nil {
			path.adopt(trimmed(err, fmt.Sprintf("chart pattern 0 (%s): ", p.Path)))
			continue
		}
		if !typed {
			continue
		}
		b.rules.Accounts = append(b.rules.Accounts, p)
	}
	chart, err := payment.Chart(b.rules.Accounts...)
	if err != nil {
		n.adopt(err)
	}
	b.chart = chart
}

func accountType(s string) (ledger.Type, error) {
	for t := ledger.Asset; t <= ledger.Expense; t++ {
		if s == t.String() {
			return t, nil
		}
	}
	return 0, fmt.Errorf("%q is not one of asset, liability, equity, income, expense", s)
}

// pathShape is what a pattern matches: whatever its placeholders are called.
func pathShape(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if strings.HasPrefix(s, "{") {
			segments[i] = "{}"
		}
	}
	return strings.Join(segments, "/")
}
