package money_test

import (
	"testing"

	"github.com/settlex/settlex/money"
)

var (
	sinkAmount money.Amount
	sinkExact  money.Exact
	sinkString string
)

func BenchmarkAdd(b *testing.B) {
	x, y := money.Minor(1), money.Minor(99_999)
	b.ReportAllocs()
	for b.Loop() {
		sinkAmount, _ = x.Add(y)
	}
}

func BenchmarkString(b *testing.B) {
	for _, text := range []string{"99999", "99999999999999999999999999999999999999"} {
		b.Run(text, func(b *testing.B) {
			a, _ := money.ParseMinor(text)
			b.ReportAllocs()
			for b.Loop() {
				sinkString = a.String()
			}
		})
	}
}

func BenchmarkFormat(b *testing.B) {
	inr, a := money.MustCurrency("INR"), money.Minor(99_999)
	b.ReportAllocs()
	for b.Loop() {
		sinkString = inr.Format(a)
	}
}

func BenchmarkCurrencyParse(b *testing.B) {
	inr := money.MustCurrency("INR")
	b.ReportAllocs()
	for b.Loop() {
		sinkAmount, _ = inr.Parse("999.99")
	}
}

func BenchmarkParseCurrency(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		_, _ = money.ParseCurrency("PKR")
	}
}

// BenchmarkFee is percent + fixed, the commonest fee there is.
func BenchmarkFee(b *testing.B) {
	for _, text := range []string{"99999", "99999999999999999999999999999999999999"} {
		b.Run(text, func(b *testing.B) {
			amount, _ := money.ParseMinor(text)
			rate, fixed := money.MustRate("1.85%"), money.Minor(300)
			b.ReportAllocs()
			for b.Loop() {
				raw, _ := rate.Of(amount).Add(money.ExactOf(fixed))
				sinkAmount, _ = raw.Round(money.HalfEven)
			}
		})
	}
}

func BenchmarkRateOf(b *testing.B) {
	amount, rate := money.Minor(99_999), money.MustRate("1.85%")
	b.ReportAllocs()
	for b.Loop() {
		sinkExact = rate.Of(amount)
	}
}

func BenchmarkScale(b *testing.B) {
	fee, part, gross := money.Minor(2001), money.Minor(33_333), money.Minor(100_000)
	b.ReportAllocs()
	for b.Loop() {
		sinkAmount, _ = money.Scale(fee, part, gross, money.HalfEven)
	}
}

func BenchmarkAllocate(b *testing.B) {
	weights := make([]money.Amount, 1000)
	for i := range weights {
		weights[i] = money.Minor(int64(i%97) * 1003)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = money.Allocate(money.Minor(1_000_003), weights)
	}
}
