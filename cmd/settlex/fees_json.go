package main

import (
	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// feeJSON is a fee as fees explain --json prints it.
type feeJSON struct {
	Kind       string          `json:"kind"`
	ID         string          `json:"id"`
	Currency   string          `json:"currency"`
	Fee        string          `json:"fee"`
	Tax        string          `json:"tax"`
	Total      string          `json:"total"`
	Invoiced   bool            `json:"invoiced"`
	Schedule   string          `json:"schedule"`
	Version    string          `json:"version"`
	Query      *fees.Query     `json:"query,omitempty"`
	Candidates []candidateJSON `json:"candidates,omitempty"`
	Month      *monthJSON      `json:"month,omitempty"`
	Base       string          `json:"base"`
	Cost       string          `json:"cost,omitempty"`
	CostTax    string          `json:"cost_tax,omitempty"`
	Parts      []partJSON      `json:"parts"`
	Taxes      []taxJSON       `json:"taxes,omitempty"`
	Policy     string          `json:"policy,omitempty"`
	Back       *backJSON       `json:"given_back,omitempty"`
}

type candidateJSON struct {
	Schedule      string   `json:"schedule"`
	Version       string   `json:"version"`
	Binds         int      `json:"binds"`
	Priority      int      `json:"priority"`
	EffectiveFrom string   `json:"effective_from,omitempty"`
	Chosen        bool     `json:"chosen"`
	Why           fees.Why `json:"why"`
}

type monthJSON struct {
	Month string `json:"month"`
	Fee   string `json:"fee"`
	Tax   string `json:"tax"`
	Count uint64 `json:"count"`
}

type partJSON struct {
	Kind     string       `json:"kind"`
	Of       fees.Base    `json:"of"`
	Base     string       `json:"base"`
	Exact    string       `json:"exact"`
	Limit    fees.Limit   `json:"limit,omitempty"`
	Amount   string       `json:"amount"`
	Rounding string       `json:"rounding"`
	Units    string       `json:"units,omitempty"`
	Reached  *reachedJSON `json:"reached,omitempty"`
}

type reachedJSON struct {
	Mode    fees.Mode    `json:"mode"`
	Measure fees.Measure `json:"measure"`
	Period  string       `json:"period,omitempty"`
	Before  string       `json:"before"`
	Slices  []sliceJSON  `json:"slices"`
}

type sliceJSON struct {
	Tier   int        `json:"tier"`
	Amount string     `json:"amount"`
	Rate   money.Rate `json:"rate"`
	Exact  string     `json:"exact"`
}

type taxJSON struct {
	Code   string `json:"code"`
	Amount string `json:"amount"`
}

type backJSON struct {
	Refund string    `json:"refund,omitempty"`
	Fee    string    `json:"fee"`
	Taxes  []taxJSON `json:"taxes,omitempty"`
}

// feeAsJSON gives a fee in the words of feeJSON.
func feeAsJSON(f *payment.PricedFee) (feeJSON, error) {
	c := f.Currency
	total, err := f.Fee.Total()
	if err != nil {
		return feeJSON{}, err
	}
	out := feeJSON{
		Kind: f.Kind, ID: f.ID, Currency: c.String(), Fee: c.Format(f.Fee.Fee), Tax: c.Format(f.Fee.Tax), Total: c.Format(total), Invoiced: f.Invoiced,
		Schedule: f.Fee.ScheduleID, Version: f.Fee.Version, Base: c.Format(f.Fee.Base), Taxes: taxesAsJSON(c, f.Fee.Taxes), Policy: f.Policy,
	}
	if f.Month == nil {
		out.Query = &f.Query
	} else {
		out.Month = &monthJSON{Month: f.Month.Month.String(), Fee: c.Format(f.Month.Fee), Tax: c.Format(f.Month.Tax), Count: f.Month.Count}
	}
	for i := range f.Candidates {
		k := &f.Candidates[i]
		row := candidateJSON{Schedule: k.Schedule.ID, Version: k.Schedule.Version, Binds: k.Bound, Priority: k.Schedule.Priority, Chosen: k.Chosen, Why: k.Why}
		if from := k.Schedule.EffectiveFrom; !from.IsZero() {
			row.EffectiveFrom = from.String()
		}
		out.Candidates = append(out.Candidates, row)
	}
	if f.Fee.Cost != nil {
		out.Cost, out.CostTax = c.Format(*f.Fee.Cost), c.Format(f.Fee.CostTax)
	}
	for i := range f.Fee.Parts {
		out.Parts = append(out.Parts, partAsJSON(c, &f.Fee, &f.Fee.Parts[i]))
	}
	if f.Back != nil {
		out.Back = &backJSON{Refund: f.Back.By, Fee: c.Format(f.Back.Fee), Taxes: taxesAsJSON(c, f.Back.Taxes)}
	}
	return out, nil
}

func partAsJSON(c money.Currency, f *fees.Fee, part *fees.Part) partJSON {
	out := partJSON{
		Kind: part.Kind, Of: baseOf(part), Base: c.Format(baseAmount(f, part)), Exact: exactly(c, part.Raw), Limit: part.Limit,
		Amount: c.Format(part.Amount), Rounding: exactly(c, part.Rounding),
	}
	if part.Units != nil {
		out.Units = part.Units.String()
	}
	if r := part.Reached; r != nil {
		before := c.Format(r.Before)
		if r.Measure == fees.MeasureCount {
			before = r.Before.String()
		}
		out.Reached = &reachedJSON{Mode: r.Mode, Measure: r.Measure, Period: r.Period, Before: before}
		for _, s := range r.Slices {
			out.Reached.Slices = append(out.Reached.Slices, sliceJSON{Tier: s.Tier, Amount: c.Format(s.Amount), Rate: s.Rate, Exact: exactly(c, s.Raw)})
		}
	}
	return out
}

func taxesAsJSON(c money.Currency, lines []fees.TaxLine) (out []taxJSON) {
	for _, l := range lines {
		out = append(out, taxJSON{Code: l.Code, Amount: c.Format(l.Amount)})
	}
	return out
}
