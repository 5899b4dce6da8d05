package config

// readRefunds reads for whom refunds and disputes are booked otherwise.
func (b *book) readRefunds(n node) {
	o := n.object()
	b.rules.DrawReserve = b.scopes(o.get("draw_reserve"))
	b.rules.PayTwice = b.scopes(o.get("beside_disputes"))
	o.done()
}
