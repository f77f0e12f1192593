from odoo import api, fields, models

#: Whose customers a line is about: segments by recency and frequency, contracts, and who is new.
SEGMENTS = [
    ("champions", "Champions"),
    ("loyal", "Loyal"),
    ("potential_loyalist", "Potential Loyalist"),
    ("new", "New"),
    ("promising", "Promising"),
    ("need_attention", "Need Attention"),
    ("about_to_sleep", "About to Sleep"),
    ("cant_lose", "Can't Lose"),
    ("at_risk", "At Risk of Leaving"),
    ("hibernating", "Hibernating"),
    ("contract", "Under Contract"),
    ("none", "Not a Customer Yet"),
]


class CrmCustomerBudgetLine(models.Model):
    """What a segment of customers is expected to buy in a month."""

    _name = "crm.customer.budget.line"
    _description = "Budget of a Segment in a Month"
    _order = "month, segment, id"

    budget_id = fields.Many2one(
        "crm.customer.budget", "Scenario", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="budget_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(required=True)
    segment = fields.Selection(SEGMENTS, required=True)
    customer_count = fields.Integer("Customers", aggregator="max")
    purchase_count = fields.Float("Purchases", digits=(16, 2))
    average_amount = fields.Monetary("Average Invoice", aggregator="avg")
    margin_rate = fields.Float(digits=(16, 4), aggregator="avg", help="0 to 1.")
    proposed_revenue = fields.Monetary("Proposed", readonly=True, help="What history says.")
    revenue = fields.Monetary("Budget", help="Untaxed; what was proposed, or typed.")
    margin = fields.Monetary("Budgeted Margin", compute="_compute_margin", store=True)

    @api.depends("revenue", "margin_rate")
    def _compute_margin(self):
        for line in self:
            line.margin = line.revenue * line.margin_rate


class CrmCustomerBudgetCustomer(models.Model):
    """The segment in which a customer was when the budget was proposed."""

    _name = "crm.customer.budget.customer"
    _description = "Customer of a Budget's Segment"
    _log_access = False

    budget_id = fields.Many2one(
        "crm.customer.budget", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="cascade", index=True
    )
    segment = fields.Selection(SEGMENTS, required=True, readonly=True)

    _budget_idx = models.Index("(budget_id, partner_id)")
