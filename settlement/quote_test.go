package settlement_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

// quote is one of PKR in INR.
func quote(id, rate, at, until string) settlement.Quote {
	q := settlement.Quote{ID: id, Source: "desk", Base: pkr(), Currency: inr(), Rate: money.MustRate(rate), At: utc(at)}
	if until != "" {
		q.ValidUntil = utc(until)
	}
	return q
}

func utc(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05.999999", s)
	if err != nil {
		panic(err)
	}
	return t
}

// Of those in force the one given last counts; an older one that is still valid comes
// to its own again when that has ended. Never one that was given later.
func TestQuoteInForce(t *testing.T) {
	t.Parallel()
	list, err := settlement.NewQuoteList(
		quote("third", "0.33", "2026-03-03 12:00:00", ""),
		quote("first", "0.31", "2026-03-01 12:00:00", "2026-03-02 14:00:00"),
		quote("second", "0.32", "2026-03-02 12:00:00", "2026-03-02 13:00:00"),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	want := map[string]string{
		"2026-03-01 11:59:59.999999": "none",
		"2026-03-01 12:00:00":        "first",
		"2026-03-02 11:59:59.999999": "first",
		"2026-03-02 12:00:00":        "second",
		"2026-03-02 13:00:00":        "second",
		"2026-03-02 13:00:00.000001": "first",
		"2026-03-02 14:00:00":        "first",
		"2026-03-02 14:00:00.000001": "second, not in force",
		"2026-03-03 12:00:00":        "third",
		"2036-03-03 12:00:00":        "third",
	}
	for at := range want {
		q, err := list.Quote(context.Background(), pkr(), inr(), utc(at))
		switch {
		case err != nil:
			t.Fatal(err)
		case q == nil:
			got[at] = "none"
		case q.InForce(utc(at)):
			got[at] = q.ID
		default:
			got[at] = q.ID + ", not in force"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if q, err := list.Quote(context.Background(), inr(), pkr(), utc("2026-03-01 12:00:00")); q != nil || err != nil {
		t.Errorf("the other way round there is %v, %v", q, err)
	}
}

func TestQuoteListRefuses(t *testing.T) {
	t.Parallel()
	none := settlement.Quote{Rate: money.MustRate("0.0000000000001")}
	for name, tc := range map[string]struct {
		quotes []settlement.Quote
		want   []string
	}{
		"nothing": {[]settlement.Quote{none}, []string{
			"id: is missing", "source: is missing", "base: is missing", "currency: is missing", "rate: 0.0000000000001 has more than 12 digits behind the point", "at: is missing",
		}},
		"of itself":    {[]settlement.Quote{{ID: "q", Source: "desk", Base: inr(), Currency: inr(), Rate: money.MustRate("1"), At: ist("2026-03-01 12:00")}}, []string{"currency: is INR, as the base is"}},
		"no rate":      {[]settlement.Quote{quote("q", "0", "2026-03-01 12:00:00", "")}, []string{"rate: 0 is not above 0"}},
		"over at once": {[]settlement.Quote{quote("q", "1", "2026-03-01 12:00:00", "2026-03-01 11:59:59")}, []string{"valid_until: 2026-03-01T11:59:59Z is before the quote was given, at 2026-03-01T12:00:00Z"}},
		"twice": {
			[]settlement.Quote{quote("q", "1", "2026-03-01 12:00:00", ""), quote("p", "2", "2026-03-01 12:00:00", "")},
			[]string{`quotes "p" and "q": both say what PKR was worth in INR at 2026-03-01T12:00:00Z`},
		},
	} {
		_, err := settlement.NewQuoteList(tc.quotes...)
		if err == nil {
			err = errors.New("nothing is wrong")
		}
		for _, want := range tc.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v lacks %q", name, err, want)
			}
		}
	}
}
