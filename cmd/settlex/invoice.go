package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/payment"
)

func (p *program) invoiceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invoice",
		Short: "Issue the invoices of a month, list them, and write their files",
		Long: `Fees of schedules that say charge: gross are not taken out of merchants' money: they stand on an invoice for each merchant, currency and
calendar month. Once a month is over its invoices are issued: they get their numbers, without gaps for each region and month, and do not
change any more. What is given back has the number of a credit note. settlex run issues them by itself.

Top-ups (event top_up) pay invoices, the oldest first, and so do deductions from the merchant's money (event fee_deduction).`,
		Example: `  settlex invoice close --month 2026-03
  settlex invoice list --merchant m_in_kirana
  settlex invoice report --month 2026-03 --format csv,parquet`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return misused(cmd, errors.New("close, list or report?")) },
	}
	cmd.AddCommand(p.invoiceCloseCommand(), p.invoiceListCommand(), p.invoiceReportCommand())
	return cmd
}

// monthFlag is a month on the command line.
type monthFlag struct{ payment.Month }

// Set implements pflag.Value.
func (f *monthFlag) Set(s string) (err error) {
	f.Month, err = payment.ParseMonth(s)
	return err
}

// Type implements pflag.Value.
func (*monthFlag) Type() string { return "month" }

func (p *program) invoiceCloseCommand() *cobra.Command {
	var month monthFlag
	cmd := &cobra.Command{
		Use: "close [--month MONTH]", Short: "Issue the invoices of the months that are over", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.alone(cmd.Context(), func(ctx context.Context, s *session) error {
				issued, err := s.engine.CloseInvoices(ctx, month.Month, func(i *payment.Invoice) {
					total, _ := i.Total() // what was issued has one
					p.sayf("%s %s: %s of %s, %s %s\n", i.Month, i.Merchant, documents(i), count(int(i.Lines), "line", "lines"), i.Currency, i.Currency.Format(total))
				})
				if err != nil {
					return err
				}
				p.sayf("%s issued\n", count(issued, "invoice", "invoices"))
				return nil
			})
		},
	}
	cmd.Flags().Var(&month, "month", "through this `MONTH`, YYYY-MM (default: all that are over)")
	return cmd
}

// documents names the numbers of an invoice.
func documents(i *payment.Invoice) string {
	switch {
	case i.CreditNote == "":
		return i.Number
	case i.Number == "":
		return i.CreditNote
	}
	return i.Number + " and " + i.CreditNote
}

func (p *program) invoiceListCommand() *cobra.Command {
	var merchant string
	cmd := &cobra.Command{
		Use: "list [--merchant ID]", Short: "List invoices, and what is paid of each", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.within(cmd.Context(), func(s *session) error {
				if merchant != "" {
					if _, err := merchantOf(cmd.Context(), s.engine, merchant); err != nil {
						return err
					}
				}
				all, err := s.engine.Invoices(cmd.Context(), merchant)
				if err != nil {
					return err
				}
				t := table{left: 6}
				t.add("month", "merchant", "currency", "number", "credit note", "status", "due", "paid", "left")
				for i := range all {
					s := &all[i]
					left, err := s.Left()
					if err != nil {
						return err
					}
					c := s.Currency
					t.add(s.Month.String(), s.Merchant, c.String(), dash(s.Number), dash(s.CreditNote), string(s.Status), c.Format(s.Due), c.Format(s.Paid), c.Format(left))
				}
				p.printf("%s", &t)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&merchant, "merchant", "", "only those of this merchant, by its `ID`")
	return cmd
}

func (p *program) invoiceReportCommand() *cobra.Command {
	var month monthFlag
	var formats formatsFlag
	var out string
	cmd := &cobra.Command{
		Use: "report --month MONTH", Short: "Write the files of a month's invoices and of their lines", Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if month.Month == (payment.Month{}) {
				return misused(cmd, errors.New("--month is missing: whose invoices?"))
			}
			return p.within(cmd.Context(), func(s *session) error {
				if out == "" {
					out = s.Reports
				}
				if len(formats) == 0 {
					var err error
					if formats, err = formatsOf(s.Config); err != nil {
						return err
					}
				}
				written, err := s.engine.ReportInvoices(cmd.Context(), out, formats, month.Month)
				if err != nil {
					return err
				}
				p.sayf("%s in %s: %s\n", count(len(written), "file", "files"), out, outcomes(written))
				return nil
			})
		},
	}
	cmd.Flags().Var(&month, "month", "`MONTH`, YYYY-MM")
	cmd.Flags().Var(&formats, "format", "`FORMATS` parted by commas: csv, json, jsonl, parquet (default: the configuration's)")
	cmd.Flags().StringVar(&out, "out", "", "`DIRECTORY` of the files (default: the configuration's)")
	return cmd
}
