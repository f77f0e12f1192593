-- Orders behind half of the invoices, of which three fifths belong to a won deal if the customer
-- has one, and every eighth of these to two; quotations; orders of which nothing is invoiced yet.

CREATE UNLOGGED TABLE books.won AS
SELECT customer_n, id AS lead_id, ROW_NUMBER() OVER (PARTITION BY customer_n ORDER BY id) AS number,
       COUNT(*) OVER (PARTITION BY customer_n) AS count
  FROM books.deal
 WHERE outcome = 'won';

ALTER TABLE books.won ADD PRIMARY KEY (customer_n, number);
ANALYZE books.won;

CREATE UNLOGGED TABLE books.sale AS
SELECT base.id + ROW_NUMBER() OVER (ORDER BY drawn.date, drawn.kind, drawn.n, drawn.part) AS id,
       drawn.*
  FROM (SELECT COALESCE(MAX(id), 0) AS id FROM sale_order) base
 CROSS JOIN (
    SELECT 'invoice' AS kind, invoice.n, part, other.lead_id IS NOT NULL AS is_shared,
           CASE WHEN part = 1 THEN won.lead_id ELSE other.lead_id END AS lead_id, 'sale' AS state,
           invoice.customer_n, invoice.partner_id,
           GREATEST(invoice.first_day, invoice.date - floor(books.chance(invoice.n, 91) * 20)::int)
               AS date
      FROM books.invoice
      LEFT JOIN books.won
        ON won.customer_n = invoice.customer_n
       AND won.number = 1 + floor(books.chance(invoice.n, 92) * won.count)
       AND books.chance(invoice.n, 93) < 0.3
      LEFT JOIN books.won other
        ON other.customer_n = invoice.customer_n
       AND other.number = won.number + 1
       AND invoice.lines > 1
       AND books.chance(invoice.n, 94) < 0.125
     CROSS JOIN generate_series(1, CASE WHEN other.lead_id IS NULL THEN 1 ELSE 2 END) AS part
     WHERE invoice.move_type = 'out_invoice' AND books.chance(invoice.n, 93) < 0.5
     UNION ALL
    SELECT 'deal', deal.n, 1, FALSE, deal.id,
           CASE WHEN deal.outcome = 'won' THEN 'sale'
                WHEN books.chance(deal.n, 95) < 0.3 THEN 'draft' ELSE 'sent' END,
           deal.customer_n, customer.partner_id, COALESCE(deal.closed_on, deal.opened_on)
      FROM books.deal
      JOIN books.customer ON customer.n = deal.customer_n
     WHERE books.chance(deal.n, 96)
           < CASE deal.outcome WHEN 'won' THEN 0.2 WHEN 'pending' THEN 0.5 ELSE 0 END
       ) drawn;

ALTER TABLE books.sale ADD PRIMARY KEY (id);
ANALYZE books.sale;

-- What was ordered; of every seventh invoice something more than what was invoiced.
CREATE UNLOGGED TABLE books.sale_line AS
WITH item AS (
    SELECT sale.id AS sale_id, line.k, line.product_id, line.uom_id, line.name,
           line.quantity::numeric AS quantity, line.price_unit, line.subtotal, line.total,
           TRUE AS is_invoiced
      FROM books.sale
      JOIN books.product_line line
        ON line.n = sale.n AND (NOT sale.is_shared OR 2 - mod(line.k, 2) = sale.part)
     WHERE sale.kind = 'invoice'
     UNION ALL
    SELECT sale.id, 3 + k, product.id, product.uom_id, product.name, drawn.quantity,
           product.price::numeric, drawn.subtotal,
           drawn.subtotal + ROUND(drawn.subtotal * customer.percent / 100, 2), FALSE
      FROM books.sale
      JOIN books.customer ON customer.n = sale.customer_n
     CROSS JOIN generate_series(
        1, CASE WHEN sale.kind = 'deal' THEN 1 + mod(sale.n, 3)
                WHEN books.chance(sale.id, 97) < 0.15 THEN 1 ELSE 0 END) AS k
      JOIN books.product
        ON product.n = 1 + floor(books.chance(sale.id * 4 + k, 98)
                                 * (SELECT COUNT(*) FROM books.product))
     CROSS JOIN LATERAL (
        SELECT quantity, ROUND(quantity * product.price::numeric, 2) AS subtotal
          FROM (SELECT 1 + floor(books.chance(sale.id * 4 + k, 99) * 10)::int AS quantity) drawn
           ) drawn
)
SELECT base.id + ROW_NUMBER() OVER (ORDER BY item.sale_id, item.k) AS id, item.*
  FROM item
 CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS id FROM sale_order_line) base;

ALTER TABLE books.sale_line ADD PRIMARY KEY (id);

-- Journal items that invoice or credit an order line.
CREATE UNLOGGED TABLE books.sale_invoiced AS
SELECT line.id AS sale_line_id, document.item_id, document.quantity, document.untaxed
  FROM books.sale_line line
  JOIN books.sale ON sale.id = line.sale_id
 CROSS JOIN LATERAL (
    SELECT move.line_id + line.k - 1 AS item_id, line.quantity, line.subtotal AS untaxed
      FROM books.move
     WHERE move.kind = 'invoice' AND move.n = sale.n
     UNION ALL
    SELECT move.line_id + line.k - 1,
           CASE WHEN refund.is_full THEN -line.quantity ELSE -1 END,
           CASE WHEN refund.is_full THEN -line.subtotal ELSE -refund.untaxed END
      FROM books.move
      JOIN books.refund ON refund.n = move.n
     WHERE move.kind = 'refund' AND move.n = sale.n AND (refund.is_full OR line.k = 1)
       ) document
 WHERE line.is_invoiced;

CREATE UNLOGGED TABLE books.sale_line_state AS
SELECT line.*, sale.state,
       COALESCE(invoiced.quantity, 0) AS qty_invoiced,
       COALESCE(invoiced.untaxed, 0) AS untaxed_invoiced,
       CASE WHEN sale.state = 'sale' THEN line.quantity - COALESCE(invoiced.quantity, 0) ELSE 0 END
           AS qty_to_invoice,
       CASE WHEN sale.state != 'sale' THEN 'no'
            WHEN line.quantity = invoiced.quantity THEN 'invoiced' ELSE 'to invoice' END
           AS invoice_status
  FROM books.sale_line line
  JOIN books.sale ON sale.id = line.sale_id
  LEFT JOIN (SELECT sale_line_id, SUM(quantity) AS quantity, SUM(untaxed) AS untaxed
               FROM books.sale_invoiced GROUP BY sale_line_id) invoiced
    ON invoiced.sale_line_id = line.id;

INSERT INTO sale_order (
       id, name, state, company_id, partner_id, partner_invoice_id, partner_shipping_id, user_id,
       team_id, opportunity_id, pricelist_id, currency_id, currency_rate, date_order, warehouse_id,
       picking_policy, amount_untaxed, amount_tax, amount_total, invoice_status, locked,
       require_signature, require_payment, prepayment_percent, create_uid, write_uid, create_date,
       write_date)
SELECT sale.id, 'S' || lpad(sale.id::text, GREATEST(5, length(sale.id::text)), '0'), sale.state,
       customer.company_id, sale.partner_id, sale.partner_id, sale.partner_id, salesperson.user_id,
       salesperson.team_id, sale.lead_id, pricelist.id, pricelist.currency_id,
       COALESCE(rate.rate, 1), sale.date, warehouse.id, 'direct', line.untaxed,
       tax.amount, line.untaxed + tax.amount, line.invoice_status, FALSE, TRUE, FALSE, 1, 1, 1,
       sale.date, sale.date
  FROM books.sale
  JOIN books.customer ON customer.n = sale.customer_n
  JOIN books.salesperson ON salesperson.n = customer.seller
  JOIN books.pricelist
    ON pricelist.position = customer.position
   AND pricelist.currency_id = COALESCE(customer.foreign_id, customer.currency_id)
  JOIN (SELECT company_id, MIN(id) AS id FROM stock_warehouse GROUP BY company_id) warehouse
    ON warehouse.company_id = customer.company_id
  LEFT JOIN books.rate
    ON rate.position = customer.position AND rate.month = date_trunc('month', sale.date)
   AND customer.foreign_id IS NOT NULL
  JOIN (
    SELECT sale_id, SUM(subtotal) AS untaxed,
           CASE WHEN BOOL_OR(invoice_status = 'no') THEN 'no'
                WHEN BOOL_AND(invoice_status = 'invoiced') THEN 'invoiced' ELSE 'to invoice' END
               AS invoice_status
      FROM books.sale_line_state
     GROUP BY sale_id
       ) line ON line.sale_id = sale.id
 CROSS JOIN LATERAL (
    -- Unlike an invoice, whose tax is a journal item, an order rounds the tax of all lines at once.
    SELECT ROUND(line.untaxed * customer.percent / 100, 2) AS amount
       ) tax
 ORDER BY sale.id;

INSERT INTO sale_order_line (
       id, order_id, sequence, name, state, company_id, order_partner_id, salesman_id, currency_id,
       product_id, product_uom_id, product_uom_qty, price_unit, technical_price_unit, discount,
       price_subtotal, price_tax, price_total, price_reduce_taxexcl, price_reduce_taxinc,
       customer_lead, qty_delivered_method, qty_delivered, qty_invoiced, qty_to_invoice,
       untaxed_amount_invoiced, untaxed_amount_to_invoice, invoice_status, is_downpayment,
       is_expense, warehouse_id, create_uid, write_uid, create_date, write_date)
SELECT line.id, line.sale_id, 10 * line.k, line.name, line.state, sale.company_id, sale.partner_id,
       sale.user_id, sale.currency_id, line.product_id, line.uom_id, line.quantity, line.price_unit,
       line.price_unit, 0, line.subtotal, line.total - line.subtotal, line.total,
       ROUND(line.subtotal / line.quantity, 2), ROUND(line.total / line.quantity, 2),
       0, 'stock_move', 0, line.qty_invoiced, line.qty_to_invoice, line.untaxed_invoiced,
       CASE WHEN line.state = 'sale' THEN line.subtotal - line.untaxed_invoiced ELSE 0 END,
       line.invoice_status, FALSE, FALSE, sale.warehouse_id, 1, 1, sale.date_order, sale.date_order
  FROM books.sale_line_state line
  JOIN sale_order sale ON sale.id = line.sale_id
 ORDER BY line.id;

INSERT INTO account_tax_sale_order_line_rel (sale_order_line_id, account_tax_id)
SELECT line.id, company.tax_id
  FROM books.sale_line line
  JOIN sale_order sale ON sale.id = line.sale_id
  JOIN books.company ON company.company_id = sale.company_id;

INSERT INTO sale_order_line_invoice_rel (order_line_id, invoice_line_id)
SELECT sale_line_id, item_id FROM books.sale_invoiced;

SELECT setval('sale_order_id_seq', (SELECT MAX(id) FROM sale_order));
SELECT setval('sale_order_line_id_seq', (SELECT MAX(id) FROM sale_order_line));
