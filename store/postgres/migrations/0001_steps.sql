-- What a migrator needs before it can take turns with others. Nothing else may stand here: these statements run without a lease.

CREATE TABLE IF NOT EXISTS leases (
    name       text        NOT NULL,
    owner      text        NOT NULL,
    token      bigint      NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT leases_pkey PRIMARY KEY (name),
    CONSTRAINT leases_name_given CHECK (name <> ''),
    CONSTRAINT leases_token_positive CHECK (token > 0)
);

CREATE TABLE IF NOT EXISTS migrations (
    version    integer     NOT NULL,
    step       integer     NOT NULL,
    title      text        NOT NULL,
    sha256     bytea       NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT migrations_pkey PRIMARY KEY (version, step),
    CONSTRAINT migrations_version_positive CHECK (version > 0),
    CONSTRAINT migrations_step_positive CHECK (step > 0),
    CONSTRAINT migrations_sha256_length CHECK (octet_length(sha256) = 32)
);
