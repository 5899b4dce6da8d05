package scenario

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// Play plays a notebook on a store of its own and gives it with its output. A
// step that goes otherwise than it should, or an expectation that is not met,
// fails the test with the notebook's name and line, and the rest is played.
func (n *Notebook) Play(t testing.TB) string {
	t.Helper()
	p := &player{TB: t, rules: &n.terms.rules, zone: n.terms.zone, running: make(map[ledger.AccountID]ledger.Balance)}
	var err error
	p.engine, err = settlex.New(t.Context(), settlex.Config{
		Store: anystore.Open(t), Rules: p.rules, Merchants: n.terms.merchants, Clock: func() time.Time { return p.now }, Quotes: p,
	})
	if err != nil {
		t.Fatalf("%s: %v", n.name, err)
	}
	for _, l := range n.lines {
		p.out.WriteString(l.text)
		p.out.WriteByte('\n')
		if l.step == nil {
			continue
		}
		if err := l.step.play(p); err != nil {
			t.Errorf("%s:%d: %s: %v", n.name, l.no, l.text, err)
		}
	}
	if err := p.finish(); err != nil {
		t.Errorf("%s: at the end: %v", n.name, err)
	}
	return p.out.String()
}

// player is a notebook being played.
type player struct {
	testing.TB
	engine *settlex.Engine
	rules  *payment.Rules
	zone   *time.Location
	now    time.Time // by the engine's clock
	out    strings.Builder

	quotes  []settlement.Quote // that were given
	list    *settlement.QuoteList
	events  []payment.Event // that were booked
	seq     uint64          // of the last entry printed
	running map[ledger.AccountID]ledger.Balance
}

func (p *player) ctx() context.Context { return p.Context() }

// Quote implements settlement.Quotes.
func (p *player) Quote(ctx context.Context, base, currency money.Currency, at time.Time) (*settlement.Quote, error) {
	if p.list == nil {
		return nil, nil
	}
	return p.list.Quote(ctx, base, currency, at)
}

// do books an event, as ingestion would.
func (p *player) do(e payment.Event) (repeated bool, err error) {
	e = e.Normalize()
	if e.Kind.OfBatch() {
		m := &settlement.Move{Rules: p.rules, Event: e}
		err = p.engine.Books().Do(p.ctx(), m)
		return m.Repeated, err
	}
	h := &payment.Handle{Rules: p.rules, Event: e}
	err = p.engine.Books().Do(p.ctx(), h)
	return h.Repeated, err
}

// report books an event that is new, and prints what it put into the books.
func (p *player) report(e payment.Event, refused bool) error {
	before, err := p.head()
	if err != nil {
		return err
	}
	repeated, err := p.do(e)
	if refused {
		if err == nil {
			return errors.New("it is not refused")
		}
		p.printf("refused: %v", err)
		return p.unmoved(before)
	}
	if err == nil && repeated {
		err = errors.New("it was booked before")
	}
	if err != nil {
		return err
	}
	p.events = append(p.events, e)
	return p.printEntries()
}

// repeat reports an event that was booked before.
func (p *player) repeat(e payment.Event) error {
	before, err := p.head()
	if err != nil {
		return err
	}
	repeated, err := p.do(e)
	if err != nil {
		return err
	}
	if !repeated {
		return errors.New("it is not recognised")
	}
	p.printf("booked before: nothing is written")
	return p.unmoved(before)
}

func (p *player) head() (head ledger.Head, err error) {
	err = p.engine.Books().Read(p.ctx(), func(r ledger.Reader) error {
		head, err = ledger.Together(p.ctx(), r)
		return err
	})
	return head, err
}

func (p *player) unmoved(before ledger.Head) error {
	after, err := p.head()
	if err == nil && after != before {
		err = fmt.Errorf("entries %d to %d were booked", before.Seq+1, after.Seq)
	}
	return err
}

// batch finds the batch of a merchant and a window.
func (p *player) batch(of which) (found *settlement.Batch, err error) {
	err = p.engine.Books().Read(p.ctx(), func(r ledger.Reader) error {
		for b, err := range settlement.All(p.ctx(), r) {
			if err != nil {
				return err
			}
			if b.Merchant == of.merchant && b.Window.BusinessDate == of.date && (of.label == "" || of.label == b.Window.Label) {
				if found != nil {
					return fmt.Errorf("there are several a %s could be: name its window", of)
				}
				found = b
			}
		}
		return nil
	})
	if err == nil && found == nil {
		err = fmt.Errorf("there is no %s", of)
	}
	return found, err
}

// finish tells everything again, which must change nothing, and verifies.
func (p *player) finish() error {
	before, err := p.head()
	if err != nil {
		return err
	}
	for _, e := range p.events {
		if repeated, err := p.do(e); err != nil || !repeated {
			return fmt.Errorf("%s %s again: repeated %t, %w", e.Kind, e.ID, repeated, err)
		}
	}
	if err := p.unmoved(before); err != nil {
		return err
	}
	trial, err := p.engine.Books().TrialBalance(p.ctx())
	if err != nil {
		return err
	}
	if !trial.Balanced() {
		return errors.New("the trial balance is not zero")
	}
	v, err := p.engine.Verify(p.ctx())
	if err != nil {
		return err
	}
	return v.Err()
}
