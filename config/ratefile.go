package config

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

// RateFile are the quotes of a file, which may change while it is used: what it says is
// read again when it says something else. While what it says is wrong, or it cannot be
// read, the quotes stay that were right last. It is safe for concurrent use.
type RateFile struct {
	path string

	mu    sync.Mutex
	asked bool
	sum   [sha256.Size]byte // of what was read last
	list  *settlement.QuoteList
	fault error // of what was read last
}

// NewRateFile names a file, which ParseRates can read. It is read when it is used.
func NewRateFile(path string) *RateFile { return &RateFile{path: path} }

// Path is the file's name.
func (f *RateFile) Path() string { return f.path }

// Refresh reads the file if it says something else than the last time. The error tells
// why it cannot be read, or all its Faults, each time until it is right.
func (f *RateFile) Refresh(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refresh()
}

func (f *RateFile) refresh() error {
	data, err := readFile(f.path)
	if err != nil {
		return fmt.Errorf("read the rates: %w", err)
	}
	sum := sha256.Sum256(data)
	if f.asked && sum == f.sum {
		return f.fault
	}
	f.asked, f.sum = true, sum
	quotes, err := ParseRates(f.path, data)
	var list *settlement.QuoteList
	if err == nil {
		list, err = settlement.NewQuoteList(quotes...)
	}
	if f.fault = err; err == nil {
		f.list = list
	}
	return f.fault
}

// Quote implements settlement.Quotes. A file that nobody has refreshed is read first;
// where it is not right, it has no quotes, and Refresh tells why.
func (f *RateFile) Quote(ctx context.Context, base, currency money.Currency, at time.Time) (*settlement.Quote, error) {
	f.mu.Lock()
	if !f.asked {
		_ = f.refresh()
	}
	list := f.list
	f.mu.Unlock()
	if list == nil {
		return nil, nil
	}
	return list.Quote(ctx, base, currency, at)
}
