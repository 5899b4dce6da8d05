package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/payment/feed"
)

// faultsShown is how many faults of a file are printed when nothing of it is
// taken.
const faultsShown = 20

// ingestFlags are what the command line says about ingesting.
type ingestFlags struct {
	mapping string
	aside   string // file for bad rows; empty: a bad row keeps its file out
	temp    string // directory for temporary files; empty: that of the data file
}

func (p *program) ingestCommand() *cobra.Command {
	var flags ingestFlags
	cmd := &cobra.Command{
		Use:   "ingest FILE...",
		Short: "Book files of payment events",
		Long: `Ingest books the events of CSV and NDJSON files. A file is taken whole or not at all: one bad row keeps it out, and the
bad rows are named with their file, line and column. With --skip-bad-rows the bad rows are written to a file of their own, which can be
mended and ingested, and the others are taken. An event that is booked already is passed over, so a file may come again.

A file may have any length: what is too much for memory stands in temporary files meanwhile, some 5 KB for each event, beside the data file or where
--temp says.`,
		Example: `  settlex ingest payments.csv
  settlex ingest --mapping marketplace orders-2017.csv
  settlex ingest --skip-bad-rows bad.csv payments.csv`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misused(cmd, errors.New("which file?"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if flags.aside != "" && len(files) > 1 {
				return misused(cmd, fmt.Errorf("--skip-bad-rows takes one file at a time, here are %d", len(files)))
			}
			return p.ingest(cmd.Context(), flags, files)
		},
	}
	cmd.Flags().StringVar(&flags.mapping, "mapping", "", "`NAME` of the feed of the configuration that the files are read by")
	cmd.Flags().StringVar(&flags.aside, "skip-bad-rows", "", "write bad rows to `FILE` and take the others")
	cmd.Flags().StringVar(&flags.temp, "temp", "", "`DIRECTORY` for temporary files of long files (default that of the data file)")
	return cmd
}

func (p *program) ingest(ctx context.Context, flags ingestFlags, files []string) error {
	return p.within(ctx, func(s *session) error {
		mapping, err := mappingOf(s.Config, flags.mapping)
		if err != nil {
			return err
		}
		t := &taking{engine: s.engine, mapping: mapping, temp: cmp.Or(flags.temp, tempOf(s.Config))}
		for _, file := range files {
			if err := p.ingestFile(ctx, t, file, flags.aside); err != nil {
				return err
			}
		}
		return nil
	})
}

// taking is how files are taken.
type taking struct {
	engine  *settlex.Engine
	mapping feed.Mapping
	temp    string // directory for temporary files; empty: the system's
}

// tempOf is where temporary files are made: beside a data file, because the
// directory that the system has for them may be memory.
func tempOf(c *config.Config) string {
	if config.IsDatabase(c.Data) {
		return ""
	}
	return filepath.Dir(c.Data)
}

func mappingOf(c *config.Config, name string) (feed.Mapping, error) {
	if name == "" {
		return feed.Mapping{}, nil
	}
	mapping, ok := c.Feed(name)
	if ok {
		return mapping, nil
	}
	var names []string
	for _, m := range c.Feeds {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return mapping, fmt.Errorf("mapping %q is not in the configuration; there are: %s", name, strings.Join(names, ", "))
}

// ingestFile takes one file and tells what became of it.
func (p *program) ingestFile(ctx context.Context, t *taking, name, asideName string) (err error) {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if asideName == "" {
		taken, err := p.take(ctx, t, name, file, nil)
		return p.tell(name, taken, "", err)
	}
	bad, err := openAside(asideName)
	if err != nil {
		return err
	}
	taken, err := p.take(ctx, t, name, file, func(row feed.Row, fault *feed.Error) error {
		_, _ = fmt.Fprintln(p.err, fault)
		return bad.add(row)
	})
	return p.tell(name, taken, asideName, errors.Join(err, bad.close()))
}

// take ingests what a reader gives and shows how far it has come.
func (p *program) take(ctx context.Context, t *taking, name string, from io.Reader, badRow func(feed.Row, *feed.Error) error) (settlex.Ingested, error) {
	shown := p.begin("ingest")
	defer shown.end()
	options := settlex.IngestOptions{Progress: shown.at, Dir: t.temp}
	if badRow != nil {
		options.BadRow = func(row feed.Row, fault *feed.Error) error {
			shown.clear()
			return badRow(row, fault)
		}
	}
	taken, err := t.engine.Ingest(ctx, feed.Read(ctx, name, from, t.mapping), options)
	if err == nil {
		shown.at(1, 1)
	}
	return taken, err
}

// tell prints what became of a file, its bad rows included.
func (p *program) tell(name string, taken settlex.Ingested, asideName string, err error) error {
	if rejected, ok := errors.AsType[*settlex.RejectedError](err); ok {
		for i, fault := range rejected.Faults {
			if i == faultsShown {
				_, _ = fmt.Fprintf(p.err, "... and %s more\n", number(rejected.Bad-i))
				break
			}
			_, _ = fmt.Fprintln(p.err, fault)
		}
		return fmt.Errorf("%s: nothing was taken: %s of %s; --skip-bad-rows takes the others",
			name, count(rejected.Bad, "bad row", "bad rows"), number(taken.Rows))
	}
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s: %s, %s new, %s booked before", name, count(taken.Rows, "event", "events"), number(taken.Booked), number(taken.Repeated))
	if taken.Bad > 0 {
		text += fmt.Sprintf(", %s bad and set aside in %s", number(taken.Bad), asideName)
	}
	p.sayf("%s\n", text)
	if taken.Late > 0 {
		p.warnf("%s: %s after the window had closed and go to a later batch", name, count(taken.Late, "event came", "events came"))
	}
	return nil
}
