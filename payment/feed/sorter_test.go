package feed_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
)

func byInstant(a, b *feed.Kept) int { return a.OccurredAt.Compare(b.OccurredAt) }

func byLine(a, b *feed.Kept) int { return cmp.Compare(a.Line, b.Line) }

// keptRows reads n rows of two files, some of them bad, in no order of time.
func keptRows(t *testing.T, n int) (out []feed.Kept) {
	t.Helper()
	source := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"a.csv", "b.csv"} {
		text := "kind,id,occurred_at,merchant_id,currency,amount,method,order_id\n"
		for i := range n / 2 {
			amount := fmt.Sprint(source.IntN(1000), ".00")
			if source.IntN(10) == 0 {
				amount = "much"
			}
			text += fmt.Sprintf("deposit,%s-%d,2026-03-02T10:%02d:00+05:30,m%d,INR,%s,UPI,\"a \"\"%d\"\"\"\n", name, i, source.IntN(60), source.IntN(9), amount, i)
		}
		for row, err := range feed.Read(t.Context(), name, strings.NewReader(text), feed.Mapping{}) {
			k := feed.Kept{Row: row}
			if err != nil && !errors.As(err, &k.Fault) {
				t.Fatal(err)
			}
			out = append(out, k)
		}
	}
	return out
}

// told is everything that a kept row says.
func told(k *feed.Kept) string {
	_, column := k.Place(payment.FieldAmount)
	return fmt.Sprintf("%+v %q %q %s:%d amount at %d, %v", k.Event, k.Raw, k.Header, k.File, k.Line, column, k.Fault)
}

func sorted(t *testing.T, s *feed.Sorter) (out []string) {
	t.Helper()
	for k, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, told(&k))
	}
	return out
}

// However few rows are kept in memory, they come in the order of a stable sort,
// with all they had, as often as they are asked for.
func TestSorter(t *testing.T) {
	t.Parallel()
	const n = 1000
	rows := keptRows(t, n)
	for name, compare := range map[string]func(a, b *feed.Kept) int{"instant": byInstant, "line": byLine, "coming": nil} {
		ordered := slices.Clone(rows)
		if compare != nil {
			slices.SortStableFunc(ordered, func(a, b feed.Kept) int { return compare(&a, &b) })
		}
		var want []string
		for i := range ordered {
			want = append(want, told(&ordered[i]))
		}
		for _, most := range []int{0, 1, 7, n / 2, n, n + 1} {
			t.Run(fmt.Sprintf("by %s, %d in memory", name, most), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				s := feed.NewSorter(compare, feed.SorterOptions{Dir: dir, Rows: most})
				for i, k := range rows {
					if err := s.Add(k); err != nil {
						t.Fatal(err)
					}
					if i == n/2 {
						sorted(t, s)
					}
				}
				if s.Len() != n {
					t.Errorf("%d rows, want %d", s.Len(), n)
				}
				for range 2 {
					if diff := gocmp.Diff(want, sorted(t, s)); diff != "" {
						t.Fatalf("rows (-want +got)\n%s", diff)
					}
				}
				for _, err := range s.All() {
					if err != nil {
						t.Error(err)
					}
					break
				}
				for range 2 {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
				if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
					t.Errorf("%d files are left, %v", len(left), err)
				}
			})
		}
	}
}

// Every field of an event comes back from the file, those that are to come too.
func TestSorterKeepsEveryField(t *testing.T) {
	t.Parallel()
	var e payment.Event
	event := reflect.ValueOf(&e).Elem()
	for i := range event.NumField() {
		switch field := event.Field(i); field.Interface().(type) {
		case string, payment.Kind:
			field.SetString(fmt.Sprint("text of ", event.Type().Field(i).Name))
		case money.Amount:
			field.Set(reflect.ValueOf(money.Minor(int64(-1000 - i))))
		case money.Currency:
			field.Set(reflect.ValueOf(money.MustCurrency("BHD")))
		case bool:
			field.SetBool(true)
		case time.Time:
			field.Set(reflect.ValueOf(time.Date(2026, 3, 2, 10, 0, 0, 123456789, time.UTC)))
		default:
			t.Fatalf("field %s has a type that this test does not know", event.Type().Field(i).Name)
		}
	}
	s := feed.NewSorter(nil, feed.SorterOptions{Dir: t.TempDir(), Rows: 1})
	for _, e := range []payment.Event{e, {}} {
		if err := s.Add(feed.Kept{Row: feed.Row{Event: e}}); err != nil {
			t.Fatal(err)
		}
	}
	var got []payment.Event
	for k, err := range s.All() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, k.Event)
	}
	if diff := gocmp.Diff([]payment.Event{e, {}}, got); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// A directory that is not there is an error of the row that needs it.
func TestSorterWithoutPlace(t *testing.T) {
	t.Parallel()
	s := feed.NewSorter(nil, feed.SorterOptions{Dir: "/nowhere/at/all", Rows: 2})
	if err := s.Add(feed.Kept{}); err != nil {
		t.Error(err)
	}
	if err := s.Add(feed.Kept{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
