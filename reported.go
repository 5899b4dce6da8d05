package settlex

import (
	"context"
	"fmt"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
)

// reported gives the ids of the instructions for something that need not leave any more
// of which somebody else than their rail has reported the outcome.
func reported(ctx context.Context, r ledger.Reader, w *payment.Departure) ([]string, error) {
	if w.Object != payment.PayoutRecord {
		batch, err := record[*settlement.Batch](ctx, r, settlement.BatchRef(w.Source))
		if err != nil || batch == nil {
			return nil, err
		}
		return settlement.ToldOtherwise(batch), nil
	}
	payout, err := record[*payment.Payout](ctx, r, ledger.Ref{Kind: payment.PayoutRecord, ID: w.Source})
	if err != nil || payout == nil {
		return nil, err
	}
	sending := ""
	for _, step := range payout.Steps {
		switch step.Kind {
		case payment.PayoutSent:
			if step.FromRail {
				sending = step.RailRef
			}
		case payment.PayoutCompleted, payment.PayoutFailed:
			if sending != "" && !step.FromRail {
				return []string{sending}, nil
			}
		}
	}
	return nil, nil
}

// conclude notes that nothing more is expected of instructions whose outcome somebody has
// reported: their submissions would stay open for ever, and be looked at each time.
func (d *dispatch) conclude(ctx context.Context, ids []string) error {
	for _, id := range ids {
		var one *payment.Instruction
		err := d.books.Read(ctx, func(r ledger.Reader) (err error) {
			one, err = record[*payment.Instruction](ctx, r, payment.InstructionRef(id))
			return err
		})
		if err != nil {
			return err
		}
		if one == nil || one.Final {
			continue
		}
		rail, message, _ := strings.Cut(one.Submission, "/")
		refs := submissionRefs(&payment.Submission{Rail: rail, Message: message})
		err = d.books.Do(ctx, &together{needs: append([]ledger.Ref{one.Ref()}, refs...), then: func(s *ledger.State) error {
			return change(s, refs, func(of *payment.Submission) error { return finish(s, of, []payment.Instruction{*one}) })
		}})
		if err != nil {
			return fmt.Errorf("note that nothing more is expected of instruction %s: %w", id, err)
		}
	}
	return nil
}

// finish notes of instructions of a submission that nothing more is expected.
func finish(state *ledger.State, of *payment.Submission, final []payment.Instruction) error {
	for i := range final {
		stored, ok := state.Record(final[i].Ref()).(*payment.Instruction)
		if !ok {
			return fmt.Errorf("%w: instruction %s is not there", ledger.ErrCorrupt, final[i].ID)
		}
		if stored.Final {
			continue
		}
		changed := *stored
		changed.Final = true
		state.Put(&changed)
		of.Open--
	}
	return nil
}
