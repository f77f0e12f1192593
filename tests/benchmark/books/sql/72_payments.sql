-- Reconciliations and payments.

INSERT INTO account_full_reconcile (id, create_uid, write_uid, create_date, write_date)
SELECT full_id, 1, 1, parameter.today, parameter.today
  FROM books.component CROSS JOIN books.parameter
 WHERE full_id IS NOT NULL;

INSERT INTO account_partial_reconcile (
       id, debit_move_id, credit_move_id, full_reconcile_id, exchange_move_id, debit_currency_id,
       credit_currency_id, company_id, max_date, amount, debit_amount_currency,
       credit_amount_currency, create_uid, write_uid, create_date, write_date)
SELECT partial.id, debit_line_id, credit_line_id, component.full_id, exchange_move_id, partial.currency_id,
       partial.currency_id, company.company_id, max_date, amount, amount_currency, amount_currency,
       1, 1, max_date, max_date
  FROM books.partial
  JOIN books.company ON company.position = partial.position
  JOIN books.component ON component.kind = partial.component_kind
                      AND component.n = partial.component_n
 ORDER BY partial.id;

-- A payment is paid when all invoices are that it settles.
INSERT INTO account_payment (
       id, move_id, name, journal_id, company_id, payment_method_line_id, payment_method_id,
       currency_id, partner_id, outstanding_account_id, destination_account_id, state,
       payment_type, partner_type, memo, date, amount, amount_company_currency_signed,
       is_reconciled, is_matched, create_uid, write_uid, create_date, write_date)
SELECT parameter.first_payment + payment.n, move.id, move.name, company.bank_journal_id,
       company.company_id, company.method_line_id, company.method_id, payment.currency_id,
       payment.commercial_id, company.outstanding_account_id, company.receivable_account_id,
       CASE WHEN settled.is_paid THEN 'paid' ELSE 'in_process' END, 'inbound', 'customer', NULL,
       payment.date, payment.settled - payment.lost, payment.balance - payment.lost,
       payment.is_applied, FALSE, 1, 1, payment.date, payment.date
  FROM books.payment
  JOIN books.move ON move.kind = 'payment' AND move.n = payment.n
  JOIN books.company ON company.position = payment.position
 CROSS JOIN books.parameter
  LEFT JOIN (
    SELECT part.payment_n, BOOL_AND(state.payment_state = 'paid') AS is_paid
      FROM books.part JOIN books.state ON state.n = part.n
     GROUP BY part.payment_n
  ) settled ON settled.payment_n = payment.n
 ORDER BY payment.n;

INSERT INTO account_move__account_payment (invoice_id, payment_id)
SELECT DISTINCT move.id, parameter.first_payment + part.payment_n
  FROM books.part
 CROSS JOIN books.parameter
  JOIN books.move ON move.kind = 'invoice' AND move.n = part.n;

-- Payments that have no journal entry yet.
CREATE UNLOGGED TABLE books.bare_payment AS
SELECT last.id + ROW_NUMBER() OVER (ORDER BY invoice.n) AS id, move.id AS invoice_id, invoice.n
  FROM books.invoice
  JOIN books.move ON move.kind = 'invoice' AND move.n = invoice.n
 CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS id FROM account_payment) last
 WHERE invoice.fate = 'paid_without_entry';

INSERT INTO account_payment (
       id, name, journal_id, company_id, payment_method_line_id, payment_method_id, currency_id,
       partner_id, destination_account_id, state, payment_type, partner_type, date, amount,
       amount_company_currency_signed, is_reconciled, is_matched, create_uid, write_uid,
       create_date, write_date)
SELECT bare.id, '/', company.bank_journal_id, company.company_id, company.method_line_id,
       company.method_id, invoice.currency_id, invoice.commercial_id,
       company.receivable_account_id, 'paid', 'inbound', 'customer', paid.date, total.total,
       total.balance, FALSE, TRUE, 1, 1, paid.date, paid.date
  FROM books.bare_payment bare
  JOIN books.invoice ON invoice.n = bare.n
  JOIN books.total ON total.n = bare.n
  JOIN books.company ON company.position = invoice.position
 CROSS JOIN LATERAL (
    SELECT LEAST(invoice.today, invoice.date + floor(books.chance(invoice.n, 71) * 40)::int) AS date
       ) paid;

INSERT INTO account_move__account_payment (invoice_id, payment_id)
SELECT invoice_id, id FROM books.bare_payment;

SELECT setval('account_full_reconcile_id_seq', COALESCE((SELECT MAX(id) FROM account_full_reconcile), 1));
SELECT setval('account_partial_reconcile_id_seq', (SELECT MAX(id) FROM account_partial_reconcile));
SELECT setval('account_payment_id_seq', (SELECT MAX(id) FROM account_payment));
