from odoo import fields, models

#: With fewer repeat buyers nothing is fitted.
ENOUGH_REPEAT_BUYERS = 50


class CrmCustomerValueModel(models.Model):
    """What was fitted on a company's own invoices, and whether it may be relied on."""

    _name = "crm.customer.value.model"
    _description = "Model of Customer Lifetime"
    _rec_name = "company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    method = fields.Selection(
        [("means", "Means"), ("fitted", "BG/NBD and Gamma-Gamma")], readonly=True
    )
    reason = fields.Selection(
        [
            ("few", "Fewer than 50 repeat buyers"),
            ("bound", "The data do not tell when customers leave"),
        ],
        "Why Means",
        readonly=True,
    )
    fitted_on = fields.Date(readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    repeat_count = fields.Integer("Repeat Buyers", readonly=True)
    r = fields.Float(readonly=True, digits=(16, 6))
    alpha = fields.Float(readonly=True, digits=(16, 6))
    a = fields.Float(readonly=True, digits=(16, 6))
    b = fields.Float(readonly=True, digits=(16, 6))
    spend_p = fields.Float(readonly=True, digits=(16, 6))
    spend_q = fields.Float(readonly=True, digits=(16, 6))
    spend_gamma = fields.Float(readonly=True, digits=(16, 6))
    contract_alpha = fields.Float(readonly=True, digits=(16, 6))
    contract_beta = fields.Float(readonly=True, digits=(16, 6))
    margin_rate = fields.Float(
        readonly=True, digits=(16, 4), help="Margin of a year by revenue of known cost, 0 to 1."
    )

    _company_uniq = models.Constraint("UNIQUE (company_id)", "A company has one model.")
