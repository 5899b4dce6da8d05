-- What auditors and BI tools read. Amounts are in minor units; columns that end in _major are in major units. Instants are UTC.
-- CockroachDB has no comments on views before 26.3.

CREATE OR REPLACE VIEW v_accounts AS
SELECT t.account_id, t.path, t.currency, t.type, t.status, t.opened_at, t.debits, t.credits, t.balance, t.held, t.balance - t.held AS available,
       t.balance * t.minor_unit AS balance_major, t.held * t.minor_unit AS held_major, (t.balance - t.held) * t.minor_unit AS available_major,
       t.holds, t.floor, t.ceiling, t.metadata
FROM (
    SELECT a.account_id, a.path, a.currency, a.type, a.status, a.opened_at, a.floor, a.ceiling, a.metadata, c.minor_unit,
           a.debits + s.debits AS debits,
           a.credits + s.credits AS credits,
           a.holds + s.holds AS holds,
           CASE WHEN a.type IN ('asset', 'expense') THEN a.debits + s.debits - a.credits - s.credits ELSE a.credits + s.credits - a.debits - s.debits END AS balance,
           CASE WHEN a.type IN ('asset', 'expense') THEN a.held_credits + s.held_credits ELSE a.held_debits + s.held_debits END AS held
    FROM accounts a
    JOIN currencies c ON c.code = a.currency
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(b.debits), 0) AS debits, coalesce(sum(b.credits), 0) AS credits,
               coalesce(sum(b.held_debits), 0) AS held_debits, coalesce(sum(b.held_credits), 0) AS held_credits,
       coalesce(sum(b.holds), 0)::bigint AS holds
        FROM balances b
        WHERE b.account_id = a.account_id AND NOT a.single
    ) s
) t;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_accounts IS 'Every account as it stands: totals of both sides, and on its normal side the balance, what holds have set aside of it, and what is available. One row for each account, spread ones summed over their lanes.';

CREATE OR REPLACE VIEW v_journal AS
SELECT p.booked_at, p.lane, p.seq, p.no, i.act, i.key, i.kind, i.reference, p.value_date, a.path, a.currency, a.type,
       CASE p.side WHEN 'D' THEN 'debit' ELSE 'credit' END AS side,
       p.amount, p.amount * c.minor_unit AS amount_major, i.part_of, i.owner, i.metadata, p.account_id
FROM postings p
JOIN items i ON i.lane = p.lane AND i.seq = p.seq
JOIN accounts a ON a.account_id = p.account_id
JOIN currencies c ON c.code = a.currency;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_journal IS 'Every posting of every entry, with its entry and its account. The order of the journal is booked_at, lane, seq, no.';

CREATE OR REPLACE VIEW v_statement AS
SELECT t.path, t.currency, t.booked_at, t.lane, t.seq, t.no, t.value_date, t.key, t.kind, t.reference,
       t.side, t.amount, t.change, t.balance, t.amount * t.minor_unit AS amount_major, t.change * t.minor_unit AS change_major,
       t.balance * t.minor_unit AS balance_major, t.account_id
FROM (
    SELECT a.path, a.currency, p.booked_at, p.lane, p.seq, p.no, p.value_date, i.key, i.kind, i.reference, p.amount, c.minor_unit, p.account_id,
           CASE p.side WHEN 'D' THEN 'debit' ELSE 'credit' END AS side,
           CASE WHEN (p.side = 'D') = (a.type IN ('asset', 'expense')) THEN p.amount ELSE -p.amount END AS change,
           sum(CASE WHEN (p.side = 'D') = (a.type IN ('asset', 'expense')) THEN p.amount ELSE -p.amount END) OVER (
               PARTITION BY a.path, a.currency ORDER BY p.booked_at, p.lane, p.seq, p.no ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
           ) AS balance
    FROM accounts a
    JOIN postings p ON p.account_id = a.account_id
    JOIN items i ON i.lane = p.lane AND i.seq = p.seq
    JOIN currencies c ON c.code = a.currency
) t;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_statement IS 'The postings of each account with the balance after each, on its normal side, in order of booking: booked_at, lane, seq, no. Ask for one account by path and currency.';

CREATE OR REPLACE VIEW v_trial_balance AS
SELECT a.path, a.currency, a.type,
       CASE WHEN a.debits > a.credits THEN a.debits - a.credits ELSE 0 END AS debit_balance,
       CASE WHEN a.credits > a.debits THEN a.credits - a.debits ELSE 0 END AS credit_balance,
       a.debits, a.credits,
       (CASE WHEN a.debits > a.credits THEN a.debits - a.credits ELSE 0 END) * c.minor_unit AS debit_balance_major,
       (CASE WHEN a.credits > a.debits THEN a.credits - a.debits ELSE 0 END) * c.minor_unit AS credit_balance_major
FROM v_accounts a
JOIN currencies c ON c.code = a.currency;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_trial_balance IS 'The trial balance as of now: the balance of each account in the column of the side it stands on, beside what was ever debited and credited.';

CREATE OR REPLACE VIEW v_trial_totals AS
SELECT t.currency, count(*) AS accounts, sum(t.debit_balance) AS debit_balances, sum(t.credit_balance) AS credit_balances,
       sum(t.debits) AS debits, sum(t.credits) AS credits, sum(t.debits) - sum(t.credits) AS difference
FROM v_trial_balance t
GROUP BY t.currency;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_trial_totals IS 'The sums of the trial balance for each currency. The difference of debits and credits is 0, always.';

CREATE OR REPLACE VIEW v_records AS
SELECT r.kind, convert_from(r.id, 'UTF8') AS id, r.changed_at, r.body
FROM records r;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_records IS 'Every resource as it stands, its id in words. The views of the kinds read the body into columns.';

CREATE OR REPLACE VIEW v_holds AS
SELECT r.body->>'Key' AS key, (r.body->>'At')::timestamptz AS placed_at,
       CASE WHEN r.body->>'Expires' LIKE '0001-01-01T%' THEN NULL ELSE (r.body->>'Expires')::timestamptz END AS expires_at,
       CASE r.body->>'Status' WHEN '1' THEN 'open' WHEN '2' THEN 'captured' WHEN '3' THEN 'released' WHEN '4' THEN 'expired' END AS status,
       r.body->>'Owner' AS owner, r.body->'Legs' AS legs, r.changed_at
FROM records r
WHERE r.kind = 'ledger_hold';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_holds IS 'Holds of the ledger: money that was set aside and is not yet posted. legs says on which accounts.';

CREATE OR REPLACE VIEW v_merchants AS
SELECT r.body->>'id' AS merchant, r.body->>'name' AS name, r.body->>'region' AS region,
       (r.body->>'created')::timestamptz AS created_at, r.changed_at
FROM records r
WHERE r.kind = 'merchant';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_merchants IS 'Merchants.';

CREATE OR REPLACE VIEW v_deposits AS
SELECT r.body->>'id' AS deposit, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       (r.body->'fee'->>'fee')::numeric(38,0) AS fee, (r.body->'fee'->>'tax')::numeric(38,0) AS fee_tax,
       (r.body->>'refunded')::numeric(38,0) AS refunded, (r.body->>'disputed')::numeric(38,0) AS disputed,
       (r.body->>'fee_back')::numeric(38,0) AS fee_back,
       (r.body->>'priced_on')::date AS priced_on, r.body->>'method' AS method, r.body->>'rail' AS rail, r.body->>'brand' AS brand,
       r.body->>'funding' AS funding, r.body->>'order_id' AS order_id, r.body->>'reason_code' AS reason_code,
       r.body->>'rail_reference' AS rail_reference, r.body->>'bank_reference' AS bank_reference,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'deposit';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_deposits IS 'Deposits: what payers paid to merchants, with the fee that was charged. refunded and disputed are of the amount; fee_back is of the fee.';

CREATE OR REPLACE VIEW v_refunds AS
SELECT r.body->>'id' AS refund, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'parent' AS deposit, (r.body->>'fee_returned')::numeric(38,0) AS fee_returned, r.body->>'method' AS method,
       r.body->>'rail' AS rail, r.body->>'brand' AS brand, r.body->>'funding' AS funding, r.body->>'order_id' AS order_id,
       r.body->>'reason_code' AS reason_code, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'refund';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_refunds IS 'Refunds: what went back to payers, and the fee that was given back to the merchant with it.';

CREATE OR REPLACE VIEW v_disputes AS
SELECT r.body->>'id' AS dispute, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'parent' AS deposit, (r.body->'fee'->>'fee')::numeric(38,0) AS fee,
       (r.body->'fee'->>'tax')::numeric(38,0) AS fee_tax, (r.body->>'recovered')::numeric(38,0) AS recovered,
       r.body->>'method' AS method, r.body->>'rail' AS rail, r.body->>'brand' AS brand, r.body->>'funding' AS funding,
       r.body->>'order_id' AS order_id, r.body->>'reason_code' AS reason_code, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'dispute';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_disputes IS 'Disputes (chargebacks): what payers'' banks took back, the fee for it, and what was recovered of it.';

CREATE OR REPLACE VIEW v_payouts AS
SELECT r.body->>'id' AS payout, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       (r.body->'fee'->>'fee')::numeric(38,0) AS fee, (r.body->'fee'->>'tax')::numeric(38,0) AS fee_tax,
       r.body->>'method' AS method, r.body->>'rail' AS rail, r.body->>'brand' AS brand, r.body->>'funding' AS funding,
       r.body->>'order_id' AS order_id, r.body->>'reason_code' AS reason_code, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'payout';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_payouts IS 'Payouts: what merchants sent from their available balance.';

CREATE OR REPLACE VIEW v_rail_settlements AS
SELECT r.body->>'id' AS rail_settlement, r.body->>'status' AS status, (r.body->>'occurred_at')::timestamptz AS occurred_at,
       r.body->>'currency' AS currency, (r.body->>'amount')::numeric(38,0) AS amount,
       (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       (r.body->>'cost')::numeric(38,0) AS cost, (r.body->>'cost_tax')::numeric(38,0) AS cost_tax, r.body->>'rail' AS rail,
       r.body->>'rail_reference' AS rail_reference, r.body->>'bank_reference' AS bank_reference,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'rail_settlement';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_rail_settlements IS 'What rails paid for what they had captured, and what that cost.';

CREATE OR REPLACE VIEW v_batches AS
SELECT r.body->>'id' AS batch, r.body->>'merchant' AS merchant, r.body->>'region' AS region, r.body->>'bank' AS bank,
       r.body->>'currency' AS currency, r.body->>'status' AS status, r.body->>'at_close' AS at_close,
       r.body->'window'->'schedule'->>'id' AS schedule, r.body->'window'->'schedule'->>'version' AS schedule_version,
       (r.body->'window'->>'business_date')::date AS business_date,
       r.body->'window'->>'label' AS window_label, (r.body->'window'->>'opens')::timestamptz AS opens_at,
       (r.body->'window'->>'closes')::timestamptz AS closes_at,
       (r.body->'window'->>'settlement_date')::date AS settlement_date,
       (r.body->>'lines')::bigint AS lines, (r.body->>'opening_carry')::numeric(38,0) AS opening_carry,
       (r.body->'totals'->>'gross')::numeric(38,0) AS gross, (r.body->'totals'->>'fee')::numeric(38,0) AS fee,
       (r.body->'totals'->>'tax')::numeric(38,0) AS tax, (r.body->'totals'->>'withholding')::numeric(38,0) AS withholding,
       (r.body->'totals'->>'reserve')::numeric(38,0) AS reserve,
       (r.body->'totals'->>'net')::numeric(38,0) AS lines_net, (r.body->>'carry_out')::numeric(38,0) AS carry_out,
       (r.body->>'net')::numeric(38,0) AS net, (r.body->>'net')::numeric(38,0) * c.minor_unit AS net_major,
       (r.body->'categories'->>'payments')::numeric(38,0) AS payments,
       (r.body->'categories'->>'refunds')::numeric(38,0) AS refunds,
       (r.body->'categories'->>'disputes')::numeric(38,0) AS disputes,
       (r.body->'categories'->>'payouts')::numeric(38,0) AS payouts,
       (r.body->'categories'->>'reserve')::numeric(38,0) AS reserve_released,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'batch' AND r.body->>'status' <> 'closing';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_batches IS 'Settlement batches: what a merchant earned in one currency and one window. opening_carry + lines_net + carry_out = net, and gross + fee + tax + withholding + reserve = lines_net. Batches whose lines are still being written are left out.';

CREATE OR REPLACE VIEW v_lines AS
SELECT r.body->>'batch' AS batch, (r.body->>'no')::bigint AS no, r.body->>'merchant' AS merchant, r.body->>'currency' AS currency,
       (r.body->'window'->>'business_date')::date AS business_date,
       coalesce((r.body->>'late')::boolean, false) AS late, r.body->>'category' AS category, r.body->>'type' AS type,
       r.body->>'source_id' AS source_id, r.body->>'parent_id' AS parent_id, r.body->>'order_id' AS order_id,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, (r.body->>'booked_at')::timestamptz AS booked_at,
       r.body->>'entry' AS entry_key, (r.body->>'lane')::bigint AS lane, (r.body->>'seq')::bigint AS seq,
       (r.body->>'gross')::numeric(38,0) AS gross, (r.body->>'fee')::numeric(38,0) AS fee, (r.body->>'tax')::numeric(38,0) AS tax,
       (r.body->>'withholding')::numeric(38,0) AS withholding, (r.body->>'reserve')::numeric(38,0) AS reserve,
       (r.body->>'net')::numeric(38,0) AS net, (r.body->>'running')::numeric(38,0) AS running,
       (r.body->>'net')::numeric(38,0) * c.minor_unit AS net_major,
       r.body->>'tax_code' AS tax_code, r.body->>'method' AS method, r.body->>'rail' AS rail,
       r.body->>'rail_reference' AS rail_reference, r.body->>'bank_reference' AS bank_reference,
       r.body->>'reason_code' AS reason_code, r.changed_at
FROM records r
JOIN records b ON b.kind = 'batch' AND b.id = convert_to(r.body->>'batch', 'UTF8') AND b.body->>'status' <> 'closing'
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'line';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_lines IS 'Lines of settlement batches: one movement each, signed in the favour of the merchant, net = gross + fee + tax + withholding + reserve. running is the sum of nets down to the line. entry_key names the entry of the journal.';

CREATE OR REPLACE VIEW v_unsettled AS
SELECT r.body->>'merchant' AS merchant, r.body->>'currency' AS currency,
       (r.body->'window'->>'business_date')::date AS business_date,
       coalesce((r.body->>'manual')::boolean, false) AS by_hand, r.body->>'category' AS category, r.body->>'type' AS type,
       r.body->>'source_id' AS source_id, r.body->>'parent_id' AS parent_id, r.body->>'order_id' AS order_id,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, (r.body->>'booked_at')::timestamptz AS booked_at,
       r.body->>'entry' AS entry_key, (r.body->>'lane')::bigint AS lane, (r.body->>'seq')::bigint AS seq,
       (r.body->>'gross')::numeric(38,0) AS gross, (r.body->>'fee')::numeric(38,0) AS fee, (r.body->>'tax')::numeric(38,0) AS tax,
       (r.body->>'withholding')::numeric(38,0) AS withholding, (r.body->>'reserve')::numeric(38,0) AS reserve,
       (r.body->>'net')::numeric(38,0) AS net, (r.body->>'pending')::numeric(38,0) AS pending,
       (r.body->>'net')::numeric(38,0) * c.minor_unit AS net_major,
       r.body->>'tax_code' AS tax_code, r.body->>'method' AS method, r.body->>'rail' AS rail,
       r.body->>'rail_reference' AS rail_reference, r.body->>'bank_reference' AS bank_reference,
       r.body->>'reason_code' AS reason_code, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'item';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_unsettled IS 'Movements that are in no batch yet, signed in the favour of the merchant, net = gross + fee + tax + withholding + reserve.';

CREATE OR REPLACE VIEW v_reserves AS
SELECT r.body->>'id' AS deposit, r.body->>'merchant' AS merchant, r.body->>'currency' AS currency,
       (r.body->>'held_on')::date AS held_on, (r.body->>'release_on')::date AS release_on,
       (r.body->>'released_on')::date AS released_on, (r.body->>'amount')::numeric(38,0) AS amount,
       (r.body->>'released')::numeric(38,0) AS released,
       (r.body->>'amount')::numeric(38,0) - (r.body->>'released')::numeric(38,0) AS left_over,
       ((r.body->>'amount')::numeric(38,0) - (r.body->>'released')::numeric(38,0)) * c.minor_unit AS left_over_major,
       r.body->>'reason' AS reason, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind IN ('hold', 'released_hold');

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_reserves IS 'What is or was withheld of deposits, and when it is given back. left_over is what is still withheld.';
