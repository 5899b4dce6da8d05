package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/ledger"
)

// BoundOptions adjust OpenBound.
type BoundOptions struct {
	Schema  string // new, and gone when the bound is closed; required
	Writers int    // how many write at the same time; 0: one
	Dial    Dial   // nil: as usual
}

// Bound is a schema with rows and no ledger in it: what the database does when nobody looks at what is written, to hold a ledger's
// figures against. The tables with their constraints and indexes are a ledger's, and so are the rows; nothing is read, locked or
// updated. Every call is one transaction and one round trip, and durable when it returns.
type Bound struct {
	pool     *pgxpool.Pool
	schema   string
	rows     int64 // bare ones
	writers  []boundWriter
	accounts map[ledger.AccountID]*boundAccount
}

// boundWriter writes into a lane of its own.
type boundWriter struct {
	blocks, seq uint64
	peaks       []byte // of its log, see lanes.peaks
}

type boundAccount struct {
	id     int64 // account_id
	totals ledger.Balance
}

// OpenBound makes the schema in the database that a URL names.
func OpenBound(ctx context.Context, url string, o BoundOptions) (*Bound, error) {
	if o.Schema == "" {
		return nil, errors.New("make a bound: a new schema is needed")
	}
	b := &Bound{schema: o.Schema, writers: make([]boundWriter, max(1, o.Writers)), accounts: make(map[ledger.AccountID]*boundAccount)}
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = int32(min(len(b.writers), maxLanes)) //nolint:gosec // bounded
	if o.Dial != nil {
		config.ConnConfig.DialFunc = pgconn.DialFunc(o.Dial)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerArrays(conn.TypeMap())
		_, err := enter(ctx, conn, o.Schema)
		return err
	}
	if _, err := Migrate(ctx, url, MigrateOptions{Schema: o.Schema, Lanes: len(b.writers)}); err != nil {
		return nil, fmt.Errorf("make a bound: %w", err)
	}
	if b.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, err
	}
	if _, err := b.pool.Exec(ctx, "CREATE TABLE bare (id bigint PRIMARY KEY, body bytea NOT NULL)"); err != nil {
		return nil, errors.Join(fmt.Errorf("make a bound: %w", err), b.Close())
	}
	return b, nil
}

// Update writes one row, in a transaction of its own.
func (b *Bound) Update(row []byte) error {
	b.rows++
	if _, err := b.pool.Exec(context.Background(), "INSERT INTO bare (id, body) VALUES ($1::bigint, $2::bytea)", b.rows, row); err != nil {
		return fmt.Errorf("write a bare row: %w", err)
	}
	return nil
}

// Stage makes ready to write plain entries, whose canonical bytes are bodies, as the next block of a writer's lane; writers count
// from 0. Calls of Stage follow one another, those of write one another within a writer, in the order in which they were made ready.
func (b *Bound) Stage(writer int, entries []*ledger.Booked, bodies [][]byte) (write func() error, err error) {
	w := &b.writers[writer]
	lane := uint16(writer) //nolint:gosec // there are at most as many as lanes
	var items itemColumns
	var postings postingColumns
	var log logColumns
	items.grow(len(entries))
	block, sum := &ledger.Block{Lane: lane}, sha256.New()
	for i, entry := range entries {
		w.seq++
		booked := new(*entry)
		booked.Lane, booked.Seq = lane, w.seq
		ids, err := b.postings(&postings, booked)
		if err != nil {
			return nil, err
		}
		items.add(booked, ids, bodies[i])
		block.Items = append(block.Items, booked)
		sum.Write(bodies[i])
	}
	if err := log.gather(block, w.blocks, ledger.Hash(sum.Sum(nil)), w.peaks); err != nil {
		return nil, err
	}
	l := &link{begin: "BEGIN"}
	items.queue(l, laneArg(lane))
	postings.queue(l, laneArg(lane))
	log.queue(l, laneArg(lane), block, w.blocks)
	l.later("COMMIT")
	batch := l.waiting()
	w.blocks, w.peaks = w.blocks+1, log.peaks
	return func() error { return b.pool.SendBatch(context.Background(), batch).Close() }, nil
}

// postings adds those of an entry, with the totals they leave, and gives the accounts they name.
func (b *Bound) postings(columns *postingColumns, entry *ledger.Booked) (ids []int64, err error) {
	date := dateArg(entry.ValueDate)
	for no := range entry.Postings {
		p := &entry.Postings[no]
		a := b.accounts[p.ID()]
		if a == nil {
			a = &boundAccount{id: accountNo(0, uint64(len(b.accounts)+1))}
			b.accounts[p.ID()] = a
		}
		total := &a.totals.Debits
		if p.Side == ledger.Credit {
			total = &a.totals.Credits
		}
		if *total, err = total.Add(p.Amount); err != nil {
			return nil, err
		}
		columns.add(entry, date, no, a.id, &a.totals)
		ids = append(ids, a.id)
	}
	return ids, nil
}

// Close removes the schema and closes all connections.
func (b *Bound) Close() error {
	_, err := b.pool.Exec(context.Background(), "DROP SCHEMA "+pgx.Identifier{b.schema}.Sanitize()+" CASCADE")
	b.pool.Close()
	return err
}
