package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/internal/bench"
)

// benchTable writes a result for people: what was measured, what came out, with
// what the machine allows beside it, and what was on.
func benchTable(r *bench.Result) string {
	var b strings.Builder
	b.WriteString(benchHeading(r))
	t := &table{left: 1}
	t.add("", "result", "bound", "share")
	t.add("entries per second", perSecond(r.EntriesPerS))
	if r.RawEntriesPerS != nil {
		t.add("  of "+benchRaw(r), "", perSecond(*r.RawEntriesPerS), fmt.Sprintf("%.3f", *r.ToRaw))
	}
	if r.BareUpdatePerS != nil {
		t.add("  of bare updates, one row each", "", perSecond(*r.BareUpdatePerS), fmt.Sprintf("%.2f", *r.ToBare))
	}
	if r.LastToSecondMillion != nil {
		t.add("  the last million to the second", fmt.Sprintf("%.2f", *r.LastToSecondMillion))
	}
	t.add("a call takes, p50", micros(r.P50))
	t.add("a call takes, p99", micros(r.P99))
	if r.FsyncP50 != nil {
		t.add("  fsync of 4 KiB, p50", "", micros(*r.FsyncP50))
	}
	t.add("entries that shared a commit, on the average", fmt.Sprintf("%.1f", r.EntriesPerGroup))
	if r.RoundTripsPerGroup != nil {
		t.add("round trips per commit", fmt.Sprintf("%.2f", *r.RoundTripsPerGroup))
	}
	t.add("bytes kept per entry", fmt.Sprintf("%.1f", r.BytesPerEntry), optional(r.RawBytesPerEntry, "%.1f"))
	if r.Server == nil {
		t.add("bytes written per entry", optional(r.BytesWrittenPerEntry, "%.1f"))
	} else {
		t.add("bytes of the server's log per entry", optional(r.LogBytesPerEntry, "%.1f"))
	}
	t.add("memory, peak: own", mib(r.RSSAnon))
	t.add("memory, peak: of the mapped file", mib(r.RSSFile))
	t.add("file", mib(&r.FileBytes))
	addReads(t, r.Reads)
	addReopen(t, r.Reopen)
	if r.VerifySeconds != nil {
		t.add("verified in", fmt.Sprintf("%.2f s", *r.VerifySeconds))
	}
	b.WriteString(t.String())
	fmt.Fprintf(&b, "\n%s; %s\n", benchOn(r), r.Sync)
	if r.Server != nil {
		b.WriteString(benchServer(r.Server))
	}
	fmt.Fprintf(&b, "checked: %s in %s, debits equal credits\n", count(int(r.Head.Seq), "item", "items"), count(int(r.Head.Blocks), "commit", "commits"))
	return b.String()
}

// benchRaw says what raw writes were.
func benchRaw(r *bench.Result) string {
	if r.Server == nil {
		return "raw appends of the same bytes"
	}
	return fmt.Sprintf("raw inserts of the same rows, %s by %s", number(*r.RawBatch), count(*r.RawWriters, "writer", "writers"))
}

// benchServer says what the store talked to.
func benchServer(s *bench.ServerFacts) string {
	latency := ""
	if s.Latency > 0 {
		latency = fmt.Sprintf(", %s on top of every round trip", micros(s.Latency))
	}
	names := slices.Sorted(maps.Keys(s.Settings))
	for i, name := range names {
		names[i] = name + " " + strconv.Quote(s.Settings[name])
	}
	return fmt.Sprintf("server: %s, %s of the journal, %s at a time%s\n%s\n%s\n", s.Engine, count(s.Lanes, "lane", "lanes"),
		count(s.Writers, "transaction", "transactions"), latency, s.Version, strings.Join(names, ", "))
}

// benchHeading says what was measured, and on what.
func benchHeading(r *bench.Result) string {
	calls := "batches of " + number(r.Batch)
	if r.Mode == bench.Single {
		calls = "one entry per call"
	}
	which := ""
	switch {
	case r.Median:
		which = fmt.Sprintf(" (medians of %d runs)", r.Run)
	case r.Run > 1:
		which = fmt.Sprintf(" (run %d)", r.Run)
	}
	return fmt.Sprintf("%s: %s, %s, %s%s\n%s of %d postings, %s keys of %d bytes, %s, %.3g %% of entries on a hot one\n%s %s/%s, %s, version %s\n\n",
		r.Store, calls, count(r.Clients, "client", "clients"), fmt.Sprintf("%.2f s", r.Seconds), which,
		count(r.Entries, "entry", "entries"), r.Postings, r.Keys, r.KeyBytes, count(r.Accounts, "account", "accounts"), 100*r.Hot,
		r.Machine.Go, r.Machine.OS, r.Machine.Arch, count(r.Machine.GOMAXPROCS, "core", "cores"), r.Machine.Version)
}

// benchOn says what was on.
func benchOn(r *bench.Result) string {
	return fmt.Sprintf("on: limits on %.3g %% of the accounts, metadata on %.3g %% of the entries, Merkle log, keys for ever, indexes of both axes",
		100*r.Limits, 100*r.Metadata)
}

func addReads(t *table, r *bench.Reads) {
	if r == nil {
		return
	}
	t.add(fmt.Sprintf("reads, with %s booked meanwhile: p50 / p99", perSecond(r.WritesPerS)))
	t.add("", number(r.HotLines)+" postings", number(r.RareLines)+" postings")
	for _, row := range []struct {
		name string
		bench.Places
	}{
		{"  balance now", r.BalanceNow},
		{"  balance on a value date", r.BalanceOn},
		{"  balance at an instant", r.BalanceAt},
		{"  first page by booking", r.PageBooked},
		{"  first page by value date", r.PageValued},
	} {
		t.add(row.name, micros(row.Hot.P50)+" / "+micros(row.Hot.P99), micros(row.Rare.P50)+" / "+micros(row.Rare.P99))
	}
}

func addReopen(t *table, r *bench.Reopen) {
	if r == nil {
		return
	}
	t.add("reopened, until a read and a write: warm", micros(1000*r.Warm.All))
	if r.Cold != nil {
		t.add("reopened, until a read and a write: cold", micros(1000*r.Cold.All))
	}
}

// runName tells a run from the median of several.
func runName(run int, median bool) string {
	if median {
		return fmt.Sprintf("median of %d", run)
	}
	return fmt.Sprintf("run %d", run)
}

func perSecond(rate float64) string { return number(int(math.Round(rate))) + " /s" }

// micros writes a duration given in microseconds with three digits that matter.
func micros(us float64) string {
	for _, unit := range []struct {
		name string
		us   float64
	}{{"s", 1e6}, {"ms", 1e3}} {
		if us >= unit.us {
			return significant(us/unit.us) + " " + unit.name
		}
	}
	return significant(us) + " us"
}

func significant(v float64) string {
	switch {
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 2, 64)
}

func mib(bytes *int64) string {
	if bytes == nil {
		return "not known"
	}
	return grouped(strconv.FormatFloat(float64(*bytes)/(1<<20), 'f', 1, 64)) + " MiB"
}

func optional(v *float64, format string) string {
	if v == nil {
		return "not known"
	}
	return fmt.Sprintf(format, *v)
}
