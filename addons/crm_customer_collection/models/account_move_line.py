from odoo import api, fields, models

from odoo.addons.crm_customer_health.mixins.crm_customer_figures import ACCOUNTING_GROUPS


class AccountMoveLine(models.Model):
    """What the customer of an open instalment promised."""

    _inherit = "account.move.line"

    promise_date = fields.Date(
        "Promised By",
        compute="_compute_promise_date",
        groups=ACCOUNTING_GROUPS,
        help="The day by which the customer promised to pay, while the promise is running.",
    )

    @api.depends("amount_residual", "partner_id")
    def _compute_promise_date(self):
        self.promise_date = False
        owed = self._filter_owed()
        dates = self.env["crm.payment.promise"]._get_running_dates(
            owed.company_id, owed.partner_id.commercial_partner_id
        )
        for line in owed:
            customer = line.partner_id.commercial_partner_id
            line.promise_date = dates.get((line.company_id, customer), False)
