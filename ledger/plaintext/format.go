package plaintext

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Format names a language of plain text accounting.
type Format string

// The formats.
const (
	HLedger   Format = "hledger"
	Beancount Format = "beancount"
)

// Form is the version of the form this package writes, in both formats. The
// first line of a file says it.
const Form = 3

// Sentinels a caller may branch on.
var (
	// ErrUnknownFormat marks a Format that is none of the constants.
	ErrUnknownFormat = errors.New("unknown format")
	// ErrBeyondFormat marks a ledger with figures that the program behind the
	// format would silently get wrong, or a date it cannot pass.
	ErrBeyondFormat = errors.New("beyond what the format can hold")
	// ErrBadName marks a name or text that this package would not write.
	ErrBadName = errors.New("not a name in the form of an export")
)

// notation is what the two languages do differently. Every method appends
// whole lines to dst.
type notation interface {
	// check refuses what the language's program cannot calculate with. It runs
	// before anything is written.
	check(s *survey) error
	// preamble sets up the file, commodities included.
	preamble(dst []byte, s *survey) []byte
	// open declares an account, with its currencies in order.
	open(dst []byte, a ledger.Account, currencies []money.Currency, s *survey) []byte
	entry(dst []byte, e *ledger.Booked, chart *ledger.Chart) ([]byte, error)
	// balance asserts what an account comes to once everything is booked;
	// debits count as positive.
	balance(dst []byte, b balance, s *survey) []byte
	// inclusive tells that a balance of an account counts those below it.
	inclusive() bool
}

func (f Format) notation() (notation, error) {
	switch f {
	case HLedger:
		return hledger{hledgerStyle()}, nil
	case Beancount:
		return beancount{beancountStyle()}, nil
	}
	return nil, fmt.Errorf("%w %q: there are %q and %q", ErrUnknownFormat, string(f), HLedger, Beancount)
}

// survey is what has to be known of a ledger before its first line is written.
// Its size does not depend on the number of accounts or entries.
type survey struct {
	lanes      []lane
	currencies []money.Currency // of the accounts, by code
	turnover   []money.Amount   // debits of each currency, in its minor units
	first      calendar.Date    // of the value dates; no date when there is no entry
	last       calendar.Date
}

// lane is where one of the journal's lanes ends.
type lane struct {
	ledger.Head
	root ledger.Hash // of its Merkle log
}

// appendTitle appends the lines that say what the file is. They tie it to the
// journal: the roots of its lanes' Merkle logs cover every item.
func appendTitle(dst []byte, f Format, s *survey) []byte {
	dst = fmt.Appendf(dst, "; SettleX journal for %s, form %d\n", f, Form)
	for _, l := range s.lanes {
		if l.Seq == 0 {
			dst = fmt.Appendf(dst, "; lane %d, no entries\n", l.Lane)
		} else {
			dst = fmt.Appendf(dst, "; lane %d, items 1 to %d in %d blocks, root %v\n", l.Lane, l.Seq, l.Blocks, l.root)
		}
	}
	return dst
}

// appendDate appends a date and a space.
func appendDate(dst []byte, d calendar.Date) []byte { return append(append(dst, d.String()...), ' ') }

// column is where numbers end, so that those of usual names stand below one
// another.
const column = 72

// appendAmount appends an amount that ends in the column, and its currency.
// start is where the line begins in dst.
func appendAmount(dst []byte, start int, a money.Amount, c money.Currency) []byte {
	figure := c.Format(a)
	dst = append(appendSpaces(dst, start, figure), figure...)
	return append(append(dst, ' '), c.String()...)
}

// appendSpaces appends what is needed in front of a figure, two at least:
// hledger takes one space as part of an account's name.
func appendSpaces(dst []byte, start int, figure string) []byte {
	for range max(2, column-len(figure)-(len(dst)-start)) {
		dst = append(dst, ' ')
	}
	return dst
}

// signed is a posting's amount with credits negative.
func signed(p ledger.Posting) money.Amount {
	if p.Side == ledger.Credit {
		return p.Amount.Neg()
	}
	return p.Amount
}
