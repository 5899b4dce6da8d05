package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/runner"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/move"
	"github.com/settlex/settlex/store/postgres"
)

// moving is what the command line says about a move.
type moving struct {
	from, to string
	lanes    int
	verifying
}

func (p *program) migrateStoreCommand() *cobra.Command {
	var do moving
	cmd := &cobra.Command{
		Use:   "migrate-store --from STORE --to STORE",
		Short: "Move the books from a data file to a database, or back",
		Long: `Migrate-store copies the books of one store to another one, which must be empty: bolt:FILE is a data file, postgres://... a database. The
journal is copied block by block as it is, so that proofs, kept checkpoints and keys hold; what is derived from it is derived anew. In the end
the copy is verified as settlex verify does, and compared with the source: journal, accounts, records. With --checkpoint and --key it must also
continue a checkpoint that was kept.

Stop every process on the source first. The source is not changed. Interrupted or killed, the same command goes on where it stopped; until it is
done nothing else opens the target. Afterwards, name the target as the data of the configuration.

A journal that was booked in several lanes stays on PostgreSQL: pg_dump moves it from database to database.`,
		Example: `  settlex migrate-store --from bolt:settlex.db --to postgres://settlex@db.example/books
  settlex migrate-store --from postgres://settlex@db.example/books --to bolt:settlex.db`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.data != "" {
				return misused(cmd, errors.New("--data means nothing here: --from and --to say where the books are"))
			}
			if err := do.check(cmd); err != nil {
				return err
			}
			m, err := p.newMove(&do)
			if err != nil {
				return misused(cmd, err)
			}
			return m.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&do.from, "from", "", "`STORE` to move the books from: bolt:FILE or postgres://...")
	flags.StringVar(&do.to, "to", "", "`STORE` to move them to")
	flags.IntVar(&do.lanes, "lanes", 0, "`NUMBER` of lanes of a database that has no ledger yet; 1 to be able to move back after going on (16)")
	do.flags(cmd)
	return cmd
}

// storeMove is one move.
type storeMove struct {
	*program
	from, to string // paths or URLs
	lanes    int
	kept     []ledger.TreeHead
}

func (p *program) newMove(do *moving) (*storeMove, error) {
	m := &storeMove{program: p, lanes: do.lanes}
	var err error
	if m.from, err = storeOf("--from", do.from); err != nil {
		return nil, err
	}
	if m.to, err = storeOf("--to", do.to); err != nil {
		return nil, err
	}
	switch here, there := config.IsDatabase(m.from), config.IsDatabase(m.to); {
	case here && there:
		return nil, errors.New("both stores are databases: pg_dump and pg_restore move books between them")
	case !here && !there:
		return nil, errors.New("both stores are data files: settlex backup copies one")
	case m.lanes != 0 && !there:
		return nil, errors.New("--lanes is for a new database: a data file has one lane")
	}
	checkpoints, err := openCheckpoints(do.checkpoints, do.keys)
	for i := range checkpoints {
		m.kept = append(m.kept, checkpoints[i].TreeHead())
	}
	return m, err
}

// storeOf reads the name of a store: a path behind "bolt:", or a URL.
func storeOf(flag, name string) (string, error) {
	if name == "" {
		return "", fmt.Errorf("%s is missing: bolt:FILE or postgres://USER@HOST/DATABASE", flag)
	}
	path, file := strings.CutPrefix(name, "bolt:")
	if !file && !config.IsDatabase(name) {
		return "", fmt.Errorf("%s begins neither with bolt: nor with postgres://", flag)
	}
	if err := config.CheckData(path); err != nil {
		return "", fmt.Errorf("%s %w", flag, err)
	}
	return path, nil
}

func (m *storeMove) run(ctx context.Context) error {
	if config.IsDatabase(m.to) {
		return m.toDatabase(ctx)
	}
	return m.toFile(ctx)
}

// toDatabase moves a data file's books, which nobody else has open meanwhile.
func (m *storeMove) toDatabase(ctx context.Context) (err error) {
	if err := present(m.from); err != nil {
		return err
	}
	from, err := m.openFile(m.from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	to, err := m.openDatabase(ctx, m.to, postgres.Options{Migrate: true, Lanes: m.lanes, Moving: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	return m.holding(ctx, to, []string{leaseMove}, func(ctx context.Context, term *postgres.Term) error {
		begun, err := to.Moving(ctx)
		if err != nil {
			return err
		}
		begin := func(ctx context.Context) error { return to.BeginMove(ctx, m.from) }
		err = m.move(ctx, from, term.Fence(), move.Options{Begun: begun, Begin: begin})
		if errors.Is(err, move.ErrOther) && begun {
			err = fmt.Errorf("%w; drop what is in its schema to begin anew", err)
		}
		if err != nil {
			return err
		}
		return to.EndMove(ctx)
	})
}

// toFile moves a database's books, while no process there settles. The data file
// gets its name when all is there.
func (m *storeMove) toFile(ctx context.Context) (err error) {
	if err := absent(m.to); err != nil {
		return err
	}
	from, err := m.openDatabase(ctx, m.from, postgres.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	return m.holding(ctx, from, []string{leaseRun, leaseSettle}, func(ctx context.Context, _ *postgres.Term) error {
		draft := filepath.Join(filepath.Dir(m.to), "."+filepath.Base(m.to)+".moving")
		begun, err := exists(draft)
		if err != nil {
			return err
		}
		to, err := bolt.Open(draft, bolt.Options{LockWait: m.lockWait})
		if err != nil {
			return err
		}
		err = errors.Join(m.move(ctx, from, to, move.Options{Begun: begun}), to.Close())
		if errors.Is(err, move.ErrOther) && begun {
			err = fmt.Errorf("%w; remove %s to begin anew", err, draft)
		}
		if err != nil {
			return err
		}
		if err := os.Link(draft, m.to); err != nil { // a rename would overwrite
			return err
		}
		return errors.Join(os.Remove(draft), syncDir(filepath.Dir(m.to)))
	})
}

// leaseMove is for who moves books to a database.
const leaseMove = "move"

// holding runs fn while this process has leases of a database, with the term of
// the last of them.
func (m *storeMove) holding(ctx context.Context, store *postgres.Store, names []string, fn func(context.Context, *postgres.Term) error) error {
	turn, err := m.turn(store, names[0])
	if err != nil {
		return err
	}
	turn.Tries = tries(cmp.Or(m.lockWait, runLockWait), turn.Every)
	err = turn.Take(ctx, func(ctx context.Context, term *postgres.Term) error {
		if len(names) == 1 {
			return fn(ctx, term)
		}
		return m.holding(ctx, store, names[1:], fn)
	})
	if errors.Is(err, runner.ErrTaken) {
		err = fmt.Errorf("%w: stop every process there first", err)
	}
	return cmp.Or(err, ctx.Err())
}

// move moves the books and says so.
func (m *storeMove) move(ctx context.Context, from, to ledger.Store, o move.Options) error {
	names := place(m.from) + " to " + place(m.to)
	o.Kept = m.kept
	shown := make(map[move.Stage]*stage)
	o.Progress = func(at move.Stage, done, total uint64) {
		if shown[at] == nil {
			if at == move.Journal && o.Begun {
				m.sayf("%s: going on behind item %s of %s\n", names, number(int(done)), number(int(total)))
			}
			shown[at] = m.begin(string(at))
		}
		if shown[at].at(int(done), int(total)); done == total {
			shown[at].end()
		}
	}
	moved, err := move.Run(ctx, from, to, o)
	if err != nil {
		return fmt.Errorf("move %s: %w", names, err)
	}
	m.sayf("%s: %s in %s, %s, %s of rooms\n", names, count(int(moved.Items), "item", "items"), count(int(moved.Blocks), "block", "blocks"),
		count(int(moved.Accounts), "account", "accounts"), count(int(moved.Records), "record", "records"))
	m.sayf("the copy verifies, and its journal, accounts and records are those of the source\n")
	return nil
}
