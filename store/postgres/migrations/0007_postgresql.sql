-- Gains that PostgreSQL alone can have: room beside rows that change often, so that no index is touched when they do, and small
-- indexes by time on tables that only grow.

-- engines: postgresql
ALTER TABLE lanes SET (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- engines: postgresql
ALTER TABLE accounts SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

-- engines: postgresql
ALTER TABLE balances SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

-- engines: postgresql
ALTER TABLE records SET (fillfactor = 80);

-- engines: postgresql
CREATE INDEX IF NOT EXISTS items_booked_at_idx ON items USING brin (booked_at);

-- engines: postgresql
CREATE INDEX IF NOT EXISTS postings_booked_at_idx ON postings USING brin (booked_at);
