package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

func (p *program) scheduleCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "schedule",
		Short:   "Explain which schedule settles a payment, and when",
		Example: `  settlex schedule explain --merchant m_in_kirana --at 2026-03-19T18:00:00+05:30`,
		Args:    knownCommand,
		RunE:    func(cmd *cobra.Command, _ []string) error { return misused(cmd, errors.New("explain?")) },
	}
	cmd.AddCommand(p.scheduleExplainCommand())
	return cmd
}

// explainFlags say which payment is asked about.
type explainFlags struct{ merchant, currency, method, at string }

func (p *program) scheduleExplainCommand() *cobra.Command {
	var flags explainFlags
	cmd := &cobra.Command{
		Use:   "explain --merchant ID [--at INSTANT]",
		Short: "Say step by step when a payment is settled, and why then",
		Long: `Explain takes a payment of a merchant at an instant. It prints every schedule there is, in the order in which they are looked at, and
why it is the one or is not; the window that the payment belongs to; the calendars, day by day from the business date to the settlement
date; and the next cut-off as of now. Where a calendar ends on the way it prints what there is: exit code 1.

Merchants are those of the books, or where there are none yet, of the configuration.`,
		Example: `  settlex schedule explain --merchant m_in_kirana
  settlex schedule explain --merchant m_pk_karahi --currency PKR --method WALLET --at 2026-03-19T18:00:00+05:00`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.merchant == "" {
				return misused(cmd, errors.New("--merchant is missing: whose payment?"))
			}
			at := p.clock()
			if flags.at != "" {
				var err error
				if at, err = time.Parse(time.RFC3339, flags.at); err != nil {
					return misused(cmd, fmt.Errorf("--at %q is no instant such as 2026-04-01T18:00:00+05:30", flags.at))
				}
			}
			return p.scheduleExplain(cmd.Context(), &flags, at)
		},
	}
	cmd.Flags().StringVar(&flags.merchant, "merchant", "", "`ID` of the merchant")
	cmd.Flags().StringVar(&flags.currency, "currency", "", "`CODE` of the currency (default: the only one of the merchant's region)")
	cmd.Flags().StringVar(&flags.method, "method", "", "payment `METHOD`; none: whatever has no schedule of its own")
	cmd.Flags().StringVar(&flags.at, "at", "", "`INSTANT` of the payment, with its offset (default: now)")
	return cmd
}

func (p *program) scheduleExplain(ctx context.Context, flags *explainFlags, at time.Time) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	m, err := p.merchantFor(ctx, c, flags.merchant)
	if err != nil {
		return err
	}
	currency, err := currencyFor(c.Rules.Book, m, flags.currency)
	if err != nil {
		return err
	}
	scope, err := c.Rules.Book.Case(m, currency, flags.method)
	if err != nil {
		return err
	}
	e, err := c.Rules.Book.Explain(scope, at)
	p.printf("%s", explanation(&e))
	if err != nil {
		return err
	}
	next, schedule, err := c.Rules.Book.NextCutoff(scope, p.clock())
	if err != nil {
		p.warnf("the next cut-off cannot be told: %v", err)
		return nil
	}
	if payment.ByHand(schedule) {
		return nil // nobody closes its windows
	}
	p.printf("next cut-off of %s: %s\n", schedule.ID, settlex.NextCutoff{Window: next, Zone: schedule.Timing.Zone})
	return nil
}

// merchantFor finds a merchant in the books, or where there are none in the
// configuration.
func (p *program) merchantFor(ctx context.Context, c *config.Config, id string) (*merchant.Merchant, error) {
	there, err := made(ctx, c.Data)
	if err != nil {
		return nil, err
	}
	if there {
		s, err := p.session(ctx, c)
		if err != nil {
			return nil, err
		}
		var m payment.Merchant
		var ok bool
		if err := s.do(func(s *session) (err error) { m, ok, err = s.engine.Merchant(ctx, id); return err }); err != nil || ok {
			return &m.Merchant, err
		}
	}
	if i := slices.IndexFunc(c.Merchants, func(m merchant.Merchant) bool { return m.ID == id }); i >= 0 {
		return &c.Merchants[i], nil
	}
	if !c.Rules.CreateMerchants {
		return nil, fmt.Errorf("%q: %w", id, payment.ErrUnknownMerchant)
	}
	return &merchant.Merchant{ID: id}, nil // as its first deposit would make it
}

// currencyFor reads a currency, or takes the only one of a merchant's region.
func currencyFor(book *merchant.Book, m *merchant.Merchant, code string) (money.Currency, error) {
	if code != "" {
		return money.ParseCurrency(code)
	}
	i := slices.IndexFunc(book.Regions, func(r merchant.Region) bool { return r.ID == m.Region })
	if i < 0 {
		return money.Currency{}, fmt.Errorf("in which --currency? merchant %s has no region", m.ID)
	}
	if n := len(book.Regions[i].Currencies); n != 1 {
		return money.Currency{}, fmt.Errorf("in which --currency? region %s of merchant %s has %d", m.Region, m.ID, n)
	}
	return book.Regions[i].Currencies[0], nil
}

// explanation writes an explanation, as far as it goes.
func explanation(e *merchant.Explanation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "a payment of %s at %s\n\nschedules, in the order of resolution\n", e.Case, e.At.UTC().Format(time.RFC3339))
	b.WriteString(candidates(e.Candidates))
	if e.Schedule == nil {
		return b.String()
	}
	fmt.Fprintf(&b, "\nschedule %s, time zones of release %s\n", e.Schedule.Pin(), calendar.ZoneData())
	if !e.Window.BusinessDate.IsZero() {
		b.WriteString(window(e))
		b.WriteString(way(e))
	}
	return b.String()
}

func candidates(all []merchant.Candidate) string {
	t := table{left: 5}
	for _, c := range all {
		from, scope, why := "always", c.Scope.String(), strings.ReplaceAll(string(c.Verdict), "_", " ")
		if !c.Schedule.EffectiveFrom.IsZero() {
			from = "from " + c.Schedule.EffectiveFrom.String()
		}
		if c.Verdict == merchant.NotMeant {
			scope = "-"
		}
		if c.Why != "" {
			why += ": " + c.Why
		}
		t.add("", c.Schedule.Pin().String(), scope, from, why)
	}
	return t.String()
}

// window writes when the window opens and closes, in the schedule's zone and in UTC.
func window(e *merchant.Explanation) string {
	zone := e.Schedule.Timing.Zone
	t := table{left: 4}
	for _, side := range []struct {
		name string
		at   time.Time
	}{{"opens", e.Window.Opens}, {"closes", e.Window.Closes}, {"due", e.Window.DueAt}} {
		if !side.at.IsZero() {
			t.add("", side.name, side.at.In(zone).Format("2006-01-02 15:04 -07:00"), side.at.Format(time.RFC3339))
		}
	}
	text := fmt.Sprintf("window %sof business date %s, %s, in %s\n", prefixed(e.Window.Label), e.Window.BusinessDate, weekday(e.Window.BusinessDate), zone)
	text += t.String()
	if e.Schedule.Timing.CutoffInclusive {
		text += "  what happens exactly at the cut-off belongs to the window\n"
	}
	if grace := e.Schedule.Timing.Grace; grace > 0 {
		text += fmt.Sprintf("  what is booked up to %s after the cut-off is in time\n", grace)
	}
	if payment.ByHand(e.Schedule) {
		text += "  nobody closes it: money becomes available by itself\n"
	}
	for _, d := range e.RolledFrom {
		if d != e.Window.BusinessDate {
			text += fmt.Sprintf("  %s, %s, of the anchor rolls %s\n", d, weekday(d), e.Schedule.Timing.Anchor.Roll)
		}
	}
	return text
}

func prefixed(label string) string {
	if label == "" {
		return ""
	}
	return label + " "
}

// way writes the dates from the business date to the settlement date.
func way(e *merchant.Explanation) string {
	timing := &e.Schedule.Timing
	unit := strings.ReplaceAll(timing.Delay.Unit.String(), "_", " ")
	text := fmt.Sprintf("delay of %s by calendars %s\n", count(timing.Delay.N, strings.TrimSuffix(unit, "s"), unit), calendarNames(timing.Calendars))
	t := table{left: 5}
	for _, step := range e.Way {
		stands, counts := "closed", ""
		if step.Open {
			stands = "open"
		}
		switch step.Date {
		case e.Window.BusinessDate:
			counts = "business date"
		case e.Window.SettlementDate:
			counts = "settlement date"
		}
		if e.Window.BusinessDate == e.Window.SettlementDate {
			counts = "business and settlement date"
		}
		t.add("", step.Date.String()+" "+weekday(step.Date), stands, dash(counts), reasons(&step))
	}
	return text + t.String() + fmt.Sprintf("settlement date %s, %s\n", e.Window.SettlementDate, weekday(e.Window.SettlementDate))
}

// calendarNames writes "PK@2025-2027.1, EU@2025-2027.1".
func calendarNames(all calendar.Calendars) string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.ID + "@" + c.Version
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}

// reasons says what the calendars say of a date.
func reasons(step *calendar.Step) string {
	var all []string
	for _, day := range step.Days {
		if why := day.Why(); why != "" {
			all = append(all, day.Calendar+": "+why)
		}
		for _, o := range day.Overrides {
			all = append(all, day.Calendar+": "+override(o))
		}
	}
	return strings.Join(all, "; ")
}
