package merchant

// NarrowestOf gives the index of the list that has the narrowest scope of those that cover
// a case, which has every field that is known; of equal ones the first. false: none does.
func NarrowestOf(lists [][]Scope, c Scope) (index int, ok bool) {
	best := 0
	for i, scopes := range lists {
		for _, scope := range scopes {
			rank, known := scope.rank()
			if known && scope.covers(c) && (!ok || rank < best) {
				index, best, ok = i, rank, true
			}
		}
	}
	return index, ok
}
