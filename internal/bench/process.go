package bench

import (
	"bytes"
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
)

// memory is what the process keeps in memory, in bytes. Pages of the mapped file
// are the system's, which takes them back when it likes: they count apart.
type memory struct{ anon, file *int64 }

// memoryNow reads it; nothing is known where there is no /proc.
func memoryNow() memory {
	figures := procFigures("/proc/self/status")
	return memory{anon: scaled(figures["RssAnon"], 1024), file: scaled(figures["RssFile"], 1024)}
}

// grow keeps the larger figures.
func (m *memory) grow(o memory) {
	m.anon, m.file = larger(m.anon, o.anon), larger(m.file, o.file)
}

func larger(a, b *int64) *int64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

func scaled(n *int64, by int64) *int64 {
	if n == nil {
		return nil
	}
	return new(*n * by)
}

// memorySettled reads it after a collection that gives back what is free.
func memorySettled() memory {
	debug.FreeOSMemory()
	return memoryNow()
}

// traffic is what the process has had written to disks and read from them so
// far, in bytes.
type traffic struct{ written, read *int64 }

func trafficNow() traffic {
	figures := procFigures("/proc/self/io")
	return traffic{written: figures["write_bytes"], read: figures["read_bytes"]}
}

// less is what came after an earlier reading; nil when one is not known.
func less(now, before *int64) *int64 {
	if now == nil || before == nil {
		return nil
	}
	return new(*now - *before)
}

// procFigures reads lines like "RssAnon:  123 kB".
func procFigures(name string) map[string]*int64 {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	figures := make(map[string]*int64)
	for line := range bytes.Lines(content) {
		label, rest, _ := bytes.Cut(line, []byte(":"))
		fields := bytes.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		if n, err := strconv.ParseInt(string(fields[0]), 10, 64); err == nil {
			figures[string(label)] = &n
		}
	}
	return figures
}

// watch samples the memory and tells how far the writers are, until the result is
// called, which gives the peaks.
func watch(ctx context.Context, tell func()) (end func() memory) {
	const every = 250 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	peak := memoryNow()
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				peak.grow(memoryNow())
				tell()
			}
		}
	})
	return func() memory {
		cancel()
		watching.Wait()
		peak.grow(memoryNow())
		return peak
	}
}
