package feed

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/payment"
)

// Write writes events as a file in the project's own form, from which Read gives
// the same events: times in UTC, amounts with all fraction digits of their
// currency and zero amounts left out, lines ended by a line feed. CSV has every
// column whatever the events hold, and no guard against spreadsheet formulas:
// it is for programs.
//
// An event that Read would refuse is an error that names its ordinal; what went
// before it has been written. So is a time finer than a microsecond.
func Write(w io.Writer, f Format, events iter.Seq[payment.Event]) error {
	encode, ok := map[Format]func([]byte, *texts) []byte{CSV: appendCSV, NDJSON: appendObject}[f]
	if !ok {
		return fmt.Errorf("writing events: %w", oneOf("format", string(f), "", string(CSV), string(NDJSON)))
	}
	buffer := bufio.NewWriterSize(w, 64<<10)
	if f == CSV {
		if _, err := buffer.WriteString(csvHeader()); err != nil {
			return fmt.Errorf("writing events: %w", err)
		}
	}
	ordinal := 0
	var line []byte
	for e := range events {
		ordinal++
		values, err := textsOf(&e)
		if err == nil {
			line, err = checkLine(append(encode(line[:0], &values), '\n'))
		}
		if err == nil {
			_, err = buffer.Write(line)
		}
		if err != nil {
			err = fmt.Errorf("writing event %d (%s %s): %w", ordinal, e.Kind, e.ID, err)
			return errors.Join(err, buffer.Flush())
		}
	}
	if err := buffer.Flush(); err != nil {
		return fmt.Errorf("writing events: %w", err)
	}
	return nil
}

// texts are the values of an event as files write them, in the order of fields.
type texts [fieldCount]string

// textsOf writes the values of an event and refuses those that Read would not
// give back.
func textsOf(e *payment.Event) (texts, error) {
	var values texts
	for i, f := range fields() {
		value, err := valueOf(e, f)
		if err == nil && value == "" && required(f) {
			err = ErrMissing
		}
		if err == nil {
			err = checkText(f, value)
		}
		if err != nil {
			return texts{}, &payment.FieldError{Field: f, Err: err}
		}
		values[i] = value
	}
	return values, nil
}

// valueOf writes one value of an event.
func valueOf(e *payment.Event, f payment.Field) (string, error) {
	if text := textOf(e, f); text != nil {
		return *text, nil
	}
	if amount := amountOf(e, f); amount != nil {
		known := f == payment.FieldCost && e.CostKnown && e.Kind == payment.DepositCaptured
		switch {
		case amount.IsZero() && !known:
			return "", nil
		case e.Currency.IsZero():
			return "", errors.New("no currency")
		case amount.Sign() < 0:
			return "", fmt.Errorf("%s is negative", e.Currency.Format(*amount))
		}
		return e.Currency.Format(*amount), nil
	}
	switch f {
	case payment.FieldKind:
		if e.Kind != "" && !slices.Contains(payment.Kinds(), e.Kind) {
			return "", fmt.Errorf("%w %s", ErrUnknownKind, quote(string(e.Kind)))
		}
		return string(e.Kind), nil
	case payment.FieldCurrency:
		return e.Currency.String(), nil
	}
	return instantOf(e.OccurredAt)
}

// instantOf writes a time in UTC with as many fraction digits as it needs.
func instantOf(t time.Time) (string, error) {
	if t.IsZero() {
		return "", nil
	}
	text := t.UTC().Format(time.RFC3339Nano)
	if t.Nanosecond()%1000 != 0 {
		return "", badTime(text, "finer than a microsecond")
	}
	return text, checkYear(text, t.UTC())
}

// checkLine refuses a line, its line feed included, that Read would refuse.
func checkLine(line []byte) ([]byte, error) {
	if n := len(line) - 1; n > MaxRow {
		return line, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, n, MaxRow)
	}
	return line, nil
}

// csvHeader is the header line of CSV.
func csvHeader() string {
	var header []byte
	for i, f := range fields() {
		if i > 0 {
			header = append(header, ',')
		}
		header = append(header, f...)
	}
	return string(append(header, '\n'))
}

// appendCSV appends the values as a line of CSV.
func appendCSV(line []byte, values *texts) []byte {
	for i, value := range values {
		if i > 0 {
			line = append(line, ',')
		}
		if !strings.ContainsAny(value, `",`) {
			line = append(line, value...)
			continue
		}
		line = append(line, '"')
		line = append(line, strings.ReplaceAll(value, `"`, `""`)...)
		line = append(line, '"')
	}
	return line
}

// appendObject appends the values as a JSON object, without the empty ones. They
// are UTF-8 without control characters, so only two bytes need an escape.
func appendObject(line []byte, values *texts) []byte {
	between := byte('{')
	for i, f := range fields() {
		if values[i] == "" {
			continue
		}
		line = append(line, between, '"')
		line = append(line, f...)
		line = append(line, `":"`...)
		for _, c := range []byte(values[i]) {
			if c == '"' || c == '\\' {
				line = append(line, '\\')
			}
			line = append(line, c)
		}
		line = append(line, '"')
		between = ','
	}
	return append(line, '}')
}
