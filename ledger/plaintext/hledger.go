package plaintext

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// hledger writes journals for hledger 1.25 and later.
type hledger struct{ style }

// A comma ends the value of a tag, a semicolon begins a comment.
func hledgerStyle() style { return style{indent: "    ; ", colon: ":", reserved: "%,;"} }

// An opening parenthesis before the description would begin a code.
const hledgerDescription = "%;("

func (hledger) inclusive() bool { return false }

// check has nothing to refuse: hledger's numbers have no bound below ours, and
// it takes assertions of one date in the order of the file.
func (hledger) check(*survey) error { return nil }

func (hledger) preamble(dst []byte, s *survey) []byte {
	dst = appendTitle(dst, HLedger, s)
	dst = append(dst, "\n; A figure with one mark and three digits behind it would be ambiguous.\ndecimal-mark .\n"...)
	if len(s.currencies) == 0 {
		return dst
	}
	dst = append(dst, '\n')
	for _, c := range s.currencies {
		point := ""
		if c.Exponent() == 0 {
			point = "." // hledger wants to see a decimal mark, though it has no decimals
		}
		dst = fmt.Appendf(dst, "commodity %s%s %s\n", c.Format(thousand(c)), point, c)
	}
	return append(dst, '\n')
}

// thousand is 1000 major units.
func thousand(c money.Currency) money.Amount {
	n := int64(1000)
	for range c.Exponent() {
		n *= 10
	}
	return money.Minor(n)
}

// hledgerType is the code of an account's type.
func hledgerType(t ledger.Type) string {
	return [...]string{ledger.Asset: "A", ledger.Liability: "L", ledger.Equity: "E", ledger.Income: "R", ledger.Expense: "X"}[t]
}

func (hledger) open(dst []byte, a ledger.Account, _ []money.Currency, _ *survey) []byte {
	dst = appendHLedgerName(append(dst, "account "...), a.Path)
	dst = append(dst, "  ; type:"...)
	return append(append(dst, hledgerType(a.Type)...), '\n')
}

func (h hledger) entry(dst []byte, e *ledger.Booked, _ *ledger.Chart) ([]byte, error) {
	dst = append(appendDate(dst, e.ValueDate), "* "...)
	dst = append(appendText(dst, e.Kind, hledgerDescription), '\n')
	dst = h.appendFields(dst, e)
	for _, p := range e.Postings {
		start := len(dst)
		dst = appendHLedgerName(append(dst, "    "...), p.Account)
		dst = append(appendAmount(dst, start, signed(p), p.Currency), '\n')
	}
	return dst, nil
}

// balance is a transaction that moves nothing. It bears the last value date
// and stands at the end of the file, so hledger, which goes by date and then
// by place, checks it after everything else.
func (hledger) balance(dst []byte, b balance, s *survey) []byte {
	dst = append(appendDate(dst, s.last), "* balance\n"...)
	start := len(dst)
	dst = appendHLedgerName(append(dst, "    "...), b.Path)
	dst = appendAmount(dst, start, money.Amount{}, b.Currency)
	dst = append(dst, " = "...)
	dst = append(dst, b.Currency.Format(b.sum)...)
	return fmt.Appendf(dst, " %s\n", b.Currency)
}
