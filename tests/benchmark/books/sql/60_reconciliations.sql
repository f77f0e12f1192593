-- Partial reconciliations; those of one component are reconciled together.

CREATE UNLOGGED TABLE books.partial AS
SELECT (SELECT COALESCE(MAX(id), 0) FROM account_partial_reconcile)
           + ROW_NUMBER() OVER (ORDER BY max_date, debit_line_id, credit_line_id) AS id,
       partial.*
  FROM (
    -- Credit notes.
    SELECT invoice_move.line_id + 3 + instalment.k AS debit_line_id,
           refund_move.line_id + 4 AS credit_line_id,
           instalment.credited AS amount, instalment.credited AS amount_currency,
           NULL::bigint AS exchange_move_id,
           invoice.currency_id, invoice.position,
           GREATEST(invoice_move.date, refund_move.date) AS max_date,
           CASE WHEN invoice.fate = 'credited' THEN 'invoice' ELSE 'instalment' END AS component_kind,
           CASE WHEN invoice.fate = 'credited' THEN instalment.n::bigint
                ELSE instalment.n * 4 + instalment.k END AS component_n
      FROM books.instalment
      JOIN books.invoice ON invoice.n = instalment.n
      JOIN books.move invoice_move ON invoice_move.kind = 'invoice' AND invoice_move.n = invoice.n
      JOIN books.move refund_move ON refund_move.kind = 'refund' AND refund_move.n = invoice.n
     WHERE instalment.credited > 0
     UNION ALL
    -- Bad debts.
    SELECT invoice_move.line_id + 3 + instalment.k, lost_move.line_id + 1,
           instalment.balance, instalment.amount, NULL, invoice.currency_id, invoice.position,
           GREATEST(invoice_move.date, lost_move.date), 'invoice', invoice.n
      FROM books.instalment
      JOIN books.invoice ON invoice.n = instalment.n AND invoice.fate = 'lost'
      JOIN books.move invoice_move ON invoice_move.kind = 'invoice' AND invoice_move.n = invoice.n
      JOIN books.move lost_move ON lost_move.kind = 'lost' AND lost_move.n = invoice.n
     UNION ALL
    -- Payments, and what the rate changed in between.
    SELECT side.debit_line_id, side.credit_line_id, side.amount, side.amount_currency,
           side.exchange_move_id, part.currency_id, part.position, side.date,
           CASE WHEN part.is_monthly THEN 'payment' ELSE 'instalment' END,
           CASE WHEN part.is_monthly THEN part.payment_n ELSE part.number END
      FROM books.part
      JOIN books.move invoice_move ON invoice_move.kind = 'invoice' AND invoice_move.n = part.n
      JOIN books.move payment_move
        ON payment_move.kind = 'payment' AND payment_move.n = part.payment_n
      LEFT JOIN books.move exchange_move
        ON exchange_move.kind = 'exchange' AND exchange_move.n = part.number * 2 + part.part - 1
     CROSS JOIN LATERAL (
        SELECT invoice_move.line_id + 3 + part.k AS debit_line_id,
               payment_move.line_id + 1 AS credit_line_id,
               LEAST(part.settled_balance, part.paid_balance) AS amount,
               part.settled AS amount_currency,
               exchange_move.id AS exchange_move_id,
               GREATEST(invoice_move.date, payment_move.date) AS date
         UNION ALL
        SELECT CASE WHEN part.settled_balance > part.paid_balance
                    THEN invoice_move.line_id + 3 + part.k ELSE exchange_move.line_id END,
               CASE WHEN part.settled_balance > part.paid_balance
                    THEN exchange_move.line_id ELSE payment_move.line_id + 1 END,
               ABS(part.settled_balance - part.paid_balance), 0, NULL, exchange_move.date
         WHERE exchange_move.id IS NOT NULL
           ) side
  ) partial;

CREATE UNLOGGED TABLE books.reconciled AS
SELECT line_id, SUM(amount) AS amount, SUM(amount_currency) AS amount_currency,
       MIN(component_kind) AS component_kind, MIN(component_n) AS component_n
  FROM (SELECT debit_line_id AS line_id, amount, amount_currency, component_kind, component_n
          FROM books.partial
         UNION ALL
        SELECT credit_line_id, -amount, -amount_currency, component_kind, component_n
          FROM books.partial) side
 GROUP BY line_id;

ALTER TABLE books.reconciled ADD PRIMARY KEY (line_id);
ANALYZE books.reconciled;
ANALYZE books.partial;

-- What is open of an instalment, in its currency and in the company's.
CREATE UNLOGGED TABLE books.residual AS
SELECT instalment.n, instalment.k, move.line_id + 3 + instalment.k AS line_id,
       instalment.balance - COALESCE(reconciled.amount, 0) AS balance,
       instalment.amount - COALESCE(reconciled.amount_currency, 0) AS amount
  FROM books.instalment
  JOIN books.move ON move.kind = 'invoice' AND move.n = instalment.n
  LEFT JOIN books.reconciled ON reconciled.line_id = move.line_id + 3 + instalment.k;

ALTER TABLE books.residual ADD PRIMARY KEY (n, k);

-- Of a component, only instalments can be open: what settles them is used up.
CREATE UNLOGGED TABLE books.component AS
SELECT kind, n, min_partial_id,
       CASE WHEN NOT is_open
            THEN (SELECT COALESCE(MAX(id), 0) FROM account_full_reconcile)
                 + ROW_NUMBER() OVER (PARTITION BY is_open ORDER BY min_partial_id)
       END AS full_id
  FROM (
    SELECT partial.component_kind AS kind, partial.component_n AS n,
           MIN(partial.id) AS min_partial_id,
           BOOL_OR(COALESCE(residual.amount != 0, FALSE)) AS is_open
      FROM books.partial
      LEFT JOIN books.residual ON residual.line_id = partial.debit_line_id
     GROUP BY partial.component_kind, partial.component_n
  ) component;

ALTER TABLE books.component ADD PRIMARY KEY (kind, n);
ANALYZE books.component;
ANALYZE books.residual;
