package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

// requestFlags are what the command line says about a settlement that is asked for.
type requestFlags struct {
	merchant, currency, by, key string
	instant                     bool
}

func (p *program) requestCommand() *cobra.Command {
	var flags requestFlags
	cmd := &cobra.Command{
		Use:   "request --merchant ID --currency CODE --by WHO",
		Short: "Settle what a merchant has available now",
		Long: `Request closes a batch of one merchant and currency at once: of what is available by today and in no batch, with what earlier
batches carried on, however little. With --instant it takes what is pending too, for the fee of event instant. Windows that are due are closed first.
Reserves stay withheld, and later windows have what is left. The same --key again does nothing, and prints the batch as it stands.`,
		Example: `  settlex settlement request --merchant m_in_kirana --currency INR --by asha
  settlex settlement request --merchant m_in_kirana --currency INR --by asha --instant --key 2026-03-02-a`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req, err := flags.request(p.clock())
			if err != nil {
				return misused(cmd, err)
			}
			return p.alone(cmd.Context(), func(ctx context.Context, s *session) error { return p.request(ctx, s, req) })
		},
	}
	cmd.Flags().StringVar(&flags.merchant, "merchant", "", "`ID` of the merchant")
	cmd.Flags().StringVar(&flags.currency, "currency", "", "`CODE` of the currency")
	cmd.Flags().StringVar(&flags.by, "by", "", "who asks for it")
	cmd.Flags().StringVar(&flags.key, "key", "", "`KEY` that makes the request the same when it is made again; none: the merchant, the currency and the instant")
	cmd.Flags().BoolVar(&flags.instant, "instant", false, "what is pending too, for a fee")
	return cmd
}

// request makes the request of the flags, at an instant.
func (f *requestFlags) request(now time.Time) (req settlement.Request, err error) {
	switch {
	case f.merchant == "":
		return req, errors.New("--merchant is missing: whose money is it?")
	case f.currency == "":
		return req, errors.New("--currency is missing")
	case f.by == "":
		return req, errors.New("--by is missing: who asks for it?")
	}
	req = settlement.Request{Key: f.key, Merchant: f.merchant, By: f.by, Kind: settlement.OnDemand}
	if f.instant {
		req.Kind = settlement.Instant
	}
	if req.Key == "" {
		req.Key = fmt.Sprintf("%s-%s-%s", f.merchant, f.currency, now.UTC().Format("20060102T150405.000000Z"))
	}
	if req.Currency, err = money.ParseCurrency(f.currency); err != nil {
		return req, fmt.Errorf("--currency: %w", err)
	}
	return req, nil
}

// request closes the batch and says what it pays.
func (p *program) request(ctx context.Context, s *session, req settlement.Request) error {
	batch, repeated, err := s.engine.RequestSettlement(ctx, req, nil)
	if err != nil {
		return err
	}
	c := batch.Currency
	p.printf("%s is %s: %s %s, due %s\n", batch.ID, batch.Status, batch.PaidIn(), batch.PaidIn().Format(batch.Pays()), batch.Window.SettlementDate)
	for i := range batch.Charges {
		charge := &batch.Charges[i]
		p.printf("  %s fee %s, tax %s, of %s\n", charge.Event, c.Format(charge.Fee.Fee), c.Format(charge.Tax), c.Format(charge.Base))
	}
	if repeated {
		p.sayf("it had been asked for before: nothing was done\n")
	}
	return p.sayCutoff(s.engine, batch)
}
