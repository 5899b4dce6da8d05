package report

import (
	"bytes"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// decimalBytes holds 38 decimal digits and a sign.
const (
	decimalBytes  = 16
	decimalDigits = 38
)

// decimalType is DECIMAL(38, scale) on 16 bytes whose order is that of signed numbers, as the Parquet format demands.
// parquet-go v0.32.0 compares the bytes without the sign (its issue 592), so that with amounts of both signs the smallest
// figure it records is above the largest, and readers that skip by those figures skip rows that match. This type records
// bounds of its own wherever the writer asks for them.
type decimalType struct{ parquet.Type }

func decimalNode(scale int) parquet.Node {
	plain := parquet.Decimal(scale, decimalDigits, parquet.FixedLenByteArrayType(decimalBytes))
	return parquet.Leaf(decimalType{plain.Type()})
}

func (t decimalType) Compare(a, b parquet.Value) int {
	return compareSigned(a.ByteArray(), b.ByteArray())
}

// NewColumnBuffer starts small, whatever capacity a full page would need: most files are short.
func (t decimalType) NewColumnBuffer(column, capacity int) parquet.ColumnBuffer {
	const start = 64
	return decimalBuffer{t.Type.NewColumnBuffer(column, min(capacity, start))}
}

func (t decimalType) NewColumnIndexer(int) parquet.ColumnIndexer { return &decimalIndexer{} }

// decimalBuffer is a column buffer whose page knows signed bounds.
type decimalBuffer struct{ parquet.ColumnBuffer }

func (b decimalBuffer) Page() parquet.Page { return decimalPage{b.ColumnBuffer.Page()} }

type decimalPage struct{ parquet.Page }

func (p decimalPage) Bounds() (least, most parquet.Value, ok bool) {
	data := p.Data()
	values := data.Uint128()
	if len(values) == 0 {
		return parquet.Value{}, parquet.Value{}, false
	}
	low, high := &values[0], &values[0]
	for i := range values {
		if compareSigned(values[i][:], low[:]) < 0 {
			low = &values[i]
		}
		if compareSigned(values[i][:], high[:]) > 0 {
			high = &values[i]
		}
	}
	return parquet.FixedLenByteArrayValue(low[:]), parquet.FixedLenByteArrayValue(high[:]), true
}

// decimalIndexer records the bounds of each page of a column chunk.
type decimalIndexer struct {
	nullPages  []bool
	nullCounts []int64
	low, high  [][]byte // empty for a page of nulls
}

func (x *decimalIndexer) Reset() { *x = decimalIndexer{} }

func (x *decimalIndexer) IndexPage(values, nulls int64, low, high parquet.Value) {
	x.nullPages = append(x.nullPages, values == nulls)
	x.nullCounts = append(x.nullCounts, nulls)
	x.low = append(x.low, bound(low))
	x.high = append(x.high, bound(high))
}

// bound copies a value, which points into a page that is about to be reused.
func bound(v parquet.Value) []byte {
	if v.IsNull() {
		return []byte{}
	}
	return bytes.Clone(v.ByteArray())
}

// ColumnIndex calls the bounds unordered, which promises nothing and is always true.
func (x *decimalIndexer) ColumnIndex() format.ColumnIndex {
	return format.ColumnIndex{
		NullPages: x.nullPages, NullCounts: x.nullCounts,
		MinValues: x.low, MaxValues: x.high, BoundaryOrder: format.Unordered,
	}
}

// compareSigned orders two big-endian two's complement numbers of the same length.
func compareSigned(a, b []byte) int {
	if a[0]>>7 != b[0]>>7 {
		return int(b[0]>>7) - int(a[0]>>7)
	}
	return bytes.Compare(a, b)
}
