package main

import (
	"strings"
	"unicode/utf8"
)

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
