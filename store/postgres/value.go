package postgres

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// corrupt is an error that wraps ledger.ErrCorrupt.
func corrupt(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ledger.ErrCorrupt}, args...)...)
}

// unreadable says what was being read. Values that do not fit what they should be wrap ledger.ErrCorrupt.
func unreadable(what string, err error) error {
	if _, ok := errors.AsType[pgx.ScanArgError](err); ok {
		return corrupt("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Amounts travel as text: numeric(38,0) has more digits than any number of Go.

// readAmounts reads texts into amounts.
func readAmounts(texts []string, into ...*money.Amount) (err error) {
	for i, text := range texts {
		if *into[i], err = money.ParseMinor(text); err != nil {
			return corrupt("amount %q: %w", text, err)
		}
	}
	return nil
}

// earliest and latest bound the instants that are compared with those stored. Items are booked in between.
var (
	earliest = time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(10_000, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// placeArgs is a place as parameters: what follows it is behind it.
type placeArgs struct {
	at   time.Time
	lane int16
	seq  int64
}

// before is the place that everything from p on is behind: a whole microsecond of an instant that the database knows.
func before(p ledger.Place) placeArgs {
	at := p.At.UTC()
	switch {
	case at.Before(earliest):
		return placeArgs{at: earliest}
	case !at.Before(latest):
		return placeArgs{at: latest}
	}
	if whole := at.Truncate(time.Microsecond); whole != at { // nothing stands at it: what is behind it begins with the next
		return placeArgs{at: whole.Add(time.Microsecond)}
	}
	return placeArgs{at: at, lane: laneArg(p.Lane), seq: seqArg(p.Seq) - 1}
}

// behind is the place of something that was read.
func behind(p ledger.Place) placeArgs {
	return placeArgs{at: p.At, lane: laneArg(p.Lane), seq: seqArg(p.Seq)}
}

// laneArg is a lane as a parameter; there is none as large as the largest.
func laneArg(lane uint16) int16 { return int16(min(lane, math.MaxInt16)) } //nolint:gosec // bounded

// seqArg is a sequence as a parameter; there is none as large as the largest.
func seqArg(seq uint64) int64 { return int64(min(seq, math.MaxInt64)) } //nolint:gosec // bounded

// moment is an instant that was read, UTC; null is zero. Infinity, which nobody writes, is before or behind all others.
type moment struct{ time.Time }

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (m *moment) ScanTimestamptz(v pgtype.Timestamptz) error {
	switch {
	case v.InfinityModifier == pgtype.Infinity:
		m.Time = latest
	case v.InfinityModifier == pgtype.NegativeInfinity:
		m.Time = earliest.AddDate(-1, 0, 0)
	case v.Valid:
		m.Time = v.Time.UTC()
	default:
		m.Time = time.Time{}
	}
	return nil
}

// instant gives a nullable instant, UTC; null is zero.
func instant(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

// dateArg is a date as a parameter; the zero date is null.
func dateArg(d calendar.Date) pgtype.Date {
	if d.IsZero() {
		return pgtype.Date{}
	}
	year, month, day := d.YMD()
	return pgtype.Date{Time: time.Date(year, month, day, 0, 0, 0, 0, time.UTC), Valid: true}
}

// readDate gives a date that was read; null is zero.
func readDate(d pgtype.Date) (calendar.Date, error) {
	if !d.Valid {
		return calendar.Date{}, nil
	}
	date, err := calendar.NewDate(d.Time.Year(), d.Time.Month(), d.Time.Day())
	if err != nil || d.InfinityModifier != pgtype.Finite {
		return calendar.Date{}, corrupt("date %s", d.Time.Format(time.DateOnly))
	}
	return date, nil
}

// nameOf is accounts.name: the bytes accounts are listed by. A path has no byte below a space, so they order as ids do.
func nameOf(id ledger.AccountID) []byte {
	return append(append(append(make([]byte, 0, len(id.Path)+4), id.Path...), ' '), id.Currency.String()...)
}

// readName gives the id a name was made of.
func readName(name []byte) (ledger.AccountID, error) {
	path, code, _ := strings.Cut(string(name), " ")
	currency, err := money.ParseCurrency(code)
	if err != nil {
		return ledger.AccountID{}, corrupt("account %q: %w", name, err)
	}
	return ledger.AccountID{Path: path, Currency: currency}, nil
}
