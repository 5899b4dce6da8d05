package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/reconcile/report"
)

// record is a row read back, as text by column; an absent value has no key. It is read without any help from the package
// under test.
type record map[string]string

// decode reads a file of any format.
func decode(tb testing.TB, f report.Format, data []byte) []record {
	tb.Helper()
	read := map[report.Format]func([]byte) ([]record, error){
		report.CSV: readCSV, report.JSON: readJSON, report.JSONLines: readJSONLines, report.Parquet: readParquet,
	}[f]
	records, err := read(data)
	if err != nil {
		tb.Fatalf("reading %s back: %v", f, err)
	}
	return records
}

// guarded are the columns that hold words of others.
var guarded = map[string]bool{
	"source_id": true, "parent_id": true, "order_id": true, "merchant_id": true, "method": true, "rail": true,
	"rail_reference": true, "bank_reference": true, "tax_code": true, "reason_code": true, "dispute_id": true,
	"refund_id": true,
}

// readCSV is RFC 4180 without leniency: CR LF ends a record, a quote is doubled inside quotes and nowhere else. The
// formula guard comes off the columns that may have one.
func readCSV(data []byte) ([]record, error) {
	var lines [][]string
	var line []string
	for rest := string(data); rest != ""; {
		var field string
		var err error
		if field, rest, err = cutField(rest); err != nil {
			return nil, err
		}
		line = append(line, field)
		switch {
		case strings.HasPrefix(rest, ","):
			rest = rest[1:]
		case strings.HasPrefix(rest, "\r\n"):
			rest = rest[2:]
			lines, line = append(lines, line), nil
		default:
			return nil, fmt.Errorf("%q after field %d of line %d", rest[:min(len(rest), 5)], len(line), len(lines)+1)
		}
	}
	if line != nil {
		return nil, errors.New("the last line has no end")
	}
	var records []record
	for _, line := range lines[1:] {
		r := record{}
		for i, name := range lines[0] {
			if line[i] != "" {
				r[name] = line[i]
				if guarded[name] {
					r[name] = unguard(line[i])
				}
			}
		}
		records = append(records, r)
	}
	return records, nil
}

// cutField takes one field off the front of text.
func cutField(text string) (field, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ",\"\r\n")
		if end < 0 {
			return text, "", nil
		}
		return text[:end], text[end:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '"' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 == len(text) || text[i+1] != '"' {
			return b.String(), text[i+1:], nil
		}
		b.WriteByte('"')
		i++
	}
	return "", "", errors.New("a quote is not closed")
}

// unguard takes the apostrophe of the formula guard off.
func unguard(field string) string {
	bare := strings.TrimLeft(field, "'")
	if bare != field && bare != "" && strings.ContainsRune("=+-@\t\r\n", rune(bare[0])) {
		return field[1:]
	}
	return field
}

func readJSON(data []byte) ([]record, error) {
	var rows []map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&rows); err != nil {
		return nil, err
	}
	if lines := bytes.Count(data, []byte("\n")); lines != len(rows)+2 {
		return nil, fmt.Errorf("%d rows on %d lines", len(rows), lines)
	}
	return fromJSON(rows), nil
}

func readJSONLines(data []byte) ([]record, error) {
	var rows []map[string]any
	for line := range strings.Lines(string(data)) {
		var row map[string]any
		d := json.NewDecoder(strings.NewReader(line))
		d.UseNumber()
		if err := d.Decode(&row); err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return fromJSON(rows), nil
}

func fromJSON(rows []map[string]any) []record {
	var records []record
	for _, row := range rows {
		r := record{}
		for name, value := range row {
			if value != nil {
				r[name] = fmt.Sprint(value)
			}
		}
		records = append(records, r)
	}
	return records
}

func readParquet(data []byte) ([]record, error) {
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	fields := file.Schema().Fields()
	var records []record
	for _, group := range file.RowGroups() {
		rows, err := readRowGroup(group, fields)
		if err != nil {
			return nil, err
		}
		records = append(records, rows...)
	}
	return records, nil
}

func readRowGroup(group parquet.RowGroup, fields []parquet.Field) ([]record, error) {
	rows := group.Rows()
	var records []record
	buf := make([]parquet.Row, 100)
	for {
		n, err := rows.ReadRows(buf)
		for _, row := range buf[:n] {
			r := record{}
			for i, value := range row {
				if !value.IsNull() {
					r[fields[i].Name()] = parquetText(fields[i].Type(), value)
				}
			}
			records = append(records, r)
		}
		if errors.Is(err, io.EOF) {
			return records, rows.Close()
		}
		if err != nil {
			return nil, errors.Join(err, rows.Close())
		}
	}
}

// parquetText shows a value as the text formats would, by the type the file declares.
func parquetText(typ parquet.Type, v parquet.Value) string {
	logical := typ.LogicalType()
	if logical == nil {
		return v.String()
	}
	switch logical := logical.Value.(type) {
	case *format.DecimalType:
		amount, err := money.FromBytes([16]byte(v.ByteArray()))
		if err != nil {
			return err.Error()
		}
		return decimalText(amount, int(logical.Scale))
	case *format.TimestampType:
		return time.UnixMicro(v.Int64()).UTC().Format("2006-01-02T15:04:05.000000Z")
	case *format.DateType:
		return calendar.MustDate("1970-01-01").AddDays(int(v.Int32())).String()
	case *format.IntType:
		return strconv.FormatInt(v.Int64(), 10)
	default:
		return string(v.ByteArray())
	}
}

// decimalText puts a point before the last digits of a.
func decimalText(a money.Amount, digits int) string {
	text := a.Abs().String()
	if len(text) <= digits {
		text = strings.Repeat("0", digits+1-len(text)) + text
	}
	if digits > 0 {
		text = text[:len(text)-digits] + "." + text[len(text)-digits:]
	}
	if a.Sign() < 0 {
		return "-" + text
	}
	return text
}

// amountOf reads a decimal as minor units with the given fraction digits; more of them must be zeros.
func amountOf(text string, digits int) (money.Amount, error) {
	whole, fraction, _ := strings.Cut(text, ".")
	for len(fraction) < digits {
		fraction += "0"
	}
	if strings.Trim(fraction[digits:], "0") != "" {
		return money.Amount{}, fmt.Errorf("%s has more than %d fraction digits", text, digits)
	}
	return money.ParseMinor(whole + fraction[:digits])
}

// toItemised turns a record back into the row it came from.
func toItemised(r record) (report.Itemised, error) {
	var faults []error
	note := func(err error) { faults = append(faults, err) }
	currency := func(name string) money.Currency {
		var c money.Currency
		note(c.UnmarshalText([]byte(r[name])))
		return c
	}
	date := func(name string) calendar.Date {
		var d calendar.Date
		note(d.UnmarshalText([]byte(r[name])))
		return d
	}
	at := func(name string) time.Time {
		if r[name] == "" {
			return time.Time{}
		}
		parsed, err := time.Parse(time.RFC3339Nano, r[name])
		note(err)
		return parsed
	}
	amount := func(name string, c money.Currency) money.Amount {
		a, err := amountOf(r[name], c.Exponent())
		note(err)
		return a
	}
	line, err := strconv.ParseInt(r["line_no"], 10, 64)
	note(err)
	c := currency("currency")
	row := report.Itemised{
		BatchID: r["batch_id"], BatchStatus: r["batch_status"], BusinessDate: date("business_date"),
		ValueDate: date("value_date"), Window: r["window"], LineNo: line, EntryID: r["entry_id"],
		ReportingCategory: r["reporting_category"], Type: r["type"], SourceID: r["source_id"], ParentID: r["parent_id"],
		OrderID: r["order_id"], Merchant: r["merchant_id"], Method: r["method"], Rail: r["rail"],
		RailReference: r["rail_reference"], BankReference: r["bank_reference"], CreatedAt: at("created_at_utc"),
		CapturedAt: at("captured_at_utc"), PresentmentCurrency: currency("presentment_currency"), FXRateID: r["fx_rate_id"],
		Currency: c, Gross: amount("gross", c), Fee: amount("fee", c), Tax: amount("tax", c), TaxCode: r["tax_code"],
		Withholding: amount("withholding", c), Reserve: amount("reserve", c), Net: amount("net", c),
		RunningBalance: amount("running_balance", c), Late: r["late"] == "true",
		OriginalBusinessDate: date("original_business_date"), ReasonCode: r["reason_code"], DisputeID: r["dispute_id"],
		RefundID: r["refund_id"],
	}
	if r["presentment_amount"] != "" {
		row.PresentmentAmount = amount("presentment_amount", row.PresentmentCurrency)
	}
	if r["fx_rate"] != "" {
		note(row.FXRate.UnmarshalText([]byte(r["fx_rate"])))
	}
	if r["timezone"] != "" {
		row.Zone, err = calendar.LoadZone(r["timezone"])
		note(err)
	}
	note(checkDerived(r, row))
	return row, errors.Join(faults...)
}

// checkDerived looks at the columns that follow from others.
func checkDerived(r record, row report.Itemised) error {
	want := record{"schema_version": "1", "direction": "credit"}
	if row.Net.Sign() < 0 {
		want["direction"] = "debit"
	}
	if row.Zone != nil && !row.CreatedAt.IsZero() {
		want["created_local"] = row.CreatedAt.In(row.Zone).Format("2006-01-02T15:04:05.000000-07:00")
	}
	for _, name := range []string{"schema_version", "direction", "created_local"} {
		if r[name] != want[name] {
			return fmt.Errorf("%s is %q, want %q", name, r[name], want[name])
		}
	}
	return nil
}
