package postgres_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Pages put together are the whole list, over all lanes, also while more is booked between them.
func TestPages(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4} {
		t.Run(fmt.Sprint(lanes, " lanes"), func(t *testing.T) {
			t.Parallel()
			onServers(t, func(on database) {
				l := openLaned(on.T, on.url, lanes, uint64(10+lanes))
				l.history(on.T, 150)
				before, end := naiveIn(on.T, l), l.now()
				l.micro.Add(1_000_000)
				p := &pages{T: on.T, laned: l, naive: before, end: end}
				for _, path := range []string{"bank", "merchants/m-0", "wallets/w1", "merchants/none"} {
					p.statements(ledger.AccountID{Path: path, Currency: rupee()})
				}
				p.queries()
				p.changes()
				l.sound(on.T)
			})
		})
	}
}

func naiveIn(t *testing.T, l *laned) (n *naive) {
	t.Helper()
	err := l.books[0].Read(t.Context(), func(r ledger.Reader) error {
		n = naiveOf(t, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// pages looks at lists page by page, and books a little behind each.
type pages struct {
	*testing.T
	*laned
	*naive
	end time.Time // of what naive knows
}

func (p *pages) statements(id ledger.AccountID) {
	first, last := calendar.MustDate("2026-02-24"), calendar.MustDate("2026-03-01")
	middle := p.naive.items[len(p.naive.items)/2].At
	for _, test := range []struct {
		name   string
		span   ledger.Span
		dated  bool
		wanted func(*ledger.Booked) bool
	}{
		{"all", ledger.BookedIn(time.Time{}, p.end.Add(time.Microsecond)), false, func(*ledger.Booked) bool { return true }},
		{"second half", ledger.BookedIn(middle, p.end.Add(time.Microsecond)), false, func(b *ledger.Booked) bool { return !b.At.Before(middle) }},
		{"first half", ledger.BookedIn(time.Time{}, middle), false, func(b *ledger.Booked) bool { return b.At.Before(middle) }},
		{"some days", ledger.ValuedIn(first, last), true, func(b *ledger.Booked) bool { return !b.ValueDate.Before(first) && !b.ValueDate.After(last) }},
	} {
		want := p.those(func(b *ledger.Booked) bool { return touches(b, id) && test.wanted(b) })
		if test.dated {
			slices.SortStableFunc(want, func(a, b *ledger.Booked) int { return a.ValueDate.Compare(b.ValueDate) })
		}
		p.same(fmt.Sprintf("%s of %s", test.name, id), p.statement(id, test.span, !test.dated), want)
	}
	for _, at := range []time.Time{{}, middle, middle.Add(time.Microsecond), p.end.Add(time.Microsecond)} {
		got, err := p.one().BalanceAt(p.ctx, id.Path, id.Currency, at)
		if err != nil {
			p.Error(err)
		}
		want := p.total(id, p.those(func(b *ledger.Booked) bool { return touches(b, id) && !b.At.After(at) }))
		p.wantNet(fmt.Sprintf("%s at %s", id, at), id, want, got)
	}
}

func (p *pages) wantNet(what string, id ledger.AccountID, want ledger.Balance, got money.Amount) {
	p.Helper()
	side := ledger.Credit
	if id.Path == "bank" || id.Path == "merchants/none" {
		side = ledger.Debit
	}
	net, err := want.Net(side)
	if err != nil || net != got {
		p.Errorf("%s: %s, want %s, %v", what, got, net, err)
	}
}

// statement gives the lines of all pages. Each page begins with the balance the last one ended with.
func (p *pages) statement(id ledger.AccountID, span ledger.Span, more bool) iter.Seq2[*ledger.Booked, error] {
	return func(yield func(*ledger.Booked, error) bool) {
		q := ledger.StatementQuery{Account: id.Path, Currency: id.Currency, Span: span, Limit: 7}
		closing := money.Amount{}
		for i := 0; i == 0 || q.After != ""; i++ {
			page, err := p.one().Statement(p.ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			if i > 0 && page.Opening != closing {
				p.Errorf("page %d of %s opens with %s, the one before closed with %s", i, id, page.Opening, closing)
			}
			for _, line := range page.Lines {
				if !yield(line.Entry, nil) {
					return
				}
			}
			if q.After, closing = page.Next, page.Closing; more {
				p.micro.Add(10)
				mustPost(p.T, p.one(), p.move(p.key(), "bank", "merchants/m-0", 1))
			}
		}
	}
}

func (p *pages) queries() {
	until := p.end.Add(time.Microsecond)
	for _, test := range []struct {
		name   string
		query  ledger.EntryQuery
		wanted func(*ledger.Booked) bool
	}{
		{"all", ledger.EntryQuery{Until: until}, func(b *ledger.Booked) bool { return b.IsEntry() }},
		{"of an account", ledger.EntryQuery{Until: until, Account: "bank", Currency: rupee()}, func(b *ledger.Booked) bool {
			return touches(b, ledger.AccountID{Path: "bank", Currency: rupee()})
		}},
		{"of a reference", ledger.EntryQuery{Until: until, Reference: lanedReferences[2]}, func(b *ledger.Booked) bool { return b.IsEntry() && b.Reference == lanedReferences[2] }},
		{"with metadata", ledger.EntryQuery{Until: until, Metadata: []ledger.Attribute{{Name: "a\x00b", Value: "␀"}}}, func(b *ledger.Booked) bool { return b.IsEntry() && len(b.Metadata) > 0 }},
	} {
		p.same("entries "+test.name, func(yield func(*ledger.Booked, error) bool) {
			q := test.query
			for {
				n := 0
				for item, err := range p.one().Entries(p.ctx, q) {
					if !yield(item.Booked, err) {
						return
					}
					if q.After, n = item.Cursor, n+1; n == 9 {
						break
					}
				}
				if n < 9 {
					return
				}
				p.micro.Add(10)
				mustPost(p.T, p.one(), p.sale())
			}
		}, p.those(test.wanted))
	}
}

// changes reads the feed in parts, and compares all it gave with the journal there is then.
func (p *pages) changes() {
	var cursor ledger.Cursor
	var have []string
	for n := -1; n != 0; {
		n = 0
		for item, err := range p.one().Changes(p.ctx, cursor) {
			if err != nil {
				p.Fatal(err)
			}
			have = append(have, itemText(item.Booked))
			if cursor, n = item.Cursor, n+1; n == 13 {
				break
			}
		}
	}
	var want []string
	for _, item := range naiveIn(p.T, p.laned).items {
		want = append(want, itemText(item))
	}
	if diff := cmp.Diff(want, have); diff != "" {
		p.Errorf("changes (-want +got):\n%s", diff)
	}
}
