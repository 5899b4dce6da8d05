// Package money is the arithmetic of the house: whole minor units, exact decimals and one place that rounds.
//
// An [Amount] is a number of minor units (paisa, cents) without a currency; a [Currency] knows how many minor units make
// a major one and reads and writes major units; a [Rate] is an exact decimal such as 0.0185; an [Exact] is what a rate
// makes of an amount before it is rounded.
//
//	inr := money.MustCurrency("INR")
//	amount, err := inr.Parse("999.99")                      // 99999 minor units
//	raw := money.MustRate("1.85%").Of(amount)               // exactly 1849.9815 minor units
//	raw, err = raw.Add(money.ExactOf(money.Minor(300)))     // plus 3.00 fixed: 2149.9815
//	fee, err := raw.Round(money.HalfEven)                   // 2150 minor units
//	fmt.Println(inr.Format(fee))                            // 21.50
//
// # Invariants
//
//   - |amount| <= 10^38-1, sums included; whatever would leave that range is [ErrOverflow], never a wrapped figure.
//   - No floating point anywhere, and nothing is rounded except where a [Rounding] is an argument: [Exact.Round] and
//     [Scale], which share the package's one rounding function.
//   - What [Allocate] hands out adds up to what it was given.
//   - Every type is an immutable value with a useful zero: amount 0, no currency, rate 0, exact 0, half-even. All but
//     Exact can be compared with == and be map keys.
//   - Every textual form that is written is read back to the same value. Amounts and rates travel as JSON strings, so
//     no reader can bend them through a float.
//
// # Limits
//
// An amount does not carry its currency: the account or record around it does, and never mixes two. A rate has at most
// 38 significant digits, 18 of them after the point. Currencies are those of ISO 4217 that have a minor unit; gold,
// special drawing rights and test codes are not money here.
package money
