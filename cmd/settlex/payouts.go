package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func (p *program) payoutsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "payouts",
		Short: "Request payouts in batches",
		Args:  knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, errors.New("what about payouts?"))
		},
	}
	cmd.AddCommand(p.submitCommand())
	return cmd
}

// submitFlags are what the command line says about a batch of payouts.
type submitFlags struct {
	merchant string
	mode     string
	batch    string // empty: named after the file's content
}

func (p *program) submitCommand() *cobra.Command {
	var flags submitFlags
	cmd := &cobra.Command{
		Use:   "submit FILE --merchant ID",
		Short: "Request the payouts of a file",
		Long: fmt.Sprintf(`Submit requests the payouts of a CSV or NDJSON file for one merchant, and prints what became of each: booked, queued or refused.
The file has the columns of event files without kind and merchant_id: id, occurred_at, currency, amount, method, and more if need be.
With --mode independent each payout stands for itself. With --mode all they are taken together or not at all, at most %d of them.
The same file again books nothing and prints the same; so it may be submitted again after a crash, and goes on where it stopped. A batch that was refused,
for want of money perhaps, is taken anew under another name: --batch ID.`, payment.MaxPayoutsAll),
		Example: `  settlex payouts submit salaries.csv --merchant m_in_kirana
  settlex payouts submit salaries.csv --merchant m_in_kirana --mode all --batch salaries-2026-03`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misused(cmd, fmt.Errorf("one file at a time, here are %d", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if flags.merchant == "" {
				return misused(cmd, errors.New("--merchant is missing: whose money is it?"))
			}
			if mode := payment.PayoutMode(flags.mode); mode != payment.PayoutsIndependent && mode != payment.PayoutsAll {
				return misused(cmd, fmt.Errorf("--mode %q is neither %s nor %s", flags.mode, payment.PayoutsIndependent, payment.PayoutsAll))
			}
			return p.within(cmd.Context(), func(s *session) error { return p.submit(cmd.Context(), s.engine, args[0], flags) })
		},
	}
	cmd.Flags().StringVar(&flags.merchant, "merchant", "", "`ID` of the merchant whose money is paid out")
	cmd.Flags().StringVar(&flags.mode, "mode", string(payment.PayoutsIndependent), "independent, or all: all of them or none")
	cmd.Flags().StringVar(&flags.batch, "batch", "", "`ID` of the batch; the file's content, the merchant and the mode name it otherwise")
	return cmd
}

// submit takes the payouts of a file and prints a line for each.
func (p *program) submit(ctx context.Context, engine *settlex.Engine, name string, flags submitFlags) (err error) {
	if _, err := merchantOf(ctx, engine, flags.merchant); err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if flags.batch == "" {
		if flags.batch, err = nameOf(file, flags.merchant, flags.mode); err != nil {
			return err
		}
	}
	mapping := feed.Mapping{Constants: map[payment.Field]string{
		payment.FieldKind: string(payment.PayoutRequested), payment.FieldMerchant: flags.merchant,
	}}
	order := settlex.PayoutOrder{
		ID: flags.batch, Mode: payment.PayoutMode(flags.mode), Items: payoutsOf(ctx, name, file, mapping),
		Result: func(r payment.PayoutResult) error {
			line := fmt.Sprintf("%d\t%s\t%s", r.No, r.ID, r.Outcome)
			if r.Field != "" {
				line += "\t" + string(r.Field) + ": " + r.Reason
			} else if r.Reason != "" {
				line += "\t" + r.Reason
			}
			p.printf("%s\n", line)
			return nil
		},
	}
	batch, err := engine.PayoutBatch(ctx, order)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.sayf("%s: batch %s, %s: %s booked, %s queued, %s refused\n", name, batch.ID, count(batch.Count, "payout", "payouts"),
		number(batch.Booked), number(batch.Queued), number(batch.Refused))
	if batch.Status == payment.Rejected || batch.Refused == batch.Count {
		return fmt.Errorf("%s: nothing was taken: %s of %s refused; --batch ID tries again, under another name", name, number(batch.Refused), number(batch.Count))
	}
	return nil
}

// payoutsOf reads a file of payouts, each time it is asked to from its beginning.
func payoutsOf(ctx context.Context, name string, file io.ReadSeeker, mapping feed.Mapping) iter.Seq2[payment.Event, error] {
	return func(yield func(payment.Event, error) bool) {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			yield(payment.Event{}, err)
			return
		}
		for row, err := range feed.Read(ctx, name, file, mapping) {
			if !yield(row.Event, err) {
				return
			}
		}
	}
}

// nameOf names a batch after what a file says, for whom, and how it is taken.
func nameOf(file io.ReadSeeker, merchant, mode string) (string, error) {
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, merchant, mode) // a hash takes everything
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return "file-" + hex.EncodeToString(sum.Sum(nil))[:16], nil
}
