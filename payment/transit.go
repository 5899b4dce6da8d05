package payment

import (
	"slices"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// InTransit is what of a payout is set aside, and neither paid nor put back: its amount. Its fee is on the way to
// nobody.
func (p *Payout) InTransit() money.Amount {
	switch p.Status {
	case Requested, Approved, Sent, Unknown:
		return p.Amount
	}
	return money.Amount{}
}

// TransitKeys names the entries by which a payout came to be in transit, and was paid or put back. What never
// happened is not booked.
func (p *Payout) TransitKeys() (keys []string) {
	for i := range p.Steps {
		switch status := p.Steps[i].Status; status {
		case Requested, Completed, Failed, Rejected, Canceled:
			if key := PayoutRecord + "/" + p.ID + "/" + string(status); !slices.Contains(keys, key) { // one that waited was requested twice
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// TransitBy is what one of its TransitKeys adds to what of the payout is in transit.
func (p *Payout) TransitBy(e *ledger.Booked) money.Amount {
	if e.Kind == EntryPayout {
		return p.Amount
	}
	return p.Amount.Neg()
}

// BatchTransit is what an entry of a batch adds to what is in transit in a currency: what it brings to the batch's
// account and to what rails have on their way, less what it takes from there.
func BatchTransit(e *ledger.Booked, c money.Currency) (sum money.Amount, err error) {
	for _, p := range e.Postings {
		root, rest, _ := strings.Cut(p.Account, "/")
		if p.Currency != c || root != "settlements" && (root != "rails" || railFigure(rest) != FigurePayouts) {
			continue
		}
		amount := p.Amount
		if p.Side == ledger.Debit {
			amount = amount.Neg()
		}
		if sum, err = sum.Add(amount); err != nil {
			return sum, err
		}
	}
	return sum, nil
}
