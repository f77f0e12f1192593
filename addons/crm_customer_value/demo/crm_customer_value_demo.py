from odoo import api, models


class CrmCustomerValueDemo(models.AbstractModel):
    """Figures that are there at once, also where no scheduler runs; and a budget of them."""

    _name = "crm.customer.value.demo"
    _description = "Demonstration of What Customers Are Worth"

    @api.model
    def _compute_figures(self):
        position = 0
        while position is not None:
            position = self.env["account.invoice.cost"]._on_all_receivables_changed(0, position)
        company = self.env.company
        for driver in self.env["crm.service.driver"].search([("company_id", "=", company.id)]):
            self.env["crm.customer.service"]._count(driver)
        policies = self.env["crm.customer.health.policy"]
        for policy in policies._get_policy(policies._get_companies()):
            self.env["crm.customer.value"]._compute_company(policy)
        self.env["crm.customer.budget"].create({"name": "As this year"}).action_propose()
