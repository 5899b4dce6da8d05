package storetest

import (
	"fmt"
	"slices"

	"github.com/settlex/settlex/ledger"
)

// next is what a client does next: mostly a wish, sometimes several, often
// about what somebody has wished for before.
func (c *historyClient) next() historyInput {
	in := historyInput{group: c.chance.IntN(historyGroupCount), mode: ledger.Atomic}
	asked := c.asked(in.group)
	n := c.chance.IntN(100)
	switch {
	case n < 10:
		in.how = historyReads
	case n < 16 && len(asked) > 0:
		in.how, in.key = historyReadsKey, asked[c.chance.IntN(len(asked))].key
	case n < 22 && slices.ContainsFunc(asked, historyWish.isHold):
		in.how, in.key = historyReadsHold, c.anyHold(asked).key
	case n < 30:
		in.how = historyGivesUp
		in.wishes = c.wishes(in.group, 1+c.chance.IntN(2))
	case n < 36:
		in.how = historyJoins
		in.wishes = c.wishes(in.group, 1+c.chance.IntN(2))
	case n < 48:
		in.wishes = c.wishes(in.group, 2+c.chance.IntN(2))
		if c.chance.IntN(2) == 0 {
			in.mode = ledger.Independent
		}
	default:
		in.wishes = c.wishes(in.group, 1)
	}
	return in
}

func (w historyWish) isHold() bool { return w.verb == historyHold }

// anyHold gives one of the last holds that were asked for, booked or not.
func (c *historyClient) anyHold(asked []historyWish) historyWish {
	holds := slices.DeleteFunc(slices.Clone(asked), func(w historyWish) bool { return !w.isHold() })
	if len(holds) == 0 {
		return historyWish{verb: historyHold, key: "none", from: historyPath(0, "available"), to: historyBank}
	}
	return holds[max(0, len(holds)-1-c.chance.IntN(4))]
}

// asked is what was wished for in a group so far.
func (c *historyClient) asked(group int) []historyWish {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wished[group])
}

// wishes makes wishes and tells the others of them.
func (c *historyClient) wishes(group, n int) []historyWish {
	asked := c.asked(group)
	var out []historyWish
	for range n {
		w := c.wish(group, asked, n == 1)
		out, asked = append(out, w), append(asked, w)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wished[group] = append(c.wished[group], out...)
	return out
}

// wish makes one. Only a wish that comes alone has to do with holds that
// expire: of a batch whose answer was lost nobody can tell which instant it saw.
func (c *historyClient) wish(group int, asked []historyWish, alone bool) historyWish {
	if len(asked) > 0 && c.chance.IntN(100) < 15 {
		if w := asked[max(0, len(asked)-1-c.chance.IntN(5))]; alone || !w.looksAtClock(asked) {
			if w.amount != 0 && c.chance.IntN(4) == 0 {
				w.amount++ // another content under the same key
			}
			return w
		}
	}
	c.serial++
	w := historyWish{
		key: fmt.Sprintf("g%d/%d.%d", group, c.id, c.serial), amount: 1 + c.chance.Int64N(50),
		from: historyPath(group, "available"), to: historyBank,
	}
	switch n := c.chance.IntN(100); {
	case n < 22:
		w.from, w.to, w.amount = historyBank, w.from, w.amount*2
	case n < 34:
	case n < 44:
		w.to = historyPath(group, "pending")
	case n < 60:
		c.hold(&w, group, alone)
	case n < 78:
		c.capture(&w, asked, alone)
	case n < 84:
		c.release(&w, asked, alone)
	case n < 95:
		c.reverse(&w, asked)
	default:
		w.verb, w.to, w.amount = historyStatus, "", 0
		w.status = []ledger.Status{ledger.Open, ledger.Open, ledger.NoDebit, ledger.Frozen}[c.chance.IntN(4)]
	}
	return w
}

// looksAtClock tells whether what becomes of a wish depends on the instant.
func (w historyWish) looksAtClock(asked []historyWish) bool {
	return w.expires != 0 || slices.ContainsFunc(asked, func(h historyWish) bool { return h.isHold() && h.key == w.of && h.expires != 0 })
}

func (c *historyClient) hold(w *historyWish, group int, alone bool) {
	w.verb = historyHold
	switch c.chance.IntN(3) {
	case 0:
		w.to = historyPath(group, "pending")
	case 1:
		w.from, w.to = historyBank, w.from
	}
	if alone && c.chance.IntN(2) == 0 {
		w.expires = c.clock.now().UnixMicro() + c.chance.Int64N(60_000)
	}
}

// aHold gives a hold to do something with.
func (c *historyClient) aHold(asked []historyWish, alone bool) historyWish {
	if !alone {
		asked = slices.DeleteFunc(slices.Clone(asked), func(w historyWish) bool { return w.expires != 0 })
	}
	return c.anyHold(asked)
}

func (c *historyClient) capture(w *historyWish, asked []historyWish, alone bool) {
	h := c.aHold(asked, alone)
	w.verb, w.of, w.from, w.to = historyCapture, h.key, h.from, h.to
	w.amount, w.final = 1+c.chance.Int64N(30), c.chance.IntN(4) == 0
	if c.chance.IntN(3) == 0 {
		w.all, w.amount = true, 0
	}
}

func (c *historyClient) release(w *historyWish, asked []historyWish, alone bool) {
	w.verb, w.of, w.from, w.to, w.amount = historyRelease, c.aHold(asked, alone).key, "", "", 0
}

func (c *historyClient) reverse(w *historyWish, asked []historyWish) {
	w.verb, w.of, w.all, w.amount = historyReverse, "none", true, 0
	if len(asked) == 0 {
		return
	}
	original := asked[max(0, len(asked)-1-c.chance.IntN(8))]
	w.of, w.from, w.to = original.key, original.from, original.to
	if v := original.verb; (v == historyMove || v == historyCapture) && c.chance.IntN(2) == 0 {
		w.all, w.amount = false, 1+c.chance.Int64N(40)
	}
}
