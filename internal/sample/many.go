package sample

import (
	"fmt"
	"iter"
	"time"

	"github.com/settlex/settlex/payment"
)

// Many generates n events: those of the sample over and over, each time of other
// payments, side by side in the same month. They are ordered by the instant at
// which they occurred, and all of them can be booked: what is cut off is the end of
// the month. Every call returns the same events.
func Many(n int) iter.Seq[payment.Event] {
	return func(yield func(payment.Event) bool) {
		once := Events()
		times := (n + len(once) - 1) / len(once)
		for _, event := range once {
			for i := range times {
				if n--; n < 0 || !yield(another(event, i, times)) {
					return
				}
			}
		}
	}
}

// another is an event of another payment, within the second of the first.
func another(e payment.Event, number, of int) payment.Event {
	if number == 0 {
		return e
	}
	e.ID = fmt.Sprintf("%s_%d", e.ID, number)
	if e.Parent != "" {
		e.Parent = fmt.Sprintf("%s_%d", e.Parent, number)
	}
	e.OccurredAt = e.OccurredAt.Add(time.Second * time.Duration(number) / time.Duration(of)).Truncate(time.Microsecond)
	return e
}
