from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crm_accounting_bridge.report.crm_billing_funnel_report import Phase


class CrmBillingFunnelReport(models.Model):
    """Quotation and order between opportunity and won.

    Odoo does not keep when a quotation was sent: the day on which it was made counts. A deal that
    was won or invoiced without an order passed these phases with what was expected of it.
    """

    _inherit = "crm.billing.funnel.report"

    phase = fields.Selection(
        selection_add=[
            ("qualified",),
            ("quoted", "Quotation Sent"),
            ("ordered", "Ordered"),
            ("won",),
        ]
    )

    _depends = {
        "sale.order": [
            "amount_untaxed",
            "company_id",
            "create_date",
            "currency_rate",
            "date_order",
            "opportunity_id",
            "state",
        ],
    }

    @api.model
    def _get_phases(self) -> list[Phase]:
        phases = super()._get_phases()
        qualified = next(phase for phase in phases if phase.name == "qualified")
        position = phases.index(qualified) + 1
        return [
            *phases[:position],
            Phase(
                "quoted",
                SQL("sale.lead_id IS NOT NULL"),
                self._get_local_date("create_date", "sale"),
                qualified.amount,
            ),
            Phase(
                "ordered",
                SQL("sale.is_ordered"),
                self._get_local_date("date_order", "sale"),
                SQL("COALESCE(sale.amount, %s)", qualified.amount),
            ),
            *phases[position:],
        ]

    @api.model
    def _get_joins(self) -> SQL:
        return SQL(
            """
            %(joins)s
              LEFT JOIN (
                SELECT sale_order.opportunity_id AS lead_id,
                       BOOL_OR(kind.is_ordered) AS is_ordered,
                       MIN(sale_order.create_date) AS create_date,
                       MIN(sale_order.date_order) FILTER (WHERE kind.is_ordered) AS date_order,
                       SUM(sale_order.amount_untaxed / COALESCE(sale_order.currency_rate, 1)
                           * sale_rate.factor) FILTER (WHERE kind.is_ordered) AS amount
                  FROM sale_order
                  JOIN res_company sale_company ON sale_company.id = sale_order.company_id
                  JOIN rate sale_rate ON sale_rate.currency_id = sale_company.currency_id
                 CROSS JOIN LATERAL (SELECT sale_order.id IN %(orders)s AS is_ordered) kind
                 WHERE kind.is_ordered OR sale_order.id IN %(quotations)s
                 GROUP BY sale_order.opportunity_id
              ) sale ON sale.lead_id = lead.id
            """,
            joins=super()._get_joins(),
            orders=self._get_order_ids_sql(self.env["crm.lead"]._get_lead_sale_order_domain()),
            quotations=self._get_order_ids_sql(
                self.env["crm.lead"]._get_lead_sent_quotation_domain()
            ),
        )

    @api.model
    def _get_order_ids_sql(self, domain) -> SQL:
        """All deals' orders in this domain; which deals a person sees is decided elsewhere."""
        orders = Domain("opportunity_id", "!=", False) & Domain(domain)
        return self.env["sale.order"].sudo()._search(orders, active_test=False).subselect()
