package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// historyVerb is what a client may wish for.
type historyVerb uint8

const (
	historyMove historyVerb = iota
	historyHold
	historyCapture
	historyRelease
	historyReverse
	historyStatus
)

func (v historyVerb) String() string {
	return [...]string{"move", "hold", "capture", "release", "reverse", "set"}[v]
}

// historyBank is the one account outside of the groups. No group knows what it
// has.
const historyBank = "bank"

// historyWish is one request in the words of the model: some amount goes from
// one account to another. Wishes that are the same have the same content.
type historyWish struct {
	verb     historyVerb
	key      string
	from, to string // move, hold, and of what is captured or reversed
	amount   int64
	of       string // hold, or entry to reverse
	all      bool
	final    bool
	expires  int64         // hold: microseconds; 0: never
	status   ledger.Status // set: of account from
}

func (w historyWish) String() string {
	text := fmt.Sprintf("%s %q", w.verb, w.key)
	if w.of != "" {
		text += fmt.Sprintf(" of %q", w.of)
	}
	switch {
	case w.verb == historyStatus:
		text += fmt.Sprintf(" %s to %s", w.from, w.status)
	case w.all:
		text += " all"
	case w.verb != historyRelease:
		text += fmt.Sprintf(" %d from %s to %s", w.amount, w.from, w.to)
	}
	if w.final {
		text += " finally"
	}
	if w.expires != 0 {
		text += fmt.Sprintf(" until %d", w.expires)
	}
	return text
}

// request is the wish in the ledger's words.
func (w historyWish) request() ledger.Request {
	postings := []ledger.Posting{edgeDr(w.from, w.amount), edgeCr(w.to, w.amount)}
	if w.all {
		postings = nil
	}
	switch w.verb {
	case historyHold:
		h := ledger.Hold{Key: w.key, Kind: "hold", Postings: postings}
		if w.expires != 0 {
			h.Expires = time.UnixMicro(w.expires)
		}
		return h
	case historyCapture:
		return ledger.Capture{Key: w.key, Kind: "capture", Hold: w.of, All: w.all, Final: w.final, Postings: postings}
	case historyRelease:
		return ledger.Release{Key: w.key, Hold: w.of}
	case historyReverse:
		if !w.all {
			postings = []ledger.Posting{edgeCr(w.from, w.amount), edgeDr(w.to, w.amount)}
		}
		return ledger.Reversal{Key: w.key, Kind: "reversal", Of: w.of, ValueDate: edgeDay("2026-03-02"), All: w.all, Postings: postings}
	case historyStatus:
		return edgeStatus(w.key, w.from, w.status)
	}
	return ledger.Entry{Key: w.key, Kind: "move", Postings: postings}
}

// historyVerdict is what became of a wish.
type historyVerdict struct {
	what    string // "booked", "replayed", "conflict", "not applied", "refused", "frozen"; anything else is an error
	lane    uint16 // booked, replayed, refused
	seq     uint64 // booked, replayed, refused
	at      int64  // booked, refused: microseconds
	reason  error  // refused, frozen
	account string
	has     int64
}

func (v historyVerdict) String() string {
	text := v.what
	if v.reason != nil {
		text += fmt.Sprintf(": %v, %s has %d", v.reason, v.account, v.has)
	}
	if v.seq != 0 {
		text += fmt.Sprintf(" #%d.%d", v.lane, v.seq)
	}
	return text
}

// historyVerdictOf says in the model's words what the ledger answered.
func historyVerdictOf(o ledger.Outcome) historyVerdict {
	var failure *ledger.Failure
	switch {
	case o.Err == nil && o.Replayed:
		return historyVerdict{what: "replayed", lane: o.Lane, seq: o.Seq}
	case o.Err == nil:
		return historyVerdict{what: "booked", lane: o.Lane, seq: o.Seq, at: o.At.UnixMicro()}
	case errors.Is(o.Err, ledger.ErrNotApplied):
		return historyVerdict{what: "not applied"}
	case errors.Is(o.Err, ledger.ErrKeyConflict):
		return historyVerdict{what: "conflict"}
	case !errors.As(o.Err, &failure):
		return historyVerdict{what: o.Err.Error()}
	}
	v := historyVerdict{what: "refused", reason: failure.Reason, account: failure.Account.Path, has: historyMinor(failure.Has)}
	if failure.Frozen {
		v.what = "frozen"
	}
	return v
}

func historyMinor(a money.Amount) int64 {
	n, ok := a.Int64()
	if !ok {
		panic(fmt.Sprintf("storetest: %s in a history of small amounts", a)) // the clients move less
	}
	return n
}
