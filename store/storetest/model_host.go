package storetest

import (
	"errors"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger"
)

func (d *desk) dryRun(t *rapid.T) {
	write := (*scribe).request
	c := d.batch(t, draw(t, "mode", ledger.Atomic, ledger.Independent), d.notebook, write)
	verdicts, after := d.notebook.take(c.mode, c.letters(), d.notebook.next(d.clock))
	tried, err := d.books.Try(t.Context(), c.mode, c.requests...)
	if err != nil {
		t.Fatal(err)
	}
	d.compare(t, c, verdicts, after, tried)
	d.check(t)
	outcomes, err := d.books.Execute(t.Context(), c.mode, c.requests...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tried, outcomes, errorsByText()); diff != "" {
		t.Errorf("what a dry run said and what came of it (-dry +done):\n%s", diff)
	}
	d.compare(t, c, verdicts, after, outcomes)
	d.adopt(after, c, outcomes)
}

func errorsByText() cmp.Option {
	return cmp.Transformer("text", func(err error) string {
		if err == nil {
			return ""
		}
		return err.Error()
	})
}

// host is a transaction of somebody who does more in it than we know of.
func (d *desk) host(t *rapid.T, commit bool) {
	ahead := d.notebook
	var calls []call
	var all [][]verdict
	var afters []*notebook
	for range draw(t, "calls", 1, 2, 3) {
		c := d.batch(t, draw(t, "mode", ledger.Atomic, ledger.Independent), ahead, (*scribe).request)
		verdicts, after := ahead.take(c.mode, c.letters(), ahead.next(d.clock))
		calls, all, afters, ahead = append(calls, c), append(all, verdicts), append(afters, after), after
	}
	changedMind := errors.New("the host changed its mind")
	outcomes := make([][]ledger.Outcome, len(calls))
	err := d.books.Write(t.Context(), func(tx ledger.Tx) (err error) {
		for i, c := range calls {
			if outcomes[i], err = d.books.ExecuteTx(t.Context(), tx, c.mode, c.requests...); err != nil {
				return err
			}
		}
		if !commit {
			return changedMind
		}
		return nil
	})
	if commit != (err == nil) || err != nil && !errors.Is(err, changedMind) {
		t.Fatalf("the host's transaction ended with %v", err)
	}
	for i, c := range calls {
		d.compare(t, c, all[i], afters[i], outcomes[i])
		if commit {
			d.adopt(afters[i], c, outcomes[i])
		} else {
			d.tried = append(d.tried, c.requests...)
		}
	}
}
