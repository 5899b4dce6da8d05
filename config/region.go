package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

func (b *book) readRegions(n node) {
	ids, currencies := make(declared[string]), make(declared[money.Currency])
	banks := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		r := merchant.Region{
			ID:        o.get("id").id(),
			Name:      o.get("name").text(),
			Countries: countries(o.get("countries")),
		}
		for _, c := range o.get("currencies").required().items() {
			currency := unmarshal[money.Currency](c)
			if !currency.IsZero() {
				currencies.add(c, currency, currency.String())
				r.Currencies = append(r.Currencies, currency)
			}
		}
		if r.Bank = o.get("bank").id(); r.Bank != "" {
			banks.add(o.get("bank"), r.Bank, "bank "+r.Bank)
		}
		if tax := o.get("input_tax"); tax.present() {
			r.InputTax = tax.id()
		}
		o.done()
		item.adopt(r.Validate())
		if r.ID != "" {
			ids.add(o.get("id"), r.ID, "region "+r.ID)
			b.nodes[r.ID] = item
			b.rules.Book.Regions = append(b.rules.Book.Regions, r)
		}
	}
	if n.present() && len(b.rules.Book.Regions) == 0 {
		n.adopt(fmt.Errorf("names no region"))
	}
}

func countries(n node) []string {
	var all []string
	for _, item := range n.items() {
		code := scan(item, func(s string) (string, error) {
			if len(s) != 2 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				return "", fmt.Errorf("%q is not a country's code of two capitals", s)
			}
			return s, nil
		})
		if code != "" && slices.Contains(all, code) {
			item.faultf("%s is there twice", code)
		}
		all = append(all, code)
	}
	return all
}

func (b *book) readMerchants(n node) {
	ids := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		m := merchant.Merchant{
			ID:     o.get("id").id(),
			Name:   o.get("name").text(),
			Region: b.regionOf(o.get("region")),
		}
		if c := o.get("currency"); c.present() {
			m.Currency = unmarshal[money.Currency](c)
			if !m.Currency.IsZero() && !slices.Contains(b.currencies(), m.Currency) {
				c.faultf("no region lists %s, so nobody knows from which account it is paid", m.Currency)
			}
		}
		o.done()
		if m.ID != "" {
			ids.add(o.get("id"), m.ID, "merchant "+m.ID)
			b.index[m.ID] = len(b.merchants)
			b.merchants = append(b.merchants, m)
		}
	}
}
