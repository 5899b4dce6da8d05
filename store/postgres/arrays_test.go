package postgres_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/settlex/settlex/store/postgres"
)

func date(year int, month time.Month, day int) pgtype.Date {
	return pgtype.Date{Time: time.Date(year, month, day, 0, 0, 0, 0, time.UTC), Valid: true}
}

// Package pgx reads in each array what was written, nulls and the ends of time included.
func TestArrays(t *testing.T) {
	t.Parallel()
	word, empty := "word", ""
	early := time.Date(1, time.January, 1, 0, 0, 0, 0, time.UTC)
	late := time.Date(9999, time.December, 31, 23, 59, 59, 999_999_000, time.UTC)
	for _, test := range []struct {
		name   string
		oid    uint32
		values any
	}{
		{"int8", pgtype.Int8ArrayOID, []int64{0, -1, 1 << 62, -1 << 63}},
		{"int2", pgtype.Int2ArrayOID, []int16{0, -1, 1 << 14, -1 << 15}},
		{"bool", pgtype.BoolArrayOID, []bool{true, false}},
		{"text", pgtype.TextArrayOID, []string{"", "word", `a "quote", a {brace} and NULL`, "\u00e4\u2400"}},
		{"text or null", pgtype.TextArrayOID, []*string{nil, &word, &empty}},
		{"bytes or null", pgtype.ByteaArrayOID, [][]byte{nil, {}, {0, 1, 255}}},
		{"instants", pgtype.TimestamptzArrayOID, []time.Time{early, late, time.Date(1999, 12, 31, 23, 59, 59, 999_999_000, time.UTC), time.Date(2026, 3, 31, 1, 2, 3, 4000, time.UTC)}},
		{"instants or null", pgtype.TimestamptzArrayOID, []*time.Time{nil, &early, &late}},
		{"dates or null", pgtype.DateArrayOID, []pgtype.Date{{}, date(1, 1, 1), date(1999, 12, 31), date(2000, 1, 1), date(1969, 12, 31), date(9999, 12, 31)}},
		{"one", pgtype.Int8ArrayOID, []int64{7}},
		{"none", pgtype.TextArrayOID, []string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ours := pgtype.NewMap()
			postgres.RegisterArrays(ours)
			written, err := ours.Encode(test.oid, pgtype.BinaryFormatCode, test.values, []byte("before"))
			if err != nil {
				t.Fatal(err)
			}
			got := reflect.New(reflect.TypeOf(test.values))
			if err := pgtype.NewMap().Scan(test.oid, pgtype.BinaryFormatCode, written[len("before"):], got.Interface()); err != nil {
				t.Fatal(err)
			}
			inUTC := cmp.Transformer("UTC", func(t time.Time) time.Time { return t.UTC() })
			if diff := cmp.Diff(test.values, got.Elem().Interface(), inUTC); diff != "" {
				t.Errorf("(-written +read):\n%s", diff)
			}
		})
	}
}

// A slice that is nil is null, and what the store does not write itself goes through package pgx.
func TestArraysElsewhere(t *testing.T) {
	t.Parallel()
	m := pgtype.NewMap()
	postgres.RegisterArrays(m)
	if written, err := m.Encode(pgtype.Int8ArrayOID, pgtype.BinaryFormatCode, []int64(nil), nil); written != nil || err != nil {
		t.Errorf("nil gives %x, %v", written, err)
	}
	for name, value := range map[string]any{"of another type": []int32{1, 2}, "as a column of texts": []string{"1", "2"}} {
		written, err := m.Encode(pgtype.Int8ArrayOID, pgtype.BinaryFormatCode, value, nil)
		want, wantErr := pgtype.NewMap().Encode(pgtype.Int8ArrayOID, pgtype.BinaryFormatCode, value, nil)
		if diff := cmp.Diff(want, written); diff != "" || (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, want %v (-want +got):\n%s", name, err, wantErr, diff)
		}
	}
	text, err := m.Encode(pgtype.Int8ArrayOID, pgtype.TextFormatCode, []int64{1, 2}, nil)
	if string(text) != "{1,2}" || err != nil {
		t.Errorf("as text: %q, %v", text, err)
	}
}
