// Package payment turns what happens to payments into journal entries:
// deposits, refunds, disputes (chargebacks), payouts and what rails pay us.
//
// # Promise
//
// An Event is a fact somebody reports. Handle is the ledger command that books
// it: the entries of its recipe, the record of the resource (a Deposit, a
// Refund, ...), the reserve that is held or freed, and an Item for each movement
// of the merchant's money, in one transaction or not at all.
//
//	chart, err := payment.Chart()
//	books, err := ledger.New(store, ledger.Config{Chart: chart})
//	h := &payment.Handle{Rules: rules, Event: event.Normalize()}
//	err = books.Do(ctx, h) // h.Repeated: it had been booked before
//
// Reporting an event again does nothing and says so; the same kind and id with
// other content is refused, naming the first field that differs. What the status
// of a resource does not allow is refused. A refused event writes nothing.
//
// Each event is booked under its own instant, raised only to keep instants
// increasing, and decided by nothing but the journal, the rules and itself. So
// events booked one by one or in groups, once or after a crash again, in a dry
// run or in earnest give the same entries, byte for byte.
//
// # What is pinned at capture
//
// A movement is pinned to the window of the schedule in force at its instant. A
// deposit is also pinned to its fee schedule, whose policy and rounding decide
// what its refunds give back; refunds and disputes of it are priced by the
// versions in force on the local date of its capture, in the zone of its schedule,
// as the deposit itself is; its reserve keeps the plan and the release date it was
// held by. Later versions of the configuration govern later deposits.
//
// # Invariants
//
// For each merchant and currency, after every event, in minor units:
//
//	pending   = sum of Item.Pending - Position.Matured
//	available = Position.Carry + sum of (Item.Net - Item.Pending) + Position.Matured
//	Position.Open = the same two sums for each window that may still get a movement
//	Position.Behind <= what the batches of the windows before those carry on; equal where Position.Sure
//	Position.Lacks >= what of the debt that stands then batches have made, which is Debited now
//	Position.Low <= available without what is of Open or by hand, whichever of those batches are closed; where it is known
//	reserve   = sum of what is left of each Hold
//	payouts   = sum of amount, fee and tax of payouts requested or approved, and of fee and tax of payouts sent or unknown
//
// where items are the movements in no batch. Refunds that have not failed and were
// not canceled, and disputes that are open or lost, never exceed their deposit;
// each of both by itself, where Rules.PayTwice says so. What they give back
// of its fee and of each of its taxes is never more than was charged, and all of
// it when all is refunded, in however many parts and after however many failures.
// Only a payout is refused for lack of funds, or waits for them in a PayoutQueue:
// everything else is a fact.
//
// docs/ACCOUNTING.md has every recipe with its debits, credits and figures, and
// the tables of what may happen in which status.
//
// # Merchants settled by hand
//
// No job closes the windows of a manual schedule. Money of such a merchant
// becomes available on its window's settlement date, at midnight in the
// schedule's zone. A payout moves what is due by then itself, so it does not
// depend on whether a job (Mature) has run. A reserve that is due comes back when
// it is released; a payout does not look for it.
//
// # Draws
//
// Refunds and disputes draw on the deposit's own pending money first, while it is
// pending for an event of now; then on its reserve, where Rules.DrawReserve says
// so; then on what is available. What fails, is canceled or won goes back in
// reverse. Their records keep the Sources of both.
//
// # Invoiced fees
//
// A fee of fees.ChargeGross is owed in the merchant's receivable and is a line of the
// month's Invoice; Billing says what of the receivable is fees, Debt what is not:
//
//	receivable = what is left of the Debt that stands there + Billing.Owed
//
// # Limits
//
// One deposit has one currency. Order of
// instants matters only against the event that opened a resource: the later ones
// are taken in the order they come.
package payment
