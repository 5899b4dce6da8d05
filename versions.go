package settlex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// ErrNoVersion marks a version of the configuration that no engine has run by.
var ErrNoVersion = errors.New("no such version")

// objects gives the records of the versions of the configuration that are not
// stored yet.
func (e *Engine) objects(ctx context.Context, r ledger.Reader) ([]ledger.Record, error) {
	stored := make(map[ledger.Ref]bool)
	for c, err := range ledger.RecordsOf[*payment.Configured](ctx, r, payment.ConfiguredRecord, "") {
		if err != nil {
			return nil, err
		}
		stored[c.Ref()] = true
	}
	all, err := e.rules.Objects()
	if err != nil {
		return nil, err
	}
	var fresh []ledger.Record
	for _, c := range all {
		if !stored[c.Ref()] {
			c.Seen = e.now()
			fresh = append(fresh, c)
		}
	}
	return fresh, nil
}

// Versions lists every version of every object of a configuration that an engine
// has run by, ordered by kind, id and version. What holds is the configuration of
// now; these are for whoever asks what held then.
func (e *Engine) Versions(ctx context.Context) (all []*payment.Configured, err error) {
	err = e.books.Read(ctx, func(r ledger.Reader) error {
		all = nil
		for c, err := range ledger.RecordsOf[*payment.Configured](ctx, r, payment.ConfiguredRecord, "") {
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("versions of the configuration: %w", err)
	}
	return all, nil
}

// Version gives one version of an object, with its content. An error wraps
// ErrNoVersion where no engine has run by it.
func (e *Engine) Version(ctx context.Context, kind payment.ConfiguredKind, id, version string) (*payment.Configured, error) {
	all, err := e.Versions(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.Kind != kind || c.ID != id || c.Version != version {
			continue
		}
		if kind != payment.ConfiguredSchedule {
			return c, nil
		}
		schedule, err := e.schedule(merchant.Pin{ID: id, Version: version})
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(schedule)
		c.Content = string(text)
		return c, err
	}
	return nil, fmt.Errorf("%w: %s %s@%s", ErrNoVersion, kind, id, version)
}
