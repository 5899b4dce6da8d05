package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

func (p *program) settlementCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "settlement",
		Short: "List settlement batches, ask for them, hold, release, approve, cancel and retry them",
		Long: `A settlement batch is what one merchant is paid for one window. It is closed by itself; then people may decide about it: hold it so that it
does not leave, release it, approve it where its schedule asks for that, give it up before it has left, and try it again after a rail refused it.
Who decided what, when and why stays with it.

Whoever asked for a batch, released it or tried it again last is its maker, and somebody else has to approve it.
An ID with a number behind it, set_6f2ab03c9f0c4c8e1a55.2, is one part of a batch that leaves in several.
hold and release take --merchant M instead of an ID: all that is not sent, and all that is closed until M is released.`,
		Example: `  settlex settlement list --status closed
  settlex settlement show set_6f2ab03c9f0c4c8e1a55
  settlex settlement approve set_6f2ab03c9f0c4c8e1a55 --by asha
  settlex settlement hold --merchant m_in_kirana --reason "account under review" --by ravi`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("list, show, request, hold, release, approve, cancel or retry?"))
		},
	}
	cmd.AddCommand(
		p.settlementListCommand(), p.settlementShowCommand(), p.requestCommand(),
		p.settlementMerchantMove("hold", "Keep a batch, or all of a merchant's, from leaving", (*settlex.Engine).HoldBatch, (*settlex.Engine).HoldMerchant),
		p.settlementMerchantMove("release", "Let a batch that is held go on, or all of a merchant's", (*settlex.Engine).ReleaseBatch, (*settlex.Engine).ReleaseMerchant),
		p.settlementMove("approve", "Have a batch leave that waits for it", (*settlex.Engine).ApproveBatch),
		p.settlementMove("cancel", "Give up a batch that has not left; the next one pays its money", (*settlex.Engine).CancelBatch),
		p.settlementMove("retry", "Have a batch that was refused leave once more", (*settlex.Engine).RetryBatch),
	)
	return cmd
}

// decision is a method of the engine by which somebody decides about a batch.
type decision func(e *settlex.Engine, ctx context.Context, id, by, reason string) (*settlement.Batch, error)

// settlementFlags are who decides about a batch, and why.
type settlementFlags struct{ by, reason, merchant string }

func (f *settlementFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.by, "by", "", "who decides it")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why")
}

// check wants both where both are needed.
func (f *settlementFlags) check(cmd *cobra.Command) error {
	switch {
	case f.by == "":
		return misused(cmd, errors.New("--by is missing: who decides it"))
	case f.reason == "" && cmd.Name() != "approve":
		return misused(cmd, errors.New("give a --reason: it stays with the batch"))
	}
	return nil
}

func (p *program) settlementMove(act, short string, do decision) *cobra.Command {
	var f settlementFlags
	cmd := &cobra.Command{
		Use: act + " ID --by WHO --reason WHY", Short: short, Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error { return p.decideBatch(cmd, &f, args[0], do) },
	}
	f.add(cmd)
	return cmd
}

// settlementMerchantMove is one that may be about all batches of a merchant, too.
func (p *program) settlementMerchantMove(
	act, short string, do decision, all func(e *settlex.Engine, ctx context.Context, id, by, reason string) error,
) *cobra.Command {
	var f settlementFlags
	cmd := &cobra.Command{
		Use: act + " ID|--merchant M --by WHO --reason WHY", Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if f.merchant == "" {
				return one("ID")(cmd, args)
			}
			if len(args) > 0 {
				return misused(cmd, fmt.Errorf("%s takes an ID or --merchant, not both", cmd.Name()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.merchant == "" {
				return p.decideBatch(cmd, &f, args[0], do)
			}
			if err := f.check(cmd); err != nil {
				return err
			}
			return p.within(cmd.Context(), func(s *session) error {
				if err := all(s.engine, cmd.Context(), f.merchant, f.by, f.reason); err != nil {
					return err
				}
				return p.merchantHeld(cmd.Context(), s, f.merchant)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.merchant, "merchant", "", "all batches of this `MERCHANT`")
	return cmd
}

func (p *program) decideBatch(cmd *cobra.Command, f *settlementFlags, id string, do decision) error {
	if err := f.check(cmd); err != nil {
		return err
	}
	return p.within(cmd.Context(), func(s *session) error {
		b, err := do(s.engine, cmd.Context(), id, f.by, f.reason)
		if err != nil {
			return err
		}
		p.printf("%s is %s%s\n", b.ID, b.Status, heldFor(b))
		if _, no := settlement.BatchOf(id); no > 0 {
			p.printf("part %d is %s\n", no, b.Parts[no-1].Status)
		}
		if b.Status == settlement.Closed {
			p.sayf("it waits to be approved by %s\n", approvers(b))
		}
		return p.sayCutoff(s.engine, b)
	})
}

// heldFor says why a batch is held.
func heldFor(b *settlement.Batch) string {
	if b.Hold == nil {
		return ""
	}
	return ": " + holdOf(b)
}

func holdOf(b *settlement.Batch) string {
	h := b.Hold
	if h == nil {
		return ""
	}
	out := string(h.Reason)
	if h.By != "" {
		out += " by " + h.By
	}
	if !h.Until.IsZero() {
		out += " until " + h.Until.Format(time.RFC3339)
	}
	if h.Detail != "" {
		out += ", " + h.Detail
	}
	return out
}

// approvers says who may approve a batch.
func approvers(b *settlement.Batch) string {
	if makers := b.Makers(); len(makers) > 0 {
		return "anybody but " + strings.Join(makers, ", ")
	}
	return "anybody"
}

// merchantHeld says whether a merchant is held, and how many of its batches are.
func (p *program) merchantHeld(ctx context.Context, s *session, merchant string) error {
	hold, err := s.engine.MerchantHold(ctx, merchant)
	if err != nil {
		return err
	}
	held, next := 0, make(cutoffs)
	err = s.engine.Batches(ctx, settlex.BatchQuery{Merchant: merchant, Status: settlement.Held}, func(b *settlement.Batch) bool {
		held++
		next.note(b)
		return true
	})
	if err != nil {
		return err
	}
	if hold == nil {
		p.printf("%s is held no longer\n", merchant)
	} else {
		p.printf("%s is held since %s by %s, %s\n", merchant, hold.Since.Format(time.RFC3339), hold.By, hold.Reason)
	}
	p.sayf("%s held\n", count(held, "batch of it is", "batches of it are"))
	return p.sayCutoffs(s.engine, next)
}

func (p *program) settlementListCommand() *cobra.Command {
	var q settlex.BatchQuery
	var currency, status string
	var from, to dateFlag
	cmd := &cobra.Command{
		Use: "list", Short: "List settlement batches and how they stand", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if currency != "" {
				if q.Currency, err = money.ParseCurrency(currency); err != nil {
					return misused(cmd, fmt.Errorf("--currency: %w", err))
				}
			}
			q.Status, q.From, q.To = settlement.Status(status), from.Date, to.Date
			if err := knownStatus(q.Status); err != nil {
				return misused(cmd, err)
			}
			return p.within(cmd.Context(), func(s *session) error { return p.settlementList(cmd.Context(), s, q) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&q.Merchant, "merchant", "", "only of this `MERCHANT`")
	flags.StringVar(&currency, "currency", "", "only in this `CURRENCY`")
	flags.StringVar(&status, "status", "", "only those that stand so: "+statusList())
	flags.Var(&from, "from", "first business `DATE`, YYYY-MM-DD")
	flags.Var(&to, "to", "last business `DATE`, YYYY-MM-DD")
	return cmd
}

func statusList() string {
	var all []string
	for _, s := range settlement.Statuses() {
		all = append(all, string(s))
	}
	return strings.Join(all, ", ")
}

func knownStatus(s settlement.Status) error {
	for _, known := range settlement.Statuses() {
		if s == known {
			return nil
		}
	}
	if s == "" {
		return nil
	}
	return fmt.Errorf("--status %q: a batch is %s", s, statusList())
}

func (p *program) settlementList(ctx context.Context, s *session, q settlex.BatchQuery) error {
	t := table{left: 7}
	t.add("batch", "merchant", "business", "due", "window", "status", "held for", "net")
	n, next := 0, make(cutoffs)
	err := s.engine.Batches(ctx, q, func(b *settlement.Batch) bool {
		n++
		next.note(b)
		w := &b.Window
		t.add(b.ID, b.Merchant, w.BusinessDate.String(), w.SettlementDate.String(), dash(w.Label), string(b.Status), dash(holdOf(b)),
			b.PaidIn().String()+" "+b.PaidIn().Format(b.Pays()))
		return true
	})
	if err != nil {
		return err
	}
	if n > 0 {
		p.printf("%s", &t)
	}
	p.sayf("%s\n", count(n, "batch", "batches"))
	if n == 0 && q.Merchant != "" {
		return p.merchantCutoffs(ctx, s, q.Merchant, q.Currency)
	}
	return p.sayCutoffs(s.engine, next)
}

// merchantCutoffs tells the next cut-offs of a merchant that has no batch to go by: of the schedules for its payments in a currency or,
// if there is none, in each of its region.
func (p *program) merchantCutoffs(ctx context.Context, s *session, id string, currency money.Currency) error {
	m, err := merchantOf(ctx, s.engine, id)
	if err != nil {
		return err
	}
	currencies := []money.Currency{currency}
	if currency.IsZero() {
		currencies = nil // and stay so where it has no region of its own
		for i := range s.Rules.Book.Regions {
			if r := &s.Rules.Book.Regions[i]; r.ID == m.Region {
				currencies = r.Currencies
			}
		}
	}
	next := make(cutoffs)
	for _, c := range currencies {
		cutoff, err := s.engine.NextCutoff(ctx, id, c, "")
		if settlement.Refused(err) { // by its calendars, or no schedule is for it
			p.warnf("the next cut-off in %s cannot be told: %v", c, err)
			continue
		}
		if err != nil {
			return err
		}
		next[cutoff.Schedule.ID] = cutoff.Schedule
	}
	return p.sayCutoffs(s.engine, next)
}
