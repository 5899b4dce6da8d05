package config

import (
	"slices"
	"time"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// defaultMaxAge is how old a quote may be where a schedule does not say.
const defaultMaxAge = 24 * time.Hour

// ofMerchant is the target of a schedule that pays every merchant in its own currency.
const ofMerchant = "merchant"

// readFX reads in which currency batches are paid. What is paid needs a region that
// says from which account, and quotes.
func (b *book) readFX(n node, s *merchant.Schedule) {
	if !n.present() {
		return
	}
	o, terms := n.object(), &merchant.FXTerms{MaxAge: defaultMaxAge}
	sound := b.r.quiet(func() {
		target := o.get("target").required()
		if terms.OfMerchant = target.present() && target.text() == ofMerchant; !terms.OfMerchant {
			terms.Target = unmarshal[money.Currency](target)
		}
		terms.Spread = scan(o.get("spread"), money.ParseRate)
		if age := o.get("max_age"); age.present() {
			terms.MaxAge = age.duration()
		}
		o.done()
	})
	s.FX = terms
	switch {
	case !sound, terms.OfMerchant && b.quoted:
	case !terms.OfMerchant && !slices.Contains(b.currencies(), terms.Target):
		o.get("target").faultf("no region lists %s, so nobody knows from which account it is paid", terms.Target)
	case !b.quoted:
		n.faultf("needs quotes: say under rates which file they are in")
	}
}
