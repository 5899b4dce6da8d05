package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

func (p *program) merchantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "merchant",
		Short: "Create merchants, change them, suspend, resume and close them",
		Long: `A merchant is the configuration's, or is created here. Its terms have versions; who decided what, when and why stays with it.

A suspended merchant takes no new deposits and requests no payouts until it is resumed; refunds, disputes and returns of older payments
are booked all the same. A merchant that is being closed goes on being settled by its schedule and its reserves are released on their
dates; once nothing is owed either way it is closed, for good. settlex settle and settlex run look for that.`,
		Example: `  settlex merchant create m_in_kirana --name "Kirana Store" --by asha
  settlex merchant suspend m_in_kirana --reason "chargebacks" --by asha
  settlex merchant show m_in_kirana`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("create, show, list, change, suspend, resume or close?"))
		},
	}
	cmd.AddCommand(
		p.merchantCreateCommand(), p.merchantShowCommand(), p.merchantListCommand(), p.merchantChangeCommand(),
		p.merchantMove(payment.MerchantSuspend, "Take no new deposits and payouts of a merchant"),
		p.merchantMove(payment.MerchantResume, "Take them again"),
		p.merchantMove(payment.MerchantClose, "Close a merchant for good, once nothing is owed either way"),
	)
	return cmd
}

// merchantFlags are who decides about a merchant, and why.
type merchantFlags struct{ by, reason, name, region, currency string }

func (f *merchantFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.by, "by", "", "who decides it")
	cmd.Flags().StringVar(&f.reason, "reason", "", "why")
}

func (f *merchantFlags) addTerms(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.name, "name", "", "for people")
	cmd.Flags().StringVar(&f.region, "region", "", "its `REGION`; none: that of each payment's currency")
	cmd.Flags().StringVar(&f.currency, "currency", "", "`CURRENCY` it is paid in by schedules that settle into the merchants' own")
}

// decide runs a decision and says how the merchant stands.
func (p *program) decide(cmd *cobra.Command, f *merchantFlags, d payment.MerchantDecision) error {
	switch {
	case f.by == "":
		return misused(cmd, errors.New("--by is missing: who decides it"))
	case f.reason == "" && d.Act != payment.MerchantCreate:
		return misused(cmd, errors.New("give a --reason: it stays with the merchant"))
	}
	d.Actor, d.Reason = f.by, f.reason
	return p.within(cmd.Context(), func(s *session) error {
		if err := s.complete(cmd, f, &d); err != nil {
			return err
		}
		m, err := s.engine.DecideMerchant(cmd.Context(), d)
		if err != nil {
			return err
		}
		if m.Status == payment.Closing {
			return p.closeOut(cmd.Context(), s, m.ID)
		}
		p.printf("%s is %s\n", m.ID, m.Stands())
		return nil
	})
}

// complete takes the terms that a change does not name from those that are.
func (s *session) complete(cmd *cobra.Command, f *merchantFlags, d *payment.MerchantDecision) error {
	d.Terms = merchant.Terms{Name: f.name, Region: f.region}
	if f.currency != "" {
		var err error
		if d.Terms.Currency, err = money.ParseCurrency(f.currency); err != nil {
			return fmt.Errorf("--currency: %w", err)
		}
	}
	if d.Act != payment.MerchantChange {
		return nil
	}
	m, ok, err := s.engine.Merchant(cmd.Context(), d.ID)
	if err != nil || !ok {
		return err // the decision tells that there is none
	}
	if !cmd.Flags().Changed("name") {
		d.Terms.Name = m.Name
	}
	if !cmd.Flags().Changed("region") {
		d.Terms.Region = m.Region
	}
	if !cmd.Flags().Changed("currency") {
		d.Terms.Currency = m.Currency
	}
	return nil
}

// closeOut closes whoever is settled up, and says how one merchant stands.
func (p *program) closeOut(ctx context.Context, s *session, id string) error {
	if _, err := s.engine.CloseOut(ctx); err != nil {
		return err
	}
	m, _, err := s.engine.Merchant(ctx, id)
	if err != nil {
		return err
	}
	owed, err := s.engine.Owed(ctx, id)
	if err != nil {
		return err
	}
	p.printf("%s is %s\n", id, m.Stands())
	if m.Status == payment.Closing {
		p.sayf("%s left before it is closed; see settlex merchant show %s\n", count(len(owed), "thing is", "things are"), id)
	}
	return nil
}

func (p *program) merchantCreateCommand() *cobra.Command {
	var f merchantFlags
	cmd := &cobra.Command{
		Use: "create ID --by WHO", Short: "Create a merchant", Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.decide(cmd, &f, payment.MerchantDecision{Act: payment.MerchantCreate, ID: args[0]})
		},
	}
	f.add(cmd)
	f.addTerms(cmd)
	return cmd
}

func (p *program) merchantChangeCommand() *cobra.Command {
	var f merchantFlags
	var from string
	cmd := &cobra.Command{
		Use: "change ID --reason WHY --by WHO", Short: "Change the terms of a merchant", Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			d := payment.MerchantDecision{Act: payment.MerchantChange, ID: args[0]}
			if from != "" {
				at, err := time.Parse(time.RFC3339, from)
				if err != nil {
					return misused(cmd, fmt.Errorf("--from %q is no instant such as 2026-04-01T00:00:00+05:30", from))
				}
				d.From = at.UTC()
			}
			return p.decide(cmd, &f, d)
		},
	}
	f.add(cmd)
	f.addTerms(cmd)
	cmd.Flags().StringVar(&from, "from", "", "first `INSTANT` the terms govern, with its offset; none: at once")
	return cmd
}

func (p *program) merchantMove(act payment.MerchantAct, short string) *cobra.Command {
	var f merchantFlags
	cmd := &cobra.Command{
		Use: string(act) + " ID --reason WHY --by WHO", Short: short, Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.decide(cmd, &f, payment.MerchantDecision{Act: act, ID: args[0]})
		},
	}
	f.add(cmd)
	return cmd
}

func (p *program) merchantListCommand() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all merchants", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.within(cmd.Context(), func(s *session) error {
				all, err := s.engine.Merchants(cmd.Context())
				if err != nil {
					return err
				}
				t := table{left: 4}
				t.add("merchant", "status", "region", "name")
				for i := range all {
					m := &all[i]
					t.add(m.ID, string(m.Stands()), dash(m.Region), m.TermsAt(p.clock()).Name)
				}
				p.printf("%s", &t)
				return nil
			})
		},
	}
}

// dash stands for what is not there.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p *program) merchantShowCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Print a merchant: its terms, what was decided about it, and what is owed", Args: one("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.within(cmd.Context(), func(s *session) error { return p.merchantShow(cmd.Context(), s, args[0]) })
		},
	}
}

// merchantOf gives a merchant that must be there.
func merchantOf(ctx context.Context, engine *settlex.Engine, id string) (payment.Merchant, error) {
	m, ok, err := engine.Merchant(ctx, id)
	if err == nil && !ok {
		err = fmt.Errorf("%q: %w", id, payment.ErrUnknownMerchant)
	}
	return m, err
}

func (p *program) merchantShow(ctx context.Context, s *session, id string) error {
	m, err := merchantOf(ctx, s.engine, id)
	if err != nil {
		return err
	}
	owed, err := s.engine.Owed(ctx, id)
	if err != nil {
		return err
	}
	now := m.TermsAt(p.clock())
	p.printf("%s is %s, name %s, region %s", m.ID, m.Stands(), dash(now.Name), dash(now.Region))
	if !now.Currency.IsZero() {
		p.printf(", paid in %s by default", now.Currency)
	}
	p.printf("\n")
	t := table{left: 5}
	for _, v := range m.Versions {
		t.add("terms from "+v.From.Format(time.RFC3339), "name "+dash(v.Name), "region "+dash(v.Region), "by "+v.Actor, v.Reason)
	}
	p.printf("%s", &t)
	t = table{left: 5}
	for _, step := range m.Steps {
		t.add(step.At.Format(time.RFC3339), string(step.Act), string(step.Status), "by "+step.Actor, step.Reason)
	}
	p.printf("%s", &t)
	return p.owed(ctx, s, owed)
}

// owed prints what is owed, and tells the next cut-offs of the schedules of the batches among it.
func (p *program) owed(ctx context.Context, s *session, owed []settlex.Owing) error {
	t, next := table{left: 2}, make(cutoffs)
	for _, o := range owed {
		t.add("owed: "+o.What, o.Currency.String(), o.Currency.Format(o.Amount))
		if id, ok := strings.CutPrefix(o.What, settlement.BatchRecord+" "); ok {
			b, err := s.engine.Batch(ctx, id)
			if err != nil {
				return err
			}
			next.note(b)
		}
	}
	p.printf("%s", &t)
	return p.sayCutoffs(s.engine, next)
}
