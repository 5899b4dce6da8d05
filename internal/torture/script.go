package torture

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// script gives every command its content: a function of the seed and the command's name, and of nothing else.
type script struct {
	seed    uint64
	callers int
}

// kind is what a command or one of its requests is.
type kind uint8

const (
	post kind = iota
	hold
	capture
	release
	reverse
	change
	period
	guard     // an assertion that is true
	lie       // an assertion that is false
	void      // an entry that can never be booked
	allOrNone // from here on: commands only
	eachAlone
	hosted // in a transaction of the host, beside a row of its own
	sweep  // books expiries
	again  // an earlier command once more
)

// odds are how often each kind comes.
type odds []struct {
	kind  kind
	share int
}

func ofCommands() odds {
	return odds{
		{post, 20}, {hold, 16}, {capture, 16}, {release, 5}, {reverse, 6}, {change, 4}, {period, 1}, {void, 1},
		{allOrNone, 9}, {eachAlone, 8}, {hosted, 10}, {sweep, 3}, {again, 8},
	}
}

func ofRequests() odds {
	return odds{{post, 35}, {hold, 12}, {capture, 25}, {release, 8}, {reverse, 8}, {change, 2}, {guard, 8}, {lie, 2}, {void, 2}}
}

func ofHosts() odds {
	return odds{{post, 50}, {hold, 15}, {capture, 20}, {release, 5}, {reverse, 8}, {change, 2}}
}

func (o odds) draw(dice *rand.Rand) kind {
	total := 0
	for _, row := range o {
		total += row.share
	}
	at := dice.IntN(total)
	for _, row := range o {
		if at -= row.share; at < 0 {
			return row.kind
		}
	}
	panic("torture: shares do not add up")
}

// command is what a caller asks for at once.
type command struct {
	Name
	kind     kind
	requests []ledger.Request
	leaves   []bool        // for each request: it takes its key whether it is booked or refused
	aborts   bool          // hosted: the host thinks better of it
	patience time.Duration // 0: endless
	differs  bool          // afterwards its key is tried with other content
	limit    int           // sweep
}

// mode is how the requests hang together.
func (c *command) mode() ledger.Mode {
	if c.kind == eachAlone {
		return ledger.Independent
	}
	return ledger.Atomic
}

// digest stands for the content in the log.
func (c *command) digest() (string, error) {
	text, err := json.Marshal(c.requests)
	if err != nil {
		return "", err
	}
	sum := fnv.New64a()
	_, _ = sum.Write(text) // it never fails
	return fmt.Sprintf("%016x", sum.Sum64()), nil
}

// Parts of a command, or of a round, that have dice of their own. Those from dicePerRequest on belong to a command's requests.
const (
	diceCrowd = iota
	diceClock
	diceKind
	diceShape
	dicePerRequest
)

const ( // of each request
	diceLot = iota
	diceTransfers
	diceRest
	dicePerRequestCount
)

func (s script) dice(n Name, part int) *rand.Rand {
	name := uint64(n.Round)<<44 ^ uint64(n.Caller)<<36 ^ uint64(n.No)<<8 ^ uint64(part) //nolint:gosec // small and not negative
	return rand.New(rand.NewPCG(mix(s.seed), mix(name^s.seed)))
}

func (s script) requestDice(n Name, item, part int) *rand.Rand {
	return s.dice(n, dicePerRequest+item*dicePerRequestCount+part)
}

// mix spreads neighbouring numbers far apart (splitmix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// start is what the clock shows when a round begins: seven hours later each time, but sometimes a clock is set back.
func (s script) start(round int) time.Time {
	dice := s.dice(Name{Round: round}, diceClock)
	at := time.Date(2026, time.January, 5, 3, 0, 0, 0, time.UTC).Add(time.Duration(round) * 7 * time.Hour)
	if dice.IntN(4) == 0 {
		at = at.Add(-time.Duration(dice.IntN(9)) * time.Hour)
	}
	return at
}

func (s script) today(n Name) calendar.Date { return calendar.DateOf(s.start(n.Round), time.UTC) }

// crowd is how many callers a round has. Many share commits; few leave commands to a commit of their own, which other faults need.
func (s script) crowd(round int) int {
	dice := s.dice(Name{Round: round}, diceCrowd)
	return min(s.callers, []int{1 + dice.IntN(3), 4, s.callers, s.callers}[dice.IntN(4)])
}

// kind is what a command is.
func (s script) kind(n Name) kind { return ofCommands().draw(s.dice(n, diceKind)) }

// requestKind is what one of its requests is. The first of a batch is what later commands refer to.
func (s script) requestKind(n Name, item int) kind {
	switch k := s.kind(n); {
	case k < allOrNone && item == 0:
		return k
	case k == hosted:
		return ofHosts().draw(s.requestDice(n, item, diceLot))
	case item == 0:
		return odds{{post, 1}, {hold, 1}}.draw(s.requestDice(n, item, diceLot))
	}
	return ofRequests().draw(s.requestDice(n, item, diceLot))
}

// command gives a command its content.
func (s script) command(n Name) command {
	k := s.kind(n)
	dice := s.dice(n, diceShape)
	if k == again {
		return s.command(s.find(dice, n, func(n Name) bool { return s.kind(n) != again }))
	}
	c := command{Name: n, kind: k, limit: 1 + dice.IntN(20)}
	count := 1
	switch k {
	case allOrNone, eachAlone:
		count = 2 + dice.IntN(7)
	case hosted:
		count, c.aborts = 1+dice.IntN(3), dice.IntN(8) == 0
	case sweep:
		return c
	}
	for i := range count {
		r, leaves := s.request(n, i)
		c.requests, c.leaves = append(c.requests, r), append(c.leaves, leaves)
	}
	if k != hosted && dice.IntN(12) == 0 {
		c.patience = time.Duration(dice.IntN(2000)) * time.Microsecond
	}
	c.differs = count == 1 && k != hosted && dice.IntN(16) == 0
	return c
}

// find looks for an earlier command to refer to: often one that runs just now, sometimes one of the rounds before. When there
// is none it names one of a caller that does not exist.
func (s script) find(dice *rand.Rand, n Name, fits func(Name) bool) Name {
	for range 40 {
		other := Name{Round: n.Round, Caller: n.Caller, No: n.No - 1 - dice.IntN(10)}
		switch dice.IntN(6) {
		case 0, 1:
			other.Caller = dice.IntN(s.crowd(n.Round))
		case 2:
			round := n.Round - 1 - dice.IntN(2)
			other = Name{Round: round, Caller: dice.IntN(s.crowd(round)), No: dice.IntN(20)}
		}
		if other.No >= 0 && other.Round >= 0 && fits(other) {
			return other
		}
	}
	nobody := Name{Round: n.Round, Caller: s.callers}
	for !fits(nobody) {
		nobody.No++
	}
	return nobody
}
