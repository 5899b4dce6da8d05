package main

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/settlex/settlex/money"
)

// figure writes an amount for people: all digits of its currency, thousands
// parted by commas.
func figure(c money.Currency, a money.Amount) string { return grouped(c.Format(a)) }

// number writes a count for people.
func number(n int) string { return grouped(strconv.Itoa(n)) }

// count writes a number of things: 1 file, 2 files.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(n) + " " + many
}

// grouped parts the thousands of a decimal number.
func grouped(decimal string) string {
	sign := ""
	if rest, negative := strings.CutPrefix(decimal, "-"); negative {
		sign, decimal = "-", rest
	}
	whole, fraction, hasFraction := strings.Cut(decimal, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteByte(whole[i])
	}
	if hasFraction {
		b.WriteString("." + fraction)
	}
	return b.String()
}

// table is text in columns: the first ones left-aligned, the others, which
// hold figures, right-aligned. A row of one cell is a heading and may be wider
// than its column.
type table struct {
	left int // columns aligned left
	rows [][]string
}

// rule is a cell that is filled with a line.
const rule = "\x00"

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String gives the rows, one per line, without blanks at their ends.
func (t *table) String() string {
	widths := t.widths()
	var b strings.Builder
	for _, row := range t.rows {
		var line strings.Builder
		if len(row) == 1 {
			line.WriteString(row[0])
			row = nil
		}
		for i, cell := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			if cell == rule {
				line.WriteString(strings.Repeat("-", widths[i]))
				continue
			}
			blanks := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i < t.left {
				line.WriteString(cell + blanks)
			} else {
				line.WriteString(blanks + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}

func (t *table) widths() []int {
	var widths []int
	for _, row := range t.rows {
		if len(row) == 1 {
			continue
		}
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}
