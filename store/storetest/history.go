package storetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/settlex/settlex/ledger"
)

// Histories lets clients loose on books of the store, and checks that what they
// saw could have come of one request after the other, each at some moment
// between its call and its answer. In the short mode there are fewer.
func Histories(t *testing.T, h Harness) {
	t.Helper()
	seeds := 8
	if h.Histories > 0 {
		seeds = h.Histories
	}
	if testing.Short() {
		seeds = min(seeds, 2)
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			store := h.Open(t)
			history := RecordHistory(t, store, uint64(seed))
			v, err := books(t, store, ledger.Config{Chart: edgeChart(t)}).Verify(context.Background())
			if err = errors.Join(err, v.Err()); err != nil {
				t.Error(err)
			}
			history.report(t)
		})
	}
}

// History is what several clients asked of a ledger at once and were told.
type History struct{ operations []porcupine.Operation }

// historyPatience is how long a check may look for an order.
const historyPatience = time.Minute

// Linearizable tells whether there is an order, in agreement with what came
// before what, in which the model gives the same answers. The error says that
// it was not found out in time.
func (h *History) Linearizable() (bool, error) {
	result := porcupine.CheckOperationsTimeout(historyModel(), h.operations, historyPatience)
	if result == porcupine.Unknown {
		return false, fmt.Errorf("no order of %d operations was found or ruled out within %s", len(h.operations), historyPatience)
	}
	return result == porcupine.Ok, nil
}

// report fails the test if the history is not linearizable, and leaves a page
// that shows it.
func (h *History) report(t *testing.T) {
	t.Helper()
	ok, err := h.Linearizable()
	if err != nil {
		t.Fatal(err)
	}
	if ok {
		return
	}
	t.Errorf("a history of %d operations is not linearizable", len(h.operations))
	page, err := os.CreateTemp(os.TempDir(), "history-*.html") // t.TempDir would be gone before anybody looks
	if err != nil {
		t.Fatal(err)
	}
	_, info := porcupine.CheckOperationsVerbose(historyModel(), h.operations, historyPatience)
	if err := errors.Join(porcupine.Visualize(historyModel(), info, page), page.Close()); err != nil {
		t.Fatal(err)
	}
	t.Logf("see %s", page.Name())
}
