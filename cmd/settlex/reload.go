package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/payment"
)

// loadText is load, and gives the text that was read.
func (p *program) loadText() (*config.Config, []byte, error) {
	text, err := config.Read(p.config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s is not there; settlex init writes one, --config names another", p.config)
	}
	if err != nil {
		return nil, nil, err
	}
	c, err := config.Parse(p.config, text)
	if err == nil && p.data != "" {
		c.Data = p.data
	}
	return c, text, err
}

// standing is the configuration that run obeys, and looks whether its file has become
// another. Whoever runs the jobs has it alone.
type standing struct {
	p   *program
	log *slog.Logger
	*config.Config
	seen [sha256.Size]byte // of the text that was read last, sound or not
	// try opens the books under a configuration: they may refuse one that holds together.
	try func(ctx context.Context, c *config.Config) error
}

// stand reads the configuration for the first time.
func (p *program) stand(log *slog.Logger) (*standing, error) {
	c, text, err := p.loadText()
	if err != nil {
		return nil, err
	}
	return &standing{p: p, log: log, Config: c, seen: sha256.Sum256(text)}, nil
}

// look is the job that takes a changed configuration, if it is sound as a whole and
// the books can do with it. Its faults are told once, and the old one stays.
func (s *standing) look(ctx context.Context) (more bool, err error) {
	next, text, err := s.p.loadText()
	sum := sha256.Sum256(text)
	if text != nil && sum == s.seen {
		return false, nil
	}
	faults, faulty := errors.AsType[config.Faults](err)
	if faulty {
		s.seen = sum
		for _, fault := range faults {
			s.log.Error("configuration fault", "fault", fault.Error())
		}
		s.log.Error("configuration refused: that of before goes on", "config", s.p.config, "faults", len(faults))
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("the configuration of before goes on: %w", err)
	}
	if next.Data != s.Data || next.Run.Wake != s.Run.Wake {
		s.log.Warn("data and run.wake change when settlex run is started again", "data", place(s.Data), "wake", s.Run.Wake)
		next.Data, next.Run.Wake = s.Data, s.Run.Wake
	}
	if was := s.Rates; was != nil && next.Rates != nil && was.Path() == next.Rates.Path() {
		next.Rates = was // with what was right of it last
	}
	if err := s.try(ctx, next); err != nil {
		return false, fmt.Errorf("the configuration of before goes on, the books refuse the new one: %w", err)
	}
	told, err := changes(s.Config, next)
	if err != nil {
		return false, err
	}
	s.log.Info("configuration taken", append([]any{"config", s.p.config}, told...)...)
	s.seen, s.Config = sum, next
	return false, nil
}

// versioned are the kinds of objects of a configuration.
var versioned = []payment.ConfiguredKind{
	payment.ConfiguredCalendar, payment.ConfiguredRegion, payment.ConfiguredSchedule, payment.ConfiguredFees, payment.ConfiguredPlan, payment.ConfiguredRules,
}

// changes tells which versions of what came and went, for a log.
func changes(before, after *config.Config) ([]any, error) {
	was, err := versions(before)
	is, other := versions(after)
	if err = errors.Join(err, other); err != nil {
		return nil, err
	}
	var told []any
	for _, v := range versioned {
		kind := string(v)
		if came := without(is[kind], was[kind]); len(came) > 0 {
			told = append(told, kind+"_added", came)
		}
		if went := without(was[kind], is[kind]); len(went) > 0 {
			told = append(told, kind+"_gone", went)
		}
	}
	if told == nil {
		told = append(told, "versions", "unchanged")
	}
	return told, nil
}

// versions lists what of a configuration has a version, as "id@version", by kind.
func versions(c *config.Config) (map[string]map[string]bool, error) {
	all := make(map[string]map[string]bool)
	for _, kind := range versioned {
		all[string(kind)] = make(map[string]bool)
	}
	objects, err := c.Rules.Objects()
	for _, o := range objects {
		all[string(o.Kind)][o.ID+"@"+o.Version] = true
	}
	for _, own := range c.Calendars {
		all[string(payment.ConfiguredCalendar)][own.ID+"@"+own.Version] = true
	}
	return all, err
}

// without lists, in order, what is in one set and not in another.
func without(set, other map[string]bool) []string {
	var rest []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !other[name] {
			rest = append(rest, name)
		}
	}
	return rest
}
