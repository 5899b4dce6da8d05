package money_test

import (
	"fmt"

	"github.com/settlex/settlex/money"
)

// A fee of 1.85 % plus 3.00 on a payment of 999.99: exact up to the one rounding.
func Example() {
	inr := money.MustCurrency("INR")
	amount, err := inr.Parse("999.99")
	if err != nil {
		fmt.Println(err)
		return
	}
	raw, err := money.MustRate("1.85%").Of(amount).Add(money.ExactOf(money.Minor(300)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fee, err := raw.Round(money.HalfEven)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(raw, "minor units, rounded", inr, inr.Format(fee))
	// Output: 2149.9815 minor units, rounded INR 21.50
}

// A tax of 3.33 in two equal halves: the odd unit goes to the earlier one.
func ExampleAllocate() {
	halves, err := money.Allocate(money.Minor(333), []money.Amount{money.Minor(9), money.Minor(9)})
	fmt.Println(halves, err)
	// Output: [167 166] <nil>
}

func ExampleAmount_Add() {
	largest, _ := money.ParseMinor("99999999999999999999999999999999999999")
	_, err := largest.Add(money.Minor(1))
	fmt.Println(err)
	// Output: amount overflow: 99999999999999999999999999999999999999 + 1
}

func ExampleCurrency_Parse() {
	for _, text := range []string{"400", "400.5", "400.005", "-400"} {
		amount, err := money.MustCurrency("PKR").Parse(text)
		fmt.Println(amount, err)
	}
	// Output:
	// 40000 <nil>
	// 40050 <nil>
	// 0 bad amount: "400.005" has 3 fraction digits, PKR takes at most 2
	// 0 bad amount: "-400" is not a decimal number of PKR, such as 400.00
}

func ExampleCurrency_Format() {
	net := money.Minor(-16180)
	for _, code := range []string{"INR", "JPY", "KWD"} {
		c := money.MustCurrency(code)
		fmt.Println(c, c.Format(net), c.FormatShort(net))
	}
	// Output:
	// INR -161.80 -161.8
	// JPY -16180 -16180
	// KWD -16.180 -16.18
}

func ExampleExact_Round() {
	half := money.MustRate("2.5%").Of(money.Minor(20))
	for _, m := range []money.Rounding{money.HalfEven, money.HalfUp, money.Down, money.Up} {
		rounded, err := half.Round(m)
		fmt.Println(half, m, rounded, err)
	}
	// Output:
	// 0.5 half_even 0 <nil>
	// 0.5 half_up 1 <nil>
	// 0.5 down 0 <nil>
	// 0.5 up 1 <nil>
}

// The tax inside a fee of 118.00 that includes 18 %.
func ExampleRate_Fraction() {
	numerator, denominator := money.MustRate("18%").Fraction()
	whole, err := denominator.Add(numerator)
	if err != nil {
		fmt.Println(err)
		return
	}
	tax, err := money.Scale(money.Minor(11800), numerator, whole, money.HalfEven)
	fmt.Println(tax, err)
	// Output: 1800 <nil>
}
