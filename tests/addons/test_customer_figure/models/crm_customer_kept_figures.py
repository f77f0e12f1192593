from odoo import fields, models

from odoo.addons.crm_customer_health.figure import COUNTED


class CrmCustomerKeptFigures(models.AbstractModel):
    _inherit = "crm.customer.kept.figures"

    largest_open_amount = fields.Monetary(
        readonly=True, help="What is open on the instalment that owes most.", figure=COUNTED
    )
