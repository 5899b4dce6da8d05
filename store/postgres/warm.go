package postgres

import (
	"bytes"

	"github.com/settlex/settlex/ledger"
)

// warm is what a store remembers of the spread accounts of a lane from its own last transaction there. Their shares change by what is
// booked in the lane, and they themselves by what every lane is told of, so all of it holds as long as the row of the lane is
// what that transaction left: its peaks stand for everything that was ever booked there.
//
// A lane's is used by one transaction at a time, the one that has the lane.
type warm struct {
	lane  laneRow // as it was left
	rows  map[ledger.AccountID]*accountRow
	alone int // how often in a row the lane was found as it was left
}

// aloneOften is how often the lane has to be found as it was left before what is remembered is gone by: who goes by it and
// finds that others have booked has to begin once more.
const aloneOften = 4

// maxWarm bounds the memory: about 16 MB for each lane that is in use.
const maxWarm = 1 << 15

// same tells whether two rows of a lane are of one moment.
func (r *laneRow) same(o *laneRow) bool {
	return r.Lane == o.Lane && r.Seq == o.Seq && r.Blocks == o.Blocks && r.Accounts == o.Accounts && r.Closed == o.Closed &&
		r.At.Equal(o.At) && r.NotBefore.Equal(o.NotBefore) && bytes.Equal(r.peaks, o.peaks)
}

// find compares the lane's row with how it was left.
func (w *warm) find(row *laneRow) {
	if !w.lane.same(row) {
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
		t.warm.keep(t.row, t.accounts)
	}
}

// keep remembers accounts, and the row of the lane that they go with.
func (w *warm) keep(lane laneRow, accounts map[ledger.AccountID]*kept) {
	w.lane = lane
	for id, k := range accounts {
		switch {
		case k.single:
			delete(w.rows, id)
		case k.row != nil:
			put(&w.rows, id, k.row)
		}
	}
	for id := range w.rows { // in no order
		if len(w.rows) <= maxWarm {
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
