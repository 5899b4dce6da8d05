package config

import (
	"errors"
	"fmt"

	"github.com/settlex/settlex/fees"
	"github.com/settlex/settlex/money"
)

// readTaxes reads the taxes that fee schedules name by their id.
func (b *book) readTaxes(n node) {
	ids := make(declared[string])
	for _, item := range n.items() {
		o := item.object()
		id := o.get("id").id()
		t := readTax(o, id)
		o.done()
		adoptTax(item, t)
		if id != "" {
			ids.add(o.get("id"), id, "tax "+id)
			b.taxes[id] = t
			b.taxIDs = append(b.taxIDs, id)
		}
	}
}

func readTax(o *object, id string) fees.Tax {
	t := fees.Tax{Code: id}
	if code := o.get("code"); code.present() {
		t.Code = code.id()
	}
	t.Rate = scan(o.get("rate").required(), money.ParseRate)
	t.Inclusive = o.get("inclusive").boolean()
	for _, item := range o.get("split").items() {
		part := item.object()
		t.Split = append(t.Split, fees.TaxPart{
			Code:   part.get("code").id(),
			Weight: int64(part.get("weight").required().integer()),
		})
		part.done()
	}
	return t
}

// adoptTax lets the room validate a tax in a schedule that is otherwise right.
func adoptTax(n node, t fees.Tax) {
	probe := fees.Schedule{ID: "probe", Version: "probe", Components: []fees.Component{{Kind: "probe"}}, Tax: t}
	for _, err := range leaves(probe.Validate()) {
		if fault, ok := errors.AsType[*fees.Fault](err); ok {
			fault.Field = fault.Field[len("tax."):]
		}
		n.adopt(err)
	}
}

// taxOf reads the id of a tax; a schedule without one charges none.
func (b *book) taxOf(n node) fees.Tax {
	return scan(n, func(id string) (fees.Tax, error) {
		t, ok := b.taxes[id]
		b.taxesUsed[id] = true
		if !ok {
			return fees.Tax{}, fmt.Errorf("no tax %q is in the file", id)
		}
		return t, nil
	})
}
