-- The resources of the rooms above the ledger.

CREATE TABLE IF NOT EXISTS records (
    changed_at timestamptz NOT NULL,
    lane       smallint    NOT NULL DEFAULT 0,
    kind       text        NOT NULL,
    id         bytea       NOT NULL,
    body       jsonb       NOT NULL,
    CONSTRAINT records_pkey PRIMARY KEY (kind, id),
    CONSTRAINT records_lane_range CHECK (lane BETWEEN 0 AND 1023),
    CONSTRAINT records_kind_given CHECK (kind <> ''),
    CONSTRAINT records_id_given CHECK (octet_length(id) > 0),
    CONSTRAINT records_body_object CHECK (jsonb_typeof(body) = 'object')
);
