package storetest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"

	"github.com/settlex/settlex/ledger"
)

// historyHow is the way in which a client does something.
type historyHow uint8

const (
	historyExecutes  historyHow = iota // a batch
	historyJoins                       // a batch in a transaction of the host's
	historyGivesUp                     // the same, and the host rolls it back
	historySweeps                      // expiry of holds
	historyReads                       // both accounts of the group on one snapshot
	historyReadsHold                   //
	historyReadsKey                    //
)

// historyInput is what a client does.
type historyInput struct {
	group  int
	how    historyHow
	mode   ledger.Mode
	wishes []historyWish
	key    string // reads
}

// historyOutput is what he sees.
type historyOutput struct {
	fault    string // what no ledger should ever say
	unknown  bool   // the answer was lost. Verdicts then are what the journal said in the end, if it knew the key
	verdicts []historyVerdict
	purses   map[string]historyPurse
	hold     historyReserve
	expired  []historyExpired
}

// historyExpired is an expiry in the journal.
type historyExpired struct {
	hold string
	lane uint16
	seq  uint64
	at   int64
}

// historyModel is the ledger for porcupine: groups of accounts that have nothing
// to do with one another, each of which takes one wish after the other.
func historyModel() porcupine.Model {
	return porcupine.Model{
		Partition: historyGroups,
		Init:      func() any { return newHistoryBooks() },
		Step: func(state, input, output any) (bool, any) {
			b, in, out := state.(*historyBooks), input.(historyInput), output.(historyOutput) //nolint:errcheck,forcetypeassert // porcupine hands back what it was given
			return b.step(in, out)
		},
		Equal: func(a, b any) bool { return a.(*historyBooks).equal(b.(*historyBooks)) }, //nolint:errcheck,forcetypeassert // as above
		DescribeOperation: func(input, output any) string {
			return historyDescribe(input.(historyInput), output.(historyOutput)) //nolint:errcheck,forcetypeassert // as above
		},
		DescribeState: func(state any) string {
			b := state.(*historyBooks) //nolint:errcheck,forcetypeassert // as above
			return fmt.Sprintf("%+v %+v %+v", b.ends, b.purses, b.holds)
		},
	}
}

func historyGroups(history []porcupine.Operation) [][]porcupine.Operation {
	groups := make(map[int][]porcupine.Operation)
	for _, op := range history {
		group := op.Input.(historyInput).group //nolint:errcheck,forcetypeassert // the clients recorded it
		groups[group] = append(groups[group], op)
	}
	var out [][]porcupine.Operation
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[group])
	}
	return out
}

func historyDescribe(in historyInput, out historyOutput) string {
	what := [...]string{"", "host: ", "host gives up: ", "sweep", "read", "read hold " + in.key, "read key " + in.key}[in.how]
	switch {
	case out.fault != "":
		return fmt.Sprint(what, in.wishes, " -> ", out.fault)
	case in.how == historyReads:
		return fmt.Sprintf("%s -> %+v", what, out.purses)
	case in.how == historyReadsHold:
		return fmt.Sprintf("%s -> %+v", what, out.hold)
	case in.how == historySweeps:
		return fmt.Sprintf("%s -> %+v", what, out.expired)
	case out.unknown:
		return fmt.Sprint(what, in.mode, " ", in.wishes, " -> ? (", out.verdicts, ")")
	}
	return fmt.Sprint(what, in.mode, " ", in.wishes, " -> ", out.verdicts)
}

// step tells whether books may give an answer, and what they are afterwards.
func (b *historyBooks) step(in historyInput, out historyOutput) (legal bool, after *historyBooks) {
	switch {
	case out.fault != "":
		return false, b
	case in.how == historyReads:
		return maps.Equal(b.purses, out.purses), b
	case in.how == historyReadsHold:
		return b.holds[in.key] == out.hold, b
	case in.how == historyReadsKey:
		legal = b.readsKey(in.key, out.verdicts[0])
		return legal, b
	case in.how == historySweeps:
		return b.sweeps(out.expired)
	case out.unknown:
		return b.lost(in, out)
	}
	legal, after = b.batch(in, out)
	if in.how == historyGivesUp {
		after = b
	}
	return legal, after
}

func (b *historyBooks) readsKey(key string, v historyVerdict) bool {
	taken, ok := b.keys[key]
	return ok == (v.what != "free") && (!ok || (taken.verdict.reason != nil) == (v.what == "refused") && taken.verdict.lane == v.lane && taken.verdict.seq == v.seq)
}

func (b *historyBooks) sweeps(expired []historyExpired) (legal bool, after *historyBooks) {
	after = b.clone()
	for _, e := range expired {
		h := after.holds[e.hold]
		if h.status != ledger.HoldOpen || h.expires == 0 || h.expires > e.at || !after.comesNext(e.lane, e.seq, e.at) {
			return false, b
		}
		after.end(e.hold, ledger.HoldExpired)
	}
	return true, after
}

// comesNext tells whether an item may follow in its lane, and takes note of it:
// sequences and instants of a lane are in the order of what happened.
func (b *historyBooks) comesNext(lane uint16, seq uint64, at int64) bool {
	if end := b.ends[lane]; seq <= end.seq || at <= end.at {
		return false
	}
	b.ends[lane] = historyEnd{seq, at}
	return true
}

// batch compares the verdicts of a batch with those that it should have got.
func (b *historyBooks) batch(in historyInput, out historyOutput) (legal bool, after *historyBooks) {
	at := historyInstant(out.verdicts)
	want, after := b.decide(in, at)
	last := uint64(0)
	for i, got := range out.verdicts {
		v := want[i]
		switch {
		case in.how == historyGivesUp:
			v.lane, v.seq = got.lane, got.seq // it went to somebody else
		case v.isFresh():
			if end := b.ends[got.lane]; got.seq <= end.seq || at <= end.at || last != 0 && got.seq != last+1 {
				return false, b
			}
			v.lane, v.seq, last = got.lane, got.seq, got.seq
			after.filed(in.wishes[i].key, got)
		case v.what == "replayed":
			taken := after.keys[in.wishes[i].key].verdict
			v.lane, v.seq = taken.lane, taken.seq
		}
		if v.isFresh() {
			v.at = at
		}
		if got != v {
			return false, b
		}
	}
	return true, after
}

// historyInstant is the one instant of everything a batch has booked; 0: it
// has booked nothing.
func historyInstant(verdicts []historyVerdict) int64 {
	for _, v := range verdicts {
		if v.isFresh() {
			return v.at
		}
	}
	return 0
}

// isFresh tells that an item of the journal came of it.
func (v historyVerdict) isFresh() bool { return v.what == "booked" || v.what == "refused" }

// decide gives the verdicts a batch should get at an instant, but for
// sequences.
func (b *historyBooks) decide(in historyInput, at int64) (want []historyVerdict, after *historyBooks) {
	after = b.clone()
	for i, w := range in.wishes {
		v := after.wish(w, at)
		want = append(want, v)
		if in.mode == ledger.Atomic && v.what != "booked" && v.what != "replayed" {
			return b.spoilt(in.wishes, i, v)
		}
	}
	return want, after
}

// spoilt is an atomic batch of which one wish failed: no other came true, and
// if it was refused its key is burnt.
func (b *historyBooks) spoilt(wishes []historyWish, failed int, v historyVerdict) (want []historyVerdict, after *historyBooks) {
	for range wishes {
		want = append(want, historyVerdict{what: "not applied"})
	}
	want[failed], after = v, b.clone()
	if v.what == "refused" {
		after.keys[wishes[failed].key] = historyTaken{wish: wishes[failed], verdict: v}
	}
	return want, after
}

// filed takes note of the item that a key came to be.
func (b *historyBooks) filed(key string, v historyVerdict) {
	taken := b.keys[key]
	taken.verdict.lane, taken.verdict.seq = v.lane, v.seq
	b.keys[key] = taken
	b.ends[v.lane] = historyEnd{v.seq, v.at}
}

// lost is a batch whose answer nobody got: it happened, as the journal says it
// did, or it never will, or it changed nothing any more. It is called before
// everything that comes after it, and returns after everything else.
func (b *historyBooks) lost(in historyInput, out historyOutput) (legal bool, after *historyBooks) {
	at := out.verdicts[0].at // only a batch of one wish looks at the instant
	want, after := b.decide(in, at)
	for i, v := range want {
		if !v.isFresh() {
			continue
		}
		known := out.verdicts[i]
		if end := after.ends[known.lane]; known.seq <= end.seq || known.at <= b.ends[known.lane].at {
			return true, b // here it did not happen
		}
		after.filed(in.wishes[i].key, known)
	}
	return true, after
}
