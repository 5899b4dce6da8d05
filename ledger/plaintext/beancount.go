package plaintext

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// beancount writes ledgers for beancount 2.3 and later.
type beancount struct{ style }

func beancountStyle() style { return style{indent: "  ", colon: ": ", quote: `"`, reserved: `%"\`} }

// beancountDigits is the precision of every sum and even of every minus sign
// in beancount: Python's decimal context, which rounds beyond it in silence.
const beancountDigits = 28

func (beancount) inclusive() bool { return true }

// check bounds what beancount may meet while it adds: no sum of postings
// exceeds all debits of their currency. It also wants a day for the balances,
// which count from the beginning of theirs.
func (beancount) check(s *survey) error {
	for i, c := range s.currencies {
		if digits := len(s.turnover[i].String()); digits > beancountDigits {
			return fmt.Errorf("%w: debits of %s %s have %d digits, beancount calculates with %d",
				ErrBeyondFormat, c, c.Format(s.turnover[i]), digits, beancountDigits)
		}
	}
	if !s.last.IsZero() && s.last.AddDays(1).IsZero() {
		return fmt.Errorf("%w: there is no day after the last value date %s to assert balances on", ErrBeyondFormat, s.last)
	}
	return nil
}

func (beancount) preamble(dst []byte, s *survey) []byte {
	dst = appendTitle(dst, Beancount, s)
	dst = append(dst, "\noption \"title\" \"SettleX journal\"\n"...)
	if len(s.currencies) == 0 {
		return dst
	}
	dst = append(dst, '\n')
	for _, c := range s.currencies {
		dst = fmt.Appendf(dst, "%s commodity %s\n  precision: %d\n", s.first, c, c.Exponent())
	}
	return append(dst, '\n')
}

// open dates every account from the first value date of the ledger: an entry
// may be booked back before the one that opened its account.
func (beancount) open(dst []byte, a ledger.Account, currencies []money.Currency, s *survey) []byte {
	dst = append(appendDate(dst, s.first), "open "...)
	dst = append(appendBeancountName(dst, a.Type, a.Path), ' ')
	for i, c := range currencies {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c.String()...)
	}
	return append(dst, '\n')
}

func (b beancount) entry(dst []byte, e *ledger.Booked, chart *ledger.Chart) ([]byte, error) {
	dst = append(appendDate(dst, e.ValueDate), `* "`...)
	dst = append(appendText(dst, e.Kind, b.reserved), '"', '\n')
	dst = b.appendFields(dst, e)
	for _, p := range e.Postings {
		pattern, ok := chart.Match(p.Account)
		if !ok {
			return dst, fmt.Errorf("%w: %s", ledger.ErrUnknownAccount, p.Account)
		}
		start := len(dst)
		dst = appendBeancountName(append(dst, "  "...), pattern.Type, p.Account)
		dst = append(appendAmount(dst, start, signed(p), p.Currency), '\n')
	}
	return dst, nil
}

// balance holds at the beginning of the day after the last value date. Without
// its tolerance of 0 beancount would let a difference of one minor unit pass.
func (beancount) balance(dst []byte, b balance, s *survey) []byte {
	start := len(dst)
	dst = append(appendDate(dst, s.last.AddDays(1)), "balance "...)
	dst = appendBeancountName(dst, b.Type, b.Path)
	figure := b.Currency.Format(b.sum)
	dst = appendSpaces(dst, start, figure)
	return fmt.Appendf(dst, "%s ~ 0 %s\n", figure, b.Currency)
}
