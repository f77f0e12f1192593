-- Journal entries of all kinds in the order of their dates, each with its id and name.
-- The items of entry i have the ids first_line + 8 i + slot: nothing has to be looked up.

CREATE UNLOGGED TABLE books.move AS
WITH base AS (SELECT COALESCE(MAX(id), 0) AS id FROM account_move),
entry AS (
    SELECT 'invoice' AS kind, n::bigint, position, date, move_type,
           'INV/' || extract(year FROM date) || '/' AS prefix, 5 AS digits
      FROM books.invoice
     UNION ALL
    SELECT 'refund', refund.n, invoice.position, refund.date, 'out_refund',
           'RINV/' || extract(year FROM refund.date) || '/', 5
      FROM books.refund JOIN books.invoice ON invoice.n = refund.n
     UNION ALL
    SELECT 'payment', n, position, date, 'entry', 'PBNK1/' || extract(year FROM date) || '/', 5
      FROM books.payment
     UNION ALL
    SELECT 'exchange', number * 2 + part - 1, position, month_end.date, 'entry',
           to_char(month_end.date, '"EXCH/"YYYY/MM/'), 4
      FROM books.part
     CROSS JOIN LATERAL (
        SELECT (date_trunc('month', paid_date) + interval '1 month - 1 day')::date AS date) month_end
     WHERE paid_balance != settled_balance
     UNION ALL
    SELECT 'lost', n, position, date + 240, 'entry', to_char(date + 240, '"MISC/"YYYY/MM/'), 4
      FROM books.invoice WHERE fate = 'lost'
     UNION ALL
    SELECT 'opening', n, position, parameter.first_day, 'entry',
           to_char(parameter.first_day, '"MISC/"YYYY/MM/'), 4
      FROM books.customer CROSS JOIN books.parameter WHERE books.chance(n, 61) < 0.03
)
SELECT numbered.*, base.id + i AS id,
       parameter.first_line + 8 * i AS line_id,
       prefix || lpad(number::text, GREATEST(digits, length(number::text)), '0') AS name
  FROM (
    SELECT entry.*,
           ROW_NUMBER() OVER (ORDER BY date, kind, n) AS i,
           ROW_NUMBER() OVER (PARTITION BY position, prefix ORDER BY date, kind, n) AS number
      FROM entry
  ) numbered
 CROSS JOIN base
 CROSS JOIN books.parameter;

ALTER TABLE books.move ADD PRIMARY KEY (kind, n);
ANALYZE books.move;
