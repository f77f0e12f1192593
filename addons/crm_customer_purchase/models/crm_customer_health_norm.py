from odoo import fields, models


class CrmCustomerHealthNorm(models.Model):
    """When all purchases of the company's customers were last computed."""

    _inherit = "crm.customer.health.norm"

    purchases_as_of_date = fields.Date(
        "Purchases as of",
        readonly=True,
        help="The day for which all purchases were last computed. Empty while they have to be"
        " computed anew.",
    )
    suggestions_as_of_date = fields.Date(
        "Suggestions as of",
        readonly=True,
        help="The day for which suggestions were last computed. Empty while they have to be"
        " computed anew.",
    )
