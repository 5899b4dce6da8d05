// Package reserve decides what is withheld from a merchant against risk, and when it is given back. It is pure: it books
// nothing and keeps no state.
//
// A [Plan] withholds a share of each captured deposit, for a number of days, up to a cap on the reserve's balance. What it
// withholds from one deposit is a [Hold]: a record that is released once, or in parts, on its date or before it, always with a
// reason, and that never forgets its original date.
//
//	amount, release, err := plan.Hold(gross, balance, businessDate)
//
// Invariants: a hold is never above the gross amount, never above what the cap leaves, never below zero; its release date is the
// day it was held on plus the plan's days; what is left of a hold is never below zero.
//
// Limits: rolling plans only. Fixed targets, minimum balances and drawing a reserve for refunds and disputes are not built yet.
// Which plan applies to a merchant is decided where merchants are, not here; the figures of a plan are minor units of the currency
// of the account it is applied to.
package reserve
