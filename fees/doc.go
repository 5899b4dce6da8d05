// Package fees prices movements of money: which schedule applies, what the fee and its tax are, and why. It is pure: it books
// nothing and keeps no state, and the same schedule, amount and version of this package give the same fee for ever.
//
// A [Schedule] is one version of a price. A [Table] of them answers a [Query] with exactly one schedule, and the schedule
// computes a [Fee], which carries its own explanation:
//
//	schedule, err := table.Select(fees.Query{Event: fees.EventCapture, Method: "UPI", Currency: inr, On: day})
//	...
//	fee, err := schedule.Compute(amount)
//
// An [Index] answers as its table does, in a tenth of the time. [Table.Candidates] says why a schedule was chosen.
//
// A fee pins its schedule's id and version. What happens later to the same payment goes by the pinned version, which
// [Table.Find] finds: [Returned] says how much of a fee a refund gives back.
//
// Invariants:
//   - A movement is priced by exactly one schedule, or not at all with an error; a missing price is never a fee of 0.
//   - Arithmetic is exact up to one rounding, whose mode the schedule names; tax is computed on the rounded fee.
//   - Fee and Tax are disjoint. A fee equals the sum of its parts, a tax the sum of its lines, to the minor unit.
//   - The parts of a fee returned by any sequence of refunds sum to at most the fee, and to the fee once all is refunded.
//
// Amounts are [money.Amount], minor units of the schedule's currency, also in JSON: 2,000.00 INR is "200000". Rates are exact
// decimals, "0.0185" or "1.85%". Tax codes and rates are configuration; the package knows no country.
//
// Prices may go by more than the amount: by a cost that is passed on, and by what came before. Both are given ([Input]), because
// the package keeps nothing; a schedule that needs what is not given says so. Who asks counts what came before as
// [Schedule.Counts] says, in the order of the journal, and keeps the value with the fee. So does whoever charges a monthly
// minimum ([Schedule.TrueUp]).
//
// Limits: who books a fee of ChargeGross invoices it; the package only says so.
package fees
