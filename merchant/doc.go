// Package merchant knows whose money it is: merchants, the regions they trade
// in, and which settlement schedule and reserve plans apply to them.
//
// A Book is the configuration that decides: regions, schedules, and what each
// is meant for. It is a value, filled once and then only read. Resolution goes
// from the narrowest scope to the widest, and the first hit wins whole:
//
//	merchant + currency + method
//	merchant + currency
//	merchant
//	region + method
//	region
//	the platform (an empty scope)
//
// Nothing found is an error, never a default nobody chose.
package merchant
