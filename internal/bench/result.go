package bench

import (
	"math"
	"time"

	"github.com/settlex/settlex/calendar"
)

// Result is what one run came to, or the medians of several. What was not
// measured, or cannot be on this system, is null.
type Result struct {
	Run    int  `json:"run"`    // from 1; of medians, how many runs there were
	Median bool `json:"median"` // of several runs
	Settings
	Store   string  `json:"store"`
	Sync    string  `json:"sync"` // what an acknowledgement rests on
	Machine Machine `json:"machine"`
	// What the store talks to; null: it is a part of this process.
	Server  *ServerFacts `json:"server"`
	Started string       `json:"started"` // UTC

	Seconds              float64   `json:"seconds"` // from the first call to the last answer
	EntriesPerS          float64   `json:"entries_per_s"`
	LastToSecondMillion  *float64  `json:"last_to_second_million"` // rates of the last and the second million
	EntriesPerSByMillion []float64 `json:"entries_per_s_by_million"`

	EntriesPerGroup    float64  `json:"entries_per_group"`     // that shared a commit, on the average
	RoundTripsPerGroup *float64 `json:"round_trips_per_group"` // to the server and back
	LogBytesPerEntry   *float64 `json:"log_bytes_per_entry"`   // that the server wrote to its log

	// Of a call.
	P50 float64 `json:"p50_us"`
	P99 float64 `json:"p99_us"`
	Max float64 `json:"max_us"`

	BytesPerEntry        float64  `json:"bytes_per_entry"`         // kept: growth of UsedBytes
	BytesWrittenPerEntry *float64 `json:"bytes_written_per_entry"` // by this process
	UsedBytes            int64    `json:"used_bytes"`              // of the file: up to its last page ever used, less free pages
	FileBytes            int64    `json:"file_bytes"`
	FreeBytes            int64    `json:"free_bytes"`

	RSSAnon        *int64 `json:"rss_anon_bytes"` // peak while entries are booked
	RSSFile        *int64 `json:"rss_file_bytes"`
	RSSAnonSettled *int64 `json:"rss_anon_settled_bytes"` // behind the last entry and a collection
	RSSFileSettled *int64 `json:"rss_file_settled_bytes"`

	FsyncP50         *float64 `json:"fsync_p50_us"`
	BareUpdatePerS   *float64 `json:"bare_update_per_s"`
	RawEntriesPerS   *float64 `json:"raw_entries_per_s"`
	RawBatch         *int     `json:"raw_batch"`   // entries of a call
	RawWriters       *int     `json:"raw_writers"` // at the same time
	RawBytesPerEntry *float64 `json:"raw_bytes_per_entry"`
	ToRaw            *float64 `json:"to_raw"`  // EntriesPerS divided by RawEntriesPerS
	ToBare           *float64 `json:"to_bare"` // ... by BareUpdatePerS

	Head   Head    `json:"head"`
	Reads  *Reads  `json:"reads"`
	Reopen *Reopen `json:"reopen"`

	VerifySeconds *float64 `json:"verify_seconds"`
}

// Machine is what a run ran on.
type Machine struct {
	Version    string `json:"version"` // of the program, if it says so
	Go         string `json:"go"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	CPUs       int    `json:"cpus"`
	GOMAXPROCS int    `json:"gomaxprocs"`
}

// Head is what the journal holds at the end of a run. Seq counts the items before
// it, which have to add up.
type Head struct {
	Openings int    `json:"openings"`    // entries that opened the accounts
	Beyond   int    `json:"beyond"`      // entries booked while reads were measured, and after reopening
	Seq      uint64 `json:"seq"`         // items of the journal
	Accounts uint64 `json:"accounts"`    // with the bank's and, if there are any, the hot and the rare one
	Blocks   uint64 `json:"blocks"`      // commits
	Debits   string `json:"debit_minor"` // of the trial balance, equal to its credits
}

// Reads are durations of reads while the writers are at work.
type Reads struct {
	BalanceNow  Places `json:"balance_now"`
	BalanceOn   Places `json:"balance_on"`  // on a value date within the last 30 days
	BalanceAt   Places `json:"balance_at"`  // at an instant of the run
	PageBooked  Places `json:"page_booked"` // the first page of a statement, 50 lines, in booking order
	PageValued  Places `json:"page_valued"` // in order of value date
	HotAccount  string `json:"hot_account"`
	HotLines    int    `json:"hot_postings"` // that it had when the reads began
	RareAccount string `json:"rare_account"`
	RareLines   int    `json:"rare_postings"`

	WritesPerS float64 `json:"entries_per_s"` // booked meanwhile
}

// Places are the two accounts that are read.
type Places struct {
	Hot  Quantiles `json:"hot"`  // the one with the most postings
	Rare Quantiles `json:"rare"` // one with 50, spread over the whole run
}

// Quantiles are those of a duration.
type Quantiles struct {
	P50 float64 `json:"p50_us"`
	P99 float64 `json:"p99_us"`
	N   uint64  `json:"n"` // reads
}

// Reopen is how long a ledger takes from opening the file until it is of use.
type Reopen struct {
	Warm Opening  `json:"warm"`
	Cold *Opening `json:"cold"` // with the file out of the system's cache
}

// Opening is how long one opening took, in milliseconds.
type Opening struct {
	Open  float64 `json:"open_ms"`
	Read  float64 `json:"first_read_ms"`
	Write float64 `json:"first_write_ms"`
	All   float64 `json:"all_ms"`
	// Bytes read from the disk meanwhile: none of a warm file.
	ReadBytes *int64 `json:"read_bytes"`
}

func quantiles(l *Latency) Quantiles {
	return Quantiles{P50: micros(l.Quantile(0.5)), P99: micros(l.Quantile(0.99)), N: l.Count()}
}

// micros is a duration in microseconds, of which the second decimal is the last
// that means something.
func micros(d time.Duration) float64 { return rounded(float64(d.Nanoseconds())/1e3, 2) }

func millis(d time.Duration) float64 { return rounded(float64(d.Nanoseconds())/1e6, 2) }

func rounded(v float64, digits int) float64 {
	unit := math.Pow10(digits)
	return math.Round(v*unit) / unit
}

func ledgerDate(t time.Time) calendar.Date { return calendar.DateOf(t, time.UTC) }
