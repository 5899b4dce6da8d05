package config

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/goccy/go-yaml/ast"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/feed"
	"github.com/settlex/settlex/reconcile/report"
	"github.com/settlex/settlex/runner"
)

// What a file that does not say otherwise gets.
const (
	DefaultData    = "settlex.db"
	DefaultReports = "reports"
	DefaultWake    = "* * * * *" // every minute
)

// Config is a configuration that holds together: every reference in it leads
// somewhere, and each of its objects passed the validation of its room.
type Config struct {
	// Data is the path of the store's file, or the URL of a database, as
	// IsDatabase tells. A relative path in the YAML file starts at that file's
	// directory; here it is ready to be opened. A URL may hold a password: it is
	// not for logs or messages.
	Data string
	// Reports is the directory that reports go to; its path is like Data's.
	Reports string
	// Formats are the formats of reports, each once, as report.ParseFormat
	// takes them; csv, json and parquet where the file names none.
	Formats []string
	// Rules decide about payments: regions, schedules, fees, reserve plans.
	Rules *payment.Rules
	// Calendars are those of the file, in its order; with the id of a shipped one they
	// take its place. Calendar finds both.
	Calendars []*calendar.Calendar
	// Merchants are those that the file lists, in its order.
	Merchants []merchant.Merchant
	// Feeds are the mappings of event files, each with a name of its own.
	Feeds []feed.Mapping
	// Rails carry payouts and settlement batches, each with a name of its own. Their
	// directories are like Data.
	Rails []Rail
	// Rates are the quotes that batches are converted at which are paid in another
	// currency; nil: the file names none. Its path is like Data's, and nothing is read
	// of it before it is used.
	Rates *RateFile
	// Run says how the program runs by itself.
	Run Run
	// Chart is the chart of accounts: the program's own, and the accounts that the
	// file adds.
	Chart *ledger.Chart
}

// Run says how the program runs by itself.
type Run struct {
	// Wake is a cron expression of when to look for work. It decides nothing:
	// what is due, the schedules say.
	Wake string
}

// Calendar gives the calendar of an id: the file's own, else a shipped one.
func (c *Config) Calendar(id string) (*calendar.Calendar, bool) {
	if i := slices.IndexFunc(c.Calendars, func(own *calendar.Calendar) bool { return own.ID == id }); i >= 0 {
		return c.Calendars[i], true
	}
	return calendar.Shipped(id)
}

// Feed gives the feed of that name, false when there is none.
func (c *Config) Feed(name string) (feed.Mapping, bool) {
	i := slices.IndexFunc(c.Feeds, func(m feed.Mapping) bool { return m.Name == name })
	if i < 0 {
		return feed.Mapping{}, false
	}
	return c.Feeds[i], true
}

// Load reads a configuration file. A file that was read and is not right is
// told by Faults, all of them at once; other errors are about reading it.
func Load(path string) (*Config, error) { return LoadWith(path) }

// LoadWith is Load for a file of which sections are replaced by those of others.
func LoadWith(path string, others ...Overlay) (*Config, error) {
	data, err := Read(path)
	if err != nil {
		return nil, err
	}
	return ParseWith(path, data, others...)
}

// Read reads the text of a configuration file, for Parse.
func Read(path string) ([]byte, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	return data, nil
}

// readFile reads one byte more than is allowed at most.
func readFile(path string) (data []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, maxBytes+1))
}

// Parse is Load for a file that is in memory. Its name stands in the faults,
// and its directory is where relative paths start; no file is touched. Every
// error is Faults.
func Parse(name string, data []byte) (*Config, error) { return ParseWith(name, data) }

// ParseWith is Parse for a file of which sections are replaced by those of others. Faults
// name the file that they are in, those of the first file first.
func ParseWith(name string, data []byte, others ...Overlay) (*Config, error) {
	f, err := parse(name, data, others...)
	if err != nil {
		return nil, err
	}
	return f.config, nil
}

// A file is a configuration and what it was made of.
type file struct {
	r      *reader
	root   ast.Node
	book   *book
	config *Config
}

func parse(name string, data []byte, others ...Overlay) (*file, error) {
	f := &file{r: newReader(name, data)}
	f.read(len(data), others)
	faults, _ := errors.AsType[Faults](f.r.err())
	for _, o := range f.r.others {
		of, _ := errors.AsType[Faults](o.err())
		faults = append(faults, of...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return f, nil
}

func (f *file) read(size int, others []Overlay) {
	r := f.r
	if size > maxBytes {
		r.fault(place{1, 1}, "", fmt.Errorf("the file has more than %d bytes", maxBytes))
		return
	}
	value := r.source.parse(r)
	if value == nil {
		return
	}
	root := node{r: r, at: r.source.place(start(value)), value: value}.object()
	dir := filepath.Dir(r.file)
	c := &Config{
		Data:    dataIn(dir, root.get("data")),
		Reports: pathIn(dir, root.get("reports"), DefaultReports),
		Formats: formats(root.get("formats")),
		Run:     Run{Wake: DefaultWake},
	}
	checkPaths(c, root)
	run := root.get("run").object()
	if wake := run.get("wake"); wake.present() {
		c.Run.Wake = scan(wake, func(s string) (string, error) {
			s, err := word(s)
			if err == nil {
				err = runner.CheckWake(s)
			}
			return s, err
		})
	}
	run.done()
	b := newBook(r)
	if rates := root.get("rates").object(); rates.present() {
		file := rates.get("file").required()
		c.Rates, b.quoted = NewRateFile(pathIn(dir, file, "")), true
		rates.done()
	}
	b.overlay(others)
	b.read(root)
	c.Calendars = b.ownCalendars
	c.Rules, c.Merchants, c.Feeds, c.Rails, c.Chart = &b.rules, b.merchants, b.feeds, b.rails, b.chart
	root.done()
	f.root, f.book, f.config = value, b, c
}

// checkPaths faults books and reports in one place: the books are a file.
func checkPaths(c *Config, root *object) {
	if IsDatabase(c.Data) || filepath.Clean(c.Data) != filepath.Clean(c.Reports) {
		return
	}
	at, other := root.get("reports"), "data"
	if !at.present() {
		at, other = root.get("data"), "reports, which go to "+DefaultReports+" where nothing is said"
	}
	at.adopt(fmt.Errorf("%s is the path of %s too", c.Data, other))
}

// pathIn reads a path that starts at a directory if it is relative.
func pathIn(dir string, n node, byDefault string) string {
	path := byDefault
	if n.present() {
		path = filepath.FromSlash(n.text())
	}
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func formats(n node) []string {
	if !n.present() {
		return []string{string(report.CSV), string(report.JSON), string(report.Parquet)}
	}
	var all []string
	for _, item := range n.items() {
		format := scan(item, report.ParseFormat)
		if slices.Contains(all, string(format)) {
			item.faultf("%s is there twice", format)
		}
		all = append(all, string(format))
	}
	if len(all) == 0 {
		n.adopt(errors.New("names no format: leave it out for all"))
	}
	return all
}
