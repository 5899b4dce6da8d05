package postgres

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// arrayCodec writes the columns that the store sends. Package pgx does that too, and looks at the type of each element anew, which
// takes several times as long. What it does not know it leaves to pgx.
type arrayCodec struct{ *pgtype.ArrayCodec }

// PlanEncode implements pgtype.Codec.
func (c arrayCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if format == pgtype.BinaryFormatCode {
		if plan := c.plan(value); plan != nil {
			return plan
		}
	}
	return c.ArrayCodec.PlanEncode(m, oid, format, value)
}

func (c arrayCodec) plan(value any) pgtype.EncodePlan {
	element := c.ElementType.OID
	switch value.(type) {
	case []int64:
		return planOf(element == pgtype.Int8OID, element, putInt8)
	case []int16:
		return planOf(element == pgtype.Int2OID, element, putInt2)
	case []bool:
		return planOf(element == pgtype.BoolOID, element, putBool)
	case []string:
		return planOf(element == pgtype.TextOID, element, putText)
	case []*string:
		return planOf(element == pgtype.TextOID, element, putNullableText)
	case [][]byte:
		return planOf(element == pgtype.ByteaOID, element, putBytes)
	case []time.Time:
		return planOf(element == pgtype.TimestamptzOID, element, putInstant)
	case []*time.Time:
		return planOf(element == pgtype.TimestamptzOID, element, putNullableInstant)
	case []pgtype.Date:
		return planOf(element == pgtype.DateOID, element, putDate)
	}
	return nil
}

// planOf is a plan for elements of a type, nil if that is not what the column has.
func planOf[T any](fits bool, element uint32, put func([]byte, T) []byte) pgtype.EncodePlan {
	if !fits {
		return nil
	}
	return &arrayPlan[T]{element, put}
}

// arrayPlan writes a slice as an array of one dimension. put writes an element behind its length; -1 stands for null.
type arrayPlan[T any] struct {
	element uint32
	put     func([]byte, T) []byte
}

// Encode implements pgtype.EncodePlan.
func (p *arrayPlan[T]) Encode(value any, buf []byte) ([]byte, error) {
	list, ok := value.([]T)
	if !ok {
		return nil, fmt.Errorf("an array of %T was planned, not %T", list, value)
	}
	if list == nil {
		return nil, nil
	}
	dimensions := uint32(1)
	if len(list) == 0 {
		dimensions = 0
	}
	buf = binary.BigEndian.AppendUint32(buf, dimensions)
	buf = binary.BigEndian.AppendUint32(buf, 1) // there may be nulls
	buf = binary.BigEndian.AppendUint32(buf, p.element)
	if dimensions == 0 {
		return buf, nil
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(list))) //nolint:gosec // far fewer
	buf = binary.BigEndian.AppendUint32(buf, 1)                 // number of the first element
	for _, v := range list {
		buf = p.put(buf, v)
	}
	return buf, nil
}

//nolint:gosec // the same bits
func putInt8(buf []byte, v int64) []byte {
	return binary.BigEndian.AppendUint64(append(buf, 0, 0, 0, 8), uint64(v))
}

//nolint:gosec // the same bits
func putInt2(buf []byte, v int16) []byte {
	return binary.BigEndian.AppendUint16(append(buf, 0, 0, 0, 2), uint16(v))
}

func putBool(buf []byte, v bool) []byte {
	if v {
		return append(buf, 0, 0, 0, 1, 1)
	}
	return append(buf, 0, 0, 0, 1, 0)
}

//nolint:gosec // texts are far shorter
func putText(buf []byte, v string) []byte {
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(v))), v...)
}

func putNullableText(buf []byte, v *string) []byte {
	if v == nil {
		return putNull(buf)
	}
	return putText(buf, *v)
}

//nolint:gosec // they are far shorter
func putBytes(buf, v []byte) []byte {
	if v == nil {
		return putNull(buf)
	}
	return append(binary.BigEndian.AppendUint32(buf, uint32(len(v))), v...)
}

func putNull(buf []byte) []byte { return append(buf, 0xff, 0xff, 0xff, 0xff) }

// The database counts from the beginning of 2000, by UTC.
var epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

const daySeconds = 24 * 60 * 60

func putInstant(buf []byte, v time.Time) []byte {
	return putInt8(buf, v.UnixMicro()-epoch.UnixMicro())
}

func putNullableInstant(buf []byte, v *time.Time) []byte {
	if v == nil {
		return putNull(buf)
	}
	return putInstant(buf, *v)
}

// putDate writes a date as dateArg makes it: midnight by UTC.
func putDate(buf []byte, v pgtype.Date) []byte {
	if !v.Valid {
		return putNull(buf)
	}
	days := (v.Time.Unix() - epoch.Unix()) / daySeconds
	return binary.BigEndian.AppendUint32(append(buf, 0, 0, 0, 4), uint32(int32(days))) //nolint:gosec // the same bits
}

// registerArrays has a connection write the store's columns with arrayCodec.
func registerArrays(m *pgtype.Map) {
	for _, oid := range []uint32{
		pgtype.Int8ArrayOID, pgtype.Int2ArrayOID, pgtype.BoolArrayOID, pgtype.TextArrayOID, pgtype.ByteaArrayOID, pgtype.TimestamptzArrayOID, pgtype.DateArrayOID,
	} {
		t, ok := m.TypeForOID(oid)
		if !ok {
			continue
		}
		if codec, ok := t.Codec.(*pgtype.ArrayCodec); ok {
			m.RegisterType(&pgtype.Type{Name: t.Name, OID: t.OID, Codec: arrayCodec{codec}})
		}
	}
}
