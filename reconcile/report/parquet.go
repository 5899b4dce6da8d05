package report

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// Sizes of a Parquet file. They bound the memory of a writer and are part of the bytes: changing one changes every file.
const (
	rowsPerGroup  = 65_536
	rowsPerChunk  = 256 // gathered before they go to the columns
	pageBytes     = 64 << 10
	dictionaryMax = 256 << 10 // beyond it, a column of mostly distinct texts goes on without a dictionary
)

// presentmentScale is the fraction digits of the presentment column: no currency has more.
const presentmentScale = 4

// compression is shared because it keeps encoders that are dear to make; nothing about it changes. Zstandard packs to the
// same bytes on every processor, which Snappy does not: its assembly finds other matches than its portable code. It also
// makes the files half the size.
var compression = &zstd.Codec{Level: zstd.SpeedFastest, Concurrency: 1}

// parquetEncoder gathers rows column by column and hands them to parquet-go in chunks.
type parquetEncoder struct {
	w       *parquet.GenericWriter[any]
	columns []parquetColumn
	chunk   int    // rows gathered
	group   int    // rows in the row group, gathered ones included
	bytes   []byte // what the gathered values point into
	epoch   calendar.Date
}

type parquetColumn struct {
	Column
	writer *parquet.ColumnWriter
	values []parquet.Value
}

func newParquetEncoder(w io.Writer, l layout) *parquetEncoder {
	pw := parquet.NewGenericWriter[any](w,
		parquet.NewSchema(l.report, groupOf(l)),
		parquet.CreatedBy("settlex", "1", l.report), // never the build's: the bytes must not depend on it
		parquet.KeyValueMetadata("settlex.report", l.report),
		parquet.KeyValueMetadata("settlex.schema_version", strconv.Itoa(l.version)),
		parquet.KeyValueMetadata("settlex.currency", l.currency.String()),
		parquet.Compression(compression),
		parquet.DataPageVersion(1), // the version every reader knows
		parquet.DataPageStatistics(false),
		parquet.PageBufferSize(pageBytes),
		parquet.DictionaryMaxBytes(dictionaryMax),
	)
	e := &parquetEncoder{w: pw, epoch: calendar.MustDate("1970-01-01")}
	for i, writer := range pw.ColumnWriters() {
		e.columns = append(e.columns, parquetColumn{Column: l.columns[i], writer: writer})
	}
	return e
}

func (e *parquetEncoder) begin() error { return nil }

func (e *parquetEncoder) row(cells []cell) error {
	for i := range cells {
		value, err := e.value(&cells[i], e.columns[i].Kind)
		if err != nil {
			return fmt.Errorf("column %s: %w", e.columns[i].Name, err)
		}
		e.columns[i].add(value, i)
	}
	e.chunk++
	e.group++
	if e.group == rowsPerGroup {
		return errors.Join(e.flushChunk(), e.flushGroup())
	}
	if e.chunk == rowsPerChunk {
		return e.flushChunk()
	}
	return nil
}

func (e *parquetEncoder) end() error {
	if err := e.flushChunk(); err != nil {
		return err
	}
	return e.w.Close()
}

// add takes a value with the level that says whether it is there.
func (c *parquetColumn) add(value parquet.Value, index int) {
	level := 0
	if !c.Required && !value.IsNull() {
		level = 1
	}
	c.values = append(c.values, value.Level(0, level, index))
}

func (e *parquetEncoder) flushChunk() error {
	for i := range e.columns {
		c := &e.columns[i]
		if len(c.values) == 0 {
			continue
		}
		if _, err := c.writer.WriteRowValues(c.values); err != nil {
			return fmt.Errorf("column %s: %w", c.Name, err)
		}
		c.values = c.values[:0]
	}
	e.chunk, e.bytes = 0, e.bytes[:0]
	return nil
}

func (e *parquetEncoder) flushGroup() error {
	e.group = 0
	return e.w.Flush()
}

// value turns a cell into what parquet-go stores.
func (e *parquetEncoder) value(c *cell, kind Kind) (parquet.Value, error) {
	if c.absent {
		return parquet.NullValue(), nil
	}
	switch kind {
	case Integer:
		return parquet.Int64Value(c.number), nil
	case Bool:
		return parquet.BooleanValue(c.truth), nil
	case Date:
		return parquet.Int32Value(int32(c.date.DaysSince(e.epoch))), nil
	case Instant:
		return parquet.Int64Value(c.time.UnixMicro()), nil
	case Money:
		return e.decimal(c.amount), nil
	case Presentment:
		amount, err := rescale(c.amount, presentmentScale-c.currency.Exponent())
		return e.decimal(amount), err
	case LocalTime:
		return parquet.ByteArrayValue(e.hold(c.time.AppendFormat(e.bytes, localTimeLayout))), nil
	default:
		return parquet.ByteArrayValue(e.hold(append(e.bytes, c.text...))), nil
	}
}

func (e *parquetEncoder) decimal(a money.Amount) parquet.Value {
	b := a.Bytes()
	return parquet.FixedLenByteArrayValue(e.hold(append(e.bytes, b[:]...)))
}

// hold keeps grown, which is e.bytes with something appended, and returns what was appended. It stays where it is until
// the chunk is flushed, even when e.bytes moves.
func (e *parquetEncoder) hold(grown []byte) []byte {
	held := grown[len(e.bytes):]
	e.bytes = grown
	return held
}

// rescale returns a * 10^digits, exactly.
func rescale(a money.Amount, digits int) (money.Amount, error) {
	power := int64(1)
	for range digits {
		power *= 10
	}
	if n, ok := a.Int64(); ok && n <= math.MaxInt64/power && n >= math.MinInt64/power {
		return money.Minor(n * power), nil
	}
	return money.Scale(a, money.Minor(power), money.Minor(1), money.Down)
}

// group is the root of a Parquet schema with its columns in file order; parquet.Group alone sorts them by name.
type group struct {
	parquet.Group
	fields []parquet.Field
}

// Fields returns the columns in file order.
func (g group) Fields() []parquet.Field { return g.fields }

func groupOf(l layout) group {
	g := group{Group: parquet.Group{}}
	for _, column := range l.columns {
		node := nodeOf(column, l.currency)
		if !column.Required {
			node = parquet.Optional(node)
		}
		g.Group[column.Name] = node
	}
	byName := make(map[string]parquet.Field)
	for _, field := range g.Group.Fields() {
		byName[field.Name()] = field
	}
	for _, column := range l.columns {
		g.fields = append(g.fields, byName[column.Name])
	}
	return g
}

func nodeOf(column Column, currency money.Currency) parquet.Node {
	switch column.Kind {
	case Integer:
		return parquet.Int(64)
	case Bool:
		return parquet.Leaf(parquet.BooleanType)
	case Money:
		return decimalNode(currency.Exponent())
	case Presentment:
		return decimalNode(presentmentScale)
	case Date:
		return parquet.Date()
	case Instant:
		return parquet.Timestamp(parquet.Microsecond)
	default:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	}
}
