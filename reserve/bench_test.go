package reserve_test

import (
	"testing"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

func BenchmarkHold(b *testing.B) {
	p, day := rolling(), calendar.MustDate("2026-01-04")
	p.Cap = new(money.Minor(50000))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := p.Hold(money.Minor(99999), money.Minor(45000), day); err != nil {
			b.Fatal(err)
		}
	}
}
