from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmCustomerFigures(models.AbstractModel):
    """Who is told of a customer may see what it is about."""

    _inherit = "crm.customer.figures"

    is_mine = fields.Boolean(
        help="The customer is yours, has no salesperson, has an open opportunity of yours, or was"
        " flagged to you.",
    )

    @api.model
    def _get_mine_domain(self) -> Domain:
        """Those that were flagged to the user, too, while the flag is open."""
        return Domain.OR(
            (
                super()._get_mine_domain(),
                *map(self._get_flagged_to_user_domain, self.env.companies),
            )
        )

    @api.model
    def _get_flagged_to_user_domain(self, company) -> Domain:
        flags = self.env["crm.customer.flag"].sudo()  # the rules of flags ask for these customers
        flagged = flags._search(
            [
                ("company_id", "=", company.id),
                ("assigned_id", "=", self.env.uid),
                ("closed_on", "=", False),
            ]
        )
        return Domain("company_id", "=", company.id) & Domain(
            "partner_id", "in", flagged.subselect(SQL.identifier(flags._table, "partner_id"))
        )
