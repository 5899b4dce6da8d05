package payment

import (
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Draw is a command that does nothing but draw on the reserve of the deposit that
// its event is about, or put back into it, as the recipes of other events do by the way.
type Draw struct {
	Handle
	Most money.Amount // to draw
	Back money.Amount // to put back, when nothing is to be drawn
	Did  money.Amount // what was drawn or put back
}

// Need implements ledger.Command.
func (d *Draw) Need(s *ledger.State, n *ledger.Need) {
	n.Explore(func() {
		if p, err := d.plan(s); err == nil {
			p.need(n)
		}
	})
}

// Apply implements ledger.Command.
func (d *Draw) Apply(s *ledger.State) error {
	p, err := d.plan(s)
	if err != nil {
		return err
	}
	_, err = p.carryOut(s)
	return err
}

func (d *Draw) plan(s *ledger.State) (*plan, error) {
	p := &plan{state: s, rules: d.Rules, event: &d.Event}
	deposit, err := p.parent()
	if err != nil {
		return nil, err
	}
	if d.Most.IsZero() {
		d.Did, err = p.restoreReserve(deposit, d.Back, -1)
	} else {
		d.Did, err = p.drawReserve(deposit, d.Most, -1)
	}
	return p, err
}
