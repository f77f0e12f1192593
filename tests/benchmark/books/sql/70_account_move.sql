-- The journal entries, with what Odoo computes and stores of them.

CREATE UNLOGGED TABLE books.state AS
SELECT invoice.n, SUM(residual.amount) AS residual, SUM(residual.balance) AS residual_balance,
       MAX(instalment.due_date) AS due_date,
       CASE WHEN invoice.fate = 'disputed' THEN 'blocked'
            WHEN invoice.fate = 'credited' AND SUM(residual.amount) = 0 THEN 'reversed'
            WHEN invoice.fate = 'paid_without_entry' OR SUM(residual.amount) = 0 THEN 'paid'
            WHEN BOOL_OR(residual.amount != instalment.amount) THEN 'partial'
            ELSE 'not_paid' END AS payment_state
  FROM books.invoice
  JOIN books.instalment ON instalment.n = invoice.n
  JOIN books.residual ON residual.n = instalment.n AND residual.k = instalment.k
 GROUP BY invoice.n;

ALTER TABLE books.state ADD PRIMARY KEY (n);
ANALYZE books.state;

-- Invoices and receipts; +1 for an invoice, -1 for a credit note.
INSERT INTO account_move (
       id, name, sequence_prefix, sequence_number, journal_id, company_id, move_type, state, date,
       invoice_date, invoice_date_due, invoice_payment_term_id, partner_id, commercial_partner_id,
       partner_shipping_id, invoice_partner_display_name, currency_id, invoice_currency_rate,
       invoice_user_id, team_id, reversed_entry_id, payment_reference, payment_state,
       amount_untaxed, amount_tax, amount_total, amount_residual,
       amount_untaxed_signed, amount_tax_signed, amount_total_signed, amount_residual_signed,
       amount_untaxed_in_currency_signed, amount_total_in_currency_signed,
       always_tax_exigible, auto_post, checked, posted_before, made_sequence_gap,
       is_manually_modified, create_uid, write_uid, create_date, write_date)
SELECT move.id, move.name, move.prefix, move.number, company.sale_journal_id, company.company_id,
       move.move_type, 'posted', move.date, move.date, document.due_date, document.term_id,
       invoice.partner_id, invoice.commercial_id, invoice.partner_id, partner.complete_name,
       invoice.currency_id, invoice.rate, salesperson.user_id, salesperson.team_id,
       document.reversed_id, CASE WHEN document.sign > 0 THEN move.name END, document.payment_state,
       document.untaxed, document.tax, document.untaxed + document.tax, document.residual,
       document.sign * document.untaxed_balance, document.sign * document.tax_balance,
       document.sign * (document.untaxed_balance + document.tax_balance),
       document.sign * document.residual_balance,
       document.sign * document.untaxed, document.sign * (document.untaxed + document.tax),
       FALSE, 'no', TRUE, TRUE, FALSE, FALSE, 1, 1, move.date, move.date
  FROM (
    SELECT 'invoice' AS kind, total.n, 1 AS sign, total.untaxed, total.tax, total.untaxed_balance,
           total.tax_balance, state.residual, state.residual_balance, state.due_date,
           state.payment_state, term.term_id, NULL::bigint AS reversed_id
      FROM books.total
      JOIN books.state ON state.n = total.n
      JOIN books.invoice ON invoice.n = total.n
      JOIN books.term ON term.kind = invoice.term
     UNION ALL
    SELECT 'refund', refund.n, -1, untaxed, tax, untaxed, tax,
           CASE WHEN is_matched THEN 0 ELSE untaxed + tax END,
           CASE WHEN is_matched THEN 0 ELSE untaxed + tax END, refund.date,
           CASE WHEN is_matched THEN 'paid' ELSE 'not_paid' END, NULL, invoice_move.id
      FROM books.refund
      JOIN books.move invoice_move ON invoice_move.kind = 'invoice' AND invoice_move.n = refund.n
  ) document
  JOIN books.move ON move.kind = document.kind AND move.n = document.n
  JOIN books.invoice ON invoice.n = document.n
  JOIN books.company ON company.position = invoice.position
  JOIN books.salesperson ON salesperson.n = invoice.seller
  JOIN res_partner partner ON partner.id = invoice.partner_id
 ORDER BY move.i;

-- All other entries.
INSERT INTO account_move (
       id, name, sequence_prefix, sequence_number, journal_id, company_id, move_type, state, date,
       partner_id, commercial_partner_id, invoice_partner_display_name, currency_id,
       invoice_currency_rate, payment_state, origin_payment_id,
       amount_untaxed, amount_tax, amount_total, amount_residual,
       amount_untaxed_signed, amount_tax_signed, amount_total_signed, amount_residual_signed,
       amount_untaxed_in_currency_signed, amount_total_in_currency_signed,
       always_tax_exigible, auto_post, checked, posted_before, made_sequence_gap,
       is_manually_modified, create_uid, write_uid, create_date, write_date)
SELECT move.id, move.name, move.prefix, move.number, entry.journal_id, company.company_id,
       'entry', 'posted', move.date, entry.partner_id, entry.partner_id,
       COALESCE(partner.complete_name, '#Created by: OdooBot'), entry.currency_id,
       0, 'not_paid', entry.payment_id,
       0, 0, entry.total, 0, 0, 0, entry.total_balance, 0, 0, entry.total,
       TRUE, 'no', TRUE, TRUE, FALSE, FALSE, 1, 1, move.date, move.date
  FROM (
    SELECT 'payment' AS kind, payment.n, company.bank_journal_id AS journal_id,
           payment.commercial_id AS partner_id, payment.currency_id,
           payment.settled AS total, payment.balance AS total_balance,
           parameter.first_payment + payment.n AS payment_id
      FROM books.payment
      JOIN books.company ON company.position = payment.position
     CROSS JOIN books.parameter
     UNION ALL
    SELECT 'exchange', part.number * 2 + part.part - 1, company.exchange_journal_id, NULL,
           company.currency_id, 0, ABS(part.settled_balance - part.paid_balance), NULL
      FROM books.part
      JOIN books.company ON company.position = part.position
     WHERE part.settled_balance != part.paid_balance
     UNION ALL
    SELECT 'lost', invoice.n, company.general_journal_id, NULL, company.currency_id,
           total.balance, total.balance, NULL
      FROM books.invoice
      JOIN books.total ON total.n = invoice.n
      JOIN books.company ON company.position = invoice.position
     WHERE invoice.fate = 'lost'
     UNION ALL
    SELECT 'opening', customer.n, customer.general_journal_id, NULL, customer.currency_id,
           200 + customer.n % 5000, 200 + customer.n % 5000, NULL
      FROM books.customer
      JOIN books.move ON move.kind = 'opening' AND move.n = customer.n
  ) entry
  JOIN books.move ON move.kind = entry.kind AND move.n = entry.n
  JOIN books.company ON company.position = move.position
  LEFT JOIN res_partner partner ON partner.id = entry.partner_id
 ORDER BY move.i;

SELECT setval('account_move_id_seq', (SELECT MAX(id) FROM account_move));
