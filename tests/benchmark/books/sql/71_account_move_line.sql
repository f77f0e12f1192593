-- Journal items of all entries in one statement.

INSERT INTO account_move_line (
       id, move_id, journal_id, company_id, company_currency_id, currency_id, account_id,
       partner_id, move_name, parent_state, date, invoice_date, date_maturity, display_type, name,
       sequence, debit, credit, balance, amount_currency, amount_residual,
       amount_residual_currency, reconciled, full_reconcile_id, matching_number,
       product_id, product_uom_id, quantity, price_unit, price_subtotal, price_total, discount,
       tax_line_id, tax_group_id, tax_repartition_line_id, tax_base_amount, payment_id,
       is_storno, no_followup, deductible_amount, create_uid, write_uid, create_date, write_date)
SELECT move.line_id + item.slot, move.id, item.journal_id, company.company_id, company.currency_id,
       item.currency_id, item.account_id, item.partner_id, move.name, 'posted', move.date,
       CASE WHEN move.kind IN ('invoice', 'refund') THEN move.date END, item.date_maturity,
       item.display_type, item.name, item.sequence,
       GREATEST(item.balance, 0), GREATEST(-item.balance, 0), item.balance, item.amount_currency,
       CASE WHEN item.is_reconcilable THEN item.balance - COALESCE(reconciled.amount, 0) ELSE 0 END,
       CASE WHEN item.is_reconcilable
            THEN item.amount_currency - COALESCE(reconciled.amount_currency, 0) ELSE 0 END,
       item.is_reconcilable AND item.balance = COALESCE(reconciled.amount, 0)
           AND item.amount_currency = COALESCE(reconciled.amount_currency, 0),
       component.full_id,
       COALESCE(component.full_id::text, 'P' || component.min_partial_id),
       item.product_id, item.uom_id, item.quantity, item.price_unit, item.subtotal, item.total, 0,
       item.tax_id, item.tax_group_id, item.tax_repartition_line_id, item.tax_base,
       item.payment_id, FALSE, FALSE, 100, 1, 1, move.date, move.date
  FROM (
    -- Products of an invoice; of a credit note that takes all back.
    SELECT document.kind, document.n::bigint, line.k - 1 AS slot, company.sale_journal_id AS journal_id,
           invoice.currency_id, company.income_account_id AS account_id,
           invoice.commercial_id AS partner_id, NULL::date AS date_maturity,
           'product' AS display_type, line.name, 100 AS sequence,
           -document.sign * line.balance AS balance,
           -document.sign * line.subtotal AS amount_currency, FALSE AS is_reconcilable,
           line.product_id, line.uom_id, line.quantity::numeric, line.price_unit, line.subtotal,
           line.total, NULL::int AS tax_id, NULL::int AS tax_group_id,
           NULL::int AS tax_repartition_line_id, NULL::numeric AS tax_base, NULL::bigint AS payment_id
      FROM (SELECT 'invoice' AS kind, n, 1 AS sign FROM books.invoice
             UNION ALL SELECT 'refund', n, -1 FROM books.refund WHERE is_full) document
      JOIN books.product_line line ON line.n = document.n
      JOIN books.invoice ON invoice.n = document.n
      JOIN books.company ON company.position = invoice.position
     UNION ALL
    SELECT 'refund', refund.n, 0, company.sale_journal_id, invoice.currency_id,
           company.income_account_id, invoice.commercial_id, NULL, 'product', line.name, 100,
           refund.untaxed, refund.untaxed, FALSE, line.product_id, line.uom_id, 1, refund.untaxed,
           refund.untaxed, refund.untaxed + refund.tax, NULL, NULL, NULL, NULL, NULL
      FROM books.refund
      JOIN books.product_line line ON line.n = refund.n AND line.k = 1
      JOIN books.invoice ON invoice.n = refund.n
      JOIN books.company ON company.position = invoice.position
     WHERE NOT refund.is_full
     UNION ALL
    -- Taxes.
    SELECT document.kind, document.n, 3, company.sale_journal_id, invoice.currency_id,
           company.tax_account_id, invoice.commercial_id, NULL, 'tax', 'Tax', 10000,
           -document.sign * document.tax_balance, -document.sign * document.tax, FALSE,
           NULL, NULL, 0, 0, 0, 0, company.tax_id, company.tax_group_id,
           CASE WHEN document.sign > 0 THEN company.tax_line_id ELSE company.refund_tax_line_id END,
           -document.sign * document.untaxed_balance, NULL
      FROM (SELECT 'invoice' AS kind, n, 1 AS sign, tax, tax_balance, untaxed_balance
              FROM books.total
             UNION ALL SELECT 'refund', n, -1, tax, tax, untaxed FROM books.refund) document
      JOIN books.invoice ON invoice.n = document.n
      JOIN books.company ON company.position = invoice.position
     UNION ALL
    -- Instalments.
    SELECT 'invoice', instalment.n, 3 + instalment.k, company.sale_journal_id, invoice.currency_id,
           company.receivable_account_id, invoice.commercial_id, instalment.due_date,
           'payment_term', 'Instalment ' || instalment.k, 12000, instalment.balance,
           instalment.amount, TRUE, NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL
      FROM books.instalment
      JOIN books.invoice ON invoice.n = instalment.n
      JOIN books.company ON company.position = invoice.position
     UNION ALL
    SELECT 'refund', refund.n, 4, company.sale_journal_id, invoice.currency_id,
           company.receivable_account_id, invoice.commercial_id, refund.date, 'payment_term', NULL,
           12000, -refund.untaxed - refund.tax, -refund.untaxed - refund.tax, TRUE,
           NULL, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL
      FROM books.refund
      JOIN books.invoice ON invoice.n = refund.n
      JOIN books.company ON company.position = invoice.position
     UNION ALL
    -- Payments: money, receivable, and what is given up.
    SELECT 'payment', payment.n, side.slot, company.bank_journal_id, payment.currency_id,
           side.account_id, payment.commercial_id, side.date_maturity, 'product', side.name, 100,
           side.balance, side.amount, side.slot < 2, NULL, NULL, 1, 0, side.amount, side.amount,
           NULL, NULL, NULL, NULL, parameter.first_payment + payment.n
      FROM books.payment
      JOIN books.company ON company.position = payment.position
     CROSS JOIN books.parameter
     CROSS JOIN LATERAL (
        VALUES (0, company.outstanding_account_id, payment.date, 'Manual Payment',
                payment.balance - payment.lost, payment.settled - payment.lost),
               (1, company.receivable_account_id, payment.date, 'Manual Payment',
                -payment.balance, -payment.settled),
               (2, company.expense_account_id, NULL, 'Write-Off', payment.lost, payment.lost)
           ) side (slot, account_id, date_maturity, name, balance, amount)
     WHERE side.slot < 2 OR payment.lost != 0
     UNION ALL
    -- Exchange differences.
    SELECT 'exchange', part.number * 2 + part.part - 1, side.slot, company.exchange_journal_id,
           part.currency_id, side.account_id, part.commercial_id, NULL, 'product',
           'Currency exchange rate difference', side.slot, side.balance, 0, side.slot = 0,
           NULL, NULL, 1, 0, 0, 0, NULL, NULL, NULL, NULL, NULL
      FROM books.part
      JOIN books.company ON company.position = part.position
     CROSS JOIN LATERAL (
        VALUES (0, company.receivable_account_id, part.paid_balance - part.settled_balance),
               (1, CASE WHEN part.paid_balance > part.settled_balance
                        THEN company.exchange_gain_account_id
                        ELSE company.exchange_loss_account_id END,
                part.settled_balance - part.paid_balance)
           ) side (slot, account_id, balance)
     WHERE part.settled_balance != part.paid_balance
     UNION ALL
    -- Bad debts and opening balances, by hand.
    SELECT entry.kind, entry.n, side.slot, company.general_journal_id, company.currency_id,
           side.account_id, side.partner_id, NULL, 'product', side.name, 100, side.balance,
           side.balance, side.partner_id IS NOT NULL, NULL, NULL, 1, 0, side.balance, side.balance,
           NULL, NULL, NULL, NULL, NULL
      FROM (SELECT 'lost' AS kind, invoice.n::bigint, invoice.position, invoice.commercial_id,
                   total.balance
              FROM books.invoice JOIN books.total ON total.n = invoice.n
             WHERE invoice.fate = 'lost'
             UNION ALL
            SELECT 'opening', customer.n, customer.position, customer.partner_id,
                   -(200 + customer.n % 5000)
              FROM books.customer
              JOIN books.move ON move.kind = 'opening' AND move.n = customer.n) entry
      JOIN books.company ON company.position = entry.position
     CROSS JOIN LATERAL (
        VALUES (0, CASE WHEN entry.kind = 'lost' THEN company.expense_account_id
                        ELSE company.equity_account_id END,
                NULL::bigint, 'By hand', entry.balance),
               (1, company.receivable_account_id, entry.commercial_id, NULL, -entry.balance)
           ) side (slot, account_id, partner_id, name, balance)
  ) item
  JOIN books.move ON move.kind = item.kind AND move.n = item.n
  JOIN books.company ON company.position = move.position
  LEFT JOIN books.reconciled ON reconciled.line_id = move.line_id + item.slot
                            AND item.is_reconcilable
  LEFT JOIN books.component ON component.kind = reconciled.component_kind
                           AND component.n = reconciled.component_n
 ORDER BY 1;

SELECT setval('account_move_line_id_seq', (SELECT MAX(id) FROM account_move_line));

-- The tax on each product line.
INSERT INTO account_move_line_account_tax_rel (account_move_line_id, account_tax_id)
SELECT line.id, company.tax_id
  FROM account_move_line line
  JOIN books.company ON company.company_id = line.company_id
 WHERE line.id > (SELECT first_line FROM books.parameter)
   AND line.display_type = 'product' AND line.product_id IS NOT NULL;
