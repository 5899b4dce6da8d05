package plaintext

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Summary counts what an export holds.
type Summary struct {
	Entries  uint64
	Postings uint64
	Accounts uint64        // ledger accounts, each with one balance asserted
	First    calendar.Date // earliest value date; no date when there is no entry
	Last     calendar.Date // latest value date
}

// Write writes the journal of one snapshot to w in the form that doc.go draws:
// the currencies, the accounts, every entry in the order of the journal, and
// the balance of every account as an assertion. The same ledger gives the same
// bytes. Memory does not grow with the journal.
//
// Errors: ErrUnknownFormat and ErrBeyondFormat before anything is written,
// ledger.ErrUnknownAccount for an account that is not in the chart,
// ledger.ErrCorrupt for a journal that is not as long as its head says, and
// those of r and w. After an error w holds part of a journal at most: write to
// a temporary name and rename it.
func Write(ctx context.Context, w io.Writer, f Format, r ledger.Reader, chart *ledger.Chart) (Summary, error) {
	n, err := f.notation()
	if err != nil {
		return Summary{}, err
	}
	j := &journal{notation: n, reader: r, chart: chart, out: bufio.NewWriterSize(w, 1<<16)}
	if err := j.write(ctx); err != nil {
		return Summary{}, fmt.Errorf("write journal for %s: %w", f, err)
	}
	return j.Summary, nil
}

// journal is one export under way.
type journal struct {
	Summary
	notation
	survey survey
	reader ledger.Reader
	chart  *ledger.Chart
	out    *bufio.Writer
	buf    []byte // of the element being written
}

func (j *journal) write(ctx context.Context) error {
	if err := j.look(ctx); err != nil {
		return err
	}
	if err := j.flush(j.preamble(j.buf, &j.survey)); err != nil {
		return err
	}
	if j.Entries == 0 {
		return j.out.Flush()
	}
	if err := j.open(ctx); err != nil {
		return err
	}
	if err := j.entries(ctx); err != nil {
		return err
	}
	if err := j.balances(ctx); err != nil {
		return err
	}
	return j.out.Flush()
}

// flush writes an element and keeps its memory for the next.
func (j *journal) flush(element []byte) error {
	j.buf = element[:0]
	_, err := j.out.Write(element)
	return err
}

// look takes the survey.
func (j *journal) look(ctx context.Context) (err error) {
	heads, err := j.reader.Heads(ctx)
	if err != nil {
		return fmt.Errorf("read the journal's head: %w", err)
	}
	for account, err := range j.reader.Accounts(ctx, "") {
		if err != nil {
			return fmt.Errorf("read accounts: %w", err)
		}
		if err := j.meet(account); err != nil {
			return err
		}
	}
	items, ends := uint64(0), uint64(0)
	for item, err := range ledger.Journal(ctx, j.reader, nil) {
		if err != nil {
			return fmt.Errorf("read the journal: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if items++; item.IsEntry() {
			j.count(item)
		}
	}
	j.survey.first, j.survey.last = j.First, j.Last
	for _, head := range heads {
		ends += head.Seq
		root, err := ledger.Root(ctx, j.reader, head.Lane, head.Blocks)
		if err != nil {
			return fmt.Errorf("read the journal's root: %w", err)
		}
		j.survey.lanes = append(j.survey.lanes, lane{head, root})
	}
	if items != ends {
		return fmt.Errorf("%w: the journal has %d items, its head says %d", ledger.ErrCorrupt, items, ends)
	}
	if j.Entries == 0 { // accounts of holds alone, or of limits: there is no date to open them on
		if slices.ContainsFunc(j.survey.turnover, func(a money.Amount) bool { return !a.IsZero() }) {
			return fmt.Errorf("%w: accounts have a turnover, the journal has no entries", ledger.ErrCorrupt)
		}
		j.Accounts, j.survey.currencies, j.survey.turnover = 0, nil, nil
	}
	return j.check(&j.survey)
}

func (j *journal) meet(a ledger.Account) error {
	j.Accounts++
	pattern, ok := j.chart.Match(a.Path)
	switch {
	case !ok:
		return fmt.Errorf("%w: %s", ledger.ErrUnknownAccount, a.Path)
	case pattern.Type != a.Type:
		return fmt.Errorf("%w: account %s is of type %s, the chart says %s", ledger.ErrCorrupt, a.AccountID, a.Type, pattern.Type)
	}
	s := &j.survey
	at, found := slices.BinarySearchFunc(s.currencies, a.Currency, money.Currency.Compare)
	if !found {
		s.currencies = slices.Insert(s.currencies, at, a.Currency)
		s.turnover = slices.Insert(s.turnover, at, money.Amount{})
	}
	var err error
	if s.turnover[at], err = s.turnover[at].Add(a.Debits); err != nil {
		return fmt.Errorf("sum of %s debits: %w", a.Currency, err)
	}
	return nil
}

func (j *journal) count(e *ledger.Booked) {
	j.Entries++
	j.Postings += uint64(len(e.Postings))
	if j.First.IsZero() || e.ValueDate.Before(j.First) {
		j.First = e.ValueDate
	}
	if e.ValueDate.After(j.Last) {
		j.Last = e.ValueDate
	}
}

// open declares each path once, with all its currencies.
func (j *journal) open(ctx context.Context) error {
	var account ledger.Account
	var currencies []money.Currency
	for next, err := range j.reader.Accounts(ctx, "") {
		if err != nil {
			return fmt.Errorf("read accounts: %w", err)
		}
		if next.Path != account.Path && len(currencies) > 0 {
			if err := j.flush(j.notation.open(j.buf, account, currencies, &j.survey)); err != nil {
				return err
			}
			currencies = currencies[:0]
		}
		account, currencies = next, append(currencies, next.Currency)
	}
	if len(currencies) == 0 {
		return nil
	}
	return j.flush(j.notation.open(j.buf, account, currencies, &j.survey))
}

func (j *journal) entries(ctx context.Context) error {
	for entry, err := range ledger.Entries(ctx, j.reader) {
		if err != nil {
			return fmt.Errorf("read entries: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		element, err := j.entry(append(j.buf, '\n'), entry, j.chart)
		if err != nil {
			return fmt.Errorf("entry %d: %w", entry.Seq, err)
		}
		if err := j.flush(element); err != nil {
			return err
		}
	}
	return nil
}

func (j *journal) balances(ctx context.Context) error {
	if j.Accounts > 0 {
		if err := j.flush(append(j.buf, '\n')); err != nil {
			return err
		}
	}
	write := func(b balance) error { return j.flush(j.balance(j.buf, b, &j.survey)) }
	sums := subtrees{inclusive: j.inclusive()}
	for account, err := range j.reader.Accounts(ctx, "") {
		if err != nil {
			return fmt.Errorf("read accounts: %w", err)
		}
		if err := sums.add(account, write); err != nil {
			return fmt.Errorf("balance of %s: %w", account.AccountID, err)
		}
	}
	return sums.end(write)
}
