package postgres_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
)

// Whatever was booked, in how many lanes, all lists and balances say what the journal says.
func TestReads(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4} {
		t.Run(fmt.Sprint(lanes, " lanes"), func(t *testing.T) {
			t.Parallel()
			onServers(t, func(on database) {
				l := openLaned(on.T, on.url, lanes, uint64(lanes))
				l.history(on.T, 250)
				err := l.books[0].Read(on.Context(), func(r ledger.Reader) error {
					naiveOf(on.T, r).check(r)
					return nil
				})
				if err != nil {
					on.Fatal(err)
				}
				l.sound(on.T)
			})
		})
	}
}

// naive is what the lanes' items say, without any index.
type naive struct {
	*testing.T
	ctx   context.Context //nolint:containedctx // of the one test
	heads []ledger.Head
	items []*ledger.Booked // in order of their places
	lanes map[uint16][]*ledger.Booked
}

func naiveOf(t *testing.T, r ledger.Reader) *naive {
	t.Helper()
	n := &naive{T: t, ctx: t.Context(), lanes: make(map[uint16][]*ledger.Booked)}
	var err error
	if n.heads, err = r.Heads(n.ctx); err != nil {
		t.Fatal(err)
	}
	for _, h := range n.heads {
		for item, err := range r.Items(n.ctx, h.Lane, 0) {
			if err != nil {
				t.Fatal(err)
			}
			n.items, n.lanes[h.Lane] = append(n.items, item), append(n.lanes[h.Lane], item)
			if item.Seq != uint64(len(n.lanes[h.Lane])) {
				t.Fatalf("lane %d has item %d in place %d", h.Lane, item.Seq, len(n.lanes[h.Lane]))
			}
		}
		if h.Seq != uint64(len(n.lanes[h.Lane])) {
			t.Fatalf("lane %d has %d items, its head says %d", h.Lane, len(n.lanes[h.Lane]), h.Seq)
		}
	}
	slices.SortFunc(n.items, func(a, b *ledger.Booked) int { return a.Place().Compare(b.Place()) })
	return n
}

// places gives places to read from: the beginning, the end, and those around every so manyth item.
func (n *naive) places() []ledger.Place {
	out := []ledger.Place{{}, {At: n.items[len(n.items)-1].At.AddDate(9000, 0, 0)}}
	for i := 0; i < len(n.items); i += 37 {
		p := n.items[i].Place()
		out = append(out, p, p.Next(), ledger.Place{At: p.At}, ledger.Place{At: p.At.Add(time.Nanosecond), Lane: p.Lane, Seq: p.Seq},
			ledger.Place{At: p.At, Lane: p.Lane + 1}, ledger.Place{At: p.At, Lane: 60_000, Seq: 1 << 63})
	}
	return out
}

// same compares a list that was read with items.
func (n *naive) same(what string, list iter.Seq2[*ledger.Booked, error], want []*ledger.Booked) {
	n.Helper()
	var have []string
	for item, err := range list {
		if err != nil {
			n.Errorf("%s: %v", what, err)
			return
		}
		have = append(have, itemText(item))
	}
	var texts []string
	for _, item := range want {
		texts = append(texts, itemText(item))
	}
	if diff := gocmp.Diff(texts, have); diff != "" {
		n.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func itemText(b *ledger.Booked) string {
	return fmt.Sprintf("%s %d/%d %s %x", b.At.Format(time.RFC3339Nano), b.Lane, b.Seq, b.Key, b.Hash())
}

// those gives the items that are wanted, in order.
func (n *naive) those(wanted func(*ledger.Booked) bool) (out []*ledger.Booked) {
	for _, item := range n.items {
		if wanted(item) {
			out = append(out, item)
		}
	}
	return out
}

func (n *naive) check(r ledger.Reader) {
	n.checkLanes(r)
	for _, reference := range append(lanedReferences, "", "none") {
		for _, from := range n.places() {
			n.same(fmt.Sprintf("items of %q from %v", reference, from), r.Referenced(n.ctx, reference, from), n.those(func(b *ledger.Booked) bool {
				return reference != "" && b.Reference == reference && b.Place().Compare(from) >= 0
			}))
		}
	}
	for _, id := range n.ids() {
		n.checkMovements(r, id)
		n.checkDays(r, id)
	}
	n.checkAccounts(r)
	n.checkRecords(r)
}

func (n *naive) checkLanes(r ledger.Reader) {
	for lane, items := range n.lanes {
		n.same(fmt.Sprintf("blocks of lane %d", lane), func(yield func(*ledger.Booked, error) bool) {
			for block, err := range r.Blocks(n.ctx, lane, 0) {
				if err != nil {
					yield(nil, err)
					return
				}
				for _, item := range block.Items {
					if !yield(item, nil) {
						return
					}
				}
			}
		}, items)
		for seq := uint64(0); seq <= uint64(len(items))+2; seq += 11 {
			from := min(max(seq, 1)-1, uint64(len(items)))
			n.same(fmt.Sprintf("items of lane %d from %d", lane, seq), r.Items(n.ctx, lane, seq), items[from:])
			for block, err := range r.Blocks(n.ctx, lane, seq) {
				if err != nil || block.First() > max(seq, 1) || block.Last() < seq {
					n.Errorf("block of item %d in lane %d: %+v, %v", seq, lane, block, err)
				}
				break
			}
		}
	}
	n.same("items of a lane that is not there", r.Items(n.ctx, 50_000, 0), nil)
}

// ids lists the accounts that were moved, and one that is not there.
func (n *naive) ids() []ledger.AccountID {
	out := map[ledger.AccountID]bool{{Path: "merchants/none", Currency: rupee()}: true}
	for _, item := range n.items {
		for _, p := range item.Postings {
			out[p.ID()] = true
		}
	}
	return slices.SortedFunc(maps.Keys(out), ledger.AccountID.Compare)
}

func touches(b *ledger.Booked, id ledger.AccountID) bool {
	return b.IsEntry() && slices.ContainsFunc(b.Postings, func(p ledger.Posting) bool { return p.ID() == id })
}

// total adds up what items do to an account.
func (n *naive) total(id ledger.AccountID, items []*ledger.Booked) (b ledger.Balance) {
	for _, item := range items {
		for _, p := range item.Postings {
			if p.ID() == id {
				if err := b.Add(p); err != nil {
					n.Fatal(err)
				}
			}
		}
		b.Lane, b.Seq = item.Lane, item.Seq
	}
	return b
}

func (n *naive) checkMovements(r ledger.Reader, id ledger.AccountID) {
	for _, from := range n.places() {
		n.same(fmt.Sprintf("movements of %s from %v", id, from), r.Movements(n.ctx, id, from), n.those(func(b *ledger.Booked) bool {
			return touches(b, id) && b.Place().Compare(from) >= 0
		}))
		want := n.total(id, n.those(func(b *ledger.Booked) bool { return touches(b, id) && b.Place().Compare(from) < 0 }))
		have, err := r.BalanceBefore(n.ctx, id, from)
		if diff := gocmp.Diff(want, have); diff != "" || err != nil {
			n.Errorf("balance of %s before %v: %v (-want +got):\n%s", id, from, err, diff)
		}
	}
}

func (n *naive) checkDays(r ledger.Reader, id ledger.AccountID) {
	entries := n.those(func(b *ledger.Booked) bool { return touches(b, id) })
	slices.SortStableFunc(entries, func(a, b *ledger.Booked) int { return a.ValueDate.Compare(b.ValueDate) })
	for _, on := range []calendar.Date{{}, calendar.MustDate("0001-01-01"), calendar.MustDate("2026-02-24"), calendar.MustDate("2026-03-01"), calendar.MustDate("2026-03-02"), calendar.MustDate("9999-12-31")} {
		for _, from := range n.places()[:8] {
			n.same(fmt.Sprintf("movements of %s from %s, %v", id, on, from), r.Dated(n.ctx, id, ledger.DatedPlace{On: on, Place: from}), slices.DeleteFunc(slices.Clone(entries), func(b *ledger.Booked) bool {
				return cmp.Or(b.ValueDate.Compare(on), b.Place().Compare(from)) < 0
			}))
		}
		want := n.total(id, slices.DeleteFunc(slices.Clone(entries), func(b *ledger.Booked) bool { return b.ValueDate.After(on) }))
		want.Lane, want.Seq = 0, 0
		have, err := r.BalanceOn(n.ctx, id, on)
		if diff := gocmp.Diff(want, have); diff != "" || err != nil {
			n.Errorf("balance of %s on %s: %v (-want +got):\n%s", id, on, err, diff)
		}
	}
}

func (n *naive) checkAccounts(r ledger.Reader) {
	opened := make(map[ledger.AccountID]bool)
	for _, item := range n.items {
		if item.Terms != nil {
			for _, o := range item.Opened {
				opened[o.AccountID] = true
			}
		}
	}
	for _, prefix := range []string{"", "b", "bank", "bank INR", "merchants/", "merchants/m.", "wallets/w1", "zz"} {
		var want, have []string
		for _, id := range slices.SortedFunc(maps.Keys(opened), ledger.AccountID.Compare) {
			if strings.HasPrefix(id.Path, prefix) {
				b := n.total(id, n.those(func(b *ledger.Booked) bool { return touches(b, id) }))
				want = append(want, fmt.Sprintf("%s %s %s", id, b.Debits, b.Credits))
			}
		}
		for a, err := range r.Accounts(n.ctx, prefix) {
			if err != nil {
				n.Fatal(err)
			}
			have = append(have, fmt.Sprintf("%s %s %s", a.AccountID, a.Debits, a.Credits))
		}
		if diff := gocmp.Diff(want, have); diff != "" {
			n.Errorf("accounts below %q (-want +got):\n%s", prefix, diff)
		}
	}
}

func (n *naive) checkRecords(r ledger.Reader) {
	read := func(prefix, from string) (out []string) {
		for record, err := range r.Records(n.ctx, "merchant", prefix, from) {
			if err != nil {
				n.Fatal(err)
			}
			out = append(out, record.Ref().ID)
		}
		return out
	}
	all := read("", "")
	if !slices.IsSorted(all) || len(all) == 0 {
		n.Errorf("records are %q", all)
	}
	for _, prefix := range []string{"", "m", "m1", "m12", "n", "\xff", "m\xff"} {
		for _, from := range []string{"", "m", "m2", "m12", "m3\x00", "zz"} {
			want := slices.DeleteFunc(slices.Clone(all), func(id string) bool { return !strings.HasPrefix(id, prefix) || id < from })
			if diff := gocmp.Diff(want, read(prefix, from)); diff != "" && len(want) > 0 {
				n.Errorf("records from %q of prefix %q (-want +got):\n%s", from, prefix, diff)
			}
		}
	}
}
