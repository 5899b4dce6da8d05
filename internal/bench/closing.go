package bench

import (
	"slices"
	"time"
)

// Closing is what closing one batch came to, beside reading its movements and appending
// the bytes of its lines without any rule; or the medians of several runs.
type Closing struct {
	Run         int     `json:"run"`    // from 1; of medians, how many runs there were
	Median      bool    `json:"median"` // of several runs
	Machine     Machine `json:"machine"`
	Started     string  `json:"started"` // UTC
	Lines       int     `json:"lines"`   // of the batch
	LineBytes   int64   `json:"line_bytes"`
	Seconds     float64 `json:"seconds"` // of closing, from finding what is due
	LinesPerS   float64 `json:"lines_per_s"`
	MicrosALine float64 `json:"micros_a_line"`
	CPUSeconds  float64 `json:"cpu_seconds"`    // processor time of the process that closes
	RSSAnon     *int64  `json:"rss_anon_bytes"` // peak of that process
	BoundS      float64 `json:"bound_seconds"`  // of reading the movements and appending the lines
	BoundPerS   float64 `json:"bound_lines_per_s"`
	Ratio       float64 `json:"ratio"` // LinesPerS divided by BoundPerS
}

// NewClosing works the rates of a run out.
func NewClosing(run int, began time.Time, lines int, bytes int64, took time.Duration, process Child, bound time.Duration) *Closing {
	seconds, least := took.Seconds(), bound.Seconds()
	return &Closing{
		Run: run, Machine: machine(), Started: began.UTC().Format(time.RFC3339), Lines: lines, LineBytes: bytes,
		Seconds: rounded(seconds, 4), LinesPerS: rounded(float64(lines)/seconds, 1), MicrosALine: rounded(seconds/float64(lines)*1e6, 2),
		CPUSeconds: rounded(process.CPU.Seconds(), 3), RSSAnon: process.RSSAnon,
		BoundS: rounded(least, 4), BoundPerS: rounded(float64(lines)/least, 1), Ratio: rounded(least/seconds, 4),
	}
}

// MedianClosing gives the run whose ratio is the median, as the median of all: its figures
// belong together. There is at least one; of an even number it is the lower.
func MedianClosing(runs []*Closing) *Closing {
	sorted := slices.SortedFunc(slices.Values(runs), func(a, b *Closing) int { return int(1e4 * (a.Ratio - b.Ratio)) })
	median := *sorted[(len(sorted)-1)/2]
	median.Run, median.Median = len(runs), true
	return &median
}
