from odoo import api, fields, models
from odoo.fields import Domain

from .crm_customer_figures import HEALTH_GROUP


class CrmCustomerHealthMixin(models.AbstractModel):
    """A document that shows its customer's health: in its own company, else in the current one.

    Read with the user's own rights: who may not see the customer's row sees nothing, here and in a
    search; users without Sales or Accounting do not have the fields at all. The model needs the
    fields ``company_id`` and ``partner_id``.
    """

    _name = "crm.customer.health.mixin"
    _description = "Shows the Health of Its Customer"

    health_id = fields.Many2one(
        "crm.customer.health",
        string="Customer Health",
        compute="_compute_health",
        groups=HEALTH_GROUP,
    )
    health_currency_id = fields.Many2one(
        "res.currency",
        string="Currency of the Customer's Health",
        compute="_compute_health",
        groups=HEALTH_GROUP,
    )
    health_status = fields.Selection(
        lambda self: self.env["crm.customer.health"]._get_selection("health_status"),
        string="Customer's Health",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("health_status", operator, value),
        groups=HEALTH_GROUP,
        help="How safe the customer's business is, from payments, exposure, trend and purchases.",
    )
    health_score = fields.Float(
        "Customer's Health Score",
        digits=(16, 2),
        aggregator="avg",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("health_score", operator, value),
        groups=HEALTH_GROUP,
        help="0 to 100.",
    )
    health_overdue_amount = fields.Monetary(
        "Customer's Overdue",
        aggregator=None,
        currency_field="health_currency_id",
        compute="_compute_health",
        search=lambda self, operator, value: self._search_health("overdue_amount", operator, value),
        groups=HEALTH_GROUP,
        help="What is open on all overdue instalments of the customer.",
    )

    def _get_health_customer(self):
        """Hook: the partner whose customer's health this document shows, or none."""
        self.ensure_one()
        return self.partner_id

    @api.depends("company_id", "partner_id")
    @api.depends_context("allowed_company_ids", "uid")
    def _compute_health(self):
        partners = {document: document._get_health_customer() for document in self}
        health = (
            self.env["res.partner"]
            .union(*partners.values())
            ._get_health_of_companies(self.company_id | self.env.company)
        )
        rows = {(row.company_id, row.partner_id): row for row in health}
        for document, partner in partners.items():
            company = document.company_id or self.env.company
            customer = partner.commercial_partner_id._origin
            row = rows.get((company, customer), health.browse())
            document.health_id = row
            document.health_currency_id = row.currency_id
            document.health_status = row.health_status
            document.health_score = row.health_score
            document.health_overdue_amount = row.overdue_amount

    def _search_health(self, name, operator, value):
        """Documents by a field of the customer's row; one without row counts as empty or zero."""
        matches_nothing = self.env["res.partner"]._is_nothing_matched(name, operator, value)
        if matches_nothing is None:
            return NotImplemented
        domain = self._get_health_domain(Domain(name, operator, value))
        return domain | ~self._get_health_domain(Domain.TRUE) if matches_nothing else domain

    @api.model
    def _get_health_domain(self, domain: Domain) -> Domain:
        """Documents whose customer has such a row in the company where the document shows it."""
        return Domain.OR(
            Domain("company_id", "in", [company.id, *([False] * (company == self.env.company))])
            & Domain(
                "partner_id",
                "any",
                self.env["res.partner"].with_company(company)._get_health_domain(domain),
            )
            for company in self.env.companies
        )

    def action_view_health(self):
        """Open the customer's diagnosis."""
        self.ensure_one()
        return self.health_id._get_form_action()
