-- The journal: items in lanes, their blocks and logs, and the postings of entries.

CREATE TABLE IF NOT EXISTS blocks (
    block_no  bigint   NOT NULL,
    first_seq bigint   NOT NULL,
    last_seq  bigint   NOT NULL,
    lane      smallint NOT NULL,
    leaf      bytea    NOT NULL,
    CONSTRAINT blocks_pkey PRIMARY KEY (lane, block_no),
    CONSTRAINT blocks_lane_first_seq_key UNIQUE (lane, first_seq),
    CONSTRAINT blocks_lane_fkey FOREIGN KEY (lane) REFERENCES lanes (lane),
    CONSTRAINT blocks_block_no_sign CHECK (block_no >= 0),
    CONSTRAINT blocks_seqs_order CHECK (first_seq BETWEEN 1 AND last_seq),
    CONSTRAINT blocks_leaf_length CHECK (octet_length(leaf) = 32)
);

CREATE TABLE IF NOT EXISTS log_hashes (
    hash_no bigint   NOT NULL,
    lane    smallint NOT NULL,
    hash    bytea    NOT NULL,
    CONSTRAINT log_hashes_pkey PRIMARY KEY (lane, hash_no),
    CONSTRAINT log_hashes_lane_range CHECK (lane BETWEEN 0 AND 1023),
    CONSTRAINT log_hashes_hash_no_sign CHECK (hash_no >= 0),
    CONSTRAINT log_hashes_hash_length CHECK (octet_length(hash) = 32)
);

CREATE TABLE IF NOT EXISTS items (
    seq        bigint      NOT NULL,
    booked_at  timestamptz NOT NULL,
    value_date date        NULL,
    lane       smallint    NOT NULL,
    breached   boolean     NOT NULL DEFAULT false,
    act        text        NOT NULL,
    key        text        NULL,
    kind       text        NOT NULL DEFAULT '',
    reference  text        NOT NULL DEFAULT '',
    owner      text        NOT NULL DEFAULT '',
    part_of    text        NOT NULL DEFAULT '',
    accounts   bigint[]    NOT NULL DEFAULT '{}',
    metadata   jsonb       NULL,
    body       bytea       NOT NULL,
    CONSTRAINT items_pkey PRIMARY KEY (lane, seq),
    CONSTRAINT items_key_key UNIQUE (key),
    CONSTRAINT items_lane_range CHECK (lane BETWEEN 0 AND 1023),
    CONSTRAINT items_seq_positive CHECK (seq > 0),
    CONSTRAINT items_act_known CHECK (act IN ('posted', 'held', 'captured', 'released', 'expired', 'reversed', 'changed', 'closed', 'reopened', 'refused')),
    CONSTRAINT items_key_given CHECK (key <> ''),
    CONSTRAINT items_value_date_given CHECK (value_date IS NOT NULL OR act NOT IN ('posted', 'captured', 'reversed')),
    CONSTRAINT items_metadata_object CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT items_body_given CHECK (octet_length(body) > 0)
);

CREATE INDEX IF NOT EXISTS items_reference_idx ON items (reference, booked_at, lane, seq) WHERE reference <> '';

CREATE TABLE IF NOT EXISTS postings (
    account_id    bigint        NOT NULL,
    seq           bigint        NOT NULL,
    booked_at     timestamptz   NOT NULL,
    value_date    date          NOT NULL,
    lane          smallint      NOT NULL,
    no            smallint      NOT NULL,
    side          text          NOT NULL,
    amount        numeric(38,0) NOT NULL,
    debits_after  numeric(38,0) NOT NULL,
    credits_after numeric(38,0) NOT NULL,
    CONSTRAINT postings_pkey PRIMARY KEY (account_id, lane, booked_at, seq, no),
    CONSTRAINT postings_lane_range CHECK (lane BETWEEN 0 AND 1023),
    CONSTRAINT postings_seq_positive CHECK (seq > 0),
    CONSTRAINT postings_no_sign CHECK (no >= 0),
    CONSTRAINT postings_side_known CHECK (side IN ('D', 'C')),
    CONSTRAINT postings_amount_positive CHECK (amount > 0),
    CONSTRAINT postings_totals_sign CHECK (debits_after >= 0 AND credits_after >= 0)
);

CREATE INDEX IF NOT EXISTS postings_value_date_idx ON postings (account_id, value_date, booked_at, lane, seq);
