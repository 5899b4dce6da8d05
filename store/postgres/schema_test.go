package postgres_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// firstColumn gives the first column of a query.
func firstColumn(t *testing.T, conn *pgx.Conn, query string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

func TestEverythingHasAComment(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		const relations = `SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'p')`
		if n := len(firstColumn(t, conn, relations)); n < 28 {
			t.Errorf("%d tables and views", n)
		}
		if bare := firstColumn(t, conn, relations+" AND coalesce(obj_description(c.oid, 'pg_class'), '') = ''"); len(bare) > 0 {
			t.Errorf("no comment on tables and views %q", bare)
		}
		const columns = `SELECT c.relname || '.' || a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'`
		if bare := firstColumn(t, conn, columns+" AND coalesce(col_description(c.oid, a.attnum), '') = ''"); len(bare) > 0 {
			t.Errorf("no comment on columns %q", bare)
		}
	})
}

// named finds what the migrations name themselves.
func named(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob("migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(text), -1) {
			names = append(names, match[1])
		}
	}
	slices.Sort(names)
	return names
}

func TestEveryNameIsOurs(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		// PostgreSQL 18 has constraints of type n, too: NOT NULL, which no other engine can name.
		constraints := firstColumn(t, conn, `SELECT conname FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n' ORDER BY conname COLLATE "C"`)
		if diff := cmp.Diff(named(t, `CONSTRAINT (\w+)`), constraints); diff != "" {
			t.Errorf("constraints (-migrations +database):\n%s", diff)
		}
		indexes := firstColumn(t, conn, `SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'i'
AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = c.oid) ORDER BY c.relname COLLATE "C"`)
		if diff := cmp.Diff(named(t, `CREATE INDEX IF NOT EXISTS (\w+)`), indexes); diff != "" {
			t.Errorf("indexes (-migrations +database):\n%s", diff)
		}
	})
}

// literals are a row of a table: SQL literals by column.
type literals map[string]string

// with gives the row with other columns.
func (r literals) with(other literals) literals {
	out := maps.Clone(r)
	maps.Copy(out, other)
	return out
}

// insert is the statement that writes the row.
func (r literals) insert(table string) string {
	columns := slices.Sorted(maps.Keys(r))
	values := make([]string, len(columns))
	for i, c := range columns {
		values[i] = r[c]
	}
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
}

const hash = `decode(repeat('ab', 32), 'hex')`

// soundRows are rows that every table takes.
func soundRows() map[string]literals {
	return map[string]literals{
		"leases":     {"name": "'job'", "owner": "'me'", "token": "1", "expires_at": "now()"},
		"migrations": {"version": "99", "step": "1", "title": "'t'", "sha256": hash},
		"lanes":      {"lane": "500", "seq": "3", "blocks": "2", "accounts": "1", "booked_at": "now()", "peaks": hash, "events": "4", "told_at": "now()"},
		"currencies": {"code": "'QQQ'", "exponent": "2", "minor_unit": "0.01"},
		"accounts": {"account_id": "(1::bigint << 40) + 7", "lane": "1", "no": "7", "path": "'a/b'", "currency": "'INR'", "name": "'a/b INR'", "type": "'asset'",
			"status": "'open'", "opened_at": "now()", "single": "true", "floor": "-5", "ceiling": "10", "velocity": "'[]'", "counters": "'[]'", "metadata": "'{}'",
			"single_since": "now()", "debits": "3", "held_debits": "2", "holds": "1"},
		"balances":   {"account_id": "7", "lane": "1", "debits": "1", "credits": "2", "held_debits": "-3", "held_credits": "-4", "holds": "-1", "last_seq": "9"},
		"blocks":     {"lane": "1", "block_no": "0", "first_seq": "1", "last_seq": "1", "leaf": hash},
		"log_hashes": {"lane": "1", "hash_no": "0", "hash": hash},
		"items": {"lane": "1", "seq": "1", "booked_at": "now()", "act": "'posted'", "key": "'k'", "kind": "'sale'", "value_date": "'2026-01-31'", "metadata": "'{}'",
			"accounts": "'{7}'", "body": "'x'"},
		"postings": {"account_id": "7", "lane": "1", "seq": "1", "no": "0", "booked_at": "'2026-01-31 12:00Z'", "value_date": "'2026-01-31'", "side": "'D'", "amount": "1",
			"debits_after": "1", "credits_after": "0"},
		"records": {"kind": "'deposit'", "id": "'d1'", "body": "'{}'", "changed_at": "now()"},
		"events": {"lane": "1", "event_no": "1", "told_at": "now()", "type": "'deposit.succeeded'", "object_kind": "'deposit'", "object_id": "'d1'", "sequence": "1",
			"data": "'{}'"},
	}
}

// badRows breaks each constraint by itself.
func badRows() map[string][]literals {
	spread := literals{"single": "false", "floor": "NULL", "ceiling": "NULL", "velocity": "NULL", "counters": "NULL", "single_since": "NULL", "debits": "0", "held_debits": "0", "holds": "0"}
	return map[string][]literals{
		"leases_pkey":           {{}},
		"leases_name_given":     {{"name": "''"}},
		"leases_token_positive": {{"token": "0"}},

		"migrations_pkey":             {{}},
		"migrations_version_positive": {{"version": "0"}},
		"migrations_step_positive":    {{"step": "0"}},
		"migrations_sha256_length":    {{"sha256": "'x'"}},

		"lanes_pkey":            {{}},
		"lanes_lane_range":      {{"lane": "-1"}, {"lane": "1024"}},
		"lanes_blocks_range":    {{"lane": "501", "blocks": "4"}, {"lane": "501", "blocks": "-1"}, {"lane": "501", "seq": "-1", "blocks": "-1"}},
		"lanes_accounts_range":  {{"lane": "501", "accounts": "-1"}, {"lane": "501", "accounts": "1::bigint << 40"}},
		"lanes_booked_at_given": {{"lane": "501", "booked_at": "NULL"}, {"lane": "501", "seq": "0", "blocks": "0"}},
		"lanes_peaks_length":    {{"lane": "501", "peaks": "'x'"}},
		"lanes_events_sign":     {{"lane": "501", "events": "-1"}},
		"lanes_told_at_given":   {{"lane": "501", "told_at": "NULL"}, {"lane": "501", "events": "0"}},

		"currencies_pkey":             {{}},
		"currencies_code_length":      {{"code": "'QQ'"}},
		"currencies_exponent_range":   {{"code": "'QQR'", "exponent": "-1"}, {"code": "'QQR'", "exponent": "10"}},
		"currencies_minor_unit_range": {{"code": "'QQR'", "minor_unit": "0"}, {"code": "'QQR'", "minor_unit": "1.01"}},

		"accounts_pkey":                {{}},
		"accounts_name_key":            {{"account_id": "(1::bigint << 40) + 8", "no": "8"}},
		"accounts_path_currency_key":   {}, // breaks with accounts_name_key
		"accounts_lane_fkey":           {other(literals{"lane": "17", "account_id": "(17::bigint << 40) + 9"})},
		"accounts_currency_fkey":       {other(literals{"currency": "'XXX'", "name": "'a/c XXX'"})},
		"accounts_account_id_parts":    {other(literals{"no": "8"}), other(literals{"lane": "2"})},
		"accounts_no_range":            {other(literals{"no": "0", "account_id": "1::bigint << 40"}), other(literals{"no": "1::bigint << 40", "account_id": "2::bigint << 40"})},
		"accounts_name_parts":          {other(literals{"name": "'a/b EUR'"})},
		"accounts_path_given":          {other(literals{"path": "''", "name": "' INR'"})},
		"accounts_type_known":          {other(literals{"type": "'assets'"})},
		"accounts_status_known":        {other(literals{"status": "'dead'"})},
		"accounts_totals_sign":         {other(literals{"debits": "-1"}), other(literals{"credits": "-1"})},
		"accounts_held_sign":           {other(literals{"held_debits": "-1"}), other(literals{"held_credits": "-1"}), other(literals{"holds": "-1"})},
		"accounts_places_sign":         {other(literals{"last_seq": "-1"}), other(literals{"limits_seq": "-1"}), other(literals{"last_lane": "-1"}), other(literals{"limits_lane": "-1"})},
		"accounts_ceiling_range":       {other(literals{"ceiling": "-6"})},
		"accounts_limits_single":       {other(spread.with(literals{"floor": "0"})), other(spread.with(literals{"ceiling": "0"})), other(spread.with(literals{"velocity": "'[]'"})), other(spread.with(literals{"counters": "'[]'"}))},
		"accounts_totals_single":       {other(spread.with(literals{"debits": "1"})), other(spread.with(literals{"credits": "1"})), other(spread.with(literals{"held_debits": "1"})), other(spread.with(literals{"held_credits": "1"})), other(spread.with(literals{"holds": "1"}))},
		"accounts_single_since_single": {other(spread.with(literals{"single_since": "now()"}))},
		"accounts_velocity_array":      {other(literals{"velocity": "'{}'"})},
		"accounts_counters_array":      {other(literals{"counters": "'{}'"})},
		"accounts_metadata_object":     {other(literals{"metadata": "'[]'"})},

		"balances_pkey":          {{}},
		"balances_lane_range":    {{"lane": "-1"}, {"lane": "1024"}},
		"balances_totals_sign":   {{"lane": "2", "debits": "-1"}, {"lane": "2", "credits": "-1"}},
		"balances_last_seq_sign": {{"lane": "2", "last_seq": "-1"}},

		"blocks_pkey":               {{}},
		"blocks_lane_first_seq_key": {{"block_no": "1"}},
		"blocks_lane_fkey":          {{"lane": "17"}},
		"blocks_block_no_sign":      {{"block_no": "-1"}},
		"blocks_seqs_order":         {{"block_no": "1", "first_seq": "0"}, {"block_no": "1", "first_seq": "2"}},
		"blocks_leaf_length":        {{"block_no": "1", "leaf": "'x'"}},

		"log_hashes_pkey":         {{}},
		"log_hashes_lane_range":   {{"lane": "-1"}, {"lane": "1024"}},
		"log_hashes_hash_no_sign": {{"hash_no": "-1"}},
		"log_hashes_hash_length":  {{"hash_no": "1", "hash": "''"}},

		"items_pkey":             {{"key": "'other'"}},
		"items_key_key":          {{"seq": "2"}},
		"items_lane_range":       {{"lane": "-1"}, {"lane": "1024"}},
		"items_seq_positive":     {{"seq": "0"}},
		"items_act_known":        {{"seq": "2", "act": "'done'"}},
		"items_key_given":        {{"seq": "2", "key": "''"}},
		"items_value_date_given": {{"seq": "2", "value_date": "NULL"}, {"seq": "2", "value_date": "NULL", "act": "'captured'"}, {"seq": "2", "value_date": "NULL", "act": "'reversed'"}},
		"items_metadata_object":  {{"seq": "2", "metadata": "'[]'"}},
		"items_body_given":       {{"seq": "2", "body": "''"}},

		"postings_pkey":            {{}},
		"postings_lane_range":      {{"lane": "-1"}, {"lane": "1024"}},
		"postings_seq_positive":    {{"seq": "0"}},
		"postings_no_sign":         {{"no": "-1"}},
		"postings_side_known":      {{"side": "'X'"}},
		"postings_amount_positive": {{"amount": "0"}, {"amount": "-1"}},
		"postings_totals_sign":     {{"debits_after": "-1"}, {"credits_after": "-1"}},

		"events_pkey":              {{}},
		"events_lane_range":        {{"lane": "-1"}, {"lane": "1024"}},
		"events_event_no_positive": {{"event_no": "0"}},
		"events_sequence_positive": {{"event_no": "2", "sequence": "0"}},
		"events_type_given":        {{"event_no": "2", "type": "''"}},
		"events_object_given":      {{"event_no": "2", "object_kind": "''"}, {"event_no": "2", "object_id": "''"}},
		"events_data_given":        {{"event_no": "2", "data": "''"}},

		"records_pkey":        {{}},
		"records_lane_range":  {{"lane": "-1"}, {"lane": "1024"}},
		"records_kind_given":  {{"kind": "''"}},
		"records_id_given":    {{"id": "''"}},
		"records_body_object": {{"id": "'d2'", "body": "'[]'"}},
	}
}

// other is an account beside the sound one.
func other(r literals) literals {
	return literals{"account_id": "(1::bigint << 40) + 9", "no": "9", "path": "'a/c'", "name": "'a/c INR'"}.with(r)
}

func TestChecksRefuseBadRows(t *testing.T) {
	t.Parallel()
	onServers(t, func(on database) {
		t, url := on.T, on.url
		conn := migrated(t, url)
		sound := soundRows()
		for _, table := range slices.Sorted(maps.Keys(sound)) {
			execute(t, conn, sound[table].insert(table))
		}
		bad := badRows()
		if diff := cmp.Diff(named(t, `CONSTRAINT (\w+)`), slices.Sorted(maps.Keys(bad))); diff != "" {
			t.Errorf("constraints that are tried (-there +tried):\n%s", diff)
		}
		for constraint, rows := range bad {
			table := tableOf(constraint, sound)
			for _, r := range rows {
				statement := sound[table].with(r).insert(table)
				_, err := conn.Exec(t.Context(), statement)
				broken, ok := errors.AsType[*pgconn.PgError](err)
				if !ok || broken.ConstraintName != constraint {
					t.Errorf("%s: error %v, want %s to refuse it", statement, err, constraint)
				}
			}
		}
	})
}

// tableOf gives the table whose name a constraint's begins with.
func tableOf(constraint string, tables map[string]literals) string {
	for table := range tables {
		if strings.HasPrefix(constraint, table+"_") {
			return table
		}
	}
	return ""
}
