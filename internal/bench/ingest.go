package bench

import (
	"slices"
	"time"
)

// Ingest is what booking a file of events came to, beside a ledger that books as
// many entries with as many postings, or the medians of several runs.
type Ingest struct {
	Run          int     `json:"run"`    // from 1; of medians, how many runs there were
	Median       bool    `json:"median"` // of several runs
	Machine      Machine `json:"machine"`
	Started      string  `json:"started"`    // UTC
	Events       int     `json:"events"`     // of the file
	FileBytes    int64   `json:"file_bytes"` // of the file of events
	Entries      int     `json:"entries"`    // that were booked for them
	Postings     int     `json:"postings"`   // of those entries
	Seconds      float64 `json:"seconds"`    // from the start of the process to its end
	EventsPerS   float64 `json:"events_per_s"`
	EntriesPerS  float64 `json:"entries_per_s"`
	PostingsPerS float64 `json:"postings_per_s"`
	RSSAnon      *int64  `json:"rss_anon_bytes"`     // peak of that process
	CPUSeconds   float64 `json:"cpu_seconds"`        // processor time of that process
	LedgerCPU    float64 `json:"ledger_cpu_seconds"` // processor time of the one that measures the ledger
	Ledger       *Result `json:"ledger"`             // the ledger by itself, in a process of its own
	Ratio        float64 `json:"ratio"`              // EntriesPerS divided by that of the ledger
	CPURatio     float64 `json:"cpu_ratio"`          // LedgerCPU divided by CPUSeconds: the ratio when others are at work on the machine
}

// NewIngest works the rates of a run out.
func NewIngest(run int, began time.Time, events, entries, postings int, ingest, alone Child, ledger *Result) *Ingest {
	seconds := ingest.Took.Seconds()
	return &Ingest{
		Run: run, Machine: machine(), Started: began.UTC().Format(time.RFC3339), Events: events, Entries: entries, Postings: postings,
		Seconds: rounded(seconds, 3), EventsPerS: rounded(float64(events)/seconds, 1), EntriesPerS: rounded(float64(entries)/seconds, 1),
		PostingsPerS: rounded(float64(postings)/seconds, 1), RSSAnon: ingest.RSSAnon, Ledger: ledger,
		CPUSeconds: rounded(ingest.CPU.Seconds(), 3), LedgerCPU: rounded(alone.CPU.Seconds(), 3), CPURatio: rounded(alone.CPU.Seconds()/ingest.CPU.Seconds(), 4),
		Ratio: rounded(float64(entries)/seconds/ledger.EntriesPerS, 4),
	}
}

// MedianIngest gives the run whose ratio is the median, as the median of all: its
// figures belong together. There is at least one; of an even number it is the lower.
func MedianIngest(runs []*Ingest) *Ingest {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b *Ingest) int { return int(1e4 * (a.Ratio - b.Ratio)) })
	median := *sorted[(len(sorted)-1)/2]
	median.Run, median.Median = len(runs), true
	return &median
}
