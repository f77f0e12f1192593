from odoo import fields, models


class CrmCustomerHealthMonth(models.Model):
    """A month end of a company whose figures were kept for all customers.

    Says what need not be done again, also where no customer had anything to keep; and what was
    usual among the customers then, so that one of them can be replayed as it was judged.
    """

    _name = "crm.customer.health.month"
    _description = "Customer Health Month End"
    _rec_name = "date"
    _order = "date desc, company_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    date = fields.Date("Month End", required=True, readonly=True)
    norm = fields.Json(
        readonly=True,
        help="What was usual among the company's customers on that day: the columns of the customer"
        " health norm.",
    )

    _company_date_uniq = models.Constraint(
        "UNIQUE (company_id, date)", "A month end of a company is kept once."
    )
