package bench

import (
	"fmt"
	"iter"
	"math"
	"strconv"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Currency is the only one of the workload.
func Currency() money.Currency { return money.MustCurrency("INR") }

const (
	fundsPath = "bank/settlement"   // gives every account its first money
	hotPath   = "platform/clearing" // the hot account

	// amountMax is the largest amount of a posting, in minor units: 5,000.00.
	amountMax = 500_000
	// rareEntries is how many entries the account with few postings gets.
	rareEntries = 50
	// beyond and beyondReads are how many entries may follow the measured ones.
	beyond      = 1000
	beyondReads = 50_000_000
	// openingPostings is how many accounts one entry opens.
	openingPostings = 100
	// openingBatch is how many such entries go into one call.
	openingBatch = 20
)

// Workload is the entries of a run: what opens the accounts, and what each
// client books.
type Workload struct {
	settings Settings
	today    calendar.Date
	// What draw needs to spread the accounts.
	log float64
}

// NewWorkload makes the workload of complete settings on a date: value dates that
// lie back lie before it.
func NewWorkload(s Settings, today calendar.Date) *Workload {
	return &Workload{settings: s, today: today, log: math.Log(float64(s.Accounts) + 1)}
}

// Chart is the chart of accounts of the workload.
func (w *Workload) Chart() (*ledger.Chart, error) {
	return ledger.NewChart(
		ledger.Pattern{Path: fundsPath, Type: ledger.Asset},
		ledger.Pattern{Path: hotPath, Type: ledger.Liability, Limited: w.settings.Limits > 0},
		ledger.Pattern{Path: "merchants/{m}/available", Type: ledger.Liability, Limited: true},
		ledger.Pattern{Path: "merchants/{m}/pending", Type: ledger.Liability},
	)
}

// HotPath is the account that a share of the entries have as a leg.
func (w *Workload) HotPath() string { return hotPath }

// RarePath is the account that gets a few entries, evenly over the run, when reads
// are measured.
func (w *Workload) RarePath() string { return "merchants/rare/" + purse(w.settings.Limits > 0) }

// Path names an account by its rank: 0 has the most postings.
func (w *Workload) Path(rank int) string { return string(w.appendPath(nil, rank)) }

// spread is a prime larger than there are accounts: ranks times it, modulo the
// number of accounts, are numbers that say nothing of the rank.
const spread = 2_654_435_761

func (w *Workload) appendPath(dst []byte, rank int) []byte {
	number := uint64(rank) * spread % uint64(w.settings.Accounts)
	dst = append(dst, "merchants/"...)
	dst = strconv.AppendUint(dst, number+1, 10)
	dst = append(dst, '/')
	return append(dst, purse(w.limited(rank))...)
}

// limited spreads the limited accounts evenly over the ranks, from the first on.
func (w *Workload) limited(rank int) bool {
	share := w.settings.Limits
	return math.Ceil(float64(rank+1)*share) > math.Ceil(float64(rank)*share)
}

// purse is the last part of a merchant's path. The chart limits what is
// available, and not what is pending.
func purse(limited bool) string {
	if limited {
		return "available"
	}
	return "pending"
}

// Openings yields the calls that open every account, so that none is opened
// while the clock runs, with more money on each than all entries could take.
func (w *Workload) Openings() iter.Seq2[[]ledger.Entry, error] {
	return func(yield func([]ledger.Entry, error) bool) {
		var call []ledger.Entry
		number := 0
		for paths := range w.openingPaths() {
			number++
			entry, err := w.opening(number, paths)
			if err != nil {
				yield(nil, err)
				return
			}
			if call = append(call, entry); len(call) == openingBatch {
				if !yield(call, nil) {
					return
				}
				call = nil
			}
		}
		if len(call) > 0 {
			yield(call, nil)
		}
	}
}

// openingPaths yields the accounts of one opening entry each.
func (w *Workload) openingPaths() iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		var paths []string
		if w.settings.Hot > 0 {
			paths = append(paths, hotPath)
		}
		if w.settings.Reads {
			paths = append(paths, w.RarePath())
		}
		for rank := range w.settings.Accounts {
			if paths = append(paths, w.Path(rank)); len(paths) >= openingPostings {
				if !yield(paths) {
					return
				}
				paths = nil
			}
		}
		if len(paths) > 0 {
			yield(paths)
		}
	}
}

func (w *Workload) opening(number int, paths []string) (ledger.Entry, error) {
	entries := w.settings.Entries + beyond
	if w.settings.Reads {
		entries += beyondReads
	}
	funds := money.Minor(int64(entries) * int64(w.settings.mostPostings()-1) * amountMax)
	var total money.Amount
	postings := make([]ledger.Posting, 1, 1+len(paths))
	for _, path := range paths {
		var err error
		if total, err = total.Add(funds); err != nil {
			return ledger.Entry{}, fmt.Errorf("opening %d: %w", number, err)
		}
		postings = append(postings, ledger.Cr(path, funds, Currency()))
	}
	postings[0] = ledger.Dr(fundsPath, total, Currency())
	return ledger.Entry{Key: fmt.Sprintf("opening/%08d", number), Kind: "opening", Postings: postings}, nil
}

// Client makes the entries of one of the clients: of all entries, counted from 0,
// every one whose number leaves the client's own when divided by the number of
// clients.
func (w *Workload) Client(client int) *Maker {
	return w.maker(uint64(client), client, w.settings.Entries)
}

// Beyond makes entries of one of the clients that follow the measured ones, as
// many as are asked for.
func (w *Workload) Beyond(client int) *Maker {
	return w.maker(uint64(w.settings.Clients+client), w.settings.Entries+client, math.MaxInt)
}
