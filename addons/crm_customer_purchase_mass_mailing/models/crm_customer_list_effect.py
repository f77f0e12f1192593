from odoo import fields, models


class CrmCustomerListEffect(models.Model):
    """What came of a mailing list that was made of a list."""

    _inherit = "crm.customer.list.effect"

    action = fields.Selection(
        selection_add=[("mailing", "Mailing List")], ondelete={"mailing": "cascade"}
    )
