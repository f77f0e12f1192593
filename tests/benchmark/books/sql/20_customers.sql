-- Customers: who sells to them, in which currency, and how they pay.

-- Two more than there are others have a great many instalments, some of them open, whatever the
-- size of the books: in three parts each, and as many at once as are left over.
CREATE UNLOGGED TABLE books.large AS
SELECT parameter.customers + k AS customer_n, kind.*
  FROM books.parameter
 CROSS JOIN (VALUES (1, 911, 80), (2, 4331, 351)) AS kind (k, instalments, open_instalments);

CREATE UNLOGGED TABLE books.customer AS
SELECT n,
       'Customer ' || n AS name,
       base.id + n AS partner_id,
       company.*,
       CASE WHEN large.k IS NULL AND books.chance(n, 2) < 0.10 THEN company.foreign_currency_id
       END AS foreign_id,
       (1 + floor(books.chance(n, 3) * (SELECT COUNT(*) FROM books.salesperson)))::int AS seller,
       CASE WHEN books.chance(n, 4) < 0.60 THEN 0 WHEN books.chance(n, 4) < 0.85 THEN 1 ELSE 2 END
           AS contacts,
       -- Prompt, usual, slow and bad payers: mean and deviation of days beyond terms.
       CASE WHEN books.chance(n, 5) < 0.55 OR large.k IS NOT NULL THEN -2
            WHEN books.chance(n, 5) < 0.80 THEN 8
            WHEN books.chance(n, 5) < 0.95 THEN 30 ELSE 75 END AS late_days,
       CASE WHEN books.chance(n, 5) < 0.55 OR large.k IS NOT NULL THEN 4
            WHEN books.chance(n, 5) < 0.80 THEN 8
            WHEN books.chance(n, 5) < 0.95 THEN 18 ELSE 40 END AS late_deviation,
       -- Pays once a month what has come due.
       large.k IS NULL AND books.chance(n, 6) < 0.15 AND books.chance(n, 2) >= 0.10
           AS pays_monthly,
       floor(books.chance(n, 7) * 5)::int AS term
  FROM books.parameter
 CROSS JOIN generate_series(1, parameter.customers + (SELECT COUNT(*) FROM books.large)) AS n
  LEFT JOIN books.large ON large.customer_n = n
 CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS id FROM res_partner) base
  JOIN books.company company
    ON company.position
       = CASE WHEN books.chance(n, 1) < 0.8 OR large.k IS NOT NULL THEN 1 ELSE 2 END;

ALTER TABLE books.customer ADD PRIMARY KEY (n);

CREATE UNLOGGED TABLE books.contact AS
SELECT customer.n AS customer_n, k,
       customer.partner_id AS parent_id,
       last.id + ROW_NUMBER() OVER (ORDER BY customer.n, k) AS partner_id
  FROM books.customer
 CROSS JOIN generate_series(1, customer.contacts) AS k
 CROSS JOIN (SELECT MAX(partner_id) AS id FROM books.customer) last;

ALTER TABLE books.contact ADD PRIMARY KEY (customer_n, k);

INSERT INTO res_partner (
       id, name, complete_name, commercial_company_name, commercial_partner_id, is_company, user_id,
       country_id, lang, type, active, color, partner_share, customer_rank, supplier_rank,
       autopost_bills, message_bounce, create_uid, write_uid, create_date, write_date)
SELECT customer.partner_id, customer.name, customer.name, customer.name, customer.partner_id,
       TRUE, salesperson.user_id, country.id, 'en_US', 'contact', TRUE, 0, TRUE, 1, 0, 'ask', 0, 1, 1,
       parameter.first_day, parameter.first_day
  FROM books.customer
 CROSS JOIN books.parameter
  JOIN books.salesperson ON salesperson.n = customer.seller
  JOIN (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS number FROM res_country ORDER BY id LIMIT 40
       ) country ON country.number = 1 + floor(books.chance(customer.n, 8) * 40);

INSERT INTO res_partner (
       id, name, complete_name, commercial_company_name, commercial_partner_id, parent_id,
       is_company, lang, type, active, color, partner_share, customer_rank, supplier_rank,
       autopost_bills, message_bounce, create_uid, write_uid, create_date, write_date)
SELECT partner_id, 'Contact ' || k, format('Customer %s, Contact %s', customer_n, k),
       'Customer ' || customer_n, parent_id, parent_id, FALSE, 'en_US', 'contact', TRUE, 0, TRUE,
       0, 0, 'ask', 0, 1, 1, parameter.first_day, parameter.first_day
  FROM books.contact
 CROSS JOIN books.parameter;

SELECT setval('res_partner_id_seq', (SELECT MAX(id) FROM res_partner));
