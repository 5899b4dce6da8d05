package storetest

import "testing"

// EdgeCases has a test for each row of the ledger's table of rules and edges,
// under the name of its row.
func EdgeCases(t *testing.T, h Harness) {
	t.Helper()
	rows := []struct {
		name  string
		check func(*edgeBooks)
	}{
		{"unbalanced, fewer than 2 postings, zero or negative amount, both sides, currency mismatch", edgeInvalid},
		{"overflow", edgeOverflow},
		{"retry: same key, same content", edgeRetry},
		{"same key, different content", edgeConflict},
		{"a caller's key whose attempt failed on state", edgeBurntKey},
		{"a business key", edgeBusinessKey},
		{"keys' retention", edgeRetention},
		{"limit check", edgeLimits},
		{"a hold's limits", edgeHoldLimits},
		{"capture", edgeCapture},
		{"capture, release and expiry of one hold at once", edgeRace},
		{"at or after expiry, sweeper not yet run", edgeExpired},
		{"account closed with open holds", edgeClosedAccount},
		{"reversal of an entry that belongs to a payment or a batch", edgeOwned},
		{"reversal", edgeReversal},
		{"batch", edgeBatch},
		{"backdating", edgeBackdating},
		{"instants", edgeInstants},
		{"unknown outcome", edgeUnknown},
		{"fsync failed", edgeReadOnly},
		{"impossible state found", edgeImpossible},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { t.Parallel(); row.check(edgeOpen(t, h)) })
	}
}
