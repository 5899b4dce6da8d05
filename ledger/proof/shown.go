package proof

import (
	"reflect"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// shown is an item for people, as far as a file says it: everything else is in
// its canonical bytes. Every later version of the program must show an item of
// this version of the form in the same words, or it would refuse old proofs.
type shown struct {
	Lane uint16 `json:"lane"`
	Seq  uint64 `json:"seq"`
	At   string `json:"at"`
	content
}

// content is what an item says, wherever it is booked.
type content struct {
	Act       string      `json:"act"`
	Key       string      `json:"key,omitempty"`
	Of        string      `json:"of,omitempty"` // key of the hold, or of the entry that is taken back
	Kind      string      `json:"kind,omitempty"`
	Reference string      `json:"reference,omitempty"`
	PartOf    string      `json:"part_of,omitempty"`
	Owner     string      `json:"owner,omitempty"`
	ValueDate string      `json:"value_date,omitempty"`
	Expires   string      `json:"expires,omitempty"`
	Breached  bool        `json:"breached,omitempty"` // a limit, as the chart allows
	Through   string      `json:"through,omitempty"`  // last closed value date
	Account   string      `json:"account,omitempty"`  // that was changed
	Currency  string      `json:"currency,omitempty"`
	Metadata  []attribute `json:"metadata,omitempty"`
	Postings  []posting   `json:"postings,omitempty"`
	Asked     *content    `json:"asked,omitempty"` // what was refused
}

type attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type posting struct {
	Side     string `json:"side"`
	Account  string `json:"account"`
	Amount   string `json:"amount"` // major units
	Currency string `json:"currency"`
}

func show(b *ledger.Booked) *shown {
	return &shown{Lane: b.Lane, Seq: b.Seq, At: instant(b.At), content: *contentOf(b)}
}

func contentOf(b *ledger.Booked) *content {
	c := &content{
		Act: b.Act.String(), Key: text(b.Key), Kind: text(b.Kind), Reference: text(b.Reference), PartOf: text(b.PartOf), Owner: text(b.Owner),
		ValueDate: date(b.ValueDate), Breached: b.Breached,
	}
	for _, a := range b.Metadata {
		c.Metadata = append(c.Metadata, attribute{text(a.Name), text(a.Value)})
	}
	for _, p := range b.Postings {
		c.Postings = append(c.Postings, posting{p.Side.String(), text(p.Account), p.Currency.Format(p.Amount), p.Currency.String()})
	}
	if b.Terms == nil {
		return c
	}
	c.Of, c.Through = text(b.Of), date(b.Through)
	if !b.Expires.IsZero() {
		c.Expires = instant(b.Expires)
	}
	if b.Change != nil {
		c.Account = text(b.Change.Path)
		if !b.Change.Currency.IsZero() {
			c.Currency = b.Change.Currency.String()
		}
	}
	if b.Refusal != nil {
		c.Asked = contentOf(&b.Refusal.Asked)
	}
	return c
}

func (s *shown) equal(o *shown) bool { return reflect.DeepEqual(s, o) }

// text is what JSON can hold.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func instant(t time.Time) string { return t.Format(time.RFC3339Nano) }

func date(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
