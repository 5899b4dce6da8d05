package report

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// About says what a file covers and what it rests on. The first four make its name; a row that lies outside them stops
// the file. The others go into the manifest as they are.
type About struct {
	Merchant     string         // empty: all merchants
	Currency     money.Currency // required
	BusinessDate calendar.Date  // required
	Batch        string         // empty: not one batch

	Watermark  string // last sequence of the journal the rows rest on
	Checkpoint string // ledger checkpoint that covers it; empty: none
}

// The parts of file names that this package owns.
const (
	namePrefix     = "settlex_"
	manifestSuffix = ".manifest"
	tempPrefix     = "."
	tempSuffix     = ".tmp"
)

// FileName returns the name of a data file about a:
//
//	settlex_{report}_{merchant}_{currency}_{business date}_{batch}_v{version}.{format}
//
// Letters, digits, "-" and "." of an id stay, "_" is doubled within an id, every other byte and a "_" at either end is
// "~" and two hexadecimal digits. No id is written as "all". An id that would take more than 60 bytes is cut and ends in
// "~~" and the start of its SHA-256. So a name is one path element whatever ids contain, and different files have
// different names. The manifest of a file has its name and ".manifest".
func (a About) FileName(report string, version int, f Format) string {
	return fmt.Sprintf("%s%s_%s_%s_%s_%s_v%d.%s",
		namePrefix, report, escape(a.Merchant), a.Currency, a.BusinessDate, escape(a.Batch), version, f)
}

func (a About) validate() error {
	var faults []error
	if a.Currency.IsZero() {
		faults = append(faults, fmt.Errorf("%w: a file needs a currency", money.ErrUnknownCurrency))
	}
	if a.BusinessDate.IsZero() {
		faults = append(faults, fmt.Errorf("%w: a file needs a business date", calendar.ErrBadDate))
	}
	return errors.Join(faults...)
}

// covers rejects a row that lies outside the file.
func (a About) covers(f facts) error {
	switch {
	case f.currency != a.Currency:
		return badRow("currency %q in a file of %s", f.currency, a.Currency)
	case a.Merchant != "" && f.merchant != a.Merchant:
		return badRow("merchant %q in a file of merchant %q", f.merchant, a.Merchant)
	case a.Batch != "" && f.batch != a.Batch:
		return badRow("batch %q in a file of batch %q", f.batch, a.Batch)
	}
	return nil
}

// everything stands for no id in a name.
const everything = "all"

// escape turns an id into part of a file name that holds no single "_", so that the parts cannot run into one another.
func escape(id string) string {
	if id == "" {
		return everything
	}
	const longest, kept = 60, 40
	var b strings.Builder
	for i := range len(id) {
		switch c := id[i]; {
		case id == everything && i == 0:
			fmt.Fprintf(&b, "~%02X", c)
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.':
			b.WriteByte(c)
		case c == '_' && 0 < i && i < len(id)-1:
			b.WriteString("__")
		default:
			fmt.Fprintf(&b, "~%02X", c)
		}
	}
	if b.Len() <= longest {
		return b.String()
	}
	sum := sha256.Sum256([]byte(id))
	return strings.TrimRight(b.String()[:kept], "_") + "~~" + hex.EncodeToString(sum[:8])
}
