package postgres

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/money"
)

// addCurrencies writes currencies with the value of their minor unit, which spares every view a division.
func (m *migrator) addCurrencies(ctx context.Context, missing []money.Currency) error {
	if len(missing) == 0 {
		return nil
	}
	var codes, units []string
	var exponents []int16
	for _, c := range missing {
		codes, exponents = append(codes, c.String()), append(exponents, int16(c.Exponent()))
		units = append(units, c.Format(money.Minor(1)))
	}
	const add = `INSERT INTO currencies (code, exponent, minor_unit)
SELECT c.code, c.exponent, c.unit::numeric FROM unnest($1::text[], $2::smallint[], $3::text[]) AS c (code, exponent, unit)
ON CONFLICT (code) DO NOTHING`
	tag, err := m.conn.Exec(ctx, add, codes, exponents, units)
	if err != nil {
		return fmt.Errorf("write %d currencies: %w", len(codes), err)
	}
	m.applied.Currencies += int(tag.RowsAffected())
	return nil
}

// addLanes writes the rows of the lanes, once and for all.
func (m *migrator) addLanes(ctx context.Context) error {
	const add = `INSERT INTO lanes (lane)
SELECT g::smallint FROM generate_series(0, $1::integer - 1) AS g WHERE NOT EXISTS (SELECT 1 FROM lanes)`
	tag, err := m.conn.Exec(ctx, add, m.options.Lanes)
	if err != nil {
		return fmt.Errorf("write %d lanes: %w", m.options.Lanes, err)
	}
	m.applied.Lanes, m.applied.NewLanes = m.options.Lanes, tag.RowsAffected() > 0
	return nil
}
