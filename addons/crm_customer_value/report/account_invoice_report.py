from odoo import api, fields, models
from odoo.tools import SQL

from ..models.account_move_line import COST_GROUP


class AccountInvoiceReport(models.Model):
    _inherit = "account.invoice.report"

    cost = fields.Float(
        readonly=True,
        groups=COST_GROUP,
        help="What the sold goods or services cost when the invoices were posted.",
    )
    cost_margin = fields.Float(
        "Margin at Cost",
        readonly=True,
        groups=COST_GROUP,
        help="Revenue less cost, of lines whose cost is known.",
    )
    revenue_without_cost = fields.Float(
        "Revenue of Unknown Cost",
        readonly=True,
        groups=COST_GROUP,
        help="Untaxed amount of customer invoices of which nobody knows the cost.",
    )

    _depends = {"account.invoice.cost": ["cost", "line_id"]}

    @api.model
    def _select(self) -> SQL:
        return SQL(
            """
            %s,
            frozen.cost * account_currency_table.rate AS cost,
            (-line.balance - frozen.cost) * account_currency_table.rate AS cost_margin,
            CASE WHEN frozen.cost IS NULL AND move.move_type IN ('out_invoice', 'out_refund',
                                                               'out_receipt')
                 THEN -line.balance * account_currency_table.rate END AS revenue_without_cost
            """,
            super()._select(),
        )

    @api.model
    def _from(self) -> SQL:
        return SQL(
            "%s LEFT JOIN account_invoice_cost frozen ON frozen.line_id = line.id", super()._from()
        )
