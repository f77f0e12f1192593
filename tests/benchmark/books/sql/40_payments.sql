-- Which part of which instalment is paid, when and with which payment.

CREATE UNLOGGED TABLE books.part AS
WITH paid AS (
    SELECT instalment.n, instalment.k, invoice.customer_n, invoice.position, invoice.fate,
           invoice.foreign_id, invoice.today, invoice.first_day,
           invoice.commercial_id, invoice.currency_id,
           instalment.amount, instalment.balance,
           instalment.amount - instalment.credited AS payable,
           invoice.pays_monthly AND instalment.credited = 0 AND invoice.fate = 'paid' AS is_monthly,
           instalment.n * 4 + instalment.k AS number,
           GREATEST(
               CASE WHEN invoice.move_type = 'out_receipt' THEN invoice.date
                    -- Some pay before they are invoiced.
                    WHEN books.chance(instalment.n, 41) < 0.01 THEN invoice.date - 20
                    ELSE GREATEST(invoice.date, instalment.due_date + ROUND(invoice.late_days
                         + invoice.late_deviation
                           * books.bell(instalment.n * 4 + instalment.k, 42))::int)
               END, invoice.first_day) AS date
      FROM books.instalment
      JOIN books.invoice ON invoice.n = instalment.n
     WHERE invoice.fate NOT IN ('credited', 'lost', 'disputed', 'unpaid', 'paid_without_entry')
       AND instalment.amount > instalment.credited
),
piece AS (
    SELECT paid.*, part,
           CASE WHEN is_monthly THEN (date_trunc('month', date) + interval '1 month - 1 day')::date
                WHEN part = 2 THEN date + 5 + floor(books.chance(number, 43) * 40)::int
                ELSE date END AS paid_date,
           CASE WHEN fate != 'paid_in_parts' THEN payable
                WHEN part = 1 THEN ROUND(payable * (0.3 + 0.4 * books.chance(number, 44))::numeric, 2)
                ELSE payable - ROUND(payable * (0.3 + 0.4 * books.chance(number, 44))::numeric, 2)
           END AS settled,
           CASE WHEN fate = 'written_off_in_payment' AND payable > 20
                THEN ROUND(payable * (0.005 + 0.025 * books.chance(number, 45))::numeric, 2)
                ELSE 0 END AS lost
      FROM paid
     CROSS JOIN LATERAL generate_series(1, CASE WHEN fate = 'paid_in_parts' THEN 2 ELSE 1 END) AS part
)
SELECT piece.*,
       -- The payment: a month's of a customer, or one of its own.
       CASE WHEN is_monthly
            THEN -(customer_n::bigint * 1000
                   + (extract(year FROM paid_date) * 12 + extract(month FROM paid_date)
                      - extract(year FROM first_day) * 12)::int)
            ELSE number * 2 + part - 1 END AS payment_key,
       -- The same at the invoice's rate, in company currency, exact to the instalment.
       ROUND((CASE WHEN part = 2 THEN payable ELSE settled END) * balance / amount, 2)
           - CASE WHEN part = 2 THEN ROUND((payable - settled) * balance / amount, 2) ELSE 0 END
           AS settled_balance,
       ROUND(settled / COALESCE(rate.rate, 1), 2) AS paid_balance
  FROM piece
  LEFT JOIN books.rate
    ON rate.position = piece.position AND rate.month = date_trunc('month', piece.paid_date)
   AND piece.foreign_id IS NOT NULL
 WHERE piece.paid_date <= piece.today AND piece.settled > 0;

-- Payments, with those on account that settle nothing yet.
CREATE UNLOGGED TABLE books.payment AS
SELECT ROW_NUMBER() OVER (ORDER BY date, key) AS n, payment.*
  FROM (
    SELECT payment_key AS key, position, customer_n, commercial_id, currency_id, paid_date AS date,
           SUM(settled) AS settled, SUM(lost) AS lost, SUM(paid_balance) AS balance,
           TRUE AS is_applied
      FROM books.part
     GROUP BY payment_key, position, customer_n, commercial_id, currency_id, paid_date
     UNION ALL
    SELECT -(n::bigint * 1000 + 999), position, n, partner_id, currency_id,
           parameter.today - floor(books.chance(n, 51) * 60)::int,
           100 + n % 900, 0, 100 + n % 900, FALSE
      FROM books.customer
     CROSS JOIN books.parameter
     WHERE books.chance(n, 52) < 0.02
  ) payment;

ALTER TABLE books.payment ADD PRIMARY KEY (n);
CREATE UNIQUE INDEX ON books.payment (key);
ALTER TABLE books.part ADD COLUMN payment_n bigint;
UPDATE books.part SET payment_n = payment.n FROM books.payment WHERE payment.key = part.payment_key;
ANALYZE books.part;
ANALYZE books.payment;
