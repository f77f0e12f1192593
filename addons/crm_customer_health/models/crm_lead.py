from odoo import api, fields, models
from odoo.fields import Domain

from .crm_customer_figures import HEALTH_GROUPS


class CrmLead(models.Model):
    """An opportunity shows the health of its customer, with the user's own rights."""

    _inherit = "crm.lead"

    health_id = fields.Many2one(
        "crm.customer.health",
        string="Customer Health",
        compute="_compute_health",
        groups=HEALTH_GROUPS,
    )
    health_currency_id = fields.Many2one(
        "res.currency",
        string="Currency of the Customer's Health",
        compute="_compute_health",
        groups=HEALTH_GROUPS,
    )
    health_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        string="Customer's Health",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("health_status", operator, value),
        groups=HEALTH_GROUPS,
        help="How safe the customer's business is, from payments, exposure, trend and purchases.",
    )
    health_score = fields.Float(
        "Customer's Health Score",
        digits=(16, 2),
        aggregator="avg",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("health_score", operator, value),
        groups=HEALTH_GROUPS,
        help="0 to 100.",
    )
    health_overdue_amount = fields.Monetary(
        "Customer's Overdue",
        aggregator=None,
        currency_field="health_currency_id",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("overdue_amount", operator, value),
        groups=HEALTH_GROUPS,
        help="What is open on all overdue instalments of the customer, not only of this"
        " opportunity.",
    )

    @api.depends("partner_id")
    @api.depends_context("company", "uid")
    def _compute_health(self):
        for lead in self:
            partner = lead.partner_id
            lead.health_id = partner.health_id
            lead.health_currency_id = partner.health_id.currency_id
            lead.health_status = partner.health_status
            lead.health_score = partner.health_score
            lead.health_overdue_amount = partner.overdue_amount

    def _search_health(self, name, operator, value):
        """Opportunities by a field of their customer: it says which customers the user may see.

        One without customer counts as empty or zero, like a customer without row.
        """
        partners = self.env["res.partner"]
        domain = partners._search_health(name, operator, value)
        if domain is NotImplemented:
            return NotImplemented
        domain = Domain("partner_id", "any", domain)
        if partners._is_nothing_matched(operator, value):
            domain |= Domain("partner_id", "=", False)
        return domain

    def action_view_health(self):
        """Open the customer's diagnosis."""
        self.ensure_one()
        return self.health_id._get_form_action()

    def _field_to_sql(self, alias, field_expr, query=None):
        """Opportunities are grouped by their customer's health as by a field of their own."""
        field = self._fields.get(field_expr)
        if query is None or not field or field.compute != "_compute_health":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(field, "read")
        partners, partner_alias = self._fields["partner_id"].join(self, alias, query)
        name = "overdue_amount" if field_expr == "health_overdue_amount" else field_expr
        return partners._field_to_sql(partner_alias, name, query)
