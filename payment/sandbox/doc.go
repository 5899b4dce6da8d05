// Package sandbox is a rail that moves no money: it answers as a real one would, and
// can be told by magic amounts and order ids to do anything a real one does.
//
//	rail, err := sandbox.New(sandbox.Config{Name: "sandbox"})
//
// Nothing is left to chance and no clock is asked: what is answered, and when, follows
// from the instruction and its instant. So it answers the same after a restart, and
// a clock that is set forward brings days of answers at once.
//
// An amount that is not magic completes by itself. docs/SANDBOX.md has the table, which
// Scripts gives too.
//
// # Limits
//
// Nothing comes in by itself: Follow gives the events of a deposit, and whoever takes
// payments books them.
package sandbox
