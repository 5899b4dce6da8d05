package torture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
)

// comparison holds a file against its history.
type comparison struct {
	*history
	*contents
	found []string
}

// compare lists every way in which a file breaks what was promised.
func compare(h *history, c *contents) []string {
	v := &comparison{history: h, contents: c, found: slices.Clone(h.faults)}
	v.sequences()
	for i, item := range c.items {
		v.announced(item, i)
	}
	for _, n := range h.order {
		v.command(h.commands[n])
	}
	v.expiries()
	v.strayRows()
	v.found = append(v.found, tally(c)...)
	return v.found
}

func (v *comparison) find(format string, args ...any) {
	v.found = append(v.found, fmt.Sprintf(format, args...))
}

// sequences have no gap in any lane.
func (v *comparison) sequences() {
	last := make(map[uint16]uint64)
	for _, item := range v.items {
		if last[item.Lane]++; item.Seq != last[item.Lane] {
			v.find("item %d of lane %d has sequence %d", last[item.Lane], item.Lane, item.Seq)
			return
		}
	}
	for _, head := range v.contents.heads {
		if head.Seq != last[head.Lane] {
			v.find("the head of lane %d says sequence %d, the journal has %d items", head.Lane, head.Seq, last[head.Lane])
		}
	}
}

// announced: somebody had written down that it would be asked for, with this content.
func (v *comparison) announced(item *ledger.Booked, at int) {
	if item.Act == ledger.Expired {
		v.expired(item)
		return
	}
	n, number, err := nameOf(item.Key)
	if err != nil {
		v.find("item %s (%s %q): %v", placeOf(item), item.Act, item.Key, err)
		return
	}
	asking := v.commands[n]
	if asking == nil || number >= len(asking.requests) {
		v.find("item %s (%s %q): nobody asked for it", placeOf(item), item.Act, item.Key)
		return
	}
	if v.byKey[item.Key] != at {
		v.find("item %s (%s %q): its key is taken twice", placeOf(item), item.Act, item.Key)
	}
	want := asked(asking.requests[number])
	if have := done(item, want); want != have {
		v.find("item %s (%s %q): asked for was %+v, booked was %+v", placeOf(item), item.Act, item.Key, want, have)
	}
}

func (v *comparison) expired(item *ledger.Booked) {
	of := item.Terms.Of
	held := v.item(of)
	if held == nil || held.Act != ledger.Held || held.Terms == nil || held.Expires.IsZero() || held.Expires.After(item.At) {
		v.find("item %s: hold %q expired before its time, or is none", placeOf(item), of)
	}
}

// command compares one command, whatever it was answered.
func (v *comparison) command(a *asking) {
	booked, refused := 0, 0
	for i := range a.requests {
		item := v.item(a.key(i))
		v.answers(a, i, item)
		switch {
		case item == nil:
		case item.Act == ledger.Refused:
			refused++
		default:
			booked++
		}
	}
	switch a.kind {
	case allOrNone:
		whole := v.leaving(a)
		if v.isSpoilt(a) {
			whole = 0
		}
		v.wholly(a, booked, whole)
		v.refusals(a, refused)
	case eachAlone:
		v.wholly(a, booked+refused, v.leaving(a))
	case hosted:
		v.wholly(a, booked+refused, v.leaving(a))
		v.row(a, booked+refused > 0)
	}
}

// leaving counts the requests that take their keys whatever becomes of them.
func (v *comparison) leaving(a *asking) (n int) {
	for _, leaves := range a.leaves {
		if leaves {
			n++
		}
	}
	return n
}

// isSpoilt tells a batch that can only fail, because one of its items can.
func (v *comparison) isSpoilt(a *asking) bool {
	for i := range a.requests {
		if k := v.requestKind(a.Name, i); k == lie || k == void {
			return true
		}
	}
	return false
}

// answers compares a key with everything that was said about it.
func (v *comparison) answers(a *asking, i int, item *ledger.Booked) {
	key, explained, first := a.key(i), a.unanswered() > 0, 0
	for _, try := range a.attempts {
		if try.got == nil {
			continue
		}
		if i >= len(try.got.Outcomes) {
			v.find("%s: the answer has %d outcomes", key, len(try.got.Outcomes))
			return
		}
		told := try.got.Outcomes[i]
		if told.Nothing != "" {
			continue
		}
		explained = true
		if !told.Old {
			first++
		}
		if difference := told.against(item); difference != "" {
			v.find("%s: acknowledged was %+v, but %s", key, told, difference)
		}
	}
	switch {
	case item != nil && !explained:
		v.find("%s: every answer was that nothing was booked, but item %s is there (%s)", key, placeOf(item), item.Act)
	case first > 1:
		v.find("%s: was booked %d times for the first time", key, first)
	case item != nil && first == 0 && a.unanswered() == 0:
		v.find("%s: every answer was that somebody else had booked item %s before", key, placeOf(item))
	}
}

// against tells how an acknowledged outcome differs from what took the key.
func (o *outcome) against(item *ledger.Booked) string {
	switch {
	case item == nil:
		return "it is not there"
	case o.Seq > 0 && item.Act == ledger.Refused:
		return fmt.Sprintf("item %s says it was refused: %v", placeOf(item), item.Refusal.Failure.Error())
	case o.Seq > 0 && (o.place() != placeOf(item) || o.Hash != hashOf(item)):
		return fmt.Sprintf("item %s is another one: %s %s", placeOf(item), item.Act, hashOf(item))
	case o.Seq == 0 && item.Act != ledger.Refused:
		return fmt.Sprintf("item %s was booked: %s", placeOf(item), item.Act)
	case o.Seq == 0 && o.Refused != item.Refusal.Failure.Error():
		return fmt.Sprintf("item %s was refused because %v", placeOf(item), item.Refusal.Failure.Error())
	}
	return ""
}

// wholly: all keys of a command or none, in one block, one behind the other, but for a host, who saves more than once.
func (v *comparison) wholly(a *asking, there, whole int) {
	if there == 0 {
		return
	}
	if there != whole {
		v.find("command %s: %d of %d items are there", a.Name, there, whole)
		return
	}
	var last *ledger.Booked
	for i := range a.requests {
		item := v.item(a.key(i))
		if item == nil {
			continue
		}
		if last != nil && a.kind != hosted && !v.follows(last, item) {
			v.find("command %s: item %s is in block %d, the one before it is %s in block %d", a.Name, placeOf(item), v.block[placeOf(item)],
				placeOf(last), v.block[placeOf(last)])
		}
		last = item
	}
}

// follows tells whether an item stands right behind another one, in the same block.
func (v *comparison) follows(last, item *ledger.Booked) bool {
	return item.Lane == last.Lane && item.Seq == last.Seq+1 && v.block[placeOf(item)] == v.block[placeOf(last)]
}

// refusals: an attempt at an atomic batch burns one key at most.
func (v *comparison) refusals(a *asking, there int) {
	told := make(map[int]bool)
	for _, try := range a.attempts {
		if try.got == nil {
			continue
		}
		for i, o := range try.got.Outcomes {
			if o.Refused != "" {
				told[i] = true
			}
		}
	}
	if unexplained := there - len(told); unexplained > a.unanswered() {
		v.find("command %s: %d keys are burnt, %d more than anybody was told", a.Name, there, unexplained)
	}
}

// row compares the host's row with its items.
func (v *comparison) row(a *asking, there bool) {
	row, ok := v.rows[a.String()]
	if ok != there {
		v.find("command %s: its row is there: %t, its items: %t", a.Name, ok, there)
		return
	}
	if a.aborts && there {
		v.find("command %s: the host gave it up, but it is there", a.Name)
	}
	if !there {
		return
	}
	var words []string
	for i := range a.requests {
		word := "refused"
		if item := v.item(a.key(i)); item != nil && item.Act != ledger.Refused {
			word = placeOf(item).String()
		}
		words = append(words, word)
	}
	if want := strings.Join(words, " "); row != want {
		v.find("command %s: its row says %q, its items %q", a.Name, row, want)
	}
}

// strayRows are rows of nobody.
func (v *comparison) strayRows() {
	for key := range v.rows {
		var n Name
		if err := n.UnmarshalText([]byte(key)); err != nil || v.commands[n] == nil {
			v.find("row %q: nobody asked for it", key)
		}
	}
}

// expiries: as many as were acknowledged, and at most those more that nobody was told of.
func (v *comparison) expiries() {
	there, told, open := 0, 0, 0
	for _, item := range v.items {
		if item.Act == ledger.Expired {
			there++
		}
	}
	for _, try := range v.sweeps {
		if try.got == nil {
			open += try.of.limit
		} else {
			told += try.got.Expired
		}
	}
	if there < told || there > told+open {
		v.find("%d expiries are there, acknowledged were %d, and %d more were asked for", there, told, open)
	}
}
