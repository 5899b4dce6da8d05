package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/store/postgres"
)

// migrating are the flags of settlex migrate.
type migrating struct {
	options postgres.MigrateOptions
	check   bool // only tell
	steps   bool // name each
}

func (p *program) migrateCommand() *cobra.Command {
	var do migrating
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the schema of a PostgreSQL database up to this version",
		Long: `Migrate makes the tables and views of a ledger in a database on the PostgreSQL wire, or brings those of an older version up to this one. It
may be run at any time and by any number of processes at once: what is there stays, and one works while the others wait. Interrupted, it goes
on where it was. A schema of a newer version is not touched.

The role that --data names must be allowed to make tables in the schema, and the address must lead to the server itself, not to a
connection pooler. Nothing else of settlex needs such rights; docs/SCHEMA.md has roles for it, and for those who only read.

With --check nothing is changed: exit code 0 says that this version can use the schema as it is.`,
		Example: `  settlex migrate --data postgres://owner@db.example:5432/books
  settlex migrate --data postgres://owner@db.example/books --schema live --lanes 32
  settlex migrate --data postgres://owner@db.example/books --check`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !config.IsDatabase(p.data):
				return misused(cmd, errors.New("--data is missing: postgres://USER@HOST/DATABASE"))
			case do.check:
				return p.checkSchema(cmd.Context(), do)
			}
			return p.migrate(cmd.Context(), do)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&do.check, "check", false, "change nothing, tell what is missing")
	flags.BoolVar(&do.steps, "steps", false, "name each step")
	flags.StringVar(&do.options.Schema, "schema", "", "`NAME` of the schema to work in, made if it is not there (the first of the search_path)")
	flags.IntVar(&do.options.Lanes, "lanes", 0, "`NUMBER` of lanes of a new ledger, fixed from then on (16)")
	return cmd
}

func (p *program) migrate(ctx context.Context, do migrating) error {
	if do.steps {
		do.options.Report = func(s postgres.Step) { p.sayf("%s\n", s) }
	}
	done, err := postgres.Migrate(ctx, p.data, do.options)
	if err != nil {
		if len(done.Steps) > 0 {
			p.sayf("schema %s: %s done before this happened\n", done.Schema, count(len(done.Steps), "step", "steps"))
		}
		return fmt.Errorf("migrate: %w", err)
	}
	p.sayf("%s\n", migrated(&done))
	return nil
}

// migrated says what was done.
func migrated(a *postgres.Applied) string {
	if a.Nothing() {
		return fmt.Sprintf("schema %s has version %d and %s: nothing to do", a.Schema, a.To, count(a.Lanes, "lane", "lanes"))
	}
	from := fmt.Sprintf("from version %d", a.From)
	if a.From == 0 {
		from = "new"
	}
	parts := []string{count(len(a.Steps), "step", "steps")}
	if a.Currencies > 0 {
		parts = append(parts, count(a.Currencies, "currency", "currencies"))
	}
	if a.NewLanes {
		parts = append(parts, count(a.Lanes, "lane", "lanes"))
	}
	return fmt.Sprintf("schema %s has version %d, %s: %s", a.Schema, a.To, from, strings.Join(parts, ", "))
}

// checkSchema tells how the schema stands; the error says what is in the way of using it.
func (p *program) checkSchema(ctx context.Context, do migrating) error {
	s, err := postgres.ReadSchema(ctx, p.data, do.options.Schema)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if do.steps {
		for _, step := range s.Missing {
			p.printf("%s\n", step)
		}
	}
	if err := s.Err(); err != nil {
		if n := len(s.Missing); n > 0 {
			p.printf("schema %s: %s to run\n", s.Name, count(n, "step", "steps"))
		}
		return err
	}
	p.printf("schema %s has version %d and %s: nothing to do\n", s.Name, s.Version, count(s.Lanes, "lane", "lanes"))
	return nil
}
