package storetest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/settlex/settlex/ledger"
)

// edgeRace: exactly one wins; the others get a distinct error.
func edgeRace(b *edgeBooks) {
	t := b.t
	b.does(edgeFund("fund", 10000))
	won := make(map[string]int)
	for round := range 40 {
		won[b.race(round)]++
		if t.Failed() {
			break
		}
	}
	t.Logf("won: %v", won)
}

// race lets a capture, a release and a sweep of one hold run at once, while the
// clock passes the hold's expiry, and tells who won.
func (b *edgeBooks) race(round int) (winner string) {
	b.t.Helper()
	key := fmt.Sprintf("hold %d", round)
	hold := edgeHold(key, 10000)
	hold.Expires = b.clock.after(time.Minute)
	b.does(hold)
	var captureErr, releaseErr error
	expired := make([]int, 2)
	run := []func(){
		func() {
			_, captureErr = b.Capture(b.t.Context(), ledger.Capture{Key: key + "/c", Hold: key, Kind: "capture", All: true})
		},
		func() { _, releaseErr = b.Release(b.t.Context(), ledger.Release{Key: key + "/r", Hold: key}) },
		func() { b.clock.pass(time.Minute); expired[0] = b.sweep() },
		func() { expired[1] = b.sweep() },
	}
	for i := range round % len(run) { // another one begins each time
		run = append(run[i+1:], run[:i+1]...)
	}
	var group sync.WaitGroup
	for _, fn := range run {
		group.Go(fn)
	}
	group.Wait()
	expired[0] += b.sweep() // if nobody else won, time is over by now
	return b.raceWinner(key, captureErr, releaseErr, expired[0]+expired[1])
}

func (b *edgeBooks) sweep() int {
	n, err := b.Expire(b.t.Context(), 10)
	if err != nil {
		b.t.Errorf("expire: %v", err)
	}
	return n
}

// raceWinner checks that a hold ended once, as its state says, and that the
// losers were told how.
func (b *edgeBooks) raceWinner(key string, captureErr, releaseErr error, expired int) string {
	b.t.Helper()
	h, ok, err := b.HoldState(b.t.Context(), key)
	if !ok || err != nil {
		b.t.Fatal(ok, err)
	}
	want := map[ledger.HoldStatus]struct {
		capture, release error
		expired          int
	}{
		ledger.HoldCaptured: {nil, ledger.ErrHoldCaptured, 0},
		ledger.HoldReleased: {ledger.ErrHoldReleased, nil, 0},
		ledger.HoldExpired:  {ledger.ErrHoldExpired, ledger.ErrHoldExpired, 1},
	}[h.Status]
	if !errors.Is(captureErr, want.capture) || !errors.Is(releaseErr, want.release) || expired != want.expired {
		b.t.Errorf("%s is %s: capture %v, release %v, %d expired", key, h.Status, captureErr, releaseErr, expired)
	}
	ends := 0
	for _, item := range b.items(h.Seq) {
		if item.Act != ledger.Refused && item.Terms != nil && item.Of == key {
			ends++
		}
	}
	if ends != 1 {
		b.t.Errorf("%s was ended by %d items", key, ends)
	}
	if h.Status == ledger.HoldCaptured { // bring the money back for the next round
		b.does(edgeFund(key+"/back", 10000))
	}
	b.stands(edgeAvailable, "100.00, 0.00 held, 100.00 available")
	return h.Status.String()
}
