package sample_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/sample"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

var update = flag.Bool("update", false, "write payments.csv anew")

func TestPaymentsFile(t *testing.T) {
	t.Parallel()
	want := encode(t, sample.Events())
	if *update {
		if err := os.WriteFile("payments.csv", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got := sample.PaymentsCSV(); !bytes.Equal(want, got) {
		t.Errorf("payments.csv is not what the generator writes: run go test ./internal/sample -run TestPaymentsFile -update")
	}
}

// encode writes events as package feed does, but for their times, which keep
// the local offset: a merchant's day is easier to see by it.
func encode(t *testing.T, events []payment.Event) []byte {
	t.Helper()
	var plain, local bytes.Buffer
	if err := feed.Write(&plain, feed.CSV, slices.Values(events)); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(&plain).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := slices.Index(records[0], string(payment.FieldOccurredAt))
	for i, e := range events {
		records[i+1][at] = e.OccurredAt.Format(time.RFC3339)
	}
	if err := csv.NewWriter(&local).WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return local.Bytes()
}

// What a reader takes from the file is what the generator made.
func TestFeedReadsTheFile(t *testing.T) {
	t.Parallel()
	want := sample.Events()
	var got []payment.Event
	for row, err := range feed.Read(t.Context(), "payments.csv", bytes.NewReader(sample.PaymentsCSV()), feed.Mapping{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, row.Event)
	}
	if diff := cmp.Diff(want, got, comparers()...); diff != "" {
		t.Errorf("events of the file (-want +got):\n%s", diff)
	}
}

func comparers() []cmp.Option {
	return []cmp.Option{
		cmp.Comparer(func(a, b money.Amount) bool { return a == b }),
		cmp.Comparer(func(a, b money.Currency) bool { return a == b }),
	}
}

func TestEventsAreTheSameEachTime(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(sample.Events(), sample.Events(), comparers()...); diff != "" {
		t.Errorf("second call differs (-first +second):\n%s", diff)
	}
}
