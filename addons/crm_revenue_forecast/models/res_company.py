from odoo import models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _get_forecast_states(self, is_made: bool = False):
        """How far these companies' forecasts are computed.

        :param is_made: make what is missing.
        """
        # Bookkeeping of the system, which nobody writes by hand.
        states_sudo = self.env["crm.revenue.forecast.state"].sudo()
        states = states_sudo.search([("company_id", "in", self.ids)])
        if is_made and (missing := self - states.company_id):
            states |= states_sudo.create([{"company_id": company.id} for company in missing])
        return states
