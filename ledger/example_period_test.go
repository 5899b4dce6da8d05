package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// March is closed on 1 April. A fact of March that arrives afterwards is
// refused, or booked on the first open date; the journal keeps both dates.
func ExamplePeriodChange() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	books.now = time.Date(2026, time.April, 1, 9, 0, 0, 0, time.UTC)
	must(books.ChangePeriod(ctx, ledger.PeriodChange{
		Key: "close-2026-03", Through: calendar.MustDate("2026-03-31"), Reference: "month close, Meera",
	}))

	late := paid("order-1", "400.00", "7.40")
	late.ValueDate = calendar.MustDate("2026-03-30")
	_, err := books.Post(ctx, late)
	fmt.Println(errors.Is(err, ledger.ErrPeriodClosed), err)

	late.Key, late.OrFirstOpen = "order-1/paid-late", true
	e := must(books.Post(ctx, late))[0]
	fmt.Println("booked on", e.ValueDate, "asked for", e.Asked)
	// Output:
	// true "order-1/paid": period is closed: value date 2026-03-30, closed through 2026-03-31
	// booked on 2026-04-01 asked for 2026-03-30
}

// A closed period is opened again by an act of its own, which says who did it.
func ExamplePeriodChange_reopen() {
	books := openMarket()
	defer books.close()
	ctx := context.Background()
	books.now = time.Date(2026, time.April, 1, 9, 0, 0, 0, time.UTC)
	must(books.ChangePeriod(ctx, ledger.PeriodChange{Key: "close-2026-03", Through: calendar.MustDate("2026-03-31")}))

	must(books.ChangePeriod(ctx, ledger.PeriodChange{
		Key: "reopen-2026-03", Reopen: true, Through: calendar.MustDate("2026-02-28"), Reference: "bank sent a correction, Meera",
	}))
	fmt.Println("closed through", must(books.ClosedThrough(ctx)))
	// Output: closed through 2026-02-28
}
