package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/internal/bench"
	"github.com/settlex/settlex/store/postgres"
)

// postgresPlace is schemas of a database, a new one for every run.
type postgresPlace struct {
	*benching
	network *benchNetwork
	gauge   *postgres.Gauge
	sync    string
	schema  string // of the present run; empty: none was begun
	store   *postgres.Store
}

// postgresFaults lists what was asked for that is not a server's.
func postgresFaults(cmd *cobra.Command, do *benching) (faults []error) {
	for _, name := range []string{"path", "key-memory", "drop-cache"} {
		if cmd.Flags().Changed(name) {
			faults = append(faults, fmt.Errorf("--%s is for --store bolt", name))
		}
	}
	if do.dsn == "" {
		faults = append(faults, errors.New("--store postgres needs a --dsn, such as postgres://localhost/scratch"))
	}
	for _, flag := range []struct {
		name     string
		is, most int
	}{{"lanes", do.lanes, 1024}, {"writers", do.writers, 1024}} {
		if cmd.Flags().Changed(flag.name) && (flag.is < 1 || flag.is > flag.most) {
			faults = append(faults, fmt.Errorf("%s is %d: between 1 and %d", flag.name, flag.is, flag.most))
		}
	}
	if do.latency < 0 || do.latency > time.Minute {
		faults = append(faults, fmt.Errorf("simulated latency is %s: between 0 and a minute", do.latency))
	}
	return faults
}

// newPostgresPlace connects to the database, past the network that is simulated.
func newPostgresPlace(ctx context.Context, do *benching) (_ benchPlace, err error) {
	p := &postgresPlace{benching: do, network: &benchNetwork{latency: do.latency}}
	if p.gauge, err = postgres.OpenGauge(ctx, do.dsn); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	settings, err := p.gauge.Settings(ctx, benchSettings...)
	if err != nil {
		return nil, errors.Join(err, p.gauge.Close(ctx))
	}
	p.sync = benchSync(settings)
	return p, nil
}

// benchSettings are what durability and speed hang on.
var benchSettings = []string{
	"synchronous_commit", "fsync", "full_page_writes", "synchronous_standby_names", "wal_level", "wal_sync_method", "wal_compression",
	"wal_buffers", "commit_delay", "max_wal_size", "checkpoint_timeout", "shared_buffers", "work_mem", "autovacuum", "data_checksums",
	"default_transaction_isolation", "jit",
}

// benchSync says what an acknowledgement rests on.
func benchSync(settings map[string]string) string {
	if settings["fsync"] == "off" || settings["full_page_writes"] == "off" {
		return fmt.Sprintf("NOT DURABLE: the server has fsync %s and full_page_writes %s", settings["fsync"], settings["full_page_writes"])
	}
	standby := "no standby is waited for"
	if names := settings["synchronous_standby_names"]; names != "" {
		standby = "standby " + names
	}
	return "COMMIT of the server, synchronous_commit on or stronger, fsync on, full pages in its log; " + standby
}

// ground implements benchPlace. Users open the store in the same way.
func (p *postgresPlace) ground(ctx context.Context) (bench.Ground, error) {
	if err := p.clear(ctx); err != nil {
		return bench.Ground{}, err
	}
	p.schema = newBenchSchema()
	return bench.Ground{
		Store: "postgres", Sync: p.sync, Server: p,
		Open: func() (_ bench.Store, err error) {
			if p.store, err = postgres.Open(ctx, p.dsn, postgres.Options{
				Schema: p.schema, Migrate: true, Lanes: p.lanes, Writers: p.writers, Dial: p.network.dial,
			}); err != nil {
				return nil, err
			}
			return sizedPostgres{p.store, p}, nil
		},
		Bound: func(writers int) (bench.Bound, error) {
			return postgres.OpenBound(ctx, p.dsn, postgres.BoundOptions{Schema: newBenchSchema(), Writers: writers, Dial: p.network.dial})
		},
	}, nil
}

// newBenchSchema names a schema that is not there.
func newBenchSchema() string {
	var number [8]byte
	_, _ = rand.Read(number[:]) // it never fails
	return "settlex_bench_" + hex.EncodeToString(number[:])
}

// clear removes what a run left.
func (p *postgresPlace) clear(ctx context.Context) error {
	if p.schema == "" {
		return nil
	}
	return p.gauge.DropSchema(context.WithoutCancel(ctx), p.schema)
}

// leave implements benchPlace.
func (p *postgresPlace) leave(good bool) (err error) {
	ctx := context.Background()
	if !good || !p.keep {
		err = p.clear(ctx)
	}
	return errors.Join(err, p.gauge.Close(ctx), p.network.close())
}

// Facts implements bench.Server.
func (p *postgresPlace) Facts(ctx context.Context) (*bench.ServerFacts, error) {
	settings, err := p.gauge.Settings(ctx, benchSettings...)
	if err != nil {
		return nil, err
	}
	return &bench.ServerFacts{
		Engine: string(p.gauge.Engine), Version: p.gauge.Server, Settings: settings,
		Lanes: p.store.Schema().Lanes, Writers: p.store.Writers(), Latency: float64(p.latency.Nanoseconds()) / 1e3,
	}, nil
}

// RoundTrips implements bench.Server.
func (p *postgresPlace) RoundTrips() int64 { return p.network.roundTrips() }

// LogBytes implements bench.Server.
func (p *postgresPlace) LogBytes(ctx context.Context) (int64, bool, error) {
	return p.gauge.LogBytes(ctx)
}

// sizedPostgres is the store with its size.
type sizedPostgres struct {
	*postgres.Store
	place *postgresPlace
}

// Size implements bench.Store.
func (s sizedPostgres) Size() (bench.Size, error) {
	bytes, _, err := s.place.gauge.Size(context.Background(), s.place.schema)
	return bench.Size{File: bytes, Used: bytes}, err
}
