from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_accounting_bridge.models.crm_lead import BILLING_GROUPS


class CrmLead(models.Model):
    """A deal's quotations and orders: what its billing status asks of them, and how much of what
    was ordered is delivered and invoiced.
    """

    _inherit = "crm.lead"

    ordered_total = fields.Monetary(
        "Ordered (Untaxed)",
        compute="_compute_order_progress",
        currency_field="billing_currency_id",
        groups=BILLING_GROUPS,
        help="Confirmed orders without taxes and down payments.",
    )
    delivered_rate = fields.Float(
        "Delivered",
        digits=(16, 4),
        compute="_compute_order_progress",
        groups=BILLING_GROUPS,
        help="Which share of the confirmed orders is delivered, by untaxed value.",
    )
    invoiced_rate = fields.Float(
        "Invoiced (Share)",
        digits=(16, 4),
        compute="_compute_order_progress",
        groups=BILLING_GROUPS,
        help="Which share of the confirmed orders is on invoices, drafts included as on the order"
        " lines, by untaxed value.",
    )

    @api.depends(
        "order_ids.state",
        # It depends on ordered, delivered and invoiced quantities, drafts becoming posted included.
        "order_ids.order_line.invoice_status",
        "order_ids.order_line.price_subtotal",
    )
    def _compute_billing(self):
        return super()._compute_billing()

    @api.depends(
        "billing_currency_id",
        "order_ids.state",
        "order_ids.order_line.price_subtotal",
        "order_ids.order_line.product_uom_qty",
        "order_ids.order_line.qty_delivered",
        "order_ids.order_line.qty_invoiced",
    )
    def _compute_order_progress(self):
        """By one statement for all deals.

        What lowers the price, discounts and returned goods, counts in the total, but is nothing
        that is delivered: shares leave it out. More than was ordered is not more than everything.
        """
        sums = self._get_order_progress()
        for lead in self:
            progress = sums.get(lead._origin.id, {})
            goods = progress.get("goods")
            lead.ordered_total = progress.get("ordered", 0.0)
            lead.delivered_rate = progress["delivered"] / goods if goods else 0.0
            lead.invoiced_rate = progress["invoiced"] / goods if goods else 0.0

    def _get_order_status(self) -> dict[int, tuple[str, bool]]:
        """``(none | quoted | ordered, has something to invoice)`` by deal id.

        ``quoted``: a quotation was sent (a draft is nothing), ``ordered``: an order is confirmed.
        An order from the web shop is an order like any other.

        Something is to be invoiced when a confirmed order has a rest that is worth more than
        nothing, untaxed, in the order's currency. The rest is

        - what was ordered (or delivered, if that is more and is invoiced as delivered) and is not
          on a posted invoice, delivered or not. A draft invoice has invoiced nothing yet;
        - less the down payments that were invoiced and not deducted yet: when they cover the rest,
          the final invoice will ask for no more money.

        These are no rest: lines without a price, lines invoiced beyond what was ordered, a line
        that Inventory closed short (all its deliveries done or cancelled: Odoo says it is
        invoiced), cancelled orders. A locked order is no closed order.

        A credit note for a part makes no rest: goods came back or became cheaper. An invoice that
        credit notes reversed as a whole never was: the order is to be invoiced again.

        One statement for all deals; it sees all orders, also those that a salesperson may not.
        """
        status_by_lead = super()._get_order_status()
        if not self.ids:
            return status_by_lead
        for model, field_names in {
            "account.move": ("amount_total", "move_type", "reversed_entry_id", "state"),
            "account.move.line": ("price_subtotal", "product_uom_id", "quantity", "sale_line_ids"),
            "sale.order": ("currency_id", "opportunity_id", "state"),
            "sale.order.line": (
                "discount",
                "invoice_status",
                "is_downpayment",
                "price_subtotal",
                "price_unit",
                "product_uom_id",
                "product_uom_qty",
                "qty_invoiced",
                "qty_to_invoice",
            ),
        }.items():
            self.env[model].flush_model(field_names)
        for row in self.env.execute_query_dict(self._get_order_status_sql()):
            status_by_lead[row["lead_id"]] = (
                "ordered" if row["is_ordered"] else "quoted",
                row["has_uninvoiced"],
            )
        return status_by_lead

    def _get_order_status_sql(self) -> SQL:
        """Per deal: is something ordered, and is something of it to be invoiced?"""
        return SQL(
            """
            SELECT sale.opportunity_id AS lead_id,
                   BOOL_OR(sale.state = 'sale') AS is_ordered,
                   BOOL_OR(sale.state = 'sale'
                           AND ROUND(rest.amount, currency.decimal_places) > 0)
                       IS TRUE AS has_uninvoiced
              FROM sale_order sale
              JOIN res_currency currency ON currency.id = sale.currency_id
             CROSS JOIN LATERAL (%(rest)s) rest
             WHERE sale.opportunity_id = ANY(%(lead_ids)s)
               AND sale.state IN ('sent', 'sale')
             GROUP BY sale.opportunity_id
            """,
            rest=self._get_order_rest_sql(),
            lead_ids=list(self.ids),
        )

    def _get_order_rest_sql(self) -> SQL:
        """What is still to be invoiced of the order ``sale``, untaxed, in its currency."""
        return SQL(
            """
            SELECT SUM(CASE
                   WHEN line.is_downpayment THEN -posted.amount
                   WHEN line.product_uom_qty < 0
                   THEN LEAST(line.product_uom_qty - posted.quantity, 0)
                        * line.price_subtotal / line.product_uom_qty
                   ELSE GREATEST(wanted.quantity - posted.quantity, 0)
                        * CASE WHEN line.product_uom_qty = 0
                               THEN line.price_unit * (1 - COALESCE(line.discount, 0) / 100)
                               ELSE line.price_subtotal / line.product_uom_qty END
                   END) AS amount
              FROM sale_order_line line
             CROSS JOIN LATERAL (
                SELECT CASE WHEN line.invoice_status = 'invoiced' THEN line.qty_invoiced
                            ELSE GREATEST(line.product_uom_qty,
                                          line.qty_invoiced + line.qty_to_invoice)
                       END AS quantity
                   ) wanted
             CROSS JOIN LATERAL (%(posted)s) posted
             WHERE line.order_id = sale.id
               AND line.display_type IS NULL
            """,
            posted=self._get_order_line_posted_sql(),
        )

    def _get_order_line_posted_sql(self) -> SQL:
        """Quantity of the order line ``line`` on posted invoices, amount on all documents.

        The quantity is in the order line's unit; invoices that were reversed as a whole count not.
        The amount, for down payments, is net of deductions and credit notes.
        """
        return SQL(
            """
            SELECT COALESCE(SUM(ROUND(item.quantity * COALESCE(unit.factor / line_unit.factor, 1),
                                      6))
                            FILTER (WHERE move.move_type = 'out_invoice' AND NOT reversed.is_full),
                            0) AS quantity,
                   COALESCE(SUM(CASE WHEN move.move_type = 'out_refund' THEN -item.price_subtotal
                                     ELSE item.price_subtotal END), 0) AS amount
              FROM sale_order_line_invoice_rel rel
              JOIN account_move_line item ON item.id = rel.invoice_line_id
              JOIN account_move move ON move.id = item.move_id
                                    AND move.state = 'posted'
                                    AND move.move_type IN ('out_invoice', 'out_refund')
              LEFT JOIN uom_uom unit ON unit.id = item.product_uom_id
              LEFT JOIN uom_uom line_unit ON line_unit.id = line.product_uom_id
             CROSS JOIN LATERAL (
                SELECT COALESCE(SUM(refund.amount_total) >= move.amount_total, FALSE) AS is_full
                  FROM account_move refund
                 WHERE refund.reversed_entry_id = move.id
                   AND refund.state = 'posted'
                   ) reversed
             WHERE rel.order_line_id = line.id
            """
        )

    def _get_order_progress(self) -> dict[int, dict[str, float]]:
        """Untaxed sums by deal id, in the currency of the deal's billing figures: ``ordered`` in
        all, ``goods`` of which ``delivered`` and ``invoiced``.

        It sees all orders, also those that a salesperson may not: only sums leave this method.
        """
        if not self.ids:
            return {}
        for model, field_names in {
            "sale.order": ("company_id", "currency_rate", "date_order", "opportunity_id", "state"),
            "sale.order.line": (
                "display_type",
                "is_downpayment",
                "price_subtotal",
                "product_uom_qty",
                "qty_delivered",
                "qty_invoiced",
            ),
            "crm.lead": ("billing_currency_id",),
        }.items():
            self.env[model].flush_model(field_names)
        sums_by_lead = defaultdict(lambda: defaultdict(float))
        for row in self.env.execute_query_dict(self._get_order_progress_sql()):
            company = self.env["res.company"].browse(row["company_id"])
            lead_currency = self.env["res.currency"].browse(row["lead_currency_id"])
            rate = 1.0
            if row["date"]:  # the order's company has another currency
                rate = company.sudo().currency_id._get_conversion_rate(
                    company.sudo().currency_id, lead_currency, company, row["date"]
                )
            for name in ("ordered", "goods", "delivered", "invoiced"):
                sums_by_lead[row["lead_id"]][name] += row[name] * rate
        return sums_by_lead

    def _get_order_progress_sql(self) -> SQL:
        """Sums in the currency of the orders' company; by day where that is not the deal's."""
        return SQL(
            """
            SELECT sale.opportunity_id AS lead_id, sale.company_id,
                   lead.billing_currency_id AS lead_currency_id, other_currency.date,
                   SUM(line.price_subtotal / rate.value)::float AS ordered,
                   SUM(goods.value / rate.value)::float AS goods,
                   SUM(goods.value / rate.value * goods.delivered)::float AS delivered,
                   SUM(goods.value / rate.value * goods.invoiced)::float AS invoiced
              FROM sale_order sale
              JOIN crm_lead lead ON lead.id = sale.opportunity_id
              JOIN res_company company ON company.id = sale.company_id
              JOIN sale_order_line line ON line.order_id = sale.id
                                       AND line.display_type IS NULL
                                       AND line.is_downpayment IS NOT TRUE
             CROSS JOIN LATERAL (
                SELECT COALESCE(NULLIF(sale.currency_rate, 0), 1)::numeric AS value
                   ) rate
             CROSS JOIN LATERAL (
                SELECT CASE WHEN company.currency_id != lead.billing_currency_id
                            THEN sale.date_order::date END AS date
                   ) other_currency
             CROSS JOIN LATERAL (
                SELECT GREATEST(line.price_subtotal, 0) AS value,
                       LEAST(GREATEST(line.qty_delivered / NULLIF(line.product_uom_qty, 0), 0), 1)
                           AS delivered,
                       LEAST(GREATEST(line.qty_invoiced / NULLIF(line.product_uom_qty, 0), 0), 1)
                           AS invoiced
                   ) goods
             WHERE sale.opportunity_id = ANY(%s)
               AND sale.state = 'sale'
             GROUP BY sale.opportunity_id, sale.company_id, lead.billing_currency_id,
                      other_currency.date
            """,
            list(self.ids),
        )

    def _merge_dependences(self, opportunities):
        # A salesperson who merges deals may not see a colleague's orders: they would be left
        # without a deal. Searched, for the field remembers what the salesperson sees of it.
        orders_sudo = (
            self.env["sale.order"].sudo().search([("opportunity_id", "in", opportunities.ids)])
        )
        orders_sudo.opportunity_id = self
        return super()._merge_dependences(opportunities)
