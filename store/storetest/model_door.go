package storetest

import (
	"errors"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
)

// call is one call of the ledger.
type call struct {
	mode     ledger.Mode
	requests []ledger.Request
}

func (c call) letters() (out []letter) {
	for _, r := range c.requests {
		out = append(out, readLetter(r))
	}
	return out
}

// ask sends a call through the ledger's front door.
func (d *desk) ask(t *rapid.T, c call) {
	verdicts, after := d.notebook.take(c.mode, c.letters(), d.notebook.next(d.clock))
	outcomes := d.send(t, c)
	d.compare(t, c, verdicts, after, outcomes)
	d.adopt(after, c, outcomes)
}

// send uses the method that is made for what is asked, where there is one.
func (d *desk) send(t *rapid.T, c call) []ledger.Outcome {
	ctx := t.Context()
	single := func(r ledger.Result, err error) []ledger.Outcome { return []ledger.Outcome{{Result: r, Err: err}} }
	if entries := entriesOf(c); entries != nil && c.mode == ledger.Atomic {
		return asOutcomes(len(entries))(d.books.Post(ctx, entries...))
	}
	if len(c.requests) == 1 && c.mode == ledger.Atomic {
		switch r := c.requests[0].(type) {
		case ledger.Hold:
			return single(d.books.Hold(ctx, r))
		case ledger.Capture:
			return single(d.books.Capture(ctx, r))
		case ledger.Release:
			return single(d.books.Release(ctx, r))
		case ledger.Reversal:
			return single(d.books.Reverse(ctx, r))
		case ledger.AccountChange:
			return single(d.books.ChangeAccount(ctx, r))
		case ledger.PeriodChange:
			return single(d.books.ChangePeriod(ctx, r))
		case ledger.Assertion:
			return single(ledger.Result{}, d.books.Assert(ctx, r))
		}
	}
	outcomes, err := d.books.Execute(ctx, c.mode, c.requests...)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

// entriesOf gives the requests of a call if all are entries.
func entriesOf(c call) (out []ledger.Entry) {
	for _, r := range c.requests {
		e, ok := r.(ledger.Entry)
		if !ok {
			return nil
		}
		out = append(out, e)
	}
	return out
}

// asOutcomes says what Post gave in the words of Execute.
func asOutcomes(number int) func([]ledger.Result, error) []ledger.Outcome {
	return func(results []ledger.Result, err error) []ledger.Outcome {
		out := make([]ledger.Outcome, number)
		failed := 0
		if item := (*ledger.ItemError)(nil); number > 1 && errors.As(err, &item) {
			failed, err = item.Index, item.Err
		}
		for i := range out {
			switch {
			case err == nil:
				out[i].Result = results[i]
			case i == failed:
				out[i].Err = err
			default:
				out[i].Err = ledger.ErrNotApplied
			}
		}
		return out
	}
}

// adopt goes on with what a call left behind.
func (d *desk) adopt(after *notebook, c call, outcomes []ledger.Outcome) {
	d.notebook = after
	d.tried = append(d.tried, c.requests...)
	for _, o := range outcomes {
		failure := (*ledger.Failure)(nil)
		if !errors.As(o.Err, &failure) || failure.Key == "" || failure.Frozen {
			continue
		}
		frozen := *failure
		frozen.Frozen = true
		d.failures[failure.Key] = &frozen
	}
}
