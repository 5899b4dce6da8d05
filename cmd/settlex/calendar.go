package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/merchant"
)

func (p *program) calendarCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calendar",
		Short: "Print calendars, and check that those in use reach far enough",
		Example: `  settlex calendar show PK --year 2026
  settlex calendar show PK --date 2026-03-20
  settlex calendar check --days 120`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return misused(cmd, errors.New("show or check?")) },
	}
	cmd.AddCommand(p.calendarShowCommand(), p.calendarCheckCommand())
	return cmd
}

// calendarShow says what of a calendar is printed.
type calendarShow struct {
	year int // 0: all
	date dateFlag
}

func (p *program) calendarShowCommand() *cobra.Command {
	var do calendarShow
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Print a calendar: weekend, holidays, what is open and cut off otherwise",
		Long: `Show prints a calendar of the configuration, or a shipped one: its version, source and validity, the schedules that count its days,
its weekend, holidays, days that are open all the same, and cut-offs that are replaced. Estimated dates may still move. With --date it
says whether that date is open, and why. No books are opened.`,
		Example: `  settlex calendar show PK --year 2026
  settlex calendar show PK --date 2026-03-20`,
		Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if do.year != 0 && !do.date.IsZero() {
				return misused(cmd, errors.New("--year and --date exclude one another"))
			}
			return p.calendarShow(args[0], &do)
		},
	}
	cmd.Flags().IntVar(&do.year, "year", 0, "only the dates of a `YEAR`")
	cmd.Flags().Var(&do.date, "date", "say whether one `DATE` is open, YYYY-MM-DD")
	return cmd
}

func (p *program) calendarShow(id string, do *calendarShow) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	cal, ok := c.Calendar(id)
	if !ok {
		return fmt.Errorf("no calendar %q is in %s, and shipped are only %s", id, p.config, strings.Join(calendar.ShippedIDs(), ", "))
	}
	if !do.date.IsZero() {
		return p.calendarDate(cal, do.date.Date)
	}
	if first, last := cal.ValidFrom, cal.ValidUntil; do.year != 0 {
		if from, _, _ := first.YMD(); do.year < from {
			return fmt.Errorf("calendar %s is valid from %s to %s: it knows nothing of %d", id, first, last, do.year)
		}
		if until, _, _ := last.YMD(); do.year > until {
			return fmt.Errorf("calendar %s is valid from %s to %s: it knows nothing of %d", id, first, last, do.year)
		}
	}
	p.printf("%s%s", p.calendarHead(c, cal), calendarDates(cal, do.year))
	return nil
}

// calendarDate says whether one date is open.
func (p *program) calendarDate(cal *calendar.Calendar, d calendar.Date) error {
	day, err := cal.Day(d)
	if err != nil {
		return err
	}
	stands, why := "closed", day.Why()
	if day.Open {
		stands = "open"
	}
	if why != "" {
		why = ": " + why
	}
	p.printf("%s, %s, is %s in %s, version %s%s\n", d, weekday(d), stands, cal.ID, cal.Version, why)
	for _, o := range day.Overrides {
		p.printf("%s\n", override(o))
	}
	return nil
}

// weekday is the name of a date's day as calendars write it.
func weekday(d calendar.Date) string { return strings.ToLower(d.Weekday().String()) }

// override writes "cut-off evening is at 17:00: why".
func override(o calendar.CutoffOverride) string {
	text := "the last cut-off"
	if o.Label != "" {
		text = "cut-off " + o.Label
	}
	text += " is at " + o.At.String()
	if o.Name != "" {
		text += ": " + o.Name
	}
	return text
}

func (p *program) calendarHead(c *config.Config, cal *calendar.Calendar) string {
	t := table{left: 2}
	t.add("calendar", cal.ID)
	t.add("version", cal.Version)
	t.add("name", dash(cal.Name))
	t.add("source", cal.Source)
	t.add("valid", fmt.Sprintf("from %s to %s", cal.ValidFrom, cal.ValidUntil))
	t.add("weekend", dash(cal.Weekend.String()))
	used := "no schedule"
	for _, use := range c.Rules.Book.CalendarsInUse(p.clock()) {
		if use.Calendar.ID == cal.ID {
			used = strings.Join(scheduleIDs(use.Schedules), ", ")
		}
	}
	t.add("used by", used)
	return t.String()
}

// scheduleIDs names schedules, each once.
func scheduleIDs(all []*merchant.Schedule) []string {
	var ids []string
	for _, s := range all {
		if !slices.Contains(ids, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// calendarDates lists the dates of a calendar that are not like others.
func calendarDates(cal *calendar.Calendar, year int) string {
	t := table{left: 4}
	within := func(d calendar.Date) bool {
		y, _, _ := d.YMD()
		return year == 0 || y == year
	}
	for d := cal.ValidFrom; !d.After(cal.ValidUntil); d = d.AddDays(1) {
		day, err := cal.Day(d)
		if err != nil || !within(d) {
			continue
		}
		if day.ExtraOpen {
			t.add(d.String(), weekday(d), "open", day.Why())
		} else if day.Holiday != nil {
			t.add(d.String(), weekday(d), "closed", day.Why())
		}
		for _, o := range day.Overrides {
			t.add(d.String(), weekday(d), "cut-off", override(o))
		}
	}
	return t.String()
}

func (p *program) calendarCheckCommand() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check that the calendars in use reach far enough",
		Long: `Check looks at every calendar that a schedule in force, or yet to come into force, counts days by. Exit code 1 if one ends within so
many days, if the next windows of a schedule cannot be computed, or if an override ahead replaces no cut-off of any schedule. Dates that
are estimated are listed. No books are opened.`,
		Example: `  settlex calendar check
  settlex calendar check --days 120`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 1 || days > 3660 {
				return misused(cmd, fmt.Errorf("--days %d is not within 1 to 3660", days))
			}
			return p.calendarCheck(days)
		},
	}
	cmd.Flags().IntVar(&days, "days", 90, "how many `DAYS` from now they must reach")
	return cmd
}

func (p *program) calendarCheck(days int) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	now := p.clock()
	today := calendar.DateOf(now.UTC(), now.UTC().Location())
	t := table{left: 3}
	t.add("calendar", "version", "valid until", "days left", "estimated ahead", "schedules")
	var estimated []string
	for _, use := range c.Rules.Book.CalendarsInUse(now) {
		cal := use.Calendar
		t.add(cal.ID, cal.Version, cal.ValidUntil.String(), number(cal.ValidUntil.DaysSince(today)),
			number(len(cal.Estimated(today, cal.ValidUntil))), number(len(scheduleIDs(use.Schedules))))
		for _, h := range cal.Estimated(today, today.AddDays(days)) {
			estimated = append(estimated, fmt.Sprintf("estimated: %s %s, %s, %s", cal.ID, h.Date, weekday(h.Date), h.Name))
		}
	}
	p.printf("%s", &t)
	for _, line := range estimated {
		p.printf("%s\n", line)
	}
	concerns := c.Rules.Book.Concerns(now, days)
	for _, concern := range concerns {
		p.printf("%v\n", concern)
	}
	if len(concerns) > 0 {
		return fmt.Errorf("calendars: %s within %d days", count(len(concerns), "thing needs a hand", "things need a hand"), days)
	}
	p.sayf("calendars and schedules reach for %d days from %s\n", days, today)
	return nil
}
