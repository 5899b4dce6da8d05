-- What the tables and their columns mean, for whoever reads them without the program.

COMMENT ON TABLE leases IS 'Who may do a job that only one process does at a time. The clock is the database''s.';
COMMENT ON COLUMN leases.name IS 'The job: migrate, or the name of one of the engine''s jobs.';
COMMENT ON COLUMN leases.owner IS 'Who took the lease last, in words.';
COMMENT ON COLUMN leases.token IS 'Fencing token: grows each time the lease changes hands. Work done under an older token is refused.';
COMMENT ON COLUMN leases.expires_at IS 'Until when the owner has it, unless it is renewed.';

COMMENT ON TABLE migrations IS 'Steps of migrations that have run: how this schema came about.';
COMMENT ON COLUMN migrations.version IS 'Number of the migration. The highest is the version of the schema.';
COMMENT ON COLUMN migrations.step IS 'Number of the statement within the migration, from 1.';
COMMENT ON COLUMN migrations.title IS 'What the statement makes.';
COMMENT ON COLUMN migrations.sha256 IS 'SHA-256 of the statement, to notice a migration that was edited after it ran.';
COMMENT ON COLUMN migrations.applied_at IS 'When it ran, by the clock of the database.';

COMMENT ON TABLE lanes IS 'The lanes of the journal, each an append-only sequence without gaps. A transaction that books locks the row of one lane.';
COMMENT ON COLUMN lanes.lane IS 'Number of the lane, from 0. How many there are is fixed when they are made.';
COMMENT ON COLUMN lanes.seq IS 'Sequence of the last item; 0: none yet.';
COMMENT ON COLUMN lanes.blocks IS 'Number of blocks, which are the leaves of the lane''s Merkle log.';
COMMENT ON COLUMN lanes.accounts IS 'Number of accounts that were opened in this lane.';
COMMENT ON COLUMN lanes.booked_at IS 'Booking instant of the last item, UTC; null: none yet.';
COMMENT ON COLUMN lanes.not_before IS 'Promise that no later item of the lane is booked at or before this instant; null: none given.';
COMMENT ON COLUMN lanes.closed IS 'Last closed value date of the ledger, the same in every lane; null: none.';
COMMENT ON COLUMN lanes.peaks IS 'Hashes of the right edge of the Merkle log, 32 bytes each: what adding a block needs to know.';

COMMENT ON TABLE currencies IS 'ISO 4217 currencies that have a minor unit.';
COMMENT ON COLUMN currencies.code IS 'Three-letter code.';
COMMENT ON COLUMN currencies.exponent IS 'Number of fraction digits: 2 for INR, 0 for JPY, 3 for KWD.';
COMMENT ON COLUMN currencies.minor_unit IS 'Value of one minor unit in major units: 0.01 for INR. An amount times this is in major units.';

COMMENT ON TABLE accounts IS 'Accounts: what they are, the limits they have, and, where single, what stands on them.';
COMMENT ON COLUMN accounts.account_id IS 'Number of the account: lane times 2^40 plus no.';
COMMENT ON COLUMN accounts.no IS 'Number of the account within the lane that opened it, in order of opening, from 1.';
COMMENT ON COLUMN accounts.limits_seq IS 'Sequence of the item that set the limits; 0: the chart of accounts did, or nobody.';
COMMENT ON COLUMN accounts.last_seq IS 'Sequence of the last item that touched the account itself; 0: none. Of a spread account, postings and holds are in balances.';
COMMENT ON COLUMN accounts.holds IS 'Number of open holds that have a leg on it. Of a spread account always 0: balances has them.';
COMMENT ON COLUMN accounts.opened_at IS 'Booking instant of the item that opened it, UTC.';
COMMENT ON COLUMN accounts.last_at IS 'Booking instant of the last item that touched the account itself, UTC; null: none.';
COMMENT ON COLUMN accounts.single_since IS 'Booking instant from which on it was single; null: it is not, or it was opened so.';
COMMENT ON COLUMN accounts.lane IS 'Lane that opened it.';
COMMENT ON COLUMN accounts.limits_lane IS 'Lane of limits_seq.';
COMMENT ON COLUMN accounts.last_lane IS 'Lane of last_seq.';
COMMENT ON COLUMN accounts.single IS 'True: its totals are in this row, because limits apply or applied to it. False: it is spread, its totals are in balances, one row for each lane.';
COMMENT ON COLUMN accounts.path IS 'Where it stands in the chart of accounts: segments joined by a slash.';
COMMENT ON COLUMN accounts.currency IS 'The only currency it holds.';
COMMENT ON COLUMN accounts.name IS 'The bytes of path, a space and currency. Accounts are listed in order of this, whatever the collation of the database.';
COMMENT ON COLUMN accounts.type IS 'asset, liability, equity, income or expense. Assets and expenses stand on the debit side, the others on the credit side.';
COMMENT ON COLUMN accounts.status IS 'open, no_debit (may not be debited), frozen or closed.';
COMMENT ON COLUMN accounts.debits IS 'Sum of all debits, minor units. Only grows. Of a spread account always 0: balances has them.';
COMMENT ON COLUMN accounts.credits IS 'Sum of all credits, minor units. Only grows. Of a spread account always 0: balances has them.';
COMMENT ON COLUMN accounts.held_debits IS 'Debits that open holds have set aside, minor units.';
COMMENT ON COLUMN accounts.held_credits IS 'Credits that open holds have set aside, minor units.';
COMMENT ON COLUMN accounts.floor IS 'What is available may not fall below this, minor units on the normal side; null: no bound.';
COMMENT ON COLUMN accounts.ceiling IS 'What stands on it may not rise above this, minor units on the normal side; null: no bound.';
COMMENT ON COLUMN accounts.velocity IS 'Limits on what flows through it within rolling windows; null: none.';
COMMENT ON COLUMN accounts.counters IS 'What those limits have counted; null: none.';
COMMENT ON COLUMN accounts.metadata IS 'Attributes of the account, an object of texts; null: none.';

COMMENT ON TABLE balances IS 'What stands on spread accounts, each lane''s share in a row. The sum over the lanes is the account''s. After an account has become single its rows stay as they were then, and count no more.';
COMMENT ON COLUMN balances.account_id IS 'The account.';
COMMENT ON COLUMN balances.last_seq IS 'Sequence, in this lane, of the last item that touched the share; 0: none.';
COMMENT ON COLUMN balances.holds IS 'Holds placed less holds ended in this lane. May be negative: a hold may end in another lane than its own.';
COMMENT ON COLUMN balances.last_at IS 'Booking instant of the last item that touched the share, UTC; null: none.';
COMMENT ON COLUMN balances.lane IS 'The lane whose items the share counts.';
COMMENT ON COLUMN balances.debits IS 'Sum of the debits booked in this lane, minor units. Only grows.';
COMMENT ON COLUMN balances.credits IS 'Sum of the credits booked in this lane, minor units. Only grows.';
COMMENT ON COLUMN balances.held_debits IS 'Debits set aside less debits given back in this lane, minor units. May be negative, as holds.';
COMMENT ON COLUMN balances.held_credits IS 'Credits set aside less credits given back in this lane, minor units. May be negative, as holds.';

COMMENT ON TABLE blocks IS 'Runs of items that were saved together. Their leaves form the Merkle log of the lane.';
COMMENT ON COLUMN blocks.block_no IS 'Number of the block within its lane, from 0.';
COMMENT ON COLUMN blocks.first_seq IS 'Sequence of the first item of the block.';
COMMENT ON COLUMN blocks.last_seq IS 'Sequence of the last item of the block.';
COMMENT ON COLUMN blocks.lane IS 'Lane of the block.';
COMMENT ON COLUMN blocks.leaf IS 'Root of the Merkle tree (RFC 6962) over the bodies of the items, 32 bytes.';

COMMENT ON TABLE log_hashes IS 'Stored hashes of the Merkle log of each lane.';
COMMENT ON COLUMN log_hashes.hash_no IS 'Place of the hash in the order in which hashes are stored, from 0.';
COMMENT ON COLUMN log_hashes.lane IS 'Lane of the log.';
COMMENT ON COLUMN log_hashes.hash IS 'SHA-256 hash, 32 bytes.';

COMMENT ON TABLE items IS 'The journal: everything that was ever booked, entries and all other acts. Rows are never changed nor removed. The columns repeat what body says, so that it can be searched.';
COMMENT ON COLUMN items.seq IS 'Place in the lane, from 1, without gaps.';
COMMENT ON COLUMN items.booked_at IS 'Booking instant, UTC, whole microseconds. Never before that of an earlier item of the lane.';
COMMENT ON COLUMN items.value_date IS 'Date from which an entry counts; null: the item is no entry and has none.';
COMMENT ON COLUMN items.lane IS 'Lane of the item.';
COMMENT ON COLUMN items.breached IS 'True: a limit was breached, as the chart of accounts allows for this kind.';
COMMENT ON COLUMN items.act IS 'What it did. posted, captured and reversed are entries, which change balances; held, released, expired, changed, closed, reopened, refused do not.';
COMMENT ON COLUMN items.key IS 'Idempotency key of the request, taken once for ever; null: it has none, nobody asked for it.';
COMMENT ON COLUMN items.kind IS 'What it is, in the words of whoever booked it.';
COMMENT ON COLUMN items.reference IS 'Free reference; empty: none.';
COMMENT ON COLUMN items.owner IS 'Part of the house that alone may reverse it; empty: anybody may.';
COMMENT ON COLUMN items.part_of IS 'Key of the entry this one hangs on; empty: none.';
COMMENT ON COLUMN items.accounts IS 'Accounts its postings name, by account_id, each once.';
COMMENT ON COLUMN items.metadata IS 'Attributes, an object of texts; null: none.';
COMMENT ON COLUMN items.body IS 'Canonical bytes of the item: the truth, and what the Merkle log proves.';

COMMENT ON TABLE postings IS 'The legs of entries. Rows are never changed nor removed.';
COMMENT ON COLUMN postings.account_id IS 'The account that is debited or credited.';
COMMENT ON COLUMN postings.seq IS 'Sequence of the entry in its lane.';
COMMENT ON COLUMN postings.booked_at IS 'Booking instant of the entry, UTC.';
COMMENT ON COLUMN postings.value_date IS 'Value date of the entry.';
COMMENT ON COLUMN postings.lane IS 'Lane of the entry.';
COMMENT ON COLUMN postings.no IS 'Place of the posting in its entry.';
COMMENT ON COLUMN postings.side IS 'D: debit, C: credit.';
COMMENT ON COLUMN postings.amount IS 'Amount in minor units, greater than 0. The side gives the direction, never a sign.';
COMMENT ON COLUMN postings.debits_after IS 'Sum of debits after this posting, minor units: of the share of the lane while the account is spread, of the whole account once it is single.';
COMMENT ON COLUMN postings.credits_after IS 'Sum of credits after this posting, likewise.';

COMMENT ON TABLE records IS 'Resources of the rooms above the ledger: deposits, batches and so on, each as it stands now. The views of their kinds read them into columns.';
COMMENT ON COLUMN records.changed_at IS 'Booking instant at which it was last written, UTC.';
COMMENT ON COLUMN records.lane IS 'Lane of the transaction that changed it last.';
COMMENT ON COLUMN records.kind IS 'Kind of resource.';
COMMENT ON COLUMN records.id IS 'Id within the kind, as bytes, because ids are listed in the order of their bytes.';
COMMENT ON COLUMN records.body IS 'The resource. Amounts are texts of minor units.';
