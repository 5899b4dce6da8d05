// Package reserve decides what is withheld from a merchant against risk, and when it is given back. It is pure: it books
// nothing and keeps no state.
//
// A [Plan] is of one of three kinds. A rolling one withholds a share of each captured deposit, for a number of days, up to a cap on
// the reserve's balance. What it withholds from one deposit is a [Hold]: a record that is released once, or in parts, on its date or
// before it, always with a reason, that is drawn on for refunds and disputes of its deposit, and that never forgets its original
// date.
//
//	amount, release, err := plan.Hold(gross, balance, businessDate)
//
// A fixed one builds a security out of what becomes available, a share of it each time, until its cap is reached; a minimum one
// keeps a balance back, out of all that becomes available. Each is one balance for the merchant, which comes back when the plan ends
// or somebody decides so.
//
//	change, reason, err := plan.Build(available, balance)
//
// Invariants: a hold is never above the gross amount, never above what the cap leaves, never below zero; its release date is the
// day it was held on plus the plan's days; what is left of a hold is what was held, less what was released, less what stands drawn,
// and never below zero. What is built never takes the balance past the cap, nor what is available below zero.
//
// Limits: which plans apply to a merchant is decided where merchants are, not here; the figures of a plan are minor units of the
// currency of the account it is applied to.
package reserve
