package postgres

import (
	"github.com/jackc/pgx/v5"
)

// linkRows are rows that tell the link what went wrong, and close the batch they came in when it is theirs alone.
type linkRows struct {
	pgx.Rows                  // nil: there are none
	link     *link            // nil: results tell it
	results  pgx.BatchResults // nil: somebody else closes them
	err      error
}

// Next implements pgx.Rows.
func (r *linkRows) Next() bool {
	if r.Rows == nil {
		return false
	}
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close implements pgx.Rows.
func (r *linkRows) Close() {
	if r.Rows != nil {
		r.Rows.Close()
		r.keep(r.Rows.Err())
	}
	if r.results != nil {
		results := r.results
		r.results = nil
		r.keep(results.Close())
	}
}

func (r *linkRows) keep(err error) {
	if r.link != nil {
		_ = r.link.note(err)
	}
	if r.err == nil {
		r.err = err
	}
}

// Err implements pgx.Rows.
func (r *linkRows) Err() error {
	if r.err == nil && r.Rows != nil {
		return r.Rows.Err()
	}
	return r.err
}

// linkRow is the first of some rows.
type linkRow struct {
	rows pgx.Rows
	err  error
}

// Scan implements pgx.Row.
func (r *linkRow) Scan(into ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(into...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
