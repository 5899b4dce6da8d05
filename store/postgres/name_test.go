package postgres_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/store/postgres"
)

// A name has no password, wherever the URL has it.
func TestName(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, url, want string }{
		{"plain", "postgres://settlex@db1:5432/books", "postgres://db1:5432/books"},
		{"password", "postgres://settlex:secret@db1/books?sslmode=disable", "postgres://db1:5432/books"},
		{"password as a parameter", "postgresql://db1/books?user=u&password=secret", "postgres://db1:5432/books"},
		{"several hosts", "postgres://u:secret@db1:5432,db2:5433/books?target_session_attrs=read-write", "postgres://db1:5432,db2:5433/books"},
		{"IPv6", "postgres://u:secret@[::1]:5432/books", "postgres://[::1]:5432/books"},
		{"socket", "postgres:///books?host=/run/postgresql&password=secret", "postgres:///run/postgresql/books"},
		{"no URL", "postgres://u:secret@db1:port/books", "postgres://?"},
		{"no URL either", "postgres://u:sec%ret@db1/books", "postgres://?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, postgres.Name(tt.url)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
