package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/reconcile/report"
)

// dateFlag is a flag that holds a date.
type dateFlag struct{ calendar.Date }

// Set implements pflag.Value.
func (d *dateFlag) Set(text string) (err error) {
	d.Date, err = calendar.ParseDate(text)
	return err
}

// Type implements pflag.Value.
func (d *dateFlag) Type() string { return "date" }

// laneFlag is a flag that holds a lane of the journal.
type laneFlag struct {
	lane uint16
	set  bool // it was given
}

// Set implements pflag.Value.
func (l *laneFlag) Set(text string) error {
	lane, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return fmt.Errorf("%q is no lane: a number from 0", text)
	}
	*l = laneFlag{uint16(lane), true}
	return nil
}

// Type implements pflag.Value.
func (l *laneFlag) Type() string { return "lane" }

// String implements pflag.Value.
func (l *laneFlag) String() string {
	if !l.set {
		return ""
	}
	return strconv.Itoa(int(l.lane))
}

// formatsFlag is a flag that holds formats of reports, parted by commas.
type formatsFlag []report.Format

// Set implements pflag.Value.
func (f *formatsFlag) Set(text string) error {
	*f = nil
	for name := range strings.SplitSeq(text, ",") {
		format, err := report.ParseFormat(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		*f = append(*f, format)
	}
	return nil
}

// Type implements pflag.Value.
func (f *formatsFlag) Type() string { return "formats" }

// String implements pflag.Value.
func (f *formatsFlag) String() string {
	names := make([]string, len(*f))
	for i, format := range *f {
		names[i] = string(format)
	}
	return strings.Join(names, ",")
}
