-- The resources of the rooms above the ledger.

CREATE TABLE IF NOT EXISTS records (
    changed_at timestamptz NOT NULL,
    kind       text        NOT NULL,
    id         bytea       NOT NULL,
    body       jsonb       NOT NULL,
    CONSTRAINT records_pkey PRIMARY KEY (kind, id),
    CONSTRAINT records_kind_given CHECK (kind <> ''),
    CONSTRAINT records_id_given CHECK (octet_length(id) > 0),
    CONSTRAINT records_body_object CHECK (jsonb_typeof(body) = 'object')
);
