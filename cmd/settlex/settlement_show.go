package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

func (p *program) settlementShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Print a batch: its equation, its parts, and what was decided and told about it", Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.within(cmd.Context(), func(s *session) error { return p.settlementShow(cmd.Context(), s, args[0]) })
		},
	}
}

func (p *program) settlementShow(ctx context.Context, s *session, id string) error {
	b, err := s.engine.Batch(ctx, id)
	if err != nil {
		return err
	}
	w := &b.Window
	p.printf("%s is %s%s\n", b.ID, b.Status, heldFor(b))
	p.printf("merchant %s, %s %s, business date %s, due %s, schedule %s\n",
		b.Merchant, b.Currency, b.Currency.Format(b.Net), w.BusinessDate, w.SettlementDate, w.Schedule.ID)
	facts, err := factsOf(s, b)
	if err != nil {
		return err
	}
	p.printf("%s", facts)
	if b.NeedsApproval && slices.ContainsFunc(b.Pieces(), func(piece settlement.Part) bool {
		return piece.Status == settlement.Closed || piece.Status == settlement.Held
	}) {
		p.printf("to be approved by %s\n", approvers(b))
	}
	p.printf("\n%s%s\n%s\n%s", equationOf(b), conversionOf(b), piecesOf(b), stepsOf(b))
	return p.sayCutoff(s.engine, b)
}

// factsOf says by which versions of schedule, calendars and time zones the window of a
// batch was found.
func factsOf(s *session, b *settlement.Batch) (string, error) {
	schedule, err := s.engine.Schedule(b.Window.Schedule)
	if err != nil {
		return "", err
	}
	zone := schedule.Timing.Zone
	text := fmt.Sprintf("window closed %s %s", b.Window.Closes.In(zone).Format(time.RFC3339), zone)
	if !b.Window.DueAt.IsZero() {
		text += ", due at " + b.Window.DueAt.In(zone).Format(time.RFC3339)
	}
	text += fmt.Sprintf("; by %s, calendars %s", b.Window.Schedule, calendarNames(schedule.Timing.Calendars))
	if b.ZoneData != "" {
		text += ", time zones of release " + b.ZoneData
	}
	return text + "\n", nil
}

// equationOf is the batch equation as a table.
func equationOf(b *settlement.Batch) *table {
	t := &table{left: 1}
	row := func(what string, amount money.Amount, always bool) {
		if always || !amount.IsZero() {
			t.add(what, b.Currency.Format(amount))
		}
	}
	c := &b.Categories
	row("opening carry", b.OpeningCarry, true)
	for _, part := range []struct {
		what   string
		amount money.Amount
	}{
		{"payments", c.Payments}, {"refunds", c.Refunds}, {"disputes", c.Disputes}, {"reserves", c.Reserve}, {"payouts", c.Payouts},
		{"batches put back", c.Batches}, {"adjustments", c.Adjustments}, {"exchanges", c.Exchanges}, {"fees of the batch", c.Fees},
	} {
		row(part.what, part.amount, false)
	}
	row("carry out", b.CarryOut, true)
	t.add(rule, rule)
	row("net", b.Net, true)
	return t
}

// conversionOf says what the net of a batch became that is paid in another currency.
func conversionOf(b *settlement.Batch) string {
	switch {
	case b.FX == nil:
		return ""
	case b.BuysNothing():
		return fmt.Sprintf("not paid in %s: it buys nothing at quote %s, at %s\n", b.FX.Target, b.FX.Quote.ID, b.FX.Quote.Client)
	case !b.Converted() && b.Status == settlement.Canceled:
		return fmt.Sprintf("not paid in %s: canceled without a quote\n", b.FX.Target)
	case !b.Converted():
		return fmt.Sprintf("paid in %s, once there is a quote: %s\n", b.FX.Target, b.FX.Waits)
	}
	q, c := b.FX.Quote, b.FX.Target
	return fmt.Sprintf("paid in %s: %s at %s, worth %s at %s, spread %s\nquote %s of %s, given %s, valid until %s, in force %s\n",
		c, c.Format(b.FX.Got), q.Client, c.Format(b.FX.Worth), q.Mid, c.Format(b.FX.Spread),
		q.ID, q.Source, q.QuotedAt.Format(time.RFC3339), q.ValidUntil.Format(time.RFC3339), b.FX.At.UTC().Format(time.RFC3339))
}

// piecesOf are the instructions by which a batch is paid.
func piecesOf(b *settlement.Batch) *table {
	t := &table{left: 5}
	t.add("part", "instruction", "status", "rail", "sent", "amount")
	for _, p := range b.Pieces() {
		rail, ref := b.SendingOf(p)
		no := "all"
		if p.No > 0 {
			no = strconv.Itoa(p.No)
		}
		t.add(no, dash(ref), string(p.Status), dash(rail), strconv.Itoa(b.Attempt(p)-1), b.PaidIn().Format(p.Amount))
	}
	return t
}

// stepsOf is the life of a batch.
func stepsOf(b *settlement.Batch) *table {
	t := &table{left: 6}
	t.add("at", "what", "status", "part", "by", "why")
	for i := range b.Steps {
		step := &b.Steps[i]
		part, why := "-", step.Reason
		switch {
		case step.Part > 0:
			part = strconv.Itoa(step.Part)
		case len(step.Parts) > 0:
			part = strings.Trim(strings.ReplaceAll(fmt.Sprint(step.Parts), " ", ","), "[]")
		}
		if step.Hold != "" && why != "" {
			why = string(step.Hold) + ", " + why
		} else if step.Hold != "" {
			why = string(step.Hold)
		}
		by := step.Actor
		if by == "" {
			by = step.Rail
		}
		what := string(step.Kind)
		if what == "" {
			what = "closing"
		}
		t.add(step.At.Format(time.RFC3339), what, string(step.Status), part, dash(by), dash(why))
	}
	return t
}
