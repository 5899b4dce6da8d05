package postgres

import (
	"bytes"

	"github.com/settlex/settlex/ledger"
)

// warm is what a store remembers of the spread accounts of a lane from its own last transaction there. Their shares change by what is
// booked in the lane, and they themselves by what every lane is told of, so all of it holds as long as the row of the lane is
// what that transaction left: its peaks stand for everything that was ever booked there, and its promise for what the others told. Only
// a database that has lost commits can have another history below the same row, and it was stopped for that: so nothing is known any
// more once a session had to be begun anew.
//
// A lane's is used by one transaction at a time, the one that has the lane.
type warm struct {
	lane  laneRow // as it was left
	era   uint64  // of the store's sessions then
	rows  map[ledger.AccountID]*accountRow
	alone int // how often in a row the lane was found as it was left
}

// aloneOften is how often the lane has to be found as it was left before what is remembered is gone by: who goes by it and
// finds that others have booked has to begin once more.
const aloneOften = 4

// maxWarm is how many accounts are remembered in all lanes together, which takes about 100 MB.
const maxWarm = 1 << 17

// same tells whether two rows of a lane are of one moment of its journal. Events alone change no account.
func (r *laneRow) same(o *laneRow) bool {
	return r.Lane == o.Lane && r.Seq == o.Seq && r.Blocks == o.Blocks && r.Accounts == o.Accounts && r.Closed == o.Closed &&
		r.At.Equal(o.At) && r.NotBefore.Equal(o.NotBefore) && bytes.Equal(r.peaks, o.peaks)
}

// find compares the lane's row with how it was left.
func (w *warm) find(row *laneRow, era uint64) {
	if w.era != era || !w.lane.same(row) {
		w.forget() // somebody else has booked there
		return
	}
	w.alone++
}

// forget makes nothing known.
func (w *warm) forget() { *w = warm{} }

// remember keeps what a transaction that was committed leaves.
func (t *Tx) remember() {
	switch {
	case t.everyone:
		t.warm.forget()
	case t.held.lane:
		t.warm.keep(t.row, t.era, t.accounts, maxWarm/t.lanes)
	}
}

// keep remembers accounts, and the row of the lane that they go with.
func (w *warm) keep(lane laneRow, era uint64, accounts map[ledger.AccountID]*kept, most int) {
	w.lane, w.era = lane, era
	for id, k := range accounts {
		switch {
		case k.single:
			delete(w.rows, id)
		case k.row != nil:
			put(&w.rows, id, k.row)
		}
	}
	for id := range w.rows { // in no order
		if len(w.rows) <= most {
			break
		}
		delete(w.rows, id)
	}
}

// withShare is the row of a spread account with another share, the only one that is known.
func (r *accountRow) withShare(share shareRow) *accountRow {
	out := *r
	out.Shares = []shareRow{share}
	return &out
}
