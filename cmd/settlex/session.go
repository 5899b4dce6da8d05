package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/store/postgres"
)

// session is an engine on open books, and the configuration it obeys.
type session struct {
	*config.Config
	engine *settlex.Engine
	store  books // nil: whoever opened it closes it
}

// load reads the configuration; --data overrides where it says the books are.
func (p *program) load() (*config.Config, error) {
	c, _, err := p.loadText()
	return c, err
}

// session opens the books, which must be there.
func (p *program) session(ctx context.Context, c *config.Config) (*session, error) {
	if !config.IsDatabase(c.Data) { // of a database, opening it tells
		if err := present(c.Data); err != nil {
			return nil, err
		}
	}
	return p.open(ctx, c, c.Data)
}

// create makes the books, which must not be there. A data file is made under
// another name: whatever happens meanwhile, it is there whole or not at all.
func (p *program) create(ctx context.Context, c *config.Config) error {
	if config.IsDatabase(c.Data) {
		store, err := p.openBooks(ctx, c.Data, true)
		if err != nil {
			return err
		}
		_, err = p.start(ctx, c, store)
		return errors.Join(err, store.Close())
	}
	fresh := c.Data + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s, err := p.open(ctx, c, fresh)
	if err != nil {
		return err
	}
	if err := s.store.Close(); err != nil {
		return err
	}
	return os.Rename(fresh, c.Data)
}

// open opens books and brings the configuration of their engine up to date.
func (p *program) open(ctx context.Context, c *config.Config, data string) (*session, error) {
	store, err := p.openBooks(ctx, data, false)
	if err != nil {
		return nil, err
	}
	s, err := p.start(ctx, c, store)
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	s.store = store
	return s, nil
}

// start makes an engine on a store.
func (p *program) start(ctx context.Context, c *config.Config, store ledger.Store) (*session, error) {
	var routes []settlex.Route
	for _, r := range c.Rails {
		routes = append(routes, settlex.Route{Rail: r.Rail, For: r.For})
	}
	wanted := settlex.Config{Store: store, Rules: c.Rules, Merchants: c.Merchants, Rails: routes, Clock: p.clock}
	if c.Rates != nil {
		wanted.Quotes = c.Rates
	}
	engine, err := settlex.New(ctx, wanted)
	if err != nil {
		return nil, err
	}
	return &session{Config: c, engine: engine}, nil
}

// within runs fn in a session.
func (p *program) within(ctx context.Context, fn func(*session) error) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	s, err := p.session(ctx, c)
	if err != nil {
		return err
	}
	return s.do(fn)
}

// do runs fn and ends the session.
func (s *session) do(fn func(*session) error) error {
	return errors.Join(fn(s), s.store.Close())
}

// alone runs fn in a session while nobody else settles. A data file has one
// process at a time in any case. The context of fn ends when it is not alone any
// more, and what it writes then is refused.
func (p *program) alone(ctx context.Context, fn func(context.Context, *session) error) error {
	c, err := p.load()
	if err != nil {
		return err
	}
	if !config.IsDatabase(c.Data) {
		s, err := p.session(ctx, c)
		if err != nil {
			return err
		}
		return s.do(func(s *session) error { return fn(ctx, s) })
	}
	store, err := p.openDatabase(ctx, c.Data, postgres.Options{})
	if err != nil {
		return err
	}
	return errors.Join(p.aloneOn(ctx, c, store, fn), store.Close())
}

// aloneOn is alone on an open database.
func (p *program) aloneOn(ctx context.Context, c *config.Config, store *postgres.Store, fn func(context.Context, *session) error) error {
	turn, err := p.turn(store, leaseSettle)
	if err != nil {
		return err
	}
	turn.Tries = tries(cmp.Or(p.lockWait, runLockWait), turn.Every)
	begun := false
	err = turn.Take(ctx, func(ctx context.Context, term *postgres.Term) error {
		begun = true
		s, err := p.start(ctx, c, term.Fence())
		if err != nil {
			return err
		}
		return fn(ctx, s)
	})
	if err == nil && !begun {
		err = ctx.Err()
	}
	return err
}

// formatsOf gives the formats of a configuration.
func formatsOf(c *config.Config) ([]report.Format, error) {
	var out []report.Format
	for _, name := range c.Formats {
		format, err := report.ParseFormat(name)
		if err != nil {
			return nil, err
		}
		out = append(out, format)
	}
	return out, nil
}
