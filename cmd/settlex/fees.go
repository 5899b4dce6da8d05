package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

func (p *program) feesCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fees",
		Short: "Explain fees",
		Args:  knownCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return misused(cmd, errors.New("explain?")) },
	}
	cmd.AddCommand(p.feesExplainCommand())
	return cmd
}

func (p *program) feesExplainCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "explain ENTRY",
		Short: "Say how a fee came about",
		Long: `Explain prints how a fee came about: which version of which fee schedule priced it and why that one was chosen, each part with its base, its
exact value, what limited it and what rounding added, the tiers it reached and what was counted before, tax and its split, and what became of
it since. ENTRY is the key of an entry that is a fee, or the id of a deposit, payout, refund, dispute or batch; where several things have the id,
write what it is before it, as in refund/r_1.

The candidates are those of the price list as it is now; the fee is as it was charged.`,
		Example: `  settlex fees explain d_1042
  settlex fees explain deposit/d_1042/fee --json`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misused(cmd, fmt.Errorf("one entry or id is needed, here are %d", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.within(cmd.Context(), func(s *session) error { return p.explainFee(cmd.Context(), s, args[0], asJSON) })
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, amounts as decimals in major units")
	return cmd
}

func (p *program) explainFee(ctx context.Context, s *session, what string, asJSON bool) error {
	all, err := s.engine.ExplainFee(ctx, what)
	if err != nil {
		return err
	}
	if asJSON {
		out := make([]feeJSON, len(all))
		for i := range all {
			if out[i], err = feeAsJSON(&all[i]); err != nil {
				return err
			}
		}
		return p.printJSON(out)
	}
	next := make(cutoffs)
	for i := range all {
		if i > 0 {
			p.printf("\n")
		}
		if err := p.printFee(&all[i]); err != nil {
			return err
		}
		if all[i].Kind == settlement.Object {
			b, err := s.engine.Batch(ctx, all[i].ID)
			if err != nil {
				return err
			}
			next.note(b)
		}
	}
	return p.sayCutoffs(s.engine, next)
}

// printFee prints one fee: what it is, why, of what parts, and what became of it.
func (p *program) printFee(f *payment.PricedFee) error {
	c := f.Currency
	total, err := f.Fee.Total()
	if err != nil {
		return err
	}
	how := "taken out of the money"
	if f.Invoiced {
		how = "invoiced"
	}
	p.printf("%s %s: fee %s %s, tax %s, together %s, %s\n", f.Kind, f.ID, c, figure(c, f.Fee.Fee), figure(c, f.Fee.Tax), figure(c, total), how)
	p.printf("fee schedule %s, version %s\n", f.Fee.ScheduleID, f.Fee.Version)
	if f.Month != nil {
		p.printf("of %s charged in %s under it, %s of tax on that\n", figure(c, f.Month.Fee), f.Month.Month, figure(c, f.Month.Tax))
	} else {
		p.printf("asked for: %s\n", f.Query)
		p.printCandidates(f)
	}
	p.printParts(f)
	for _, tax := range f.Fee.Taxes {
		p.printf("tax %s: %s on %s\n", tax.Code, figure(c, tax.Amount), figure(c, f.Fee.Fee))
	}
	p.printBack(f)
	return nil
}

// printCandidates prints which schedules could have priced the fee, and which did.
func (p *program) printCandidates(f *payment.PricedFee) {
	t := table{left: 6}
	t.add("schedule", "version", "binds", "priority", "in force from", "why")
	pinned := false
	for i := range f.Candidates {
		k := &f.Candidates[i]
		s := k.Schedule
		from := "-"
		if !s.EffectiveFrom.IsZero() {
			from = s.EffectiveFrom.String()
		}
		pinned = pinned || k.Chosen && s.ID == f.Fee.ScheduleID && s.Version == f.Fee.Version
		t.add(s.ID, s.Version, fmt.Sprint(k.Bound), fmt.Sprint(s.Priority), from, whyText(k))
	}
	p.printf("%s", &t)
	if !pinned {
		p.printf("the price list has changed since: today's would not choose the version that was charged\n")
	}
}

// whyText says why a candidate was chosen, or was not.
func whyText(k *fees.Candidate) string {
	chosen, not := "", ""
	switch k.Why {
	case fees.WhyOnly:
		chosen = "the only one"
	case fees.WhyBound:
		chosen, not = "binds most", "binds fewer"
	case fees.WhyPriority:
		chosen, not = "highest priority", "lower priority"
	case fees.WhyFrom:
		chosen, not = "in force since later", "in force since earlier"
	case fees.WhyID:
		chosen, not = "first id", "later id"
	case fees.WhySuperseded:
		not = "a later version is in force"
	case fees.WhyNotInForce:
		not = "not in force that day"
	}
	if k.Chosen {
		return "chosen: " + chosen
	}
	return not
}

// printParts prints the parts of a fee, and the tiers of those that have any.
func (p *program) printParts(f *payment.PricedFee) {
	c := f.Currency
	t := table{left: 2}
	t.add("part", "of", "base", "exactly", "limit", "fee", "rounding")
	for i := range f.Fee.Parts {
		part := &f.Fee.Parts[i]
		t.add(part.Kind, string(baseOf(part)), figure(c, baseAmount(&f.Fee, part)), exactly(c, part.Raw), dash(string(part.Limit)), figure(c, part.Amount), exactly(c, part.Rounding))
	}
	t.add("fee", "", "", "", "", figure(c, f.Fee.Fee), "")
	p.printf("%s", &t)
	for i := range f.Fee.Parts {
		part := &f.Fee.Parts[i]
		if part.Units != nil {
			p.printf("%s: %s units\n", part.Kind, part.Units)
		}
		if part.Reached != nil {
			p.printf("%s: %s\n", part.Kind, reachedText(c, part.Reached))
		}
	}
}

// baseOf is what a part is a share of.
func baseOf(part *fees.Part) fees.Base {
	if part.Base == "" {
		return fees.BaseGross
	}
	return part.Base
}

// baseAmount is how much that is.
func baseAmount(f *fees.Fee, part *fees.Part) money.Amount {
	switch {
	case part.Base == "" || f.Cost == nil:
		return f.Base
	case part.Base == fees.BaseCostAndTax:
		sum, _ := f.Cost.Add(f.CostTax) // was added when it was priced
		return sum
	}
	return *f.Cost
}

// reachedText says which tiers priced a part, and what was counted before.
func reachedText(c money.Currency, r *fees.Reached) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s tiers by %s", r.Mode, r.Measure)
	if r.Period != "" {
		before := figure(c, r.Before)
		if r.Measure == fees.MeasureCount {
			before = r.Before.String()
		}
		fmt.Fprintf(&b, ", %s before it in %s", before, r.Period)
	}
	for _, s := range r.Slices {
		fmt.Fprintf(&b, "; tier %d: %s at %s is %s", s.Tier, figure(c, s.Amount), s.Rate, exactly(c, s.Raw))
	}
	return b.String()
}

// printBack prints what became of a fee.
func (p *program) printBack(f *payment.PricedFee) {
	c, back := f.Currency, f.Back
	if f.Policy != "" {
		p.printf("policy: %s\n", f.Policy)
	}
	if back == nil {
		return
	}
	by := ""
	if back.By != "" {
		by = " with refund " + back.By
	}
	p.printf("given back%s: %s", by, figure(c, back.Fee))
	for _, tax := range back.Taxes {
		p.printf(", tax %s %s", tax.Code, figure(c, tax.Amount))
	}
	p.printf("\n")
}

// exactly writes an exact figure of minor units in major units, all its digits.
func exactly(c money.Currency, e money.Exact) string {
	text, negative := strings.CutPrefix(e.String(), "-")
	whole, fraction, _ := strings.Cut(text, ".")
	digits := c.Exponent()
	for len(whole) <= digits {
		whole = "0" + whole
	}
	at := len(whole) - digits
	fraction = whole[at:] + fraction
	if whole = whole[:at]; fraction != "" {
		whole += "." + fraction
	}
	if negative {
		return "-" + whole
	}
	return whole
}
