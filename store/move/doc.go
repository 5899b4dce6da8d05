// Package move moves books from one store to another: journal, accounts, events and
// the records of every room.
//
//	moved, err := move.Run(ctx, from, to, move.Options{})
//
// The journal is copied block by block, as it is. So the log over it has the same
// root on both stores, proofs and kept checkpoints hold on both, and a key that was
// taken is taken. Accounts, holds and indexes are not copied but derived anew from
// the journal, and compared in the end; events and records are copied and compared.
//
// Whatever interrupts a move, the next Run goes on where it stopped: how far it got
// is in the target itself.
//
// # Limits
//
// Journal and events must lie in one lane, the first. A store with one lane takes no
// others, and between lanes the order in which blocks were committed is not
// written down; for a database with several lanes its own copy tools do.
//
// Nobody may book on either store meanwhile. On the source that is noticed in the
// end, and ErrChanged; the target belongs to the move until it is done, and must be
// kept from everybody else by whoever calls Run.
package move
