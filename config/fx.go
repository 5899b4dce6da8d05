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
	target := o.get("target").required()
	if terms.OfMerchant = target.present() && target.text() == ofMerchant; !terms.OfMerchant {
		terms.Target = unmarshal[money.Currency](target)
	}
	terms.Spread = scan(o.get("spread"), money.ParseRate)
	if age := o.get("max_age"); age.present() {
		terms.MaxAge = age.duration()
	}
	o.done()
	s.FX = terms
	if !terms.Target.IsZero() && !slices.Contains(b.currencies(), terms.Target) {
		target.faultf("no region lists %s, so nobody knows from which account it is paid", terms.Target)
	}
	if !b.quoted && !o.mute {
		n.faultf("needs quotes: say under rates which file they are in")
	}
}
