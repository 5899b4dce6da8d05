// Package event has the facts that leave the house: a deposit that succeeded, a
// payout that came back, a batch that was closed.
//
// An Event is written in the transaction that made it true, so that whoever polls
// the resource and whoever reads the events are told the same. Events are the
// history of their objects: Sequence counts those of one object from 1 without a
// gap. They lie in the lanes of the journal, numbered from 1 without a gap in each,
// so a reader who goes on from a Cursor never misses one.
package event
