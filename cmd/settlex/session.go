package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/store/bolt"
)

// session is an engine on an open data file, and the configuration it obeys.
type session struct {
	*config.Config
	engine *settlex.Engine
	store  *bolt.Store
}

// load reads the configuration; --data overrides its data file.
func (p *program) load() (*config.Config, error) {
	c, err := config.Load(p.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there; settlex init writes one, --config names another", p.config)
	}
	if err != nil {
		return nil, err
	}
	if p.data != "" {
		c.Data = p.data
	}
	return c, nil
}

// session opens the data file, which must be there.
func (p *program) session(ctx context.Context, c *config.Config) (*session, error) {
	if there, err := exists(c.Data); err != nil || !there {
		return nil, cmp.Or(err, fmt.Errorf("%s is not there; settlex init makes it", c.Data))
	}
	return p.open(ctx, c, c.Data)
}

// create makes the data file, which must not be there. It is made under another
// name: whatever happens meanwhile, it is there whole or not at all.
func (p *program) create(ctx context.Context, c *config.Config) error {
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

// open opens a data file and brings its configuration up to date.
func (p *program) open(ctx context.Context, c *config.Config, data string) (*session, error) {
	store, err := bolt.Open(data, bolt.Options{LockWait: p.lockWait})
	if err != nil {
		return nil, err
	}
	engine, err := settlex.New(ctx, settlex.Config{Store: store, Rules: c.Rules, Merchants: c.Merchants, Clock: p.clock})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &session{Config: c, engine: engine, store: store}, nil
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
