package torture

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// history is everything that was ever asked of one file, by the logs.
type history struct {
	script
	commands map[Name]*asking
	order    []Name
	sweeps   []*attempt
	heads    []ledger.TreeHead // of each lane the last one that each process saw
	faults   []string
}

// asking is a command and every attempt at it.
type asking struct {
	command
	attempts []*attempt
}

// attempt is one time it was asked for; got is nil while nothing was acknowledged.
type attempt struct {
	of  *command
	got *answer
}

func newHistory(s script) *history { return &history{script: s, commands: make(map[Name]*asking)} }

// add takes in a log of one process.
func (h *history) add(lines []line) {
	open := make(map[string]*attempt)
	heads := make(map[uint16]*ledger.TreeHead)
	for i, l := range lines {
		switch {
		case l.Wrong != "":
			h.faults = append(h.faults, l.Wrong)
		case l.Head != nil:
			heads[l.Head.Lane] = l.Head
		case l.Try != nil:
			open[l.By] = h.try(*l.Try, l.Content)
		case l.Got != nil && open[l.By] != nil:
			open[l.By].got = l.Got
			delete(open, l.By)
		default:
			h.faults = append(h.faults, fmt.Sprintf("log: line %d answers nothing", i+1))
		}
	}
	for _, head := range heads {
		h.heads = append(h.heads, *head)
	}
}

func (h *history) try(n Name, content string) *attempt {
	a := h.commands[n]
	if a == nil {
		a = &asking{command: h.command(n)}
		if digest, err := a.digest(); err != nil || digest != content {
			h.faults = append(h.faults, fmt.Sprintf("command %s had content %s, and now has %s: %v", n, content, digest, err))
		}
		h.commands[n] = a
		h.order = append(h.order, n)
	}
	try := &attempt{of: &a.command}
	a.attempts = append(a.attempts, try)
	if a.kind == sweep {
		h.sweeps = append(h.sweeps, try)
	}
	return try
}

// settled tells whether the last attempt was answered, and so what became of all of them.
func (a *asking) settled() bool { return a.attempts[len(a.attempts)-1].got != nil }

// unsettled lists the commands whose outcome nobody was told, in the order in which they were first asked for.
func (h *history) unsettled() []*asking {
	var out []*asking
	for _, n := range h.order {
		if a := h.commands[n]; !a.settled() {
			out = append(out, a)
		}
	}
	return out
}

// unanswered counts attempts without an answer.
func (a *asking) unanswered() (n int) {
	for _, try := range a.attempts {
		if try.got == nil {
			n++
		}
	}
	return n
}
