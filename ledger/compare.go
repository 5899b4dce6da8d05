package ledger

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"

	"github.com/settlex/settlex/event"
)

// CompareAccounts reports every account in which what one reader has differs from
// what another one, which counts as right, has.
func CompareAccounts(ctx context.Context, want, have Reader, report func(Finding)) error {
	both := abreast(want.Accounts(ctx, ""), have.Accounts(ctx, ""), func(a, b Account) int { return a.AccountID.Compare(b.AccountID) })
	for pair, err := range both {
		switch {
		case err != nil:
			return err
		case pair.second == nil:
			report(Finding{"account " + pair.first.String(), pair.first.figures(), "no such account"})
		case pair.first == nil:
			report(Finding{"account " + pair.second.String(), "no such account", pair.second.figures()})
		case !pair.first.equal(pair.second):
			report(Finding{"account " + pair.first.String(), pair.first.figures(), pair.second.figures()})
		}
	}
	return nil
}

// CompareRecords yields, ordered by id and from one on, the changes by which the
// records of one kind that one reader has become those of another one, which counts
// as right.
func CompareRecords(ctx context.Context, want, have Reader, kind, from string) iter.Seq2[RecordChange, error] {
	return func(yield func(RecordChange, error) bool) {
		both := abreast(want.Records(ctx, kind, "", from), have.Records(ctx, kind, "", from), func(a, b Record) int { return compareRefs(a.Ref(), b.Ref()) })
		for pair, err := range both {
			var change RecordChange
			switch {
			case err != nil:
				yield(change, err)
				return
			case pair.first == nil:
				change = RecordChange{Ref: (*pair.second).Ref()}
			case pair.second != nil && bytes.Equal(content(*pair.first), content(*pair.second)):
				continue
			default:
				change = RecordChange{Ref: (*pair.first).Ref(), Record: *pair.first}
			}
			if !yield(change, nil) {
				return
			}
		}
	}
}

// CompareEvents reports every event of a lane, up to a number, in which what one
// reader has differs from what another one, which counts as right, has.
func CompareEvents(ctx context.Context, want, have Reader, lane uint16, upTo uint64, report func(Finding)) error {
	both := abreast(want.Events(ctx, lane, 1), have.Events(ctx, lane, 1), func(a, b *event.Event) int { return cmp.Compare(a.No, b.No) })
	for pair, err := range both {
		if err != nil {
			return err
		}
		if no := cmp.Or(pair.first, pair.second); (*no).No > upTo {
			return nil
		}
		switch {
		case pair.second == nil:
			report(Finding{"event " + (*pair.first).ID(), tidings(*pair.first), "no such event"})
		case pair.first == nil:
			report(Finding{"event " + (*pair.second).ID(), "no such event", tidings(*pair.second)})
		case !sameEvent(*pair.first, *pair.second):
			report(Finding{"event " + (*pair.first).ID(), tidings(*pair.first), tidings(*pair.second)})
		}
	}
	return nil
}

func sameEvent(a, b *event.Event) bool {
	return a.Lane == b.Lane && a.No == b.No && a.At.Equal(b.At) && a.Type == b.Type && a.Object == b.Object && a.Sequence == b.Sequence &&
		a.Merchant == b.Merchant && bytes.Equal(a.Data, b.Data)
}

// tidings is an event in one line.
func tidings(e *event.Event) string {
	return fmt.Sprintf("%s of %s, sequence %d, merchant %q, told at %s: %s", e.Type, e.Object, e.Sequence, e.Merchant, instantText(e.At), e.Data)
}

// pair is what stands at one place of two lists; nil: nothing does.
type pair[T any] struct{ first, second *T }

// abreast walks two lists side by side, each in the order of compare.
func abreast[T any](first, second iter.Seq2[T, error], compare func(a, b T) int) iter.Seq2[pair[T], error] {
	return func(yield func(pair[T], error) bool) {
		a, b := pull(first), pull(second)
		defer a.stop()
		defer b.stop()
		for {
			if err := a.err; err != nil {
				yield(pair[T]{}, err)
				return
			}
			if err := b.err; err != nil {
				yield(pair[T]{}, err)
				return
			}
			p := pair[T]{a.at, b.at}
			if p.first == nil && p.second == nil {
				return
			}
			if p.first != nil && p.second != nil {
				if order := compare(*p.first, *p.second); order < 0 {
					p.second = nil
				} else if order > 0 {
					p.first = nil
				}
			}
			if !yield(p, nil) {
				return
			}
			if p.first != nil {
				a.step()
			}
			if p.second != nil {
				b.step()
			}
		}
	}
}

// pulled is a list that is read one by one.
type pulled[T any] struct {
	next func() (T, error, bool)
	stop func()
	at   *T // nil: at the end
	err  error
}

func pull[T any](list iter.Seq2[T, error]) *pulled[T] {
	p := new(pulled[T])
	p.next, p.stop = iter.Pull2(list)
	p.step()
	return p
}

func (p *pulled[T]) step() {
	value, err, ok := p.next()
	if p.at, p.err = nil, err; ok && err == nil {
		p.at = &value
	}
}
