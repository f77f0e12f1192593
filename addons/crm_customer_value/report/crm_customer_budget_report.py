from odoo import fields, models
from odoo.tools import SQL

from ..models.crm_customer_budget_line import SEGMENTS


class CrmCustomerBudgetReport(models.Model):
    """Budget against actual, by scenario, segment and month. Company currency."""

    _name = "crm.customer.budget.report"
    _inherit = ["account.company.amounts"]
    _description = "Budget against Actual"
    _auto = False
    _order = "month, segment, id"

    budget_id = fields.Many2one("crm.customer.budget", "Scenario", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(readonly=True)
    segment = fields.Selection(SEGMENTS, readonly=True)
    budget_revenue = fields.Monetary("Budget", readonly=True)
    actual_revenue = fields.Monetary(
        "Actual", readonly=True, help="Untaxed, less credit notes, of the segment's customers."
    )
    difference = fields.Monetary(readonly=True, help="Actual less budget.")
    budget_margin = fields.Monetary("Budgeted Margin", readonly=True)
    actual_margin = fields.Monetary(
        readonly=True, help="Revenue of known cost less cost, of the segment's customers."
    )

    _depends = {
        "account.move": ["invoice_date", "move_type", "state"],
        "account.invoice.cost": ["cost", "line_id"],
        "account.move.line": ["balance", "company_id", "display_type", "partner_id"],
        "crm.customer.budget": ["company_id", "year"],
        "crm.customer.budget.customer": ["budget_id", "partner_id", "segment"],
        "crm.customer.budget.line": ["budget_id", "margin", "month", "revenue", "segment"],
    }

    @property
    def _table_query(self) -> SQL:
        return SQL(
            """
            SELECT line.id::bigint * 2 AS id, line.budget_id, line.company_id, line.month,
                   line.segment, COALESCE(line.revenue, 0) AS budget_revenue,
                   0::numeric AS actual_revenue, -COALESCE(line.revenue, 0) AS difference,
                   COALESCE(line.margin, 0) AS budget_margin, 0::numeric AS actual_margin
              FROM crm_customer_budget_line line
             UNION ALL
            SELECT ROW_NUMBER() OVER () * 2 + 1, actual.* FROM (
                SELECT budget.id, budget.company_id,
                       DATE_TRUNC('month', move.invoice_date)::date AS month,
                       COALESCE(customer.segment, 'none') AS segment, 0::numeric,
                       -SUM(line.balance), -SUM(line.balance), 0::numeric,
                       COALESCE(SUM(-line.balance - frozen.cost), 0)
                  FROM crm_customer_budget budget
                  JOIN account_move move
                    ON move.company_id = budget.company_id
                   AND move.invoice_date >= MAKE_DATE(budget.year, 1, 1)
                   AND move.invoice_date < MAKE_DATE(budget.year + 1, 1, 1)
                  JOIN account_move_line line ON line.move_id = move.id
                  LEFT JOIN account_invoice_cost frozen ON frozen.line_id = line.id
                  JOIN res_partner partner ON partner.id = line.partner_id
                  LEFT JOIN crm_customer_budget_customer customer
                    ON customer.budget_id = budget.id
                   AND customer.partner_id = partner.commercial_partner_id
                 WHERE move.state = 'posted'
                   AND move.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                   AND line.display_type = 'product'
                 GROUP BY budget.id, DATE_TRUNC('month', move.invoice_date), customer.segment
                   ) actual
            """
        )
