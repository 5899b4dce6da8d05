package postgres

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

const (
	nextKindSQL = `SELECT min(kind) FROM records WHERE kind > $1`

	currenciesSQL = `SELECT code, exponent, minor_unit::text FROM currencies ORDER BY code`

	// Leases are for seconds, and for a minute while a schema is brought up.
	leasesSQL = `SELECT name, owner, expires_at::text FROM leases WHERE expires_at > now() + interval '1 day' OR owner = '' AND expires_at > now() ORDER BY name`
)

// records reads every record. It reads on behind a bad one.
func (c *checker) records(ctx context.Context) error {
	for kind := ""; ; {
		var next *string
		if err := c.db.QueryRow(ctx, nextKindSQL, kind).Scan(&next); err != nil {
			return unreadable("records", err)
		}
		if next == nil {
			return nil
		}
		kind = *next
		for row, err := range c.recordRows(ctx, kind, "", "") {
			if err != nil {
				return err
			}
			ref := ledger.Ref{Kind: kind, ID: string(row.id)}
			if _, err := decodeRecord(ref, row.body); err != nil {
				c.find("record "+ref.String(), "a readable record", err.Error())
			}
		}
	}
}

// currencies compares the table that views take minor units from with what the program knows.
func (c *checker) currencies(ctx context.Context) error {
	list, err := collect(ctx, c, "currencies", func(row pgx.CollectableRow) (r [2]string, err error) {
		var exponent int
		var unit string
		err = row.Scan(&r[0], &exponent, &unit)
		r[1] = minorUnit(exponent, unit)
		return r, err
	}, currenciesSQL)
	if err != nil {
		return err
	}
	stored := make(map[string]string, len(list))
	for _, r := range list {
		stored[r[0]] = r[1]
	}
	for currency := range money.Currencies() {
		have, ok := stored[currency.String()]
		if !ok {
			have = "nothing"
		}
		c.differ("currency "+currency.String(), minorUnit(currency.Exponent(), currency.Format(money.Minor(1))), have)
	}
	return nil
}

func minorUnit(exponent int, unit string) string {
	return "exponent " + strconv.Itoa(exponent) + ", minor unit " + unit
}

// leases looks for those that would keep everybody out.
func (c *checker) leases(ctx context.Context) error {
	list, err := collect(ctx, c, "leases", func(row pgx.CollectableRow) (r [3]string, err error) {
		err = row.Scan(&r[0], &r[1], &r[2])
		return r, err
	}, leasesSQL)
	if err != nil {
		return err
	}
	for _, r := range list {
		c.find("lease "+r[0], "an owner, for a day at most", "owner "+strconv.Quote(r[1])+", until "+r[2])
	}
	return nil
}
