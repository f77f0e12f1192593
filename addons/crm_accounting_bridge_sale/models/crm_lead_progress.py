from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_accounting_bridge.models.crm_lead import BILLING_GROUPS


class CrmLead(models.Model):
    """How much of what a deal's customer ordered is delivered, and how much is invoiced."""

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
