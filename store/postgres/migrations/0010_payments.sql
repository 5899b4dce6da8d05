-- What payments, merchants and reserves have besides: decisions and who made them, debts, batches of payouts, what was handed to rails, what rails and
-- banks did on their own. Views that were there get their new columns at the end. Events by the clock do not make facts of the past late.

ALTER TABLE records ADD COLUMN IF NOT EXISTS booked_at
timestamptz NULL;

COMMENT ON COLUMN records.changed_at IS 'Instant of the lane''s last item or event when it was last written, UTC.';
COMMENT ON COLUMN records.booked_at IS 'Booking instant of the lane''s last item by then, where an event made changed_at later; null: changed_at.';

CREATE OR REPLACE VIEW v_merchants AS
SELECT r.body->>'id' AS merchant, r.body->>'name' AS name, r.body->>'region' AS region,
       (r.body->>'created')::timestamptz AS created_at, r.changed_at,
       coalesce(r.body->>'status', 'active') AS status, coalesce((r.body->>'configured')::boolean, false) AS configured
FROM records r
WHERE r.kind = 'merchant';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_merchants IS 'Merchants, with the terms that were decided last. configured: the configuration alone changes them.';

CREATE OR REPLACE VIEW v_merchant_terms AS
SELECT r.body->>'id' AS merchant, (v.body->>'no')::bigint AS no, (v.body->>'from')::timestamptz AS governs_from,
       v.body->>'name' AS name, v.body->>'region' AS region, (v.body->>'at')::timestamptz AS decided_at,
       v.body->>'actor' AS actor, v.body->>'reason' AS reason
FROM records r
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(r.body->'versions') WHEN 'array' THEN r.body->'versions' END) AS v (body)
WHERE r.kind = 'merchant';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_merchant_terms IS 'Versions of what is agreed with merchants, by decision. The one that began last governs; of those that began together, the one that was decided last.';

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
       r.changed_at,
       r.body->>'actor' AS actor
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'deposit';

CREATE OR REPLACE VIEW v_withholdings AS
SELECT r.body->>'id' AS deposit, r.body->>'merchant' AS merchant, r.body->>'currency' AS currency, w.body->>'code' AS code,
       (w.body->>'rate')::numeric AS rate, (w.body->>'base')::numeric(38,0) AS base, (w.body->>'amount')::numeric(38,0) AS amount,
       (w.body->>'back')::numeric(38,0) AS back, (w.body->>'amount')::numeric(38,0) - (w.body->>'back')::numeric(38,0) AS left_over,
       ((w.body->>'amount')::numeric(38,0) - (w.body->>'back')::numeric(38,0)) * c.minor_unit AS left_over_major, r.changed_at
FROM records r
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(r.body->'withheld') WHEN 'array' THEN r.body->'withheld' END) AS w (body)
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'deposit';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_withholdings IS 'Tax that was withheld of deposits, by code. back is what stands given back of it with refunds, disputes and late failures.';

CREATE OR REPLACE VIEW v_refunds AS
SELECT r.body->>'id' AS refund, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'parent' AS deposit, (r.body->>'fee_returned')::numeric(38,0) AS fee_returned, r.body->>'method' AS method,
       r.body->>'rail' AS rail, r.body->>'brand' AS brand, r.body->>'funding' AS funding, r.body->>'order_id' AS order_id,
       r.body->>'reason_code' AS reason_code, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference,
       r.changed_at,
       r.body->>'actor' AS actor, coalesce((r.body->>'netted')::boolean, false) AS netted,
       coalesce((r.body->'drawn'->>'pending')::numeric(38,0), 0) AS drawn_pending,
       coalesce((r.body->'drawn'->>'reserve')::numeric(38,0), 0) AS drawn_reserve,
       coalesce((r.body->'drawn'->>'available')::numeric(38,0), 0) AS drawn_available,
       coalesce((r.body->'restored'->>'pending')::numeric(38,0), 0) AS restored_pending,
       coalesce((r.body->'restored'->>'reserve')::numeric(38,0), 0) AS restored_reserve,
       coalesce((r.body->'restored'->>'available')::numeric(38,0), 0) AS restored_available
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'refund';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_refunds IS 'Refunds: what went back to payers, and the fee that was given back to the merchant with it. drawn_ is where the amount came from, restored_ where it went back to. netted: the rail took it off what it owes us.';

CREATE OR REPLACE VIEW v_disputes AS
SELECT r.body->>'id' AS dispute, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'parent' AS deposit, (r.body->'fee'->>'fee')::numeric(38,0) AS fee,
       (r.body->'fee'->>'tax')::numeric(38,0) AS fee_tax, (r.body->>'recovered')::numeric(38,0) AS recovered,
       r.body->>'method' AS method, r.body->>'rail' AS rail, r.body->>'brand' AS brand, r.body->>'funding' AS funding,
       r.body->>'order_id' AS order_id, r.body->>'reason_code' AS reason_code, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference,
       r.changed_at,
       r.body->>'actor' AS actor,
       coalesce((r.body->'debited'->>'amount')::numeric(38,0), 0) AS scheme_debited,
       coalesce((r.body->'credited'->>'amount')::numeric(38,0), 0) AS scheme_credited,
       coalesce((r.body->'drawn'->>'pending')::numeric(38,0), 0) AS drawn_pending,
       coalesce((r.body->'drawn'->>'reserve')::numeric(38,0), 0) AS drawn_reserve,
       coalesce((r.body->'drawn'->>'available')::numeric(38,0), 0) AS drawn_available,
       coalesce((r.body->'restored'->>'pending')::numeric(38,0), 0) AS restored_pending,
       coalesce((r.body->'restored'->>'reserve')::numeric(38,0), 0) AS restored_reserve,
       coalesce((r.body->'restored'->>'available')::numeric(38,0), 0) AS restored_available
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'dispute';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_disputes IS 'Disputes (chargebacks): what payers'' banks took back, the fee for it, and what was recovered of it. scheme_ is what the scheme has taken from us and given back; drawn_ is where the amount came from, restored_ where what was recovered went.';

CREATE OR REPLACE VIEW v_payouts AS
SELECT r.body->>'id' AS payout, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       (r.body->'fee'->>'fee')::numeric(38,0) AS fee, (r.body->'fee'->>'tax')::numeric(38,0) AS fee_tax,
       r.body->>'method' AS method, r.body->>'rail' AS rail, r.body->>'brand' AS brand, r.body->>'funding' AS funding,
       r.body->>'order_id' AS order_id, r.body->>'reason_code' AS reason_code, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference,
       r.changed_at,
       r.body->>'actor' AS actor, coalesce((r.body->>'needs_approval')::boolean, false) AS needs_approval,
       r.body->>'batch' AS payout_batch
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'payout';

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
       r.changed_at,
       coalesce((r.body->'categories'->>'batches')::numeric(38,0), 0) AS put_back,
       coalesce((r.body->'categories'->>'adjustments')::numeric(38,0), 0) AS adjustments,
       coalesce((r.body->'categories'->>'exchanges')::numeric(38,0), 0) AS exchanges
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'batch' AND r.body->>'status' <> 'closing';

CREATE OR REPLACE VIEW v_steps AS
SELECT r.kind, convert_from(r.id, 'UTF8') AS id, s.no, coalesce(s.body->>'kind', s.body->>'act') AS event,
       (s.body->>'at')::timestamptz AS happened_at, s.body->>'status' AS status, (s.body->>'amount')::numeric(38,0) AS amount,
       s.body->>'reason' AS reason, coalesce(s.body->>'rail_reference', s.body->>'reference') AS rail_reference,
       s.body->>'bank_reference' AS bank_reference, s.body->>'actor' AS actor, coalesce((s.body->>'follows')::boolean, false) AS follows
FROM records r
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(r.body->'steps') WHEN 'array' THEN r.body->'steps' END) WITH ORDINALITY AS s (body, no)
WHERE r.kind <> 'batch' OR r.body->>'status' <> 'closing';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_steps IS 'How every resource came to stand where it does: its events in order, with the status after each and who decided it. No event: a batch was closed. follows: nobody reported it, it follows from the step before.';

CREATE OR REPLACE VIEW v_adjustments AS
SELECT r.body->>'id' AS adjustment, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       coalesce((r.body->>'debit')::boolean, false) AS debit, r.body->>'reason_code' AS reason_code, r.body->>'actor' AS actor,
       r.body->'steps'->-1->>'actor' AS decided_by, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'adjustment';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_adjustments IS 'Adjustments: what people gave to a merchant, or took from it (debit), outside of any payment. actor asked for it; decided_by had the last word.';

CREATE OR REPLACE VIEW v_debts AS
SELECT r.body->>'id' AS debt, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       coalesce((r.body->>'paid')::numeric(38,0), 0) AS paid, coalesce((r.body->>'written_off')::numeric(38,0), 0) AS written_off,
       coalesce((r.body->>'recovered')::numeric(38,0), 0) AS recovered,
       (r.body->>'amount')::numeric(38,0) - coalesce((r.body->>'paid')::numeric(38,0), 0)
           - coalesce((r.body->>'written_off')::numeric(38,0), 0) - coalesce((r.body->>'recovered')::numeric(38,0), 0) AS left_over,
       ((r.body->>'amount')::numeric(38,0) - coalesce((r.body->>'paid')::numeric(38,0), 0)
           - coalesce((r.body->>'written_off')::numeric(38,0), 0) - coalesce((r.body->>'recovered')::numeric(38,0), 0)) * c.minor_unit AS left_over_major,
       r.body->>'actor' AS actor, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'debt';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_debts IS 'Negative balances that were made a receivable. recovered went back to available with batches; left_over is neither that, nor paid, nor written off; once the status is restored, that went back to available.';

CREATE OR REPLACE VIEW v_top_ups AS
SELECT r.body->>'id' AS top_up, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       coalesce((r.body->>'to_debt')::numeric(38,0), 0) AS to_debt, coalesce((r.body->>'to_fees')::numeric(38,0), 0) AS to_fees,
       r.body->>'rail' AS rail, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'top_up';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_top_ups IS 'Money that merchants paid in. to_debt paid a debt that stands as a receivable, to_fees invoiced fees; the rest is available.';

CREATE OR REPLACE VIEW v_write_offs AS
SELECT r.body->>'id' AS write_off, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       coalesce((r.body->>'of_debt')::numeric(38,0), 0) AS of_debt, coalesce((r.body->>'of_fees')::numeric(38,0), 0) AS of_fees,
       r.body->>'parent' AS dispute, r.body->>'reason_code' AS reason_code,
       r.body->>'actor' AS actor, r.body->'steps'->-1->>'actor' AS decided_by, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'write_off';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_write_offs IS 'Debts that were given up. of_debt stood as a receivable, of_fees were invoiced fees, the rest was in available. actor asked for it; decided_by had the last word. dispute: the lost one it comes from.';

CREATE OR REPLACE VIEW v_billings AS
SELECT b.merchant, b.currency, b.charged, b.credited, b.paid_back, b.paid, b.written_off, b.owed, b.owed * c.minor_unit AS owed_major,
       b.issued_through, b.changed_at
FROM (
    SELECT r.body->>'merchant' AS merchant, r.body->>'currency' AS currency, (r.body->>'charged')::numeric(38,0) AS charged,
           coalesce((r.body->>'credited')::numeric(38,0), 0) AS credited, coalesce((r.body->>'paid_back')::numeric(38,0), 0) AS paid_back,
           coalesce((r.body->>'paid')::numeric(38,0), 0) AS paid, coalesce((r.body->>'written_off')::numeric(38,0), 0) AS written_off,
           (r.body->>'charged')::numeric(38,0) - coalesce((r.body->>'credited')::numeric(38,0), 0)
               + coalesce((r.body->>'paid_back')::numeric(38,0), 0) - coalesce((r.body->>'paid')::numeric(38,0), 0)
               - coalesce((r.body->>'written_off')::numeric(38,0), 0) AS owed,
           r.body->>'issued' AS issued_through, r.changed_at
    FROM records r
    WHERE r.kind = 'billing'
) AS b
LEFT JOIN currencies c ON c.code = b.currency;

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_billings IS 'What merchants are invoiced for, over all time, and what is owed of it. issued_through is the last month whose invoice is issued.';

CREATE OR REPLACE VIEW v_invoices AS
SELECT r.body->>'merchant' AS merchant, r.body->>'currency' AS currency, r.body->>'month' AS invoice_month, r.body->>'region' AS region,
       r.body->>'number' AS invoice_number, r.body->>'credit_note' AS credit_note, (r.body->>'issued_at')::timestamptz AS issued_at,
       (r.body->>'ends')::timestamptz AS ends_at, (r.body->>'lines')::bigint AS line_count, (r.body->>'charged')::numeric(38,0) AS charged,
       coalesce((r.body->>'credited')::numeric(38,0), 0) AS credited, coalesce((r.body->>'paid_back')::numeric(38,0), 0) AS paid_back,
       (r.body->>'fee')::numeric(38,0) AS fee,
       (r.body->>'charged')::numeric(38,0) - coalesce((r.body->>'credited')::numeric(38,0), 0) AS total,
       ((r.body->>'charged')::numeric(38,0) - coalesce((r.body->>'credited')::numeric(38,0), 0)) * c.minor_unit AS total_major, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'invoice';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_invoices IS 'Invoices of fees that are not taken out of merchants'' money, a month each. Without issued_at it is a draft that still grows. total is charged less credited, with tax.';

CREATE OR REPLACE VIEW v_invoice_lines AS
SELECT r.body->>'merchant' AS merchant, r.body->>'currency' AS currency, r.body->>'month' AS invoice_month, (r.body->>'lane')::int AS lane,
       (r.body->>'seq')::bigint AS seq, r.body->>'entry' AS entry, (r.body->>'booked_at')::timestamptz AS booked_at,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'type' AS event, r.body->>'source_id' AS source_id,
       r.body->>'deposit' AS deposit, r.body->>'charge' AS charge, (r.body->>'fee')::numeric(38,0) AS fee,
       (r.body->>'total')::numeric(38,0) AS total, (r.body->>'total')::numeric(38,0) * c.minor_unit AS total_major,
       coalesce((r.body->>'paid_back')::numeric(38,0), 0) AS paid_back
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'invoice_line';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_invoice_lines IS 'Fees that were charged on an invoice, or, negative, given back. total is the fee with its tax.';

CREATE OR REPLACE VIEW v_fee_deductions AS
SELECT r.body->>'id' AS fee_deduction, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'actor' AS actor, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'fee_deduction';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_fee_deductions IS 'Invoiced fees that somebody has taken out of what was available.';

CREATE OR REPLACE VIEW v_rail_costs AS
SELECT r.body->>'id' AS rail_cost, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'rail' AS rail, r.body->>'rail_reference' AS rail_reference, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'rail_cost';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_rail_costs IS 'What rails will charge for their work, before they ask for it.';

CREATE OR REPLACE VIEW v_rail_invoices AS
SELECT r.body->>'id' AS rail_invoice, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       (r.body->>'cost_tax')::numeric(38,0) AS cost_tax, r.body->>'rail' AS rail, r.body->>'rail_reference' AS rail_reference,
       r.body->>'bank_reference' AS bank_reference, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'rail_invoice';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_rail_invoices IS 'What rails asked for: paid, or netted with what they owe us. cost_tax is on top of the amount.';

CREATE OR REPLACE VIEW v_bank_lines AS
SELECT r.body->>'id' AS bank_line, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'bank' AS bank, coalesce((r.body->>'debit')::boolean, false) AS debit, r.body->>'reason_code' AS reason_code,
       r.body->>'bank_reference' AS bank_reference, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'bank_line';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_bank_lines IS 'Lines of bank statements that nothing explained when they came. debit: money went out.';

CREATE OR REPLACE VIEW v_fee_transfers AS
SELECT r.body->>'id' AS fee_transfer, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'bank_reference' AS bank_reference, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'fee_transfer';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_fee_transfers IS 'Income of the platform that left the safeguarded account for our own.';

CREATE OR REPLACE VIEW v_openings AS
SELECT r.body->>'id' AS opening, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       r.body->>'bank_reference' AS bank_reference, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'opening';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_openings IS 'Money that was at a bank before the books began.';

CREATE OR REPLACE VIEW v_exchanges AS
SELECT r.body->>'id' AS exchange, r.body->>'merchant' AS merchant, (r.body->>'at')::timestamptz AS exchanged_at,
       r.body->>'sold' AS sold, r.body->>'bought' AS bought, (r.body->>'amount')::numeric(38,0) AS amount,
       (r.body->>'amount')::numeric(38,0) * s.minor_unit AS amount_major, (r.body->>'worth')::numeric(38,0) AS worth,
       (r.body->>'got')::numeric(38,0) AS got, (r.body->>'got')::numeric(38,0) * b.minor_unit AS got_major,
       (r.body->>'spread')::numeric(38,0) AS spread, (r.body->>'spread')::numeric(38,0) * b.minor_unit AS spread_major,
       r.body->'quote'->>'source' AS source, r.body->'quote'->>'id' AS quote, (r.body->'quote'->>'mid')::numeric AS mid_rate,
       (r.body->'quote'->>'client')::numeric AS client_rate, (r.body->'quote'->>'quoted_at')::timestamptz AS quoted_at,
       (r.body->'quote'->>'valid_until')::timestamptz AS valid_until, r.body->>'actor' AS actor, r.changed_at
FROM records r
LEFT JOIN currencies s ON s.code = r.body->>'sold'
LEFT JOIN currencies b ON b.code = r.body->>'bought'
WHERE r.kind = 'exchange';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_exchanges IS 'Merchants'' money that was turned into another currency. amount is of sold; worth, got and spread are of bought: worth = got + spread. Rates are major units of bought for one of sold.';

CREATE OR REPLACE VIEW v_reserve_pools AS
SELECT r.body->>'merchant' AS merchant, r.body->>'currency' AS currency, r.body->>'kind' AS kind, r.body->'plan'->>'id' AS plan,
       r.body->'plan'->>'version' AS plan_version, (r.body->>'built')::numeric(38,0) AS built,
       (r.body->>'released')::numeric(38,0) AS released,
       (r.body->>'built')::numeric(38,0) - (r.body->>'released')::numeric(38,0) AS left_over,
       ((r.body->>'built')::numeric(38,0) - (r.body->>'released')::numeric(38,0)) * c.minor_unit AS left_over_major,
       (r.body->>'changed')::date AS changed_on, r.body->>'reason' AS reason, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'reserve';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_reserve_pools IS 'Fixed and minimum reserves of merchants, one balance each: what was built out of available, what was given back, what is left over. reason is of the last change.';

CREATE OR REPLACE VIEW v_reserve_decisions AS
SELECT r.body->>'id' AS decision, r.body->'steps'->0->>'kind' AS event, r.body->>'merchant' AS merchant, r.body->>'status' AS status,
       (r.body->>'occurred_at')::timestamptz AS occurred_at, r.body->>'currency' AS currency,
       (r.body->>'moved')::numeric(38,0) AS moved, (r.body->>'moved')::numeric(38,0) * c.minor_unit AS moved_major,
       r.body->>'parent' AS decided_on, r.body->>'reason_code' AS reason_code, r.body->>'actor' AS actor, r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'reserve_decision';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_reserve_decisions IS 'What people decided about reserves, and what it moved. decided_on is the deposit of a reserve_release, else the plan.';

CREATE OR REPLACE VIEW v_payout_batches AS
SELECT r.body->>'id' AS payout_batch, r.body->>'mode' AS mode, r.body->>'status' AS status,
       (r.body->>'created')::timestamptz AS created_at, (r.body->>'count')::bigint AS items,
       (r.body->>'decided')::bigint AS decided, (r.body->>'booked')::bigint AS booked, (r.body->>'queued')::bigint AS queued,
       (r.body->>'refused')::bigint AS refused, coalesce((r.body->>'not_taken')::bigint, 0) AS not_taken,
       r.body->>'hash' AS hash, r.changed_at
FROM records r
WHERE r.kind = 'payout_batch';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_payout_batches IS 'Batches of payouts, and how far they have come: decided = booked + queued + refused + not_taken. hash is the SHA-256 of what the items say.';

CREATE OR REPLACE VIEW v_payout_results AS
SELECT r.body->>'batch' AS payout_batch, (i.body->>'no')::bigint AS no, i.body->>'id' AS payout, i.body->>'outcome' AS outcome,
       i.body->>'field' AS field, i.body->>'reason' AS reason, r.changed_at
FROM records r
CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(r.body->'results') WHEN 'array' THEN r.body->'results' END) AS i (body)
WHERE r.kind = 'payout_results';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_payout_results IS 'What became of each payout of a batch when the batch was taken; of a refused one, which field was wrong and why.';

CREATE OR REPLACE VIEW v_payout_queue AS
SELECT r.body->>'merchant' AS merchant, r.body->>'currency' AS currency, (r.body->>'at')::timestamptz AS requested_at,
       (r.body->>'no')::bigint AS no, r.body->>'payout' AS payout, r.changed_at
FROM records r
WHERE r.kind = 'payout_place';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_payout_queue IS 'Payouts that wait for money. Those of a merchant and currency are released in order of requested_at and no.';

CREATE OR REPLACE VIEW v_customers AS
SELECT r.body->>'deposit' AS deposit, (r.body->>'since')::timestamptz AS known_since,
       (r.body->'erased'->>'at')::timestamptz AS erased_at, r.body->'erased'->>'actor' AS erased_by, r.body->'erased'->>'reason' AS erased_for,
       r.changed_at
FROM records r
WHERE r.kind = 'customer';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_customers IS 'Of which deposits a payer is known, and whose data was erased, when, by whom and why. What is known of them is not shown.';

CREATE OR REPLACE VIEW v_rail_submissions AS
SELECT r.body->>'rail' AS rail, r.body->>'message' AS message, (r.body->>'at')::timestamptz AS submitted_at,
       (r.body->>'count')::bigint AS instructions, (r.body->>'open')::bigint AS open, coalesce((r.body->>'delivered')::boolean, false) AS delivered,
       r.body->>'sender' AS sender, r.body->>'digest' AS digest, r.changed_at
FROM records r
WHERE r.kind IN ('rail_submission', 'rail_submission_done');

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_rail_submissions IS 'What was handed to rails at once. open instructions have no final outcome yet. digest is the SHA-256 of the bytes that leave.';

CREATE OR REPLACE VIEW v_rail_instructions AS
SELECT r.body->>'id' AS instruction, r.body->>'submission' AS submission, (r.body->>'no')::bigint AS no, r.body->>'object' AS object,
       r.body->>'source' AS source_id, r.body->>'merchant' AS merchant, r.body->>'method' AS method, r.body->>'bank' AS bank,
       r.body->>'beneficiary' AS beneficiary, r.body->>'order_id' AS order_id, r.body->>'currency' AS currency,
       (r.body->>'amount')::numeric(38,0) AS amount, (r.body->>'amount')::numeric(38,0) * c.minor_unit AS amount_major,
       (r.body->>'due')::date AS due, (r.body->>'sent')::timestamptz AS sent_at, coalesce((r.body->>'final')::boolean, false) AS final,
       r.changed_at
FROM records r
LEFT JOIN currencies c ON c.code = r.body->>'currency'
WHERE r.kind = 'rail_instruction';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_rail_instructions IS 'What rails were told to pay, once each. object and source_id say which payout, batch or refund it pays; instruction is its end-to-end id. Names and accounts of who is paid are not shown. final: nothing more is expected.';

CREATE OR REPLACE VIEW v_rail_answers AS
SELECT r.body->>'rail' AS rail, r.body->>'answer' AS answer, r.body->>'name' AS name, r.body->>'message' AS message,
       (r.body->>'at')::timestamptz AS taken_at, (r.body->>'events')::bigint AS events, r.changed_at
FROM records r
WHERE r.kind = 'rail_answer';

-- engines: postgresql yugabytedb
COMMENT ON VIEW v_rail_answers IS 'Answers of rails that were taken, the submission they were about, and how many events were booked for them.';
