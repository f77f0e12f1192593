from odoo import api, fields, models
from odoo.tools import SQL

#: All customers of the company weigh like so many orders of the customer.
PRIOR_ORDERS = 1


class CrmRevenueForecast(models.Model):
    """What of confirmed orders is not on an invoice yet: the rest of an order is what the bridge
    says of it; of this what drafts hold is theirs.
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

    @api.model
    def _flush_sources(self):
        result = super()._flush_sources()
        for model in ("sale.order", "sale.order.line"):
            self.env[model].flush_model()
        return result

    @api.model
    def _get_source_columns(self):
        return {**super()._get_source_columns(), "order_id": "int"}

    @api.model
    def _get_sources(self, scope):
        return [*super()._get_sources(scope), self._get_order_source(scope)]

    @api.model
    def _get_order_source(self, scope) -> dict[str, SQL]:
        """Confirmed orders of which something is not on an invoice: a row for what can be invoiced
        by now, and one for what has to be delivered before.
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
                  LEFT JOIN (%(lag)s) usual ON usual.company_id = sale.company_id
                 CROSS JOIN LATERAL (%(rest)s) rest
                 CROSS JOIN LATERAL (%(draft)s) draft
                 CROSS JOIN LATERAL (%(ready)s) ready
                 CROSS JOIN LATERAL (%(moved)s) moved
                 CROSS JOIN LATERAL (
                    SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1)::numeric AS rate,
                           COALESCE(sale.amount_total / NULLIF(sale.amount_untaxed, 0), 1)
                               AS taxed,
                           GREATEST(rest.amount - GREATEST(draft.amount, 0), 0)
                               AS backlog
                       ) sum
                 CROSS JOIN LATERAL (
                    VALUES ('to_invoice', LEAST(GREATEST(ready.amount, 0), sum.backlog),
                            moved.done_on),
                           ('to_deliver',
                            sum.backlog - LEAST(GREATEST(ready.amount, 0), sum.backlog),
                            GREATEST(moved.due_on, basis.today))
                       ) part (layer, amount, date)
                 WHERE sale.state = 'sale' AND sale.invoice_status != 'invoiced'
                   AND rest.amount > 0 AND part.amount > 0
                   AND %(partners)s
                """,
                lags=self._get_order_lag_sql(SQL("partner.commercial_partner_id")),
                lag=self._get_order_lag_sql(SQL("NULL::int")),
                rest=self.env["crm.lead"]._get_order_rest_sql(),
                draft=self._get_order_draft_sql(),
                ready=self._get_order_ready_sql(),
                moved=self._get_order_moved_sql(),
                partners=self._get_scope_partner_sql(SQL("partner.id"), scope),
            ),
            "company_id": SQL("sale.company_id"),
            "partner_id": SQL("partner.id"),
            "user_id": SQL("sale.user_id"),
            "team_id": SQL("sale.team_id"),
            "layer": SQL("part.layer"),
            "lead_id": SQL("sale.opportunity_id"),
            "order_id": SQL("sale.id"),
            "probability": SQL("100"),
            "invoice_date": SQL(
                """
                COALESCE(part.date, sale.commitment_date::date,
                         sale.date_order::date + ROUND(
                             (COALESCE(lag.days * lag.number, 0)
                              + COALESCE(usual.days, 0) * %(prior)s)
                             / (COALESCE(lag.number, 0) + %(prior)s))::int)
                """,
                prior=PRIOR_ORDERS,
            ),
            "term_id": SQL("sale.payment_term_id"),
            "amount": SQL("ROUND(part.amount / sum.rate * sum.taxed, currency.decimal_places)"),
            "amount_untaxed": SQL("ROUND(part.amount / sum.rate, currency.decimal_places)"),
        }

    @api.model
    def _get_order_draft_sql(self) -> SQL:
        """What drafts hold of the order ``sale``, untaxed, in its currency; negative where they
        credit more than they invoice, which gives nothing to invoice again.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(
                       CASE WHEN item.currency_id = sale.currency_id
                            THEN item.price_subtotal
                                 * CASE WHEN move.move_type = 'out_refund' THEN -1 ELSE 1 END
                            ELSE -item.balance * COALESCE(NULLIF(sale.currency_rate, 0), 1) END
                       ), 0) AS amount
              FROM sale_order_line line
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE line.order_id = sale.id
               AND move.state = 'draft' AND move.move_type IN ('out_invoice', 'out_refund')
            """
        )

    @api.model
    def _get_order_ready_sql(self) -> SQL:
        """What of the order ``sale`` can be invoiced by now, as Odoo says it: drafts count as
        invoiced there. Untaxed, in its currency.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(line.qty_to_invoice * CASE
                       WHEN line.product_uom_qty = 0
                       THEN line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
                       ELSE line.price_subtotal / line.product_uom_qty END), 0) AS amount
              FROM sale_order_line line
             WHERE line.order_id = sale.id
               AND line.display_type IS NULL AND line.is_downpayment IS NOT TRUE
            """
        )

    @api.model
    def _get_order_moved_sql(self) -> SQL:
        """When the order's last delivery was done, and when the next one is to be, where Inventory
        knows.
        """
        if not self.env["crm.lead"]._has_inventory():
            return SQL("SELECT NULL::date AS done_on, NULL::date AS due_on")
        return SQL(
            """
            SELECT MAX(stock.date::date) FILTER (WHERE stock.state = 'done') AS done_on,
                   MAX(stock.date::date) FILTER (WHERE stock.state NOT IN ('done', 'cancel'))
                       AS due_on
              FROM sale_order_line line
              JOIN stock_move stock ON stock.sale_line_id = line.id
             WHERE line.order_id = sale.id
            """
        )

    @api.model
    def _get_order_lag_sql(self, partner: SQL) -> SQL:
        """The median days from an order to its first invoice, and of how many orders.

        :param partner: SQL of the customer, or of NULL for those of the whole company.
        """
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
                 WHERE sale.date_order > CURRENT_DATE - interval '24 months'
                   AND sale.state = 'sale'
                   AND move.state = 'posted' AND move.move_type = 'out_invoice'
                 GROUP BY sale.id, 2
                   ) lag
             GROUP BY company_id, partner_id
            """,
            partner=partner,
        )

    @api.model
    def _get_covered_sql(self):
        """Also confirmed orders; their invoices are not counted a second time."""
        return SQL(
            """
            %s
             UNION ALL
            SELECT opportunity_id, amount_untaxed / COALESCE(NULLIF(currency_rate, 0), 1)
              FROM sale_order
             WHERE opportunity_id IS NOT NULL AND state = 'sale'
             UNION ALL
            SELECT item.opportunity_id, item.balance
              FROM sale_order sale
              JOIN sale_order_line line ON line.order_id = sale.id
              JOIN sale_order_line_invoice_rel rel ON rel.order_line_id = line.id
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
             WHERE sale.opportunity_id IS NOT NULL AND sale.state = 'sale'
               AND item.opportunity_id = sale.opportunity_id
               AND item.parent_state IN ('draft', 'posted')
               AND item.display_type = 'product'
               AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
            """,
            super()._get_covered_sql(),
        )

    def _get_documents(self):
        return [self.order_id, *super()._get_documents()]
