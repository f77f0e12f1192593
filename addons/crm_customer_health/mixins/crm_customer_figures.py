from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..figure import Figure

#: Who may see figures of customers; which customers, the record rules say.
HEALTH_GROUP = "crm_customer_health.crm_customer_health_group_user"
#: Who may see the figures of all customers.
ALL_CUSTOMERS_GROUP = "crm_customer_health.crm_customer_health_group_all"
#: Who may open journal items and settlements.
ACCOUNTING_GROUPS = "account.group_account_invoice,account.group_account_readonly"


class CrmCustomerFigures(models.AbstractModel):
    """What rows of figures of a customer have in common: whose they are, and who may see them."""

    _name = "crm.customer.figures"
    _inherit = ["account.company.amounts"]
    _description = "Figures of a Customer"
    _rec_name = "partner_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    partner_id = fields.Many2one(
        "res.partner", string="Customer", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    # Dimensions to filter and group by. Not stored: they follow the customer at once.
    user_id = fields.Many2one(
        related="partner_id.user_id", string="Salesperson", help="Who has the customer now."
    )
    team_id = fields.Many2one(
        related="partner_id.user_id.sale_team_id",
        string="Sales Team",
        help="The team of the salesperson who has the customer now.",
    )
    country_id = fields.Many2one(related="partner_id.country_id")
    industry_id = fields.Many2one(related="partner_id.industry_id")
    is_mine = fields.Boolean(
        "My Customer",
        compute="_compute_is_mine",
        search="_search_is_mine",
        help="The customer is yours, has no salesperson, or has an open opportunity of yours.",
    )

    @api.model
    def _valid_field_parameter(self, field, name):
        return name == "figure" or super()._valid_field_parameter(field, name)

    @api.model
    def _get_register(self) -> dict[str, Figure]:
        """The figures of the model, by field."""
        return {
            name: field.figure
            for name, field in self._fields.items()
            if getattr(field, "figure", None)
        }

    @api.model
    def _replace_contacts(self, vals_list):
        """Put the customer, which is the commercial partner, in the place of its contacts."""
        partners = self.env["res.partner"].browse(
            [vals["partner_id"] for vals in vals_list if vals.get("partner_id")]
        )
        customers = {partner.id: partner.commercial_partner_id.id for partner in partners}
        for vals in vals_list:
            vals["partner_id"] = customers.get(vals.get("partner_id"))

    @api.depends("partner_id")
    @api.depends_context("uid")
    def _compute_is_mine(self):
        mine = self.search(Domain("id", "in", self.ids) & self._get_mine_domain())
        for row in self:
            row.is_mine = row in mine

    def _search_is_mine(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._get_mine_domain()
        return domain if True in value else ~domain

    @api.model
    def _get_mine_domain(self) -> Domain:
        """Hook: customers of the user, of nobody, and those of the user's open opportunities."""
        opportunities = (
            self.env["crm.lead"]
            .sudo()  # which customers: the deals themselves are not shown
            ._search(
                Domain("type", "=", "opportunity")
                & Domain("user_id", "=", self.env.uid)
                & Domain("won_status", "=", "pending")
                & Domain("partner_id", "!=", False)
            )
        )
        partners = (
            self.env["res.partner"]
            .sudo()
            ._search(
                [("id", "in", opportunities.subselect(SQL.identifier("crm_lead", "partner_id")))],
                active_test=False,
            )
        )
        return Domain("partner_id.user_id", "in", [self.env.uid, False]) | Domain(
            "partner_id",
            "in",
            partners.subselect(SQL.identifier("res_partner", "commercial_partner_id")),
        )
