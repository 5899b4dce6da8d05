package report

import (
	"fmt"
	"io"
	"iter"

	"github.com/settlex/settlex/money"
)

// Totals is what a report adds up to: the control figures of its manifest, in minor units of the file's currency.
type Totals struct {
	Rows  int64
	Gross money.Amount
	Fee   money.Amount
	Tax   money.Amount
	Net   money.Amount
}

// Write streams rows to w in format f and returns their totals. All rows are in currency, whose exponent sets the
// fraction digits of the file. No rows still make a file, with a header and zero totals. Memory does not grow with the
// number of rows. Nothing else is promised about w after an error: [ErrUnknownFormat], a [RowError] for a row that
// cannot be written or that rows failed to produce, or what w returned.
func Write[T any](
	w io.Writer, f Format, s Schema[T], currency money.Currency, rows iter.Seq2[T, error],
) (Totals, error) {
	enc, err := newEncoder(w, f, layoutOf(s, currency))
	if err != nil {
		return Totals{}, err
	}
	p := pass{about: About{Currency: currency}, encoders: []encoder{enc}}
	err = stream(&p, s, rows)
	return p.totals, err
}

// encoder writes one format. Its columns are those of the layout it was made with.
type encoder interface {
	begin() error
	row(cells []cell) error
	end() error
}

// layout is what an encoder needs to know about a file.
type layout struct {
	report   string
	version  int
	currency money.Currency
	columns  []Column
}

func layoutOf[T any](s Schema[T], currency money.Currency) layout {
	return layout{report: s.report, version: s.version, currency: currency, columns: s.Columns()}
}

func newEncoder(w io.Writer, f Format, l layout) (encoder, error) {
	switch f {
	case CSV:
		return newCSVEncoder(w, l), nil
	case JSON:
		return newJSONEncoder(w, l, true), nil
	case JSONLines:
		return newJSONEncoder(w, l, false), nil
	case Parquet:
		return newParquetEncoder(w, l), nil
	}
	return nil, fmt.Errorf("%w: %q, want one of %v", ErrUnknownFormat, f, Formats())
}

// pass is one run over rows, feeding every encoder at once.
type pass struct {
	about    About
	encoders []encoder
	totals   Totals
	batches  *batchList // nil: not wanted
}

// stream reads each row once, checks it, and hands its cells to all encoders.
func stream[T any](p *pass, s Schema[T], rows iter.Seq2[T, error]) error {
	if p.about.Currency.IsZero() {
		return fmt.Errorf("%s report: %w: a file needs a currency", s.report, money.ErrUnknownCurrency)
	}
	if err := p.each(encoder.begin); err != nil {
		return err
	}
	cells := make([]cell, len(s.columns))
	var row T // one for all rows: it escapes
	for next, err := range rows {
		row = next
		if err == nil {
			err = checkRow(p, s, &row)
		}
		if err != nil {
			return &RowError{Report: s.report, Row: p.totals.Rows + 1, Err: err}
		}
		if column, err := s.fill(cells, &row); err != nil {
			return &RowError{Report: s.report, Row: p.totals.Rows + 1, Column: column, Err: err}
		}
		for _, e := range p.encoders {
			if err := e.row(cells); err != nil {
				return &RowError{Report: s.report, Row: p.totals.Rows + 1, Err: err}
			}
		}
		p.totals.Rows++
	}
	return p.each(encoder.end)
}

// checkRow makes sure that a row belongs to the file and adds up, and takes it into the totals.
func checkRow[T any](p *pass, s Schema[T], row *T) error {
	f := s.facts(row)
	if err := p.about.covers(f); err != nil {
		return err
	}
	if err := s.check(row); err != nil {
		return err
	}
	p.batches.add(f.batch)
	return p.totals.add(f)
}

// fill reads a row into cells, or names the column it could not.
func (s Schema[T]) fill(cells []cell, row *T) (string, error) {
	for i := range s.columns {
		s.columns[i].read(row, &cells[i])
		if err := cells[i].check(s.columns[i].Column); err != nil {
			return s.columns[i].Name, err
		}
	}
	return "", nil
}

func (p *pass) each(do func(encoder) error) error {
	for _, e := range p.encoders {
		if err := do(e); err != nil {
			return err
		}
	}
	return nil
}

func (t *Totals) add(f facts) error {
	for _, sum := range []struct {
		total *money.Amount
		part  money.Amount
	}{{&t.Gross, f.gross}, {&t.Fee, f.fee}, {&t.Tax, f.tax}, {&t.Net, f.net}} {
		total, err := sum.total.Add(sum.part)
		if err != nil {
			return err
		}
		*sum.total = total
	}
	return nil
}

// batchList keeps the distinct batches of a report in the order they appear.
type batchList struct {
	ids  []string
	seen map[string]bool
}

func (l *batchList) add(id string) {
	if l == nil || id == "" || l.seen[id] {
		return
	}
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	l.seen[id] = true
	l.ids = append(l.ids, id)
}
