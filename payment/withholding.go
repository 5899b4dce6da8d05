package payment

import (
	"errors"
	"fmt"
	"slices"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// WithholdingBase says what tax is withheld of.
type WithholdingBase string

// The bases.
const (
	BaseGross    WithholdingBase = "gross"      // all that was captured
	BaseNetOfFee WithholdingBase = "net_of_fee" // less our fee and the tax on it
)

// A WithholdingRule has tax withheld of what is captured for a merchant and owed to
// the state. Of the rules of one code the narrowest scope wins, then the one that is
// effective from the latest day; rules of several codes all apply.
type WithholdingRule struct {
	Code          string          // account: withholding/{code}
	Rate          money.Rate      // share of the base
	Base          WithholdingBase // empty: gross
	Rounding      money.Rounding  // to whole minor units; zero: half-even
	EffectiveFrom calendar.Date   // first business date of deposits it is for; zero: ever
	EffectiveTo   calendar.Date   // the last; zero: until further notice
	Kept          bool            // it stays withheld when the deposit is refunded, disputed or fails late
	For           []merchant.Scope
}

// Withholding is what was withheld of one deposit under one code, with the rule that
// was pinned at capture. Minor units.
type Withholding struct {
	Code     string          `json:"code"`
	Rate     money.Rate      `json:"rate"`
	Basis    WithholdingBase `json:"basis"`
	Base     money.Amount    `json:"base"`
	Amount   money.Amount    `json:"amount"`
	Rounding money.Rounding  `json:"rounding"`
	Kept     bool            `json:"kept,omitempty"`
	Back     money.Amount    `json:"back"` // of Amount, what stands given back
}

// Left is what stands withheld. Errors: money.ErrOverflow.
func (w *Withholding) Left() (money.Amount, error) { return w.Amount.Sub(w.Back) }

// Validate reports everything that is wrong with the rule by itself.
func (r *WithholdingRule) Validate() error {
	var faults []error
	if err := merchant.CheckID(r.Code); err != nil {
		faults = append(faults, fmt.Errorf("code: %w", err))
	}
	one := money.Minor(1)
	switch {
	case r.Rate.Sign() <= 0:
		faults = append(faults, fmt.Errorf("rate: %s is not above 0", r.Rate))
	case r.Rate.Of(one).Cmp(money.ExactOf(one)) > 0:
		faults = append(faults, fmt.Errorf("rate: %s is more than 1, which is 100 %%", r.Rate))
	}
	if r.Base != "" && r.Base != BaseGross && r.Base != BaseNetOfFee {
		faults = append(faults, fmt.Errorf("base: %q is neither %s nor %s", r.Base, BaseGross, BaseNetOfFee))
	}
	if !r.EffectiveTo.IsZero() && r.EffectiveTo.Before(r.EffectiveFrom) {
		faults = append(faults, fmt.Errorf("effective_to: %s is before effective_from %s", r.EffectiveTo, r.EffectiveFrom))
	}
	return errors.Join(faults...)
}

func (r *WithholdingRule) inForce(on calendar.Date) bool {
	return !on.Before(r.EffectiveFrom) && (r.EffectiveTo.IsZero() || !on.After(r.EffectiveTo))
}

// withholding gives the rule of each code that is for a case on a business date, in
// the order in which the codes are first named.
func (r *Rules) withholding(c merchant.Scope, on calendar.Date) []*WithholdingRule {
	var found []*WithholdingRule
	var ranks []int
	for i := range r.Withholding {
		rule := &r.Withholding[i]
		rank, ok := merchant.Narrowest(rule.For, c)
		if !ok || !rule.inForce(on) {
			continue
		}
		at := slices.IndexFunc(found, func(f *WithholdingRule) bool { return f.Code == rule.Code })
		switch {
		case at < 0:
			found, ranks = append(found, rule), append(ranks, rank)
		case rank < ranks[at] || rank == ranks[at] && rule.EffectiveFrom.After(found[at].EffectiveFrom):
			found[at], ranks[at] = rule, rank
		}
	}
	return found
}

// of computes what the rule withholds of a captured amount.
func (r *WithholdingRule) of(amount money.Amount, fee *fees.Fee) (Withholding, error) {
	w := Withholding{Code: r.Code, Rate: r.Rate, Basis: r.Base, Base: amount, Rounding: r.Rounding, Kept: r.Kept}
	if w.Basis == "" {
		w.Basis = BaseGross
	}
	var err error
	if w.Basis == BaseNetOfFee {
		if w.Base, err = money.Sum(amount, fee.Fee.Neg(), fee.Tax.Neg()); err != nil {
			return w, err
		}
		w.Base = money.Max(w.Base, money.Amount{}) // a fee above the amount leaves nothing to tax
	}
	w.Amount, err = r.Rate.Of(w.Base).Round(r.Rounding)
	return w, err
}

// withhold takes out of pending what the rules of a business date withhold of a captured
// deposit.
func (p *plan) withhold(d *Deposit, partOf int, on calendar.Date) (total money.Amount, err error) {
	var postings []ledger.Posting
	for _, rule := range p.rules.withholding(p.scope, on) {
		w, err := rule.of(d.Amount, &d.Fee)
		if err != nil {
			return total, fmt.Errorf("withholding %s: %w", rule.Code, err)
		}
		if w.Amount.IsZero() {
			continue
		}
		if total, err = total.Add(w.Amount); err != nil {
			return total, err
		}
		d.Withheld = append(d.Withheld, w)
		postings = append(postings, p.dr(PendingPath(p.merchant.ID), w.Amount), p.cr(withholdingPath(w.Code), w.Amount))
	}
	p.post(EntryWithheld, "withheld", partOf, postings...)
	return total, nil
}

// rewithhold brings what stands withheld of a deposit into line with what is refunded
// and disputed of it: the share of what is gone stands given back, rounded once. So
// parts add up exactly, in whatever order refunds fail and disputes are won. Of a
// deposit that has failed all of it is gone. The result is signed, in the merchant's
// favour.
func (p *plan) rewithhold(d *Deposit, step string, partOf int) (total money.Amount, err error) {
	gone, err := d.Refunded.Add(d.Disputed)
	if err != nil {
		return total, err
	}
	if d.Status == Failed {
		gone = d.Amount
	}
	return p.giveWithheld(d, step, partOf, func(w *Withholding) (money.Amount, error) {
		return fees.ReturnedTotal(w.Amount, d.Amount, gone, w.Rounding)
	})
}

// wouldRewithhold is the result that rewithhold would have.
func (p *plan) wouldRewithhold(d *Deposit) (total money.Amount, err error) {
	trial, deposit := *p, *d
	trial.entries = []ledger.Entry{{}} // for what is withheld to be a part of
	return trial.rewithhold(&deposit, "", 0)
}

// giveWithheld has of each code as much stand given back as due says, unless the
// pinned rule keeps it.
func (p *plan) giveWithheld(d *Deposit, step string, partOf int, due func(*Withholding) (money.Amount, error)) (total money.Amount, err error) {
	d.Withheld = slices.Clone(d.Withheld)
	available := AvailablePath(p.merchant.ID)
	var given, taken []ledger.Posting
	for i := range d.Withheld {
		w := &d.Withheld[i]
		if w.Kept {
			continue
		}
		stands, err := due(w)
		if err != nil {
			return total, fmt.Errorf("withholding %s: %w", w.Code, err)
		}
		back, err := stands.Sub(w.Back)
		if err != nil {
			return total, err
		}
		if total, err = total.Add(back); err != nil {
			return total, err
		}
		w.Back = stands
		if back.Sign() > 0 {
			given = append(given, p.dr(withholdingPath(w.Code), back), p.cr(available, back))
		} else if back.Sign() < 0 {
			taken = append(taken, p.dr(available, back.Abs()), p.cr(withholdingPath(w.Code), back.Abs()))
		}
	}
	p.post(EntryWithheldBack, step, partOf, given...)
	p.post(EntryRewithheld, step, partOf, taken...) // never both: all codes go the same way
	return total, nil
}
