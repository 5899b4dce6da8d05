package postgres_test //nolint:testableexamples // needs a server: TestExampleWrap runs it where there is one

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/postgres"
)

// A shop has its own tables and the ledger in one database. An order and its entry commit or vanish together.
func ExampleWrap() {
	told, err := takeOrders(context.Background(), os.Getenv("DATABASE_URL"))
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(told)
	// order-1 taken
	// order-2 refused: "order-2": insufficient funds: vouchers/A has INR 20.00 available, 30.00 is asked for, the floor is 0.00
}

func takeOrders(ctx context.Context, url string) (told string, err error) {
	store, err := postgres.Open(ctx, url, postgres.Options{Migrate: true})
	if err != nil {
		return told, err
	}
	defer store.Close()
	chart, err := ledger.NewChart(
		ledger.Pattern{Path: "bank", Type: ledger.Asset},
		ledger.Pattern{Path: "vouchers/{code}", Type: ledger.Liability, Limited: true}, // never below zero
		ledger.Pattern{Path: "sales", Type: ledger.Income},
	)
	if err != nil {
		return told, err
	}
	books, err := ledger.New(store, ledger.Config{Chart: chart})
	if err != nil {
		return told, err
	}
	if _, err := books.Post(ctx, move("voucher-A", "bank", "vouchers/A", 50_00)); err != nil {
		return told, err
	}

	pool, err := pgxpool.New(ctx, url) // the shop's own
	if err != nil {
		return told, err
	}
	defer pool.Close()
	if _, err := pool.Exec(ctx, "CREATE TABLE orders (id text PRIMARY KEY, voucher text NOT NULL)"); err != nil {
		return told, err
	}
	for _, id := range []string{"order-1", "order-2"} {
		switch err := order(ctx, pool, books, id); {
		case errors.Is(err, ledger.ErrInsufficientFunds):
			told += fmt.Sprintln(id, "refused:", err)
		case err != nil:
			return told, err
		default:
			told += fmt.Sprintln(id, "taken")
		}
	}
	return told, nil
}

// order takes an order of 30.00 that is paid with voucher A. A conflict with another transaction is tried again from the start.
func order(ctx context.Context, pool *pgxpool.Pool, books *ledger.Ledger, id string) error {
	for {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO orders VALUES ($1, 'A')", id); err != nil {
				return err
			}
			_, err := books.PostTx(ctx, postgres.Wrap(tx), move(id, "vouchers/A", "sales", 30_00))
			return err
		})
		if conflict := (*postgres.ConflictError)(nil); !errors.As(err, &conflict) {
			return err
		}
	}
}

func move(key, from, to string, minor int64) ledger.Entry {
	inr := money.MustCurrency("INR")
	return ledger.Entry{Key: key, Kind: "order", Postings: []ledger.Posting{ledger.Dr(from, money.Minor(minor), inr), ledger.Cr(to, money.Minor(minor), inr)}}
}
