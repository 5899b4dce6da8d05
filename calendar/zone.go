package calendar

import (
	"archive/zip"
	_ "embed" // of the time-zone data
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// The time-zone data of the program, compiled from the IANA Time Zone Database,
// which is in the public domain: the file lib/time/zoneinfo.zip of the Go
// distribution. A test holds it against zoneRelease.
//
//go:embed zoneinfo.zip
var zoneData string

// zoneRelease is the release of zoneData.
const zoneRelease = "2025c"

// ErrBadZone is wrapped by every error about a text that names no time zone.
var ErrBadZone = errors.New("unknown time zone")

// ZoneData returns the release of the time-zone data in the program, such as
// "2025c". A government may move its clocks at short notice, so two releases can
// give a window other instants.
func ZoneData() string { return zoneRelease }

// LoadZone returns the zone of an IANA name, such as "Asia/Kolkata", from the data
// in the program. time.LoadLocation would prefer the machine's, so that windows
// differ between machines. The same name gives the same pointer. It is safe for
// concurrent use. Errors wrap ErrBadZone; "Local" and "" are none.
func LoadZone(name string) (*time.Location, error) {
	if name == "UTC" {
		return time.UTC, nil
	}
	file, ok := zoneFiles()[name]
	if !ok {
		return nil, fmt.Errorf("%w %s", ErrBadZone, name)
	}
	return file()
}

// zoneFiles lists the zones by name; each is read when it is asked for first.
var zoneFiles = sync.OnceValue(func() map[string]func() (*time.Location, error) {
	archive, err := zip.NewReader(strings.NewReader(zoneData), int64(len(zoneData)))
	if err != nil {
		panic(fmt.Sprintf("calendar: the time-zone data cannot be read: %v", err))
	}
	files := make(map[string]func() (*time.Location, error), len(archive.File))
	for _, file := range archive.File {
		if !strings.HasSuffix(file.Name, "/") {
			files[file.Name] = sync.OnceValues(func() (*time.Location, error) { return readZone(file) })
		}
	}
	return files
})

func readZone(file *zip.File) (*time.Location, error) {
	r, err := file.Open()
	if err != nil {
		return nil, fmt.Errorf("time zone %s: %w", file.Name, err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fmt.Errorf("time zone %s: %w", file.Name, err)
	}
	return time.LoadLocationFromTZData(file.Name, data)
}
