package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/settlex/settlex/money"
)

// check looks for every fault an entry or a hold can have by itself, in this
// order: key, kind, reference, part of, owner, metadata, number of postings, each
// posting by index (path, currency, side, amount) and, once every posting is
// sound by itself, accounts on both sides and balance per currency in order of
// first use.
func (e *Entry) check() []error {
	faults := e.checkTexts(1)
	if n := len(e.Postings); n < 2 || n > maxPostings {
		faults = append(faults, fmt.Errorf("entry has %d postings, between 2 and %d are needed", n, maxPostings))
	}
	sound := true
	for i := range e.Postings {
		for _, err := range e.Postings[i].validate() {
			faults = append(faults, &PostingError{Index: i, Err: err})
			sound = false
		}
	}
	if sound {
		faults = append(faults, e.checkSides()...)
		faults = append(faults, e.checkBalance()...)
	}
	return faults
}

// checkTexts looks for the faults of everything but the postings. A kind may
// be required or not.
func (e *Entry) checkTexts(shortestKind int) (faults []error) {
	if err := checkText("key", e.Key, 1, maxKey); err != nil {
		faults = append(faults, err)
	}
	if err := checkText("kind", e.Kind, shortestKind, maxKind); err != nil {
		faults = append(faults, err)
	}
	if err := checkText("reference", e.Reference, 0, maxReference); err != nil {
		faults = append(faults, err)
	}
	if err := checkText("part of", e.PartOf, 0, maxKey); err != nil {
		faults = append(faults, err)
	}
	if e.PartOf != "" && e.PartOf == e.Key {
		faults = append(faults, errors.New("entry is part of itself"))
	}
	if err := checkText("owner", e.Owner, 0, maxKind); err != nil {
		faults = append(faults, err)
	}
	return append(faults, checkMetadata(e.Metadata)...)
}

func (p *Posting) validate() (faults []error) {
	if err := checkPath(p.Account); err != nil {
		faults = append(faults, err)
	}
	if p.Currency.IsZero() {
		faults = append(faults, errors.New("currency is missing"))
	}
	if p.Side != Debit && p.Side != Credit {
		faults = append(faults, fmt.Errorf("%v is neither debit nor credit", p.Side))
	}
	if p.Amount.Sign() <= 0 {
		faults = append(faults, fmt.Errorf("amount %s is not positive", strings.TrimSpace(p.Currency.String()+" "+p.Currency.Format(p.Amount))))
	}
	return faults
}

// checkSides refuses an account that one entry debits and credits: what
// happened to it could not be read from the entry any more.
func (e *Entry) checkSides() (faults []error) {
	for i := range e.Postings {
		p := &e.Postings[i]
		for j := range e.Postings[:i] {
			q := &e.Postings[j]
			if q.Side != p.Side && q.Currency == p.Currency && q.Account == p.Account {
				faults = append(faults, &PostingError{Index: i, Err: fmt.Errorf("%s stands on the other side in posting %d", p.ID(), j)})
				break
			}
		}
	}
	return faults
}

func (e *Entry) checkBalance() (faults []error) {
	for i := range e.Postings {
		c := e.Postings[i].Currency
		if slices.ContainsFunc(e.Postings[:i], func(q Posting) bool { return q.Currency == c }) {
			continue
		}
		if err := e.checkCurrency(c); err != nil {
			faults = append(faults, err)
		}
	}
	return faults
}

func (e *Entry) checkCurrency(c money.Currency) error {
	var sums [2]money.Amount
	for i := range e.Postings {
		p := &e.Postings[i]
		if p.Currency != c {
			continue
		}
		sum, err := sums[p.Side-1].Add(p.Amount)
		if err != nil {
			return fmt.Errorf("sum of %s %ss: %w", c, p.Side, err)
		}
		sums[p.Side-1] = sum
	}
	if sums[0] != sums[1] {
		return fmt.Errorf("%w: %s debits %s, credits %s", ErrUnbalanced, c, c.Format(sums[0]), c.Format(sums[1]))
	}
	return nil
}

func checkText(what, s string, shortest, longest int) error {
	switch {
	case len(s) < shortest:
		return fmt.Errorf("%s is missing", what)
	case len(s) > longest:
		return fmt.Errorf("%s has %d bytes, at most %d are allowed", what, len(s), longest)
	case !utf8.ValidString(s):
		return fmt.Errorf("%s is not valid UTF-8", what)
	}
	return nil
}

// checkMetadata wants attributes sorted by name.
func checkMetadata(attributes []Attribute) []error {
	if len(attributes) > maxMetadata {
		return []error{fmt.Errorf("metadata has %d pairs, at most %d are allowed", len(attributes), maxMetadata)}
	}
	var faults []error
	for i := range attributes {
		a := &attributes[i]
		if err := checkText("metadata name", a.Name, 1, maxName); err != nil {
			faults = append(faults, err)
		}
		if err := checkText("metadata value", a.Value, 0, maxValue); err != nil {
			faults = append(faults, fmt.Errorf("metadata %q: %w", a.Name, err))
		}
		if i > 0 && attributes[i-1].Name == a.Name {
			faults = append(faults, fmt.Errorf("metadata name %q stands twice", a.Name))
		}
	}
	return faults
}
