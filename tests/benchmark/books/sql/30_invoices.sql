-- Invoices and receipts, their lines, instalments, and what becomes of them.

CREATE UNLOGGED TABLE books.invoice AS
WITH large AS (
    -- Of the large customers: the newest are open, and of those that are paid at once the first.
    SELECT customer_n, i,
           i <= singles AS is_single,
           CASE WHEN i <= singles THEN i <= mod(open_instalments, 3)
                ELSE i > invoices - open_instalments / 3 END AS is_open,
           invoices
      FROM (SELECT *, mod(instalments, 3) AS singles, instalments / 3 + mod(instalments, 3) AS invoices
              FROM books.large) kind
     CROSS JOIN generate_series(1, invoices) AS i
),
drawn AS (
    SELECT n,
           -- Few customers buy often, many seldom.
           1 + floor(parameter.customers * power(books.chance(n, 11), 1.5))::int AS customer_n,
           -- Business grows: more invoices in the later years.
           parameter.first_day
               + floor((parameter.today - parameter.first_day) * power(books.chance(n, 12), 0.8))::int
               AS date,
           parameter.first_day, parameter.today, NULL::bool AS is_single, NULL::bool AS is_open
      FROM books.parameter
     CROSS JOIN generate_series(1, parameter.invoices) AS n
     UNION ALL
    SELECT parameter.invoices + (ROW_NUMBER() OVER (ORDER BY customer_n, i))::int, customer_n,
           -- What is paid is so long ago that all of its instalments are.
           CASE WHEN is_open THEN parameter.today - mod(7 * i, 90)
                ELSE parameter.first_day
                     + (parameter.today - 150 - parameter.first_day) * i / large.invoices END,
           parameter.first_day, parameter.today, is_single, is_open
      FROM books.parameter
     CROSS JOIN large
)
SELECT drawn.*,
       customer.position, customer.foreign_id,
       customer.partner_id AS commercial_id,
       COALESCE(contact.partner_id, customer.partner_id) AS partner_id,
       COALESCE(customer.foreign_id, customer.currency_id) AS currency_id,
       COALESCE(rate.rate, 1) AS rate,
       customer.seller, customer.pays_monthly, customer.late_days, customer.late_deviation,
       CASE WHEN drawn.is_open IS NULL AND books.chance(drawn.n, 13) < 0.03 THEN 'out_receipt'
            ELSE 'out_invoice' END AS move_type,
       CASE WHEN drawn.is_single THEN 2
            WHEN NOT drawn.is_single THEN 4
            WHEN books.chance(drawn.n, 14) < 0.85 THEN customer.term
            ELSE floor(books.chance(drawn.n, 18) * 5)::int END AS term,
       1 + (books.chance(drawn.n, 15) < 0.50)::int + (books.chance(drawn.n, 15) < 0.25)::int AS lines,
       CASE WHEN drawn.is_open THEN 'unpaid'
            WHEN NOT drawn.is_open
            THEN CASE WHEN fate.chance BETWEEN 0.09 AND 0.12 THEN 'written_off_in_payment'
                      WHEN fate.chance BETWEEN 0.12 AND 0.20 THEN 'paid_in_parts'
                      ELSE 'paid' END
            WHEN fate.chance < 0.03 AND customer.foreign_id IS NULL THEN 'credited'
            WHEN fate.chance < 0.07 AND customer.foreign_id IS NULL THEN 'partly_credited'
            WHEN fate.chance < 0.09 AND drawn.today - drawn.date > 240
             AND customer.foreign_id IS NULL THEN 'lost'
            WHEN fate.chance < 0.12 AND customer.foreign_id IS NULL THEN 'written_off_in_payment'
            WHEN fate.chance < 0.20 THEN 'paid_in_parts'
            WHEN fate.chance < 0.22 THEN 'disputed'
            WHEN fate.chance < 0.23 AND customer.foreign_id IS NULL THEN 'paid_without_entry'
            WHEN fate.chance < 0.25 THEN 'unpaid'
            ELSE 'paid' END AS fate
  FROM drawn
  JOIN books.customer ON customer.n = drawn.customer_n
 CROSS JOIN LATERAL (SELECT books.chance(drawn.n, 16) AS chance) fate
  LEFT JOIN books.contact
    ON contact.customer_n = customer.n
   AND contact.k = 1 + floor(books.chance(drawn.n, 17) * (customer.contacts + 1))
  LEFT JOIN books.rate
    ON rate.position = customer.position AND rate.month = date_trunc('month', drawn.date)
   AND customer.foreign_id IS NOT NULL;

-- A receipt is paid at once, an invoice without entry has one instalment.
UPDATE books.invoice SET term = 0
 WHERE move_type = 'out_receipt' OR fate = 'paid_without_entry';

ALTER TABLE books.invoice ADD PRIMARY KEY (n);
ANALYZE books.invoice;

CREATE UNLOGGED TABLE books.product_line AS
SELECT invoice.n, k, product.id AS product_id, product.uom_id, product.name, priced.quantity,
       priced.price_unit, priced.subtotal,
       priced.subtotal + ROUND(priced.subtotal * tax.percent / 100, 2) AS total,
       ROUND(priced.subtotal / invoice.rate, 2) AS balance
  FROM books.invoice
 CROSS JOIN generate_series(1, invoice.lines) AS k
 CROSS JOIN LATERAL (SELECT invoice.n * 4 + k AS number) line
  JOIN books.company tax ON tax.position = invoice.position
  JOIN books.product
    ON product.n = 1 + floor(books.chance(line.number, 21) * (SELECT COUNT(*) FROM books.product))
 CROSS JOIN LATERAL (
    SELECT 1 + floor(books.chance(line.number, 22) * 10)::int AS quantity,
           ROUND((product.price * exp(books.bell(line.number, 23) * 0.4))::numeric, 2) AS price_unit
       ) drawn
 CROSS JOIN LATERAL (
    SELECT drawn.quantity, drawn.price_unit,
           ROUND(drawn.quantity * drawn.price_unit, 2) AS subtotal
       ) priced;

-- Totals of a document, in its currency and (balance) in the company's.
CREATE UNLOGGED TABLE books.total AS
SELECT product_line.n, SUM(subtotal) AS untaxed, SUM(total) AS total,
       SUM(total) - SUM(subtotal) AS tax,
       SUM(balance) AS untaxed_balance,
       ROUND((SUM(total) - SUM(subtotal)) / invoice.rate, 2) AS tax_balance,
       SUM(balance) + ROUND((SUM(total) - SUM(subtotal)) / invoice.rate, 2) AS balance
  FROM books.product_line
  JOIN books.invoice ON invoice.n = product_line.n
 GROUP BY product_line.n, invoice.rate;

ALTER TABLE books.total ADD PRIMARY KEY (n);

-- What a credit note takes off: all, or a quarter of the first line; some stay unmatched.
CREATE UNLOGGED TABLE books.refund AS
SELECT invoice.n,
       LEAST(invoice.date + 1 + floor(books.chance(invoice.n, 31) * 25)::int, invoice.today) AS date,
       invoice.fate = 'credited' AS is_full,
       invoice.fate = 'credited' OR books.chance(invoice.n, 32) < 0.9 AS is_matched,
       CASE WHEN invoice.fate = 'credited' THEN total.untaxed ELSE part.untaxed END AS untaxed,
       CASE WHEN invoice.fate = 'credited' THEN total.tax
            ELSE ROUND(part.untaxed * company.percent / 100, 2) END AS tax
  FROM books.invoice
  JOIN books.total ON total.n = invoice.n
  JOIN books.company ON company.position = invoice.position
  JOIN books.product_line first_line ON first_line.n = invoice.n AND first_line.k = 1
 CROSS JOIN LATERAL (SELECT ROUND(first_line.subtotal / 4, 2) AS untaxed) part
 WHERE invoice.fate IN ('credited', 'partly_credited') AND part.untaxed > 0;

ALTER TABLE books.refund ADD PRIMARY KEY (n);

-- Instalments: 30, 30 and 40 % in 0, 30 and 60 days, or all at once in some days.
CREATE UNLOGGED TABLE books.instalment AS
SELECT invoice.n, share.k, invoice.date + share.days AS due_date,
       CASE WHEN share.k = share.last THEN total.total - (share.last - 1) * ROUND(total.total * 0.3, 2)
            ELSE ROUND(total.total * 0.3, 2) END AS amount,
       CASE WHEN share.k = share.last
            THEN total.balance - (share.last - 1) * ROUND(total.balance * 0.3, 2)
            ELSE ROUND(total.balance * 0.3, 2) END AS balance,
       0::numeric AS credited
  FROM books.invoice
  JOIN books.total ON total.n = invoice.n
  JOIN LATERAL (
    SELECT 1 AS k, term.days, 1 AS last FROM books.term
     WHERE term.kind = invoice.term AND term.kind < 4
     UNION ALL
    SELECT k, (k - 1) * 30, 3 FROM generate_series(1, 3) AS k WHERE invoice.term = 4
       ) share ON TRUE;

UPDATE books.instalment
   SET credited = CASE WHEN refund.is_full THEN instalment.amount ELSE refund.untaxed + refund.tax END
  FROM books.refund
 WHERE refund.n = instalment.n AND refund.is_matched AND (refund.is_full OR instalment.k = 1);

ALTER TABLE books.instalment ADD PRIMARY KEY (n, k);
ANALYZE books.instalment;
