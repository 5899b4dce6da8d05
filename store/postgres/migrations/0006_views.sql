-- What auditors and BI tools read.

CREATE OR REPLACE VIEW v_accounts AS
SELECT a.account_id, a.path, a.currency, a.type, a.status, a.opened_at,
       t.debits, t.credits,
       CASE WHEN a.type IN ('asset', 'expense') THEN t.debits - t.credits ELSE t.credits - t.debits END AS balance,
       CASE WHEN a.type IN ('asset', 'expense') THEN t.held_credits ELSE t.held_debits END AS held,
       CASE WHEN a.type IN ('asset', 'expense') THEN t.debits - t.credits - t.held_credits ELSE t.credits - t.debits - t.held_debits END AS available,
       (CASE WHEN a.type IN ('asset', 'expense') THEN t.debits - t.credits ELSE t.credits - t.debits END) * c.minor_unit AS balance_major,
       a.floor, a.ceiling, t.holds, a.metadata
FROM accounts a
JOIN currencies c ON c.code = a.currency
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.single THEN a.debits ELSE coalesce(sum(b.debits), 0) END AS debits,
           CASE WHEN a.single THEN a.credits ELSE coalesce(sum(b.credits), 0) END AS credits,
           CASE WHEN a.single THEN a.held_debits ELSE coalesce(sum(b.held_debits), 0) END AS held_debits,
           CASE WHEN a.single THEN a.held_credits ELSE coalesce(sum(b.held_credits), 0) END AS held_credits,
           CASE WHEN a.single THEN a.holds ELSE coalesce(sum(b.holds), 0) END AS holds
    FROM balances b WHERE b.account_id = a.account_id
) t;

COMMENT ON VIEW v_accounts IS 'Every account as it stands: totals, and the balance, what is held of it and what is available on its normal side. Minor units; balance_major in major units.';
