package calendar_test

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/calendar"
)

// TestZoneData holds the embedded file against the release that it is said to be.
// Whoever replaces it writes both anew: the release stands in lib/time/update.bash
// of the Go distribution that the file is from.
func TestZoneData(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("zoneinfo.zip")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	got := map[string]string{calendar.ZoneData(): hex.EncodeToString(sum[:])}
	want := map[string]string{"2025c": "8f55634d05f8bca1f7bc7c69c5933428c69357e0bdf565e5ba224e3f88ff12e8"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("release and file (-want +got):\n%s", diff)
	}
}

func TestLoadZone(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"UTC":                 "2026-07-01T12:00:00Z",
		"Asia/Kolkata":        "2026-07-01T17:30:00+05:30",
		"America/New_York":    "2026-07-01T08:00:00-04:00",
		"Australia/Lord_Howe": "2026-07-01T22:30:00+10:30",
		"Europe/London":       "2026-07-01T13:00:00+01:00",
		"Asia/Dubai":          "2026-07-01T16:00:00+04:00",
	} {
		loc, err := calendar.LoadZone(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).In(loc).Format(time.RFC3339); got != want || loc.String() != name {
			t.Errorf("%s, called %s, shows %s, want %s", name, loc, got, want)
		}
		if again, err := calendar.LoadZone(name); err != nil || again != loc {
			t.Errorf("%s is another zone the second time, %v", name, err)
		}
	}
}

func TestLoadZoneRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "Local", "Asia/Atlantis", "asia/kolkata", "../zoneinfo", "Asia/", "+05:30"} {
		if loc, err := calendar.LoadZone(name); !errors.Is(err, calendar.ErrBadZone) || loc != nil {
			t.Errorf("LoadZone(%q) = %v, %v", name, loc, err)
		}
	}
}

// TestZonesAreNotTheMachines has a machine whose zone files say that Dhaka is on UTC.
func TestZonesAreNotTheMachines(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "Asia"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "Asia", "Dhaka"), zoneFile(t, "Etc/UTC"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ZONEINFO", dir)
	loc, err := calendar.LoadZone("Asia/Dhaka")
	if err != nil {
		t.Fatal(err)
	}
	if got := calendar.Cutoff(calendar.MustDate("2026-03-01"), calendar.MustClock("18:00"), loc).Format(time.RFC3339); got != "2026-03-01T12:00:00Z" {
		t.Errorf("18:00 in Dhaka is %s", got)
	}
}

func zoneFile(tb testing.TB, name string) []byte {
	tb.Helper()
	archive, err := zip.OpenReader("zoneinfo.zip")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := archive.Close(); err != nil {
			tb.Error(err)
		}
	}()
	data, err := fs.ReadFile(archive, name)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
