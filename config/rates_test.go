package config_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/settlement"
)

const (
	ratesYAML = `quotes:
  - {id: Q-1, base: PKR, currency: INR, rate: 0.30123, at: 2026-03-02T12:00:00Z, valid_until: 2026-03-03T12:00:00Z, source: treasury desk}
  - {id: Q-2, base: INR, currency: PKR, rate: 3.3, at: 2026-03-02T17:30:00.000001+05:30, source: bank}
`
	ratesCSV = `source,id,base,currency,rate,at,valid_until
treasury desk,Q-1,PKR,INR,0.301230,2026-03-02T12:00:00Z,2026-03-03T12:00:00Z
bank,Q-2,INR,PKR,3.3,2026-03-02T12:00:00.000001Z,
`
)

// Both forms of a file of rates say the same.
func TestRates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	pkr, inr := money.MustCurrency("PKR"), money.MustCurrency("INR")
	want := []settlement.Quote{
		{ID: "Q-1", Source: "treasury desk", Base: pkr, Currency: inr, Rate: money.MustRate("0.30123"), At: at, ValidUntil: at.Add(24 * time.Hour)},
		{ID: "Q-2", Source: "bank", Base: inr, Currency: pkr, Rate: money.MustRate("3.3"), At: at.Add(time.Microsecond)},
	}
	for name, text := range map[string]string{"rates.yaml": ratesYAML, "rates.csv": ratesCSV, "RATES.CSV": "\uFEFF" + strings.ReplaceAll(ratesCSV, "\n", "\r\n")} {
		got, err := config.ParseRates(name, []byte(text))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		diff(t, want, got)
	}
}

// Each file of testdata/rates is wrong in its own way; beside it lies what is said
// about it.
func TestRateFaults(t *testing.T) {
	t.Parallel()
	var files []string
	for _, pattern := range []string{"*.csv", "*.yaml"} {
		found, err := filepath.Glob(filepath.Join("testdata", "rates", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%d files: %v", len(found), err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		text := readFile(t, file)
		_, err := config.ParseRates(filepath.Base(file), []byte(text))
		faults, ok := errors.AsType[config.Faults](err)
		if !ok {
			t.Fatalf("%s: error %v is not Faults", file, err)
		}
		checkPlaces(t, text, faults)
		golden := file + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(faults.Error()+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		diff(t, strings.Split(readFile(t, golden), "\n"), strings.Split(faults.Error()+"\n", "\n"))
	}
}

// What the file says is read again when it has changed. One that is wrong is told of
// each time, and the last good one stays.
func TestRateFileReloads(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "rates.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	rates := config.NewRateFile(path)
	rate := func() string {
		t.Helper()
		q, err := rates.Quote(ctx, money.MustCurrency("PKR"), money.MustCurrency("INR"), time.Date(2026, time.March, 2, 13, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		if q == nil {
			return "none"
		}
		return q.Rate.String()
	}
	diff(t, "none", rate())
	if err := rates.Refresh(ctx); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	write(ratesYAML)
	diff(t, "0.30123", rate()) // it is read when it is first there
	write(strings.Replace(ratesYAML, "0.30123", "0.31", 1))
	diff(t, "0.30123", rate())
	if err := rates.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	diff(t, "0.31", rate())
	write(strings.Replace(ratesYAML, "0.30123", "31%", 1))
	for range 2 {
		if faults, ok := errors.AsType[config.Faults](rates.Refresh(ctx)); !ok || faults[0].Line != 2 {
			t.Errorf("a broken file: %v", faults)
		}
		diff(t, "0.31", rate())
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := rates.Refresh(ctx); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is gone: %v", err)
	}
	diff(t, "0.31", rate())
	write(ratesYAML)
	if err := rates.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	diff(t, "0.30123", rate())
}

// What a schedule says of another currency becomes its terms.
func TestFXTerms(t *testing.T) {
	t.Parallel()
	text := replace(t, "calendars: [IN]}", "calendars: [IN], fx: {target: INR, spread: 1%}}") + "rates: {file: quotes/r.csv}\n"
	c := parse(t, text)
	terms := c.Rules.Book.Schedules[0].FX
	diff(t, money.MustRate("0.01"), terms.Spread)
	diff(t, 24*time.Hour, terms.MaxAge)
	diff(t, "INR", terms.Target.String())
	diff(t, filepath.Join("quotes", "r.csv"), c.Rates.Path())
	if c := parse(t, least); c.Rates != nil || c.Rules.Book.Schedules[0].FX != nil {
		t.Errorf("without any: %v", c.Rates)
	}
}

// Any bytes are either quotes that are right, or faults with places; and never a panic.
func FuzzRates(f *testing.F) {
	f.Add([]byte(ratesYAML), false)
	f.Add([]byte(ratesCSV), true)
	f.Add([]byte("id,base\n\"é\",x,y\n"), true)
	f.Add([]byte("quotes: [{at: 2026-03-02T12:00:00Z}]"), false)
	f.Fuzz(func(t *testing.T, data []byte, csv bool) {
		name := "f.yaml"
		if csv {
			name = "f.csv"
		}
		quotes, err := config.ParseRates(name, data)
		if err == nil {
			if _, err := settlement.NewQuoteList(quotes...); err != nil {
				t.Errorf("parsed, but not valid: %v", err)
			}
			return
		}
		faults, ok := errors.AsType[config.Faults](err)
		if !ok || len(faults) == 0 {
			t.Fatalf("error %v is not Faults", err)
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Column < 1 || fault.File != name || fault.Err == nil || fault.Err.Error() == "" {
				t.Errorf("fault %#v", fault)
			}
		}
	})
}
