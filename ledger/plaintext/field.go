package plaintext

import (
	"strconv"
	"time"

	"github.com/settlex/settlex/ledger"
)

// metaPrefix stands before the names of an entry's own metadata, so that none
// of them can pass for a field.
const metaPrefix = "meta-"

// instant has all six digits of the ledger's microseconds.
const instant = "2006-01-02T15:04:05.000000Z"

// style says how a notation writes a named value on a line of its own.
type style struct {
	indent   string // before the name
	colon    string // behind it
	quote    string // around text
	reserved string // characters a text may not hold as they are, '%' always among them
}

// appendFields appends everything of an entry but its date and its postings.
func (s *style) appendFields(dst []byte, e *ledger.Booked) []byte {
	dst = s.appendText(dst, "key", e.Key)
	dst = s.appendText(dst, "kind", e.Kind)
	if e.Reference != "" {
		dst = s.appendText(dst, "reference", e.Reference)
	}
	if e.PartOf != "" {
		dst = s.appendText(dst, "part_of", e.PartOf)
	}
	if e.Owner != "" {
		dst = s.appendText(dst, "owner", e.Owner)
	}
	dst = s.appendTerms(dst, e)
	dst = append(strconv.AppendUint(s.appendName(dst, "lane"), uint64(e.Lane), 10), '\n')
	dst = append(strconv.AppendUint(s.appendName(dst, "seq"), e.Seq, 10), '\n')
	dst = s.appendInstant(dst, "booked_at", e.At)
	if e.Breached {
		dst = append(s.appendName(dst, "breached"), "TRUE\n"...)
	}
	for _, a := range e.Metadata {
		dst = appendName(append(append(dst, s.indent...), metaPrefix...), a.Name)
		dst = s.appendValue(append(dst, s.colon...), a.Value)
	}
	return dst
}

// appendTerms says what an entry took part in: the hold it captured, the entry
// it reversed, the closed date it was asked for.
func (s *style) appendTerms(dst []byte, e *ledger.Booked) []byte {
	if e.Act != ledger.Posted {
		dst = s.appendText(dst, "act", e.Act.String())
	}
	if e.Terms == nil {
		return dst
	}
	if e.Of != "" {
		dst = s.appendText(dst, "of", e.Of)
	}
	if !e.Asked.IsZero() {
		dst = s.appendText(dst, "asked", e.Asked.String())
	}
	return dst
}

func (s *style) appendName(dst []byte, name string) []byte {
	dst = append(dst, s.indent...)
	dst = append(dst, name...)
	return append(dst, s.colon...)
}

func (s *style) appendText(dst []byte, name, value string) []byte {
	return s.appendValue(s.appendName(dst, name), value)
}

func (s *style) appendValue(dst []byte, value string) []byte {
	dst = append(dst, s.quote...)
	dst = appendText(dst, value, s.reserved)
	dst = append(dst, s.quote...)
	return append(dst, '\n')
}

func (s *style) appendInstant(dst []byte, name string, t time.Time) []byte {
	dst = append(s.appendName(dst, name), s.quote...)
	dst = append(t.UTC().AppendFormat(dst, instant), s.quote...)
	return append(dst, '\n')
}
