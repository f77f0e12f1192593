from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.account_receivable_settlement.loose import LooseMany2one

#: All customers of the company weigh like so many orders of the customer.
PRIOR_ORDERS = 1


class CrmRevenueForecast(models.Model):
    """What of confirmed orders is not on an invoice yet, by line: the rest of an order is what the
    bridge says of it; of this what drafts hold is theirs.
    """

    _inherit = "crm.revenue.forecast"

    layer = fields.Selection(
        selection_add=[
            ("to_deliver", "To Deliver"),
            ("to_invoice", "To Invoice"),
            ("draft",),
        ],
        ondelete={"to_deliver": "cascade", "to_invoice": "cascade"},
    )
    order_id = fields.Many2one(
        "sale.order",
        string="Sales Order",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    order_line_id = LooseMany2one("sale.order.line", string="Order Line", readonly=True)

    @api.model
    def _get_loose_names(self):
        return [*super()._get_loose_names(), "order_line_id"]

    @api.model
    def _flush_sources(self):
        result = super()._flush_sources()
        for model in ("sale.order", "sale.order.line"):
            self.env[model].flush_model()
        return result

    @api.model
    def _get_source_columns(self):
        return {**super()._get_source_columns(), "order_id": "int", "order_line_id": "int"}

    @api.model
    def _get_sources(self, scope):
        return [*super()._get_sources(scope), self._get_order_source(scope)]

    @api.model
    def _get_order_source(self, scope) -> dict[str, SQL]:
        """Lines of confirmed orders of which something is not on an invoice: a row for what can be
        invoiced by now, and one for what has to be delivered before.

        How much that is, is reckoned of the order as a whole: down payments, discounts and goods
        taken back lower what its other lines bring. They take it over in proportion, rounded in
        company currency so that the lines of a layer sum up to the order's.
        """
        return {
            "from": SQL(
                """
                sale_order sale
                  JOIN expect_basis basis ON basis.company_id = sale.company_id
                  JOIN res_company company ON company.id = sale.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                  LEFT JOIN res_partner contact ON contact.id = sale.partner_invoice_id
                  LEFT JOIN res_partner partner ON partner.id = contact.commercial_partner_id
                  LEFT JOIN (%(lags)s) lag
                    ON lag.company_id = sale.company_id AND lag.partner_id = partner.id
                  LEFT JOIN crm_revenue_forecast_state usual
                    ON usual.company_id = sale.company_id
                 CROSS JOIN LATERAL (
                    SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1)::numeric AS rate,
                           COALESCE(sale.amount_total / NULLIF(sale.amount_untaxed, 0), 1) AS taxed
                       ) sum
                 CROSS JOIN LATERAL (%(parts)s) part
                 WHERE sale.state = 'sale' AND sale.invoice_status != 'invoiced'
                   AND %(partners)s
                """,
                lags=self._get_order_lag_sql(SQL("partner.commercial_partner_id"), scope),
                parts=self._get_order_part_sql(),
                partners=self._get_scope_partner_sql(SQL("partner.id"), scope),
            ),
            "company_id": SQL("sale.company_id"),
            "partner_id": SQL("partner.id"),
            "user_id": SQL("sale.user_id"),
            "team_id": SQL("sale.team_id"),
            "layer": SQL("part.layer"),
            "lead_id": SQL("sale.opportunity_id"),
            "order_id": SQL("sale.id"),
            "order_line_id": SQL("part.line_id"),
            "categ_id": SQL("part.categ_id"),
            "probability": SQL("100"),
            "invoice_date": SQL(
                """
                COALESCE(part.date, sale.commitment_date::date,
                         sale.date_order::date + ROUND(
                             (COALESCE(lag.days * lag.number, 0)
                              + COALESCE(usual.order_lag_days, 0)::numeric * %(prior)s)
                             / (COALESCE(lag.number, 0) + %(prior)s))::int)
                """,
                prior=PRIOR_ORDERS,
            ),
            "term_id": SQL("sale.payment_term_id"),
            "amount": self._get_part_share_sql(SQL("part.amount / sum.rate * sum.taxed")),
            "amount_untaxed": self._get_part_share_sql(SQL("part.amount / sum.rate")),
        }

    @api.model
    def _get_part_share_sql(self, amount: SQL) -> SQL:
        """The line's share of an amount of its order: shares of all lines sum up to it, rounded."""
        return SQL(
            """
            ROUND(ROUND(%(amount)s, currency.decimal_places) * part.upto, currency.decimal_places)
            - ROUND(ROUND(%(amount)s, currency.decimal_places) * part.since,
                    currency.decimal_places)
            """,
            amount=amount,
        )

    @api.model
    def _get_order_part_sql(self) -> SQL:
        """What of the order ``sale`` is in which layer: ``amount`` is the whole order's, untaxed,
        in its currency, of which the line has the share from ``since`` to ``upto``; ``date`` is
        when that was, or is to be, delivered.
        """
        return SQL(
            """
            SELECT line_id, categ_id, layer, amount, date,
                   (running - weight) / total AS since, running / total AS upto
              FROM (
                SELECT part.*,
                       SUM(weight) OVER (PARTITION BY layer ORDER BY line_id) AS running,
                       SUM(weight) OVER (PARTITION BY layer) AS total
                  FROM (
                    SELECT line.line_id, line.categ_id, part.layer, part.amount, part.date,
                           -- Where no line has what the order has, all that have a rest, or else
                           -- all lines take part.
                           CASE WHEN SUM(part.own) OVER layer > 0 THEN part.own
                                WHEN SUM(line.rest) OVER layer > 0 THEN line.rest
                                ELSE 1 END AS weight
                      FROM (
                        SELECT line.*,
                               LEAST(ready, rest) AS own_ready,
                               order_backlog - LEAST(GREATEST(order_ready, 0), order_backlog)
                                   AS order_undelivered
                          FROM (
                            SELECT line.id AS line_id, template.categ_id, moved.done_on,
                                   moved.due_on,
                                   MAX(moved.done_on) OVER () AS order_done_on,
                                   MAX(moved.due_on) OVER () AS order_due_on,
                                   CASE WHEN line.is_downpayment THEN 0
                                        ELSE GREATEST(rest.amount - GREATEST(draft.amount, 0), 0)
                                   END AS rest,
                                   GREATEST(ready.amount, 0) AS ready,
                                   SUM(ready.amount) OVER () AS order_ready,
                                   GREATEST(SUM(rest.amount) OVER ()
                                            - GREATEST(SUM(draft.amount) OVER (), 0), 0)
                                       AS order_backlog
                              FROM (%(rest)s) rest
                              JOIN sale_order_line line ON line.id = rest.line_id
                              LEFT JOIN product_product product ON product.id = line.product_id
                              LEFT JOIN product_template template
                                ON template.id = product.product_tmpl_id
                             CROSS JOIN LATERAL (%(draft)s) draft
                             CROSS JOIN LATERAL (%(ready)s) ready
                             CROSS JOIN LATERAL (%(moved)s) moved
                               ) line
                           ) line
                     CROSS JOIN LATERAL (
                        VALUES ('to_invoice', order_backlog - order_undelivered, own_ready,
                                COALESCE(done_on, order_done_on)),
                               ('to_deliver', order_undelivered, rest - own_ready,
                                GREATEST(COALESCE(due_on, order_due_on), basis.today))
                           ) part (layer, amount, own, date)
                     WHERE part.amount > 0
                    WINDOW layer AS (PARTITION BY part.layer)
                       ) part
                   ) part
             WHERE weight > 0
            """,
            rest=self.env["crm.lead"]._get_order_line_rest_sql(),
            draft=self._get_order_line_draft_sql(),
            ready=self._get_order_line_ready_sql(),
            moved=self._get_order_line_moved_sql(),
        )

    @api.model
    def _get_order_line_draft_sql(self) -> SQL:
        """What drafts hold of the order line ``line``, untaxed, in the currency of its order
        ``sale``; negative where they credit more than they invoice, which gives nothing to invoice
        again.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(
                       CASE WHEN item.currency_id = sale.currency_id
                            THEN item.price_subtotal
                                 * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
                            ELSE -item.balance * COALESCE(NULLIF(sale.currency_rate, 0), 1) END
                       ), 0) AS amount
              FROM sale_order_line_invoice_rel rel
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE rel.order_line_id = line.id
               AND move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_refund')
            """
        )

    @api.model
    def _get_order_line_ready_sql(self) -> SQL:
        """What of the order line ``line`` can be invoiced by now, as Odoo says it: drafts count as
        invoiced there. Untaxed, in its currency.
        """
        return SQL(
            """
            SELECT CASE WHEN line.is_downpayment THEN 0
                        WHEN line.product_uom_qty = 0
                        THEN line.qty_to_invoice * line.price_unit
                             * (1 - COALESCE(line.discount, 0) / 100)
                        ELSE line.qty_to_invoice * line.price_subtotal / line.product_uom_qty
                   END AS amount
            """
        )

    @api.model
    def _get_order_line_moved_sql(self) -> SQL:
        """When the order line's last delivery was done, and when the next one is to be, where
        Inventory knows.
        """
        if not self.env["crm.lead"]._has_inventory():
            return SQL("SELECT NULL::date AS done_on, NULL::date AS due_on")
        return SQL(
            """
            SELECT MAX(stock.date::date) FILTER (WHERE stock.state = 'done') AS done_on,
                   MAX(stock.date::date) FILTER (WHERE stock.state NOT IN ('done', 'cancel'))
                       AS due_on
              FROM stock_move stock
             WHERE stock.sale_line_id = line.id
            """
        )

    @api.model
    def _get_order_lag_sql(self, partner: SQL, scope) -> SQL:
        """The median days from an order to its first invoice, and of how many orders.

        :param partner: SQL of the customer, or of NULL for those of the whole company.
        """
        receivable = self.env["account.receivable"]
        return SQL(
            """
            SELECT company_id, partner_id, COUNT(*) AS number,
                   PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY days)::numeric AS days
              FROM (
                SELECT sale.company_id, %(partner)s AS partner_id,
                       GREATEST(MIN(move.invoice_date) - sale.date_order::date, 0) AS days
                  FROM sale_order sale
                  JOIN res_partner partner ON partner.id = sale.partner_invoice_id
                  JOIN sale_order_line line ON line.order_id = sale.id
                  JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
                  JOIN account_move_line item ON item.id = rel.invoice_line_id
                  JOIN account_move move ON move.id = item.move_id
                 WHERE %(companies)s AND %(partners)s
                   AND sale.date_order > CURRENT_DATE - interval '24 months'
                   AND sale.state = 'sale'
                   AND move.state = 'posted' AND move.move_type = 'out_invoice'
                 GROUP BY sale.id, 2
                   ) lag
             GROUP BY company_id, partner_id
            """,
            partner=partner,
            companies=receivable._get_company_sql(SQL("sale.company_id"), scope),
            partners=receivable._get_partner_sql(SQL("sale.partner_invoice_id"), scope),
        )

    @api.model
    def _get_covered_sql(self, deal_ids):
        """Also confirmed orders; their invoices are not counted a second time."""
        return SQL(
            """
            %(invoiced)s
             UNION ALL
            SELECT opportunity_id, amount_untaxed / COALESCE(NULLIF(currency_rate, 0), 1)
              FROM sale_order
             WHERE %(of_order)s AND state = 'sale'
             UNION ALL
            SELECT item.opportunity_id, item.balance
              FROM sale_order sale
              JOIN sale_order_line line ON line.order_id = sale.id
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE %(of_sale)s AND sale.state = 'sale'
               AND item.opportunity_id = sale.opportunity_id
               AND item.parent_state IN ('draft', 'posted')
               AND item.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
            """,
            invoiced=super()._get_covered_sql(deal_ids),
            of_order=self._get_deal_condition_sql(SQL("opportunity_id"), deal_ids),
            of_sale=self._get_deal_condition_sql(SQL("sale.opportunity_id"), deal_ids),
        )

    def _get_documents(self):
        return [self.order_id, *super()._get_documents()]
